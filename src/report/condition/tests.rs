use super::{Facts, Holder, State, condition};
use crate::model::{MicroUsd, PauseScope};
use crate::store::read::{Cooling, LastError, LastRun, Pauses, Work};

const NOW: f64 = 1_764_165_720.0;

/// A daemon that kept its latest page a second ago.
fn working() -> Facts {
    Facts {
        now: NOW,
        holder: Some(Holder::default()),
        run: Some(LastRun {
            id: 1,
            started_at: NOW - 500.0,
            heartbeat_at: Some(NOW - 3.0),
            work_since: Some(NOW - 400.0),
            ..LastRun::default()
        }),
        work: Work {
            is_ready: true,
            is_callable: true,
            is_leased: true,
            is_due: false,
        },
        jobs: 60,
        last_kept_at: Some(NOW - 1.0),
        stalled_after: 60.0,
        calls_per_second: 3.0,
        spent: MicroUsd(1_120_000),
        budget: Some(("run_usd", MicroUsd(5_000_000), MicroUsd(1_120_000))),
        to_go: Some((MicroUsd(3_400_000), 7_200.0)),
        ..Facts::default()
    }
}

fn said(change: impl FnOnce(&mut Facts)) -> (State, String) {
    let mut facts = working();
    change(&mut facts);
    let condition = condition(&facts);
    assert!(condition.sentence.starts_with(condition.state.as_str()));
    (condition.state, condition.sentence)
}

fn ended(reason: &str, note: Option<&str>) -> impl FnOnce(&mut Facts) {
    let (reason, note) = (reason.to_owned(), note.map(str::to_owned));
    move |facts| {
        facts.holder = None;
        let run = facts.run.as_mut().expect("a run");
        run.ended_at = Some(NOW);
        run.end_reason = Some(reason);
        run.end_note = note;
    }
}

fn outage(facts: &mut Facts) {
    facts.cooling = vec![Cooling {
        endpoint: String::new(),
        until: NOW + 12.0,
        cause: "outage".to_owned(),
        why: "connection refused".to_owned(),
    }];
    facts.work.is_callable = false;
    facts.last_error = Some(LastError {
        endpoint: "get_feed".to_owned(),
        at: NOW - 5.0,
        error: "connection refused".to_owned(),
    });
}

#[test]
fn each_state_has_its_sentence() {
    let text = |change: &dyn Fn(&mut Facts)| said(change).1;
    assert_eq!(
        text(&|_| {}),
        "working: 3.0 calls/s, $1.12 of $5.00, about 2 h and $3.40 to go"
    );
    assert_eq!(
        text(&|facts| facts.budget = None),
        "working: 3.0 calls/s, $1.12 spent, about 2 h and $3.40 to go"
    );
    assert_eq!(
        text(&|facts| facts.to_go = Some((MicroUsd(38_800_000), 72_000.0))),
        "working: 3.0 calls/s, $1.12 of $5.00, about 2 h until budget.run_usd is spent"
    );
    assert_eq!(
        text(&|facts| {
            facts.last_kept_at = Some(NOW - 30.0);
            facts.work.is_callable = false;
            facts.cooling = vec![Cooling {
                endpoint: "get_user_posts".to_owned(),
                until: NOW + 41.0,
                cause: "throttled".to_owned(),
                why: "the remote answered 429".to_owned(),
            }];
        }),
        "waiting 41 s: get_user_posts in cooldown, the remote answered 429"
    );
    assert_eq!(
        text(&|facts| {
            facts.last_kept_at = Some(NOW - 30.0);
            outage(facts);
        }),
        "waiting 12 s: all endpoints in cooldown, connection refused"
    );
    assert_eq!(
        text(&|facts| {
            facts.last_kept_at = Some(NOW - 720.0);
            facts.run.as_mut().expect("a run").work_since = Some(NOW - 900.0);
            outage(facts);
        }),
        "stalled: 60 jobs ready, nothing kept for 12 min; last error: connection refused"
    );
    assert_eq!(
        text(&|facts| facts.day_spent_until = Some(NOW + 3_600.0)),
        "waiting 1 h: budget.day_usd is spent"
    );
    assert_eq!(
        text(&|facts| facts.pauses = Pauses::from([(PauseScope::All, NOW - 60.0)])),
        "paused by operator since 14:01 UTC"
    );
    assert_eq!(
        text(&|facts| facts.work = Work::default()),
        "idle: no job is left"
    );
    assert_eq!(
        text(&|facts| facts.run.as_mut().expect("a run").heartbeat_at = Some(NOW - 31.0)),
        "stuck: no sign of life for 31 s"
    );
    assert_eq!(
        text(&|facts| facts.holder.as_mut().expect("a holder").trouble = Some("locked".to_owned())),
        "waiting: the archive cannot be written (locked). Do not stop the daemon: it keeps paid replies in memory, and goes on \
         by itself"
    );
    assert_eq!(
        text(&|facts| facts.holder = None),
        "died; the next run continues it"
    );
    assert_eq!(text(&|facts| facts.run = None), "starting");
    assert_eq!(
        said(ended("budget", Some("budget.total_usd spent"))).1,
        "stopped: budget.total_usd spent"
    );
    assert_eq!(said(ended("signal", None)).1, "stopped by a signal");
    assert_eq!(
        said(ended("idle", None)).1,
        "stopped: nothing was left to do"
    );
}

#[test]
fn a_daemon_without_a_heartbeat_waits_at_its_prompt_and_is_not_alive() {
    let (state, sentence) = said(|facts| facts.run.as_mut().expect("a run").heartbeat_at = None);
    assert_eq!(state, State::Starting);
    assert!(!state.is_alive(), "{sentence}");
}

#[test]
fn a_daemon_that_cannot_write_its_archive_is_alive_and_after_a_while_stalled() {
    let silent = |kept: f64, alive: f64| {
        said(move |facts| {
            let run = facts.run.as_mut().expect("a run");
            run.heartbeat_at = Some(NOW - 40.0);
            facts.last_kept_at = Some(NOW - kept);
            facts.holder.as_mut().expect("a holder").alive_at = Some(NOW - alive);
        })
        .0
    };
    assert_eq!(silent(45.0, 3.0), State::Waiting);
    assert_eq!(silent(60.0, 3.0), State::Stalled);
    assert_eq!(silent(60.0, 31.0), State::Stuck, "also beside the archive");
}

#[test]
fn only_paused_jobs_are_told_from_none() {
    let none = |is_only_paused: bool| {
        said(move |facts| {
            facts.work = Work::default();
            facts.pauses = Pauses::from([(PauseScope::Endpoint("get_feed".to_owned()), NOW)]);
            facts.is_only_paused = is_only_paused;
        })
        .0
    };
    assert_eq!(none(true), State::Paused);
    assert_eq!(none(false), State::Idle);
}

#[test]
fn waiting_jobs_are_not_called_ready() {
    let (_, sentence) = said(|facts| {
        facts.last_kept_at = Some(NOW - 720.0);
        facts.run.as_mut().expect("a run").work_since = Some(NOW - 900.0);
        (facts.jobs, facts.waiting_jobs) = (0, 7);
    });
    assert!(
        sentence.starts_with("stalled: 7 jobs waiting, nothing kept"),
        "{sentence}"
    );
}

#[test]
fn work_that_has_just_come_is_not_stalled_although_the_latest_page_is_old() {
    let old = |since: f64| {
        said(move |facts| {
            facts.last_kept_at = Some(NOW - 90_000.0);
            facts.run.as_mut().expect("a run").work_since = Some(NOW - since);
        })
        .0
    };
    assert_eq!(old(59.0), State::Working);
    assert_eq!(old(60.0), State::Stalled);
}

#[test]
fn a_text_of_the_remote_stays_on_one_line() {
    let (_, sentence) = said(|facts| {
        facts.last_kept_at = Some(NOW - 30.0);
        outage(facts);
        facts.cooling[0].why = "a\n\u{1b}[2Jb".to_owned();
    });
    assert!(!sentence.contains(char::is_control), "{sentence:?}");
}

#[test]
fn the_document_describes_every_state() {
    let document = include_str!("../../../docs/status.md");
    for state in State::ALL {
        let code = if state.is_alive() { 0 } else { 1 };
        let row = document
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", state.as_str())))
            .unwrap_or_else(|| panic!("{} is not described", state.as_str()));
        assert!(row.ends_with(&format!("| {code} |")), "{row}");
    }
}
