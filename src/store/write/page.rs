//! A page is kept in one transaction: rows, follow-ups, cursor, and the call with its raw reply. All or nothing.

use std::collections::HashSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::clock::Moment;
use crate::model::{Harvest, Lease, NewJob, Pass, Refusals, StopReason};
use crate::store::archive::absences::{self, MissedBy};
use crate::store::archive::{self, Known, merge::PageRows};
use crate::store::db::Statement;
use crate::store::ledger::{self, CallPage, Group, Settlement};
use crate::store::queue::{self, Origin, SpanChange};
use crate::store::{Error, Result};

/// How a walk continues after a kept page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// There is a next page, and the same worker fetches it. The last `stale_pages` pages in a row had no new id.
    /// Those of them that had any are `repeated_pages`.
    Page {
        cursor: String,
        stale_pages: u32,
        repeated_pages: u32,
    },
    /// The walk is over. The cursor is kept if the walk can continue from here later.
    End {
        reason: StopReason,
        note: String,
        cursor: Option<String>,
    },
}

/// A parsed reply with everything that is kept of it.
#[derive(Debug)]
pub struct PageCommit {
    pub lease: Lease,
    pub call_id: i64,
    pub settlement: Settlement,
    pub harvest: Harvest,
    /// An 8-byte hash for each of the page's item ids.
    pub item_hashes: Vec<u8>,
    /// What the page changes for the spans of its walk.
    pub span_change: Option<SpanChange>,
    pub next: Next,
    /// The passes that ended with this page. What they lack is missed.
    pub passes: Vec<Pass>,
    pub follow_ups: Vec<NewJob>,
    /// Lists of the subject that came inside the reply. Their jobs are done or need only the rest.
    pub nested: Vec<NewJob>,
    pub led_to: u32,
    /// Subjects of the reply that the plan does not follow.
    pub refused: Refusals,
    /// See `Harvest::row_count`.
    pub row_count: usize,
    /// Lease duration for the next page of the walk.
    pub lease_seconds: f64,
    /// The time of an imported reply, which is not that of the commit; `None` for an answer of the remote.
    pub own_time: Option<f64>,
}

/// Advances walks under their leases, or ends them. A page that was planned with a depth that has changed since is
/// planned again.
const ADVANCE: Statement = Statement {
    given: &[
        "job_id", "fence", "state", "reason", "note", "ended_at", "lease_until", "cursor", "stale_pages",
        "repeated_pages", "items",
        "led_to", "call_id", "depth", "resolves_name",
    ],
    sql: "update jobs set state = given.state, stop_reason = given.reason, note = given.note,
        ended_at = given.ended_at, lease_until = given.lease_until, cursor = given.cursor,
        stale_pages = given.stale_pages, repeated_pages = given.repeated_pages, pages = pages + 1, items = jobs.items + given.items, led_to = given.led_to,
        attempts = 0, last_error = null, last_call_id = given.call_id,
        refreshes = iif(given.reason is null, refreshes, 0),
        replan = max(replan, jobs.depth < given.depth or jobs.resolves_name > given.resolves_name) from given
        where jobs.id = given.job_id and jobs.fence = given.fence and jobs.state = 'leased' returning jobs.id",
};

/// What a transaction reads before it keeps pages.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct BatchContext {
    pub(super) group: Group,
    pub(super) known: Known,
}

impl BatchContext {
    /// The query. It runs right after the statement that begins the transaction.
    pub(in crate::store) const QUESTION: &str = "select
        (select kept_group from calls where kept_group is not null order by kept_group desc limit 1),
        exists (select 1 from comments where post_id is null and parent_comment_id is not null),
        exists (select 1 from absences where cleared_call_id is null)";

    /// Reads the result, for pages that are kept at this time.
    pub(in crate::store) fn read(row: &SqliteRow, kept_at: f64) -> Result<Self> {
        let number: Option<i64> = row.try_get(0)?;
        Ok(Self {
            group: Group {
                number: number.unwrap_or(0) + 1,
                kept_at,
            },
            known: Known {
                has_orphans: row.try_get(1)?,
                has_absences: row.try_get(2)?,
                newest_at: None,
            },
        })
    }
}

/// Keeps pages, all in the caller's transaction and at one time. A page whose lease is lost is refused, which does not
/// affect the others. Its call is settled with its raw reply, because it was paid for. No two pages are of one job.
pub(in crate::store) async fn commit_pages(
    connection: &mut SqliteConnection,
    pages: &[&PageCommit],
    before: BatchContext,
    now: Moment,
) -> Result<Vec<Result<()>>> {
    let advanced = advance(connection, pages, now).await?;
    let mut answers = Vec::with_capacity(pages.len());
    let mut kept = Vec::with_capacity(pages.len());
    for page in pages {
        if advanced.contains(&page.lease.token.job_id) {
            kept.push(*page);
            answers.push(Ok(()));
        } else {
            let settlement = Settlement {
                error: Some("the lease was lost before the page was kept".to_owned()),
                ..page.settlement.clone()
            };
            ledger::settle(connection, page.call_id, &settlement, now.wall).await?;
            answers.push(Err(Error::LeaseLost));
        }
    }
    if kept.is_empty() {
        return Ok(answers);
    }
    let BatchContext { group, known } = before;
    // If two pages contain a value, the later call's value is stored.
    kept.sort_by_key(|page| page.call_id);
    let rows: Vec<PageRows<'_>> = kept
        .iter()
        .map(|page| PageRows {
            call_id: page.call_id,
            now: page.own_time.unwrap_or(group.kept_at),
            subject: &page.lease.subject,
            items_before: page.lease.items,
            harvest: &page.harvest,
            is_imported: page.own_time.is_some(),
        })
        .collect();
    archive::write(connection, &rows, known).await?;
    commit_follow_ups(connection, &kept, now.wall).await?;
    commit_calls(connection, &kept, group).await?;
    let changes = kept
        .iter()
        .filter_map(|page| Some((page.span_change?, page.call_id)));
    queue::change_spans(connection, changes).await?;
    miss(connection, &kept, group).await?;
    Ok(answers)
}

/// Records what the passes that ended with these pages lack.
async fn miss(
    connection: &mut SqliteConnection,
    pages: &[&PageCommit],
    group: Group,
) -> Result<()> {
    for page in pages {
        for pass in &page.passes {
            let by = MissedBy {
                call_id: page.call_id,
                at: group.kept_at,
            };
            absences::miss(connection, pass, "not_listed", by).await?;
        }
    }
    Ok(())
}

async fn commit_follow_ups(
    connection: &mut SqliteConnection,
    pages: &[&PageCommit],
    now: f64,
) -> Result<()> {
    let of_page = |page: &'_ PageCommit| Origin::Job {
        job_id: page.lease.token.job_id,
        seed_id: page.lease.seed_id,
    };
    let jobs: Vec<(Origin<'_>, &NewJob)> = pages
        .iter()
        .flat_map(|page| page.follow_ups.iter().map(|job| (of_page(page), job)))
        .collect();
    queue::enqueue(connection, &jobs, now).await?;
    let nested: Vec<&NewJob> = pages.iter().flat_map(|page| &page.nested).collect();
    queue::apply_nested(connection, &nested, now).await?;
    let refused: Vec<(i64, &Refusals)> = pages
        .iter()
        .map(|page| (page.lease.token.job_id, &page.refused))
        .collect();
    queue::note_refusals(connection, &refused).await?;
    let first_pages = pages.iter().filter(|page| page.lease.pages == 0);
    let begun: Vec<i64> = first_pages.map(|page| page.lease.token.job_id).collect();
    queue::release_dependents(connection, &begun).await
}

async fn commit_calls(
    connection: &mut SqliteConnection,
    pages: &[&PageCommit],
    group: Group,
) -> Result<()> {
    let calls: Vec<(i64, &Settlement, CallPage<'_>)> = pages
        .iter()
        .map(|page| {
            let kept = CallPage {
                group,
                at: page.own_time.unwrap_or(group.kept_at),
                next_cursor: page.harvest.cursor.as_deref(),
                items: page.harvest.items.len(),
                row_count: page.row_count,
                odd: &page.harvest.odd,
                item_hashes: &page.item_hashes,
                is_redacted: page.harvest.is_redacted,
            };
            (page.call_id, &page.settlement, kept)
        })
        .collect();
    ledger::settle_kept(connection, &calls).await
}

/// Returns the jobs whose lease was valid.
async fn advance(
    connection: &mut SqliteConnection,
    pages: &[&PageCommit],
    now: Moment,
) -> Result<HashSet<i64>> {
    let rows = ADVANCE
        .write_and_read(connection, pages, |row, page| {
            let lease = &page.lease;
            let (state, cursor, (stale_pages, repeated_pages), reason, note) = match &page.next {
                Next::Page {
                    cursor,
                    stale_pages,
                    repeated_pages,
                } => (
                    "leased",
                    Some(cursor),
                    (*stale_pages, *repeated_pages),
                    None,
                    None,
                ),
                Next::End {
                    reason,
                    note,
                    cursor,
                } => (
                    queue::ended_state(*reason),
                    cursor.as_ref(),
                    (lease.stale_pages, lease.repeated_pages),
                    Some(reason.as_str()),
                    Some(note.as_str()).filter(|note| !note.is_empty()),
                ),
            };
            row.set("job_id", lease.token.job_id)
                .set("fence", lease.token.fence)
                .set("state", state)
                .set("reason", reason)
                .set("note", note)
                .set("ended_at", reason.map(|_| now.wall))
                .set(
                    "lease_until",
                    reason.is_none().then_some(now.steady + page.lease_seconds),
                )
                .set("cursor", cursor.map(String::as_str))
                .set("stale_pages", stale_pages)
                .set("repeated_pages", repeated_pages)
                .set("items", page.harvest.items.len())
                .set("led_to", page.led_to)
                .set("call_id", page.call_id)
                .set("depth", lease.depth)
                .set("resolves_name", lease.resolves_name);
        })
        .await?;
    let ids = rows.iter().map(|row| row.try_get(0));
    Ok(ids.collect::<sqlx::Result<_>>()?)
}
