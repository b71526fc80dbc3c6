//! What the failures of an endpoint's jobs say together: about one job, or about the endpoint. Pure.

use std::collections::{HashMap, HashSet};

/// Jobs of one endpoint that failed since it last answered.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// The endpoint has returned a page, or has said something about a subject, in this run or an earlier one.
    pub(super) has_answered: bool,
    /// Failures of each job since the endpoint's last answer.
    failing: HashMap<i64, u32>,
    /// Jobs whose answer named neither subject nor path, while the endpoint has never answered.
    doubts: HashMap<i64, u32>,
}

impl Evidence {
    /// Notes an answer. Returns the jobs that waited for one.
    pub(super) fn answered(&mut self) -> Vec<i64> {
        self.has_answered = true;
        self.failing.clear();
        std::mem::take(&mut self.doubts).into_keys().collect()
    }

    pub(super) fn failed(&mut self, job_id: i64) {
        *self.failing.entry(job_id).or_default() += 1;
    }

    /// Returns whether other jobs failed too since the endpoint's last answer.
    pub(super) fn others_fail(&self, job_id: i64) -> bool {
        self.failing.keys().any(|other| *other != job_id)
    }

    /// Returns whether the job has not failed since the endpoint's last answer.
    pub(super) fn is_first(&self, job_id: i64) -> bool {
        !self.failing.contains_key(&job_id)
    }

    /// Returns the jobs that failed at least so often since the endpoint's last answer.
    pub(super) fn failed_often(&self, least: u32) -> Vec<i64> {
        let often = self
            .failing
            .iter()
            .filter(|(_, failures)| **failures >= least);
        often.map(|(job_id, _)| *job_id).collect()
    }

    pub(super) fn doubted(&mut self, job_id: i64) {
        *self.doubts.entry(job_id).or_default() += 1;
    }

    /// Returns the number of jobs in doubt and of their answers.
    pub(super) fn doubts(&self) -> Doubts {
        Doubts {
            jobs: self.doubts.len(),
            answers: self.doubts.values().sum(),
        }
    }
}

/// Answers of an endpoint that has never answered anything else, and that name no subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubts {
    /// Number of jobs with such an answer.
    pub jobs: usize,
    /// Number of such answers.
    pub answers: u32,
}

/// Refusals (401, 402, 403, 451) of all endpoints: about one subject, or about the account.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Jobs refused since the last page.
    in_row: HashSet<i64>,
    /// Jobs refused before the last page.
    before: HashSet<i64>,
    has_page: bool,
}

impl Refusals {
    pub(super) fn page(&mut self) {
        self.has_page = true;
        self.before.extend(self.in_row.drain());
    }

    pub(super) fn refused(&mut self, job_id: i64) {
        self.in_row.insert(job_id);
    }

    /// Returns what is known about the refusal of a job, including this refusal.
    pub(super) fn of(&self, job_id: i64) -> Refused {
        Refused {
            subjects_in_row: self.in_row.len() + usize::from(!self.in_row.contains(&job_id)),
            was_before: self.before.contains(&job_id),
            has_page: self.has_page,
        }
    }
}

/// Refusals around one refused job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refused {
    /// Number of jobs refused since the last page, including this one.
    pub subjects_in_row: usize,
    /// The job was refused before, and another job returned a page since.
    pub was_before: bool,
    /// The remote returned a page in this run.
    pub has_page: bool,
}

#[cfg(test)]
mod tests {
    use super::{Doubts, Evidence, Refusals};

    #[test]
    fn an_answer_ends_all_doubts_and_failures() {
        let mut evidence = Evidence::default();
        evidence.failed(1);
        assert!(!evidence.others_fail(1) && evidence.others_fail(2));
        assert!(!evidence.is_first(1) && evidence.is_first(2));
        evidence.failed(2);
        evidence.failed(2);
        assert_eq!(evidence.failed_often(2), [2]);
        evidence.doubted(3);
        evidence.doubted(3);
        assert_eq!(
            evidence.doubts(),
            Doubts {
                jobs: 1,
                answers: 2
            }
        );
        assert_eq!(evidence.answered(), [3]);
        assert!(evidence.has_answered && !evidence.others_fail(1));
        assert!(evidence.is_first(1));
        assert_eq!(evidence.doubts(), Doubts::default());
    }

    #[test]
    fn a_page_between_two_refusals_of_a_job_clears_the_account() {
        let mut refusals = Refusals::default();
        refusals.refused(1);
        assert_eq!(refusals.of(2).subjects_in_row, 2);
        assert!(!refusals.of(1).was_before && !refusals.of(1).has_page);
        refusals.page();
        let again = refusals.of(1);
        assert_eq!(
            (again.subjects_in_row, again.was_before, again.has_page),
            (1, true, true)
        );
        assert!(!refusals.of(2).was_before);
    }
}
