//! Queries of `status`: jobs by state, calls by outcome, money, the newest run.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use crate::model::{Budget, MicroUsd};
use crate::store::Result;

/// The state of one endpoint's jobs and calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct EndpointStatus {
    pub ready: i64,
    pub leased: i64,
    pub waiting: i64,
    pub done: i64,
    pub stopped: i64,
    pub failed: i64,
    /// Calls by outcome, over all days.
    pub answered: i64,
    pub kept: i64,
    pub unknown: i64,
    pub never_sent: i64,
    pub throttled: i64,
    pub cost_micro_usd: i64,
    pub items: i64,
    pub rows: i64,
    pub odd_items: i64,
    pub body_bytes: i64,
}

/// Number of ended jobs for each reason.
pub type StopCounts = BTreeMap<String, i64>;

/// Jobs by state and calls by outcome, for each endpoint.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn endpoints(pool: &SqlitePool) -> Result<BTreeMap<String, EndpointStatus>> {
    let mut all: BTreeMap<String, EndpointStatus> = BTreeMap::new();
    for row in
        sqlx::query("select endpoint, state, sum(jobs) from job_counts group by endpoint, state")
            .fetch_all(pool)
            .await?
    {
        let of = all.entry(row.try_get(0)?).or_default();
        let state: String = row.try_get(1)?;
        let place = match state.as_str() {
            "ready" => &mut of.ready,
            "leased" => &mut of.leased,
            "waiting" => &mut of.waiting,
            "done" => &mut of.done,
            "stopped" => &mut of.stopped,
            _ => &mut of.failed,
        };
        *place = row.try_get(2)?;
    }
    for row in sqlx::query(
        "select endpoint, sum(answered), sum(kept), sum(unknown), sum(never_sent), sum(throttled), sum(cost_micro_usd),
         sum(items), sum(row_count), sum(odd_items), sum(body_bytes) from call_totals group by endpoint",
    )
    .fetch_all(pool)
    .await?
    {
        let of = all.entry(row.try_get(0)?).or_default();
        let places = [
            &mut of.answered,
            &mut of.kept,
            &mut of.unknown,
            &mut of.never_sent,
            &mut of.throttled,
            &mut of.cost_micro_usd,
            &mut of.items,
            &mut of.rows,
            &mut of.odd_items,
            &mut of.body_bytes,
        ];
        for (at, place) in places.into_iter().enumerate() {
            *place = row.try_get(at + 1)?;
        }
    }
    Ok(all)
}

/// Number of ended jobs for each reason.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn stop_counts(pool: &SqlitePool) -> Result<StopCounts> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select stop_reason, sum(jobs) from job_counts where stop_reason <> '' and jobs > 0 group by stop_reason",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().collect())
}

/// What is charged to the budgets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charged {
    pub total: MicroUsd,
    pub day: MicroUsd,
    pub run: MicroUsd,
    /// By the refreshes of this day.
    pub refresh: MicroUsd,
}

impl Charged {
    /// Returns the budget with the least room: its key, its limit and what is charged to it.
    #[must_use]
    pub fn narrowest(&self, budget: &Budget) -> Option<(&'static str, MicroUsd, MicroUsd)> {
        [
            ("run_usd", budget.run, self.run),
            ("day_usd", budget.day, self.day),
            ("total_usd", budget.total, self.total),
        ]
        .into_iter()
        .filter_map(|(key, limit, charged)| Some((key, limit?, charged)))
        .min_by_key(|(_, limit, charged)| limit.0 - charged.0)
    }

    /// Returns how much may still be spent now; `None` without a budget.
    #[must_use]
    pub fn room(&self, budget: &Budget) -> Option<MicroUsd> {
        let narrowest = self.narrowest(budget);
        narrowest.map(|(_, limit, charged)| MicroUsd((limit.0 - charged.0).max(0)))
    }
}

/// What is charged in total, on this day and in this run.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn charged(pool: &SqlitePool, day: &str, run_id: i64) -> Result<Charged> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select scope, micro_usd from spend where (scope, name) in
         (values ('total', ''), ('day', ?1), ('refresh', ?1), ('run', cast(?2 as text)))",
    )
    .bind(day)
    .bind(run_id)
    .fetch_all(pool)
    .await?;
    let of = |scope: &str| {
        MicroUsd(
            rows.iter()
                .find(|(name, _)| name == scope)
                .map_or(0, |(_, micro_usd)| *micro_usd),
        )
    };
    Ok(Charged {
        total: of("total"),
        day: of("day"),
        run: of("run"),
        refresh: of("refresh"),
    })
}

/// The newest pages of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, sqlx::FromRow)]
pub struct Recent {
    pub pages: i64,
    pub rows: i64,
    /// Unix time at which the first of their calls was opened.
    pub began_at: Option<f64>,
    /// Unix time of the newest page.
    pub until: Option<f64>,
}

/// Returns the pages that a run kept in the last `seconds` before its newest one. At most the newest
/// 1000 calls are counted.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn recent(pool: &SqlitePool, run_id: i64, seconds: f64) -> Result<Recent> {
    // Reads the newest calls one by one until they are too old, because a row of the ledger is large.
    Ok(sqlx::query_as(
        "with recursive
         last as (select settled_at as at from calls where kept_group is not null order by kept_group desc limit 1),
         newest as (
             select id, opened_at, settled_at, row_count, kept, run_id from
                 (select * from calls where exists (select 1 from last) order by id desc limit 1)
             union all
             select c.id, c.opened_at, c.settled_at, c.row_count, c.kept, c.run_id from newest
                 cross join calls c on c.id = (select max(id) from calls where id < newest.id)
             where newest.opened_at >= (select at from last) - 2 * ?2 limit 1000)
         select count(*) as pages, coalesce(sum(row_count), 0) as rows, min(opened_at) as began_at,
             max(settled_at) as until
         from newest where kept = 1 and run_id = ?1 and settled_at >= (select at from last) - ?2",
    )
    .bind(run_id)
    .bind(seconds)
    .fetch_one(pool)
    .await?)
}

/// Counts the pages that were bought twice: kept calls beyond the first of the same page in the same pass of a walk.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn repeated_pages(pool: &SqlitePool) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select coalesce(sum(times - 1), 0) from
         (select count(*) as times from calls c join jobs j on j.id = c.job_id
          where c.kept = 1 and c.id > j.pass_call_id group by c.job_id, coalesce(c.cursor, ''))",
    )
    .fetch_one(pool)
    .await?)
}
