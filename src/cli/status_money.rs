//! What `status` says about money: charges, budgets, rates, the end, and refreshes.

use super::out::outln;
use crate::clock::minute;
use crate::report::stale;
use crate::report::status::Status;
use crate::report::words::span;

pub(super) fn print_money(status: &Status) {
    let charged = &status.charged;
    outln!(
        "charged  {} total, {} today (UTC), {} in this run",
        charged.total,
        charged.day,
        charged.run
    );
    if let Some(room) = status.room {
        outln!("budget   {room} left");
    }
    outln!(
        "rate     {:.1} pages/s, {:.0} rows/s in the last minute with pages",
        status.pages_per_second,
        status.rows_per_second
    );
    let by_time = status
        .seconds_left()
        .map(|seconds| format!("at least {} for the pending jobs", span(seconds)));
    let by_budget = status
        .seconds_of_budget()
        .map(|seconds| format!("{} until the budget is spent", span(seconds)));
    let eta: Vec<String> = [by_time, by_budget].into_iter().flatten().collect();
    if status.open_jobs() > 0 && !eta.is_empty() {
        outln!("to go    {}", eta.join("; "));
    }
    if let Some(stale) = &status.stale {
        outln!(
            "stale    {} (at {})",
            stale::in_words(stale),
            minute(stale.at)
        );
        outln!("refresh  {} today (UTC)", charged.refresh);
    }
}
