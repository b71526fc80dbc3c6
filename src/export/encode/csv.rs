//! CSV by RFC 4180: UTF-8, lines end with LF, and newlines inside cells stay.
//!
//! A null is an empty cell, and an empty text is `""`. The `csv` crate writes both alike, so the cells are quoted here.
//! A time has two columns: ISO 8601 in UTC, and `…_unix` in seconds.

use std::borrow::Cow;
use std::io::{Result, Write};

use super::{Dialect, Encode, Notes};
use crate::export::output::Output;
use crate::export::text::iso;
use crate::store::read::{Cell, CellKind, ExportColumn};

/// Characters of a cell of a spreadsheet at most (support.microsoft.com, "Excel specifications and limits").
const EXCEL_CELL: usize = 32_767;
/// A spreadsheet takes a cell that begins with one of these for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

pub(super) struct Csv {
    dialect: Dialect,
    /// Whether each column is a time.
    times: Vec<bool>,
    notes: Notes,
    to: Output,
}

impl Csv {
    pub(super) fn begin(dialect: Dialect, columns: &[ExportColumn], to: Output) -> Result<Self> {
        let mut csv = Self {
            dialect,
            times: columns.iter().map(|it| it.kind == CellKind::Time).collect(),
            notes: Notes::default(),
            to,
        };
        let mut names = Vec::new();
        for column in columns {
            names.push(column.name.clone());
            if column.kind == CellKind::Time {
                names.push(format!("{}_unix", column.name));
            }
        }
        if dialect == Dialect::Excel {
            csv.to.write_all("\u{feff}".as_bytes())?;
        }
        csv.to.write_all(names.join(",").as_bytes())?;
        csv.end_line()?;
        Ok(csv)
    }

    fn end_line(&mut self) -> Result<()> {
        self.to.write_all(match self.dialect {
            Dialect::Plain => b"\n",
            Dialect::Excel => b"\r\n",
        })
    }

    fn text(&mut self, text: &str) -> Result<()> {
        match self.dialect {
            Dialect::Plain => quoted(text, &mut self.to),
            Dialect::Excel => {
                let mut text = Cow::Borrowed(text);
                if text.starts_with(FORMULA) {
                    text = format!("'{text}").into();
                }
                // A spreadsheet counts in UTF-16.
                let mut units = 0;
                let end = text.char_indices().find(|(_, it)| {
                    units += it.len_utf16();
                    units > EXCEL_CELL
                });
                if let Some((end, _)) = end {
                    self.notes.cut_cells += 1;
                    text = text[..end].to_owned().into();
                }
                quoted(&text, &mut self.to)
            }
        }
    }
}

impl Encode for Csv {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.to.write_all(b",")?;
            }
            match cell {
                Cell::Null if self.times[at] => self.to.write_all(b",")?,
                Cell::Null => {}
                Cell::Text(text) => self.text(text)?,
                Cell::Integer(number) => write!(self.to, "{number}")?,
                Cell::Real(number) => write!(self.to, "{number}")?,
                Cell::Flag(flag) => write!(self.to, "{flag}")?,
                Cell::Time(time) => {
                    write!(self.to, "{},{time}", iso(*time).unwrap_or_default())?;
                }
            }
        }
        self.end_line()
    }

    fn finish(self: Box<Self>) -> Result<(Output, Notes)> {
        Ok((self.to, self.notes))
    }
}

fn quoted(text: &str, to: &mut Output) -> Result<()> {
    let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !text.is_empty() && !text.bytes().any(special) {
        return to.write_all(text.as_bytes());
    }
    to.write_all(b"\"")?;
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            to.write_all(b"\"\"")?;
        }
        to.write_all(part.as_bytes())?;
    }
    to.write_all(b"\"")
}

#[cfg(test)]
mod tests {
    use super::{Cell, CellKind, Csv, Dialect, Encode, ExportColumn, Notes};
    use crate::export::folder::Folder;

    /// Writes rows to a file. Returns its text.
    fn written(
        dialect: Dialect,
        columns: &[ExportColumn],
        rows: &[Vec<Cell<'_>>],
    ) -> (String, Notes) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::begin(&place.path().join("export"), "").unwrap();
        let file = folder.file("t.csv").unwrap();
        let mut csv = Box::new(Csv::begin(dialect, columns, file).unwrap());
        for row in rows {
            csv.row(row).unwrap();
        }
        let (file, notes) = csv.finish().unwrap();
        file.finish().unwrap();
        folder.finish().unwrap();
        let text = std::fs::read_to_string(place.path().join("export/t.csv")).unwrap();
        (text, notes)
    }

    fn columns() -> [ExportColumn; 4] {
        let column = |name: &str, kind| ExportColumn {
            name: name.to_owned(),
            kind,
        };
        [
            column("text", CellKind::Text),
            column("seen_at", CellKind::Time),
            column("likes", CellKind::Integer),
            column("new", CellKind::Flag),
        ]
    }

    fn row(text: &str) -> Vec<Cell<'_>> {
        vec![
            Cell::Text(text.into()),
            Cell::Time(1.5),
            Cell::Integer(5_000_049_588),
            Cell::Flag(true),
        ]
    }

    #[test]
    fn null_and_empty_text_differ_and_every_text_survives() {
        let texts = [
            "",
            "null",
            "a,b",
            "say \"hi\"",
            "one\ntwo\r\n",
            " edge ",
            "=1+1",
            "👩🏽‍🚀",
        ];
        let mut rows: Vec<_> = texts.into_iter().map(row).collect();
        rows.push(vec![const { Cell::Null }; 4]);
        let (written, _) = written(Dialect::Plain, &columns(), &rows);
        assert!(written.starts_with("text,seen_at,seen_at_unix,likes,new\n\"\",1970-01-01T00:00:01.500000Z,1.5,5000049588,true\n"));
        assert!(written.ends_with("\n,,,,\n"));
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        let read: Vec<String> = reader
            .records()
            .map(|row| row.unwrap()[0].to_owned())
            .collect();
        assert_eq!(read[..texts.len()], texts);
    }

    #[test]
    fn a_spreadsheet_gets_no_formula_and_no_cell_that_it_refuses() {
        let long = format!("{}👩", "x".repeat(32_766));
        let texts = ["=1+1", "@bob", "-2", "+3", "\tx", "\rx", "a=b", &long];
        let rows: Vec<_> = texts.into_iter().map(row).collect();
        let (written, notes) = written(Dialect::Excel, &columns(), &rows);
        let body = written.strip_prefix('\u{feff}').unwrap();
        assert_eq!(body.matches("true\r\n").count(), texts.len());
        let mut reader = csv::Reader::from_reader(body.as_bytes());
        let read: Vec<String> = reader
            .records()
            .map(|row| row.unwrap()[0].to_owned())
            .collect();
        let cut = &long[..32_766];
        assert_eq!(
            read,
            ["'=1+1", "'@bob", "'-2", "'+3", "'\tx", "'\rx", "a=b", cut]
        );
        assert_eq!(notes.cut_cells, 1);
    }
}
