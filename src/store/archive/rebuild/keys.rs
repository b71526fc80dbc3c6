//! How a row of one file is found in the other, as SQL. Numbers of rows differ between them, and the remote's ids do not.

use crate::store::archive::{ColumnOutline, Kind, Outline, Target};

/// One of the two files, and the name that a statement gives to the row in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub(super) file: &'static str,
    pub(super) row: &'static str,
}

pub(super) const NEW: Side = Side {
    file: "main",
    row: "n",
};
pub(super) const OLD: Side = Side {
    file: "old",
    row: "o",
};

/// The value of a column of `from`, as it is in the file `to`.
pub(super) fn value(column: &ColumnOutline, from: Side, to: Side) -> String {
    let name = column.name;
    match column.kind {
        Kind::Reference(of) => row_of(of, &format!("{}.{name}", from.row), from, to),
        _ => format!("{}.{name}", from.row),
    }
}

/// The number in the file `to` of the row that has the number `number` in the file `from`.
pub(super) fn row_of(of: Target, number: &str, from: Side, to: Side) -> String {
    let Target { table, id } = of;
    format!(
        "(select t.id from {}.{table} t where t.{id} = (select f.{id} from {}.{table} f where f.id = {number}))",
        to.file, from.file
    )
}

/// The remote's id that a reference leads to, or the value of another column.
pub(super) fn shown(column: &ColumnOutline, side: Side) -> String {
    let (name, Side { file, row }) = (column.name, side);
    match column.kind {
        Kind::Reference(Target { table, id }) => {
            format!("(select s.{id} from {file}.{table} s where s.id = {row}.{name})")
        }
        _ => format!("{row}.{name}"),
    }
}

/// The condition that a row of `to` is the same as one of `from`.
pub(super) fn is_same(table: &Outline, from: Side, to: Side) -> String {
    let keys = table.columns.iter().filter(|column| column.is_key);
    let equal = keys.map(|key| format!("{}.{} = {}", to.row, key.name, value(key, from, to)));
    equal.collect::<Vec<_>>().join(" and ")
}

/// What tells a row from others, for people.
pub(super) fn name(table: &Outline, side: Side) -> String {
    let keys = table.columns.iter().filter(|column| column.is_key);
    let words = keys.map(|key| format!("coalesce({}, '?')", shown(key, side)));
    words.collect::<Vec<_>>().join(" || ' ' || ")
}
