//! JSON Lines: an object for each row, with real numbers, and the same names as in CSV.

use std::io::{Result, Write};

use serde_json::Value;

use super::{Encode, Notes};
use crate::export::output::Output;
use crate::export::text::iso;
use crate::store::read::{Cell, CellKind, ExportColumn};

pub(super) struct Jsonl {
    columns: Vec<ExportColumn>,
    to: Output,
}

impl Jsonl {
    pub(super) fn begin(columns: &[ExportColumn], to: Output) -> Self {
        Self {
            columns: columns.to_vec(),
            to,
        }
    }
}

impl Encode for Jsonl {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        let to = &mut self.to;
        for (at, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            to.write_all(if at == 0 { b"{" } else { b"," })?;
            write!(to, "\"{}\":", column.name)?;
            match cell {
                Cell::Null => to.write_all(b"null")?,
                Cell::Text(list) if column.kind == CellKind::List => {
                    to.write_all(list.as_bytes())?
                }
                Cell::Text(text) => serde_json::to_writer(&mut *to, text)?,
                Cell::Integer(number) => write!(to, "{number}")?,
                Cell::Real(number) => write!(to, "{}", Value::from(*number))?,
                Cell::Flag(flag) => write!(to, "{flag}")?,
                Cell::Time(time) => serde_json::to_writer(&mut *to, &iso(*time))?,
            }
            if column.kind == CellKind::Time {
                let seconds = match cell {
                    Cell::Time(time) => Value::from(*time),
                    _ => Value::Null,
                };
                write!(to, ",\"{}_unix\":{seconds}", column.name)?;
            }
        }
        to.write_all(b"}\n")
    }

    fn finish(self: Box<Self>) -> Result<(Output, Notes)> {
        Ok((self.to, Notes::default()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, CellKind, Encode, ExportColumn, Jsonl};
    use crate::export::folder::Folder;

    #[test]
    fn a_row_is_an_object_on_one_line() {
        let column = |name: &str, kind| ExportColumn {
            name: name.to_owned(),
            kind,
        };
        let columns = [
            column("text", CellKind::Text),
            column("at", CellKind::Time),
            column("views", CellKind::Integer),
        ];
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::begin(&place.path().join("export"), "").unwrap();
        let mut jsonl = Box::new(Jsonl::begin(&columns, folder.file("t.jsonl").unwrap()));
        let cells = [
            Cell::Text("a\n\"b\"".into()),
            Cell::Time(1.5),
            Cell::Integer(5_000_049_588),
        ];
        jsonl.row(&cells).unwrap();
        jsonl.row(&[const { Cell::Null }; 3]).unwrap();
        jsonl.finish().unwrap().0.finish().unwrap();
        folder.finish().unwrap();
        assert_eq!(
            std::fs::read_to_string(place.path().join("export/t.jsonl")).unwrap(),
            "{\"text\":\"a\\n\\\"b\\\"\",\"at\":\"1970-01-01T00:00:01.500000Z\",\"at_unix\":1.5,\"views\":5000049588}\n\
             {\"text\":null,\"at\":null,\"at_unix\":null,\"views\":null}\n"
        );
    }
}
