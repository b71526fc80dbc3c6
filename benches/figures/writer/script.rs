//! Writes the rows of an archive as a script for the `sqlite3` shell.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection};

use super::prepare::{self, TABLES};

/// Enough rows to make the cost of parsing a statement negligible.
const ROWS_OF_STATEMENT: usize = 100;
/// The pragmas with which `store` opens an archive.
const PRAGMAS: &str =
    "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
pragma wal_autocheckpoint = 16000; pragma cache_size = -16000; pragma temp_store = memory;
begin;
pragma defer_foreign_keys = on;
";

/// Returns an SQL expression for a column's value as a literal.
///
/// It escapes carriage returns, because the shell drops a carriage return at the end of a line.
fn literal(column: &str) -> String {
    format!("replace(quote({column}), char(13), '''||char(13)||''')")
}

/// Writes the script for the rows of `archive`.
pub async fn write(archive: &Path, script: &Path) -> Result<()> {
    let mut out = BufWriter::new(File::create(script)?);
    out.write_all(PRAGMAS.as_bytes())?;
    let mut connection = prepare::open(archive).await?;
    // Triggers write the histories.
    for table in TABLES.iter().filter(|table| !table.ends_with("_stats")) {
        let columns: Vec<String> =
            sqlx::query_scalar("select name from pragma_table_info(?) order by cid")
                .bind(*table)
                .fetch_all(&mut connection)
                .await?;
        let quoted: Vec<String> = columns.iter().map(|name| literal(name)).collect();
        let text = format!(
            "select {} from {table} order by {}, {}",
            quoted.join(" || ',' || "),
            columns[0],
            columns[1]
        );
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(text))
            .fetch_all(&mut connection)
            .await?;
        let conflict = match columns.iter().any(|name| name == "last_call_id") {
            true => "update set last_call_id = excluded.last_call_id",
            false => "nothing",
        };
        for rows in rows.chunks(ROWS_OF_STATEMENT) {
            writeln!(
                out,
                "insert into {table} ({}) values\n({})\non conflict do {conflict};",
                columns.join(", "),
                rows.join("),\n(")
            )?;
        }
    }
    out.write_all(b"commit;\n")?;
    out.flush()?;
    connection.close().await?;
    Ok(())
}
