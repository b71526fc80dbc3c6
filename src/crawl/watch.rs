//! Watches what keeps calls back: probes a remote that does not answer, tells the operator, and ends a run that has
//! waited long enough.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::account::ask_since;
use super::engine::Engine;
use super::stop::StopCause;
use crate::api::limiter::{Cause, Outage};
use crate::store::{Cooling, Result, read};

const TICK: Duration = Duration::from_millis(250);
/// Time after which a lasting pause is logged again, in seconds.
pub(super) const REPEAT_SECONDS: f64 = 600.0;
/// Time without a pause after which it is over, in seconds. Pauses that follow each other closely are one.
const QUIET_SECONDS: f64 = 10.0;
/// An endpoint that fails while others answer is given up after this part of the patience with an outage.
const ENDPOINT_PATIENCE: f64 = 1.0 / 12.0;

/// A pause that the log has announced.
#[derive(Debug, Clone, PartialEq)]
struct Notice {
    cause: Cause,
    since: f64,
    said_at: f64,
    seen_at: f64,
}

/// A pause now, by its name: an endpoint, or empty for all.
#[derive(Debug, Clone, PartialEq)]
struct Pause {
    endpoint: &'static str,
    cause: Cause,
    until: f64,
    why: String,
}

/// What the log says of pauses.
#[derive(Debug, PartialEq)]
enum Said {
    Paused(Pause, f64),
    Continued(&'static str, Cause, f64),
}

/// Runs until the run stops.
pub async fn watch(engine: Arc<Engine>) {
    let mut notices = BTreeMap::new();
    // What the run before stored may be over.
    let mut stored = Some(f64::NAN);
    let mut is_over_estimate = false;
    while !engine.is_stopping() {
        let now = engine.steady();
        for said in update(&mut notices, pauses(&engine, now), now) {
            log(&said, now);
        }
        if !is_over_estimate {
            is_over_estimate = warn_of_cost(&engine).await;
        }
        let outage = engine.parts.limiter.outage();
        // A failed write is repeated at the next tick.
        if store_outage(&engine, outage.as_ref(), &mut stored)
            .await
            .is_ok()
        {
            tokio::select! {
                () = probe(&engine, outage.as_ref()) => {}
                () = engine.until_stopped() => {}
            }
        }
        if engine.config().settings.until_idle {
            lose_patience(&engine, outage.as_ref()).await;
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
}

/// Warns if the run costs far more than estimated. Returns whether it did.
async fn warn_of_cost(engine: &Engine) -> bool {
    let Some(estimated) = engine.config().settings.estimated else {
        return false;
    };
    let readers = engine.parts.store.readers();
    let Ok(charged) = read::charged(readers, "", engine.parts.run.id).await else {
        return false;
    };
    let is_over = charged.run.0 > estimated.0.saturating_mul(3) / 2 && estimated.0 > 0;
    if is_over {
        tracing::warn!(
            charged = %charged.run,
            estimated = %estimated,
            "the run has cost more than 1.5 times its estimate"
        );
    }
    is_over
}

/// Asks for the account info if the remote does not answer and a probe is due.
async fn probe(engine: &Engine, outage: Option<&Outage>) {
    let (limiter, now) = (&engine.parts.limiter, engine.steady());
    if outage.is_none_or(|outage| outage.next_probe > now) || !limiter.is_probed_for_free() {
        return;
    }
    if let Ok(Some(answer)) = ask_since(engine, now).await {
        let why = answer.error.filter(|_| !answer.is_reachable);
        let why = why.map(|error| error.to_string());
        limiter.probed(answer.asked_at, why.as_deref(), engine.steady());
        if why.is_none() {
            engine.wake(64);
        }
    }
}

/// Stores the next probe, for `status`.
async fn store_outage(
    engine: &Engine,
    outage: Option<&Outage>,
    stored: &mut Option<f64>,
) -> Result<()> {
    let outage = outage.filter(|outage| outage.is_confirmed);
    let next_probe = outage.map(|outage| outage.next_probe);
    if *stored == next_probe {
        return Ok(());
    }
    let cooling = outage.map(|outage| Cooling {
        endpoint: String::new(),
        until: outage.next_probe,
        cause: Cause::Outage.as_str().to_owned(),
        why: outage.why.clone(),
    });
    let over: &[&str] = if outage.is_none() { &[""] } else { &[] };
    let cooling: Vec<Cooling> = cooling.into_iter().collect();
    engine.parts.store.note_cooldowns(&cooling, over).await?;
    *stored = next_probe;
    Ok(())
}

/// Ends a run that waited too long for the remote, and gives up endpoints that fail while others answer.
async fn lose_patience(engine: &Engine, outage: Option<&Outage>) {
    let (now, settings) = (engine.steady(), engine.config().settings);
    let patience = settings.outage_patience.as_secs_f64();
    if let Some(outage) = outage {
        if outage.is_confirmed && now - outage.since >= patience {
            engine.stop(StopCause::Away(outage.why.clone()));
        }
        return;
    }
    for endpoint in engine.endpoints() {
        let failing = engine
            .parts
            .limiter
            .evidence(|policy| policy.failing(endpoint, settings.max_attempts));
        let Some((since, worst)) = failing else {
            continue;
        };
        let seconds = now - since;
        if seconds < patience * ENDPOINT_PATIENCE {
            continue;
        }
        let (_, why) = engine.parts.limiter.evidence(|policy| policy.why(endpoint));
        let why = format!("it has failed for {seconds:.0} s; last error: {why}");
        engine.retire(endpoint, &why, true);
        if let Err(error) = engine
            .parts
            .store
            .fail_jobs(&worst, &why, engine.now())
            .await
        {
            tracing::warn!(%error, endpoint, "jobs of a failing endpoint are not ended");
        }
    }
}

/// Returns what keeps calls back now. A block, like an outage, is one pause of all endpoints.
fn pauses(engine: &Engine, now: f64) -> Vec<Pause> {
    let outage = engine.parts.limiter.outage();
    if let Some(outage) = outage.filter(|outage| outage.is_confirmed) {
        return vec![Pause {
            endpoint: "",
            cause: Cause::Outage,
            until: outage.next_probe,
            why: outage.why,
        }];
    }
    let mut pauses: Vec<Pause> = Vec::new();
    engine.parts.limiter.evidence(|policy| {
        for endpoint in engine.endpoints() {
            let Some(cooldown) = policy.own_cooldown(endpoint, now) else {
                continue;
            };
            let (cause, why) = policy.why(endpoint);
            let endpoint = match cause {
                Cause::Blocked | Cause::Outage => "",
                Cause::Throttled | Cause::Failing => endpoint,
            };
            if pauses.iter().all(|other| other.endpoint != endpoint) {
                pauses.push(Pause {
                    endpoint,
                    cause,
                    until: cooldown.until,
                    why,
                });
            }
        }
    });
    pauses
}

/// Compares the pauses with those that the log has announced, and returns what to log. Pure.
fn update(notices: &mut BTreeMap<&'static str, Notice>, pauses: Vec<Pause>, now: f64) -> Vec<Said> {
    let mut said = Vec::new();
    for pause in pauses {
        let notice = notices.entry(pause.endpoint).or_insert(Notice {
            cause: pause.cause,
            since: now,
            said_at: f64::NEG_INFINITY,
            seen_at: now,
        });
        notice.seen_at = now;
        if now - notice.said_at >= REPEAT_SECONDS || notice.cause != pause.cause {
            notice.said_at = now;
            notice.cause = pause.cause;
            said.push(Said::Paused(pause, now - notice.since));
        }
    }
    notices.retain(|endpoint, notice| {
        let quiet = match notice.cause {
            Cause::Outage => 0.0,
            _ => QUIET_SECONDS,
        };
        let is_over = now - notice.seen_at > quiet;
        if is_over {
            let seconds = notice.seen_at - notice.since;
            said.push(Said::Continued(endpoint, notice.cause, seconds));
        }
        !is_over
    });
    said
}

fn log(said: &Said, now: f64) {
    match said {
        Said::Paused(pause, paused_seconds) => {
            let seconds = (pause.until - now).max(0.0).round();
            let paused_seconds = paused_seconds.round();
            let (cause, why) = (pause.cause.as_str(), &pause.why);
            match pause.endpoint {
                "" => tracing::warn!(
                    cause,
                    next_call_seconds = seconds,
                    paused_seconds,
                    last_error = why,
                    "calls of all endpoints paused"
                ),
                endpoint => tracing::warn!(
                    endpoint,
                    cause,
                    next_call_seconds = seconds,
                    paused_seconds,
                    last_error = why,
                    "calls paused"
                ),
            }
        }
        Said::Continued(endpoint, cause, seconds) => {
            let (cause, paused_seconds) = (cause.as_str(), seconds.round());
            match *endpoint {
                "" => tracing::info!(cause, paused_seconds, "calls of all endpoints continue"),
                endpoint => tracing::info!(endpoint, cause, paused_seconds, "calls continue"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Cause, Pause, Said, update};

    fn pause(endpoint: &'static str, cause: Cause) -> Pause {
        Pause {
            endpoint,
            cause,
            until: 0.0,
            why: "HTTP 429".to_owned(),
        }
    }

    #[test]
    fn a_pause_is_logged_when_it_begins_every_ten_minutes_and_when_it_is_over() {
        let mut notices = BTreeMap::new();
        let mut logged = Vec::new();
        for second in 0..2_000_u32 {
            let now = f64::from(second);
            // Throttled again and again, with breaks of 5 s.
            let pauses = match second {
                0..1_300 if second % 6 == 0 => vec![pause("a", Cause::Throttled)],
                _ => Vec::new(),
            };
            for said in update(&mut notices, pauses, now) {
                logged.push((second, matches!(said, Said::Paused(..))));
            }
        }
        assert_eq!(
            logged,
            [(0, true), (600, true), (1_200, true), (1_307, false)]
        );
    }

    #[test]
    fn the_end_of_an_outage_is_logged_at_once_with_its_length() {
        let mut notices = BTreeMap::new();
        assert_eq!(
            update(&mut notices, vec![pause("", Cause::Outage)], 0.0).len(),
            1
        );
        assert_eq!(
            update(&mut notices, vec![pause("", Cause::Outage)], 50.0),
            []
        );
        let over = update(&mut notices, Vec::new(), 50.25);
        assert_eq!(over, [Said::Continued("", Cause::Outage, 50.0)]);
    }
}
