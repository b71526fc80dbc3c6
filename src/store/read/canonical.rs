//! The rows of an archive as sorted text, to be compared with another archive.
//!
//! *Canonical* text has what the remote stated and nothing of ours, no call and no time of observation: two crawls of the
//! same world have the same text, in whatever order they went. *Exact* text has these too: an archive that is made again
//! from its own replies has the same.

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::store::Result;
use crate::store::archive::schema::tables;
use crate::store::archive::{ColumnOutline, Kind, Outline, Target};

/// The tables of the exact text: all of them.
pub fn exact() -> impl Iterator<Item = &'static Outline> {
    tables().iter()
}

/// The value of a column as SQL, with the remote's text id for a reference. `t` is the table.
fn value(column: &ColumnOutline) -> String {
    match column.kind {
        Kind::Reference(Target { id, .. }) => format!("of_{}.{id}", column.name),
        _ => format!("t.{}", column.name),
    }
}

/// A table with those that it refers to, as SQL.
fn source(table: &Outline) -> String {
    let mut source = format!("{} t", table.name);
    for column in &table.columns {
        if let Kind::Reference(Target { table, .. }) = column.kind {
            let name = column.name;
            source.push_str(&format!(
                " left join {table} of_{name} on of_{name}.id = t.{name}"
            ));
        }
    }
    source
}

/// What tells a row from all others of its table, in words, as SQL.
fn key(table: &Outline) -> String {
    let keys = table.columns.iter().filter(|column| column.is_key);
    let words = keys.map(|column| {
        let (name, value) = (column.name, value(column));
        match column.kind {
            Kind::Text | Kind::Reference(_) => format!("coalesce({value}, '?')"),
            Kind::Real | Kind::Time => format!("printf('{name} %.6f', {value})"),
            _ => format!("printf('{name} %09d', {value})"),
        }
    });
    words.collect::<Vec<_>>().join(" || ' ' || ")
}

fn values(table: &Outline, is_meant: impl Fn(&ColumnOutline) -> bool) -> String {
    let columns = table.columns.iter().filter(|column| is_meant(column));
    columns.map(value).collect::<Vec<_>>().join(", ")
}

/// Returns the exact rows of a table: the key and the values of all columns as a JSON array, by key. `since_call` is the
/// last call that the rows of such a table leave out.
pub fn exact_rows<'c>(
    table: &Outline,
    since_call: i64,
    connection: &'c mut SqliteConnection,
) -> BoxStream<'c, std::result::Result<SqliteRow, sqlx::Error>> {
    let text = format!(
        "select {} as key, json_array({}) from {} where {} order by key",
        key(table),
        values(table, |_| true),
        source(table),
        table.since.map_or("true".to_owned(), |(_, call)| format!(
            "t.{call} > {since_call}"
        ))
    );
    // Only names of the schema are in the text.
    sqlx::query(AssertSqlSafe(text)).fetch(connection)
}

/// Gives `each` the canonical text, line by line: the table and the values that the remote stated, in order.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn canonical(
    connection: &mut SqliteConnection,
    mut each: impl FnMut(&str),
) -> Result<()> {
    for table in tables().iter().filter(|table| table.history_of.is_none()) {
        let text = format!(
            "select distinct '{}' || char(9) || json_array({}) as line from {} order by line",
            table.name,
            values(table, |column| column.is_remote),
            source(table)
        );
        let mut lines = sqlx::query(AssertSqlSafe(text)).fetch(&mut *connection);
        while let Some(line) = lines.try_next().await? {
            each(line.try_get(0)?);
        }
    }
    Ok(())
}

/// Returns the canonical text of an archive: what two crawls of one world have in common.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn canonical_lines(pool: &SqlitePool) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    canonical(&mut *pool.acquire().await?, |line| {
        lines.push(line.to_owned())
    })
    .await?;
    Ok(lines)
}

/// Returns the canonical text as one number of 32 hexadecimal digits.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn canonical_hash(connection: &mut SqliteConnection) -> Result<String> {
    // FNV-1a of 128 bits tells equal contents from different ones. It does not withstand forgery.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    canonical(connection, |line| {
        for byte in line.bytes().chain([b'\n']) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b);
        }
    })
    .await?;
    Ok(format!("{hash:032x}"))
}
