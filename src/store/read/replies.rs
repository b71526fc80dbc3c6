//! Kept replies, and the parts of the ledger that can only be checked against them.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use sqlx::FromRow;

use super::Snapshot;
use crate::store::Result;

/// Replies per read. Limits the memory of their bodies.
const REPLIES: u32 = 64;
/// The bytes of decompressed replies after which a batch ends.
const BATCH_BYTES: i64 = 1 << 20;
/// Texts per read.
const TEXTS: u32 = 256;

/// A kept call with what the ledger records about its reply.
#[derive(Debug, Clone, FromRow)]
pub struct KeptCall {
    pub id: i64,
    pub kept_group: i64,
    pub job_id: Option<i64>,
    pub endpoint: String,
    /// For a manual call, all its parameters as JSON.
    pub subject: String,
    pub cursor: Option<String>,
    pub next_cursor: Option<String>,
    pub settled_at: Option<f64>,
    pub items: Option<i64>,
    pub row_count: Option<i64>,
    pub odd_items: Option<i64>,
    /// Place and reason of each, as JSON; `None` if the page was kept before the archive had them.
    pub odd: Option<String>,
    pub item_hashes: Option<Vec<u8>>,
    /// zstd
    pub body: Option<Vec<u8>>,
    /// Something was taken out of the reply, or all of it.
    pub is_redacted: bool,
    /// Its reply came from a file.
    pub is_imported: bool,
    /// The reply is kept, although `body` may have been taken.
    pub has_body: bool,
    /// Size of the reply as it came, in bytes.
    pub bytes: i64,
    /// Why its job ended, if this is the last page of an ended job.
    pub ended: Option<String>,
}

/// A walk that starts with a cursor, because its first page was nested in another reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash, FromRow)]
pub struct Start {
    pub endpoint: String,
    pub subject: String,
    pub cursor: String,
}

/// A span that a page met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct MetSpan {
    pub id: i64,
    pub job_id: i64,
    pub first_call_id: i64,
    pub last_call_id: i64,
    pub joined_by_call_id: i64,
    /// The last call before the pages that count for the meeting: those since the head, or since another span was met.
    pub after_call_id: i64,
    /// It was followed, so that its items count for the pass that met it.
    pub is_met: bool,
}

/// Kept calls whose replies are not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redacted {
    /// Calls with a reply from which something was taken out, or whose reply was removed.
    pub calls: HashSet<i64>,
    /// Some replies were removed, so the replies begin later than the rows.
    pub has_removed: bool,
}

/// A page of a walk that ended as stalled.
#[derive(Debug, Clone, FromRow)]
pub struct Stalled {
    pub job_id: i64,
    pub cursor: Option<String>,
    pub next_cursor: Option<String>,
    pub item_hashes: Option<Vec<u8>>,
}

/// Texts of the ledger that came from outside, with their location.
#[derive(Debug, Clone, FromRow)]
pub struct Texts {
    pub id: i64,
    pub one: Option<String>,
    pub other: Option<String>,
    /// zstd; the body of a reply that is not kept as a page.
    pub body: Option<Vec<u8>>,
}

impl Snapshot {
    /// The next kept calls after `after`, in the order in which their pages were kept.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn kept_calls(&mut self, after: Option<&KeptCall>) -> Result<Vec<KeptCall>> {
        let mut rows = sqlx::query_as(
            "select c.id, c.kept_group, c.job_id, c.endpoint, c.subject, c.cursor, c.next_cursor, c.settled_at, c.items,
                 c.row_count, c.odd_items,
                 iif(c.id <= (select cast(value as integer) from settings where name = 'odd_items_after_call'), null,
                     (select json_group_array(json_array(at, why))
                      from (select at, why from odd_items where call_id = c.id order by position))) as odd,
                 c.item_hashes, c.body, c.redacted_at is not null as is_redacted, c.body is not null as has_body,
                 c.outcome = 'imported' as is_imported, coalesce(c.body_bytes, 0) as bytes,
                 case when exists (select 1 from spans s where s.job_id = c.job_id and s.joined_by_call_id = c.id
                         and s.state = 'met') then null
                     when exists (select 1 from spans s where s.job_id = c.job_id and s.last_call_id = c.id
                         and s.reached_end) then 'complete'
                     when c.id > j.pass_call_id and not exists (select 1 from calls l where l.job_id = c.job_id
                         and l.id > c.id and l.kept = 1) then j.stop_reason end as ended
             from calls c left join jobs j on j.id = c.job_id
             where c.kept_group is not null and (c.kept_group, c.id) > (?, ?)
             order by c.kept_group, c.id limit ?",
        )
        .bind(after.map_or(i64::MIN, |call| call.kept_group))
        .bind(after.map_or(i64::MIN, |call| call.id))
        .bind(REPLIES)
        .fetch(self.connection());
        let (mut calls, mut bytes) = (Vec::new(), 0);
        while let Some(call) = rows.try_next().await? {
            let call: KeptCall = call;
            bytes += call.bytes;
            calls.push(call);
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        Ok(calls)
    }

    /// Returns whether a reply was imported.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn has_imports(&mut self) -> Result<bool> {
        Ok(sqlx::query_scalar("select exists (select 1 from imports)")
            .fetch_one(self.connection())
            .await?)
    }

    /// The number of kept calls.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn count_kept(&mut self) -> Result<u64> {
        let kept: i64 =
            sqlx::query_scalar("select count(*) from calls where kept_group is not null")
                .fetch_one(self.connection())
                .await?;
        Ok(u64::try_from(kept).unwrap_or(0))
    }

    /// The kept calls whose replies are not whole.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn redacted(&mut self) -> Result<Redacted> {
        let calls: Vec<(i64, bool)> = sqlx::query_as(
            "select id, kept = 1 and body is null from calls where redacted_at is not null",
        )
        .fetch_all(self.connection())
        .await?;
        Ok(Redacted {
            has_removed: calls.iter().any(|(_, is_removed)| *is_removed),
            calls: calls.into_iter().map(|(id, _)| id).collect(),
        })
    }

    /// Walks that start with a cursor, which some reply must have contained.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn starts(&mut self) -> Result<Vec<Start>> {
        Ok(sqlx::query_as(
            "select j.endpoint, j.subject, c.cursor
             from jobs j join calls c on c.id = (select min(id) from calls where job_id = j.id and kept = 1)
             where c.cursor is not null
             union
             select endpoint, subject, cursor from jobs
             where cursor is not null and not exists (select 1 from calls where job_id = jobs.id and kept = 1)",
        )
        .fetch_all(self.connection())
        .await?)
    }

    /// The pages of walks that stalled, and of `others`, by job, oldest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn stalled(&mut self, others: &HashSet<i64>) -> Result<Vec<Stalled>> {
        let others: Vec<&i64> = others.iter().collect();
        Ok(sqlx::query_as(
            "select j.id as job_id, c.cursor, c.next_cursor, c.item_hashes
             from jobs j join calls c on c.job_id = j.id and c.id > j.pass_call_id and c.kept = 1
             where (j.state = 'stopped' and j.stop_reason = 'stalled')
                or j.id in (select value from json_each(?)) order by j.id, c.id",
        )
        .bind(serde_json::json!(others).to_string())
        .fetch_all(self.connection())
        .await?)
    }

    /// The spans that a page met, by job, oldest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn met_spans(&mut self) -> Result<Vec<MetSpan>> {
        Ok(sqlx::query_as(
            "select id, job_id, first_call_id, last_call_id, joined_by_call_id, state = 'met' as is_met,
                 (select max(max(o.last_call_id, iif(o.joined_by_call_id < s.joined_by_call_id and o.state = 'met',
                      o.joined_by_call_id, 0)))
                  from spans o where o.job_id = s.job_id and o.last_call_id < s.joined_by_call_id) as after_call_id
             from spans s where joined_by_call_id is not null order by job_id, joined_by_call_id",
        )
        .fetch_all(self.connection())
        .await?)
    }

    /// The call ids and item hashes of the kept pages of a job, oldest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn pages_of(&mut self, job_id: i64) -> Result<Vec<(i64, Option<Vec<u8>>)>> {
        Ok(sqlx::query_as(
            "select id, item_hashes from calls where job_id = ? and kept = 1 order by id",
        )
        .bind(job_id)
        .fetch_all(self.connection())
        .await?)
    }

    /// Texts and unkept replies of the next calls after the call `after`.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn call_texts(&mut self, after: i64) -> Result<Vec<Texts>> {
        Ok(sqlx::query_as(
            "select id, error as one, request_id as other, iif(kept, null, body) as body from calls where id > ?
             order by id limit ?",
        )
        .bind(after)
        .bind(TEXTS)
        .fetch_all(self.connection())
        .await?)
    }

    /// Texts of the next jobs after the job `after`.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn job_texts(&mut self, after: i64) -> Result<Vec<Texts>> {
        Ok(sqlx::query_as(
            "select id, note as one, last_error as other, null as body from jobs
             where id > ? and (note is not null or last_error is not null) order by id limit ?",
        )
        .bind(after)
        .bind(TEXTS)
        .fetch_all(self.connection())
        .await?)
    }
}
