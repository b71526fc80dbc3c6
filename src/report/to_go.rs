//! What the open jobs are expected to cost and how long they take, from what jobs of their endpoints took so far.

use std::collections::BTreeMap;

use crate::api::endpoints;
use crate::crawl::Plan;
use crate::model::MicroUsd;
use crate::store::read::EndpointStatus;

/// Returns the expected cost and seconds of the open jobs; `None` without a rate or without jobs. It counts no job that
/// replies will still lead to. Unlike `estimate`, it never reads the queue.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
#[expect(clippy::cast_possible_truncation, reason = "an estimate for people")]
pub fn to_go(
    plan: &Plan,
    statuses: &BTreeMap<String, EndpointStatus>,
    calls_per_second: f64,
) -> Option<(MicroUsd, f64)> {
    let (mut calls, mut micro_usd) = (0.0, 0.0);
    for name in plan.endpoints() {
        let (Some(entry), Some(of)) = (endpoints::find(name), statuses.get(name)) else {
            continue;
        };
        let open = (of.ready + of.leased + of.waiting) as f64;
        let ended = of.done + of.stopped;
        // Many jobs end without a call, because an earlier reply contained their list.
        let per_job = match ended {
            0 => 1.0,
            ended => (of.kept as f64 / ended as f64).max(0.05),
        };
        calls += open * per_job;
        micro_usd += open * per_job * entry.price.0 as f64;
    }
    let cents = (micro_usd / 10_000.0).ceil() as i64;
    (calls > 0.0 && calls_per_second > 0.0)
        .then(|| (MicroUsd(cents * 10_000), calls / calls_per_second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn open_jobs_are_expected_to_take_what_ended_ones_took() {
        let plan = Plan::new(Config::default().crawl);
        let name = plan.endpoints()[0];
        let mut status = EndpointStatus {
            ready: 8,
            waiting: 2,
            ..EndpointStatus::default()
        };
        let of = |status: &EndpointStatus, rate| {
            let statuses = BTreeMap::from([(name.to_owned(), status.clone())]);
            to_go(&plan, &statuses, rate)
        };
        assert_eq!(of(&status, 0.0), None);
        assert_eq!(of(&status, 2.0), Some((MicroUsd(500_000), 5.0)));
        status.done = 4;
        status.kept = 12;
        assert_eq!(of(&status, 2.0), Some((MicroUsd(1_500_000), 15.0)));
        status.ready = 0;
        status.waiting = 0;
        assert_eq!(of(&status, 2.0), None);
    }
}
