//! Replans raw replies of the archive, without a call, after the plan changed or a job's depth decreased.

use super::admit::Place;
use super::engine::Engine;
use super::read::Reread;
use super::resolve::resolve_from_archive;
use crate::api::endpoints;
use crate::model::{NewJob, Refusals};
use crate::store::{Replanned, Result};

/// Jobs replanned per upkeep tick. The limit keeps upkeep responsive.
const JOBS: usize = 64;

/// Replans some of the marked jobs, unless the queue is being changed. Returns whether this added jobs.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub(super) async fn replan_some(engine: &Engine) -> Result<bool> {
    let mut added = 0;
    for _ in 0..JOBS {
        let Some(job) = engine.parts.store.next_replan().await? else {
            break;
        };
        // Who holds the engine waits for the jobs that are added.
        let _busy = engine.busy();
        if engine.is_held() {
            break;
        }
        added += replan(engine, &job).await?;
    }
    Ok(added > 0)
}

async fn replan(engine: &Engine, job: &Replanned) -> Result<u64> {
    let (store, config) = (&engine.parts.store, engine.config());
    let mut place = endpoints::find(&job.endpoint).map(|entry| Place {
        endpoint: entry.name,
        subject: &job.subject,
        depth: job.depth,
        resolves_name: job.resolves_name,
        led_to: 0,
    });
    store.forget_refusals(job).await?;
    let (mut after, mut added) = (0, 0);
    while let Some(place) = &mut place {
        let replies = store.kept_replies(job.job_id, after).await?;
        let Some((last, _)) = replies.last() else {
            break;
        };
        after = *last;
        let (mut jobs, mut refused) = (Vec::<NewJob>::new(), Refusals::new());
        for (call_id, reply) in &replies {
            match Reread::of(engine, place.endpoint, place.subject, &reply.body) {
                Ok(read) => {
                    let mut admitted = config.plan.admit(place, &read.harvest);
                    resolve_from_archive(engine, place, &mut admitted).await?;
                    place.led_to = admitted.led_to;
                    jobs.extend(admitted.jobs);
                    for (what, subjects) in admitted.refused {
                        *refused.entry(what).or_default() += subjects;
                    }
                }
                Err(why) => {
                    tracing::warn!(call_id, why, "raw reply unreadable; skipped in replanning")
                }
            }
        }
        added += store.plan_again(job, &jobs, &refused, engine.now()).await?;
    }
    store
        .planned(job, place.map_or(0, |place| place.led_to))
        .await?;
    if added > 0 {
        tracing::info!(
            endpoint = job.endpoint,
            subject = job.subject,
            added,
            "follow-ups added from raw replies"
        );
    }
    Ok(added)
}
