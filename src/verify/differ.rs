//! Compares the rows of two archives in one pass over both.

use std::cmp::Ordering;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::check::{Check, Finding};
use crate::store::Result;
use crate::store::archive::Scratch;
use crate::store::archive::{Kind, Outline};
use crate::store::read::canonical::{exact, exact_rows};
use crate::store::read::{Redacted, Snapshot};

const ROWS: Check = Check {
    check: "rows",
    promise: "P1",
    proves: "parsing all raw replies again yields exactly the rows of the archive",
};

/// A sort takes as much memory as the cache of its file has. The rows of both sides are sorted at once, and each is read once.
const SORTING: &str = "pragma cache_size = -4000";

impl Snapshot {
    /// Compares the archive with the scratch archive of its raw replies. Also returns the number of compared rows.
    pub async fn compare(&mut self, scratch: &mut Scratch) -> (Finding, u64) {
        let (mut finding, mut rows) = (Finding::new(ROWS), 0);
        match self.unread_replies().await {
            Ok(0) => {}
            Ok(unread) => {
                finding.unchecked = Some(format!(
                    "the texts of {unread} kept replies are not in the tables of this version yet; `soracrawl run` \
                     reads them without a call"
                ));
                return (finding, rows);
            }
            Err(error) => finding.fail("", error),
        }
        let redacted = match self.redacted().await {
            Ok(redacted) => redacted,
            Err(error) => {
                finding.fail("", error);
                return (finding, rows);
            }
        };
        for side in [self.connection(), scratch.connection()] {
            if let Err(error) = sqlx::query(SORTING).execute(side).await {
                finding.fail("", error);
                return (finding, rows);
            }
        }
        for table in exact() {
            let into = (&mut finding, &mut rows);
            if let Err(error) = compare(table, self, scratch, &redacted, into).await {
                finding.fail(&format!("{}: ", table.name), error);
            }
        }
        (finding, rows)
    }
}

async fn compare(
    table: &Outline,
    snapshot: &mut Snapshot,
    scratch: &mut Scratch,
    redacted: &Redacted,
    (finding, rows): (&mut Finding, &mut u64),
) -> Result<()> {
    let since = match table.since {
        Some((setting, _)) => number_setting(snapshot, setting).await?,
        None => 0,
    };
    let mut archived = exact_rows(table, since, snapshot.connection());
    let mut again = exact_rows(table, since, scratch.connection());
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
            Ordering::Less if is_of_redacted(table, redacted, left.as_ref()) => {}
            Ordering::Greater if is_of_redacted(table, redacted, right.as_ref()) => {}
            // A removed reply said the same before, so the archive has an older entry; or it said something else in between, so
            // the archive has the way back too.
            Ordering::Less | Ordering::Greater if is_incomplete_history(table, redacted) => {}
            Ordering::Less => {
                let name = left.as_ref().map_or("", |(key, _)| key);
                finding.add(format!("{}: {name} is in no raw reply", table.name));
            }
            Ordering::Greater => {
                let name = right.as_ref().map_or("", |(key, _)| key);
                finding.add(format!(
                    "{}: {name} is in a raw reply but not in the archive",
                    table.name
                ));
            }
            Ordering::Equal => {
                if let (Some((key, own)), Some((_, due))) = (&left, &right)
                    && own != due
                    && !may_differ(table, redacted, own, due)
                {
                    finding.add(format!(
                        "{}: {key}: {}",
                        table.name,
                        difference(table, own, due)
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

/// Returns a setting of the archive, or 0.
async fn number_setting(snapshot: &mut Snapshot, name: &str) -> Result<i64> {
    let number = sqlx::query_scalar("select cast(value as integer) from settings where name = ?")
        .bind(name)
        .fetch_optional(snapshot.connection())
        .await?;
    Ok(number.unwrap_or(0))
}

async fn next(
    rows: &mut BoxStream<'_, std::result::Result<SqliteRow, sqlx::Error>>,
) -> Result<Option<(String, String)>> {
    let row = rows.try_next().await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .transpose()
}

/// Returns whether a redacted call showed a row first, or last. What else that reply said of it is not known any more.
fn is_of_redacted(table: &Outline, redacted: &Redacted, row: Option<&(String, String)>) -> bool {
    let Some((_, text)) = row.filter(|_| !redacted.calls.is_empty()) else {
        return false;
    };
    let values = values(text);
    let mut columns = table.columns.iter().zip(&values);
    columns.any(|(column, value)| {
        let call = value.as_i64().filter(|_| column.kind == Kind::Call);
        call.is_some_and(|call| redacted.calls.contains(&call))
    })
}

/// Returns whether two states of a row differ only in what a redacted reply said: values that no other reply states, and
/// which call stated them when.
fn may_differ(table: &Outline, redacted: &Redacted, own: &str, due: &str) -> bool {
    let is_redacted =
        |text: &str| is_of_redacted(table, redacted, Some(&(String::new(), text.to_owned())));
    if !is_incomplete_history(table, redacted) && !is_redacted(own) && !is_redacted(due) {
        return false;
    }
    let (own, due) = (values(own), values(due));
    let mut columns = table.columns.iter().zip(own.iter().zip(&due));
    columns.all(|(column, (own, due))| {
        own == due || due.is_null() || matches!(column.kind, Kind::Call | Kind::Time)
    })
}

/// Whether removed replies may have stated entries of a history.
fn is_incomplete_history(table: &Outline, redacted: &Redacted) -> bool {
    redacted.has_removed && table.history_of.is_some()
}

fn values(text: &str) -> Vec<serde_json::Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Describes the first column that differs.
fn difference(table: &Outline, own: &str, due: &str) -> String {
    let (own, due) = (values(own), values(due));
    let names = table.columns.iter().map(|column| column.name);
    names
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
