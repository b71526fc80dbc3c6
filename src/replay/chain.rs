//! Which pass of a walk is replayed, and where it goes on after it met an older one. Pure.

use crate::model::ItemHash;
use crate::store::read::{ReplayPage, ReplayPass};

/// Returns the place of the pass to replay: the newest complete one that had ended at a time, else the newest one that had. Without
/// a time, a pass that goes on counts too, as the last choice. A pass of which no reply is stored is taken only if no other is left.
pub(super) fn choose(passes: &[ReplayPass], at: Option<f64>) -> Option<usize> {
    let had_ended = |pass: &ReplayPass| match at {
        Some(at) => pass.ended_at.is_some_and(|ended| ended <= at),
        None => true,
    };
    let find = |is_wanted: &dyn Fn(&ReplayPass) -> bool| {
        passes
            .iter()
            .position(|pass| had_ended(pass) && is_wanted(pass))
    };
    find(&|pass| pass.is_complete && pass.is_stored)
        .or_else(|| find(&|pass| pass.ended_at.is_some() && pass.is_stored))
        .or_else(|| find(&|pass| pass.is_stored))
        .or_else(|| find(&|_| true))
}

/// Returns a pass with the older ones that it met, and that those met, the nearest first.
pub(super) fn with_met(passes: &[ReplayPass], chosen: usize) -> Vec<ReplayPass> {
    let mut chain: Vec<ReplayPass> = passes.get(chosen).cloned().into_iter().collect();
    let mut at = 0;
    while let Some(pass) = chain.get(at).cloned() {
        let is_met = |it: &&ReplayPass| {
            it.joined_by_call_id
                .is_some_and(|call| (pass.first_call_id..=pass.last_call_id).contains(&call))
        };
        let met: Vec<ReplayPass> = passes
            .iter()
            .filter(is_met)
            .filter(|it| !chain.contains(it))
            .cloned()
            .collect();
        chain.extend(met);
        at += 1;
    }
    chain
}

/// Returns the page of an older pass with which the list goes on after a page that met it: the one that has the last item of that
/// page, or the next one if nothing comes after that item. `None` if it has nothing more.
pub(super) fn next_in(met_by: &ReplayPage, pages: &[ReplayPage]) -> Option<i64> {
    let items = |page: &ReplayPage| {
        ItemHash::default().read(page.item_hashes.as_deref().unwrap_or_default())
    };
    let last = items(met_by).last().copied();
    let place = pages
        .iter()
        .rposition(|page| last.is_some_and(|last| items(page).contains(&last)));
    let place = match place {
        Some(place) if items(pages.get(place)?).last().copied() == last => place + 1,
        Some(place) => place,
        None => 0,
    };
    pages.get(place).map(|page| page.id)
}

#[cfg(test)]
mod tests {
    use super::{choose, next_in, with_met};
    use crate::store::read::{ReplayPage, ReplayPass};

    fn pass(calls: (i64, i64), is_complete: bool, ended_at: Option<f64>) -> ReplayPass {
        ReplayPass {
            first_call_id: calls.0,
            last_call_id: calls.1,
            tail_cursor: None,
            joined_by_call_id: None,
            is_complete,
            ended_at,
            is_stored: true,
        }
    }

    #[test]
    fn the_newest_complete_pass_that_had_ended_is_replayed() {
        let passes = [
            pass((30, i64::MAX), false, None),
            pass((20, 29), true, Some(200.0)),
            pass((10, 19), false, Some(100.0)),
            pass((1, 9), true, Some(50.0)),
        ];
        assert_eq!(choose(&passes, None), Some(1));
        assert_eq!(choose(&passes, Some(200.0)), Some(1));
        assert_eq!(choose(&passes, Some(199.0)), Some(3));
        assert_eq!(choose(&passes[2..3], None), Some(0));
        assert_eq!(choose(&passes[..1], None), Some(0));
        assert_eq!(choose(&passes[..1], Some(900.0)), None);
        assert_eq!(choose(&passes, Some(49.0)), None);
    }

    #[test]
    fn a_pass_whose_replies_were_removed_is_replayed_only_if_no_other_is_left() {
        let removed = |pass| ReplayPass {
            is_stored: false,
            ..pass
        };
        let passes = [
            pass((30, i64::MAX), false, None),
            removed(pass((20, 29), true, Some(200.0))),
            pass((10, 19), false, Some(100.0)),
            removed(pass((1, 9), true, Some(50.0))),
        ];
        assert_eq!(choose(&passes, None), Some(2));
        assert_eq!(choose(&passes, Some(60.0)), Some(3), "there is no other");
        assert_eq!(choose(&passes[..2], None), Some(0), "it goes on");
    }

    #[test]
    fn a_pass_goes_on_through_those_that_it_met() {
        let met = |calls, by| ReplayPass {
            joined_by_call_id: Some(by),
            ..pass(calls, true, Some(1.0))
        };
        let passes = [
            pass((30, i64::MAX), true, Some(9.0)),
            met((20, 29), 31),
            met((1, 9), 22),
            pass((40, 49), true, Some(1.0)),
        ];
        let firsts: Vec<i64> = with_met(&passes, 0)
            .iter()
            .map(|it| it.first_call_id)
            .collect();
        assert_eq!(firsts, [30, 20, 1]);
        assert_eq!(with_met(&passes, 2).len(), 1);
    }

    #[test]
    fn the_next_page_is_the_one_that_goes_on_after_the_last_item() {
        let page = |id, items: &[u64]| ReplayPage {
            id,
            next_cursor: None,
            item_hashes: Some(items.iter().flat_map(|it| it.to_le_bytes()).collect()),
        };
        let old = [page(1, &[10, 11, 12]), page(2, &[13, 14, 15])];
        assert_eq!(next_in(&page(9, &[9, 10, 11]), &old), Some(1));
        assert_eq!(next_in(&page(9, &[10, 11, 12]), &old), Some(2));
        assert_eq!(next_in(&page(9, &[14, 15]), &old), None);
        assert_eq!(next_in(&page(9, &[77]), &old), Some(1));
    }
}
