//! Adapts the queue to the plan before a run.

use anyhow::anyhow;

use super::catch_up;
use crate::crawl::Plan;
use crate::erase::people_of;
use crate::model::{Seed, is_erased};
use crate::replies::People;
use crate::store::{Seeded, Store};

/// Changes of the queue at the start of a run.
#[derive(Debug, Clone, Copy)]
pub struct Prepared {
    /// The plan differs from that of the previous run.
    pub plan_changed: bool,
    pub resumed_jobs: u64,
    pub seeded: Seeded,
}

/// Fills the tables of this version, and adapts the queue to a changed plan, to higher caps and budgets, and to the
/// configured seeds.
///
/// # Errors
/// Returns an error if the archive cannot be written.
pub async fn prepare(
    store: &Store,
    plan: &Plan,
    seeds: &[Seed],
    now: f64,
) -> anyhow::Result<Prepared> {
    catch_up(store).await?;
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
        // The new plan applies to all seeds, also to those that were added before the first run.
        all = store.seeds().await?;
    }
    all.extend(seeds.iter().cloned());
    let seeded = plant(store, plan, &all, now, |_| {}).await?;
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

/// Returns whether a seed names an erased person.
fn names(people: &People, seed: &Seed) -> bool {
    people.subject(&seed.subject).is_some()
}

/// The number of seeds per transaction: a running daemon waits for each, and each writes many pages of the index again.
const SEEDS_AT_ONCE: usize = 10_000;

/// Adds seeds with their jobs, and reports the number of seeds after each transaction. A name is always looked up by a
/// search, because it may belong to another person today.
///
/// # Errors
/// Returns an error if the archive cannot be written. Seeds of earlier transactions stay.
pub async fn plant(
    store: &Store,
    plan: &Plan,
    seeds: &[Seed],
    now: f64,
    mut report: impl FnMut(usize),
) -> anyhow::Result<Seeded> {
    let mut seeded = Seeded::default();
    let people = people_of(store).await.map_err(|why| anyhow!(why))?;
    let is_refused = |seed: &&Seed| is_erased(&seed.subject) || names(&people, seed);
    let refused = seeds.iter().filter(|seed| names(&people, seed)).count();
    if refused > 0 {
        tracing::warn!(refused, "seeds are left out: these people were erased");
    }
    let seeds: Vec<Seed> = seeds
        .iter()
        .filter(|seed| !is_refused(seed))
        .cloned()
        .collect();
    for some in seeds.chunks(SEEDS_AT_ONCE) {
        let planted = some.iter().map(|seed| (seed.clone(), plan.seed_jobs(seed)));
        let planted: Vec<_> = planted.collect();
        seeded += store.plant(&planted, now).await?;
        report(some.len());
    }
    Ok(seeded)
}
