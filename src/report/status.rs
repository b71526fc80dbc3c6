//! What `status` reports about an archive: jobs, calls, money, rates.

use std::collections::BTreeMap;

use crate::clock::day;
use crate::config::Config;
use crate::model::{Budget, MicroUsd};
use crate::store::Result;
use crate::store::read::{self, Charged, Cooling, EndpointStatus, Known, LastRun, StopCounts};

/// The period that the rates are measured over, in seconds.
const RATE_SECONDS: f64 = 60.0;

/// Everything that `status` shows. The rates cover the last 60 s of the newest run.
pub struct Status {
    /// The process that holds the archive's lock, if any.
    pub holder: Option<String>,
    pub run: Option<LastRun>,
    pub endpoints: BTreeMap<String, EndpointStatus>,
    /// Ended jobs by stop reason.
    pub stops: StopCounts,
    pub charged: Charged,
    /// What may still be spent; `None` without a budget.
    pub room: Option<MicroUsd>,
    /// What the remote counts of each kind of list, and what is archived of it.
    pub known: Vec<Known>,
    /// Why endpoints are not called now, and until when.
    pub cooling: Vec<Cooling>,
    /// Size of the write-ahead log.
    pub log_bytes: u64,
    /// Free space on the archive's disk; `None` if the system does not tell.
    pub free_bytes: Option<u64>,
    /// A daemon makes no call, because less space is free than `upkeep.min_free_bytes`.
    pub is_disk_full: bool,
    pub pages_per_second: f64,
    pub rows_per_second: f64,
    pub micro_usd_per_second: f64,
}

/// Reads the status of an archive.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn read(
    config: &Config,
    readers: &sqlx::SqlitePool,
    holder: Option<String>,
    time: f64,
) -> Result<Status> {
    let run = read::last_run(readers).await?;
    let charged = read::charged(readers, &day(time), run.as_ref().map_or(0, |run| run.id)).await?;
    // A finished run is measured up to its end.
    let until = run.as_ref().and_then(|run| run.ended_at).unwrap_or(time);
    let begin = run
        .as_ref()
        .map_or(until, |run| run.started_at)
        .max(until - RATE_SECONDS);
    let (pages, rows) = read::recent(readers, begin).await?;
    let seconds = (until - begin).max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    let rate = |count: i64| count as f64 / seconds;
    let endpoints = read::endpoints(readers).await?;
    let kept: i64 = endpoints.values().map(|status| status.kept).sum();
    let cost: i64 = endpoints.values().map(|status| status.cost_micro_usd).sum();
    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    let micro_usd_per_page = if kept > 0 {
        cost as f64 / kept as f64
    } else {
        0.0
    };
    let path = &config.archive.path;
    let free_bytes = read::free_bytes(path);
    let is_short = free_bytes.is_some_and(|free| free < config.upkeep.min_free_bytes);
    Ok(Status {
        log_bytes: read::log_bytes(path).unwrap_or(0),
        free_bytes,
        is_disk_full: is_short && holder.is_some(),
        holder,
        run,
        endpoints,
        stops: read::stop_counts(readers).await?,
        known: read::known(readers).await?,
        charged,
        room: room(&budget(config), &charged),
        cooling: {
            let mut cooling = read::cooldowns(readers).await?;
            // The next probe of an outage may be overdue; the outage lasts until an answer.
            cooling.retain(|cooling| cooling.until > time || cooling.endpoint.is_empty());
            cooling
        },
        pages_per_second: rate(pages),
        rows_per_second: rate(rows),
        micro_usd_per_second: rate(pages) * micro_usd_per_page,
    })
}

impl Status {
    #[must_use]
    pub fn sum(&self, of: fn(&EndpointStatus) -> i64) -> i64 {
        self.endpoints.values().map(of).sum()
    }

    #[must_use]
    pub fn open_jobs(&self) -> i64 {
        self.sum(|status| status.ready + status.leased + status.waiting)
    }

    /// Seconds until the waiting jobs are done if each takes one call. This is a lower bound.
    #[must_use]
    pub fn seconds_left(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let left = self.open_jobs() as f64 / self.pages_per_second;
        (self.pages_per_second > 0.0).then_some(left)
    }

    /// Seconds until the budget is spent at the current rate.
    #[must_use]
    pub fn seconds_of_budget(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let left = self.room?.0 as f64 / self.micro_usd_per_second;
        (self.micro_usd_per_second > 0.0).then_some(left)
    }
}

/// The budgets in the form that the ledger uses.
#[must_use]
pub fn budget(config: &Config) -> Budget {
    let budget = &config.budget;
    Budget {
        run: budget.run_usd,
        day: budget.day_usd,
        total: budget.total_usd,
        seed: budget.seed_usd,
    }
}

/// How much may still be spent now; `None` without a budget.
#[must_use]
pub fn room(budget: &Budget, charged: &Charged) -> Option<MicroUsd> {
    [
        (budget.run, charged.run),
        (budget.day, charged.day),
        (budget.total, charged.total),
    ]
    .into_iter()
    .filter_map(|(limit, charged)| Some(MicroUsd((limit?.0 - charged.0).max(0))))
    .min()
}
