//! A scratch archive: made from the raw replies of another archive by the same code.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

use super::merge::PageRows;
use crate::model::Harvest;
use crate::store::db::Statement;
use crate::store::{Error, MIGRATIONS, Result, STATEMENT_CACHE};

/// A kept page, read again.
#[derive(Debug)]
pub struct ScratchPage {
    pub call_id: i64,
    /// When it was kept, Unix seconds.
    pub now: f64,
    pub subject: String,
    /// Number of items on the earlier pages of its walk.
    pub items_before: u32,
    pub harvest: Harvest,
    /// Its reply was imported.
    pub is_imported: bool,
}

/// An archive in an unnamed temporary file, which disappears with the process.
pub struct Scratch {
    connection: SqliteConnection,
    /// Some of the replies were imported.
    has_imports: bool,
}

const CALLS: Statement = Statement {
    given: &["call_id", "at"],
    sql: "insert into calls (id, run_id, endpoint, subject, day, outcome, cost_micro_usd, opened_at, settled_at)
        select call_id, 0, '', '', '', 'answered', 0, at, at from given where call_id is not null",
};

impl Scratch {
    /// Creates an empty archive, for replies some of which were imported or none.
    ///
    /// # Errors
    /// Returns an error if no temporary file can be created.
    pub async fn new(has_imports: bool) -> Result<Self> {
        // SQLite's temporary file has no name, so no other process can open it.
        let options = SqliteConnectOptions::new()
            .filename("")
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            // Rows refer to calls, which are not copied.
            .foreign_keys(false)
            .statement_cache_capacity(STATEMENT_CACHE)
            .pragma("cache_size", "-16000");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| Error::migrating(Path::new("a temporary file"), &error))?;
        super::derive(&mut connection).await?;
        sqlx::query("begin").execute(&mut connection).await?;
        Ok(Self {
            connection,
            has_imports,
        })
    }

    /// Returns the connection, for comparisons.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Writes pages that were kept in one transaction, in the order of their calls.
    ///
    /// # Errors
    /// Returns an error if the temporary file cannot be written.
    pub async fn keep(&mut self, pages: &[ScratchPage]) -> Result<()> {
        if self.has_imports {
            self.note_times(pages).await?;
        }
        keep(&mut self.connection, pages).await
    }

    /// Records the calls of these pages with their times, which order what imported pages state.
    async fn note_times(&mut self, pages: &[ScratchPage]) -> Result<()> {
        CALLS
            .write(&mut self.connection, pages, |row, page| {
                row.set("call_id", page.call_id).set("at", page.now);
            })
            .await
    }
}

/// Writes pages into the tables of a new archive, as a part of the caller's transaction. They were kept in one transaction.
pub(super) async fn keep(connection: &mut SqliteConnection, pages: &[ScratchPage]) -> Result<()> {
    let known = super::Known {
        has_orphans: true,
        has_absences: false,
        newest_at: None,
    };
    super::write(connection, &page_rows(pages), known).await
}

pub(super) fn page_rows(pages: &[ScratchPage]) -> Vec<PageRows<'_>> {
    let rows = pages.iter().map(|page| PageRows {
        call_id: page.call_id,
        now: page.now,
        subject: &page.subject,
        items_before: page.items_before,
        harvest: &page.harvest,
        is_imported: page.is_imported,
    });
    rows.collect()
}
