//! Commits a page that was read, and handles the writer's answer.

use std::sync::atomic::Ordering;

use super::absent::{self, Meeting};
use super::admit::Place;
use super::engine::Engine;
use super::next::next;
use super::read::read_or_default;
use super::resolve::resolve_from_archive;
use super::seen::Seen;
use super::stop::StopCause;
use super::walk::{Walk, log_lease_lost};
use crate::api::Entry;
use crate::model::{Harvest, Lease, LeaseToken, StopReason};
use crate::store::{
    Error, Failure, Next, PageCommit, ROWS_REFUSED, Result, Retry, Settlement, SpanChange,
};

/// Returns the page to commit in one transaction, the work after that commit, and the walk if it has a next page.
pub(super) async fn page_of(
    engine: &Engine,
    walk: Walk,
    entry: &Entry,
    call_id: i64,
    settlement: Settlement,
    harvest: Harvest,
) -> (PageCommit, PendingPage, Option<Walk>) {
    let config = engine.config();
    let Walk { lease, mut seen } = walk;
    let place = place(&lease, entry);
    let mut admitted = config.plan.admit(&place, &harvest);
    let known = read_or_default(resolve_from_archive(engine, &place, &mut admitted).await);
    let (mut next, span_change) = next(engine, &lease, entry, &harvest, &admitted, &seen).await;
    if let (Some(known), Next::End { note, .. }) = (known, &mut next) {
        tracing::warn!(name = lease.subject, "{known}");
        *note = known;
    }
    log_left(&lease, entry, &seen, span_change);
    let meeting = Meeting::of(seen.joined_pages(), span_change);
    seen.add(
        lease.cursor.as_deref(),
        &harvest.items,
        harvest.cursor.as_deref(),
        span_change,
    );
    log_odd_items(engine, &lease, &harvest);
    log_end(&lease, &next);
    if lease.resolves_name
        && let Some(user_id) = &admitted.found
    {
        tracing::info!(name = lease.subject, user_id, "name resolved");
    }
    let goes_on = lease_of_next(&lease, &next, harvest.items.len(), admitted.led_to);
    // The first page releases the jobs that waited for it: at most the lists of one user or post.
    let waiters = if lease.pages == 0 { 4 } else { 0 };
    let kept = PendingPage {
        endpoint: entry.name,
        token: lease.token,
        call_id,
        settlement: settlement.clone(),
        row_count: harvest.row_count(),
        new_jobs: admitted.jobs.len() + waiters,
    };
    let page = PageCommit {
        passes: absent::after_page(entry, &lease, &next, &harvest, meeting),
        call_id,
        settlement,
        item_hashes: engine.people().item_hash().stored(&harvest.items),
        span_change,
        harvest,
        next,
        follow_ups: admitted.jobs,
        nested: admitted.nested,
        led_to: admitted.led_to,
        refused: admitted.refused,
        row_count: kept.row_count,
        lease_seconds: config.settings.lease_seconds,
        own_time: None,
        lease,
    };
    (page, kept, goes_on.map(|lease| Walk { lease, seen }))
}

/// Work that remains after the writer has answered.
pub(super) struct PendingPage {
    endpoint: &'static str,
    token: LeaseToken,
    call_id: i64,
    settlement: Settlement,
    row_count: usize,
    new_jobs: usize,
}

impl PendingPage {
    /// Handles the writer's answer. Returns whether the page is in the archive.
    ///
    /// # Errors
    /// Returns an error if the writer failed for a reason other than a lost lease or refused rows.
    pub(super) async fn conclude(self, engine: &Engine, page: Result<()>) -> Result<bool> {
        match page {
            Ok(()) => {}
            Err(Error::Database(error)) => {
                let stops = engine.is_refused_again(&error);
                self.keep_raw(engine, &error, stops).await?;
                return Ok(false);
            }
            Err(Error::Damaged(error)) => {
                self.keep_raw(engine, &error, true).await?;
                return Ok(false);
            }
            Err(Error::LeaseLost) => {
                log_lease_lost();
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        engine.rows_accepted();
        engine.parts.training.count(self.endpoint);
        let rows = u64::try_from(self.row_count).unwrap_or(0);
        engine.counters.pages.fetch_add(1, Ordering::Relaxed);
        engine.counters.rows.fetch_add(rows, Ordering::Relaxed);
        engine.wake(self.new_jobs);
        Ok(true)
    }

    /// Stores only the raw reply of a page whose rows the archive refused, because the page was paid for. The first
    /// refusal ends the job as failed, so that other jobs continue. If it `stops` the run, the job stays ready. Either
    /// way the stored reply is read again when the job is, and the page is not bought again.
    async fn keep_raw(self, engine: &Engine, why: &str, stops: bool) -> Result<()> {
        let call_id = self.call_id;
        let error = format!("{ROWS_REFUSED}: {why}");
        tracing::error!(call_id, error, "rows refused; only the raw reply is stored");
        if stops {
            engine.stop(StopCause::Broken(format!(
                "{error}. The reply is stored, and its page will not be bought again. Correct the archive, then run again"
            )));
        }
        let failure = Failure {
            token: self.token,
            call: Some((
                call_id,
                Settlement {
                    error: Some(error.clone()),
                    ..self.settlement
                },
            )),
            retry: match stops {
                true => Retry::Release,
                false => Retry::End(StopReason::Failed, error.clone()),
            },
            cooling: Vec::new(),
            gone: None,
            error: error.clone(),
            now: engine.now(),
        };
        engine.parts.writer.fail(failure).await?;
        if stops {
            engine.parts.store.release_refused(&error).await?;
        }
        Ok(())
    }
}

/// Returns the lease after this page is committed, or `None` if there is no next page.
fn lease_of_next(lease: &Lease, next: &Next, items: usize, led_to: u32) -> Option<Lease> {
    let Next::Page {
        cursor,
        stale_pages,
        repeated_pages,
    } = next
    else {
        return None;
    };
    Some(Lease {
        cursor: Some(cursor.clone()),
        pages: lease.pages + 1,
        items: lease
            .items
            .saturating_add(u32::try_from(items).unwrap_or(u32::MAX)),
        attempts: 0,
        stale_pages: *stale_pages,
        repeated_pages: *repeated_pages,
        led_to,
        raw_call: None,
        ..lease.clone()
    })
}

fn place<'a>(lease: &'a Lease, entry: &Entry) -> Place<'a> {
    Place {
        endpoint: entry.name,
        subject: &lease.subject,
        depth: lease.depth,
        resolves_name: lease.resolves_name,
        led_to: lease.led_to,
    }
}

/// Logs what it costs that the cursor after an earlier pass led to nothing.
fn log_left(lease: &Lease, entry: &Entry, seen: &Seen, change: Option<SpanChange>) {
    if let (Some(SpanChange::Left(_)), Some(tail)) = (change, seen.tail()) {
        super::fail::warn_of_left(lease, entry, tail, "the remote returned nothing new at it");
    }
}

fn log_odd_items(engine: &Engine, lease: &Lease, harvest: &Harvest) {
    if let Some(first) = harvest.odd.first() {
        let count = harvest.odd.len();
        engine
            .counters
            .odd_items
            .fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        tracing::warn!(
            endpoint = lease.endpoint,
            subject = lease.subject,
            count,
            first_at = first.at,
            first_why = first.why,
            "reply has odd items, listed in odd_items; only its raw reply contains them"
        );
        for odd in &harvest.odd {
            tracing::debug!(
                endpoint = lease.endpoint,
                at = odd.at,
                why = odd.why,
                "odd item"
            );
        }
    }
}

fn log_end(lease: &Lease, next: &Next) {
    let Next::End { reason, note, .. } = next else {
        return;
    };
    let Lease {
        endpoint, subject, ..
    } = lease;
    match reason {
        StopReason::Stalled | StopReason::Truncated => {
            tracing::warn!(endpoint, subject, %reason, note, "walk ended");
        }
        _ if note.is_empty() => tracing::debug!(endpoint, subject, %reason, "walk ended"),
        _ => tracing::info!(endpoint, subject, %reason, note, "walk ended"),
    }
}
