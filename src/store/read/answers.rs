//! Earlier answers to the failed attempts of a job.

use sqlx::sqlite::SqlitePool;

use crate::store::Result;

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
