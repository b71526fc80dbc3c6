//! Which calls to buy now.

use std::cmp::Ordering;

use super::candidate::{Candidate, Worth, dollars};
use super::curve::Curve;
use super::deadline::{AIM, Due, due_now};
use crate::model::MicroUsd;

const DAY_HOURS: f64 = 24.0;

/// The money for refreshing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// Most that a day may cost.
    pub per_day: MicroUsd,
    /// What may be spent now.
    pub now: MicroUsd,
    /// What is left of this day's money.
    pub today: MicroUsd,
}

impl Money {
    /// Returns the money at a time of the day. A day's money comes evenly, so that its last hours have some as well.
    ///
    /// `spent` is what refreshing has cost since the day began, `hours` ago.
    #[must_use]
    pub fn at(per_day: MicroUsd, spent: MicroUsd, hours: f64) -> Self {
        let share = (hours / DAY_HOURS).clamp(0.0, 1.0);
        let come = (per_day.0 as f64 * share) as i64;
        let left = |of: i64| MicroUsd(of.saturating_sub(spent.0).max(0));
        Self {
            per_day,
            now: left(come),
            today: left(per_day.0),
        }
    }
}

/// Why a call is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Otherwise this list, or another one of a crowd with the same deadline, would stay unseen for too long.
    Deadline,
    /// No other call has a greater expected value per dollar.
    Value,
}

/// A call to buy.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned<'a> {
    pub candidate: &'a Candidate,
    pub why: Why,
    pub worth: Worth,
}

/// What to buy now, and what the money does not reach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RefreshPlan<'a> {
    /// The calls, in the order in which they should be made.
    pub calls: Vec<Planned<'a>>,
    /// Expected cost of all calls, at most `Money::now`.
    pub cost: MicroUsd,
    /// The next call, if it costs more than is left now and will fit later on this day. Nothing is bought before it.
    pub saved_for: Option<Planned<'a>>,
    /// Candidates that have been unseen for too long, and are not among the calls.
    pub overdue: usize,
    /// Candidates that cost more than a day's money, and must be bought whole. They are never bought.
    pub unaffordable: usize,
    /// The least money that would look at each affordable candidate in time. More than `Money::per_day`: some will be overdue.
    pub per_day_needed: MicroUsd,
}

/// Returns the calls to buy now: first those that a deadline makes due, then those with the greatest value per dollar.
///
/// `max_days` is the longest time that a candidate may stay unseen. The result depends on the candidates and not on their
/// order, if their ids differ. It takes O(n log n).
///
/// A call that costs more than is left on this day is skipped. One that only costs more than is left now ends the list: otherwise
/// cheaper calls would always take its money.
#[must_use]
pub fn plan<'a>(
    candidates: &'a [Candidate],
    curve: &Curve,
    money: Money,
    max_days: Option<f64>,
) -> RefreshPlan<'a> {
    let max_hours = max_days.map_or(f64::INFINITY, |days| days * DAY_HOURS);
    let is_overdue = |candidate: &Candidate| candidate.unseen_hours > max_hours;
    let mut plan = RefreshPlan::default();
    let mut calls: Vec<Planned<'a>> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let mut worth = candidate.worth(curve);
        if worth.cost > money.per_day && candidate.may_be_bought_in_parts() {
            // The walk stops when the day's money ends, and goes on where it stopped.
            let price = candidate.price.0.max(1);
            worth.cost = MicroUsd(price * (money.per_day.0 / price).max(1));
        }
        if worth.cost > money.per_day {
            plan.unaffordable += 1;
            plan.overdue += usize::from(is_overdue(candidate));
            continue;
        }
        calls.push(Planned {
            candidate,
            why: Why::Value,
            worth,
        });
    }
    if max_hours.is_finite() {
        let costs = calls.iter().map(|call| call.worth.cost.0);
        let all = costs.fold(0, i64::saturating_add) as f64;
        plan.per_day_needed = MicroUsd((all * DAY_HOURS / max_hours).ceil() as i64);
        mark_due(&mut calls, money.per_day, AIM * max_hours);
    }
    calls.sort_by(in_order);
    for call in calls {
        let cost = plan.cost.0.saturating_add(call.worth.cost.0);
        if plan.saved_for.is_none() && cost <= money.now.0 {
            plan.cost = MicroUsd(cost);
            plan.calls.push(call);
            continue;
        }
        plan.overdue += usize::from(is_overdue(call.candidate));
        if plan.saved_for.is_none() && cost <= money.today.0 {
            plan.saved_for = Some(call);
        }
    }
    plan
}

/// Orders calls: those due by a deadline first, the longest unseen of them before others, then by value per dollar.
fn in_order(a: &Planned<'_>, b: &Planned<'_>) -> Ordering {
    let is_due = |call: &Planned<'_>| call.why == Why::Deadline;
    let unseen = |call: &Planned<'_>| call.candidate.unseen_hours;
    let by_deadline = if is_due(a) && is_due(b) {
        unseen(b).total_cmp(&unseen(a))
    } else {
        is_due(b).cmp(&is_due(a))
    };
    by_deadline
        .then(b.worth.index.total_cmp(&a.worth.index))
        .then(a.candidate.id.cmp(&b.candidate.id))
}

/// Marks the calls that a deadline makes due now.
fn mark_due(calls: &mut [Planned<'_>], per_day: MicroUsd, max_hours: f64) {
    let due = |(place, call): (usize, &Planned<'_>)| Due {
        place,
        left_hours: max_hours - call.candidate.unseen_hours,
        dollars: dollars(call.worth.cost),
    };
    let mut by_deadline: Vec<Due> = calls.iter().enumerate().map(due).collect();
    // Among those with the same deadline, the most valuable ones are due first.
    by_deadline.sort_by(|a, b| {
        let value = in_order(&calls[a.place], &calls[b.place]);
        a.left_hours.total_cmp(&b.left_hours).then(value)
    });
    let count = due_now(&by_deadline, dollars(per_day) / DAY_HOURS, max_hours);
    for due in &by_deadline[..count] {
        calls[due.place].why = Why::Deadline;
    }
}

#[cfg(test)]
mod tests;
