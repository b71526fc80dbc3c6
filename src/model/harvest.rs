//! What one reply gave: rows, the next cursor, lists that came nested, and odd items.

use super::rows::{
    Appearance, Attachment, Comment, Follow, ListEntry, Post, Remix, SearchEntry, User,
};

/// Everything that one paid reply holds. Made by an endpoint's `harvest`, a pure function.
///
/// Rows may name the same id more than once, and may name ids that no row describes; the store merges
/// the former and makes bare parents for the latter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Harvest {
    pub users: Vec<User>,
    pub posts: Vec<Post>,
    pub comments: Vec<Comment>,
    pub follows: Vec<Follow>,
    pub appearances: Vec<Appearance>,
    pub remixes: Vec<Remix>,
    pub attachments: Vec<Attachment>,
    pub feed: Vec<ListEntry>,
    pub leaderboard: Vec<ListEntry>,
    pub search: Vec<SearchEntry>,
    /// The ids of the page's own items, in the page's order: what "a new id" and a per-parent cap count.
    pub items: Vec<String>,
    /// The cursor of the next page; `None` where it was null, absent or empty.
    pub cursor: Option<String>,
    /// What the remote said of a further page, where it said anything (api/README.md §8).
    pub has_more: Option<bool>,
    /// Lists whose first page came inside this reply, so that it need not be bought.
    pub nested: Vec<Nested>,
    /// Items and fields that did not parse; the raw reply still has them.
    pub odd: Vec<Odd>,
}

/// The first page of another walk, found inside a reply that was bought for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// The endpoint that would have been called for it.
    pub endpoint: &'static str,
    /// The subject it would have been called with.
    pub subject: String,
    /// How many items came.
    pub items: u32,
    /// Where that walk goes on; `None` where the nested list gave no cursor.
    pub cursor: Option<String>,
}

/// A part of a reply that was not what it should be. The rest of the page is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// The place in the reply, as in `data.items[3].post.like_count`.
    pub at: String,
    /// What was expected and what was found; never a value from the reply.
    pub why: String,
}

impl Harvest {
    /// How many rows of the archive the reply speaks of: each thing once, each edge and entry once.
    #[must_use]
    pub fn row_count(&self) -> usize {
        fn distinct<'a>(ids: impl Iterator<Item = &'a str>) -> usize {
            ids.collect::<std::collections::HashSet<_>>().len()
        }
        distinct(self.users.iter().map(|row| row.user_id.as_str()))
            + distinct(self.posts.iter().map(|row| row.post_id.as_str()))
            + distinct(self.comments.iter().map(|row| row.comment_id.as_str()))
            + distinct(
                self.attachments
                    .iter()
                    .map(|row| row.attachment_id.as_str()),
            )
            + self.follows.len()
            + self.appearances.len()
            + self.remixes.len()
            + self.feed.len()
            + self.leaderboard.len()
            + self.search.len()
    }
}
