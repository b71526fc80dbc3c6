//! Comments, replies, and replies to replies.

use rand::RngExt;

use super::build::Builder;
use super::words::COMMENTS;
use super::{Comment, NOW};

/// Maximum depth of a thread; first-level comments have depth 0.
pub(super) const DEEPEST: usize = 4;

impl Builder<'_> {
    pub(super) fn threads(&mut self) {
        let speakers = self.speakers();
        if speakers.is_empty() {
            return;
        }
        let page = self.options.page_size_comments;
        for post in 0..self.world.posts.len() {
            let count = match post % 61 {
                5 if self.has_corner_cases() => page,
                11 if self.has_corner_cases() => page + 1,
                20 if self.has_corner_cases() => page * 2 + 5,
                _ => self.about(self.options.comments),
            };
            for _ in 0..count {
                let comment = self.comment(post, None, &speakers);
                self.replies(comment, &speakers);
            }
        }
    }

    /// Returns the users who appear in some list. In the flat shape a comment shows too little of its author to be the
    /// only source.
    pub(super) fn speakers(&self) -> Vec<usize> {
        let seen = |person: &usize| {
            let person = &self.world.people[*person];
            let lists = [&person.posts, &person.followers, &person.following];
            !person.is_gone && lists.iter().any(|list| !list.is_empty())
        };
        (0..self.options.users).filter(seen).collect()
    }

    fn replies(&mut self, comment: usize, speakers: &[usize]) {
        let page = self.options.page_size_comments;
        let (post, depth) = (
            self.world.comments[comment].post,
            self.world.comments[comment].depth,
        );
        let count = match comment % 83 {
            _ if depth == DEEPEST || self.options.exact && depth > 0 => 0,
            3 if self.has_corner_cases() && depth < 2 => page,
            7 if self.has_corner_cases() && depth < 2 => page + 2,
            15 if self.has_corner_cases() => self.options.nested_items,
            17 if self.has_corner_cases() => self.options.nested_items + 1,
            _ if depth > 0 => self.rng.random_range(0..8_usize).saturating_sub(6),
            _ => self.about(self.options.replies),
        };
        for _ in 0..count {
            let reply = self.comment(post, Some(comment), speakers);
            self.replies(reply, speakers);
        }
    }

    pub(super) fn comment(
        &mut self,
        post: usize,
        parent: Option<usize>,
        speakers: &[usize],
    ) -> usize {
        let number = self.world.comments.len();
        let after = match parent {
            Some(parent) => self.world.comments[parent].posted_micros,
            None => self.world.posts[post].posted_micros,
        };
        let comment = Comment {
            id: self.hex(32),
            post,
            parent,
            depth: parent.map_or(0, |it| self.world.comments[it].depth + 1),
            author: speakers[self.rng.random_range(0..speakers.len())],
            text: self.pick(COMMENTS, 30),
            posted_micros: (after + self.rng.random_range(1_000_000..9_000_000_000))
                .min(NOW * 1_000_000),
            like_count: self.rng.random_range(0..40) / self.rng.random_range(1..9),
            ..Comment::default()
        };
        self.world.comments.push(comment);
        match parent {
            Some(parent) => self.world.comments[parent].replies.push(number),
            None => self.world.posts[post].comments.push(number),
        }
        self.world.posts[post].thread_size += 1;
        let mut above = parent;
        while let Some(ancestor) = above {
            self.world.comments[ancestor].thread_size += 1;
            above = self.world.comments[ancestor].parent;
        }
        number
    }
}
