//! Compares the rows of two archives in one pass over both.

use std::cmp::Ordering;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::check::{Check, Finding, unreadable};
use crate::store::Result;
use crate::store::archive::Scratch;
use crate::store::read::Snapshot;
use crate::store::read::canonical::{self, Kind};

const ROWS: Check = Check {
    check: "rows",
    promise: "P1",
    proves: "parsing all raw replies again yields exactly the rows of the archive",
};

impl Snapshot {
    /// Compares the archive with the scratch archive of its raw replies. Also returns the number of compared rows.
    pub async fn compare(&mut self, scratch: &mut Scratch) -> (Finding, u64) {
        let (mut finding, mut rows) = (Finding::new(ROWS), 0);
        for kind in canonical::exact() {
            if let Err(error) = compare(kind, self, scratch, &mut finding, &mut rows).await {
                finding.add(format!("{}: {}", kind.name, unreadable(&error)));
            }
        }
        (finding, rows)
    }
}

async fn compare(
    kind: &Kind,
    snapshot: &mut Snapshot,
    scratch: &mut Scratch,
    finding: &mut Finding,
    rows: &mut u64,
) -> Result<()> {
    let mut archived = kind.exact_rows(snapshot.connection());
    let mut again = kind.exact_rows(scratch.connection());
    let (mut left, mut right) = (next(&mut archived).await?, next(&mut again).await?);
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((left, _)), Some((right, _))) => left.cmp(right),
        };
        *rows += 1;
        match order {
            Ordering::Less => {
                let name = left.as_ref().map_or("", |(key, _)| key);
                finding.add(format!("{}: {name} is in no raw reply", kind.name));
            }
            Ordering::Greater => {
                let name = right.as_ref().map_or("", |(key, _)| key);
                finding.add(format!(
                    "{}: {name} is in a raw reply but not in the archive",
                    kind.name
                ));
            }
            Ordering::Equal => {
                if let (Some((key, own)), Some((_, due))) = (&left, &right)
                    && own != due
                {
                    finding.add(format!(
                        "{}: {key}: {}",
                        kind.name,
                        difference(kind, own, due)
                    ));
                }
            }
        }
        if order != Ordering::Greater {
            left = next(&mut archived).await?;
        }
        if order != Ordering::Less {
            right = next(&mut again).await?;
        }
    }
}

async fn next(
    rows: &mut BoxStream<'_, std::result::Result<SqliteRow, sqlx::Error>>,
) -> Result<Option<(String, String)>> {
    let row = rows.try_next().await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .transpose()
}

/// Describes the first column that differs.
fn difference(kind: &Kind, own: &str, due: &str) -> String {
    let values =
        |text: &str| serde_json::from_str::<Vec<serde_json::Value>>(text).unwrap_or_default();
    let (own, due) = (values(own), values(due));
    kind.columns()
        .into_iter()
        .zip(own.iter().zip(&due))
        .find(|(_, (own, due))| own != due)
        .map_or_else(
            || "differs".to_owned(),
            |(column, (own, due))| {
                format!(
                    "{column} is {}, but {} in the raw replies",
                    short(own),
                    short(due)
                )
            },
        )
}

/// Shortens a value to fit into a line.
fn short(value: &serde_json::Value) -> String {
    const LETTERS: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
