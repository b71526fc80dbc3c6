//! The tables of edges, of what texts refer to, and of list entries: each column once, like those in `schema`.

use super::column::{COMMENT, Entry, POST, USER, call, first_call, integer, last_call, now, reference, text};
use super::table::Table;
use crate::model::{Appearance, Entity, Follow, Remix, Repost};

pub(super) static FOLLOWS: Table<Follow> = Table::new(
    "follows",
    &[
        reference("followed_id", USER, |row: &Follow| Some(&row.followed)).key().personal(),
        reference("follower_id", USER, |row: &Follow| Some(&row.follower)).key().personal(),
        first_call(),
        last_call(),
    ],
);

pub(super) static APPEARANCES: Table<Appearance> = Table::new(
    "appearances",
    &[
        reference("post_id", POST, |row: &Appearance| Some(&row.post_id)).key(),
        reference("user_id", USER, |row: &Appearance| Some(&row.user_id)).key().personal(),
        first_call(),
        last_call(),
    ],
);

pub(super) static REMIXES: Table<Remix> = Table::new(
    "remixes",
    &[
        reference("parent_post_id", POST, |row: &Remix| Some(&row.parent_post_id)).key(),
        reference("post_id", POST, |row: &Remix| Some(&row.post_id)).key(),
        first_call(),
        last_call(),
    ],
);

/// What texts refer to. A text that changes adds rows; none is taken away. The rows are written once, so the same text
/// costs nothing when it is seen again.
pub(super) static POST_ENTITIES: Table<Entity> = Table::new(
    "post_entities",
    &[
        reference("post_id", POST, |row: &Entity| Some(&row.id)).key(),
        text("kind", |row: &Entity| Some(row.kind.as_str())).key(),
        text("value", |row: &Entity| Some(&row.value)).key().words(),
        reference("user_id", USER, |row: &Entity| row.user_id.as_deref()).personal(),
        first_call(),
    ],
);

pub(super) static COMMENT_ENTITIES: Table<Entity> = Table::new(
    "comment_entities",
    &[
        reference("comment_id", COMMENT, |row: &Entity| Some(&row.id)).key(),
        text("kind", |row: &Entity| Some(row.kind.as_str())).key(),
        text("value", |row: &Entity| Some(&row.value)).key().words(),
        reference("user_id", USER, |row: &Entity| row.user_id.as_deref()).personal(),
        first_call(),
    ],
);

pub(super) static REPOSTS: Table<Repost> = Table::new(
    "reposts",
    &[
        reference("post_id", POST, |row: &Repost| Some(&row.post_id)).key(),
        text("role", |row: &Repost| Some(row.role.as_str())).key(),
        reference("user_id", USER, |row: &Repost| Some(&row.user_id)).key().personal(),
        first_call(),
    ],
);

/// Entries of lists: rows that one call showed at a position. They are written once and never merged.
pub(super) static FEED: Table<Entry> = Table::new(
    "feed_entries",
    &[
        call(),
        integer("position", |row: &Entry| Some(row.position)).key().ours(),
        integer("rank", |row: &Entry| Some(row.rank)).ours(),
        reference("post_id", POST, |row: &Entry| Some(&row.id)),
        now("observed_at"),
    ],
);

pub(super) static LEADERBOARD: Table<Entry> = Table::new(
    "leaderboard_entries",
    &[
        call(),
        integer("position", |row: &Entry| Some(row.position)).key().ours(),
        integer("rank", |row: &Entry| Some(row.rank)).ours(),
        reference("user_id", USER, |row: &Entry| Some(&row.id)).personal(),
        now("observed_at"),
    ],
);

pub(super) static SEARCH: Table<Entry> = Table::new(
    "search_results",
    &[
        call(),
        integer("position", |row: &Entry| Some(row.position)).key().ours(),
        text("query", |row: &Entry| Some(&row.query)).words(),
        reference("user_id", USER, |row: &Entry| Some(&row.id)).personal(),
        text("token", |row: &Entry| row.token.as_deref()).personal(),
        now("observed_at"),
    ],
);
