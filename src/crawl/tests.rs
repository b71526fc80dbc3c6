//! Thousands of crawls in virtual time: the program's own decisions with simulated workers, network and ledger.
//! `SORACRAWL_SEED=17 cargo test --lib crawl::tests` repeats one of them.

mod model;
mod remote;

use model::{Model, Setup};
use remote::Remote;

/// Returns the seeds of a test, or the one of `SORACRAWL_SEED`.
fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("SORACRAWL_SEED") {
        Ok(seed) => vec![seed.parse().expect("SORACRAWL_SEED is a number")],
        Err(_) => (0..count).collect(),
    }
}

/// Runs a check for many seeds, and prints the seed of a failure.
fn for_each_seed(count: u64, check: impl Fn(u64) + std::panic::RefUnwindSafe) {
    for seed in seeds(count) {
        if let Err(panic) = std::panic::catch_unwind(|| check(seed)) {
            eprintln!("failed with SORACRAWL_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn a_recovered_remote_is_crawled_completely_and_not_called_during_a_requested_wait() {
    for_each_seed(1500, |seed| {
        let mut model = Model::new(Setup::of_seed(seed), Remote::unstable(seed));
        model.run();
        // A walk may use up its attempts while the remote is unstable, but not afterwards.
        let healed_at = model.remote.healed_at;
        for job in &model.jobs {
            let end = job.end.as_ref().expect("every job ends for a reason");
            assert!(job.most_attempts <= model.setup.max_attempts, "{job:?}");
            let is_complete = *end == crate::model::StopReason::Complete;
            assert!(
                is_complete || job.is_poisoned || model.remote.costs_attempts,
                "{job:?}"
            );
        }
        let slack = model.elapsed() - healed_at;
        assert!(
            slack < 3_600.0 + model.bound_seconds(),
            "{slack} s after it healed"
        );
        assert!(
            model.refused <= model.cooldowns * model.setup.workers,
            "{} refusals in {} cooldowns",
            model.refused,
            model.cooldowns
        );
    });
}

#[test]
fn a_poisoned_job_fails_and_delays_no_other_job() {
    for_each_seed(1000, |seed| {
        let setup = Setup {
            poisoned: 1,
            // The defaults: one job alone does not trip the endpoint's breaker.
            max_attempts: 5,
            breaker_failures: 10,
            ..Setup::of_seed(seed)
        };
        let mut model = Model::new(setup, Remote::healthy());
        model.run();
        for job in &model.jobs {
            let end = job.end.as_ref().expect("every job ends");
            let expected = if job.is_poisoned {
                crate::model::StopReason::Failed
            } else {
                crate::model::StopReason::Complete
            };
            assert_eq!(*end, expected, "{job:?}");
        }
        assert!(model.elapsed() < model.bound_seconds());
    });
}

#[test]
fn charges_stay_within_the_budget_and_every_affordable_call_is_made() {
    for_each_seed(1000, |seed| {
        let budget = 50_000 * (1 + seed as i64 % 40) + seed as i64 % 7;
        let setup = Setup {
            budget: Some(budget),
            ..Setup::of_seed(seed)
        };
        let remote = if seed % 2 == 0 {
            Remote::healthy()
        } else {
            Remote::unstable(seed)
        };
        let mut model = Model::new(setup, remote);
        model.run();
        assert!(model.most_charged <= budget);
        assert!(
            model.remote.billed <= budget,
            "the remote billed {}",
            model.remote.billed
        );
        let is_all_done = model.jobs.iter().all(|job| job.end.is_some());
        assert!(
            is_all_done || budget - model.charged < model::PRICE,
            "{} unspent",
            budget - model.charged
        );
    });
}

/// Returns the used share of the allowed calls and the refused share of all calls, in a minute against a remote that
/// allows 50 calls per second.
fn minute_at(rate: f64, way_seconds: f64, seed: u64) -> (f64, f64) {
    let setup = Setup {
        rate,
        workers: 32,
        overall: 1e6,
        jobs: 40,
        pages: 10_000,
        poisoned: 0,
        way_seconds,
        ..Setup::of_seed(seed)
    };
    let mut model = Model::new(setup, Remote::limited(50));
    model.run_until(60.0);
    let calls = model.remote.admitted + model.refused;
    (
        model.remote.admitted as f64 / (50.0 * 60.0),
        model.refused as f64 / calls as f64,
    )
}

#[test]
fn at_the_remotes_limit_almost_all_allowed_calls_are_made_and_few_are_refused() {
    for_each_seed(20, |seed| {
        let (used, refused) = minute_at(50.0, 0.009, seed);
        assert!(
            used >= 0.98 && refused <= 0.01,
            "{used} used, {refused} refused"
        );
    });
}

#[test]
fn far_above_the_remotes_limit_few_calls_are_refused() {
    for_each_seed(6, |seed| {
        for rate in [50.0, 60.0, 100.0, 500.0] {
            let (_, refused) = minute_at(rate, 0.05, seed);
            assert!(refused <= 0.05, "{refused} refused at {rate}");
        }
    });
}
