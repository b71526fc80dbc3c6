//! Posts, their parents, videos and casts.

use rand::RngExt;

use super::build::Builder;
use super::words::{CAPTIONS, EMOJI, TEXTS};
use super::{Attachment, NOW, Post};

const BASE32: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
const WEEKS_MICROS: i64 = 8 * 7 * 86_400 * 1_000_000;

impl Builder<'_> {
    pub(super) fn posts(&mut self) {
        let page = self.options.page_size_posts;
        let mut authors = Vec::new();
        for author in 0..self.options.users {
            let count = match author {
                0 | 7 if self.has_corner_cases() => 0,
                1 if self.has_corner_cases() => page,
                2 if self.has_corner_cases() => page + 1,
                3 if self.has_corner_cases() => page * 2 + 5,
                _ => self.about(self.options.posts),
            };
            for _ in 0..count {
                let posted = NOW * 1_000_000 - self.rng.random_range(1..WEEKS_MICROS);
                authors.push((posted, author));
            }
        }
        // Oldest first, so that a remix comes after its parent.
        authors.sort_unstable();
        for (posted_micros, author) in authors {
            let number = self.world.posts.len();
            let parent = self.parent(number, author);
            let root = parent.map(|it| self.world.posts[it].root.unwrap_or(it));
            let post = self.post(posted_micros, author, parent, root);
            self.world.posts.push(post);
            self.world.people[author].posts.push(number);
            if let Some(parent) = parent {
                self.world.posts[parent].remixes.push(number);
            }
        }
        for person in &mut self.world.people {
            person.posts.reverse();
        }
    }

    /// Draws the parent of a remix: often the first post, sometimes a post of the same author, else any older post.
    pub(super) fn parent(&mut self, number: usize, author: usize) -> Option<usize> {
        let chance = self.options.remixes.min(100) as f64 / 100.0;
        if number == 0 || !self.rng.random_bool(chance) {
            return None;
        }
        let own = self.world.people[author].posts.last().copied();
        match self.rng.random_range(0..10) {
            0..4 => Some(0),
            4..6 => own.or(Some(0)),
            _ => Some(self.rng.random_range(0..number)),
        }
    }

    pub(super) fn post(
        &mut self,
        posted_micros: i64,
        author: usize,
        parent: Option<usize>,
        root: Option<usize>,
    ) -> Post {
        let id = format!("s_{}", self.hex(32));
        let text = self.pick(TEXTS, 12);
        let caption = self.pick(CAPTIONS, 2);
        let emoji = EMOJI[self.rng.random_range(0..EMOJI.len())];
        let like_count = self.rng.random_range(0_u64..50_000) / self.rng.random_range(1..500);
        let view_count = match self.rng.random_range(0..40) {
            0 => 5_000_000_000 + like_count,
            _ => like_count * self.rng.random_range(1..60),
        };
        let videos = match self.rng.random_range(0..20) {
            _ if self.options.exact => 1,
            0 => 2,
            1 => 0,
            _ => 1,
        };
        let attachments = (0..videos).map(|n| self.attachment(&id, n)).collect();
        Post {
            id,
            author,
            text,
            caption,
            emoji,
            posted_micros,
            like_count,
            view_count,
            parent,
            root,
            attachments,
            ..Post::default()
        }
    }

    fn attachment(&mut self, post_id: &str, number: usize) -> Attachment {
        let digits = self.hex(32);
        let (a, b, c, d, e) = (
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        );
        let (width, height) = [(352, 640), (640, 352), (720, 1280)][self.rng.random_range(0..3)];
        Attachment {
            id: format!("{post_id}-attachment-{number}"),
            generation_id: format!("gen_01k{}", self.letters(BASE32, 23)),
            task_id: format!("task_01k{}", self.letters(BASE32, 23)),
            file_id: format!("{a}-{b}-{c}-{d}-{e}"),
            width,
            height,
            frames: [150, 300, 450][self.rng.random_range(0..3)],
            is_old: self.rng.random_bool(0.15),
            signed_at: NOW,
        }
    }

    /// Draws the casts. Unless sizes are exact, each character appears at least once: otherwise no reply shows it.
    pub(super) fn casts(&mut self) {
        let total = self.world.posts.len();
        if total == 0 {
            return;
        }
        let (users, page) = (self.options.users, self.options.page_size_appearances);
        let characters = users + self.options.audience..self.world.people.len();
        for person in (0..users).chain(characters) {
            let wanted = match person {
                0 if self.has_corner_cases() => 0,
                8 if self.has_corner_cases() => page,
                9 if self.has_corner_cases() => page + 1,
                _ if person >= users && !self.options.exact => {
                    self.about(self.options.appearances).max(1)
                }
                _ => self.about(self.options.appearances),
            };
            let mut posts = self.distinct(wanted, total);
            posts.sort_unstable_by(|a, b| b.cmp(a));
            for post in &posts {
                self.world.posts[*post].cast.push(person);
            }
            self.world.people[person].appearances = posts;
        }
    }
}
