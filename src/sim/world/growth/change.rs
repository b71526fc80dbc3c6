//! The kinds of change, how often they happen, and the record of each change.

use clap::ValueEnum;
use serde::Serialize;

/// One kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Change {
    /// New posts at the head of their author's list. A few authors make most of them.
    Posts,
    /// New comments and replies at the tail of their list.
    Comments,
    /// New users, who follow others.
    Joins,
    /// New follows at the head of both lists.
    Follows,
    Unfollows,
    /// Posts and comments that disappear; one of four stays, with `tombstoned_at`.
    Deletions,
    /// Users who are banned: half of them stay, with `banned_at`; the others disappear with all they made.
    Bans,
    /// Users who hide their posts and lists, or show them again.
    Privacy,
    /// New names. Some are names that others gave up.
    Renames,
    /// Old posts at the head of their author's list.
    Pins,
    /// Neighbours among the first posts of a list that change places for a day.
    Reordering,
}

impl Change {
    /// How often it happens on a day, for each seed user, at a growth of 1.
    pub(super) fn per_day(self) -> f64 {
        match self {
            Self::Posts => 1.0,
            Self::Comments => 2.0,
            Self::Joins => 0.3,
            Self::Follows => 3.0,
            Self::Unfollows => 1.0,
            Self::Deletions => 0.2,
            Self::Bans => 0.02,
            Self::Privacy => 0.02,
            Self::Renames => 0.05,
            Self::Pins => 0.05,
            Self::Reordering => 0.0,
        }
    }
}

/// One change that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Unix time in microseconds.
    pub at_micros: i64,
    /// `post`, `comment`, `join`, `follow`, `unfollow`, `delete`, `tombstone`, `leave`, `ban`, `private`, `public`, `rename`,
    /// `pin` or `unpin`.
    pub kind: &'static str,
    /// The user, post or comment that changed; the follower of an edge.
    pub id: String,
    /// The followed user, the new name, or the pinned post.
    pub other: Option<String>,
}
