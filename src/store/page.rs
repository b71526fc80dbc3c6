//! A page is kept in one transaction: rows, follow-ups, cursor, and the call with its raw reply; or nothing of it.

use sqlx::SqliteConnection;

use super::ledger::{self, Kept, Settlement};
use super::queue::{self, Origin};
use super::rows::PageRows;
use super::{Error, Result, Store, archive};
use crate::model::{Harvest, Lease, NewJob, StopReason};

/// Where a walk goes from a kept page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// There is a next page. `stale_pages` in a row have had no new id so far.
    Page { cursor: String, stale_pages: u32 },
    /// The walk is over. The cursor is kept where it could go on from here later.
    End {
        reason: StopReason,
        note: String,
        cursor: Option<String>,
    },
}

/// A reply that was read, with all that is to be kept of it.
#[derive(Debug)]
pub struct PageCommit {
    pub lease: Lease,
    pub call_id: i64,
    pub settlement: Settlement,
    pub harvest: Harvest,
    /// 8 bytes for each of the page's item ids.
    pub item_hashes: Vec<u8>,
    pub next: Next,
    pub follow_ups: Vec<NewJob>,
    /// Follow-ups that are seeds themselves: the users that a name stood for.
    pub resolved: Vec<NewJob>,
    pub led_to: u32,
    pub now: f64,
}

/// Keeps pages, all in the caller's transaction. One whose lease is lost is refused and leaves the others untouched:
/// its call is settled with its raw reply, for it was paid for.
pub(super) async fn commit_pages(
    connection: &mut SqliteConnection,
    pages: &[&PageCommit],
) -> Result<Vec<Result<()>>> {
    let mut answers = Vec::with_capacity(pages.len());
    let mut kept = Vec::with_capacity(pages.len());
    for page in pages {
        if queue::holds(connection, page.lease.job_id, page.lease.fence).await? {
            kept.push(*page);
            answers.push(Ok(()));
        } else {
            let settlement = Settlement {
                error: Some("the lease was lost before the page was kept".to_owned()),
                ..page.settlement.clone()
            };
            ledger::settle(connection, page.call_id, &settlement, page.now).await?;
            answers.push(Err(Error::LeaseLost));
        }
    }
    if kept.is_empty() {
        return Ok(answers);
    }
    // In the order in which they were asked for: who reads the raw replies again can do the same.
    kept.sort_unstable_by_key(|page| page.call_id);
    let group = ledger::next_group(connection).await?;
    let rows: Vec<PageRows<'_>> = kept
        .iter()
        .map(|page| PageRows {
            call_id: page.call_id,
            now: page.now,
            subject: &page.lease.subject,
            items_before: page.lease.items,
            harvest: &page.harvest,
        })
        .collect();
    archive::write(connection, &rows).await?;
    for page in kept {
        commit_job(connection, page, group).await?;
    }
    Ok(answers)
}

async fn commit_job(
    connection: &mut SqliteConnection,
    page: &PageCommit,
    group: i64,
) -> Result<()> {
    let lease = &page.lease;
    let origin = Origin {
        seed_id: lease.seed_id,
        parent_job_id: Some(lease.job_id),
        resolves_name: false,
        now: page.now,
    };
    if !page.follow_ups.is_empty() {
        queue::enqueue(connection, &page.follow_ups, origin).await?;
    }
    if !page.resolved.is_empty() {
        queue::enqueue(connection, &page.resolved, origin).await?;
    }
    advance(connection, page).await?;
    let kept = Kept {
        group,
        next_cursor: page.harvest.cursor.as_deref(),
        items: page.harvest.items.len(),
        row_count: page.harvest.row_count(),
        odd_items: page.harvest.odd.len(),
        item_hashes: &page.item_hashes,
    };
    ledger::settle_kept(connection, page.call_id, &page.settlement, &kept, page.now).await
}

/// Moves the walk's cursor forward, or ends it.
async fn advance(connection: &mut SqliteConnection, page: &PageCommit) -> Result<()> {
    let (cursor, stale_pages) = match &page.next {
        Next::Page {
            cursor,
            stale_pages,
        } => (Some(cursor), *stale_pages),
        Next::End { cursor, .. } => (cursor.as_ref(), page.lease.stale_pages),
    };
    let (state, reason, note) = match &page.next {
        Next::Page { .. } => ("ready", None, None),
        Next::End { reason, note, .. } => (
            queue::ended_state(*reason),
            Some(reason.as_str()),
            Some(note.as_str()).filter(|note| !note.is_empty()),
        ),
    };
    sqlx::query(
        "update jobs set state = ?, stop_reason = ?, note = ?, ended_at = ?, cursor = ?, stale_pages = ?,
         pages = pages + 1, items = items + ?, led_to = ?, attempts = 0, last_error = null, last_call_id = ?,
         lease_until = null where id = ?",
    )
    .bind(state)
    .bind(reason)
    .bind(note)
    .bind(reason.map(|_| page.now))
    .bind(cursor)
    .bind(stale_pages)
    .bind(i64::try_from(page.harvest.items.len()).unwrap_or(i64::MAX))
    .bind(page.led_to)
    .bind(page.call_id)
    .bind(page.lease.job_id)
    .execute(&mut *connection)
    .await?;
    if page.lease.pages == 0 {
        queue::release_dependents(connection, page.lease.job_id).await?;
    }
    Ok(())
}

impl Store {
    /// Keeps the reply of a call by hand: its rows and the settled call, in one transaction.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn keep_call(
        &self,
        call_id: i64,
        subject: &str,
        settlement: &Settlement,
        harvest: &Harvest,
        now: f64,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let rows = [PageRows {
            call_id,
            now,
            subject,
            items_before: 0,
            harvest,
        }];
        archive::write(&mut transaction, &rows).await?;
        let kept = Kept {
            group: ledger::next_group(&mut transaction).await?,
            next_cursor: harvest.cursor.as_deref(),
            items: harvest.items.len(),
            row_count: harvest.row_count(),
            odd_items: harvest.odd.len(),
            item_hashes: &[],
        };
        ledger::settle_kept(&mut transaction, call_id, settlement, &kept, now).await?;
        transaction.commit().await
    }
}
