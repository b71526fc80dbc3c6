//! Parquet: times in microseconds and UTC, counts of 64 bits with sign, zstd (parquet.apache.org, format 2.12).
//!
//! Every column is declared and nullable, so a table has one schema in all its files. Spark fails on nanoseconds, and
//! takes unsigned counts for decimals.

use std::io::{Error, Result};
use std::sync::Arc;

use ::parquet::basic::{
    Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel,
};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;
use bytes::{Bytes, BytesMut};

use super::{Encode, Notes, Origin};
use crate::export::output::Output;
use crate::export::text::micros;
use crate::store::read::{Cell, CellKind, ExportColumn};

/// Rows of a row group at most, as DuckDB and Spark read them in parallel.
const GROUP_ROWS: usize = 131_072;
/// Bytes of text in a row group at most. They are held in memory.
const GROUP_BYTES: usize = 16 << 20;

pub(super) struct Parquet {
    writer: SerializedFileWriter<Output>,
    columns: Vec<Buffer>,
    rows: usize,
    bytes: usize,
}

/// The values of a column that are not written yet, and which of its rows have one.
struct Buffer {
    present: Vec<i16>,
    values: Values,
}

enum Values {
    /// All texts, and the length of each.
    Text(BytesMut, Vec<usize>),
    Integer(Vec<i64>),
    Real(Vec<f64>),
    Flag(Vec<bool>),
    /// Microseconds.
    Time(Vec<i64>),
}

impl Parquet {
    pub(super) fn begin(columns: &[ExportColumn], origin: &Origin, to: Output) -> Result<Self> {
        let fields: std::result::Result<Vec<_>, _> = columns.iter().map(field).collect();
        let schema = Type::group_type_builder("row")
            .with_fields(fields.map_err(failed)?)
            .build()
            .map_err(failed)?;
        let about = |key: &str, value: String| KeyValue::new(format!("soracrawl.{key}"), value);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("soracrawl version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(vec![
                about("archive", origin.archive.clone()),
                about("schema_version", origin.schema_version.to_string()),
            ]))
            .build();
        let writer = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties));
        Ok(Self {
            writer: writer.map_err(failed)?,
            columns: columns.iter().map(Buffer::of).collect(),
            rows: 0,
            bytes: 0,
        })
    }

    /// Writes the rows of the buffers as a row group.
    fn flush(&mut self) -> std::result::Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for buffer in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            buffer.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Encode for Parquet {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        for (buffer, cell) in self.columns.iter_mut().zip(cells) {
            self.bytes += buffer.push(cell);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.flush().map_err(failed)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(Output, Notes)> {
        self.flush().map_err(failed)?;
        let output = self.writer.into_inner().map_err(failed)?;
        Ok((output, Notes::default()))
    }
}

impl Buffer {
    fn of(column: &ExportColumn) -> Self {
        Self {
            present: Vec::new(),
            values: match column.kind {
                CellKind::Text | CellKind::List => Values::Text(BytesMut::new(), Vec::new()),
                CellKind::Integer => Values::Integer(Vec::new()),
                CellKind::Real => Values::Real(Vec::new()),
                CellKind::Flag => Values::Flag(Vec::new()),
                CellKind::Time => Values::Time(Vec::new()),
            },
        }
    }

    /// Appends a cell. Returns the bytes of text that it takes.
    fn push(&mut self, cell: &Cell<'_>) -> usize {
        let (mut bytes, mut is_present) = (0, true);
        match (&mut self.values, cell) {
            (Values::Text(all, lengths), Cell::Text(text)) => {
                all.extend_from_slice(text.as_bytes());
                lengths.push(text.len());
                bytes = text.len();
            }
            (Values::Integer(all), Cell::Integer(number)) => all.push(*number),
            (Values::Real(all), Cell::Real(number)) => all.push(*number),
            (Values::Flag(all), Cell::Flag(flag)) => all.push(*flag),
            (Values::Time(all), Cell::Time(time)) => match micros(*time) {
                Some(micros) => all.push(micros),
                None => is_present = false,
            },
            _ => is_present = false,
        }
        self.present.push(i16::from(is_present));
        bytes
    }

    /// Writes the values and forgets them.
    fn write(
        &mut self,
        to: &mut SerializedColumnWriter<'_>,
    ) -> std::result::Result<(), ParquetError> {
        let present = Some(&self.present[..]);
        match &mut self.values {
            Values::Text(all, lengths) => {
                let mut all: Bytes = all.split().freeze();
                let texts: Vec<ByteArray> = lengths
                    .drain(..)
                    .map(|length| ByteArray::from(all.split_to(length)))
                    .collect();
                to.typed::<ByteArrayType>()
                    .write_batch(&texts, present, None)?;
            }
            Values::Integer(all) | Values::Time(all) => {
                to.typed::<Int64Type>().write_batch(all, present, None)?;
                all.clear();
            }
            Values::Real(all) => {
                to.typed::<DoubleType>().write_batch(all, present, None)?;
                all.clear();
            }
            Values::Flag(all) => {
                to.typed::<BoolType>().write_batch(all, present, None)?;
                all.clear();
            }
        }
        self.present.clear();
        Ok(())
    }
}

fn field(column: &ExportColumn) -> std::result::Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column.kind {
        CellKind::Text | CellKind::List => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        CellKind::Integer => (Physical::INT64, None),
        CellKind::Real => (Physical::DOUBLE, None),
        CellKind::Flag => (Physical::BOOLEAN, None),
        CellKind::Time => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
        ),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

/// Finds the error of the file in an error of the library.
fn failed(error: ParquetError) -> Error {
    match error {
        ParquetError::External(error) => match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(other) => Error::other(other),
        },
        other => Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::RowAccessor;

    use super::{Encode, Origin, Parquet};
    use crate::export::folder::Folder;
    use crate::store::read::{Cell, CellKind, ExportColumn};

    /// Writes rows to a file. Returns its bytes.
    fn written(columns: &[ExportColumn], rows: &[Vec<Cell<'_>>]) -> Vec<u8> {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::begin(&place.path().join("export"), "").unwrap();
        let origin = Origin {
            archive: "a".to_owned(),
            schema_version: 6,
        };
        let file = folder.file("t.parquet").unwrap();
        let mut parquet = Box::new(Parquet::begin(columns, &origin, file).unwrap());
        for row in rows {
            parquet.row(row).unwrap();
        }
        parquet.finish().unwrap().0.finish().unwrap();
        folder.finish().unwrap();
        std::fs::read(place.path().join("export/t.parquet")).unwrap()
    }

    #[test]
    fn values_types_and_nulls_survive_across_row_groups() {
        let column = |name: &str, kind| ExportColumn {
            name: name.to_owned(),
            kind,
        };
        let columns = [
            column("text", CellKind::Text),
            column("views", CellKind::Integer),
            column("ratio", CellKind::Real),
            column("is_new", CellKind::Flag),
            column("at", CellKind::Time),
        ];
        let full = |text: String| {
            vec![
                Cell::Text(text.into()),
                Cell::Integer(5_000_049_588),
                Cell::Real(0.5),
                Cell::Flag(true),
                Cell::Time(1_759_440_626.928),
            ]
        };
        // The texts of three rows fill more than one row group.
        let long = "x".repeat(9 << 20);
        let rows = vec![
            full(String::new()),
            vec![const { Cell::Null }; 5],
            full(long.clone()),
            full(long.clone()),
            full("null".to_owned()),
        ];
        let bytes = written(&columns, &rows);
        assert_eq!(bytes, written(&columns, &rows), "the bytes differ");
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let mut texts = Vec::new();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let text = row.get_string(0).ok().cloned();
            if text.is_some() {
                assert_eq!(row.get_long(1).unwrap(), 5_000_049_588);
                assert!(row.get_bool(3).unwrap());
                assert_eq!(row.get_timestamp_micros(4).unwrap(), 1_759_440_626_928_000);
            } else {
                assert!(row.get_long(1).is_err() && row.get_double(2).is_err());
            }
            texts.push(text);
        }
        let expected = [
            Some(String::new()),
            None,
            Some(long.clone()),
            Some(long),
            Some("null".to_owned()),
        ];
        assert!(texts == expected, "the texts differ");
    }
}
