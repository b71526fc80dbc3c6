//! Searches everything in an archive for people who must not be in it.

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

use crate::model::{hash, stored_hashes};
use crate::replies::{Packer, People, Terms, any_part};
use crate::store::Result;
use crate::store::read::Snapshot;

/// Where somebody is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Places, in words. Never the text itself.
    pub places: Vec<String>,
    /// Replies that were read.
    pub replies: u64,
    /// Cells of tables that were read.
    pub cells: u64,
    pub bytes: u64,
}

/// Searches an archive: all bytes of the file and its log, all cells, all decoded replies, the dictionaries and the hashes of
/// items.
///
/// # Errors
/// Returns an error if something cannot be read.
pub async fn absent(path: &Path, people: &People, terms: &Terms) -> Result<Traces> {
    let mut traces = Traces::default();
    for file in [
        path.to_owned(),
        beside(path, "-wal"),
        beside(path, ".erase-key"),
    ] {
        match any_part(&file, &mut traces.bytes, |part| people.names_plainly(part)) {
            Ok(true) => traces
                .places
                .push(format!("{}: bytes of the file", file.display())),
            Ok(false) => {}
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(why) => traces
                .places
                .push(format!("{}: cannot be read: {why}", file.display())),
        }
    }
    let mut snapshot = Snapshot::open_current(path).await?;
    search_cells(&mut snapshot, people, &mut traces).await?;
    search_replies(&mut snapshot, people, terms, &mut traces).await?;
    snapshot.close().await;
    Ok(traces)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Reads every text of every table.
async fn search_cells(snapshot: &mut Snapshot, people: &People, traces: &mut Traces) -> Result<()> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select m.name, c.name from sqlite_schema m, pragma_table_info(m.name) c
         where m.type = 'table' and c.type = 'TEXT' and m.sql not like 'create virtual%' order by 1, 2",
    )
    .fetch_all(snapshot.connection())
    .await?;
    for (table, column) in columns {
        // The names are those of the file's own schema, which `verify` compares with this version's.
        let text = format!("select \"{column}\" from \"{table}\" where \"{column}\" is not null");
        let is_path = (&*table, &*column) == ("sources", "file");
        let mut found = 0;
        let mut rows = sqlx::query(AssertSqlSafe(text)).fetch(snapshot.connection());
        while let Some(row) = rows.try_next().await? {
            let cell: &str = row.try_get(0)?;
            traces.cells += 1;
            let is_named = match is_path {
                true => people.taken_out_of_path(cell).is_some(),
                false => people.are_in(cell),
            };
            found += u64::from(is_named);
        }
        if found > 0 {
            traces
                .places
                .push(format!("{table}.{column}: {found} rows"));
        }
    }
    Ok(())
}

async fn search_replies(
    snapshot: &mut Snapshot,
    people: &People,
    terms: &Terms,
    traces: &mut Traces,
) -> Result<()> {
    let dictionaries = snapshot.dictionaries().await?;
    for dictionary in &dictionaries {
        if people.are_in(&String::from_utf8_lossy(&dictionary.bytes))
            || people.names_plainly(&dictionary.bytes)
        {
            traces.places.push(format!(
                "dictionary {} ({})",
                dictionary.id, dictionary.endpoint
            ));
        }
    }
    let (packer, _) = Packer::new(&dictionaries);
    let hashes: Vec<[u8; 8]> = terms
        .users
        .iter()
        .map(|id| hash(id.as_bytes()).to_le_bytes())
        .collect();
    let mut rows = sqlx::query(
        "select id, endpoint, body, item_hashes from calls where body is not null or item_hashes is not null order by id",
    )
    .fetch(snapshot.connection());
    while let Some(row) = rows.try_next().await? {
        let (id, endpoint): (i64, &str) = (row.try_get(0)?, row.try_get(1)?);
        let (body, items): (Option<&[u8]>, Option<&[u8]>) = (row.try_get(2)?, row.try_get(3)?);
        traces.replies += u64::from(body.is_some());
        match body.map(|body| packer.unpack(body)) {
            Some(Ok(body)) if people.taken_out_of_reply("", &body).is_some() => {
                traces
                    .places
                    .push(format!("raw reply of call {id} ({endpoint})"));
            }
            Some(Err(why)) => {
                traces.places.push(format!(
                    "raw reply of call {id} ({endpoint}) cannot be read: {why}"
                ));
            }
            _ => {}
        }
        let items = stored_hashes(items.unwrap_or_default());
        if items
            .chunks_exact(8)
            .any(|item| hashes.iter().any(|hash| hash == item))
        {
            traces
                .places
                .push(format!("item hashes of call {id} ({endpoint})"));
        }
    }
    Ok(())
}
