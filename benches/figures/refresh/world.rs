//! Seeded worlds: lists that grow, and posts whose counters grow.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Length of a run: 120 days.
pub const HOURS: f64 = 120.0 * 24.0;
/// Delays and errors count from here on: at the begin everything has just been seen.
pub const MEASURED_FROM: f64 = 20.0 * 24.0;
/// Mid-run, when a tenth of the lists get another rate.
pub const CHANGE: f64 = HOURS / 2.0;
/// Most items of a page.
pub const PAGE: u32 = 30;

const LISTS: usize = 1_000;
/// Rates are log-normal: the mean is four times the median, and one list in a hundred has 48 times the median.
const MEDIAN_PER_HOUR: f64 = 0.3 / 24.0;
const SPREAD: f64 = 1.66;
/// No list is older than this at the begin.
const PAST_HOURS: f64 = 730.0 * 24.0;

const POSTS: usize = 2_400;
/// The list page that shows a new post is bought within this time.
const FOUND_HOURS: f64 = 24.0;

/// A list that grows at its head. Times are hours since the begin.
pub struct List {
    /// Items per hour before and after mid-run.
    pub per_hour: [f64; 2],
    /// When its items appeared, the oldest first. The first page at the begin is among them.
    pub items: Vec<f64>,
}

impl List {
    pub fn rate_at(&self, hour: f64) -> f64 {
        self.per_hour[usize::from(hour >= CHANGE)]
    }

    /// Returns how many items appeared until then.
    pub fn items_until(&self, hour: f64) -> usize {
        self.items.partition_point(|&item| item <= hour)
    }

    fn new(random: &mut Random, changes: bool) -> Self {
        let before = random.log_normal(MEDIAN_PER_HOUR, SPREAD);
        let after = match changes {
            true => random.log_normal(MEDIAN_PER_HOUR, SPREAD),
            false => before,
        };
        let mut items = Vec::new();
        let mut hour = -random.gap(before);
        for _ in 0..PAGE {
            if hour < -PAST_HOURS {
                break;
            }
            items.push(hour);
            hour -= random.gap(before);
        }
        items.reverse();
        for (per_hour, begin, end) in [(before, 0.0, CHANGE), (after, CHANGE, HOURS)] {
            let mut hour = begin + random.gap(per_hour);
            while hour < end {
                items.push(hour);
                hour += random.gap(per_hour);
            }
        }
        Self {
            per_hour: [before, after],
            items,
        }
    }
}

/// A post with a counter that grows fast at first: last · (1 − (1 + age ÷ scale)^−shape).
pub struct Post {
    pub born: f64,
    /// When the archive first has it.
    pub found: f64,
    last: f64,
    scale_hours: f64,
    shape: f64,
}

impl Post {
    pub fn count_at(&self, hour: f64) -> u64 {
        let age = (hour - self.born).max(0.0);
        let share = 1.0 - (1.0 + age / self.scale_hours).powf(-self.shape);
        (self.last * share) as u64
    }

    fn new(random: &mut Random) -> Self {
        let born = random.unit() * HOURS;
        Self {
            born,
            found: born + random.unit() * FOUND_HOURS,
            last: random.log_normal(300.0, 2.0),
            scale_hours: random.log_normal(48.0, 0.8),
            shape: 0.5 + random.unit(),
        }
    }
}

/// Returns lists, a tenth of which change.
pub fn lists(seed: u64) -> Vec<List> {
    let mut random = Random(StdRng::seed_from_u64(seed));
    let list = |at| List::new(&mut random, at % 10 == 0);
    (0..LISTS).map(list).collect()
}

/// Returns posts that appear during the whole run.
pub fn posts(seed: u64) -> Vec<Post> {
    let mut random = Random(StdRng::seed_from_u64(seed));
    (0..POSTS).map(|_| Post::new(&mut random)).collect()
}

struct Random(StdRng);

impl Random {
    /// Returns a number from 0, which is excluded, to 1.
    fn unit(&mut self) -> f64 {
        1.0 - self.0.random::<f64>()
    }

    fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        median * (spread * normal).exp()
    }

    /// Returns the time until the next event of a Poisson process.
    fn gap(&mut self, per_hour: f64) -> f64 {
        -self.unit().ln() / per_hour
    }
}
