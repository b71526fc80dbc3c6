//! What one look at a list showed.

/// Seconds of an hour.
const HOUR: f64 = 3_600.0;

/// One pass over the head of a list, or a part of what the dates on its first page tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// End of the span, in seconds since 1970.
    pub at: f64,
    /// Time that the look covers: since the look before.
    pub span_hours: f64,
    /// Items of the list that appeared in that time.
    pub new_items: u32,
}

impl Look {
    /// Returns the looks of passes at these times, in seconds since 1970, with the number of new items of each.
    ///
    /// The first pass covers no known time, so it is no look: see [`looks_of_dates`].
    #[must_use]
    pub fn of_passes(passes: &[(f64, u32)]) -> Vec<Self> {
        let mut passes = passes.to_vec();
        passes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let pairs = passes.windows(2);
        pairs
            .map(|pair| Self::between(pair[0].0, pair[1].0, pair[1].1))
            .collect()
    }

    fn between(from: f64, to: f64, new_items: u32) -> Self {
        Self {
            at: to,
            span_hours: ((to - from) / HOUR).max(0.0),
            new_items,
        }
    }
}

/// Returns what the dates of the items on a first page tell: two looks, of its older and of its newer half.
///
/// The dates are in the order of the page, in seconds since 1970. So a list has a rate after its first page, without a second
/// call. Items before the newest one are pinned, and do not count. The oldest item only begins the first span.
#[must_use]
pub fn looks_of_dates(dates: &[f64], now: f64) -> Vec<Look> {
    let by_date = |a: &(usize, &f64), b: &(usize, &f64)| a.1.total_cmp(b.1).then(b.0.cmp(&a.0));
    let Some((newest, _)) = dates.iter().enumerate().max_by(by_date) else {
        return Vec::new();
    };
    let mut dates: Vec<f64> = dates[newest..].to_vec();
    dates.sort_by(f64::total_cmp);
    let middle = dates.len() / 2;
    let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
    let (oldest, split) = (dates[0], dates[middle]);
    let newer = Look::between(split, now, count(dates.len() - 1 - middle));
    match middle {
        0 => vec![newer],
        _ => vec![Look::between(oldest, split, count(middle)), newer],
    }
}

#[cfg(test)]
mod tests {
    use super::{HOUR, Look, looks_of_dates};

    #[test]
    fn the_dates_of_a_page_are_two_looks_that_count_each_item_but_the_oldest() {
        let dates: Vec<f64> = [90.0, 80.0, 60.0, 30.0, 10.0]
            .map(|hour| hour * HOUR)
            .to_vec();
        let looks = looks_of_dates(&dates, 100.0 * HOUR);
        let seen: Vec<(f64, u32)> = looks
            .iter()
            .map(|look| (look.span_hours, look.new_items))
            .collect();
        assert_eq!(seen, [(50.0, 2), (40.0, 2)]);
        assert_eq!(looks[1].at, 100.0 * HOUR);
    }

    #[test]
    fn pinned_items_do_not_stretch_the_span() {
        let dates: Vec<f64> = [-9_000.0, -20_000.0, 90.0, 60.0, 30.0]
            .map(|hour| hour * HOUR)
            .to_vec();
        let looks = looks_of_dates(&dates, 100.0 * HOUR);
        assert_eq!(looks.iter().map(|look| look.span_hours).sum::<f64>(), 70.0);
        assert_eq!(looks.iter().map(|look| look.new_items).sum::<u32>(), 2);
    }

    #[test]
    fn a_page_of_no_item_or_of_one_tells_little() {
        assert_eq!(looks_of_dates(&[], HOUR), []);
        let one = looks_of_dates(&[0.0], 5.0 * HOUR);
        assert_eq!((one[0].span_hours, one[0].new_items), (5.0, 0));
        assert_eq!(one.len(), 1);
        let future = looks_of_dates(&[9.0 * HOUR], 5.0 * HOUR);
        assert_eq!(future[0].span_hours, 0.0);
    }

    #[test]
    fn passes_become_spans_in_the_order_of_time() {
        let looks = Look::of_passes(&[(30.0 * HOUR, 7), (10.0 * HOUR, 30), (15.0 * HOUR, 2)]);
        let seen: Vec<(f64, u32)> = looks
            .iter()
            .map(|look| (look.span_hours, look.new_items))
            .collect();
        assert_eq!(seen, [(5.0, 2), (15.0, 7)]);
    }
}
