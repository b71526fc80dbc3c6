//! Makes a world from a seed and sizes, in a fixed order of draws.

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Thing, World};
use crate::sim::options::Options;

/// What is being built, and the only source of chance.
pub(super) struct Builder<'o> {
    pub(super) rng: StdRng,
    pub(super) options: &'o Options,
    pub(super) world: World,
}

impl World {
    /// The same options always give the same world.
    #[must_use]
    pub fn build(options: &Options) -> Self {
        let mut builder = Builder {
            rng: StdRng::seed_from_u64(options.seed),
            options,
            world: Self {
                seed_count: options.users,
                ..Self::default()
            },
        };
        builder.people();
        builder.follows();
        builder.posts();
        builder.casts();
        builder.threads();
        builder.finish()
    }
}

impl Builder<'_> {
    /// A size about the wanted one; exactly it where sizes are exact. Half of the small sizes are nothing at
    /// all, because most lists of the real remote are empty.
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

    /// Whether this world has lists of deliberate lengths (exactly a page, one more, …).
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

    /// `count` different numbers below `limit`, or all there are.
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

    /// Ranks, sums and the index of ids.
    fn finish(mut self) -> World {
        let world = &mut self.world;
        for post in &world.posts {
            let author = &mut world.people[post.author];
            author.likes_received += post.like_count;
            author.remixes_received += post.remixes.len();
        }
        for comment in &world.comments {
            world.people[comment.author].comments_made += 1;
        }
        world.feed = (0..world.posts.len()).collect();
        let posts = &world.posts;
        world
            .feed
            .sort_by_key(|post| (std::cmp::Reverse(posts[*post].view_count), *post));
        world.feed.truncate(self.options.feed);
        let people = &world.people;
        world.leaderboard = (0..world.seed_count)
            .filter(|it| !people[*it].appearances.is_empty())
            .collect();
        world.leaderboard.sort_by_key(|person| {
            (
                std::cmp::Reverse(people[*person].appearances.len()),
                *person,
            )
        });
        world.leaderboard.truncate(self.options.leaderboard);
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
