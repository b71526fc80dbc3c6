//! Finds the call that got the answer to a request.

use super::app::App;
use super::chain::{choose, next_in, with_met};
use super::imported::imported;
use crate::store::Result;
use crate::store::read::{
    ReplayJob, ReplayPass, Wanted, replay_by_hand, replay_job, replay_page, replay_pages,
    replay_refusal,
};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) endpoint: &'static str,
    pub(super) subject: String,
    pub(super) cursor: Option<String>,
    /// All its parameters as JSON, in the forms that a call by hand may have.
    pub(super) parameters: Vec<String>,
}

impl Asked {
    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            endpoint: self.endpoint,
            subject: &self.subject,
            cursor: self.cursor.as_deref(),
        }
    }
}

/// Returns the call whose reply answers a request.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub(super) async fn find(app: &App, asked: &Asked) -> Result<Option<i64>> {
    if let Some(job) = replay_job(&app.readers, asked.endpoint, &asked.subject).await?
        && let Some(chosen) = choose(&job.passes, app.options.at)
        && let Some(call_id) = of_job(app, &job, chosen, asked.cursor.as_deref()).await?
    {
        return Ok(Some(call_id));
    }
    if let Some(call_id) = imported(app, asked.wanted()).await? {
        return Ok(Some(call_id));
    }
    for parameters in &asked.parameters {
        let (readers, at) = (&app.readers, app.options.at);
        let found = replay_by_hand(readers, asked.endpoint, parameters, at).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

async fn of_job(
    app: &App,
    job: &ReplayJob,
    chosen: usize,
    cursor: Option<&str>,
) -> Result<Option<i64>> {
    let chain = with_met(&job.passes, chosen);
    for pass in &chain {
        if let Some(call_id) = replay_page(&app.readers, job.id, pass, cursor).await? {
            return Ok(Some(call_id));
        }
        // Only the last pass can have been refused: a pass without pages is no span.
        let call_id = replay_refusal(&app.readers, job.id, pass, cursor).await?;
        if call_id.is_some() && pass.is_complete {
            return Ok(call_id);
        }
        // Only a head is asked of the pass itself: the older passes have heads, too.
        if cursor.is_none() {
            return Ok(None);
        }
    }
    match cursor {
        Some(cursor) if chain.len() > 1 => after_meeting(app, job, &chain, cursor).await,
        _ => Ok(None),
    }
}

/// Returns the page of an older pass that follows the page whose own next cursor was never sent, because the walk met that pass.
async fn after_meeting(
    app: &App,
    job: &ReplayJob,
    chain: &[ReplayPass],
    cursor: &str,
) -> Result<Option<i64>> {
    for pass in chain {
        let pages = replay_pages(&app.readers, job.id, pass).await?;
        let by = pages
            .iter()
            .rfind(|page| page.next_cursor.as_deref() == Some(cursor));
        let met = by.and_then(|by| {
            chain
                .iter()
                .find(|met| met.joined_by_call_id == Some(by.id))
        });
        let (Some(by), Some(met)) = (by, met) else {
            continue;
        };
        let older = replay_pages(&app.readers, job.id, met).await?;
        if let Some(call_id) = next_in(by, &older) {
            return Ok(Some(call_id));
        }
        // The older pass ends with the same item: what it had not seen follows, or its last page, which has no next cursor.
        if let Some(tail) = &met.tail_cursor {
            for pass in chain {
                let found = replay_page(&app.readers, job.id, pass, Some(tail)).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        return Ok(older.last().map(|page| page.id));
    }
    Ok(None)
}
