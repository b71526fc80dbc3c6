//! Queries on an archive. Nothing here writes.

mod answers;
pub mod canonical;
mod due;
mod jobs;
mod replies;
mod snapshot;
mod status;
pub mod views;

use std::path::Path;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use crate::store::db::{check_is_file_name, identity};
use crate::store::{BUSY_TIMEOUT, Error, Result};

pub use crate::store::queue::Cooling;
pub use answers::{PastAnswers, RawReply, past_answers, raw_reply};
pub use due::{cooldowns, has_ready, next_due, next_expiry};
pub use jobs::{JobLine, Waiting, jobs, known_left, waiting};
pub use replies::{KeptCall, Stalled, Start, Texts};
pub use snapshot::Snapshot;
pub use status::{
    Charged, EndpointStatus, LastRun, StopCounts, charged, endpoints, last_run, recent,
    repeated_pages, stop_counts,
};

const READERS: u32 = 4;

/// Reading never creates an archive.
pub(super) fn must_exist(path: &Path) -> Result<()> {
    let Err(why) = std::fs::metadata(path) else {
        return Ok(());
    };
    let path = path.display().to_string();
    Err(match why.kind() {
        std::io::ErrorKind::NotFound => Error::Missing { path },
        _ => Error::Io { path, why },
    })
}

pub(super) async fn open_readers(path: &Path) -> Result<SqlitePool> {
    check_is_file_name(path)?;
    must_exist(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
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
