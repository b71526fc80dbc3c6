//! Rows into tables. A value that was not said never overwrites a known one; parents are written before children.

mod attachments;
mod bare;
mod comments;
mod edges;
mod posts;
mod users;

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::Result;
use super::rows::{PageRows, gather};

/// The table's own key of each text id.
type Ids = HashMap<String, i64>;

fn id_of(ids: &Ids, text: Option<&str>) -> Option<i64> {
    text.and_then(|text| ids.get(text)).copied()
}

/// Writes all that the pages say, as a part of the caller's transaction.
pub(super) async fn write(connection: &mut SqliteConnection, pages: &[PageRows<'_>]) -> Result<()> {
    let all = gather(pages);
    let users = users::write(connection, &all.users).await?;
    let posts = posts::write(connection, &all.posts, &all.parent_posts, &users).await?;
    let comments = comments::write(
        connection,
        &all.comments,
        &all.parent_comments,
        &users,
        &posts,
    )
    .await?;
    attachments::write(connection, &all.attachments, &posts, &comments).await?;
    edges::write_follows(connection, &all.follows, &users).await?;
    edges::write_appearances(connection, &all.appearances, &posts, &users).await?;
    edges::write_remixes(connection, &all.remixes, &posts).await?;
    for page in pages {
        edges::write_entries(connection, page, &users, &posts).await?;
    }
    Ok(())
}
