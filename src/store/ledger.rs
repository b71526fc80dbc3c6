//! The ledger: a row for each request, before it is sent; its price reserved, then settled.

use sqlx::{Row, SqliteConnection};

use super::error::{Scope, Spent};
use super::{Error, Result, Store};
use crate::model::MicroUsd;

/// The limits that a call must fit into. `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    pub run: Option<MicroUsd>,
    pub day: Option<MicroUsd>,
    pub total: Option<MicroUsd>,
    pub seed: Option<MicroUsd>,
}

/// A call that is about to be sent.
#[derive(Debug, Clone)]
pub struct OpenCall {
    pub run_id: i64,
    /// The leased job and its fence; `None` for a call by hand.
    pub lease: Option<(i64, i64)>,
    pub seed_id: Option<i64>,
    pub endpoint: &'static str,
    pub subject: String,
    pub cursor: Option<String>,
    pub price: MicroUsd,
    pub budget: Budget,
    /// The UTC day, YYYY-MM-DD.
    pub day: String,
    pub now: f64,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer came, of whatever kind.
    Answered,
    /// The request did not leave: it cannot have been billed.
    NeverSent,
    /// The request left and no answer came: perhaps billed, and counted as such.
    Unknown,
}

impl Outcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NeverSent => "never_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of a call when it is over.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub outcome: Outcome,
    pub cost: MicroUsd,
    pub http_status: Option<u16>,
    pub error: Option<String>,
    pub request_id: Option<String>,
    /// Size of the reply as it came.
    pub body_bytes: Option<usize>,
    /// The reply without secrets, compressed with zstd.
    pub body: Option<Vec<u8>>,
}

/// What a kept page adds to its call's settlement.
#[derive(Debug, Clone)]
pub(super) struct Kept<'a> {
    pub(super) group: Group,
    pub(super) next_cursor: Option<&'a str>,
    pub(super) items: usize,
    pub(super) row_count: usize,
    pub(super) odd_items: usize,
    pub(super) item_hashes: &'a [u8],
}

/// Writes the call down and reserves its price; gives its id.
///
/// # Errors
/// `LeaseLost`, or `BudgetSpent` where a budget has no room for the price.
pub(super) async fn open_call(connection: &mut SqliteConnection, call: &OpenCall) -> Result<i64> {
    check_budget(connection, call).await?;
    let id: Option<i64> = sqlx::query_scalar(
        "insert into calls (run_id, job_id, seed_id, endpoint, subject, cursor, day, outcome, cost_micro_usd, opened_at)
         select ?3, ?1, ?4, ?5, ?6, ?7, ?8, 'open', ?9, ?10
         where ?1 is null or exists (select 1 from jobs where id = ?1 and fence = ?2 and state = 'leased')
         returning id",
    )
    .bind(call.lease.map(|(job_id, _)| job_id))
    .bind(call.lease.map(|(_, fence)| fence))
    .bind(call.run_id)
    .bind(call.seed_id)
    .bind(call.endpoint)
    .bind(&call.subject)
    .bind(&call.cursor)
    .bind(&call.day)
    .bind(call.price.0)
    .bind(call.now)
    .fetch_optional(&mut *connection)
    .await?;
    id.ok_or(Error::LeaseLost)
}

async fn check_budget(connection: &mut SqliteConnection, call: &OpenCall) -> Result<()> {
    if call.price.0 == 0 || call.budget == Budget::default() {
        return Ok(());
    }
    let charged = sqlx::query(
        "select scope, micro_usd from spend where (scope, name) in
         (values ('total', ''), ('day', ?), ('run', cast(? as text)), ('seed', cast(? as text)))",
    )
    .bind(&call.day)
    .bind(call.run_id)
    .bind(call.seed_id.unwrap_or(0))
    .fetch_all(&mut *connection)
    .await?;
    let charged_to = |scope: Scope| -> Result<MicroUsd> {
        for row in &charged {
            if row.try_get::<&str, _>(0)? == scope.as_str() {
                return Ok(MicroUsd(row.try_get(1)?));
            }
        }
        Ok(MicroUsd(0))
    };
    let limits = [
        (Scope::Total, call.budget.total),
        (Scope::Run, call.budget.run),
        (Scope::Day, call.budget.day),
        (
            Scope::Seed,
            call.budget.seed.filter(|_| call.seed_id.is_some()),
        ),
    ];
    for (scope, limit) in limits {
        let Some(limit) = limit else { continue };
        let charged = charged_to(scope)?;
        if charged.0.saturating_add(call.price.0) > limit.0 {
            return Err(Error::BudgetSpent(Spent {
                scope,
                limit,
                charged,
                price: call.price,
            }));
        }
    }
    Ok(())
}

/// The least step that a time in Unix seconds can show.
const STEP_SECONDS: f64 = 0.000_001;

/// The group of pages that is kept in this transaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    pub(super) number: i64,
    /// Later than that of the group before, also where the clock was put back in between: histories go by it.
    pub(super) kept_at: f64,
}

/// The next group, by our clock.
pub(super) async fn next_group(connection: &mut SqliteConnection, now: f64) -> Result<Group> {
    let last: Option<(i64, Option<f64>)> = sqlx::query_as(
        "select kept_group, settled_at from calls where kept_group is not null order by kept_group desc limit 1",
    )
    .fetch_optional(connection)
    .await?;
    let (number, kept_at) = last.unwrap_or_default();
    Ok(Group {
        number: number + 1,
        kept_at: kept_at.map_or(now, |last| now.max(last + STEP_SECONDS)),
    })
}

/// Closes a call whose reply is not a page of the archive.
pub(super) async fn settle(
    connection: &mut SqliteConnection,
    call_id: i64,
    settlement: &Settlement,
    now: f64,
) -> Result<()> {
    write_settlement(connection, call_id, settlement, None, now).await
}

/// Closes a call whose page is kept in the same transaction.
pub(super) async fn settle_kept(
    connection: &mut SqliteConnection,
    call_id: i64,
    settlement: &Settlement,
    kept: &Kept<'_>,
) -> Result<()> {
    let kept_at = kept.group.kept_at;
    write_settlement(connection, call_id, settlement, Some(kept), kept_at).await
}

async fn write_settlement(
    connection: &mut SqliteConnection,
    call_id: i64,
    settlement: &Settlement,
    kept: Option<&Kept<'_>>,
    now: f64,
) -> Result<()> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    sqlx::query(
        "update calls set outcome = ?, kept = ?, kept_group = ?, cost_micro_usd = ?, http_status = ?, error = ?, request_id = ?,
         next_cursor = ?, items = ?, row_count = ?, odd_items = ?, item_hashes = ?, body_bytes = ?, body = ?,
         settled_at = ? where id = ? and outcome = 'open'",
    )
    .bind(settlement.outcome.as_str())
    .bind(kept.is_some())
    .bind(kept.map(|kept| kept.group.number))
    .bind(settlement.cost.0)
    .bind(settlement.http_status)
    .bind(&settlement.error)
    .bind(&settlement.request_id)
    .bind(kept.and_then(|kept| kept.next_cursor))
    .bind(kept.map(|kept| count(kept.items)))
    .bind(kept.map(|kept| count(kept.row_count)))
    .bind(kept.map(|kept| count(kept.odd_items)))
    .bind(kept.map(|kept| kept.item_hashes).filter(|hashes| !hashes.is_empty()))
    .bind(settlement.body_bytes.map(count))
    .bind(&settlement.body)
    .bind(now)
    .bind(call_id)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

impl Store {
    /// `open_call` in a transaction of its own: for a call by hand.
    ///
    /// # Errors
    /// `BudgetSpent`, or where the archive cannot be written.
    pub async fn open_call(&self, call: &OpenCall) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let id = open_call(&mut transaction, call).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// `settle` in a transaction of its own.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn settle_call(&self, call_id: i64, settlement: &Settlement, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        settle(&mut transaction, call_id, settlement, now).await?;
        transaction.commit().await
    }
}
