//! Decides which conditions hold. Pure.

use std::collections::BTreeMap;

use crate::crawl::StopCause;
use crate::report::condition::State;
use crate::report::status::Status;

/// The conditions that hold (`true`) or do not; about the others nothing is known now.
pub(super) type Conditions = BTreeMap<&'static str, bool>;

/// The conditions in which a run ends. A page that a later run keeps shows that they are over.
pub(super) const ENDS: [&str; 4] = ["stopped", "budget", "refused", "done"];

/// A change of the replies concerns many paths, and the rare ones are seen later. A receiver is told once in this time, in
/// seconds.
const DRIFT_SECONDS: f64 = 86_400.0;

/// What conditions are decided from.
#[derive(Debug, Clone, Default)]
pub(super) struct Signs {
    pub(super) state: State,
    /// Unix time at which the run started.
    pub(super) started_at: f64,
    /// The run ends when it is idle, and its end is told then.
    pub(super) is_until_idle: bool,
    /// The run has kept a page.
    pub(super) has_kept: bool,
    /// It kept one in the time after which it would count as stalled.
    pub(super) is_keeping: bool,
    pub(super) is_day_spent: bool,
    pub(super) has_trouble: bool,
    pub(super) is_disk_full: bool,
    /// When a change of the shape of replies was last noticed, Unix seconds.
    pub(super) drift_at: Option<f64>,
}

impl Signs {
    pub(super) fn of(status: &Status, now: f64, stalled_after: f64) -> Self {
        let started_at = status.run.as_ref().map_or(0.0, |run| run.started_at);
        let kept_at = status.last_kept_at.filter(|at| *at >= started_at);
        let trouble = status
            .holder
            .as_ref()
            .and_then(|holder| holder.trouble.as_ref());
        Self {
            state: status.condition.state,
            started_at,
            is_until_idle: false,
            has_kept: kept_at.is_some(),
            is_keeping: kept_at.is_some_and(|at| now - at < stalled_after),
            is_day_spent: status.is_day_spent,
            has_trouble: trouble.is_some(),
            is_disk_full: status.is_disk_full,
            drift_at: status.changed_paths.first().map(|path| path.marked_at),
        }
    }
}

/// Returns which conditions hold while the daemon runs.
pub(super) fn conditions(signs: &Signs) -> Conditions {
    let mut now = Conditions::from([
        ("unwritable", signs.has_trouble),
        ("disk", signs.is_disk_full),
    ]);
    if signs.drift_at.is_some() {
        now.insert("drift", true);
    }
    match signs.state {
        // Only a new page shows that what was wrong is over: each daemon begins as working.
        State::Working if signs.is_keeping => {
            now.insert("stalled", false);
            now.extend(ENDS.map(|name| (name, false)));
        }
        State::Stalled => {
            now.insert("stalled", true);
        }
        State::Idle => {
            now.extend([("stalled", false), ("stopped", false)]);
            // A daemon without seeds has done nothing.
            if signs.has_kept && !signs.is_until_idle {
                now.insert("done", true);
            }
        }
        State::Waiting if signs.is_day_spent => {
            now.insert("budget", true);
        }
        _ => {}
    }
    now
}

/// Returns the condition that the end of a run means; `None` after a signal of the operator.
pub(super) fn at_end(cause: &StopCause) -> Option<&'static str> {
    match cause {
        StopCause::Idle => Some("done"),
        StopCause::Budget(_) => Some("budget"),
        StopCause::Refused(_) => Some("refused"),
        StopCause::Away(_) | StopCause::Broken(_) => Some("stopped"),
        StopCause::Signal | StopCause::Paused => None,
    }
}

/// Returns whether a message is news to a receiver that was last told `told`, at a Unix time.
pub(super) fn is_news(
    name: &str,
    is_firing: bool,
    told: Option<&(bool, f64)>,
    signs: &Signs,
) -> bool {
    let Some((was_firing, told_at)) = told else {
        return is_firing;
    };
    if name == "drift" {
        // It has no end.
        return signs
            .drift_at
            .is_some_and(|at| at >= told_at + DRIFT_SECONDS);
    }
    let is_new_end = ENDS.contains(&name) && signs.has_kept && *told_at < signs.started_at;
    *was_firing != is_firing || is_firing && is_new_end
}

#[cfg(test)]
mod tests {
    use super::{ENDS, Signs, State, StopCause, at_end, conditions, is_news};

    fn in_state(state: State, is_keeping: bool) -> Signs {
        Signs {
            state,
            is_keeping,
            ..Signs::default()
        }
    }

    #[test]
    fn each_condition_begins_and_ends() {
        let of =
            |state, is_keeping, name| conditions(&in_state(state, is_keeping)).get(name).copied();
        assert_eq!(of(State::Stalled, false, "stalled"), Some(true));
        assert_eq!(of(State::Working, true, "stalled"), Some(false));
        for name in ENDS {
            assert_eq!(of(State::Working, true, name), Some(false), "{name}");
            assert_eq!(of(State::Waiting, false, name), None, "{name}");
        }
        assert_eq!(of(State::Idle, false, "done"), None, "nothing was done");
        let done = Signs {
            has_kept: true,
            ..in_state(State::Idle, false)
        };
        assert_eq!(conditions(&done).get("done"), Some(&true));
        let ends = Signs {
            is_until_idle: true,
            ..done
        };
        assert_eq!(conditions(&ends).get("done"), None, "its end is told");
        let spent = Signs {
            is_day_spent: true,
            has_trouble: true,
            is_disk_full: true,
            ..in_state(State::Waiting, false)
        };
        let now = conditions(&spent);
        assert_eq!(
            (now["budget"], now["unwritable"], now["disk"]),
            (true, true, true)
        );
    }

    #[test]
    fn each_change_of_the_replies_is_told_once() {
        let at = |drift_at| Signs {
            drift_at,
            ..Signs::default()
        };
        assert_eq!(conditions(&at(None)).get("drift"), None);
        assert_eq!(conditions(&at(Some(5.0))).get("drift"), Some(&true));
        assert!(is_news("drift", true, None, &at(Some(5.0))));
        assert!(!is_news("drift", true, Some(&(true, 6.0)), &at(Some(5.0))));
        assert!(!is_news("drift", true, Some(&(true, 6.0)), &at(Some(7.0))));
        assert!(is_news(
            "drift",
            true,
            Some(&(true, 6.0)),
            &at(Some(86_406.0))
        ));
    }

    #[test]
    fn nothing_is_over_before_a_page_was_kept() {
        for state in [
            State::Starting,
            State::Working,
            State::Waiting,
            State::Paused,
            State::Stuck,
        ] {
            let now = conditions(&in_state(state, false));
            for name in ENDS.iter().chain(&["stalled"]) {
                assert_eq!(now.get(name), None, "{state:?}: {name}");
            }
        }
    }

    #[test]
    fn an_end_that_the_operator_did_not_ask_for_is_told() {
        let why = || "why".to_owned();
        assert_eq!(at_end(&StopCause::Idle), Some("done"));
        assert_eq!(at_end(&StopCause::Refused(why())), Some("refused"));
        assert_eq!(at_end(&StopCause::Away(why())), Some("stopped"));
        assert_eq!(at_end(&StopCause::Broken(why())), Some("stopped"));
        assert_eq!(at_end(&StopCause::Signal), None);
    }

    #[test]
    fn a_change_is_news_and_the_same_end_of_a_later_run_that_worked() {
        let run = |has_kept| Signs {
            started_at: 100.0,
            has_kept,
            ..Signs::default()
        };
        let news = |name, firing, told: Option<(bool, f64)>, has_kept| {
            is_news(name, firing, told.as_ref(), &run(has_kept))
        };
        assert!(news("budget", true, None, false));
        assert!(!news("budget", false, None, true), "nobody was told of it");
        assert!(news("budget", false, Some((true, 50.0)), true));
        assert!(
            !news("budget", true, Some((true, 50.0)), false),
            "a run without a page"
        );
        assert!(
            news("budget", true, Some((true, 50.0)), true),
            "another end"
        );
        assert!(
            !news("budget", true, Some((true, 150.0)), true),
            "told in this run"
        );
        assert!(
            !news("stalled", true, Some((true, 50.0)), true),
            "the same outage"
        );
    }
}
