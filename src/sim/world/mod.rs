//! The simulated world: people, posts, comments and follows.
//!
//! It depends only on a seed and sizes, and never changes while it is served, unless it grows: then a world is the state
//! at one time ([`growth`]). People are numbered in four groups: *seed users*, then the *audience*, who only follow, then
//! *characters* (`ch_…`), then people who joined later, as audience. A character belongs to a seed user and only appears
//! in posts.

mod build;
mod counted;
mod growth;
mod people;
mod posts;
mod private;
mod ranks;
mod removed;
mod texts;
mod threads;
mod words;

use std::collections::HashMap;

pub use counted::counted;
pub use growth::{Change, Event};
pub(super) use growth::{Growth, moment_of};
pub(super) use private::Refusal;

use super::endpoint::Endpoint;
use super::links::Links;

/// The time of the world when the simulator starts, in Unix seconds. A world that does not grow is frozen at it. The content
/// of a world never depends on the real time.
pub(super) const NOW: i64 = 1_763_000_000;

/// A user, a follower without posts, or a character.
#[derive(Debug, Clone, Default)]
pub struct Person {
    pub id: String,
    pub username: String,
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub verified: bool,
    pub created_micros: i64,
    /// The owner of a character; `None` for other people.
    pub owner: Option<usize>,
    pub characters: Vec<usize>,
    /// Newest first.
    pub posts: Vec<usize>,
    pub followers: Vec<usize>,
    pub following: Vec<usize>,
    /// Posts in whose cast the person is.
    pub appearances: Vec<usize>,
    pub comments_made: usize,
    pub likes_received: u64,
    pub remixes_received: usize,
    pub banned_micros: Option<i64>,
    /// The post that stands first in the list of the person's posts.
    pub pinned: Option<usize>,
    /// Whether a seed user hides their posts and lists.
    pub is_private: bool,
    /// Whether the person has left: the remote answers 404.
    pub is_gone: bool,
}

/// What a text refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// `facet`, `token`, `name`, `hashtag` or `url`.
    pub kind: &'static str,
    pub value: String,
    /// The user of a facet or token.
    pub person: Option<usize>,
}

/// A video post.
#[derive(Debug, Clone, Default)]
pub struct Post {
    pub id: String,
    pub author: usize,
    pub text: Option<String>,
    pub said: Vec<Said>,
    pub reposter: Option<usize>,
    pub repost_of: Option<usize>,
    pub caption: Option<String>,
    pub emoji: Option<&'static str>,
    pub posted_micros: i64,
    pub like_count: u64,
    pub view_count: u64,
    pub parent: Option<usize>,
    pub root: Option<usize>,
    pub remixes: Vec<usize>,
    pub cast: Vec<usize>,
    /// First-level comments.
    pub comments: Vec<usize>,
    /// Comments and replies at every depth.
    pub thread_size: usize,
    pub attachments: Vec<Attachment>,
    pub tombstoned_micros: Option<i64>,
    /// Whether the post itself was deleted and is in no list any more.
    pub is_gone: bool,
    /// Whether no reply shows the post: it was deleted, or its author has left or is private.
    pub is_hidden: bool,
}

/// A comment on a post, or a reply to a comment.
#[derive(Debug, Clone, Default)]
pub struct Comment {
    pub id: String,
    pub post: usize,
    pub parent: Option<usize>,
    /// 0 for a comment on the post itself.
    pub depth: usize,
    pub author: usize,
    pub text: Option<String>,
    pub said: Vec<Said>,
    pub posted_micros: i64,
    pub like_count: u64,
    pub replies: Vec<usize>,
    /// Replies at every depth.
    pub thread_size: usize,
    pub tombstoned_micros: Option<i64>,
    pub is_gone: bool,
    /// Whether no reply shows the comment: it, its post, its author or a comment above it is gone or hidden.
    pub is_hidden: bool,
}

/// One video file.
#[derive(Debug, Clone, Default)]
pub struct Attachment {
    pub id: String,
    pub generation_id: String,
    pub task_id: String,
    /// Name of the stored file, a part of its URLs.
    pub file_id: String,
    pub width: u64,
    pub height: u64,
    pub frames: u64,
    /// Whether the file has the older format: other paths, fewer encodings, no durations.
    pub is_old: bool,
    /// When its URLs are signed, in Unix seconds.
    pub signed_at: i64,
}

/// The object that an id identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Person(usize),
    Post(usize),
    Comment(usize),
}

/// The items of a list, in the remote's order.
#[derive(Debug, Clone, Copy)]
pub enum Items<'w> {
    People(&'w [usize]),
    Posts(&'w [usize]),
    Comments(&'w [usize]),
}

/// All people, posts and comments.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub people: Vec<Person>,
    pub posts: Vec<Post>,
    pub comments: Vec<Comment>,
    /// Posts by rank.
    pub feed: Vec<usize>,
    /// Users by descending number of appearances.
    pub leaderboard: Vec<usize>,
    /// What has changed since the start, in order. Only the full state of a growing world has it.
    events: Vec<Event>,
    /// The time of this state, in Unix seconds.
    pub(super) now: i64,
    /// Where the files of the world are.
    pub(super) links: Links,
    seed_count: usize,
    by_id: HashMap<String, Thing>,
}

impl World {
    /// Returns the ids of all users who can post or comment. A complete crawl starts with their walks, not with those
    /// of the audience or the characters.
    #[must_use]
    pub fn seed_users(&self) -> Vec<String> {
        self.people[..self.seed_count]
            .iter()
            .map(|person| person.id.clone())
            .collect()
    }

    /// Returns the seconds between the start of the simulator and this state.
    pub(super) fn elapsed_seconds(&self) -> u64 {
        u64::try_from(self.now - NOW).unwrap_or(0)
    }

    pub(super) fn is_seed(&self, person: usize) -> bool {
        person < self.seed_count
    }

    #[must_use]
    pub fn find(&self, id: &str) -> Option<Thing> {
        self.by_id.get(id).copied()
    }

    pub(super) fn person(&self, id: &str) -> Option<usize> {
        match self.find(id) {
            Some(Thing::Person(person)) => Some(person),
            _ => None,
        }
    }

    pub(super) fn post(&self, id: &str) -> Option<usize> {
        match self.find(id) {
            Some(Thing::Post(post)) => Some(post),
            _ => None,
        }
    }

    pub(super) fn comment(&self, id: &str) -> Option<usize> {
        match self.find(id) {
            Some(Thing::Comment(comment)) => Some(comment),
            _ => None,
        }
    }

    /// Returns the whole list of a paged endpoint; `None` if the subject does not exist.
    #[must_use]
    pub fn items(&self, endpoint: Endpoint, subject: &str) -> Option<Items<'_>> {
        let of_person = |list: fn(&Person) -> &[usize]| {
            self.person(subject)
                .map(|person| list(&self.people[person]))
        };
        match endpoint {
            Endpoint::UserPosts => of_person(|person| &person.posts).map(Items::Posts),
            Endpoint::Appearances => of_person(|person| &person.appearances).map(Items::Posts),
            Endpoint::Followers => of_person(|person| &person.followers).map(Items::People),
            Endpoint::Following => of_person(|person| &person.following).map(Items::People),
            Endpoint::RemixList => self
                .post(subject)
                .map(|post| Items::Posts(&self.posts[post].remixes)),
            Endpoint::PostComments => self
                .post(subject)
                .map(|post| Items::Comments(&self.posts[post].comments)),
            Endpoint::CommentReplies => self
                .comment(subject)
                .map(|it| Items::Comments(&self.comments[it].replies)),
            Endpoint::Feed => Some(Items::Posts(&self.feed)),
            Endpoint::Leaderboard => Some(Items::People(&self.leaderboard)),
            _ => None,
        }
    }

    /// Returns the ids of the whole list of a paged endpoint; `None` if the subject does not exist.
    #[must_use]
    pub fn ids(&self, endpoint: Endpoint, subject: &str) -> Option<Vec<String>> {
        Some(match self.items(endpoint, subject)? {
            Items::People(list) => list.iter().map(|it| self.people[*it].id.clone()).collect(),
            Items::Posts(list) => list.iter().map(|it| self.posts[*it].id.clone()).collect(),
            Items::Comments(list) => list
                .iter()
                .map(|it| self.comments[*it].id.clone())
                .collect(),
        })
    }

    /// Returns the people whose username contains `text`, ignoring case.
    #[must_use]
    pub fn search(&self, text: &str) -> Vec<usize> {
        let wanted = text.to_lowercase();
        let hit = |person: &usize| {
            let it = &self.people[*person];
            !it.is_gone && it.username.to_lowercase().contains(&wanted)
        };
        (0..self.people.len()).filter(hit).collect()
    }
}

impl Items<'_> {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::People(list) | Self::Posts(list) | Self::Comments(list) => list.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
