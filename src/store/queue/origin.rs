//! Where a job comes from.

/// The origin of new jobs.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Origin<'a> {
    /// A reply of this job, under the job's seed.
    Job { job_id: i64, seed_id: i64 },
    /// A seed, given by kind and subject.
    Seed {
        kind: &'static str,
        subject: &'a str,
    },
}
