//! What the columns of exports mean: the comments of the schema, and those of columns that only views have.

use super::Snapshot;
use super::export_columns::ExportColumn;
use super::export_tables::ExportTable;
use crate::store::Result;

/// Columns that views add.
const OF_VIEWS: &[(&str, &str)] = &[
    ("first_seen_at", "when a reply first stated the row"),
    ("last_seen_at", "when a reply last stated the row"),
    (
        "gone_at",
        "when the vendor said that it is gone; null: it did not",
    ),
    (
        "ended_after_at",
        "of a follow that ended: when it was seen last",
    ),
    (
        "ended_before_at",
        "of a follow that ended: when it was first missed",
    ),
    ("owner_user_id", "of a character: the user who made it"),
    ("author_user_id", "who wrote it"),
    ("author_username", "name of who wrote it"),
    ("parent_post_id", "the post that this one was made from"),
    ("parent_author_user_id", "who made the parent"),
    ("parent_author_username", "name of who made the parent"),
    ("parent_posted_at", "when the parent was posted"),
    ("root_post_id", "the first post of the chain of remixes"),
    ("repost_of_post_id", "the post that this one repeats"),
    ("repost_post_id", "the repost"),
    ("reposter_user_id", "who reposted"),
    ("follower_user_id", "who follows"),
    ("followed_user_id", "who is followed"),
    ("known_count", "how many the remote says there are"),
    ("known_at", "when the remote said so"),
    ("collected_count", "how many are archived"),
    ("missing_count", "known less collected"),
    (
        "state",
        "of the job that lists them, or never_asked, partial or outstanding",
    ),
    ("stop_reason", "why the job ended"),
    ("why", "why some are missing"),
    ("subject_kind", "user or post"),
    ("subject_id", "whose list it is"),
    ("kind", "what kind of row, list or text it is"),
    (
        "source",
        "how the text names the user: facet, token or name",
    ),
    ("value", "the hashtag, link or name, as written"),
    ("last_observed_at", "when the same counts were last seen"),
    ("observed_at", "when a reply stated it"),
    ("posted_at", "when the post or comment was posted"),
    ("call_id", "the call whose reply stated it"),
    ("first_call_id", "the call whose reply stated the row first"),
    ("last_call_id", "the call whose reply stated the row last"),
    ("rank", "place in the list, from 1"),
    ("query", "what was searched for"),
    ("position", "place on the page, from 0"),
];

/// A table or view, with what it and its columns are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub name: String,
    pub about: String,
    /// Names and meanings. A meaning may be empty.
    pub columns: Vec<(String, String)>,
}

impl Snapshot {
    /// Returns all tables and views of the archive.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn relations(&mut self) -> Result<Vec<Relation>> {
        let schema: Vec<(String, String)> = sqlx::query_as(
            "select name, sql from sqlite_master where type in ('table', 'view') and sql is not null
             and name not glob 'sqlite_*' and name not glob '_sqlx_*' order by name",
        )
        .fetch_all(self.connection())
        .await?;
        let mut relations = Vec::new();
        for (name, sql) in &schema {
            let columns: Vec<String> =
                sqlx::query_scalar("select name from pragma_table_info(?) order by cid")
                    .bind(name)
                    .fetch_all(self.connection())
                    .await?;
            let columns = columns.into_iter().map(|column| {
                let of_view = OF_VIEWS.iter().find(|(name, _)| *name == column);
                let meaning = match (schema_meaning(sql, &column), of_view) {
                    (own, _) if !own.is_empty() => own,
                    (_, Some((_, meaning))) => (*meaning).to_owned(),
                    _ => schema
                        .iter()
                        .map(|(_, sql)| schema_meaning(sql, &column))
                        .find(|meaning| !meaning.is_empty())
                        .unwrap_or_default(),
                };
                (column, meaning)
            });
            relations.push(Relation {
                name: name.clone(),
                about: about(sql),
                columns: columns.collect(),
            });
        }
        Ok(relations)
    }

    /// Returns what each column of an exported table means, in their order.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn export_meanings(
        &mut self,
        table: &ExportTable,
        columns: &[ExportColumn],
    ) -> Result<Vec<String>> {
        let schema: Vec<(String, String)> = sqlx::query_as(
            "select name, sql from sqlite_master where type = 'table' and sql is not null",
        )
        .fetch_all(self.connection())
        .await?;
        // The tables behind a view come before others.
        let is_own = |name: &str| table.counted.contains(&name);
        let (own, others): (Vec<_>, Vec<_>) = schema.iter().partition(|(name, _)| is_own(name));
        let meanings = columns.iter().map(|column| {
            let named = |list: &[&(String, String)]| {
                let mut meanings = list
                    .iter()
                    .map(|(_, sql)| schema_meaning(sql, &column.name));
                meanings.find(|meaning| !meaning.is_empty())
            };
            let of_view = OF_VIEWS.iter().find(|(name, _)| *name == column.name);
            let of_view = of_view.map(|(_, meaning)| (*meaning).to_owned());
            let found = named(&own).or(of_view).or_else(|| named(&others));
            found.unwrap_or_else(|| column.name.replace('_', " "))
        });
        Ok(meanings.collect())
    }
}

/// The comment at the head of a table or view.
fn about(sql: &str) -> String {
    let lines = sql.lines().skip(1).map(str::trim);
    let comments = lines.map_while(|line| line.strip_prefix("-- "));
    comments.collect::<Vec<_>>().join(" ")
}

/// Describes a column from the schema: the table it refers to, its allowed words, and its comment.
#[must_use]
pub fn schema_meaning(sql: &str, column: &str) -> String {
    let mut lines = sql
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.starts_with(&format!("{column} ")));
    let mut parts = Vec::new();
    let mut comments = Vec::new();
    let mut code = String::new();
    if let Some(line) = lines.next() {
        let (first, comment) = line
            .split_once("-- ")
            .map_or((line, None), |(code, comment)| (code, Some(comment)));
        code.push_str(first);
        comments.extend(comment);
        for line in lines {
            if let Some(comment) = line.strip_prefix("-- ") {
                comments.push(comment);
            } else if code.trim_end().ends_with(',')
                || line.starts_with("constraint") && !line.contains(&format!("({column} in"))
                || line.starts_with(')')
            {
                break;
            } else {
                let (more, comment) = line
                    .split_once("-- ")
                    .map_or((line, None), |(code, comment)| (code, Some(comment)));
                code.push(' ');
                code.push_str(more);
                comments.extend(comment);
            }
        }
    }
    if let Some((_, table)) = code.split_once("references ") {
        parts.push(format!("→ {}", table.split(' ').next().unwrap_or_default()));
    }
    if let Some((_, words)) = code.split_once(" in (") {
        let words = words
            .split(')')
            .next()
            .unwrap_or_default()
            .replace('\'', "");
        if words.split(", ").any(|word| word.parse::<i64>().is_err()) {
            parts.push(format!("one of {words}"));
        }
    }
    if !comments.is_empty() {
        parts.push(comments.join(" "));
    }
    parts.join("; ")
}
