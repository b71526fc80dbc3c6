//! What a crawl takes from the configuration.

use std::time::Duration;

use crate::model::MicroUsd;

/// Values of `[limits]` and `[upkeep]` that workers and upkeep need.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub max_attempts: u32,
    /// Charged answers that cannot be used, after which a job fails.
    pub max_paid_attempts: u32,
    pub max_empty_pages: u32,
    pub breaker_cooldown: Duration,
    /// How long a run waits for a remote that does not answer.
    pub outage_patience: Duration,
    pub retry_base: Duration,
    pub retry_cap: Duration,
    pub lease_seconds: f64,
    /// How many calls may be in flight.
    pub workers: u32,
    /// What the run was estimated to cost at most, to warn if it costs far more.
    pub estimated: Option<MicroUsd>,
    /// Free space on the archive's disk, in bytes, below which no call is made.
    pub min_free_bytes: u64,
    /// Time between two updates of what SQLite knows about the tables.
    pub optimize_every: Duration,
    /// End the run when no job is pending, instead of waiting for new jobs.
    pub until_idle: bool,
}
