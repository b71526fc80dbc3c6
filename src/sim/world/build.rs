//! Builds a world from a seed and sizes. The order of random draws is fixed.

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::removed::removed_micros;
use super::{NOW, Thing, World};
use crate::sim::options::Options;

/// The world under construction and its only random generator.
pub(super) struct Builder<'o> {
    pub(super) rng: StdRng,
    pub(super) options: &'o Options,
    pub(super) world: World,
}

impl World {
    /// Builds the world. Equal options always build equal worlds.
    #[must_use]
    pub fn build(options: &Options) -> Self {
        let mut builder = Builder {
            rng: StdRng::seed_from_u64(options.seed),
            options,
            world: Self {
                seed_count: options.users,
                now: NOW,
                ..Self::default()
            },
        };
        builder.people();
        builder.follows();
        builder.posts();
        builder.casts();
        builder.threads();
        builder.world.refer();
        builder.finish()
    }
}

impl Builder<'_> {
    /// Draws a size with the given mean, or returns the mean if sizes are exact. Two sizes in five are 0, because most
    /// lists of the real remote are empty.
    pub(super) fn about(&mut self, mean: usize) -> usize {
        if self.options.exact || mean == 0 {
            return mean;
        }
        if self.rng.random_bool(0.4) {
            return 0;
        }
        let most = mean * 10 / 3;
        self.rng.random_range(1..=most.max(1))
    }

    /// Returns whether this world has lists of corner-case lengths (exactly one page, one item more, …).
    pub(super) fn has_corner_cases(&self) -> bool {
        !self.options.exact && self.options.users >= 12
    }

    pub(super) fn letters(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count)
            .map(|_| char::from(alphabet[self.rng.random_range(0..alphabet.len())]))
            .collect()
    }

    pub(super) fn hex(&mut self, count: usize) -> String {
        self.letters(b"0123456789abcdef", count)
    }

    /// Draws `count` distinct numbers below `limit`, or all numbers below `limit` if `count` is larger.
    pub(super) fn distinct(&mut self, count: usize, limit: usize) -> Vec<usize> {
        let count = count.min(limit);
        let mut seen = HashSet::with_capacity(count);
        let mut chosen = Vec::with_capacity(count);
        if count * 2 > limit {
            let mut all: Vec<usize> = (0..limit).collect();
            for place in 0..count {
                let other = self.rng.random_range(place..limit);
                all.swap(place, other);
            }
            all.truncate(count);
            return all;
        }
        while chosen.len() < count {
            let candidate = self.rng.random_range(0..limit);
            if seen.insert(candidate) {
                chosen.push(candidate);
            }
        }
        chosen
    }

    /// Computes removals, ranks, sums and the index of ids.
    fn finish(mut self) -> World {
        let world = &mut self.world;
        for person in &mut world.people {
            person.banned_micros = removed_micros(&person.id, person.created_micros);
        }
        for post in &mut world.posts {
            post.tombstoned_micros = removed_micros(&post.id, post.posted_micros);
        }
        for comment in &mut world.comments {
            comment.tombstoned_micros = removed_micros(&comment.id, comment.posted_micros);
        }
        world.rank(self.options);
        let people = world
            .people
            .iter()
            .enumerate()
            .map(|(n, it)| (&it.id, Thing::Person(n)));
        let posts = world
            .posts
            .iter()
            .enumerate()
            .map(|(n, it)| (&it.id, Thing::Post(n)));
        let comments = world
            .comments
            .iter()
            .enumerate()
            .map(|(n, it)| (&it.id, Thing::Comment(n)));
        world.by_id = people
            .chain(posts)
            .chain(comments)
            .map(|(id, thing)| (id.clone(), thing))
            .collect();
        self.world
    }
}
