//! Kept replies for other programs.

use sqlx::FromRow;

use super::{Period, Snapshot};
use crate::store::Result;

/// Replies per read. Limits the memory of their bodies.
const REPLIES: u32 = 64;

/// Of kept replies with a body, those that are no copy of an imported one.
const WHICH: &str = "kept = 1 and (outcome <> 'imported' or job_id is null)
    and settled_at >= ?1 and settled_at < ?2";

/// A kept reply with its call.
#[derive(Debug, Clone, FromRow)]
pub struct RawCall {
    pub id: i64,
    pub kept_group: i64,
    pub job_id: Option<i64>,
    pub is_of_job: bool,
    pub endpoint: String,
    /// For a call by hand, all its parameters as JSON.
    pub subject: String,
    pub cursor: Option<String>,
    pub settled_at: f64,
    pub http_status: Option<i64>,
    pub request_id: Option<String>,
    pub cost_micro_usd: i64,
    pub is_imported: bool,
    pub is_redacted: bool,
    /// zstd
    pub body: Vec<u8>,
}

fn bounds(period: Period) -> (f64, f64) {
    (
        period.since.unwrap_or(f64::MIN),
        period.until.unwrap_or(f64::MAX),
    )
}

impl Snapshot {
    /// Returns how many replies there are, and how many of the kept ones were removed.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn count_raw(&mut self, period: Period) -> Result<(u64, u64)> {
        let (since, until) = bounds(period);
        let text = format!("select count(body), sum(body is null) from calls where {WHICH}");
        let counts: (i64, Option<i64>) = sqlx::query_as(sqlx::AssertSqlSafe(text))
            .bind(since)
            .bind(until)
            .fetch_one(self.connection())
            .await?;
        Ok((
            counts.0.unsigned_abs(),
            counts.1.unwrap_or(0).unsigned_abs(),
        ))
    }

    /// Returns the next replies after a group and call, in the order in which they were kept.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn raw_calls(
        &mut self,
        period: Period,
        after: Option<(i64, i64)>,
    ) -> Result<Vec<RawCall>> {
        let (since, until) = bounds(period);
        let (group, id) = after.unwrap_or((i64::MIN, i64::MIN));
        let text = format!(
            "select id, kept_group, job_id, job_id is not null as is_of_job, endpoint, subject, cursor, settled_at,
                 http_status, request_id, cost_micro_usd, outcome = 'imported' as is_imported,
                 redacted_at is not null as is_redacted, body
             from calls where {WHICH} and body is not null and (kept_group, id) > (?3, ?4)
             order by kept_group, id limit ?5"
        );
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(text))
            .bind(since)
            .bind(until)
            .bind(group)
            .bind(id)
            .bind(REPLIES)
            .fetch_all(self.connection())
            .await?)
    }
}
