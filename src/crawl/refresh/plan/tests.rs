use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Candidate, Curve, MicroUsd, Money, RefreshPlan, Why, plan};
use crate::crawl::refresh::candidate::Change;

const PAGE: MicroUsd = MicroUsd(50_000);

fn head(id: i64, per_hour: f64, unseen_hours: f64) -> Candidate {
    Candidate {
        id,
        noun: "posts",
        price: PAGE,
        page_size: 30,
        unseen_hours,
        change: Change::Head { per_hour },
        counters: Vec::new(),
    }
}

fn walk(id: i64, size: u64, known: u64, unseen_hours: f64) -> Candidate {
    let change = Change::Anywhere {
        size,
        known,
        per_hour: 0.0,
    };
    Candidate {
        change,
        ..head(id, 0.0, unseen_hours)
    }
}

/// Money for this many pages a day, of which so many may be bought now.
fn pages(per_day: i64, now: i64) -> Money {
    Money {
        per_day: PAGE * per_day,
        now: PAGE * now,
        today: PAGE * per_day,
    }
}

fn ids(plan: &RefreshPlan<'_>) -> Vec<i64> {
    plan.calls.iter().map(|call| call.candidate.id).collect()
}

fn at_random(random: &mut StdRng, count: i64) -> Vec<Candidate> {
    let one = |id| match random.random_range(0..4) {
        0 => walk(
            id,
            random.random_range(0..3_000),
            random.random_range(0..90),
            random.random_range(0.0..600.0),
        ),
        _ => head(
            id,
            random.random_range(0.001..3.0),
            random.random_range(0.0..600.0),
        ),
    };
    (0..count).map(one).collect()
}

#[test]
fn the_money_of_a_day_comes_evenly_and_ends() {
    let per_day = MicroUsd(2_400_000);
    let money = |spent, hours| {
        let money = Money::at(per_day, MicroUsd(spent), hours);
        (money.now.0, money.today.0)
    };
    assert_eq!(money(0, 0.0), (0, 2_400_000));
    assert_eq!(money(100_000, 6.0), (500_000, 2_300_000));
    assert_eq!(money(700_000, 6.0), (0, 1_700_000));
    assert_eq!(money(3_000_000, 24.0), (0, 0));
    assert_eq!(money(0, 99.0), (2_400_000, 2_400_000));
}

#[test]
fn the_call_with_the_greatest_value_per_dollar_is_first() {
    // λτ²/2: 50, 200 and 98 item-hours; the last one costs two pages.
    let lists = [
        head(1, 1.0, 10.0),
        head(2, 0.25, 40.0),
        head(3, 4.0, 7.0),
        walk(4, 60, 35, 10.0),
    ];
    let curve = Curve::default();
    assert_eq!(
        ids(&plan(&lists, &curve, pages(100, 100), None)),
        [2, 3, 4, 1]
    );
    let few = plan(&lists, &curve, pages(100, 2), None);
    assert_eq!((ids(&few), few.cost), (vec![2, 3], PAGE * 2));
}

#[test]
fn of_two_lists_the_faster_one_and_the_longer_unseen_one_are_first() {
    let curve = Curve::default();
    for (better, worse) in [((0.2, 9.0), (0.1, 9.0)), ((0.1, 9.0), (0.1, 8.0))] {
        let lists = [head(1, worse.0, worse.1), head(2, better.0, better.1)];
        assert_eq!(ids(&plan(&lists, &curve, pages(9, 1), None)), [2]);
    }
}

#[test]
fn a_plan_stays_within_its_money_and_does_not_depend_on_the_order_of_the_candidates() {
    let mut random = StdRng::seed_from_u64(7);
    let curve = Curve::default();
    for _ in 0..300 {
        let count = random.random_range(0..60);
        let mut lists = at_random(&mut random, count);
        let per_day = random.random_range(0..200);
        let money = pages(per_day, random.random_range(0..=per_day));
        let max_days = random.random_bool(0.5).then_some(21.0);
        let first = plan(&lists, &curve, money, max_days);
        let cost: i64 = first.calls.iter().map(|call| call.worth.cost.0).sum();
        assert!(cost == first.cost.0 && cost <= money.now.0);
        let (chosen, saved) = (ids(&first), first.saved_for.map(|call| call.candidate.id));
        let overdue = first.overdue;
        lists.reverse();
        let second = plan(&lists, &curve, money, max_days);
        assert_eq!(ids(&second), chosen);
        assert_eq!(second.saved_for.map(|call| call.candidate.id), saved);
        assert_eq!(second.overdue, overdue);
    }
}

#[test]
fn money_is_saved_for_a_better_call_that_fits_later_on_the_day() {
    let curve = Curve::default();
    let lists = [walk(1, 300, 290, 100.0), head(2, 0.1, 10.0)];
    let early = plan(&lists, &curve, pages(20, 5), None);
    assert!(early.calls.is_empty());
    assert_eq!(early.saved_for.map(|call| call.candidate.id), Some(1));
    let later = plan(&lists, &curve, pages(20, 10), None);
    assert_eq!((ids(&later), later.cost), (vec![1], PAGE * 10));
}

#[test]
fn a_call_that_does_not_fit_into_the_day_does_not_hold_up_others() {
    let curve = Curve::default();
    let lists = [walk(1, 300, 290, 100.0), head(2, 0.1, 10.0)];
    let late = Money {
        today: PAGE * 9,
        ..pages(20, 5)
    };
    let rest = plan(&lists, &curve, late, None);
    assert_eq!((ids(&rest), rest.unaffordable), (vec![2], 0));
    let never = plan(&lists, &curve, pages(9, 9), Some(3.0));
    assert_eq!((ids(&never), never.unaffordable), (vec![2], 1));
    assert_eq!(never.overdue, 1);
}

#[test]
fn the_head_of_a_list_with_more_new_pages_than_a_day_can_buy_is_bought_in_parts() {
    let curve = Curve::default();
    let busy = [head(1, 30.0, 24.0)];
    assert_eq!(busy[0].pages(), 25);
    let plan = plan(&busy, &curve, pages(9, 9), None);
    assert_eq!(
        (ids(&plan), plan.cost, plan.unaffordable),
        (vec![1], PAGE * 9, 0)
    );
}

#[test]
fn a_list_at_its_deadline_comes_before_any_value() {
    let lists = [
        head(1, 10.0, 2.0),
        head(2, 0.0001, 503.9),
        head(3, 0.0001, 510.0),
    ];
    let curve = Curve::default();
    let plan = plan(&lists, &curve, pages(24, 2), Some(21.0));
    assert_eq!((ids(&plan), plan.overdue), (vec![3, 2], 0));
    assert!(plan.calls.iter().all(|call| call.why == Why::Deadline));
}

#[test]
fn of_equal_calls_the_one_with_the_smaller_id_is_first() {
    let lists = [3, 1, 2].map(|id| head(id, 0.1, 10.0));
    let plan = plan(&lists, &Curve::default(), pages(9, 9), None);
    assert_eq!(ids(&plan), [1, 2, 3]);
}

#[test]
fn of_lists_with_the_same_deadline_the_most_valuable_one_is_due_first() {
    // Three hours before the time that plans aim at, 24 pages a day pay for one of the two, and the other is due now.
    let hours = 0.95 * 504.0 - 3.0;
    let lists = [
        head(1, 0.0001, hours),
        head(2, 0.0002, hours),
        head(3, 10.0, 200.0),
    ];
    let plan = plan(&lists, &Curve::default(), pages(24, 1), Some(21.0));
    assert_eq!((ids(&plan), plan.calls[0].why), (vec![2], Why::Deadline));
}

/// Refreshes equal slow lists hourly for 90 days. Returns the longest time that one was unseen, in days, the greatest
/// number of lists that a plan called overdue, and the share of the first 12 days' calls that deadlines took.
fn crowd(lists: i64, pages_per_day: i64, max_days: f64) -> (f64, usize, f64) {
    let curve = Curve::default();
    let per_day = PAGE * pages_per_day;
    let mut looked = vec![0.0; usize::try_from(lists).expect("a length")];
    let (mut longest, mut overdue) = (0.0_f64, 0);
    let (mut early_calls, mut early_due, mut spent) = (0.0, 0.0, MicroUsd(0));
    for hour in 1..=90 * 24 {
        let now = f64::from(hour);
        let candidates: Vec<Candidate> = (0..lists)
            .zip(&looked)
            .map(|(id, at)| head(id, if id < 10 { 0.05 } else { 1e-6 }, now - at))
            .collect();
        let of_day = f64::from((hour - 1) % 24 + 1);
        spent = if of_day > 1.0 { spent } else { MicroUsd(0) };
        let plan = plan(
            &candidates,
            &curve,
            Money::at(per_day, spent, of_day),
            Some(max_days),
        );
        overdue = overdue.max(plan.overdue);
        for call in &plan.calls {
            let place = usize::try_from(call.candidate.id).expect("a place");
            longest = longest.max(now - looked[place]);
            looked[place] = now;
            if now < 12.0 * 24.0 {
                early_calls += 1.0;
                early_due += f64::from(u8::from(call.why == Why::Deadline));
            }
        }
        spent = MicroUsd(spent.0 + plan.cost.0);
    }
    (longest / 24.0, overdue, early_due / early_calls)
}

#[test]
fn no_list_is_unseen_for_too_long_although_all_have_the_same_deadline_at_first() {
    let (longest, overdue, early_due) = crowd(100, 24, 21.0);
    assert!(longest <= 21.0 && overdue == 0, "{longest} {overdue}");
    assert_eq!(early_due, 0.0);
    // Nine tenths of the money are needed for deadlines alone.
    let (longest, overdue, _) = crowd(100, 6, 18.5);
    assert!(longest <= 18.5 && overdue == 0, "{longest} {overdue}");
}

#[test]
fn a_plan_says_how_many_lists_the_money_leaves_unseen_for_too_long() {
    let (longest, overdue, _) = crowd(100, 3, 21.0);
    assert!(longest > 21.0 && overdue > 0, "{longest} {overdue}");
    let lists: Vec<Candidate> = (0..210).map(|id| head(id, 1e-6, 0.0)).collect();
    let plan = plan(&lists, &Curve::default(), pages(3, 0), Some(21.0));
    assert_eq!(plan.per_day_needed, PAGE * 10);
}

#[test]
fn with_known_rates_the_item_hours_are_close_to_the_least_possible() {
    let curve = Curve::default();
    let rates: Vec<f64> = (0..40).map(|at| 0.01 * 1.2_f64.powi(at)).collect();
    let mut looked = vec![0.0; rates.len()];
    let (begin, end, mut item_hours) = (500.0, 2_500.0, 0.0);
    for hour in 1..=2_500 {
        let now = f64::from(hour);
        let of = |(at, rate): (usize, &f64)| Candidate {
            page_size: 100_000,
            ..head(i64::try_from(at).expect("a place"), *rate, now - looked[at])
        };
        let candidates: Vec<Candidate> = rates.iter().enumerate().map(of).collect();
        // One page an hour.
        let plan = plan(&candidates, &curve, pages(24, 1), None);
        assert_eq!(plan.calls.len(), 1);
        let place = usize::try_from(plan.calls[0].candidate.id).expect("a place");
        if now > begin {
            item_hours += plan.calls[0].worth.item_hours;
        }
        looked[place] = now;
    }
    let roots: f64 = rates.iter().map(|rate| rate.sqrt()).sum();
    let least = (end - begin) * roots * roots / 2.0;
    let ratio = item_hours / least;
    assert!((0.97..1.05).contains(&ratio), "{ratio}");
}
