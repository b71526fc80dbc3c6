//! The rows of people. What becomes of a table follows from its columns in `archive::schema`.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::media::{erase_media, files};
use crate::store::archive::schema::tables;
use crate::store::archive::{ColumnOutline, Kind, Outline, Personal, Target};
use crate::store::{Result, Store};

/// What becomes of the rows of a table that are about a person, or that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Treatment {
    /// The row is the person.
    IsPerson { table: &'static str },
    /// The row refers to the person, and is about nothing else.
    RefersTo {
        table: &'static str,
        column: &'static str,
    },
    /// The row is about somebody else; the reference goes.
    Named {
        table: &'static str,
        column: &'static str,
    },
    /// The person wrote it. It stays without its contents, so that answers keep their thread.
    Wrote {
        table: &'static str,
        author: &'static str,
        emptied: Vec<&'static str>,
    },
    /// The row belongs to what the person wrote.
    PartOf {
        table: &'static str,
        column: &'static str,
        of: &'static str,
    },
}

/// Rows of a table that an erasure affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCount {
    pub table: &'static str,
    pub rows: i64,
}

/// The users with these ids, as SQL. `?1` is a JSON array of user ids.
const PEOPLE: &str = "(select id from users where user_id in (select value from json_each(?1)))";

fn is_of_user(column: &ColumnOutline) -> bool {
    matches!(column.kind, Kind::Reference(Target { table: "users", .. }))
}

/// A row of this table is an entity of its own: other rows refer to it.
fn is_entity(table: &Outline) -> bool {
    let all = tables().iter().flat_map(|table| &table.columns);
    let mut targets = all.filter_map(|column| match column.kind {
        Kind::Reference(target) => Some(target.table),
        _ => None,
    });
    table.history_of.is_none() && targets.any(|name| name == table.name)
}

/// Returns whether a column of something written stays: its id, its place in the thread, and the calls that showed it.
fn is_kept(column: &ColumnOutline) -> bool {
    column.is_key
        || matches!(column.kind, Kind::Reference(_)) && !is_of_user(column)
        || ["first_call_id", "last_call_id"].contains(&column.name)
}

/// Returns what becomes of each table, parts before what they belong to, the people last.
fn treatments() -> Vec<Treatment> {
    let mut all = Vec::new();
    for table in tables() {
        let name = table.name;
        let columns = || table.columns.iter();
        if name == "users" {
            continue;
        }
        if is_entity(table) {
            continue;
        }
        for column in columns().filter(|column| is_of_user(column)) {
            all.push(Treatment::RefersTo {
                table: name,
                column: column.name,
            });
        }
        let has_contents = columns()
            .any(|column| column.personal.is_some() && !matches!(column.kind, Kind::Reference(_)));
        for column in columns() {
            if let Kind::Reference(Target { table: of, .. }) = column.kind
                && of != "users"
                && (has_contents || table.history_of.is_some())
                && !is_list(table)
            {
                all.push(Treatment::PartOf {
                    table: name,
                    column: column.name,
                    of,
                });
            }
        }
    }
    for table in tables().iter().filter(|table| is_entity(table)) {
        for column in table.columns.iter().filter(|column| is_of_user(column)) {
            all.push(if table.name == "users" {
                Treatment::Named {
                    table: table.name,
                    column: column.name,
                }
            } else {
                let emptied = table.columns.iter().filter(|column| !is_kept(column));
                Treatment::Wrote {
                    table: table.name,
                    author: column.name,
                    emptied: emptied.map(|column| column.name).collect(),
                }
            });
        }
    }
    all.push(Treatment::IsPerson { table: "users" });
    all
}

/// An entry of a list belongs to the call that showed it.
fn is_list(table: &Outline) -> bool {
    table
        .columns
        .iter()
        .any(|column| column.is_key && column.kind == Kind::Call)
}

impl Treatment {
    fn table(&self) -> &'static str {
        match self {
            Self::IsPerson { table }
            | Self::RefersTo { table, .. }
            | Self::Named { table, .. }
            | Self::Wrote { table, .. }
            | Self::PartOf { table, .. } => table,
        }
    }

    /// The rows that it affects, as SQL.
    fn rows(&self) -> String {
        match self {
            Self::IsPerson { .. } => "user_id in (select value from json_each(?1))".to_owned(),
            Self::RefersTo { column, .. } | Self::Named { column, .. } => {
                format!("{column} in {PEOPLE}")
            }
            Self::Wrote { author, .. } => format!("{author} in {PEOPLE}"),
            Self::PartOf { column, of, .. } => {
                format!("{column} in (select id from {of} where author_id in {PEOPLE})")
            }
        }
    }

    fn statement(&self) -> String {
        let (table, rows) = (self.table(), self.rows());
        match self {
            Self::Named { column, .. } => {
                format!("update {table} set {column} = null where {rows}")
            }
            Self::Wrote { emptied, .. } => {
                let emptied = emptied.iter().map(|column| format!("{column} = null"));
                let emptied = emptied.collect::<Vec<_>>().join(", ");
                format!("update {table} set {emptied} where {rows}")
            }
            _ => format!("delete from {table} where {rows}"),
        }
    }
}

/// Deletes what later replies lack of some users, and of their follows and appearances.
async fn erase_absences(connection: &mut SqliteConnection, people: &str) -> Result<u64> {
    let text = format!(
        "delete from absences where kind in ('user', 'follow', 'appearance') and item_id in {PEOPLE}
             or kind = 'follow' and of_id in {PEOPLE}"
    );
    // Only names of the schema are in the text.
    let done = sqlx::query(AssertSqlSafe(text)).bind(people);
    Ok(done.execute(connection).await?.rows_affected())
}

impl Store {
    /// Erases the rows of some users in one transaction. Returns the number of rows that were deleted or emptied.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn erase_rows(&self, user_ids: &[String]) -> Result<u64> {
        {
            // Without an index, each deleted user would cost a search of every table that refers to users. The same
            // transaction deletes these rows.
            let mut connection = self.writing().await;
            sqlx::query("pragma foreign_keys = off")
                .execute(&mut **connection)
                .await?;
        }
        let erased = self.erase_rows_unchecked(user_ids).await;
        let mut connection = self.writing().await;
        sqlx::query("pragma foreign_keys = on")
            .execute(&mut **connection)
            .await?;
        erased
    }

    async fn erase_rows_unchecked(&self, user_ids: &[String]) -> Result<u64> {
        let people = serde_json::json!(user_ids).to_string();
        let mut transaction = self.begin().await?;
        let mut rows = 0;
        rows += erase_absences(&mut transaction, &people).await?;
        rows += erase_media(&mut transaction, &people).await?;
        for treatment in treatments() {
            rows += apply(&mut transaction, &treatment, &people).await?;
        }
        transaction.commit().await?;
        Ok(rows)
    }

    /// Counts the rows that [`Store::erase_rows`] would delete or empty, by table.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn rows_to_erase(&self, user_ids: &[String]) -> Result<Vec<RowCount>> {
        let people = serde_json::json!(user_ids).to_string();
        let mut counts: Vec<RowCount> = Vec::new();
        for treatment in treatments() {
            let (table, rows) = (treatment.table(), treatment.rows());
            let text = format!("select count(*) from {table} where {rows}");
            // Only names of the schema are in the text.
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(text))
                .bind(&people)
                .fetch_one(self.readers())
                .await?;
            match counts.iter_mut().find(|count| count.table == table) {
                Some(count) => count.rows += rows,
                None => counts.push(RowCount { table, rows }),
            }
        }
        // Only names of the schema are in the text.
        let files =
            sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from ({})", files())));
        counts.push(RowCount {
            table: "media",
            rows: files.bind(&people).fetch_one(self.readers()).await?,
        });
        counts.retain(|count| count.rows > 0);
        Ok(counts)
    }
}

async fn apply(
    connection: &mut SqliteConnection,
    treatment: &Treatment,
    people: &str,
) -> Result<u64> {
    // Only names of the schema are in the text.
    let done = sqlx::query(AssertSqlSafe(treatment.statement()))
        .bind(people)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Returns the columns with words or URLs of people in rows that stay, because others wrote them.
pub(super) fn texts_that_stay()
-> impl Iterator<Item = (&'static Outline, Vec<&'static ColumnOutline>)> {
    tables().iter().filter_map(|table| {
        let texts = table.columns.iter().filter(|column| {
            column.kind == Kind::Text && column.personal.is_some() && !is_id(column)
        });
        let texts: Vec<_> = texts.collect();
        (!texts.is_empty()).then_some((table, texts))
    })
}

/// The id of somebody or something else.
fn is_id(column: &ColumnOutline) -> bool {
    column.is_key && column.personal == Some(Personal::Identity)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_column_about_people_is_erased() {
        let all = treatments();
        let deleted = |table: &str| {
            all.iter().any(|it| match it {
                Treatment::IsPerson { table: of } => *of == table,
                Treatment::PartOf { table: of, .. } | Treatment::RefersTo { table: of, .. } => {
                    *of == table
                }
                _ => false,
            })
        };
        let swept: BTreeSet<(&str, &str)> = texts_that_stay()
            .flat_map(|(table, columns)| columns.into_iter().map(|it| (table.name, it.name)))
            .collect();
        for table in tables() {
            for column in table
                .columns
                .iter()
                .filter(|column| column.personal.is_some() || is_of_user(column))
            {
                let place = (table.name, column.name);
                let is_reference = matches!(column.kind, Kind::Reference(_));
                let own = all.iter().any(|it| match it {
                    Treatment::Wrote {
                        table: of, emptied, ..
                    } => *of == table.name && emptied.contains(&column.name),
                    Treatment::Named {
                        table: of,
                        column: named,
                    } => (*of, *named) == place,
                    Treatment::RefersTo {
                        table: of,
                        column: named,
                    } => (*of, *named) == place,
                    _ => deleted(table.name) && !is_reference,
                });
                // The ids of posts and comments stay: they tie what others wrote.
                let is_tie = is_id(column) && table.name != "users";
                assert!(
                    own || is_tie,
                    "{place:?}: nothing erases it from what the person wrote"
                );
                assert!(
                    is_reference || is_id(column) || swept.contains(&place),
                    "{place:?}: nothing searches it"
                );
            }
        }
    }

    #[test]
    fn what_people_wrote_keeps_its_place_in_the_thread() {
        let comments = treatments().into_iter().find_map(|it| match it {
            Treatment::Wrote {
                table: "comments",
                emptied,
                ..
            } => Some(emptied),
            _ => None,
        });
        let emptied = comments.unwrap();
        assert!(
            ["author_id", "text", "posted_at", "like_count", "counted_at"]
                .iter()
                .all(|it| emptied.contains(it))
        );
        for kept in [
            "comment_id",
            "post_id",
            "parent_comment_id",
            "first_call_id",
            "last_call_id",
        ] {
            assert!(!emptied.contains(&kept), "{kept}");
        }
    }

    #[test]
    fn histories_and_parts_of_what_people_wrote_go_and_lists_of_others_stay() {
        let parts: BTreeSet<&str> = treatments()
            .iter()
            .filter(|it| matches!(it, Treatment::PartOf { .. }))
            .map(Treatment::table)
            .collect();
        let expected = [
            "attachments",
            "comment_entities",
            "comment_stats",
            "post_entities",
            "post_stats",
        ];
        assert_eq!(parts, BTreeSet::from(expected));
    }
}
