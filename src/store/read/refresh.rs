//! What is archived and may be bought again: when it was last seen, and how it has changed since.

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow};

use crate::model::{Left, LeftOf, MicroUsd, Stale, SubjectKind};
use crate::store::Result;
use crate::store::archive::schema::target;

/// Newest posts of a user that tell how often they post.
const DATES: u32 = 100;
/// Earlier looks at a list that tell the same.
const LOOKS: u32 = 10;
/// Newest posts whose histories show how counters grow.
const HISTORIES: u32 = 5_000;

/// Which jobs can be worked on.
#[derive(Debug, Clone, Default)]
pub struct Which {
    pub max_depth: u32,
    /// Ids of the seeds whose jobs are paused.
    pub paused_seeds: Vec<i64>,
}

impl Which {
    fn paused(&self) -> String {
        serde_json::json!(self.paused_seeds).to_string()
    }
}

/// Jobs that ended with what the remote has, or as far as they may go, and those whose last look failed. A list that was cut off
/// would be bought whole each time, so a person decides about it.
const ENDED: &str = "j.endpoint = ?1 and j.depth <= ?2 and j.subject not glob 'erased:*' and j.seed_id not in (select value from json_each(?3))
    and (j.stop_reason = 'complete' or j.stop_reason in ('capped', 'stalled') and j.cursor is not null
         or j.stop_reason = 'failed' and exists (select 1 from spans where spans.job_id = j.id))
    and exists (select 1 from seeds where seeds.id = j.seed_id and removed_at is null)";
/// When the list was last seen: at the head of the current pass, or when another reply contained it.
const LOOKED_AT: &str =
    "coalesce((select c.settled_at from calls c where c.job_id = j.id and c.id > j.pass_call_id
    and c.kept = 1 order by c.id limit 1), j.ended_at)";

/// A user's posts, newest first.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct KnownPosts {
    pub job_id: i64,
    pub subject: String,
    /// Unix seconds.
    pub looked_at: f64,
    /// Pages and items of the last walk.
    pub pages: i64,
    pub items: i64,
    /// Times of the looks before, as JSON: Unix seconds, the newest first.
    pub looks: String,
    /// The newest posts, as JSON: when each was posted, when its counts were last stated, and its views; the newest first.
    pub posts: String,
}

/// A list whose length the remote states.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct KnownList {
    pub job_id: i64,
    pub subject: String,
    /// Unix seconds.
    pub looked_at: f64,
    /// Pages and items of the last walk.
    pub pages: i64,
    pub items: i64,
    /// Its length, as last stated.
    pub size: i64,
    /// Its length as stated when it was last seen; `None` if that is not known.
    pub size_then: Option<i64>,
    /// The length that was stated first, and when.
    pub first_size: Option<i64>,
    pub first_at: Option<f64>,
}

/// A profile or a post whose counts the remote states.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct KnownCounts {
    pub job_id: i64,
    pub subject: String,
    /// When the counts were last stated, in Unix seconds.
    pub looked_at: f64,
    pub count: i64,
    /// When the subject was made, in Unix seconds.
    pub made_at: Option<f64>,
}

/// Two successive counts of one post.
#[derive(Debug, Clone, Copy, PartialEq, FromRow)]
pub struct CountPair {
    pub post_id: i64,
    pub posted_at: f64,
    pub from_at: f64,
    pub from_count: i64,
    pub to_at: f64,
    pub to_count: i64,
}

/// Returns the rows of a query over [`ENDED`] jobs.
async fn ended<T>(pool: &SqlitePool, text: String, endpoint: &str, which: &Which) -> Result<Vec<T>>
where
    T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
{
    Ok(sqlx::query_as(AssertSqlSafe(text))
        .bind(endpoint)
        .bind(which.max_depth)
        .bind(which.paused())
        .fetch_all(pool)
        .await?)
}

/// Returns what is known of the posts of users that `endpoint` lists.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn known_posts(
    pool: &SqlitePool,
    endpoint: &str,
    which: &Which,
) -> Result<Vec<KnownPosts>> {
    let text = format!(
        "select j.id as job_id, j.subject, {LOOKED_AT} as looked_at, j.pages, j.items,
             (select json_group_array(at) from (select c.settled_at as at from spans s join calls c on c.id = s.first_call_id
                  where s.job_id = j.id order by s.id desc limit {LOOKS})) as looks,
             (select json_group_array(json_array(posted_at, counted_at, view_count)) from
                  (select p.posted_at, p.counted_at, p.view_count from posts p
                   where p.author_id = (select id from users where user_id = j.subject) and p.posted_at is not null
                   order by p.posted_at desc limit {DATES})) as posts
         from jobs j where {ENDED}"
    );
    ended(pool, text, endpoint, which).await
}

/// Returns what is known of the lists of `endpoint`. `of` names the column that states the length.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn known_lists(
    pool: &SqlitePool,
    endpoint: &str,
    of: LeftOf,
    which: &Which,
) -> Result<Vec<KnownList>> {
    let (Some(subject), Some(history), Left::Count(column)) =
        (target(of.kind), History::of(of.kind), of.left)
    else {
        return Ok(Vec::new());
    };
    let (table, id) = (subject.table, subject.id);
    let (stats, parent) = (history.table, history.parent);
    let text = format!(
        "select j.id as job_id, j.subject, {LOOKED_AT} as looked_at, j.pages, j.items, t.{column} as size,
             (select h.{column} from {stats} h where h.{parent} = t.id and h.{column} is not null
                  and h.observed_at <= {LOOKED_AT} order by h.observed_at desc limit 1) as size_then,
             (select h.{column} from {stats} h where h.{parent} = t.id and h.{column} is not null
                  order by h.observed_at limit 1) as first_size,
             (select h.observed_at from {stats} h where h.{parent} = t.id and h.{column} is not null
                  order by h.observed_at limit 1) as first_at
         from jobs j join {table} t on t.{id} = j.subject where {ENDED} and t.{column} is not null and (t.{column} > 0 or j.items > 0)"
    );
    ended(pool, text, endpoint, which).await
}

/// Returns what is known of the subjects that `endpoint` describes.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn known_counts(
    pool: &SqlitePool,
    endpoint: &str,
    kind: SubjectKind,
    which: &Which,
) -> Result<Vec<KnownCounts>> {
    let (Some(subject), Some(history)) = (target(kind), History::of(kind)) else {
        return Ok(Vec::new());
    };
    let (table, id) = (subject.table, subject.id);
    let (count, made_at) = (history.count, history.made_at);
    let text = format!(
        "select j.id as job_id, j.subject, t.counted_at as looked_at, t.{count} as count, t.{made_at} as made_at
         from jobs j join {table} t on t.{id} = j.subject
         where {ENDED} and t.{count} is not null and t.counted_at is not null"
    );
    ended(pool, text, endpoint, which).await
}

/// Returns how the views of the newest posts have grown: also that they did not, between two looks with the same count.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn count_pairs(pool: &SqlitePool) -> Result<Vec<CountPair>> {
    Ok(sqlx::query_as(AssertSqlSafe(format!(
        "with seen as (
             select p.id as post_id, p.posted_at, h.view_count as count, h.observed_at as first_at,
                 coalesce(h.last_observed_at, p.counted_at, h.observed_at) as last_at
             from (select id, posted_at, counted_at from posts where posted_at is not null
                   order by id desc limit {HISTORIES}) p
                 cross join post_stats h on h.post_id = p.id
             where h.view_count is not null and h.observed_at >= p.posted_at),
         pairs as (
             select post_id, posted_at, first_at as from_at, count as from_count, last_at as to_at, count as to_count
             from seen
             union all
             select post_id, posted_at, last_at, count, lead(first_at) over of_post, lead(count) over of_post
             from seen window of_post as (partition by post_id order by first_at))
         select * from pairs where to_at > from_at"
    )))
    .fetch_all(pool)
    .await?)
}

/// Returns what the refreshes of a UTC day have cost, with what those under way are still expected to cost.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn refresh_charged(
    pool: &SqlitePool,
    day: &str,
    endpoints: &[&'static str],
    which: &Which,
) -> Result<MicroUsd> {
    let charged: i64 = sqlx::query_scalar(
        "select coalesce((select micro_usd from spend where scope = 'refresh' and name = ?1), 0)
             + coalesce((select sum(max(0, r.expected_micro_usd - coalesce((select sum(c.cost_micro_usd) from calls c
                   where c.job_id = r.job_id and c.id > r.after_call_id), 0)))
               from jobs j join refreshes r on r.id = (select max(id) from refreshes where job_id = j.id)
               where j.refreshes = 1 and j.state in ('ready', 'leased', 'waiting') and j.depth <= ?3
                 and j.endpoint in (select value from json_each(?2))
                 and j.seed_id not in (select value from json_each(?4))), 0)",
    )
    .bind(day)
    .bind(serde_json::json!(endpoints).to_string())
    .bind(which.max_depth)
    .bind(which.paused())
    .fetch_one(pool)
    .await?;
    Ok(MicroUsd(charged))
}

/// Returns how stale the archive was when the daemon last noted it.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn staleness(pool: &SqlitePool) -> Result<Option<Stale>> {
    let noted: Option<String> =
        sqlx::query_scalar("select value from settings where name = 'staleness'")
            .fetch_optional(pool)
            .await?;
    Ok(noted.and_then(|noted| serde_json::from_str(&noted).ok()))
}

/// Where the archive has the counts of a kind of subject.
struct History {
    /// Its counts over time.
    table: &'static str,
    parent: &'static str,
    /// The count that stands for all of them.
    count: &'static str,
    made_at: &'static str,
}

impl History {
    fn of(kind: SubjectKind) -> Option<Self> {
        let (table, parent, count, made_at) = match kind {
            SubjectKind::User => ("user_stats", "user_id", "follower_count", "created_at"),
            SubjectKind::Post => ("post_stats", "post_id", "view_count", "posted_at"),
            SubjectKind::Comment => ("comment_stats", "comment_id", "like_count", "posted_at"),
            _ => return None,
        };
        Some(Self {
            table,
            parent,
            count,
            made_at,
        })
    }
}
