//! Earlier answers to the failed attempts of a job.

use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use crate::model::MicroUsd;
use crate::store::{Outcome, Result, Settlement};

/// The answers to the latest attempts of a job, none of which returned a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastAnswers {
    /// Number of answers that were charged.
    pub charged: u32,
    /// HTTP status of the latest one; `None` if there was no answer.
    pub status: Option<i64>,
    /// Stored body of the latest one, compressed.
    pub body: Option<Vec<u8>>,
}

/// A stored reply that was paid for and whose rows are not in the archive.
#[derive(Debug, Clone)]
pub struct RawReply {
    pub settlement: Settlement,
    /// The reply, compressed.
    pub body: Vec<u8>,
}

/// Returns the stored reply of a call that sent this cursor, if its rows are not in the archive.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn raw_reply(
    pool: &SqlitePool,
    call_id: i64,
    cursor: Option<&str>,
) -> Result<Option<RawReply>> {
    let row = sqlx::query(
        "select cost_micro_usd, http_status, request_id, body_bytes, body from calls
         where id = ? and cursor is ? and kept = 0 and outcome = 'answered' and http_status between 200 and 299
             and body is not null",
    )
    .bind(call_id)
    .bind(cursor)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let body: Vec<u8> = row.try_get(4)?;
    let body_bytes: Option<i64> = row.try_get(3)?;
    let settlement = Settlement {
        outcome: Outcome::Answered,
        charge: MicroUsd(row.try_get(0)?),
        http_status: row.try_get(1)?,
        error: None,
        request_id: row.try_get(2)?,
        body_bytes: body_bytes.and_then(|bytes| usize::try_from(bytes).ok()),
        body: Some(body.clone()),
    };
    Ok(Some(RawReply { settlement, body }))
}

/// Returns the answers to the latest `attempts` of a job before a call.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn past_answers(
    pool: &SqlitePool,
    job_id: i64,
    call_id: i64,
    attempts: u32,
) -> Result<PastAnswers> {
    if attempts == 0 {
        return Ok(PastAnswers::default());
    }
    let rows: Vec<(i64, Option<i64>)> = sqlx::query_as(
        "select id, http_status from calls where job_id = ? and id < ? and kept = 0 and outcome <> 'never_sent'
         order by id desc limit ?",
    )
    .bind(job_id)
    .bind(call_id)
    .bind(attempts)
    .fetch_all(pool)
    .await?;
    let charged = rows.iter().filter(|(_, status)| *status == Some(200));
    let charged = u32::try_from(charged.count()).unwrap_or(u32::MAX);
    let Some((latest, status)) = rows.first().copied() else {
        return Ok(PastAnswers::default());
    };
    let body = match charged {
        0 => None,
        _ => {
            sqlx::query_scalar("select body from calls where id = ?")
                .bind(latest)
                .fetch_one(pool)
                .await?
        }
    };
    Ok(PastAnswers {
        charged,
        status,
        body,
    })
}
