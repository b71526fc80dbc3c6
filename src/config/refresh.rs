//! The `[refresh]` section: what is bought again to stay fresh, and for how much.

use serde::{Deserialize, Serialize};

use super::usd;
use crate::model::MicroUsd;

/// What the daemon buys again by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// For each UTC day. `None` means that nothing is bought again.
    #[serde(default, with = "usd::optional")]
    pub usd_per_day: Option<MicroUsd>,
    /// Days after which anything is looked at again, whatever is expected of it.
    pub max_days: u32,
    pub lists: bool,
    pub counters: bool,
    pub profiles: bool,
}
