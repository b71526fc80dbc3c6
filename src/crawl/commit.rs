//! Commits a page that was read, and handles the writer's answer.

use std::sync::atomic::Ordering;

use super::admit::{Admitted, Place};
use super::decide::{self, WalkFacts};
use super::engine::Engine;
use super::read::read_or_default;
use super::resolve::resolve_from_archive;
use super::seen::Seen;
use super::stop::StopCause;
use super::walk::{Walk, log_lease_lost};
use crate::api::Entry;
use crate::model::{Harvest, Lease, LeaseToken, StopReason};
use crate::store::{
    Error, Failure, Next, PageCommit, ROWS_REFUSED, Result, Retry, Settlement, read,
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
    let mut next = next(engine, &lease, entry, &harvest, &admitted, &seen).await;
    if let (Some(known), Next::End { note, .. }) = (known, &mut next) {
        tracing::warn!(name = lease.subject, "{known}");
        *note = known;
    }
    seen.add(lease.cursor.as_deref(), &harvest.items);
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
        call_id,
        settlement,
        item_hashes: engine.people().item_hash().stored(&harvest.items),
        harvest,
        next,
        follow_ups: admitted.jobs,
        nested: admitted.nested,
        led_to: admitted.led_to,
        refused: admitted.refused,
        row_count: kept.row_count,
        lease_seconds: config.settings.lease_seconds,
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

/// Returns the next step of the walk.
async fn next(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    harvest: &Harvest,
    admitted: &Admitted,
    seen: &Seen,
) -> Next {
    if lease.resolves_name && admitted.found.is_none() {
        return Next::End {
            reason: StopReason::Gone,
            note: format!("no user has exactly the name {}", lease.subject),
            cursor: None,
        };
    }
    let cursor = harvest.cursor.as_deref();
    let config = engine.config();
    let has_new_id = seen.has_new(&harvest.items);
    let may_end = cursor.is_none() || harvest.has_more == Some(false) || !has_new_id;
    decide::after_page(&WalkFacts {
        is_paged: entry.is_paged(),
        cursor,
        has_more: harvest.has_more,
        cursor_came_before: cursor.is_some_and(|cursor| {
            lease.cursor.as_deref() == Some(cursor) || seen.has_cursor(cursor)
        }),
        is_empty: harvest.items.is_empty(),
        has_new_id,
        stale_pages: lease.stale_pages,
        repeated_pages: lease.repeated_pages,
        max_empty_pages: config.settings.max_empty_pages,
        pages: lease.pages + 1,
        max_pages: config.plan.max_pages(entry.name),
        seen: seen.distinct_with(lease.cursor.as_deref(), &harvest.items),
        count: match may_end {
            true => read_or_default(count(engine, lease, entry, harvest).await),
            false => None,
        },
    })
}

/// Returns how many items the list has, as this reply or an earlier one counts them.
async fn count(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    harvest: &Harvest,
) -> Result<Option<i64>> {
    if let Some(count) = harvest
        .counts_of(entry.subject_kind, &lease.subject)
        .find_map(|counts| entry.count_in(counts))
    {
        return Ok(Some(count));
    }
    read::known_left(
        engine.parts.store.readers(),
        entry.left_of(),
        &lease.subject,
    )
    .await
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
