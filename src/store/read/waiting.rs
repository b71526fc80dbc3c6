//! What the pending jobs still require.

use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Row};

use crate::model::LeftOf;
use crate::store::Result;
use crate::store::queue;

/// Pending jobs of an archive that are all read. Of more jobs some are, and the others are assumed to be like them.
const READ_AT_MOST: i64 = 20_000;
/// Pending jobs of an endpoint that are read of more.
const READ_OF_MORE: i64 = 2_000;
/// Jobs, pending or not, that are looked at for each endpoint if a large part of all jobs is pending.
const LOOKED_AT: i64 = 8_000;
/// The part of all jobs that is large: one in so many.
const LARGE_PART: i64 = 20;
/// Pending jobs of an endpoint that say enough about the others.
const ENOUGH: i64 = 30;

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

/// What the counts of an archive say.
struct Counts {
    /// Pending jobs of all endpoints, and the number of the newest job.
    all_pending: i64,
    newest: i64,
    /// Pending jobs of the endpoint, and those of them that wait.
    pending: i64,
    waiting: i64,
    kept_pages: i64,
    finished: i64,
}

impl Counts {
    async fn of(pool: &SqlitePool, endpoint: &str) -> Result<Self> {
        let row = sqlx::query(
            "with pending as (select endpoint, state, jobs from job_counts
                 where state in ('ready', 'leased', 'waiting') or stop_reason = 'budget')
             select coalesce(sum(jobs), 0), coalesce((select max(id) from jobs), 0),
                 coalesce(sum(jobs) filter (where endpoint = ?1), 0),
                 coalesce(sum(jobs) filter (where endpoint = ?1 and state = 'waiting'), 0),
                 coalesce((select sum(kept) from call_totals where endpoint = ?1), 0),
                 coalesce((select sum(jobs) from job_counts where endpoint = ?1 and state = 'done'), 0)
             from pending",
        )
        .bind(endpoint)
        .fetch_one(pool)
        .await?;
        Ok(Self {
            all_pending: row.try_get(0)?,
            newest: row.try_get(1)?,
            pending: row.try_get(2)?,
            waiting: row.try_get(3)?,
            kept_pages: row.try_get(4)?,
            finished: row.try_get(5)?,
        })
    }
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
    let counts = Counts::of(pool, endpoint).await?;
    let none = Waiting {
        kept_pages: counts.kept_pages,
        finished: counts.finished,
        ..Waiting::default()
    };
    if counts.pending == 0 {
        return Ok(none);
    }
    let left = match queue::known_left(left, "j.subject", "j.depth") {
        Some(question) => format!("({question})"),
        None => "null".to_owned(),
    };
    let looked_at = format!(
        "select j.depth, j.items, j.pages, j.after_job_id is not null as waits, {left} as rest,
             iif(j.pass_call_id > 0, {SPANNED_PAGES}, 0) as spanned"
    );
    let is_all = counts.all_pending <= READ_AT_MOST;
    let of_endpoint = match counts.newest / LARGE_PART < counts.all_pending {
        _ if is_all => by_index(&looked_at, 1),
        true => by_id(&looked_at),
        false => by_index(&looked_at, counts.pending / READ_OF_MORE + 1),
    };
    // A started walk has at least one page left. A walk without pages whose list is empty has none.
    let text = format!(
        "select count(*), coalesce(sum(depth <= ?2), 0),
             coalesce(sum(depth <= ?2 and rest is null), 0),
             coalesce(sum(depth <= ?2 and rest is null and waits), 0),
             coalesce(cast(sum(case when depth > ?2 or rest is null then 0 when rest <= 0 and pages = 0 then 0
                 else max(1, (rest - items + ?3 - 1) / ?3 - spanned) end) as integer), 0)
         from ({of_endpoint})"
    );
    let row = sqlx::query(AssertSqlSafe(text))
        .bind(endpoint)
        .bind(max_depth)
        .bind(page_size)
        .fetch_one(pool)
        .await?;
    let seen: i64 = row.try_get(0)?;
    if seen < ENOUGH.min(counts.pending) && !is_all {
        return Ok(Waiting {
            jobs: counts.pending,
            unknown: counts.pending,
            perhaps_unneeded: counts.waiting,
            ..none
        });
    }
    let scale = |count: i64| match is_all {
        true => count,
        false => count.saturating_mul(counts.pending) / seen,
    };
    Ok(Waiting {
        jobs: scale(row.try_get(1)?),
        unknown: scale(row.try_get(2)?),
        perhaps_unneeded: scale(row.try_get(3)?),
        pages: scale(row.try_get(4)?),
        ..none
    })
}

/// SQL for the pending jobs of the endpoint, or for one in so many of them. SQLite decides by the number of a job before it
/// reads the job.
fn by_index(looked_at: &str, one_in: i64) -> String {
    let open = OPEN.iter().map(|(index, is_open)| {
        format!(
            "{looked_at} from jobs j indexed by {index}
             where {} % {one_in} = 0 and {is_open} and j.endpoint = ?1",
            spread("j.id")
        )
    });
    open.collect::<Vec<_>>().join(" union all ")
}

/// SQL for the pending jobs of the endpoint among one job of each of [`LOOKED_AT`] parts of the archive, found by their numbers.
fn by_id(looked_at: &str) -> String {
    format!(
        "with recursive parts (part, jobs) as (
             select 0, (select max(id) from jobs) / {LOOKED_AT} + 1
             union all select part + 1, jobs from parts where part + 1 < {LOOKED_AT})
         {looked_at} from parts cross join jobs j on j.id = part * parts.jobs + {} % parts.jobs + 1
         where j.endpoint = ?1 and (j.state in ('ready', 'leased', 'waiting')
             or j.state = 'stopped' and j.stop_reason = 'budget')",
        spread("part")
    )
}

/// SQL that spreads a number. The jobs of one reply come in a fixed order, which a step of equal width could follow.
fn spread(number: &str) -> String {
    format!("{number} % 1000000007 * 2654435761 / 65536")
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
    /// few jobs are of a third endpoint, and a third of the users is too deep. Only one number in `one_in` has a job.
    async fn filled(store: &Store, users: i64, one_in: i64) {
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
                "{n} insert into jobs (id, endpoint, subject, state, depth, seed_id, created_at)
                 select (i * 2 + half) * {one_in}, iif(half, 'get_user_posts', 'get_user_followers'), 'user-' || i,
                     'ready', i % 3, 1, 1
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
        for (users, one_in, tolerance) in [(9_000, 1, 0.0), (30_000, 1, 0.05), (12_000, 40, 0.05)] {
            let store = Store::open(&folder.path().join(format!("{users}.db")))
                .await
                .unwrap();
            filled(&store, users, one_in).await;
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
            let pending = (1..=users).filter(|i| i % 3 < 2);
            let pending: Vec<i64> = pending.collect();
            let count = i64::try_from(pending.len()).unwrap();
            // 1 to 4 pages each.
            let pages: i64 = pending.iter().map(|i| (i * 7 % 40 + 1 + 9) / 10).sum();
            let known = of("get_user_posts", POSTS).await;
            is_about(known.jobs, count);
            is_about(known.pages, pages);
            assert_eq!(known.unknown, 0);
            let unknown = of("get_user_followers", UNKNOWN).await;
            is_about(unknown.jobs, count);
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
            filled(&store, users, 1).await;
            all.push(steps(&store).await);
        }
        assert!(all[0] > 1_000 && all[1] < all[0] * 11 / 10, "{all:?}");
    }
}
