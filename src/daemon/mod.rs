//! Builds the parts once, runs them, and stops them in order.

mod archive;
mod patience;
mod signals;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::account::{self, Account};
use crate::api::limiter::Rates;
use crate::api::{Asked, Client, Limiter, Reply, Request, Scrubber, Secret, error};
use crate::config::Config;
use crate::crawl::{
    self, Engine, Packer, Parts, Plan, Settings, StopCause, Training, now, settlement,
};
use crate::model::MicroUsd;
use crate::store::{Budget, Dictionary, OpenCall, Seed, SeedKind, Seeded, Store, Writer, report};

pub use archive::{Archive, InUse};
pub use patience::patiently;
pub use signals::Signals;

/// How long what is handed over to the writer may take beyond the grace time.
const FLUSH: Duration = Duration::from_secs(2);
/// What becomes of replies that can no longer be written.
const UNWRITTEN: &str =
    "replies that waited for it are lost, and the next run names their calls as unknown";

/// What a run found when it began.
#[derive(Debug, Clone, Copy)]
pub struct Prepared {
    /// It differs from the plan of the run before.
    pub plan_changed: bool,
    pub resumed_jobs: u64,
    pub seeded: Seeded,
}

/// Makes the queue fit the plan: changed plans, higher caps, new money, seeds of the configuration.
///
/// # Errors
/// Where the archive cannot be written.
pub async fn prepare(store: &Store, plan: &Plan, seeds: &[Seed]) -> anyhow::Result<Prepared> {
    let fingerprint = plan.fingerprint();
    let before = store.followed_plan().await?;
    let is_new = before.as_ref() != Some(&fingerprint);
    let mut resumed_jobs = store.resume_budget_stops().await?;
    for endpoint in plan.endpoints() {
        resumed_jobs += store.lift_cap(endpoint, plan.max_pages(endpoint)).await?;
    }
    let mut all = Vec::new();
    if is_new {
        for endpoint in plan.buy_known() {
            resumed_jobs += store.want_known(endpoint).await?;
        }
        // Seeds of before this plan, also those that were planted before there was any run.
        all = store.seeds().await?;
    }
    all.extend(seeds.iter().cloned());
    let seeded = plant(store, plan, &all).await?;
    resumed_jobs += store.wait_only_for(&plan.endpoints()).await?;
    if is_new {
        store.follow_plan(&fingerprint).await?;
    }
    Ok(Prepared {
        plan_changed: is_new && before.is_some(),
        resumed_jobs,
        seeded,
    })
}

/// Plants seeds. A name that a reply has shown already needs no search.
///
/// # Errors
/// Where the archive cannot be written; then none is planted.
pub async fn plant(store: &Store, plan: &Plan, seeds: &[Seed]) -> anyhow::Result<Seeded> {
    let mut planted = Vec::with_capacity(seeds.len());
    for seed in seeds {
        let known = match seed.kind {
            SeedKind::Name => store.user_named(&seed.subject).await?,
            _ => None,
        };
        let jobs = match known {
            Some(user_id) => plan.seed_jobs(&Seed {
                kind: SeedKind::User,
                subject: user_id,
            }),
            None => plan.seed_jobs(seed),
        };
        planted.push((seed.clone(), jobs));
    }
    Ok(store.plant(&planted, now()).await?)
}

/// The limits on money, as the ledger takes them.
#[must_use]
pub fn budget(config: &Config) -> Budget {
    let budget = &config.budget;
    Budget {
        run: budget.run_usd,
        day: budget.day_usd,
        total: budget.total_usd,
        seed: budget.seed_usd,
    }
}

/// The limiter that the configuration asks for, with the pauses that an earlier run was asked for.
///
/// # Errors
/// Where the archive cannot be read.
pub async fn limiter(config: &Config, store: &Store) -> anyhow::Result<Limiter> {
    let limits = &config.limits;
    let limiter = Limiter::new(&Rates {
        overall: limits.requests_per_second,
        endpoint: limits.endpoint_rate(),
        breaker_failures: limits.breaker_failures,
        breaker_cooldown: Duration::from_secs_f64(limits.breaker_cooldown_seconds),
    });
    for (endpoint, status) in report::endpoints(store.readers()).await? {
        if status.kept > 0 {
            limiter.worked_before(&endpoint);
        }
    }
    for (endpoint, until) in report::rests(store.readers()).await? {
        limiter.rest_until(&endpoint, until, now());
    }
    Ok(limiter)
}

/// What packs replies with these dictionaries of the archive.
#[must_use]
pub fn packer(dictionaries: &[Dictionary]) -> Packer {
    let (packer, wrong) = Packer::new(dictionaries);
    for why in wrong {
        tracing::warn!("{why}; what needs it may be lost, and nothing more is packed with it");
    }
    packer
}

/// Puts a crawl together.
///
/// # Errors
/// Where the client cannot be built or the archive cannot be read.
pub async fn engine(
    archive: &Archive,
    config: &Config,
    key: &Secret,
    until_idle: bool,
) -> anyhow::Result<Arc<Engine>> {
    let limits = &config.limits;
    let store = archive.store.clone();
    let dictionaries = store.dictionaries().await?;
    Ok(Arc::new(Engine::new(Parts {
        writer: Writer::start(&store, now),
        client: Client::new(&(&config.api).into(), key).map_err(|why| anyhow!(why))?,
        scrubber: Scrubber::new(key),
        limiter: limiter(config, &store).await?,
        plan: Plan::new(config.crawl.clone()),
        packer: packer(&dictionaries),
        training: Training::of(&store, &dictionaries).await?,
        budget: budget(config),
        run: archive.run,
        settings: Settings {
            max_attempts: limits.max_attempts,
            retry_base: Duration::from_secs_f64(limits.retry_base_seconds),
            retry_cap: Duration::from_secs_f64(limits.retry_cap_seconds),
            // A full line of workers may wait for its turn before the first of them is sent.
            lease_seconds: limits.lease_seconds
                + f64::from(limits.max_in_flight)
                    / limits.requests_per_second.min(limits.endpoint_rate()),
            until_idle,
        },
        store,
    })))
}

/// Asks the account's own page, which is free. `Ok(None)` where there is no such page; an error only where the key is
/// refused.
///
/// # Errors
/// `api::Error::Refused` where the remote does not know the key; others where the archive fails.
pub async fn preflight(engine: &Engine) -> anyhow::Result<Option<Account>> {
    let parts = &engine.parts;
    let time = now();
    let call = OpenCall {
        run_id: parts.run.id,
        lease: None,
        seed_id: None,
        endpoint: account::NAME,
        subject: String::new(),
        cursor: None,
        price: MicroUsd(0),
        budget: Budget::default(),
        day: crawl::day(time),
        now: time,
    };
    let call_id = parts.store.open_call(&call).await?;
    let reply = parts
        .client
        .call(&Request::get(account::PATH, Vec::new()))
        .await;
    let asked = Asked {
        had_cursor: false,
        now: now(),
    };
    let read = error::of_reply(&reply, asked, &parts.scrubber).map(account::read);
    let error = read.as_ref().err().map(ToString::to_string);
    let mut settled = settlement(&parts.packer, account::NAME, &reply, MicroUsd(0), error);
    // The page names the owner of the key: shown, but not archived.
    settled.body = None;
    parts.store.settle_call(call_id, &settled, now()).await?;
    match (read, &reply) {
        (Ok(account), _) => Ok(account),
        // 403 may only mean that the key is not for this page (api/README.md §4).
        (Err(refused @ crate::api::Error::Refused { .. }), Reply::Answered(answer))
            if answer.status != 403 =>
        {
            Err(refused.into())
        }
        (Err(_), _) => Ok(None),
    }
}

/// Crawls until the run stops, then lets calls in flight finish for at most `grace`.
///
/// # Errors
/// Where the archive cannot be written.
pub async fn crawl(
    engine: &Arc<Engine>,
    signals: &mut Signals,
    workers: u32,
    grace: Duration,
) -> anyhow::Result<StopCause> {
    let mut tasks = JoinSet::new();
    tasks.spawn(crawl::tend(engine.clone()));
    tasks.spawn(crawl::train(engine.clone()));
    for _ in 0..workers {
        tasks.spawn(crawl::work(engine.clone()));
    }
    tokio::select! {
        () = engine.until_stopped() => {}
        name = signals.next() => {
            tracing::warn!(signal = name, "stopping: calls in flight are finished, nothing more is begun");
            engine.stop(StopCause::Signal);
        }
    }
    let is_told = engine.stopped() == Some(StopCause::Signal);
    let latest = Instant::now() + grace;
    let drained = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        () = drained => {}
        () = tokio::time::sleep_until(latest) => {
            tracing::error!("the grace time is over; calls still in flight count as billed");
        }
        name = signals.next() => {
            tracing::error!(signal = name, "stopped at once; calls still in flight count as billed");
        }
    }
    tasks.abort_all();
    while tasks.join_next().await.is_some() {}
    // What a stopped worker had handed over already was paid for: it is waited for, but not by one who was told to end.
    tokio::select! {
        flushed = engine.parts.writer.flush() => flushed?,
        () = tokio::time::sleep_until(latest.max(Instant::now() + FLUSH)), if is_told => {
            bail!("the archive cannot be written; {UNWRITTEN}");
        }
        name = signals.next() => bail!("stopped by {name} while the archive cannot be written; {UNWRITTEN}"),
    }
    engine.stopped().context("the crawl ended without a cause")
}

/// How much may still be spent now, where a budget says so.
#[must_use]
pub fn room(budget: &Budget, charged: &report::Charged) -> Option<MicroUsd> {
    [
        (budget.run, charged.run),
        (budget.day, charged.day),
        (budget.total, charged.total),
    ]
    .into_iter()
    .filter_map(|(limit, charged)| Some(MicroUsd((limit?.0 - charged.0).max(0))))
    .min()
}
