//! CSV by RFC 4180: UTF-8, lines end with LF, and newlines inside cells stay.
//!
//! A null is an empty cell, and an empty text is `""`. The `csv` crate writes both alike, so the cells are quoted here.
//! A time has two columns: ISO 8601 in UTC, and `…_unix` in seconds.

use std::io::{Result, Write};

use super::Encode;
use super::text::iso;
use crate::store::read::{Cell, CellKind, ExportColumn};

pub(super) struct Csv;

impl Encode for Csv {
    fn head(&mut self, columns: &[ExportColumn], to: &mut dyn Write) -> Result<()> {
        let mut names = Vec::new();
        for column in columns {
            names.push(column.name.clone());
            if column.kind == CellKind::Time {
                names.push(format!("{}_unix", column.name));
            }
        }
        writeln!(to, "{}", names.join(","))
    }

    fn row(&mut self, columns: &[ExportColumn], cells: &[Cell], to: &mut dyn Write) -> Result<()> {
        for (at, (column, cell)) in columns.iter().zip(cells).enumerate() {
            if at > 0 {
                to.write_all(b",")?;
            }
            match cell {
                Cell::Null if column.kind == CellKind::Time => to.write_all(b",")?,
                Cell::Null => {}
                Cell::Text(text) => quoted(text, to)?,
                Cell::Integer(number) => write!(to, "{number}")?,
                Cell::Real(number) => write!(to, "{number}")?,
                Cell::Flag(flag) => write!(to, "{flag}")?,
                Cell::Time(time) => write!(to, "{},{time}", iso(*time).unwrap_or_default())?,
            }
        }
        to.write_all(b"\n")
    }
}

fn quoted(text: &str, to: &mut dyn Write) -> Result<()> {
    let is_plain = !text.is_empty() && !text.contains([',', '"', '\n', '\r']);
    match is_plain {
        true => to.write_all(text.as_bytes()),
        false => write!(to, "\"{}\"", text.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, CellKind, Csv, Encode, ExportColumn};

    #[test]
    fn null_and_empty_text_differ_and_every_text_survives() {
        let column = |name: &str, kind| ExportColumn {
            name: name.to_owned(),
            kind,
        };
        let columns = [
            column("text", CellKind::Text),
            column("seen_at", CellKind::Time),
            column("likes", CellKind::Integer),
            column("new", CellKind::Flag),
        ];
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
        let mut bytes = Vec::new();
        Csv.head(&columns, &mut bytes).unwrap();
        for text in texts {
            let cells = [
                Cell::Text(text.to_owned()),
                Cell::Time(1.5),
                Cell::Integer(5_000_049_588),
                Cell::Flag(true),
            ];
            Csv.row(&columns, &cells, &mut bytes).unwrap();
        }
        let nulls = [const { Cell::Null }; 4];
        Csv.row(&columns, &nulls, &mut bytes).unwrap();
        let written = String::from_utf8(bytes.clone()).unwrap();
        assert!(written.starts_with("text,seen_at,seen_at_unix,likes,new\n\"\",1970-01-01T00:00:01.500000Z,1.5,5000049588,true\n"));
        assert!(written.ends_with("\n,,,,\n"));
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let read: Vec<String> = reader
            .records()
            .map(|row| row.unwrap()[0].to_owned())
            .collect();
        assert_eq!(read[..texts.len()], texts);
    }
}
