//! Writes the rows of tables, in one form and one order.

use futures_util::TryStreamExt;

use super::encode::{self, Format, Notes, Origin};
use super::folder::Folder;
use super::log::Log;
use super::output::{Output, Sum};
use super::pseudonyms::{Pseudonyms, Treatment, treatment};
use super::sample::{Sample, Threshold};
use super::text;
use super::{Error, Progress, Written, WrittenFile};
use crate::store::read::{
    Cell, CellKind, ExportColumn, ExportRow, ExportTable, Nest, Selection, Snapshot,
};

/// Rows between two reports of progress.
const REPORT: u64 = 1_000;

/// Which rows and columns of tables are exported, and what becomes of their cells.
#[derive(Debug, Clone)]
pub struct Rows {
    pub tables: Vec<ExportTable>,
    pub which: Selection,
    pub sample: Option<Sample>,
    /// Lists in the rows of posts and comments. Only JSON can show them.
    pub nest: Vec<Nest>,
}

/// What the parts of one export share.
pub(super) struct Job<'j> {
    pub(super) snapshot: &'j mut Snapshot,
    pub(super) origin: Origin,
    pub(super) pseudonyms: Option<Pseudonyms>,
    pub(super) progress: &'j mut dyn Progress,
    pub(super) log: Log,
}

impl Job<'_> {
    /// Looks whether the log of a running crawl has grown.
    pub(super) fn watch_log(&mut self) {
        self.log.watch(self.progress);
    }

    /// Writes a table to one file.
    pub(super) async fn write(
        &mut self,
        format: Format,
        which: &Rows,
        table: &ExportTable,
        folder: &Folder,
    ) -> Result<Written, Error> {
        let mut columns = self.columns(table).await?;
        columns.extend(which.nest.iter().filter_map(|nest| nest.column(table)));
        let mut path = format!("{}.{}", table.name, format.ending());
        if format == Format::Ids {
            columns.retain(|column| table.key().any(|key| key == column.name));
            path = format!("{}s.{}", columns[0].name, format.ending());
        }
        let threshold = self.threshold(which, table, &columns).await?;
        let mut file = File::begin(format, &columns, &self.origin, folder.file(&path)?)?;
        self.begin_progress(which, table).await?;
        let mut rows = self
            .snapshot
            .export_rows(table, &columns, &which.which, None);
        let mut seen = 0;
        while let Some(row) = rows.try_next().await? {
            // Whether a row is in a sample does not depend on its pseudonyms.
            let is_taken = match &threshold {
                Some(threshold) => threshold.takes(&row.cells(&columns)?),
                None => true,
            };
            if is_taken {
                file.row(&cells(&row, table, &columns, &mut self.pseudonyms)?)?;
            }
            seen += 1;
            if seen % REPORT == 0 {
                self.progress.rows(REPORT);
                self.log.watch(self.progress);
            }
        }
        drop(rows);
        self.progress.rows(seen % REPORT);
        let (file, notes) = file.finish(path)?;
        Ok(written(table, columns, vec![file], notes))
    }

    /// The columns of a table that are exported.
    pub(super) async fn columns(
        &mut self,
        table: &ExportTable,
    ) -> Result<Vec<ExportColumn>, Error> {
        let mut columns = self.snapshot.export_columns(table).await?;
        if self.pseudonyms.is_some() {
            columns.retain(|it| treatment(table.name, it) != Treatment::LeaveOut);
        }
        Ok(columns)
    }

    /// Shows that a table begins. Returns the number of its rows.
    pub(super) async fn begin_progress(
        &mut self,
        which: &Rows,
        table: &ExportTable,
    ) -> Result<u64, Error> {
        let rows = self.snapshot.export_count(table, &which.which).await?;
        self.progress.table(table.name, rows);
        Ok(rows)
    }

    /// Reads the table once to find which rows are in the sample.
    pub(super) async fn threshold(
        &mut self,
        which: &Rows,
        table: &ExportTable,
        columns: &[ExportColumn],
    ) -> Result<Option<Threshold>, Error> {
        let Some(sample) = &which.sample else {
            return Ok(None);
        };
        let mut threshold = sample.of(table, columns)?;
        let mut rows = self
            .snapshot
            .export_rows(table, columns, &which.which, None);
        while let Some(row) = rows.try_next().await? {
            threshold.offer(&row.cells(columns)?);
        }
        Ok(Some(threshold))
    }
}

/// The cells of a row as every format shows them.
pub(super) fn cells<'r>(
    row: &'r ExportRow,
    table: &ExportTable,
    columns: &[ExportColumn],
    pseudonyms: &mut Option<Pseudonyms>,
) -> Result<Vec<Cell<'r>>, Error> {
    let mut cells = row.cells(columns)?;
    for (column, cell) in columns.iter().zip(&mut cells) {
        match column.kind {
            CellKind::List => text::list_without_signatures(cell),
            _ => text::without_signature(&column.name, cell),
        }
    }
    if let Some(pseudonyms) = pseudonyms {
        pseudonyms.replace(table.name, columns, &mut cells);
    }
    Ok(cells)
}

pub(super) fn written(
    table: &ExportTable,
    columns: Vec<ExportColumn>,
    files: Vec<WrittenFile>,
    notes: Notes,
) -> Written {
    let mut about = table.about.to_owned();
    if notes.cut_cells > 0 {
        about += &format!(" {} cells were cut at 32,767 characters.", notes.cut_cells);
    }
    Written {
        name: table.name.to_owned(),
        about,
        columns,
        files,
    }
}

/// A file that rows are written to.
pub(super) struct File {
    encoder: Box<dyn encode::Encode>,
    name: String,
    rows: u64,
}

impl File {
    pub(super) fn begin(
        format: Format,
        columns: &[ExportColumn],
        origin: &Origin,
        to: Output,
    ) -> Result<Self, Error> {
        let name = to.name().to_owned();
        match encode::begin(format, columns, origin, to) {
            Ok(encoder) => Ok(Self {
                encoder,
                name,
                rows: 0,
            }),
            Err(error) => Err(Error::File { path: name, error }),
        }
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Error> {
        self.rows += 1;
        self.encoder.row(cells).map_err(|error| Error::File {
            path: self.name.clone(),
            error,
        })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the file to the disk. It will be at `path` in the export.
    pub(super) fn finish(self, path: String) -> Result<(WrittenFile, Notes), Error> {
        let (output, notes) = self.encoder.finish().map_err(|error| Error::File {
            path: self.name,
            error,
        })?;
        let sum: Sum = output.finish()?;
        let rows = self.rows;
        Ok((WrittenFile { path, rows, sum }, notes))
    }
}
