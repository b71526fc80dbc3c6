//! Prepares an archive that can commit the pages of a recorded archive, and parses those pages.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use soracrawl::api::{self, endpoints};
use soracrawl::model::{Lease, LeaseToken, MicroUsd, Refusals, StopReason, item_hashes};
use soracrawl::replies::Packer;
use soracrawl::store::{Next, Outcome, PageCommit, Settlement, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{Connection, Row, SqliteConnection};

/// The tables that both write.
pub const TABLES: [&str; 11] = [
    "users",
    "posts",
    "comments",
    "attachments",
    "follows",
    "post_entities",
    "comment_entities",
    "reposts",
    "user_stats",
    "post_stats",
    "comment_stats",
];

/// The pages of a job in order.
pub type Walk = Vec<PageCommit>;

const LEASE_SECONDS: f64 = 1e9;

/// Opens a connection that does not use the store.
pub async fn open(archive: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(archive)
        .foreign_keys(true);
    Ok(SqliteConnection::connect_with(&options).await?)
}

/// Input of the writer.
pub struct Prepared {
    pub walks: Vec<Walk>,
    /// Time to parse the replies on one core, which is a worker's task.
    pub reading: Duration,
    /// Time to compress the replies on one core, which is a worker's task.
    pub packing: Duration,
}

/// Creates the archive and returns the pages to commit.
pub async fn prepare(recorded: &Path, fresh: &Path) -> Result<Prepared> {
    Store::open(fresh).await?.close().await?;
    let mut connection = open(fresh).await?;
    sqlx::query("attach ? as recorded")
        .bind(recorded.to_str().context("a path")?)
        .execute(&mut connection)
        .await?;
    for text in [
        "insert into runs (id, kind, started_at, pid, version) select id, kind, started_at, pid, version from recorded.runs",
        "insert into seeds select * from recorded.seeds",
        "insert into jobs (id, endpoint, subject, state, depth, seed_id, fence, lease_until, created_at)
         select id, endpoint, subject, 'leased', depth, seed_id, 1, 1e12, created_at from recorded.jobs
         where id in (select job_id from recorded.calls where kept = 1)",
        "insert into calls (id, run_id, job_id, seed_id, endpoint, subject, cursor, day, outcome, cost_micro_usd, opened_at)
         select id, run_id, job_id, seed_id, endpoint, subject, cursor, day, 'open', cost_micro_usd, opened_at
         from recorded.calls where kept = 1",
    ] {
        sqlx::query(text).execute(&mut connection).await?;
    }
    sqlx::query("pragma main.wal_checkpoint(truncate)")
        .execute(&mut connection)
        .await?;
    let rows = sqlx::query(
        "select c.id, c.job_id, c.endpoint, c.subject, c.cursor, c.next_cursor, c.body, c.body_bytes, c.cost_micro_usd,
         c.seed_id, j.depth from recorded.calls c join recorded.jobs j on j.id = c.job_id where c.kept = 1 order by c.id",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    let store = Store::open(recorded).await?;
    let (packer, wrong) = Packer::new(&store.dictionaries().await?);
    anyhow::ensure!(wrong.is_empty(), "{wrong:?}");
    store.close().await?;
    let mut walks: BTreeMap<i64, Walk> = BTreeMap::new();
    let (mut reading, mut packing) = (Duration::ZERO, Duration::ZERO);
    for row in &rows {
        let walk = walks.entry(row.try_get("job_id")?).or_default();
        let page = page(&packer, row, walk, [&mut reading, &mut packing])?;
        walk.push(page);
    }
    // In the order of their first calls.
    let mut walks: Vec<Walk> = walks.into_values().collect();
    walks.sort_by_key(|walk| walk.first().map(|page| page.call_id));
    Ok(Prepared {
        walks,
        reading,
        packing,
    })
}

/// Converts a recorded call to the page that a worker would commit; `walk` contains the earlier pages of its job.
fn page(
    packer: &Packer,
    row: &SqliteRow,
    walk: &Walk,
    [reading, packing]: [&mut Duration; 2],
) -> Result<PageCommit> {
    let entry = endpoints::find(row.try_get("endpoint")?).context("an endpoint")?;
    let subject: String = row.try_get("subject")?;
    let reply = packer.unpack(row.try_get("body")?)?;
    let started = Instant::now();
    let harvest = api::harvest(entry, &subject, &reply).map_err(|why| anyhow!("{why:?}"))?;
    *reading += started.elapsed();
    let started = Instant::now();
    let body = packer.pack(entry.name, &reply)?;
    *packing += started.elapsed();
    let items: usize = walk.iter().map(|page| page.harvest.items.len()).sum();
    let next_cursor: Option<String> = row.try_get("next_cursor")?;
    Ok(PageCommit {
        own_time: None,
        span_change: None,
        passes: Vec::new(),
        lease: Lease {
            token: LeaseToken {
                job_id: row.try_get("job_id")?,
                fence: 1,
            },
            endpoint: entry.name,
            subject,
            depth: row.try_get("depth")?,
            seed_id: row.try_get("seed_id")?,
            cursor: row.try_get("cursor")?,
            pages: u32::try_from(walk.len())?,
            items: u32::try_from(items)?,
            attempts: 0,
            restarts: 0,
            stale_pages: 0,
            repeated_pages: 0,
            raw_call: None,
            may_meet: false,
            refreshes: false,
            resolves_name: false,
            led_to: 0,
            pass_call_id: 0,
        },
        call_id: row.try_get("id")?,
        settlement: Settlement {
            outcome: Outcome::Answered,
            charge: MicroUsd(row.try_get("cost_micro_usd")?),
            http_status: Some(200),
            error: None,
            request_id: None,
            body_bytes: Some(usize::try_from(row.try_get::<i64, _>("body_bytes")?)?),
            body: Some(body),
        },
        refused: Refusals::new(),
        item_hashes: item_hashes(&harvest.items),
        next: match next_cursor {
            Some(cursor) => Next::Page {
                cursor,
                stale_pages: 0,
                repeated_pages: 0,
            },
            None => Next::End {
                reason: StopReason::Complete,
                note: String::new(),
                cursor: None,
            },
        },
        // The archive already contains the jobs.
        follow_ups: Vec::new(),
        nested: Vec::new(),
        led_to: 0,
        row_count: harvest.row_count(),
        harvest,
        lease_seconds: LEASE_SECONDS,
    })
}
