//! How stale an archive was when the daemon last planned what to buy again.

use serde::{Deserialize, Serialize};

/// What the archive lacked, and what less of it would have cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stale {
    /// Unix seconds.
    pub at: f64,
    /// Time since the oldest last look.
    pub oldest_hours: f64,
    /// Items that were expected to be unseen.
    pub unseen_items: f64,
    /// The least that would have halved them.
    pub halving_micro_usd: i64,
    /// What had been unseen for longer than `refresh.max_days`, and was not about to be bought.
    pub overdue: u64,
    /// The least money of a day that looks at everything in time.
    pub needed_micro_usd_per_day: i64,
}
