//! Random draws: how many changes, and who makes them.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::sim::hash::{hash, unit};

/// Spread of the rates of users: the logarithm of a rate has this standard deviation. The top tenth then makes about
/// three quarters of everything.
const SPREAD: f64 = 2.0;

/// Draws a number with a Poisson distribution. A mean above 50 is rounded from a normal distribution.
pub(super) fn poisson(rng: &mut StdRng, mean: f64) -> u64 {
    if mean > 50.0 {
        let drawn = mean + mean.sqrt() * normal(rng.random(), rng.random());
        return drawn.round().max(0.0) as u64;
    }
    let (limit, mut count, mut product) = ((-mean).exp(), 0, rng.random::<f64>());
    while product > limit {
        count += 1;
        product *= rng.random::<f64>();
    }
    count
}

fn normal(one: f64, other: f64) -> f64 {
    (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * other).cos()
}

/// How likely each of some users is to do something, with a heavy tail.
#[derive(Debug)]
pub(super) struct Weights {
    /// The sum of the weights up to each user.
    sums: Vec<f64>,
}

impl Weights {
    /// Derives a weight from the hash of each user.
    pub(super) fn new(hashes: impl Iterator<Item = u64>) -> Self {
        let mut sum = 0.0;
        let sums = hashes.map(|it| {
            let other = hash(67, &[&it.to_string()]);
            sum += (SPREAD * normal(unit(it), unit(other))).exp();
            sum
        });
        Self {
            sums: sums.collect(),
        }
    }

    /// Draws a user; `None` if there are none.
    pub(super) fn pick(&self, rng: &mut StdRng) -> Option<usize> {
        let total = self.sums.last()?;
        let drawn = rng.random::<f64>() * total;
        let place = self.sums.partition_point(|sum| *sum <= drawn);
        Some(place.min(self.sums.len() - 1))
    }
}
