//! Queries on an archive. Nothing here writes.

mod answers;
mod as_of;
pub mod canonical;
mod disk;
mod drift;
mod due;
mod erasures;
mod export;
mod export_columns;
#[rustfmt::skip] // One line for each table.
mod export_tables;
mod foreign;
mod graph;
mod imported;
mod jobs;
mod known;
mod life;
mod meanings;
mod media;
mod nested;
mod operator;
mod people;
mod questions;
mod raw;
mod refresh;
mod replay;
mod replay_loose;
mod replies;
mod search;
mod snapshot;
mod status;
pub mod views;
mod waiting;

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection};

use crate::store::db::{check_is_file_name, identity};
use crate::store::{BUSY_TIMEOUT, Error, Result};

pub use crate::store::queue::{Cooling, Pauses, SeedLine, pauses};
pub use answers::{PastAnswers, RawReply, past_answers, raw_reply};
pub use disk::{free_bytes, log_bytes};
pub use drift::{ChangedPath, changed_paths};
pub use due::{cooldowns, has_due, has_ready, next_due, next_expiry};
pub use erasures::{erased_hashes, erasures};
pub use export::{Period, Selection, SnapshotFacts, Split};
pub use export_columns::{About, Cell, CellKind, ExportColumn, ExportRow, LakePlace};
pub use export_tables::{ExportTable, FOUR_CAT, TABLES as EXPORT_TABLES};
pub use foreign::{Foreign, ForeignPlace, ForeignReply};
pub use graph::{GraphEdge, GraphNode, GraphOptions, Network};
pub use imported::{
    Kept, UsableReply, Wanted, answers_to, dictionaries, has_imported, has_replies,
    imported_before, imported_reply, was_imported,
};
pub use jobs::{BoughtAgain, JobLine, bought_again, jobs, known_left, missing_jobs};
pub use known::{Known, known, known_of_few};
pub use life::{LastError, LastRun, Work, last_errors, last_kept_at, last_run, work};
pub use meanings::{Relation, schema_meaning};
pub use media::{
    MediaCount, MediaFile, MissingMedia, NamedFile, ShownMedia, StoredFile, expired_media,
    media_counts, media_files, missing_media, named_media, shown_media, stored_media,
};
pub use nested::Nest;
pub use operator::{
    CallLine, FoundJobs, Hour, JobCount, JobFilter, Marks, SpendLine, hours, job_counts,
    job_with_calls, marks, newest_jobs, seed_lines, spend,
};
pub use people::Person;
pub use questions::{QUESTIONS, Question};
pub use raw::RawCall;
pub use refresh::{
    CountPair, KnownCounts, KnownList, KnownPosts, Which, count_pairs, known_counts, known_lists,
    known_posts, refresh_charged, staleness,
};
pub use replay::{
    NestedBeginning, ReplayJob, ReplayPage, ReplayPass, StoredReply, replay_beginning,
    replay_cursors, replay_job, replay_page, replay_pages, replay_refusal, replay_subjects,
    stored_reply,
};
pub use replay_loose::{
    ImportedPage, RemovedReply, removed_reply, replay_by_hand, replay_calls_by_hand,
    replay_first_at, replay_has_any, replay_imported, replay_imported_cursors, replay_removed,
};
pub use replies::{KeptCall, MetSpan, Redacted, Stalled, Start, Texts};
pub use search::{Hit, Hits, indexed};
pub use snapshot::{Snapshot, TemporaryCopy};
pub use status::{
    Charged, EndpointStatus, Recent, StopCounts, charged, endpoints, recent, repeated_pages,
    stop_counts,
};
pub use waiting::{Waiting, waiting};

const READERS: u32 = 4;

/// Reading never creates an archive.
pub(super) fn must_exist(path: &Path) -> Result<()> {
    let why = match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => std::io::ErrorKind::IsADirectory.into(),
        Ok(_) => return Ok(()),
        Err(why) => why,
    };
    let path = path.display().to_string();
    Err(match why.kind() {
        std::io::ErrorKind::NotFound => Error::Missing { path },
        _ => Error::Io { path, why },
    })
}

/// Returns the options for a read-only connection to an existing archive.
///
/// SQLite needs files beside an archive to read it. In a folder that cannot be written it can do without them, if no process
/// has written since the last checkpoint: then nothing can change meanwhile either.
pub(super) async fn options(path: &Path) -> Result<SqliteConnectOptions> {
    check_is_file_name(path)?;
    must_exist(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    match probe(&options).await {
        Err(Error::Unwritable(_)) if !has_log(path) => Ok(options.immutable(true)),
        _ => Ok(options),
    }
}

/// Reads a little of the archive.
async fn probe(options: &SqliteConnectOptions) -> Result<()> {
    let mut connection = options.connect().await?;
    sqlx::query("select count(*) from sqlite_master")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

/// Returns whether the archive has a write-ahead log with content.
fn has_log(path: &Path) -> bool {
    log_bytes(path).is_some_and(|bytes| bytes > 0)
}

/// Opens an existing archive of this version read-only.
///
/// # Errors
/// Returns an error if the file does not exist, is not an archive, or was written by another version.
pub async fn current_readers(path: &Path) -> Result<SqlitePool> {
    let readers = open_readers(path).await?;
    identity::check_current(&mut *readers.acquire().await?, path).await?;
    Ok(readers)
}

pub(super) async fn open_readers(path: &Path) -> Result<SqlitePool> {
    let options = options(path).await?;
    let unopened = |error| Error::opening(path, &error);
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0)
        .connect_with(options)
        .await
        .map_err(unopened)?;
    // Only the first read shows whether the file is a database.
    identity::check(&pool, path).await?;
    Ok(pool)
}
