//! The list of a user's posts in a growing world.
//!
//! A page continues with what is older than the last post of the page before, so that new posts shift no page. Other lists
//! continue at an offset.

use std::cmp::Reverse;

use serde_json::Value;

use super::cursor::Cursor;
use super::endpoint::Endpoint;
use super::hash::hash;
use super::shape::Shaper;
use super::world::{Change, Items, World};

/// The first posts of a list, whose order can change.
const HEAD: usize = 4;

/// A user's posts by time.
pub(super) struct Timeline {
    /// The post that stands at the head of the first page only.
    pinned: Option<usize>,
    /// All other posts, newest first.
    rest: Vec<usize>,
    /// The times of `rest`, in microseconds.
    times: Vec<i64>,
}

impl Timeline {
    pub(super) fn list(&self) -> Items<'_> {
        Items::Posts(&self.rest)
    }

    pub(super) fn pinned(&self) -> Option<usize> {
        self.pinned
    }

    /// Returns whether a cursor's page is the first one.
    pub(super) fn is_head(&self, cursor: Option<&Cursor>) -> bool {
        cursor.is_none_or(|it| it.before.is_none())
    }

    /// Returns the place of the first post of a cursor's page, and the number of posts on it besides the pinned one.
    pub(super) fn place(&self, cursor: Option<&Cursor>, size: usize) -> (usize, usize) {
        match cursor.and_then(|it| it.before) {
            Some(before) => (self.times.partition_point(|it| *it >= before), size),
            None if self.pinned.is_some() => (0, (size - 1).max(1)),
            None => (0, size),
        }
    }

    /// Returns the time of the cursor whose page begins at a place; `None` at the head.
    pub(super) fn before(&self, offset: usize) -> Option<i64> {
        self.times.get(offset.checked_sub(1)?).copied()
    }
}

impl Shaper<'_> {
    /// Returns the list of a user's posts in a growing world; `None` for every other list.
    pub(super) fn timeline(&self, endpoint: Endpoint, subject: &str) -> Option<Timeline> {
        if endpoint != Endpoint::UserPosts || self.options.growth == 0.0 {
            return None;
        }
        let World { people, posts, .. } = self.world;
        let person = &people[self.world.person(subject)?];
        let pinned = person.pinned;
        let mut rest = person.posts.clone();
        rest.retain(|it| Some(*it) != pinned);
        rest.sort_by_key(|it| Reverse(posts[*it].posted_micros));
        let times = rest.iter().map(|it| posts[*it].posted_micros).collect();
        Some(Timeline {
            pinned,
            rest,
            times,
        })
    }

    /// Lets two neighbours among the first posts change places, on one of three days.
    pub(super) fn rearrange(&self, subject: &str, items: &mut [Value]) {
        let day = self.world.elapsed_seconds() / 86_400;
        let dice = hash(73, &[subject, &day.to_string()]) as usize;
        let place = dice / 3 % HEAD;
        if dice.is_multiple_of(3)
            && self.options.growth_kinds.contains(&Change::Reordering)
            && place + 1 < items.len()
        {
            items.swap(place, place + 1);
        }
    }
}
