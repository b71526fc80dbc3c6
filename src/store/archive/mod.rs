//! Rows into tables. A value that was not said never overwrites a known one; parents are written before children.
//!
//! Nothing is read back: rows are joined to those that they refer to by their text ids, inside their own statement. A
//! row that comes back through the driver costs more than that, and a sub-select for each value opens a cursor for each.

mod attachments;
mod comments;
mod edges;
pub(in crate::store) mod merge;
mod posts;
mod scratch;
mod stubs;
mod users;

use sqlx::SqliteConnection;

use crate::store::Result;
use merge::{PageRows, merge};
pub use scratch::{Scratch, ScratchPage};

/// Writes all that the pages say, as a part of the caller's transaction. The pages come in the order of their calls.
/// `has_orphans`: replies that do not know their post are in the archive.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    pages: &[PageRows<'_>],
    has_orphans: bool,
) -> Result<()> {
    let all = merge(pages);
    users::write(connection, &all.users).await?;
    posts::write(connection, &all.posts, &all.parent_posts).await?;
    comments::write(connection, &all.comments, &all.parent_comments, has_orphans).await?;
    attachments::write(connection, &all.attachments).await?;
    edges::write(connection, &all).await?;
    for page in pages {
        edges::write_entries(connection, page).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
