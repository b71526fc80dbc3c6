//! Changes of posts and comments.

use rand::RngExt;

use super::Event;
use super::draw::Weights;
use crate::sim::world::build::Builder;
use crate::sim::world::threads::DEEPEST;
use crate::sim::world::{Post, Thing};

impl Builder<'_> {
    pub(super) fn note(&mut self, at: i64, kind: &'static str, id: &str, other: Option<&str>) {
        self.world.events.push(Event {
            at_micros: at,
            kind,
            id: id.to_owned(),
            other: other.map(str::to_owned),
        });
    }

    pub(super) fn new_post(&mut self, at: i64, posting: &Weights) {
        let Some(author) = posting.pick(&mut self.rng) else {
            return;
        };
        if self.world.people[author].is_gone {
            return;
        }
        let number = self.world.posts.len();
        let parent = self
            .parent(number, author)
            .filter(|it| !self.is_away(&self.world.posts[*it]));
        let root = parent.map(|it| self.world.posts[it].root.unwrap_or(it));
        let post = self.post(at, author, parent, root);
        let id = post.id.clone();
        self.world.posts.push(post);
        self.world.by_id.insert(id.clone(), Thing::Post(number));
        self.world.people[author].posts.insert(0, number);
        if let Some(parent) = parent {
            self.world.posts[parent].remixes.push(number);
        }
        if self.options.appearances > 0 {
            let count = self.rng.random_range(0..3);
            for person in self.distinct(count, self.world.seed_count) {
                self.world.posts[number].cast.push(person);
                self.world.people[person].appearances.insert(0, number);
            }
        }
        self.world.refer_post(number);
        self.note(at, "post", &id, None);
    }

    fn is_away(&self, post: &Post) -> bool {
        let author = &self.world.people[post.author];
        post.is_gone || author.is_gone || author.is_private
    }

    /// Adds a comment, mostly to one of the newest posts.
    pub(super) fn new_comment(&mut self, at: i64) {
        let speakers = self.speakers();
        let posts = self.world.posts.len();
        if speakers.is_empty() || posts == 0 {
            return;
        }
        let back = posts as f64 * self.rng.random::<f64>().powi(3);
        let post = posts - 1 - (back as usize).min(posts - 1);
        if self.is_away(&self.world.posts[post]) {
            return;
        }
        let parent = self.answered(post);
        let comment = self.comment(post, parent, &speakers);
        self.world.comments[comment].posted_micros = at;
        let id = self.world.comments[comment].id.clone();
        self.world.by_id.insert(id.clone(), Thing::Comment(comment));
        self.world.refer_comment(comment);
        self.note(at, "comment", &id, None);
    }

    /// Draws the comment that a new comment answers: none for two of three.
    fn answered(&mut self, post: usize) -> Option<usize> {
        let above = &self.world.posts[post].comments;
        if above.is_empty() || !self.rng.random_ratio(1, 3) {
            return None;
        }
        let mut at = above[self.rng.random_range(0..above.len())];
        loop {
            let it = &self.world.comments[at];
            if it.is_gone || it.depth == DEEPEST {
                return None;
            }
            if it.replies.is_empty() || self.rng.random_bool(0.7) {
                return Some(at);
            }
            at = it.replies[self.rng.random_range(0..it.replies.len())];
        }
    }

    /// Deletes a post or a comment. One of four stays in its lists, with the time of the deletion.
    pub(super) fn delete(&mut self, at: i64) {
        let stays = self.rng.random_ratio(1, 4);
        let kind = if stays { "tombstone" } else { "delete" };
        let (posts, comments) = (self.world.posts.len(), self.world.comments.len());
        let is_post = comments == 0 || self.rng.random_bool(0.5);
        let most = if is_post { posts } else { comments };
        if most == 0 {
            return;
        }
        let number = self.rng.random_range(0..most);
        let (id, is_gone, tombstone) = if is_post {
            let it = &mut self.world.posts[number];
            (&it.id, &mut it.is_gone, &mut it.tombstoned_micros)
        } else {
            let it = &mut self.world.comments[number];
            (&it.id, &mut it.is_gone, &mut it.tombstoned_micros)
        };
        if *is_gone || tombstone.is_some() {
            return;
        }
        if stays {
            *tombstone = Some(at);
        } else {
            *is_gone = true;
        }
        let id = id.clone();
        self.note(at, kind, &id, None);
    }

    /// Pins an old post of a user, or unpins it.
    pub(super) fn switch_pin(&mut self, at: i64) {
        let Some(number) = self.seed_user() else {
            return;
        };
        let person = &self.world.people[number];
        let id = person.id.clone();
        if let Some(post) = person.pinned {
            let post = self.world.posts[post].id.clone();
            self.world.people[number].pinned = None;
            self.note(at, "unpin", &id, Some(&post));
            return;
        }
        let posts = &person.posts;
        if posts.len() < 3 {
            return;
        }
        let post = posts[self.rng.random_range(posts.len() / 2..posts.len())];
        if self.world.posts[post].is_gone {
            return;
        }
        let other = self.world.posts[post].id.clone();
        self.world.people[number].pinned = Some(post);
        self.note(at, "pin", &id, Some(&other));
    }
}
