//! How stale the archive is, and what less of it would cost.

use super::candidate::{Candidate, dollars};
use crate::model::MicroUsd;

/// The staleness of all lists together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Staleness {
    /// Time since the oldest last look.
    pub oldest_hours: f64,
    /// Items that are expected to be unseen now.
    pub unseen_items: f64,
    /// The least dollars that would halve them at once.
    pub halving: MicroUsd,
}

/// Returns how stale these lists are.
///
/// The calls that would halve the unseen items are those with the most of them per dollar.
#[must_use]
pub fn staleness<'a>(candidates: impl Iterator<Item = &'a Candidate> + Clone) -> Staleness {
    let mut calls: Vec<(f64, MicroUsd)> = candidates
        .clone()
        .map(|candidate| (candidate.unseen_items(), candidate.cost()))
        .collect();
    let unseen_items: f64 = calls.iter().map(|(items, _)| items).sum();
    let per_dollar = |(items, cost): &(f64, MicroUsd)| items / dollars((*cost).max(MicroUsd(1)));
    calls.sort_by(|a, b| per_dollar(b).total_cmp(&per_dollar(a)).then(a.1.cmp(&b.1)));
    let (mut seen, mut halving) = (0.0, MicroUsd(0));
    for (items, cost) in calls {
        if seen >= unseen_items / 2.0 {
            break;
        }
        seen += items;
        halving = MicroUsd(halving.0.saturating_add(cost.0));
    }
    let ages = candidates.map(|candidate| candidate.unseen_hours);
    Staleness {
        oldest_hours: ages.fold(0.0, f64::max),
        unseen_items,
        halving,
    }
}

#[cfg(test)]
mod tests {
    use super::{Candidate, MicroUsd, Staleness, staleness};
    use crate::crawl::refresh::candidate::Change;

    fn list(items: f64, unseen_hours: f64) -> Candidate {
        Candidate {
            id: 0,
            noun: "posts",
            price: MicroUsd(50_000),
            page_size: 1_000,
            unseen_hours,
            change: Change::Head {
                per_hour: items / unseen_hours,
            },
            counters: Vec::new(),
        }
    }

    #[test]
    fn nothing_is_not_stale() {
        assert_eq!(staleness([].iter()), Staleness::default());
        assert_eq!(staleness([list(0.0, 5.0)].iter()).halving, MicroUsd(0));
    }

    #[test]
    fn the_lists_with_the_most_unseen_items_per_dollar_halve_them() {
        let mut lists = vec![list(10.0, 30.0), list(25.0, 10.0), list(30.0, 5.0)];
        let stale = staleness(lists.iter());
        assert_eq!(
            (stale.oldest_hours, stale.halving),
            (30.0, MicroUsd(100_000))
        );
        assert!((stale.unseen_items - 65.0).abs() < 1e-9);
        // 60 in one list that costs ten times as much are the last choice.
        lists.push(Candidate {
            price: MicroUsd(500_000),
            ..list(60.0, 1.0)
        });
        assert_eq!(staleness(lists.iter()).halving, MicroUsd(150_000));
    }
}
