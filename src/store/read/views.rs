//! The rows of an archive as text, to compare with another list of the same rows.

use std::collections::BTreeSet;

use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Row};

use crate::store::Result;

/// The view of each kind of row, with text ids.
const VIEWS: [(&str, &str); 13] = [
    ("users", "users_now"),
    ("posts", "posts_now"),
    ("comments", "comment_tree"),
    ("follows", "follow_edges"),
    ("appearances", "appearance_edges"),
    ("remixes", "remix_edges"),
    ("attachments", "attachment_links"),
    ("mentions", "mentions"),
    ("text_entities", "text_entities"),
    ("reposts", "repost_edges"),
    ("feed_entries", "feed_history"),
    ("leaderboard_entries", "leaderboard_history"),
    ("search_results", "search_hits"),
];

/// Returns the rows of a kind, each as the texts of these columns. Null is empty; times have six decimal places.
///
/// # Errors
/// Returns an error if the kind or a column does not exist, or if the archive cannot be read.
pub async fn shown(
    pool: &SqlitePool,
    kind: &str,
    columns: &[&'static str],
) -> Result<BTreeSet<Vec<String>>> {
    let Some((_, view)) = VIEWS.iter().find(|(name, _)| *name == kind) else {
        return Err(sqlx::Error::ColumnNotFound(kind.to_owned()).into());
    };
    let list: Vec<String> = columns
        .iter()
        .map(|column| match column.strip_suffix("_at") {
            Some(_) => format!("iif({column} is null, '', printf('%.6f', {column}))"),
            None => format!("coalesce(cast({column} as text), '')"),
        })
        .collect();
    // The names are constants of this program, not input.
    let text = format!("select {} from {view}", list.join(", "));
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(pool).await?;
    rows.into_iter()
        .map(|row| (0..columns.len()).map(|at| Ok(row.try_get(at)?)).collect())
        .collect()
}
