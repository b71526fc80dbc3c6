//! Files made from one snapshot of an archive. They have the same bytes whenever the same archive is exported.

mod csv;
mod folder;
mod graph;
mod jsonl;
mod manifest;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;

use crate::store::read::{Cell, ExportColumn, ExportTable, GraphOptions, Period, Snapshot};

pub use graph::GraphFormat;
pub use manifest::Licence;

/// The form of the files of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Jsonl,
}

/// What the files contain.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file for each table.
    Tables {
        format: Format,
        tables: Vec<ExportTable>,
    },
    /// One network of users.
    Graph {
        format: GraphFormat,
        of: GraphOptions,
        /// Edges have a time.
        is_dynamic: bool,
    },
}

/// What is exported, and where to.
#[derive(Debug, Clone)]
pub struct Export {
    pub content: Content,
    pub period: Period,
    pub licence: Licence,
    /// A folder that does not exist, or is empty.
    pub into: PathBuf,
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Archive(#[from] crate::store::Error),
    #[error("{}: {why}", path.display())]
    Folder { path: PathBuf, why: String },
    #[error("{path} cannot be written: {error}. Nothing was left behind")]
    File { path: String, error: std::io::Error },
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub about: String,
    /// None for a network.
    pub columns: Vec<ExportColumn>,
    pub file: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

/// The result of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub files: Vec<Written>,
    /// Kept replies of an earlier version whose texts are not in the archive's tables yet.
    pub unread_replies: u64,
}

/// Receives the progress of an export.
pub trait Progress {
    /// A table begins. `rows` is their number.
    fn table(&mut self, name: &str, rows: u64);
    /// Some more rows are written.
    fn rows(&mut self, rows: u64);
}

/// Writes rows in one form.
trait Encode {
    fn head(&mut self, columns: &[ExportColumn], to: &mut dyn Write) -> std::io::Result<()>;
    fn row(
        &mut self,
        columns: &[ExportColumn],
        cells: &[Cell],
        to: &mut dyn Write,
    ) -> std::io::Result<()>;
}

/// Rows between two reports of progress.
const REPORT: u64 = 1_000;

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
    let folder = folder::Folder::begin(&what.into)?;
    let facts = snapshot.export_facts().await?;
    let mut all = Vec::new();
    match &what.content {
        Content::Tables { format, tables } => {
            for table in tables {
                let (format, period) = (*format, what.period);
                all.push(
                    write_table(&mut snapshot, format, period, *table, &folder, progress).await?,
                );
            }
        }
        Content::Graph {
            format,
            of,
            is_dynamic,
        } => all
            .push(graph::write(&mut snapshot, *format, of, *is_dynamic, &folder, progress).await?),
    }
    let manifest = manifest::datapackage(what, &facts, &all);
    let mut file = folder.file("datapackage.json")?;
    file.write_all(manifest.as_bytes())
        .map_err(|error| file.failed(error))?;
    file.finish()?;
    let unread_replies = snapshot.unread_replies().await?;
    folder.finish()?;
    snapshot.close().await;
    Ok(Exported {
        files: all,
        unread_replies,
    })
}

async fn write_table(
    snapshot: &mut Snapshot,
    format: Format,
    period: Period,
    table: ExportTable,
    folder: &folder::Folder,
    progress: &mut dyn Progress,
) -> Result<Written, Error> {
    let (mut encoder, ending): (Box<dyn Encode>, _) = match format {
        Format::Csv => (Box::new(csv::Csv), "csv"),
        Format::Jsonl => (Box::new(jsonl::Jsonl), "jsonl"),
    };
    let name = format!("{}.{ending}", table.name);
    let columns = snapshot.export_columns(&table).await?;
    progress.table(table.name, snapshot.export_count(&table, period).await?);
    let mut file = folder.file(&name)?;
    encoder
        .head(&columns, &mut file)
        .map_err(|error| file.failed(error))?;
    let mut rows = 0;
    let mut stream = snapshot.export_rows(&table, &columns, period);
    while let Some(mut cells) = stream.try_next().await? {
        for (column, cell) in columns.iter().zip(&mut cells) {
            text::without_signature(&column.name, cell);
        }
        encoder
            .row(&columns, &cells, &mut file)
            .map_err(|error| file.failed(error))?;
        rows += 1;
        if rows % REPORT == 0 {
            progress.rows(REPORT);
        }
    }
    drop(stream);
    progress.rows(rows % REPORT);
    let (bytes, sha256) = file.finish()?;
    Ok(Written {
        name: table.name.to_owned(),
        about: table.about.to_owned(),
        columns,
        file: name,
        rows,
        bytes,
        sha256,
    })
}
