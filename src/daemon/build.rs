//! Builds the parts of a crawl from the configuration and the archive.

use std::time::Duration;

use anyhow::anyhow;

use super::Archive;
use crate::api::limiter::{Cause, Rates};
use crate::api::{Client, Limiter, Scrubber, Secret};
use crate::config::{Config, Limits, Upkeep};
use crate::crawl::{LiveConfig, Parts, Plan, Settings};
use crate::replies::{Packer, Reader, Training};
use crate::report::status::budget;
use crate::store::{Dictionary, Store, Writer, read};

/// Returns the configured limiter, with the endpoints that worked and the cooldowns of earlier runs.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn limiter(config: &Config, store: &Store, now: f64) -> anyhow::Result<Limiter> {
    let limiter = Limiter::new(&rates(&config.limits));
    for (endpoint, status) in read::endpoints(store.readers()).await? {
        if status.kept > 0 {
            limiter.evidence(|policy| policy.answered_before(&endpoint));
        }
    }
    for cooling in read::cooldowns(store.readers()).await? {
        let cause = Cause::ALL
            .into_iter()
            .find(|cause| cause.as_str() == cooling.cause);
        // An outage may be over; the first call of the run shows it.
        if let Some(cause) = cause.filter(|cause| *cause != Cause::Outage) {
            limiter.cool_down_until(&cooling.endpoint, cooling.until, cause, &cooling.why, now);
        }
    }
    Ok(limiter)
}

/// Returns the configured rates of the limiter.
#[must_use]
pub fn rates(limits: &Limits) -> Rates {
    Rates {
        overall: limits.requests_per_second,
        endpoint: limits.endpoint_rate(),
        breaker_failures: limits.breaker_failures,
        breaker_cooldown: Duration::from_secs_f64(limits.breaker_cooldown_seconds),
    }
}

fn settings(limits: &Limits, upkeep: &Upkeep, until_idle: bool) -> Settings {
    Settings {
        max_attempts: limits.max_attempts,
        max_paid_attempts: limits.max_paid_attempts,
        max_empty_pages: limits.max_empty_pages,
        breaker_cooldown: Duration::from_secs_f64(limits.breaker_cooldown_seconds),
        outage_patience: Duration::from_secs_f64(limits.outage_patience_seconds),
        retry_base: Duration::from_secs_f64(limits.retry_base_seconds),
        retry_cap: Duration::from_secs_f64(limits.retry_cap_seconds),
        // A worker may wait for the permits of all others while it already holds its lease.
        lease_seconds: limits.lease_seconds
            + f64::from(limits.max_in_flight)
                / limits.requests_per_second.min(limits.endpoint_rate()),
        workers: limits.max_in_flight,
        estimated: None,
        min_free_bytes: upkeep.min_free_bytes,
        optimize_every: Duration::from_secs_f64(upkeep.optimize_seconds),
        until_idle,
    }
}

/// Returns the part of the configuration that a run follows.
#[must_use]
pub fn live_config(config: &Config, until_idle: bool) -> LiveConfig {
    LiveConfig {
        plan: Plan::new(config.crawl.clone()),
        budget: budget(config),
        settings: settings(&config.limits, &config.upkeep, until_idle),
        refresh: config.refresh.clone(),
    }
}

/// Returns a packer with the dictionaries of the archive. Logs each damaged dictionary.
#[must_use]
pub fn packer(dictionaries: &[Dictionary]) -> Packer {
    let (packer, wrong) = Packer::new(dictionaries);
    for why in wrong {
        tracing::warn!(
            why,
            "damaged dictionary: its replies may be unreadable, and new replies do not use it"
        );
    }
    packer
}

/// Builds the parts of a crawl and starts its writer.
///
/// # Errors
/// Returns an error if the client cannot be built or the archive cannot be read.
pub async fn parts(
    archive: &Archive,
    config: &Config,
    key: &Secret,
    until_idle: bool,
) -> anyhow::Result<Parts> {
    let store = archive.store.clone();
    let dictionaries = store.dictionaries().await?;
    let live = live_config(config, until_idle);
    store.note_plan(archive.run.id, &live.plan.json()).await?;
    Ok(Parts {
        clock: archive.clock.clone(),
        writer: Writer::start(&store, archive.clock.clone()),
        client: Client::new(&(&config.api).into(), key).map_err(|why| anyhow!(why))?,
        scrubber: Scrubber::new(key),
        limiter: limiter(config, &store, archive.clock.steady()).await?,
        config: live,
        packer: packer(&dictionaries),
        training: Training::of(&store, &dictionaries).await?,
        reader: Reader::default(),
        run: archive.run,
        store,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{rates, settings};
    use crate::config::{Config, Upkeep};

    #[test]
    fn every_limit_has_its_own_effect() {
        let mut limits = Config::default().limits;
        limits.requests_per_second = 101.0;
        limits.endpoint_requests_per_second = Some(20.0);
        limits.max_in_flight = 40;
        limits.max_attempts = 3;
        limits.max_paid_attempts = 4;
        limits.max_empty_pages = 5;
        limits.retry_base_seconds = 6.0;
        limits.retry_cap_seconds = 7.0;
        limits.lease_seconds = 8.0;
        limits.breaker_failures = 9;
        limits.breaker_cooldown_seconds = 10.0;
        limits.outage_patience_seconds = 11.0;
        let rates = rates(&limits);
        assert_eq!((rates.overall, rates.endpoint), (101.0, 20.0));
        assert_eq!(rates.breaker_failures, 9);
        assert_eq!(rates.breaker_cooldown, Duration::from_secs(10));
        let upkeep = Upkeep {
            min_free_bytes: 12,
            optimize_seconds: 13.0,
        };
        let settings = settings(&limits, &upkeep, true);
        assert_eq!(settings.min_free_bytes, 12);
        assert_eq!(settings.optimize_every, Duration::from_secs(13));
        assert_eq!(
            (
                settings.max_attempts,
                settings.max_paid_attempts,
                settings.max_empty_pages
            ),
            (3, 4, 5)
        );
        assert_eq!(settings.retry_base, Duration::from_secs(6));
        assert_eq!(settings.retry_cap, Duration::from_secs(7));
        assert_eq!(settings.breaker_cooldown, Duration::from_secs(10));
        assert_eq!(settings.outage_patience, Duration::from_secs(11));
        // 40 workers at 20 calls a second may wait 2 s for their turn.
        assert_eq!(settings.lease_seconds, 10.0);
        assert!(settings.until_idle);
        limits.endpoint_requests_per_second = None;
        assert_eq!(super::rates(&limits).endpoint, 101.0);
    }
}
