//! A page is kept in one transaction: rows, follow-ups, cursor, and the call with its raw reply; or nothing of it.

use sqlx::SqliteConnection;

use super::ledger::{self, Group, Kept, Settlement};
use super::queue::{self, Origin};
use super::rows::PageRows;
use super::{Error, Result, Store, archive};
use crate::model::{Harvest, Lease, NewJob, StopReason};

/// Where a walk goes from a kept page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// There is a next page; whoever kept this one goes on with it. `stale_pages` in a row have had no new id so far.
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
    /// Lists of the subject that came with the reply: their own jobs need them no more, or only the rest.
    pub nested: Vec<NewJob>,
    pub led_to: u32,
    /// As `Harvest::row_count` says.
    pub row_count: usize,
    /// How long the lease holds for the walk's next page.
    pub lease_seconds: f64,
}

/// Keeps pages, all in the caller's transaction and at one time. One whose lease is lost is refused and leaves the others untouched:
/// its call is settled with its raw reply, for it was paid for.
pub(super) async fn commit_pages(
    connection: &mut SqliteConnection,
    pages: &[&PageCommit],
    now: f64,
) -> Result<Vec<Result<()>>> {
    let mut answers = Vec::with_capacity(pages.len());
    let mut kept = Vec::with_capacity(pages.len());
    for page in pages {
        if advance(connection, page, now).await? {
            kept.push(*page);
            answers.push(Ok(()));
        } else {
            let settlement = Settlement {
                error: Some("the lease was lost before the page was kept".to_owned()),
                ..page.settlement.clone()
            };
            ledger::settle(connection, page.call_id, &settlement, now).await?;
            answers.push(Err(Error::LeaseLost));
        }
    }
    let group = ledger::next_group(connection, now).await?;
    // Where two pages tell a value, the later call's counts.
    kept.sort_by_key(|page| page.call_id);
    let rows: Vec<PageRows<'_>> = kept
        .iter()
        .map(|page| PageRows {
            call_id: page.call_id,
            now: group.kept_at,
            subject: &page.lease.subject,
            items_before: page.lease.items,
            harvest: &page.harvest,
        })
        .collect();
    archive::write(connection, &rows).await?;
    for page in kept {
        commit_follow_ups(connection, page, now).await?;
        commit_call(connection, page, group).await?;
    }
    Ok(answers)
}

async fn commit_follow_ups(
    connection: &mut SqliteConnection,
    page: &PageCommit,
    now: f64,
) -> Result<()> {
    let origin = Origin::Job {
        job_id: page.lease.job_id,
        seed_id: page.lease.seed_id,
    };
    let jobs: Vec<(Origin<'_>, &NewJob)> =
        page.follow_ups.iter().map(|job| (origin, job)).collect();
    queue::enqueue(connection, &jobs, now).await?;
    for nested in &page.nested {
        queue::apply_nested(connection, nested, now).await?;
    }
    if page.lease.pages == 0 {
        queue::release_dependents(connection, page.lease.job_id).await?;
    }
    Ok(())
}

async fn commit_call(
    connection: &mut SqliteConnection,
    page: &PageCommit,
    group: Group,
) -> Result<()> {
    let kept = Kept {
        group,
        next_cursor: page.harvest.cursor.as_deref(),
        items: page.harvest.items.len(),
        row_count: page.row_count,
        odd_items: page.harvest.odd.len(),
        item_hashes: &page.item_hashes,
    };
    ledger::settle_kept(connection, page.call_id, &page.settlement, &kept).await
}

/// Moves the walk's cursor forward under the same lease, or ends it. False where the lease is lost.
async fn advance(connection: &mut SqliteConnection, page: &PageCommit, now: f64) -> Result<bool> {
    let (cursor, stale_pages) = match &page.next {
        Next::Page {
            cursor,
            stale_pages,
        } => (Some(cursor), *stale_pages),
        Next::End { cursor, .. } => (cursor.as_ref(), page.lease.stale_pages),
    };
    let (state, reason, note) = match &page.next {
        Next::Page { .. } => ("leased", None, None),
        Next::End { reason, note, .. } => (
            queue::ended_state(*reason),
            Some(reason.as_str()),
            Some(note.as_str()).filter(|note| !note.is_empty()),
        ),
    };
    let advanced = sqlx::query(
        "update jobs set state = ?, stop_reason = ?, note = ?, ended_at = ?, lease_until = ?, cursor = ?,
         stale_pages = ?, pages = pages + 1, items = items + ?, led_to = ?, attempts = 0, last_error = null,
         last_call_id = ?, replan = max(replan, depth < ? or resolves_name > ?)
         where id = ? and fence = ? and state = 'leased'",
    )
    .bind(state)
    .bind(reason)
    .bind(note)
    .bind(reason.map(|_| now))
    .bind(reason.is_none().then_some(now + page.lease_seconds))
    .bind(cursor)
    .bind(stale_pages)
    .bind(i64::try_from(page.harvest.items.len()).unwrap_or(i64::MAX))
    .bind(page.led_to)
    .bind(page.call_id)
    // What was planned by another depth than the job has by now is planned again.
    .bind(page.lease.depth)
    .bind(page.lease.resolves_name)
    .bind(page.lease.job_id)
    .bind(page.lease.fence)
    .execute(&mut *connection)
    .await?;
    Ok(advanced.rows_affected() == 1)
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
        let group = ledger::next_group(&mut transaction, now).await?;
        let rows = [PageRows {
            call_id,
            now: group.kept_at,
            subject,
            items_before: 0,
            harvest,
        }];
        archive::write(&mut transaction, &rows).await?;
        let kept = Kept {
            group,
            next_cursor: harvest.cursor.as_deref(),
            items: harvest.items.len(),
            row_count: harvest.row_count(),
            odd_items: harvest.odd.len(),
            item_hashes: &[],
        };
        ledger::settle_kept(&mut transaction, call_id, settlement, &kept).await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Harvest, MicroUsd, Post, PostCounts};
    use crate::store::{Budget, OpenCall, Outcome, RunKind, Settlement, Store};

    /// Keeps a post with so many likes, at a time of the clock.
    async fn keep(store: &Store, likes: i64, now: f64) {
        let run = store.start_run(RunKind::Call, 1, now).await.unwrap();
        let call = OpenCall {
            run_id: run.id,
            lease: None,
            seed_id: None,
            endpoint: "get_post_detail",
            subject: String::new(),
            cursor: None,
            price: MicroUsd(1),
            budget: Budget::default(),
            day: "2026-01-01".to_owned(),
            now,
        };
        let call_id = store.open_call(&call).await.unwrap();
        let settlement = Settlement {
            outcome: Outcome::Answered,
            cost: MicroUsd(1),
            http_status: Some(200),
            error: None,
            request_id: None,
            body_bytes: None,
            body: None,
        };
        let post = Post {
            post_id: "s_1".to_owned(),
            counts: PostCounts {
                like_count: Some(likes),
                ..PostCounts::default()
            },
            ..Post::default()
        };
        let harvest = Harvest {
            posts: vec![post],
            ..Harvest::default()
        };
        let kept = store
            .keep_call(call_id, "", &settlement, &harvest, now)
            .await;
        kept.unwrap();
    }

    #[tokio::test]
    async fn a_history_stays_in_order_where_the_clock_was_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        for (likes, now) in [(1, 1000.0), (2, 400.0), (3, 401.0), (4, 2000.0)] {
            keep(&store, likes, now).await;
        }
        let history: Vec<(i64, f64)> =
            sqlx::query_as("select like_count, observed_at from post_stats order by observed_at")
                .fetch_all(store.readers())
                .await
                .unwrap();
        let likes: Vec<i64> = history.iter().map(|(likes, _)| *likes).collect();
        assert_eq!(likes, [1, 2, 3, 4], "{history:?}");
        assert_eq!(history[3].1, 2000.0);
    }
}
