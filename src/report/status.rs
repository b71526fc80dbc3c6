//! What `status` reports about an archive: its condition, jobs, calls, money, rates.

use std::collections::BTreeMap;

use super::condition::{Condition, Facts, Holder, condition};
use super::drift::drift;
use super::to_go::to_go;
use crate::clock::{day, next_day};
use crate::config::Config;
use crate::crawl::Plan;
use crate::model::{Budget, MicroUsd, Stale};
use crate::store::Result;
use crate::store::read::{
    self, ChangedPath, Charged, Cooling, EndpointStatus, LastError, LastRun, Pauses, Recent,
    StopCounts,
};

/// The period that the rates are measured over, in seconds.
const RATE_SECONDS: f64 = 60.0;
/// How long a change of the shape of replies is shown, in seconds: a week.
const CHANGED_SECONDS: f64 = 604_800.0;
/// How many errors are shown.
const ERRORS: u32 = 5;

/// Everything that `status` shows. Nothing here scans a table, however large the archive is.
pub struct Status {
    pub condition: Condition,
    /// The archive's file.
    pub path: std::path::PathBuf,
    /// The process that holds the archive's lock, if any.
    pub holder: Option<Holder>,
    pub run: Option<LastRun>,
    pub endpoints: BTreeMap<String, EndpointStatus>,
    /// Ended jobs by stop reason.
    pub stops: StopCounts,
    pub charged: Charged,
    /// How stale the archive was when refreshes were last planned; `None` if they never were.
    pub stale: Option<Stale>,
    /// What may still be spent; `None` without a budget.
    pub room: Option<MicroUsd>,
    /// Why endpoints are not called now, and until when.
    pub cooling: Vec<Cooling>,
    pub pauses: Pauses,
    /// The newest first.
    pub last_errors: Vec<LastError>,
    /// Unix time of the newest page.
    pub last_kept_at: Option<f64>,
    /// Unix time at which the first waiting job is due.
    pub next_due: Option<f64>,
    /// Size of the write-ahead log.
    pub log_bytes: u64,
    /// Paths of replies that changed in the last week, the newest change first.
    pub changed_paths: Vec<ChangedPath>,
    /// Free space on the archive's disk; `None` if the system does not tell.
    pub free_bytes: Option<u64>,
    /// A daemon makes no call, because less space is free than `upkeep.min_free_bytes`.
    pub is_disk_full: bool,
    /// `budget.day_usd` has no room for another call on this day.
    pub is_day_spent: bool,
    /// The rates of the last minute in which the newest run kept pages.
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
    holder: Option<Holder>,
    now: f64,
) -> Result<Status> {
    let run = read::last_run(readers).await?;
    let run_id = run.as_ref().map_or(0, |run| run.id);
    let charged = read::charged(readers, &day(now), run_id).await?;
    let recent = read::recent(readers, run_id, RATE_SECONDS).await?;
    let endpoints = read::endpoints(readers).await?;
    let (pages_per_second, rows_per_second) = rates(&recent);
    let pauses = read::pauses(readers).await?;
    let mut cooling = read::cooldowns(readers).await?;
    // The next probe of an outage may be overdue; the outage lasts until an answer.
    cooling.retain(|cooling| cooling.until > now || cooling.endpoint.is_empty());
    let plan = Plan::new(config.crawl.clone());
    let called = plan.endpoints();
    let work = read::work(readers, &called, plan.max_depth(), &pauses, &cooling).await?;
    let is_only_paused = !work.is_some()
        && !pauses.is_empty()
        && read::work(readers, &called, plan.max_depth(), &Pauses::default(), &[])
            .await?
            .is_some();
    let sum = |of: fn(&EndpointStatus) -> i64| {
        let open = called.iter().filter(|name| !pauses.covers_endpoint(name));
        open.filter_map(|name| endpoints.get(*name)).map(of).sum()
    };
    let budget = budget(config);
    let last_errors = read::last_errors(readers, ERRORS).await?;
    let last_kept_at = read::last_kept_at(readers).await?;
    let next_due = read::next_due(readers).await?;
    let free_bytes = read::free_bytes(&config.archive.path);
    let is_short = free_bytes.is_some_and(|free| free < config.upkeep.min_free_bytes);
    let is_disk_full = holder
        .as_ref()
        .is_some_and(|holder| holder.is_disk_full.unwrap_or(is_short));
    let is_day_spent = is_day_spent(&budget, &charged, &plan);
    let facts = Facts {
        now,
        holder: holder.clone(),
        run: run.clone(),
        pauses: pauses.clone(),
        work,
        jobs: sum(|of| of.ready + of.leased),
        waiting_jobs: sum(|of| of.waiting),
        is_only_paused,
        last_kept_at,
        last_error: last_errors.first().cloned(),
        cooling: cooling.clone(),
        next_due,
        is_disk_full,
        day_spent_until: is_day_spent.then(|| next_day(now)),
        stalled_after: config.alerts.stalled_after_seconds,
        calls_per_second: pages_per_second,
        spent: charged.total,
        budget: charged.narrowest(&budget),
        to_go: to_go(&plan, &endpoints, pages_per_second),
    };
    Ok(Status {
        condition: condition(&facts),
        path: config.archive.path.clone(),
        free_bytes,
        is_disk_full,
        is_day_spent,
        holder,
        run,
        stops: read::stop_counts(readers).await?,
        room: charged.room(&budget),
        stale: read::staleness(readers).await?,
        charged,
        cooling,
        pauses,
        last_errors,
        last_kept_at,
        next_due,
        changed_paths: read::changed_paths(readers, now - CHANGED_SECONDS).await?,
        log_bytes: read::log_bytes(&config.archive.path).unwrap_or(0),
        pages_per_second,
        rows_per_second,
        micro_usd_per_second: pages_per_second * micro_usd_per_page(&endpoints),
        endpoints,
    })
}

#[expect(clippy::cast_precision_loss, reason = "rates for people")]
fn rates(recent: &Recent) -> (f64, f64) {
    let (Some(began_at), Some(until)) = (recent.began_at, recent.until) else {
        return (0.0, 0.0);
    };
    let seconds = (until - began_at).clamp(1.0, RATE_SECONDS);
    (recent.pages as f64 / seconds, recent.rows as f64 / seconds)
}

#[expect(clippy::cast_precision_loss, reason = "rates for people")]
fn micro_usd_per_page(endpoints: &BTreeMap<String, EndpointStatus>) -> f64 {
    let kept: i64 = endpoints.values().map(|status| status.kept).sum();
    let cost: i64 = endpoints.values().map(|status| status.cost_micro_usd).sum();
    match kept {
        0 => 0.0,
        kept => cost as f64 / kept as f64,
    }
}

/// Returns whether the budget of the day has no room for the cheapest call of the plan.
fn is_day_spent(budget: &Budget, charged: &Charged, plan: &Plan) -> bool {
    let entries = plan.endpoints();
    let cheapest = entries
        .iter()
        .filter_map(|name| crate::api::endpoints::find(name))
        .map(|entry| entry.price)
        .min();
    match (budget.day, cheapest) {
        (Some(limit), Some(price)) => charged.day.0 + price.0 > limit.0,
        _ => false,
    }
}

impl Status {
    /// Returns what changed about the shape of the replies, in a sentence; `None` if nothing did.
    #[must_use]
    pub fn drift(&self) -> Option<String> {
        drift(&self.changed_paths)
    }

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
        refresh: config.refresh.usd_per_day,
    }
}
