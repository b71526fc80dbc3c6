//! Files made from one snapshot of an archive. They have the same bytes whenever the same archive is exported.

mod bag;
mod datasette;
mod encode;
mod folder;
mod graph;
mod lake;
mod log;
mod manifest;
mod media;
mod output;
mod papers;
mod pseudonyms;
mod raw;
mod sample;
mod staging;
mod tables;
mod text;
mod written;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::store::read::{ExportTable, Period, Snapshot, SnapshotFacts, TemporaryCopy};

pub use encode::{Dialect, Format};
pub use graph::{Graph, GraphFormat};
pub use lake::Changed;
pub use manifest::Licence;
pub use media::{FIELDS, MediaExport, MediaExported, Template, export_media};
pub use output::Sum;
pub use pseudonyms::{Key, LIMITS};
pub use raw::RawFormat;
pub use sample::Sample;
pub use tables::Rows;
pub use written::{Written, WrittenFile};

/// What the files contain.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file for each table.
    Tables { format: Format, rows: Rows },
    /// Partitions of each table, which a later export updates.
    Lake(Rows),
    /// One network of users.
    Graph(Graph),
    /// The description of the archive that datasette shows.
    Datasette,
    /// The replies themselves.
    Raw {
        format: RawFormat,
        period: Period,
        /// Address of the remote, for records that need one.
        base_url: String,
    },
}

/// What is exported, and where to.
#[derive(Debug, Clone)]
pub struct Export {
    pub content: Content,
    pub licence: Licence,
    /// The key of pseudonyms, where people are not named.
    pub pseudonyms: Option<Key>,
    /// Times by day and rounded counts, with pseudonyms.
    pub is_coarse: bool,
    /// A folder that does not exist, or is empty; for a lake, a lake of the same archive.
    pub into: PathBuf,
    /// Read a temporary copy of the archive, so that a daemon's log does not grow meanwhile.
    pub via_copy: bool,
    /// Make the folder a BagIt bag. Not for a lake.
    pub is_bag: bool,
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Archive(#[from] crate::store::Error),
    #[error("{}: {why}", path.display())]
    Folder { path: PathBuf, why: String },
    #[error("the table {table} has no column {column:?}. Its columns are {known}")]
    Column {
        table: &'static str,
        column: String,
        known: String,
    },
    #[error("there is no seed {0:?}. `soracrawl status` shows the seeds")]
    Seed(String),
    #[error("{0}")]
    Names(String),
    #[error("the reply of call {call} cannot be exported: {why}")]
    Reply { call: i64, why: String },
    #[error("{path} cannot be written: {error}. Nothing was left behind")]
    File { path: String, error: std::io::Error },
}

/// The result of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub tables: Vec<Written>,
    /// What changed in a lake.
    pub changed: Option<Changed>,
    /// What pseudonyms did, as the manifest says it.
    pub pseudonyms: Option<Value>,
    /// Kept replies of an earlier version whose texts are not in the archive's tables yet.
    pub unread_replies: u64,
}

/// Receives the progress of an export.
pub trait Progress {
    /// A table begins. `rows` is their number.
    fn table(&mut self, name: &str, rows: u64);
    /// Some more rows are written.
    fn rows(&mut self, rows: u64);
    /// A daemon's writes have made the archive's log grow to so many bytes, because the export holds a snapshot.
    fn log_grew(&mut self, bytes: u64);
}

/// Exports from the archive at `archive`. A daemon may write to it meanwhile.
///
/// # Errors
/// Returns an error if the archive cannot be read, or if the folder is in use or cannot be written. In that case nothing
/// is left behind.
pub async fn export(
    archive: &Path,
    what: &Export,
    progress: &mut dyn Progress,
) -> Result<Exported, Error> {
    let mut snapshot = Snapshot::open_current(archive).await?;
    let origin = encode::Origin::of(&snapshot.export_facts().await?);
    let mut place = Place::begin(what, &origin)?;
    let copy = match what.via_copy {
        true => {
            snapshot.close().await;
            let copy = TemporaryCopy::of(archive, place.staging().join("copy.db")).await?;
            snapshot = Snapshot::open_current(copy.path()).await?;
            Some(copy)
        }
        false => None,
    };
    let facts = snapshot.export_facts().await?;
    if let Content::Tables { rows, .. } | Content::Lake(rows) = &what.content
        && let Some(seed) = &rows.which.seed
        && !snapshot.has_seed(seed).await?
    {
        return Err(Error::Seed(seed.clone()));
    }
    let pseudonyms = match &what.pseudonyms {
        Some(key) => {
            let made = pseudonyms::Pseudonyms::new(key.clone(), what.is_coarse, &mut snapshot);
            Some(made.await?)
        }
        None => None,
    };
    let mut job = tables::Job {
        snapshot: &mut snapshot,
        origin,
        pseudonyms,
        progress,
        log: log::Log::of(archive.to_owned()),
    };
    let mut all = Vec::new();
    match (&what.content, &mut place) {
        (Content::Tables { format, rows }, Place::Folder(folder)) => {
            for table in &rows.tables {
                all.push(job.write(*format, rows, table, folder).await?);
            }
        }
        (Content::Lake(rows), Place::Lake(lake)) => {
            let last_call = u64::try_from(facts.last_call).unwrap_or(0);
            for table in &rows.tables {
                all.push(lake.write(&mut job, rows, table, last_call).await?);
            }
        }
        (Content::Graph(graph), Place::Folder(folder)) => {
            all.push(graph::write(&mut job, graph, folder).await?);
        }
        (Content::Datasette, Place::Folder(folder)) => {
            all.push(datasette::write(&mut job, what, archive, folder).await?);
        }
        (
            Content::Raw {
                format,
                period,
                base_url,
            },
            Place::Folder(folder),
        ) => {
            all.push(raw::write(&mut job, *format, *period, base_url, folder).await?);
        }
        _ => unreachable!("the place was begun for the content"),
    }
    let pseudonyms = job.pseudonyms.as_ref().map(pseudonyms::Pseudonyms::report);
    let papers = papers::all(&mut snapshot, what, &facts, &all, pseudonyms.as_ref()).await?;
    let unread_replies = snapshot.unread_replies().await?;
    snapshot.close().await;
    drop(copy);
    let changed = place.finish(what, &facts, &all, &papers)?;
    Ok(Exported {
        tables: all,
        changed,
        pseudonyms,
        unread_replies,
    })
}

/// Where files are written.
enum Place {
    Folder(folder::Folder),
    Lake(lake::Lake),
}

impl Place {
    fn begin(what: &Export, origin: &encode::Origin) -> Result<Self, Error> {
        let Content::Lake(rows) = &what.content else {
            let inner = if what.is_bag { bag::PAYLOAD } else { "" };
            return Ok(Self::Folder(folder::Folder::begin(&what.into, inner)?));
        };
        let tables: Vec<_> = rows.tables.iter().map(|table| table.name).collect();
        let key = what.pseudonyms.as_ref();
        // A seed may be a name.
        let seed = rows.which.seed.as_deref();
        let options = json!({
            "archive": origin.archive,
            "tables": tables,
            "since": rows.which.period.since,
            "until": rows.which.period.until,
            "seed": seed.map(|seed| key.map_or(seed.to_owned(), |key| key.hidden(seed))),
            "pseudonyms": key.map(Key::check),
            "is_coarse": what.is_coarse,
        });
        Ok(Self::Lake(lake::Lake::begin(&what.into, options)?))
    }

    /// Where nobody looks yet.
    fn staging(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder.staging(),
            Self::Lake(lake) => lake.staging(),
        }
    }

    /// Writes the last files, and moves all of them to their place. Returns what changed in a lake.
    fn finish(
        self,
        what: &Export,
        facts: &SnapshotFacts,
        tables: &[Written],
        papers: &[papers::Paper],
    ) -> Result<Option<Changed>, Error> {
        match self {
            Self::Folder(folder) => {
                let mut sums = Vec::new();
                for (name, text) in papers {
                    sums.push((*name, folder.text(name, text)?));
                }
                if what.is_bag {
                    bag::write(&folder, facts, tables, &sums)?;
                }
                folder.finish()?;
                Ok(None)
            }
            Self::Lake(lake) => Ok(Some(lake.finish(papers)?)),
        }
    }
}

/// Returns the table of a name.
///
/// # Errors
/// Returns the names of all tables if there is none.
pub fn table(name: &str) -> Result<ExportTable, String> {
    ExportTable::named(name).ok_or_else(|| {
        let known = crate::store::read::EXPORT_TABLES.map(|table| table.name);
        format!(
            "there is no table {name:?}. The tables are {}",
            known.join(", ")
        )
    })
}
