//! Thousands of crawls in virtual time: the program's own decisions with simulated workers, network and ledger.
//! `SORACRAWL_SEED=17 cargo test --lib crawl::tests` repeats one of them.

mod crowd;
mod model;
mod remote;

use crowd::{BAD, Crowd, End, FORMS, Form, GOOD, Scope, Wrong};
use model::{Model, Setup};

use crate::model::StopReason;
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
    for_each_seed(500, |seed| {
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
    for_each_seed(400, |seed| {
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

/// Every status that a wrong answer has in these tests; 0 for none, 1 for a request that was never sent.
const STATUSES: [u16; 24] = [
    0, 1, 200, 301, 400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 451, 500, 501, 502, 503,
    504, 520, 530, 599,
];

/// Runs a check for every status, every form of body, and many crowds.
fn for_each_answer(crowds: u64, check: impl Fn(Wrong, u64)) {
    for status in STATUSES {
        for form in FORMS {
            // A 403 that the vendor did not write blocks this client until it ends.
            let is_block =
                status == 403 && matches!(form, Form::Html | Form::Empty | Form::Foreign);
            for seed in 0..crowds {
                if !is_block {
                    check(Wrong { status, form }, seed);
                }
            }
        }
    }
}

#[test]
fn at_most_three_wrong_answers_lose_nothing_that_no_command_brings_back() {
    for_each_answer(6, |wrong, seed| {
        for scope in [
            Scope::Page,
            Scope::Subject,
            Scope::Endpoint,
            Scope::Everything,
        ] {
            for times in 1..=3 {
                let mut crowd = Crowd::new(wrong, scope, Some(times), seed);
                let (end, ends) = crowd.run();
                let told =
                    format!("{wrong:?} {scope:?} {times} times, seed {seed}: {end:?} {ends:?}");
                // The vendor's own words about a subject, or about the account, are final for this run.
                let is_about_subject = matches!(wrong.form, Form::Subject)
                    || wrong.form == Form::Vague
                    || wrong.form == Form::List;
                let may_end = |reason| match reason {
                    StopReason::Complete => true,
                    StopReason::Gone => matches!(wrong.status, 404 | 405 | 410) && is_about_subject,
                    StopReason::Denied => matches!(wrong.status, 401 | 403 | 451),
                    // Two answers that say the request is wrong, or two paid ones that say nothing.
                    StopReason::Failed => {
                        times > 1 && matches!(wrong.status, 200 | 413 | 418 | 422)
                    }
                    _ => false,
                };
                match end {
                    End::Idle => {
                        assert!(ends.values().all(|end| end.is_some_and(may_end)), "{told}")
                    }
                    End::Refused => assert!(
                        matches!(wrong.status, 401..=403 | 451)
                            && ends.values().flatten().all(|end| may_end(*end)),
                        "{told}"
                    ),
                    End::Away => panic!("{told}"),
                }
                let good = ends.iter().filter(|((endpoint, _), _)| *endpoint == GOOD);
                if scope != Scope::Everything && end == End::Idle {
                    for (_, end) in good {
                        assert_eq!(*end, Some(StopReason::Complete), "{told}");
                    }
                }
            }
        }
    });
}

#[test]
fn an_answer_that_lasts_for_one_subject_ends_that_subject_and_no_other() {
    for_each_answer(12, |wrong, seed| {
        let mut crowd = Crowd::new(wrong, Scope::Subject, None, seed);
        let victim = crowd.victim();
        let (end, ends) = crowd.run();
        let told = format!("{wrong:?} seed {seed}: {end:?} {ends:?}");
        // Missing credit, and refusals that no account info contradicts, may concern the account.
        if end == End::Refused {
            assert!(matches!(wrong.status, 401..=403 | 451), "{told}");
            return;
        }
        for (key, end) in &ends {
            if *key != victim {
                let is_retired = matches!(wrong.status, 404 | 405 | 410) && key.0 == BAD;
                let is_complete = *end == Some(StopReason::Complete);
                assert!(
                    is_complete || is_retired && *end == Some(StopReason::Failed),
                    "{told}"
                );
            }
        }
        let reason = ends[&victim];
        let allowed: &[StopReason] = match wrong.status {
            404 | 405 | 410 => &[StopReason::Gone, StopReason::Failed],
            401..=403 | 451 => &[StopReason::Denied, StopReason::Failed],
            _ => &[StopReason::Failed],
        };
        let is_left = reason.is_none() && matches!(wrong.status, 0 | 1 | 500..);
        assert!(
            is_left || reason.is_some_and(|reason| allowed.contains(&reason)),
            "{told}"
        );
        if wrong.status == 200 {
            assert!(
                crowd.charged <= 3 * 10 + 2,
                "{told}: {} calls are charged",
                crowd.charged
            );
        }
    });
}

#[test]
fn an_answer_that_lasts_for_one_endpoint_ends_no_job_of_another() {
    for_each_answer(12, |wrong, seed| {
        let mut crowd = Crowd::new(wrong, Scope::Endpoint, None, seed);
        let (end, ends) = crowd.run();
        let told = format!("{wrong:?} seed {seed}: {end:?} {ends:?}");
        if end == End::Refused {
            assert!(matches!(wrong.status, 401..=403 | 451), "{told}");
            return;
        }
        for (key, end) in &ends {
            if key.0 == GOOD {
                assert_eq!(*end, Some(StopReason::Complete), "{told}");
            } else {
                // Jobs that could not be asked stay for the next run.
                assert_ne!(*end, Some(StopReason::Complete), "{told}");
                let is_kept = matches!(
                    wrong.status,
                    0 | 1 | 301 | 400 | 404 | 405 | 409 | 410 | 500..|401..=403| 451
                );
                assert!(end.is_some() || is_kept, "{told}");
            }
        }
    });
}

#[test]
fn a_refused_account_stops_the_run_and_ends_no_job() {
    for status in [401, 402] {
        for form in FORMS {
            for seed in 0..30 {
                let mut crowd = Crowd::new(Wrong { status, form }, Scope::Everything, None, seed);
                let (end, ends) = crowd.run();
                assert_eq!(end, End::Refused, "{status} {form:?} {seed}");
                assert!(
                    ends.values().all(Option::is_none),
                    "{status} {form:?} {seed}: {ends:?}"
                );
            }
        }
    }
}

#[test]
fn an_outage_ends_no_job_and_costs_no_more_than_its_probes() {
    for status in [0, 1, 502, 503, 504, 522] {
        for seed in 0..25 {
            let wrong = Wrong {
                status,
                form: Form::Html,
            };
            let mut crowd = Crowd::new(wrong, Scope::Everything, None, seed);
            let (end, ends) = crowd.run();
            let told = format!("{status} seed {seed}: {end:?} {ends:?}");
            assert_eq!(end, End::Away, "{told}");
            assert!(ends.values().all(Option::is_none), "{told}");
            let most = match (status, crowd.has_account) {
                (0, true) => 100,
                (0, false) => 110,
                _ => 0,
            };
            assert!(
                crowd.charged <= most,
                "{told}: {} calls are charged",
                crowd.charged
            );
        }
    }
}
