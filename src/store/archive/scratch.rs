//! A second archive, made of the first one's raw replies by the very code that made the first.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

use super::merge::PageRows;
use crate::model::Harvest;
use crate::store::{Error, MIGRATIONS, Result, STATEMENT_CACHE};

/// A page that was kept before, read again.
#[derive(Debug)]
pub struct ScratchPage {
    pub call_id: i64,
    /// When it was kept.
    pub now: f64,
    pub subject: String,
    /// Items on the earlier pages of its walk.
    pub items_before: u32,
    pub harvest: Harvest,
}

/// The archive that the raw replies make. It lies in a nameless temporary file, which ends with the process.
pub struct Scratch {
    connection: SqliteConnection,
}

impl Scratch {
    /// An empty archive.
    ///
    /// # Errors
    /// Where no temporary file can be made.
    pub async fn new() -> Result<Self> {
        // SQLite's own form of a temporary file: no name, nobody else can open it.
        let options = SqliteConnectOptions::new()
            .filename("")
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            // Calls are not copied, and rows refer to them.
            .foreign_keys(false)
            .statement_cache_capacity(STATEMENT_CACHE)
            .pragma("cache_size", "-32000");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| Error::migrating(Path::new("a temporary file"), &error))?;
        super::derive(&mut connection).await?;
        sqlx::query("begin").execute(&mut connection).await?;
        Ok(Self { connection })
    }

    /// The connection to the temporary file, for comparisons.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Keeps pages that were kept together, in the order of their calls.
    ///
    /// # Errors
    /// Where the temporary file cannot be written.
    pub async fn keep(&mut self, pages: &[ScratchPage]) -> Result<()> {
        let rows: Vec<PageRows<'_>> = pages
            .iter()
            .map(|page| PageRows {
                call_id: page.call_id,
                now: page.now,
                subject: &page.subject,
                items_before: page.items_before,
                harvest: &page.harvest,
            })
            .collect();
        super::write(&mut self.connection, &rows, true).await
    }
}
