//! The order in which a simple policy buys.

/// Returns the positions with the greatest keys, at most so many. Positions without a key are skipped.
pub fn greatest(positions: usize, most: usize, key: &dyn Fn(usize) -> Option<f64>) -> Vec<usize> {
    let mut keyed: Vec<(f64, usize)> = (0..positions)
        .filter_map(|at| Some((key(at)?, at)))
        .collect();
    keyed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    keyed.truncate(most);
    keyed.into_iter().map(|(_, at)| at).collect()
}
