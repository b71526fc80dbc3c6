//! Buys again what is worth it: reads what the archive knows, plans, and begins the refreshes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::SqlitePool;

use super::engine::Engine;
use super::plan::Plan;
use super::refresh::candidate::Candidate;
use super::refresh::curve::Curve;
use super::refresh::known;
use super::refresh::plan::{Money, RefreshPlan, plan};
use super::refresh::staleness::{Staleness, staleness};
use crate::api::endpoint::Order;
use crate::api::endpoints;
use crate::clock::{day, next_day};
use crate::config::Refresh;
use crate::model::{Left, MicroUsd, Stale, SubjectKind};
use crate::store::read::Which;
use crate::store::{NewRefresh, Result, Store, read};

/// Least time between two plans.
const TICK: Duration = Duration::from_secs(60);
/// What was seen so recently is not bought again, however much money there is.
const LEAST_HOURS: f64 = 1.0;
/// Item-hours from which on a call is worth its price, however much money there is: one item that waits for half an hour.
const LEAST_VALUE: f64 = 0.5;
/// Share of `max_days` after which a call is made for its deadline, although hardly anything is expected.
const DUE_SHARE: f64 = 0.5;
/// A plan takes at most this share of the time.
const SHARE: u32 = 50;

/// What could be bought again.
#[derive(Debug, Default)]
pub struct Known {
    /// What is worth it, or has not been seen for long.
    pub candidates: Vec<Candidate>,
    /// What has hardly changed.
    pub others: Vec<Candidate>,
    pub curve: Curve,
    /// Endpoint and subject of each job.
    pub names: HashMap<i64, (&'static str, String)>,
}

impl Known {
    /// Reads what the archive knows of all that this plan follows.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn read(pool: &SqlitePool, plan: &Plan, refresh: &Refresh, now: f64) -> Result<Self> {
        let (called, which) = workable(pool, plan).await?;
        let mut all = Self {
            curve: known::curve(&read::count_pairs(pool).await?),
            ..Self::default()
        };
        for entry in called.into_iter().filter_map(endpoints::find) {
            let name = entry.name;
            match (entry.order, entry.left) {
                (Order::NewestFirst, _) if refresh.lists => {
                    let posts = read::known_posts(pool, name, &which).await?;
                    let names = posts.iter().map(|it| (it.job_id, it.subject.clone()));
                    all.name(name, names);
                    all.candidates
                        .extend(known::posts(entry, refresh, &posts, now));
                }
                (Order::Unknown, Left::Count(_)) if refresh.lists => {
                    let lists = read::known_lists(pool, name, entry.left_of(), &which).await?;
                    let names = lists.iter().map(|it| (it.job_id, it.subject.clone()));
                    all.name(name, names);
                    all.candidates.extend(known::lists(entry, &lists, now));
                }
                (_, Left::Described(_)) if is_renewed(entry.subject_kind, refresh) => {
                    let counts = read::known_counts(pool, name, entry.subject_kind, &which).await?;
                    let names = counts.iter().map(|it| (it.job_id, it.subject.clone()));
                    all.name(name, names);
                    all.candidates.extend(known::counts(entry, &counts, now));
                }
                _ => {}
            }
        }
        all.candidates
            .retain(|candidate| candidate.unseen_hours >= LEAST_HOURS);
        let due_hours = f64::from(refresh.max_days) * 24.0 * DUE_SHARE;
        let (worthwhile, others) =
            std::mem::take(&mut all.candidates)
                .into_iter()
                .partition(|candidate| {
                    candidate.unseen_hours >= due_hours
                        || candidate.worth(&all.curve).value >= LEAST_VALUE
                });
        (all.candidates, all.others) = (worthwhile, others);
        Ok(all)
    }

    fn name(&mut self, endpoint: &'static str, jobs: impl Iterator<Item = (i64, String)>) {
        self.names
            .extend(jobs.map(|(job_id, subject)| (job_id, (endpoint, subject))));
    }

    /// Returns what to buy with this money.
    #[must_use]
    pub fn plan(&self, refresh: &Refresh, money: Money) -> RefreshPlan<'_> {
        let max_days = Some(f64::from(refresh.max_days));
        plan(&self.candidates, &self.curve, money, max_days)
    }

    /// Returns how stale the archive is, if this plan is followed.
    #[must_use]
    pub fn stale(&self, plan: &RefreshPlan<'_>, now: f64) -> Stale {
        let Staleness {
            oldest_hours,
            unseen_items,
            halving,
        } = staleness(self.candidates.iter().chain(&self.others));
        Stale {
            at: now,
            oldest_hours,
            unseen_items,
            halving_micro_usd: halving.0,
            overdue: u64::try_from(plan.overdue).unwrap_or(u64::MAX),
            needed_micro_usd_per_day: plan.per_day_needed.0,
        }
    }
}

fn is_renewed(kind: SubjectKind, refresh: &Refresh) -> bool {
    match kind {
        SubjectKind::User => refresh.profiles,
        _ => refresh.counters,
    }
}

/// Returns the money for refreshing at a time. `spent` is what the refreshes of this day have cost, `room` what the other
/// budgets leave.
#[must_use]
pub fn money(per_day: MicroUsd, spent: MicroUsd, room: Option<MicroUsd>, hours: f64) -> Money {
    let money = Money::at(per_day, spent, hours);
    let least = |amount: MicroUsd| room.map_or(amount, |room| amount.min(room));
    Money {
        per_day,
        now: least(money.now),
        today: least(money.today),
    }
}

/// Returns what the refreshes of this day have cost, with what those under way are expected to cost. What is paused, or not
/// called any more, is not under way.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn spent(pool: &SqlitePool, plan: &Plan, now: f64) -> Result<MicroUsd> {
    let (called, which) = workable(pool, plan).await?;
    read::refresh_charged(pool, &day(now), &called, &which).await
}

/// Returns the endpoints that are called now, and which of their jobs can be worked on.
async fn workable(pool: &SqlitePool, plan: &Plan) -> Result<(Vec<&'static str>, Which)> {
    let pauses = read::pauses(pool).await?;
    let mut called = plan.endpoints();
    called.retain(|name| !pauses.covers_endpoint(name));
    let which = Which {
        max_depth: plan.max_depth(),
        paused_seeds: pauses.seeds(),
    };
    Ok((called, which))
}

/// What was begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Begun {
    pub refreshes: u64,
    /// What they are expected to cost.
    pub expected: MicroUsd,
    /// What could be spent.
    pub left: MicroUsd,
}

/// Begins the refreshes that this money is best spent on, and notes how stale the archive is.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub async fn begin(
    store: &Store,
    plan: &Plan,
    refresh: &Refresh,
    money: Money,
    now: f64,
) -> Result<Begun> {
    let known = Known::read(store.readers(), plan, refresh, now).await?;
    let planned = known.plan(refresh, money);
    store.note_staleness(&known.stale(&planned, now)).await?;
    let refreshes: Vec<NewRefresh> = planned
        .calls
        .iter()
        .map(|call| NewRefresh {
            job_id: call.candidate.id,
            why: call.sentence(),
            expected: call.worth.cost,
        })
        .collect();
    if refreshes.is_empty() {
        return Ok(Begun {
            left: money.now,
            ..Begun::default()
        });
    }
    let newest_first = endpoints::newest_first();
    Ok(Begun {
        refreshes: store
            .begin_refreshes(&refreshes, &newest_first, now)
            .await?,
        expected: planned.cost,
        left: money.now,
    })
}

/// Begins the refreshes for all the money that is left of this day.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub async fn begin_for_today(
    store: &Store,
    plan: &Plan,
    refresh: &Refresh,
    room: Option<MicroUsd>,
    now: f64,
) -> Result<Begun> {
    let per_day = refresh.usd_per_day.unwrap_or_default();
    let spent = spent(store.readers(), plan, now).await?;
    let money = money(per_day, spent, room, 24.0);
    begin(store, plan, refresh, money, now).await
}

/// Refreshes what is worth it until the run stops, if the configuration gives money for that. A run that ends when idle does
/// not.
pub async fn renew(engine: Arc<Engine>) {
    let mut today = engine.parts.clock.today();
    while !engine.is_stopping() {
        let began = Instant::now();
        let begun = async {
            if std::mem::replace(&mut today, engine.parts.clock.today()) != today {
                let resumed = engine.parts.store.resume_refreshes().await?;
                engine.wake(usize::try_from(resumed).unwrap_or(usize::MAX));
            }
            begin_some(&engine).await
        };
        if let Err(error) = begun.await {
            tracing::warn!(%error, "nothing was refreshed");
        }
        tokio::select! {
            () = tokio::time::sleep(TICK.max(began.elapsed() * SHARE)) => {}
            () = engine.until_reconfigured() => {}
            () = engine.until_stopped() => {}
        }
    }
}

async fn begin_some(engine: &Engine) -> Result<()> {
    let config = engine.config();
    let Some(per_day) = config.refresh.usd_per_day else {
        return Ok(());
    };
    if config.settings.until_idle || engine.is_held() || engine.is_disk_full() {
        return Ok(());
    }
    let (store, now) = (&engine.parts.store, engine.now());
    let (pool, today) = (store.readers(), day(now));
    let spent = spent(pool, &config.plan, now).await?;
    let charged = read::charged(pool, &today, engine.parts.run.id).await?;
    let hours = 24.0 - (next_day(now) - now) / 3_600.0;
    let money = money(per_day, spent, charged.room(&config.budget), hours);
    let begun = begin(store, &config.plan, &config.refresh, money, now).await?;
    if begun.refreshes > 0 {
        tracing::info!(
            refreshes = begun.refreshes,
            expected_cost = %begun.expected,
            "refreshing what is expected to have changed most per dollar"
        );
        engine.wake(usize::try_from(begun.refreshes).unwrap_or(usize::MAX));
    }
    Ok(())
}
