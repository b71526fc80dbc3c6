//! What a daemon does now, in one word and in one sentence. `status`, the web page, the log and alerts show the same.

pub use super::state::State;
use super::words::{about, line, moment, span, thousands};
use crate::model::MicroUsd;
use crate::store::read::{Cooling, LastError, LastRun, Pauses, Work};

/// How old the latest sign of life may be, in seconds.
pub const ALIVE_SECONDS: f64 = 30.0;
/// How long after the latest page a daemon still counts as working, in seconds.
const WORKING_SECONDS: f64 = 10.0;

/// The process that holds the archive's lock, as far as the asking process knows it.
#[derive(Debug, Clone, Default)]
pub struct Holder {
    pub name: String,
    /// Unix time of its latest sign of life outside the archive; `None` if there is none.
    pub alive_at: Option<f64>,
    /// Why it cannot write the archive; `None` if it can, or if this process does not know.
    pub trouble: Option<String>,
    /// Whether it makes no call because its disk is nearly full; `None` if this process does not know.
    pub is_disk_full: Option<bool>,
}

/// What the condition is decided from. Times are Unix seconds.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub now: f64,
    /// The process that holds the lock of the archive.
    pub holder: Option<Holder>,
    pub run: Option<LastRun>,
    pub pauses: Pauses,
    pub work: Work,
    /// Jobs that are ready or in flight, without paused ones.
    pub jobs: i64,
    /// Jobs that wait for an attempt or for another job, without paused ones.
    pub waiting_jobs: i64,
    /// Jobs are left, and all of them are paused.
    pub is_only_paused: bool,
    pub last_kept_at: Option<f64>,
    pub last_error: Option<LastError>,
    /// Cooldowns that are not over.
    pub cooling: Vec<Cooling>,
    /// When the next job waits no longer.
    pub next_due: Option<f64>,
    /// Less space is free than `upkeep.min_free_bytes`.
    pub is_disk_full: bool,
    /// The budget of the day has no room, until then.
    pub day_spent_until: Option<f64>,
    /// Seconds without a page after which a daemon with jobs counts as stalled.
    pub stalled_after: f64,
    pub calls_per_second: f64,
    pub spent: MicroUsd,
    /// The narrowest budget: its key, its limit, and what is charged to it.
    pub budget: Option<(&'static str, MicroUsd, MicroUsd)>,
    /// Expected cost and seconds of the open jobs.
    pub to_go: Option<(MicroUsd, f64)>,
}

/// A state and the sentence that explains it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Condition {
    pub state: State,
    /// Begins with the state.
    pub sentence: String,
}

/// Decides what a daemon does now. Pure.
#[must_use]
pub fn condition(facts: &Facts) -> Condition {
    let (state, rest) = decide(facts);
    let sentence = match rest {
        None => state.as_str().to_owned(),
        Some(rest) => format!("{}{rest}", state.as_str()),
    };
    Condition { state, sentence }
}

fn decide(facts: &Facts) -> (State, Option<String>) {
    let Some(run) = &facts.run else {
        return match facts.holder {
            Some(_) => (State::Starting, None),
            None => (State::New, Some(": no run yet".to_owned())),
        };
    };
    if let Some(reason) = &run.end_reason {
        // Another process may prepare the next run.
        return match facts.holder {
            Some(_) => (State::Starting, None),
            None => (State::Stopped, Some(ended(reason, run.end_note.as_deref()))),
        };
    }
    let Some(holder) = &facts.holder else {
        return (State::Died, Some("; the next run continues it".to_owned()));
    };
    let Some(heartbeat_at) = run.heartbeat_at else {
        let why =
            "; no call is made before it has prepared the archive, and its question is answered";
        return (State::Starting, Some(why.to_owned()));
    };
    let silent = facts.now - holder.alive_at.unwrap_or(heartbeat_at).max(heartbeat_at);
    if silent > ALIVE_SECONDS {
        return (
            State::Stuck,
            Some(format!(": no sign of life for {}", span(silent))),
        );
    }
    let since = facts
        .last_kept_at
        .unwrap_or(0.0)
        .max(run.work_since.unwrap_or(facts.now));
    let quiet = (facts.now - since).max(0.0);
    let is_silent = facts.now - heartbeat_at > ALIVE_SECONDS;
    if holder.trouble.is_some() || is_silent {
        let state = match quiet >= facts.stalled_after {
            true => State::Stalled,
            false => State::Waiting,
        };
        return (state, Some(unwritable(holder.trouble.as_deref())));
    }
    if let Some(since) = facts.pauses.all_since() {
        let since = moment(since, facts.now);
        return (State::Paused, Some(format!(" by operator since {since}")));
    }
    if !facts.work.is_some() {
        return idle(facts);
    }
    if facts.is_disk_full {
        let why = ": the disk has less than upkeep.min_free_bytes free";
        return (State::Waiting, Some(why.to_owned()));
    }
    if let Some(until) = facts.day_spent_until {
        let wait = span(until - facts.now);
        return (
            State::Waiting,
            Some(format!(" {wait}: budget.day_usd is spent")),
        );
    }
    if quiet >= facts.stalled_after {
        return (State::Stalled, Some(stalled(facts, quiet)));
    }
    match waiting(facts) {
        Some(why) if quiet > WORKING_SECONDS || !facts.work.is_leased => {
            (State::Waiting, Some(why))
        }
        _ => (State::Working, Some(working(facts))),
    }
}

/// Returns the condition after the end of a run: its reason, and its note where the reason does not say it.
#[must_use]
pub fn stopped(reason: &str, note: Option<&str>) -> Condition {
    let state = State::Stopped;
    Condition {
        state,
        sentence: format!("{}{}", state.as_str(), ended(reason, note)),
    }
}

fn ended(reason: &str, note: Option<&str>) -> String {
    let note = note.map(line);
    match (reason, note) {
        ("idle", _) => ": nothing was left to do".to_owned(),
        ("signal", _) => " by a signal".to_owned(),
        ("paused", _) => ": only paused jobs were left".to_owned(),
        ("unconfirmed", _) => ": the estimate was not confirmed".to_owned(),
        ("refused", None) => ": the remote refuses the key or the account".to_owned(),
        (_, Some(note)) => format!(": {note}"),
        (reason, None) => format!(": {}", line(reason)),
    }
}

fn unwritable(why: Option<&str>) -> String {
    let why = why.map_or(String::new(), |why| format!(" ({})", line(why)));
    format!(
        ": the archive cannot be written{why}. Do not stop the daemon: it keeps paid replies in memory, and goes on by itself"
    )
}

fn idle(facts: &Facts) -> (State, Option<String>) {
    match facts.is_only_paused {
        false => (State::Idle, Some(": no job is left".to_owned())),
        true => (
            State::Paused,
            Some(" by operator: only paused jobs are left".to_owned()),
        ),
    }
}

/// Returns the error that keeps calls back, else the latest one.
fn last_error(facts: &Facts) -> String {
    let cooling = facts.cooling.first().map(|cooling| &cooling.why);
    let latest = facts.last_error.as_ref().map(|last| &last.error);
    match cooling.or(latest) {
        Some(error) => format!("; last error: {}", line(error)),
        None => String::new(),
    }
}

fn stalled(facts: &Facts, quiet: f64) -> String {
    let count = |jobs: i64| match jobs {
        1 => "1 job".to_owned(),
        jobs => format!("{} jobs", thousands(jobs)),
    };
    let jobs = match facts.jobs {
        0 => format!("{} waiting", count(facts.waiting_jobs.max(1))),
        jobs => format!("{} ready", count(jobs)),
    };
    format!(
        ": {jobs}, nothing kept for {}{}",
        span(quiet),
        last_error(facts)
    )
}

/// Returns what the daemon waits for, if every job waits.
fn waiting(facts: &Facts) -> Option<String> {
    let wait = |until: f64| span((until - facts.now).max(0.0));
    if let Some(all) = facts
        .cooling
        .iter()
        .find(|cooling| cooling.endpoint.is_empty())
    {
        return Some(format!(
            " {}: all endpoints in cooldown, {}",
            wait(all.until),
            line(&all.why)
        ));
    }
    if facts.work.is_callable {
        return None;
    }
    let first = facts
        .cooling
        .iter()
        .min_by(|one, other| one.until.total_cmp(&other.until));
    if let Some(first) = first {
        return Some(format!(
            " {}: {} in cooldown, {}",
            wait(first.until),
            first.endpoint,
            line(&first.why)
        ));
    }
    let due = facts.next_due.filter(|due| *due > facts.now)?;
    Some(format!(
        " {}: the next attempt{}",
        wait(due),
        last_error(facts)
    ))
}

fn working(facts: &Facts) -> String {
    let mut text = format!(": {:.1} calls/s, ", facts.calls_per_second);
    text.push_str(&match facts.budget {
        Some((_, limit, charged)) => format!("{charged} of {limit}"),
        None => format!("{} spent", facts.spent),
    });
    match (facts.to_go, facts.budget) {
        (Some((cost, seconds)), Some((key, limit, charged)))
            if cost.0 > limit.0 - charged.0 && cost.0 > 0 =>
        {
            #[expect(clippy::cast_precision_loss, reason = "a share for people")]
            let part = (limit.0 - charged.0).max(0) as f64 / cost.0 as f64;
            text.push_str(&format!(
                ", about {} until budget.{key} is spent",
                about(seconds * part)
            ));
        }
        (Some((cost, seconds)), _) => {
            text.push_str(&format!(", about {} and {cost} to go", about(seconds)));
        }
        (None, _) => {}
    }
    text
}

#[cfg(test)]
mod tests;
