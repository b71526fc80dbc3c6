//! When groups of operations are written, and when their pages are kept.

use sqlx::SqliteConnection;

use crate::clock::{Clock, Moment};
use crate::store::Result;

/// The least step that a time in Unix seconds can show.
const STEP_SECONDS: f64 = 0.000_001;

/// The times of the groups. Each wall time is later than the one before, so the calls show the order in which pages were kept.
pub(super) struct Times {
    clock: Clock,
    last: f64,
    /// Of the last group that can have kept pages; `None` before the archive was asked for it.
    kept_at: Option<f64>,
}

impl Times {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            last: 0.0,
            kept_at: None,
        }
    }

    pub(super) fn next(&mut self) -> Moment {
        self.last = self.clock.now().max(self.last + STEP_SECONDS);
        Moment {
            wall: self.last,
            steady: self.clock.steady(),
        }
    }

    /// Returns when the pages of a group are kept. It is later than that of all received before, whatever the clock says.
    pub(super) async fn keep_at(
        &mut self,
        connection: &mut SqliteConnection,
        now: f64,
    ) -> Result<f64> {
        let kept_at = match self.kept_at {
            Some(last) => now.max(last + STEP_SECONDS),
            None => keep_at(connection, now).await?,
        };
        self.kept_at = Some(kept_at);
        Ok(kept_at)
    }
}

/// Returns when pages are kept, at this time of the local clock: later than all received before. It may look at all imported
/// calls.
pub(super) async fn keep_at(connection: &mut SqliteConnection, now: f64) -> Result<f64> {
    let last: Option<f64> = sqlx::query_scalar(
        "select settled_at from calls where kept_group is not null and outcome = 'answered'
         order by kept_group desc limit 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.map_or(now, |last| now.max(last + STEP_SECONDS)))
}
