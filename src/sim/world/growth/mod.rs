//! Growth: what happens in a world while time passes.
//!
//! Time passes in steps of [`STEP_SECONDS`]. The changes of a step are drawn from the seed, the number of the step and the
//! state before it. So the state at a time depends only on the options and the time, and can be computed again.
//!
//! The full state forgets nothing but edges that ended. [`visible`] makes from it the world that the remote shows.

mod change;
mod counts;
mod draw;
mod people;
mod things;
mod visible;

use std::sync::Arc;
use std::time::Duration;

pub use change::{Change, Event};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::draw::{Weights, poisson};
use super::build::Builder;
use super::{NOW, World};
use crate::sim::hash::hash;
use crate::sim::options::Options;

/// The length of a step.
const STEP_SECONDS: u64 = 600;
const STEP_MICROS: i64 = 600_000_000;
const DAY_STEPS: f64 = 144.0;

/// Returns the last step that is over at this time after the start.
pub(in crate::sim) fn moment_of(elapsed: Duration) -> u64 {
    elapsed.as_secs() / STEP_SECONDS
}

/// A growing world.
#[derive(Debug)]
pub(in crate::sim) struct Growth {
    options: Options,
    full: World,
    /// How much each seed user posts, and how much each is followed.
    posting: Weights,
    followed: Weights,
    /// Names that nobody has any more.
    free_names: Vec<String>,
    /// Steps that have happened.
    moment: u64,
    shown: Arc<World>,
}

impl Growth {
    pub(in crate::sim) fn new(options: &Options, base: &Arc<World>) -> Self {
        let seeds = &base.people[..base.seed_count];
        Self {
            options: options.clone(),
            full: World::clone(base),
            posting: Weights::new(seeds.iter().map(|it| hash(53, &[&it.id]))),
            followed: Weights::new(seeds.iter().map(|it| hash(59, &[&it.id]))),
            free_names: Vec::new(),
            moment: 0,
            shown: Arc::clone(base),
        }
    }

    /// Returns the world at a moment that is not before the last one.
    pub(in crate::sim) fn at(&mut self, moment: u64) -> Arc<World> {
        if moment > self.moment {
            while self.moment < moment {
                self.step();
            }
            // They are many, and nothing that is shown needs them.
            let events = std::mem::take(&mut self.full.events);
            self.shown = Arc::new(visible::world(&self.full, &self.options));
            self.full.events = events;
        }
        Arc::clone(&self.shown)
    }

    /// Returns what has changed up to the last moment, in order.
    pub(in crate::sim) fn events(&self) -> &[Event] {
        &self.full.events
    }

    /// Lets the changes of one step happen, in the order of their times.
    fn step(&mut self) {
        let (seed, step) = (self.options.seed.to_string(), self.moment.to_string());
        let mut rng = StdRng::seed_from_u64(hash(61, &[&seed, &step]));
        let seeds = self.full.seed_count as f64;
        let mut drawn = Vec::new();
        for change in self.options.growth_kinds.iter().copied() {
            let mean = self.options.growth * change.per_day() * seeds / DAY_STEPS;
            for _ in 0..poisson(&mut rng, mean) {
                drawn.push((rng.random_range(0..STEP_MICROS), change));
            }
        }
        drawn.sort_unstable();
        let begin = self.full.now * 1_000_000;
        let mut builder = Builder {
            rng,
            options: &self.options,
            world: std::mem::take(&mut self.full),
        };
        for (after, change) in drawn {
            let at = begin + after;
            match change {
                Change::Posts => builder.new_post(at, &self.posting),
                Change::Comments => builder.new_comment(at),
                Change::Joins => builder.join(at, &self.followed),
                Change::Follows => builder.new_follow(at, &self.followed),
                Change::Unfollows => builder.unfollow(at),
                Change::Deletions => builder.delete(at),
                Change::Bans => builder.ban(at),
                Change::Privacy => builder.switch_privacy(at),
                Change::Renames => builder.rename(at, &mut self.free_names),
                Change::Pins => builder.switch_pin(at),
                Change::Reordering => {}
            }
        }
        self.full = builder.world;
        self.moment += 1;
        self.full.now = NOW + i64::try_from(self.moment * STEP_SECONDS).unwrap_or(0);
    }
}
