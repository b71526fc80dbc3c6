//! A page is kept in one transaction: rows, follow-ups, cursor, and the call with its raw reply. All or nothing.

use std::collections::HashSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::clock::Moment;
use crate::model::{Harvest, Lease, NewJob, Refusals, StopReason};
use crate::store::archive::{self, merge::PageRows};
use crate::store::db::Statement;
use crate::store::ledger::{self, CallPage, Group, Settlement};
use crate::store::queue::{self, Origin};
use crate::store::{Error, Result, Store};

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
    pub next: Next,
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
        replan = max(replan, jobs.depth < given.depth or jobs.resolves_name > given.resolves_name) from given
        where jobs.id = given.job_id and jobs.fence = given.fence and jobs.state = 'leased' returning jobs.id",
};

/// What a transaction reads before it keeps pages.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct BatchContext {
    group: Group,
    /// Some reply does not name its post.
    has_orphans: bool,
}

impl BatchContext {
    /// The query. It runs right after the statement that begins the transaction.
    pub(in crate::store) const QUESTION: &str = "select kept_group, settled_at,
        exists (select 1 from comments where post_id is null and parent_comment_id is not null)
        from (select 1) left join
        (select kept_group, settled_at from calls where kept_group is not null order by kept_group desc limit 1)";
    /// The least step that a time in Unix seconds can show.
    const STEP_SECONDS: f64 = 0.000_001;

    /// Reads the result, at this time of the local clock.
    pub(in crate::store) fn read(row: &SqliteRow, now: f64) -> Result<Self> {
        let number: Option<i64> = row.try_get(0)?;
        let kept_at: Option<f64> = row.try_get(1)?;
        Ok(Self {
            group: Group {
                number: number.unwrap_or(0) + 1,
                kept_at: kept_at.map_or(now, |last| now.max(last + Self::STEP_SECONDS)),
            },
            has_orphans: row.try_get(2)?,
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
    let BatchContext { group, has_orphans } = before;
    // If two pages contain a value, the later call's value is stored.
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
    archive::write(connection, &rows, has_orphans).await?;
    commit_follow_ups(connection, &kept, now.wall).await?;
    commit_calls(connection, &kept, group).await?;
    Ok(answers)
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

impl Store {
    /// Keeps the reply of a manual call: its rows and the settled call, in one transaction.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn keep_call(
        &self,
        call_id: i64,
        subject: &str,
        settlement: &Settlement,
        harvest: &Harvest,
        now: f64,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let answer = sqlx::query(BatchContext::QUESTION)
            .fetch_one(&mut *transaction)
            .await?;
        let BatchContext { group, has_orphans } = BatchContext::read(&answer, now)?;
        let rows = [PageRows {
            call_id,
            now: group.kept_at,
            subject,
            items_before: 0,
            harvest,
        }];
        archive::write(&mut transaction, &rows, has_orphans).await?;
        let kept = CallPage {
            group,
            next_cursor: harvest.cursor.as_deref(),
            items: harvest.items.len(),
            row_count: harvest.row_count(),
            odd: &harvest.odd,
            item_hashes: &[],
            is_redacted: harvest.is_redacted,
        };
        ledger::settle_kept(&mut transaction, &[(call_id, settlement, kept)]).await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Budget, Counts, Harvest, MicroUsd, Post};
    use crate::store::{OpenCall, Outcome, RunKind, Settlement, Store};

    /// Keeps a post with this number of likes, at this time.
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
            charge: MicroUsd(1),
            http_status: Some(200),
            error: None,
            request_id: None,
            body_bytes: None,
            body: None,
        };
        let post = Post {
            post_id: "s_1".to_owned(),
            counts: Counts::of([("like_count", Some(likes))]),
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
    async fn a_history_stays_in_order_after_the_clock_was_set_back() {
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
