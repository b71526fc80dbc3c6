//! What the pending jobs still require.

use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Row};

use crate::model::LeftOf;
use crate::store::Result;
use crate::store::queue;

/// Pending jobs of an archive that are all read. Of more jobs some are, and the others are assumed to be like them.
const READ_AT_MOST: i64 = 20_000;
/// Jobs of a large archive that are looked at, pending or not.
const SAMPLE: i64 = 8_000;
/// Pending jobs of an endpoint in the sample that say enough about the others.
const SAMPLED_LEAST: i64 = 30;

/// SQL for the pages that a walk has met, or is expected to meet, in earlier passes.
const SPANNED_PAGES: &str = "(select coalesce(sum(s.pages), 0) from spans s where s.job_id = j.id
    and (s.state = 'open' or s.state = 'met' and s.joined_by_call_id > j.pass_call_id))";

/// Pending jobs by the index that finds them, so that finished jobs are never read. SQLite's own choice would read every
/// job of the endpoint.
const OPEN: [(&str, &str); 5] = [
    ("jobs_ready", "j.state = 'ready'"),
    ("jobs_leased", "j.state = 'leased'"),
    ("jobs_due", "j.state = 'waiting' and j.ready_at is not null"),
    (
        "jobs_after",
        "j.after_job_id is not null and j.state = 'waiting' and j.ready_at is null",
    ),
    // The next run continues them.
    (
        "jobs_stopped",
        "j.state = 'stopped' and j.stop_reason = 'budget'",
    ),
];

/// What the archive knows of the pending jobs of one endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub jobs: i64,
    /// Jobs whose list has an unknown length.
    pub unknown: i64,
    /// Those of unknown length that wait for another job's first page, which may make them unneeded.
    pub perhaps_unneeded: i64,
    /// Pages that the other jobs require at least.
    pub pages: i64,
    /// Pages kept so far, and jobs done.
    pub kept_pages: i64,
    pub finished: i64,
}

/// Pending jobs by the counts of jobs.
const COUNTED: &str = "(state in ('ready', 'leased', 'waiting') or stop_reason = 'budget')";

/// Counts the pending jobs of all endpoints.
async fn pending(pool: &SqlitePool) -> Result<i64> {
    let text = format!("select coalesce(sum(jobs), 0) from job_counts where {COUNTED}");
    Ok(sqlx::query_scalar(AssertSqlSafe(text))
        .fetch_one(pool)
        .await?)
}

/// Returns what the archive knows of the pending jobs of one endpoint. `page_size` is in items. Large queues are sampled.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn waiting(
    pool: &SqlitePool,
    endpoint: &str,
    left: LeftOf,
    page_size: i64,
    max_depth: u32,
) -> Result<Waiting> {
    let is_sampled = pending(pool).await? > READ_AT_MOST;
    let left = match queue::known_left(left, "j.subject", "j.depth") {
        Some(question) => format!("({question})"),
        None => "null".to_owned(),
    };
    let looked_at = format!(
        "select j.depth, j.items, j.pages, j.after_job_id is not null as waits, {left} as rest,
             iif(j.pass_call_id > 0, {SPANNED_PAGES}, 0) as spanned"
    );
    let of_endpoint = match is_sampled {
        true => sample(&looked_at),
        false => all(&looked_at),
    };
    // A started walk has at least one page left. A walk without pages whose list is empty has none.
    let text = format!(
        "select count(*), coalesce(sum(depth <= ?2), 0),
             coalesce(sum(depth <= ?2 and rest is null), 0),
             coalesce(sum(depth <= ?2 and rest is null and waits), 0),
             coalesce(cast(sum(case when depth > ?2 or rest is null then 0 when rest <= 0 and pages = 0 then 0
                 else max(1, (rest - items + ?3 - 1) / ?3 - spanned) end) as integer), 0),
             (select coalesce(sum(jobs), 0) from job_counts where endpoint = ?1 and {COUNTED}),
             (select coalesce(sum(jobs), 0) from job_counts where endpoint = ?1 and state = 'waiting'),
             coalesce((select sum(kept) from call_totals where endpoint = ?1), 0),
             coalesce((select sum(jobs) from job_counts where endpoint = ?1 and state = 'done'), 0)
         from ({of_endpoint})"
    );
    let row = sqlx::query(AssertSqlSafe(text))
        .bind(endpoint)
        .bind(max_depth)
        .bind(page_size)
        .fetch_one(pool)
        .await?;
    let (seen, pending): (i64, i64) = (row.try_get(0)?, row.try_get(5)?);
    let (kept_pages, finished) = (row.try_get(7)?, row.try_get(8)?);
    if is_sampled && seen < SAMPLED_LEAST {
        return Ok(Waiting {
            jobs: pending,
            unknown: pending,
            perhaps_unneeded: row.try_get(6)?,
            pages: 0,
            kept_pages,
            finished,
        });
    }
    let scale = |count: i64| match is_sampled {
        true => count.saturating_mul(pending) / seen,
        false => count,
    };
    Ok(Waiting {
        jobs: scale(row.try_get(1)?),
        unknown: scale(row.try_get(2)?),
        perhaps_unneeded: scale(row.try_get(3)?),
        pages: scale(row.try_get(4)?),
        kept_pages,
        finished,
    })
}

/// SQL for all pending jobs of the endpoint.
fn all(looked_at: &str) -> String {
    let open = OPEN.iter().map(|(index, is_open)| {
        format!("{looked_at} from jobs j indexed by {index} where {is_open} and j.endpoint = ?1")
    });
    open.collect::<Vec<_>>().join(" union all ")
}

/// SQL for the pending jobs of the endpoint in the sample: one job of each of [`SAMPLE`] parts of the queue, found by its id.
/// Its place in its part is spread, because the jobs of one reply come in a fixed order.
fn sample(looked_at: &str) -> String {
    format!(
        "with recursive parts (part, jobs) as (
             select 0, (select max(id) from jobs) / {SAMPLE} + 1
             union all select part + 1, jobs from parts where part + 1 < {SAMPLE})
         {looked_at} from parts cross join jobs j on j.id = part * parts.jobs + part * 2654435761 / 65536 % parts.jobs + 1
         where j.endpoint = ?1 and (j.state in ('ready', 'leased', 'waiting')
             or j.state = 'stopped' and j.stop_reason = 'budget')"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;
    use crate::model::{Left, SubjectKind};
    use crate::store::Store;

    const POSTS: LeftOf = LeftOf {
        kind: SubjectKind::User,
        left: Left::Count("post_count"),
    };
    const UNKNOWN: LeftOf = LeftOf {
        kind: SubjectKind::User,
        left: Left::Unknown,
    };

    /// Fills an archive with so many users, who have 1 to 40 posts, and a job of each of two endpoints for each of them. A
    /// few jobs are of a third endpoint, and a third of the users is too deep.
    async fn filled(store: &Store, users: i64) {
        let mut writing = store.writing().await;
        let n = format!(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < {users})"
        );
        for text in [
            "insert into runs (id, kind, pid, version, started_at) values (1, 'run', 1, '0', 1)".to_owned(),
            "insert into seeds (id, kind, subject, added_at) values (1, 'feed', '', 1)".to_owned(),
            "insert into calls (id, run_id, endpoint, subject, day, outcome, cost_micro_usd, opened_at)
             values (1, 1, 'get_user_posts', 'user', '2026-01-01', 'open', 0, 1)"
                .to_owned(),
            format!(
                "{n} insert into users (user_id, post_count, first_call_id, last_call_id)
                 select 'user-' || i, i * 7 % 40 + 1, 1, 1 from n"
            ),
            format!(
                "{n} insert into jobs (endpoint, subject, state, depth, seed_id, created_at)
                 select iif(half, 'get_user_posts', 'get_user_followers'), 'user-' || i, 'ready', i % 3, 1, 1
                 from n join (select 0 as half union all select 1) order by i, half"
            ),
            "insert into jobs (endpoint, subject, state, depth, seed_id, created_at)
             select 'get_user_profile', 'user-' || id, 'ready', 0, 1, 1 from users where id <= 5"
                .to_owned(),
        ] {
            sqlx::query(AssertSqlSafe(text))
                .execute(&mut **writing)
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn few_jobs_are_counted_exactly_and_many_by_a_sample_of_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        for (users, tolerance) in [(9_000, 0.0), (30_000, 0.05)] {
            let store = Store::open(&folder.path().join(format!("{users}.db")))
                .await
                .unwrap();
            filled(&store, users).await;
            let of = async |endpoint: &str, left: LeftOf| {
                waiting(store.readers(), endpoint, left, 10, 1)
                    .await
                    .unwrap()
            };
            let is_about = |found: i64, wanted: i64| {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let error = (found - wanted).abs() as f64 / wanted as f64;
                assert!(error <= tolerance, "{users}: {found} of {wanted}");
            };
            let deep = users / 3;
            // 1 to 4 pages each.
            let pages: i64 = (1..=users)
                .filter(|i| i % 3 < 2)
                .map(|i| (i * 7 % 40 + 1 + 9) / 10)
                .sum();
            let known = of("get_user_posts", POSTS).await;
            is_about(known.jobs, users - deep);
            is_about(known.pages, pages);
            assert_eq!(known.unknown, 0);
            let unknown = of("get_user_followers", UNKNOWN).await;
            is_about(unknown.jobs, users - deep);
            assert_eq!((unknown.unknown, unknown.pages), (unknown.jobs, 0));
            let rare = of("get_user_profile", UNKNOWN).await;
            assert_eq!((rare.jobs, rare.unknown), (5, 5), "not scaled to nothing");
            assert_eq!(of("get_feed", UNKNOWN).await, Waiting::default());
        }
    }

    /// Counts tens of steps of SQLite while it estimates.
    async fn steps(store: &Store) -> usize {
        let options = crate::store::read::options(store.path()).await.unwrap();
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect_with(options).await.unwrap();
        let steps = Arc::new(AtomicUsize::new(0));
        let counter = steps.clone();
        let mut connection = pool.acquire().await.unwrap();
        let mut handle = connection.lock_handle().await.unwrap();
        handle.set_progress_handler(10, move || {
            counter.fetch_add(1, Ordering::Relaxed);
            true
        });
        drop(handle);
        drop(connection);
        waiting(&pool, "get_user_posts", POSTS, 10, 1)
            .await
            .unwrap();
        steps.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_queue_that_is_twice_as_long_takes_no_more_work() {
        let folder = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for users in [15_000, 30_000] {
            let store = Store::open(&folder.path().join(format!("{users}.db")))
                .await
                .unwrap();
            filled(&store, users).await;
            all.push(steps(&store).await);
        }
        assert!(all[0] > 1_000 && all[1] < all[0] * 11 / 10, "{all:?}");
    }
}
