//! JSON Lines: an object for each row, with real numbers, and the same names as in CSV.

use std::io::{Result, Write};

use serde_json::Value;

use super::Encode;
use super::text::iso;
use crate::store::read::{Cell, CellKind, ExportColumn};

pub(super) struct Jsonl;

impl Encode for Jsonl {
    fn head(&mut self, _: &[ExportColumn], _: &mut dyn Write) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, columns: &[ExportColumn], cells: &[Cell], to: &mut dyn Write) -> Result<()> {
        for (at, (column, cell)) in columns.iter().zip(cells).enumerate() {
            to.write_all(if at == 0 { b"{" } else { b"," })?;
            write!(to, "\"{}\":", column.name)?;
            let value = match cell {
                Cell::Null => Value::Null,
                Cell::Text(text) => text.as_str().into(),
                Cell::Integer(number) => (*number).into(),
                Cell::Real(number) => (*number).into(),
                Cell::Flag(flag) => (*flag).into(),
                Cell::Time(time) => iso(*time).into(),
            };
            serde_json::to_writer(&mut *to, &value)?;
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
}

#[cfg(test)]
mod tests {
    use super::{Cell, CellKind, Encode, ExportColumn, Jsonl};

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
        let mut bytes = Vec::new();
        let cells = [
            Cell::Text("a\n\"b\"".to_owned()),
            Cell::Time(1.5),
            Cell::Integer(5_000_049_588),
        ];
        Jsonl.row(&columns, &cells, &mut bytes).unwrap();
        Jsonl
            .row(&columns, &[const { Cell::Null }; 3], &mut bytes)
            .unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "{\"text\":\"a\\n\\\"b\\\"\",\"at\":\"1970-01-01T00:00:01.500000Z\",\"at_unix\":1.5,\"views\":5000049588}\n\
             {\"text\":null,\"at\":null,\"at_unix\":null,\"views\":null}\n"
        );
    }
}
