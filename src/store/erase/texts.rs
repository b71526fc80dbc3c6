//! The texts of all tables, row by row. A text that names a person is changed, or its row is deleted.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::rows::texts_that_stay;
use crate::model::StopReason;
use crate::store::archive::Kind;
use crate::store::queue::{ended_state, release_dependents};
use crate::store::{Result, Store};

/// What a text is, which decides what replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// Words or a URL. A part of the words is taken out.
    Words,
    /// The subject of a job, call or seed.
    Subject,
    Cursor,
    Path,
    /// A part of the row's key. The row is deleted.
    Key,
}

/// A column with texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextColumn {
    pub name: &'static str,
    pub means: Means,
}

/// A table with texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTable {
    pub name: &'static str,
    /// What orders its rows and tells them apart.
    key: &'static [&'static str],
    pub columns: Vec<TextColumn>,
}

/// A row: its key as JSON, and the values of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRow {
    pub key: String,
    pub values: Vec<Option<String>>,
}

/// What happens to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// New values of some columns, by their position.
    Set(Vec<(usize, Option<String>)>),
    Delete,
}

const ROWID: &[&str] = &["rowid"];

/// A table, its key, and its texts.
type Own = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, Means)],
);

/// Texts outside the schema of the archive's rows.
const OWN: [Own; 13] = [
    (
        "jobs",
        ROWID,
        &[
            ("subject", Means::Subject),
            ("cursor", Means::Cursor),
            ("note", Means::Words),
            ("last_error", Means::Words),
        ],
    ),
    ("seeds", ROWID, &[("subject", Means::Subject)]),
    (
        "calls",
        ROWID,
        &[
            ("subject", Means::Subject),
            ("cursor", Means::Cursor),
            ("next_cursor", Means::Cursor),
            ("error", Means::Words),
        ],
    ),
    ("sources", ROWID, &[("file", Means::Path)]),
    ("spans", ROWID, &[("tail_cursor", Means::Cursor)]),
    ("refreshes", ROWID, &[("why", Means::Words)]),
    ("runs", ROWID, &[("end_note", Means::Words)]),
    ("cooldowns", &["endpoint"], &[("why", Means::Words)]),
    (
        "odd_items",
        &["call_id", "position"],
        &[("at", Means::Words), ("why", Means::Words)],
    ),
    (
        "controls",
        ROWID,
        &[("argument", Means::Words), ("result", Means::Words)],
    ),
    ("settings", &["name"], &[("value", Means::Words)]),
    (
        "media",
        ROWID,
        &[
            ("url_path", Means::Words),
            ("reason", Means::Words),
            ("etag", Means::Words),
            ("last_modified", Means::Words),
            ("content_type", Means::Words),
        ],
    ),
    // A key of an object may be a name.
    ("paths", &["endpoint", "path"], &[("path", Means::Key)]),
];

impl TextTable {
    /// Returns all tables with texts that may name a person, the queue first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let column = |(name, means): &(&'static str, Means)| TextColumn {
            name,
            means: *means,
        };
        let own = OWN.iter().map(|(name, key, columns)| Self {
            name,
            key,
            columns: columns.iter().map(column).collect(),
        });
        let rows = texts_that_stay().map(|(table, columns)| {
            let is_entry = table
                .columns
                .iter()
                .any(|it| it.is_key && it.kind == Kind::Call);
            let columns = columns.into_iter().map(|column| TextColumn {
                name: column.name,
                means: match () {
                    () if column.is_key => Means::Key,
                    // What was searched for is the subject of the call.
                    () if is_entry && column.name == "query" => Means::Subject,
                    () => Means::Words,
                },
            });
            let key = match table.name {
                "post_entities" => &["post_id", "kind", "value"],
                "comment_entities" => &["comment_id", "kind", "value"],
                "user_names" => &["user_id", "until_call_id"][..],
                _ if is_entry => &["call_id", "position"][..],
                _ => ROWID,
            };
            Self {
                name: table.name,
                key,
                columns: columns.collect(),
            }
        });
        own.chain(rows).collect()
    }

    /// The key as SQL, and the key that `parameter` has as JSON.
    fn keys(&self, parameter: &str) -> (String, String) {
        let given = (0..self.key.len()).map(|at| format!("{parameter} ->> {at}"));
        (self.key.join(", "), given.collect::<Vec<_>>().join(", "))
    }
}

impl Store {
    /// Returns the next rows of a table after the key `after`, in order.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn text_rows(
        &self,
        table: &TextTable,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<TextRow>> {
        let (key, given) = table.keys("?1");
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let text = format!(
            "select json_array({key}), {} from {} {} order by {key} limit ?2",
            names.join(", "),
            table.name,
            if after.is_some() {
                format!("where ({key}) > ({given})")
            } else {
                String::new()
            },
        );
        // Only names of the schema are in the text.
        let rows = sqlx::query(AssertSqlSafe(text)).bind(after).bind(limit);
        let rows = rows.fetch_all(self.readers()).await?;
        rows.iter().map(|row| text_row(row, names.len())).collect()
    }

    /// Changes rows of a table in one transaction. An open job whose subject changes is cancelled.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn change_texts(
        &self,
        table: &TextTable,
        changes: &[(String, Change)],
        now: f64,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        for (key, change) in changes {
            match change {
                Change::Delete => delete(&mut transaction, table, key).await?,
                Change::Set(values) => {
                    for (at, value) in values {
                        set(
                            &mut transaction,
                            table,
                            key,
                            &table.columns[*at],
                            value.as_deref(),
                        )
                        .await?;
                    }
                    let is_subject = |at: &usize| table.columns[*at].means == Means::Subject;
                    if table.name == "jobs" && values.iter().any(|(at, _)| is_subject(at)) {
                        cancel(&mut transaction, key, now).await?;
                    }
                }
            }
        }
        transaction.commit().await
    }
}

fn text_row(row: &SqliteRow, columns: usize) -> Result<TextRow> {
    let values = (1..=columns).map(|at| row.try_get(at));
    Ok(TextRow {
        key: row.try_get(0)?,
        values: values.collect::<sqlx::Result<_>>()?,
    })
}

async fn delete(connection: &mut SqliteConnection, table: &TextTable, key: &str) -> Result<()> {
    let (name, given) = table.keys("?1");
    let text = format!("delete from {} where ({name}) = ({given})", table.name);
    // Only names of the schema are in the text.
    sqlx::query(AssertSqlSafe(text))
        .bind(key)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets a text. If the row would be the same as another one, the number of the row follows the text.
async fn set(
    connection: &mut SqliteConnection,
    table: &TextTable,
    key: &str,
    column: &TextColumn,
    value: Option<&str>,
) -> Result<()> {
    let (name, given) = table.keys("?1");
    let (table, column, has_number) = (table.name, column.name, table.key == ROWID);
    let text = format!("update or ignore {table} set {column} = ?2 where ({name}) = ({given})");
    // Only names of the schema are in the text.
    let done = sqlx::query(AssertSqlSafe(text))
        .bind(key)
        .bind(value)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 && has_number {
        let text =
            format!("update {table} set {column} = ?2 || '.' || rowid where ({name}) = ({given})");
        sqlx::query(AssertSqlSafe(text))
            .bind(key)
            .bind(value)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Ends the job of an erased person. What was leased before cannot be kept, because the fence differs.
async fn cancel(connection: &mut SqliteConnection, key: &str, now: f64) -> Result<()> {
    let reason = StopReason::Cancelled;
    let ended: Option<i64> = sqlx::query_scalar(
        "update jobs set state = ?2, stop_reason = ?3, note = 'erased', ended_at = ?4, ready_at = null,
             lease_until = null, after_job_id = null, fence = fence + 1
         where id = ?1 ->> 0 and state <> 'done' returning id",
    )
    .bind(key)
    .bind(ended_state(reason))
    .bind(reason.as_str())
    .bind(now)
    .fetch_optional(&mut *connection)
    .await?;
    match ended {
        Some(job_id) => release_dependents(connection, &[job_id]).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TextTable;
    use crate::store::Store;
    use crate::store::archive::schema::tables;

    /// Columns whose texts this program chooses, or that have no text about people.
    const FIXED: [&str; 55] = [
        "sources.kind",
        "imports.entry",
        "absences.kind",
        "absences.verdict",
        "absences.reason",
        "spans.state",
        "runs.kind",
        "runs.end_reason",
        "runs.version",
        "runs.plan",
        "seeds.kind",
        "jobs.endpoint",
        "jobs.state",
        "jobs.stop_reason",
        "job_counts.endpoint",
        "job_counts.state",
        "job_counts.stop_reason",
        "cooldowns.endpoint",
        "cooldowns.cause",
        "settings.name",
        "calls.endpoint",
        "calls.day",
        "calls.outcome",
        "calls.request_id",
        "spend.scope",
        "spend.name",
        "call_totals.day",
        "call_totals.endpoint",
        "dictionaries.endpoint",
        "refusals.kind",
        "refusals.reason",
        "controls.command",
        "controls.asked_by",
        "pauses.scope",
        "pauses.name",
        "alerts.name",
        "alerts.receiver",
        "alerts.told",
        "call_hours.endpoint",
        "media.state",
        "media.sha256",
        "media.extension",
        "attachment_media.rendition",
        "paths.endpoint",
        "paths.types",
        "paths.mark",
        "erasing.kind",
        "erasing.value",
        "posts.source",
        "posts.share_setting",
        "users.plan_type",
        "attachments.kind",
        "attachments.generation_type",
        "post_entities.kind",
        "comment_entities.kind",
    ];

    #[tokio::test]
    async fn every_text_of_the_file_is_searched_or_known_to_be_fixed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let texts: Vec<String> = sqlx::query_scalar(
            "select m.name || '.' || c.name from sqlite_master m, pragma_table_info(m.name) c
             where m.type = 'table' and c.type = 'TEXT' and m.name not like '\\_%' escape '\\'",
        )
        .fetch_all(store.readers())
        .await
        .unwrap();
        let searched: BTreeSet<String> = TextTable::all()
            .iter()
            .flat_map(|table| {
                table
                    .columns
                    .iter()
                    .map(|it| format!("{}.{}", table.name, it.name))
            })
            .collect();
        let ids: BTreeSet<String> = tables()
            .iter()
            .flat_map(|table| {
                table
                    .columns
                    .iter()
                    .filter(|it| it.is_key)
                    .map(|it| format!("{}.{}", table.name, it.name))
            })
            .collect();
        let unknown: Vec<&String> = texts
            .iter()
            .filter(|it| {
                !searched.contains(*it) && !FIXED.contains(&it.as_str()) && !ids.contains(*it)
            })
            .collect();
        assert!(texts.len() > 60, "{texts:?}");
        assert_eq!(
            unknown, [""; 0],
            "say in OWN or FIXED whether these may name a person"
        );
        for fixed in FIXED {
            assert!(
                texts.iter().any(|it| it == fixed),
                "{fixed} is no text of the file"
            );
        }
    }
}
