//! The forms of the files of tables.

mod csv;
mod ids;
mod jsonl;
mod parquet;

use std::io::Result;

use sha2::{Digest, Sha256};

use crate::export::output::Output;
use crate::model::hex::hex;
use crate::store::read::{Cell, ExportColumn, SnapshotFacts};

/// The form of the files of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv(Dialect),
    Jsonl,
    Parquet,
    /// Ids alone.
    Ids,
}

/// Who reads a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 4180.
    Plain,
    /// Spreadsheets.
    Excel,
}

impl Format {
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Csv(_) => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Ids => "txt",
        }
    }
}

/// Facts for a reader of a single file. Formats that have no place for them leave them out.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) archive: String,
    pub(super) schema_version: i64,
}

impl Origin {
    /// A copy of an archive has the same id.
    pub(super) fn of(facts: &SnapshotFacts) -> Self {
        let started = facts.first_run_at.unwrap_or(0.0);
        let digest: [u8; 32] = Sha256::digest(format!("archive {started:?}")).into();
        Self {
            archive: hex(&digest[..16]),
            schema_version: facts.schema_version,
        }
    }
}

/// Writes rows in one form.
pub(super) trait Encode: Send {
    /// Writes a row, which has a cell for each column.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()>;
    /// Writes what is left. The file is not on the disk yet.
    fn finish(self: Box<Self>) -> Result<(Output, Notes)>;
}

/// What an encoder changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// Cells that were cut because a spreadsheet would refuse them.
    pub(super) cut_cells: u64,
}

/// Begins a file.
pub(super) fn begin(
    format: Format,
    columns: &[ExportColumn],
    origin: &Origin,
    to: Output,
) -> Result<Box<dyn Encode>> {
    Ok(match format {
        Format::Csv(dialect) => Box::new(csv::Csv::begin(dialect, columns, to)?),
        Format::Jsonl => Box::new(jsonl::Jsonl::begin(columns, to)),
        Format::Ids => Box::new(ids::Ids { to }),
        Format::Parquet => Box::new(parquet::Parquet::begin(columns, origin, to)?),
    })
}
