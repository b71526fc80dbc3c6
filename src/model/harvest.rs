//! What one reply contained: rows, the next cursor, nested lists and odd items.

use std::collections::HashSet;

use super::counts::Counts;
use super::doubt::Doubt;
use super::rows::{
    Appearance, Attachment, Comment, Entity, Follow, ListEntry, Post, Remix, Repost, SearchEntry,
    User,
};
use super::subject::{ListKind, SubjectKind};

/// Everything that one paid reply contains. An endpoint's `harvest`, a pure function, builds it.
///
/// Several rows may have the same id; the store merges them.
/// A row may refer to an id that no row describes; the store inserts a stub row for that id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Harvest {
    pub users: Vec<User>,
    pub posts: Vec<Post>,
    pub comments: Vec<Comment>,
    pub follows: Vec<Follow>,
    pub appearances: Vec<Appearance>,
    pub remixes: Vec<Remix>,
    pub attachments: Vec<Attachment>,
    /// What the texts of posts refer to.
    pub post_entities: Vec<Entity>,
    /// What the texts of comments refer to.
    pub comment_entities: Vec<Entity>,
    pub reposts: Vec<Repost>,
    pub feed: Vec<ListEntry>,
    pub leaderboard: Vec<ListEntry>,
    pub search: Vec<SearchEntry>,
    /// Ids of the page's own items, in page order. The test for new ids and the per-parent caps count these.
    pub items: Vec<String>,
    /// Cursor of the next page; `None` if it was null, absent or empty.
    pub cursor: Option<String>,
    /// The remote's `has_more` flag, if the reply had one (api/README.md §8).
    pub has_more: Option<bool>,
    /// Why the page is no proof that its list has ended, although it has no next cursor; `None` if it is one.
    pub doubt: Option<Doubt>,
    /// Lists whose first page came inside this reply, so the crawl does not pay for that page.
    pub nested: Vec<Nested>,
    /// Items and fields that did not parse. The raw reply still contains them.
    pub odd: Vec<Odd>,
    /// Ids of posts and comments that an erased person wrote. Nothing is fetched for them.
    pub erased: HashSet<String>,
    /// Erased people were taken out of the reply, so its items are not those of the reply that is kept.
    pub is_redacted: bool,
}

/// First page of another walk, nested in the reply of a different job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// Which list it is the first page of.
    pub list: ListKind,
    /// Subject of that endpoint's job.
    pub subject: String,
    /// Number of items in the nested page.
    pub items: u32,
    /// Cursor of that walk's next page; `None` if the nested list had no cursor.
    pub cursor: Option<String>,
}

/// A part of a reply that did not have the expected shape. The rest of the page is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Path in the reply, such as `data.items[3].post.like_count`.
    pub at: String,
    /// What was expected and what was found. It never contains a value from the reply.
    pub why: String,
}

impl Odd {
    /// Begin of what is said of a reply about something else than its request asked for.
    pub const OTHER: &str = "not the requested";

    /// Returns whether the reply is about something else than its request asked for.
    #[must_use]
    pub fn is_of_other(&self) -> bool {
        self.why.starts_with(Self::OTHER)
    }
}

impl Harvest {
    /// Returns what the reply counts of one subject, once for each description of it.
    pub fn counts_of<'a>(
        &'a self,
        kind: SubjectKind,
        subject: &'a str,
    ) -> Box<dyn Iterator<Item = &'a Counts> + 'a> {
        match kind {
            SubjectKind::User => {
                let rows = self.users.iter().filter(move |row| row.user_id == subject);
                Box::new(rows.map(|row| &row.counts))
            }
            SubjectKind::Post => {
                let rows = self.posts.iter().filter(move |row| row.post_id == subject);
                Box::new(rows.map(|row| &row.counts))
            }
            SubjectKind::Comment => {
                let rows = self
                    .comments
                    .iter()
                    .filter(move |row| row.comment_id == subject);
                Box::new(rows.map(|row| &row.counts))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Returns the number of archive rows in the reply: distinct entities, plus all edges and list entries.
    ///
    /// What is read from texts and reposts does not count: the ledger of older archives has the number without them.
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
