//! Fills an archive as months of crawling would, but without calls: writes the rows directly to the file.

use std::path::Path;

use anyhow::{Context, Result};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

/// Each user has a job for each endpoint. Half of the other jobs wait for the job of the first endpoint.
pub const ENDPOINTS: [&str; 5] = [
    "get_user_posts",
    "get_user_cameo_appearances",
    "get_user_followers",
    "get_user_following",
    "get_user_profile",
];
/// Depth beyond the limit of the measured crawls, so that these jobs exist but are never leased.
pub const DEPTH: u32 = 1;
/// Rows per statement.
const CHUNK: i64 = 1_000_000;

pub struct Sizes {
    pub users: i64,
    pub follows: i64,
    pub jobs: i64,
}

impl Sizes {
    pub const NONE: Self = Self {
        users: 0,
        follows: 0,
        jobs: 0,
    };

    /// Reads the sizes from the environment; the defaults are the sizes in docs/performance.md.
    pub fn asked_for() -> Result<Self> {
        let size = |name: &str, default: i64| match std::env::var(name) {
            Ok(text) => text.parse().with_context(|| format!("{name}: {text}")),
            Err(_) => Ok(default),
        };
        Ok(Self {
            users: size("SORACRAWL_LARGE_USERS", 2_000_000)?.max(1),
            follows: size("SORACRAWL_LARGE_FOLLOWS", 50_000_000)?,
            jobs: size("SORACRAWL_LARGE_JOBS", 10_000_000)?,
        })
    }
}

/// Fills the archive. It may contain calls, but no jobs for [`ENDPOINTS`].
pub async fn fill(archive: &Path, sizes: &Sizes) -> Result<()> {
    if sizes.jobs == 0 {
        return Ok(());
    }
    let options = SqliteConnectOptions::new().filename(archive);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    for text in [
        "pragma foreign_keys = off",
        "pragma journal_mode = off",
        "pragma synchronous = off",
        "pragma cache_size = -1000000",
        "pragma temp_store = file",
        "pragma threads = 2",
    ] {
        execute(&mut connection, text).await?;
    }
    let later = take_off(&mut connection).await?;
    execute(
        &mut connection,
        "insert into seeds (kind, subject, added_at) values ('user', 'user-0', 1)",
    )
    .await?;
    users(&mut connection, sizes).await?;
    follows(&mut connection, sizes).await?;
    jobs(&mut connection, sizes).await?;
    for text in later {
        execute(&mut connection, &text).await?;
    }
    execute(
        &mut connection,
        "insert or replace into job_counts select endpoint, state, coalesce(stop_reason, ''), count(*) from jobs group by 1, 2, 3",
    )
    .await?;
    execute(&mut connection, "pragma journal_mode = wal").await?;
    connection.close().await?;
    Ok(())
}

async fn execute(connection: &mut SqliteConnection, text: &str) -> Result<()> {
    sqlx::query(AssertSqlSafe(text))
        .execute(connection)
        .await
        .with_context(|| text.to_owned())?;
    Ok(())
}

/// Drops indexes and triggers, which slow down inserts. Returns the statements that create them again.
async fn take_off(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let found: Vec<(String, String, String)> = sqlx::query_as(
        "select type, name, sql from sqlite_master where type in ('index', 'trigger') and sql is not null
         and tbl_name in ('users', 'follows', 'jobs')",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut later = Vec::new();
    for (kind, name, sql) in found {
        execute(connection, &format!("drop {kind} {name}")).await?;
        later.push(sql);
    }
    Ok(later)
}

/// Inserts `count` rows. `what` is a target and a query that selects them from `n`, whose `i` counts from 0.
async fn insert(connection: &mut SqliteConnection, count: i64, what: &str) -> Result<()> {
    let mut from = 0;
    while from < count {
        let to = (from + CHUNK).min(count);
        let text = format!(
            "with recursive n (i) as (select {from} union all select i + 1 from n where i + 1 < {to}) insert into {what}"
        );
        execute(connection, &text).await?;
        from = to;
    }
    Ok(())
}

async fn users(connection: &mut SqliteConnection, sizes: &Sizes) -> Result<()> {
    let text = "users (user_id, username, display_name, first_call_id, last_call_id)
        select printf('user-%010d', i), printf('name%d', i), 'Testuser', 1, 1 from n";
    insert(connection, sizes.users, text).await
}

/// Inserts follows in the order of their primary key, so that the table grows only at its end.
async fn follows(connection: &mut SqliteConnection, sizes: &Sizes) -> Result<()> {
    let each = (sizes.follows / sizes.users).max(1);
    let stride = (sizes.users / each).max(1);
    let text = format!(
        "follows select i / {each} + 1, i % {each} * {stride} + i / {each} * 7919 % {stride} + 1, 1, 1 from n"
    );
    insert(connection, sizes.follows, &text).await
}

async fn jobs(connection: &mut SqliteConnection, sizes: &Sizes) -> Result<()> {
    let first: i64 = sqlx::query_scalar("select coalesce(max(id), 0) + 1 from jobs")
        .fetch_one(&mut *connection)
        .await?;
    let each = sizes.jobs / i64::try_from(ENDPOINTS.len())?;
    for (rank, endpoint) in ENDPOINTS.iter().enumerate() {
        let waits = if rank == 0 { "0" } else { "i % 2" };
        let text = format!(
            "jobs (endpoint, subject, state, depth, seed_id, after_job_id, created_at)
             select '{endpoint}', printf('user-%010d', i), iif({waits}, 'waiting', 'ready'), {DEPTH},
             (select max(id) from seeds), iif({waits}, {first} + i, null), 1 from n"
        );
        insert(connection, each, &text).await?;
    }
    Ok(())
}
