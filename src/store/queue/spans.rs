//! Spans: what one pass of a walk saw of its list without a gap.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::store::{Result, Store};

/// What the ledger has stored of a walk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredSeen {
    /// The walk began at the head of its list, not after a page that came inside another reply.
    pub has_head: bool,
    pub cursors: Vec<String>,
    /// 8 bytes for each item of this pass, in its order.
    pub item_hashes: Vec<u8>,
    /// Those of the pages since the pass last met a span, or since its head.
    pub contiguous_hashes: Vec<u8>,
    /// The next cursor of the last page, if this page met a span and the walk is to go on after the span.
    pub own_cursor: Option<String>,
    /// Spans of earlier passes that this one has met, the last one at the end.
    pub met: Vec<StoredSpan>,
    /// Spans of earlier passes that this one can meet, the newest first.
    pub open: Vec<StoredSpan>,
}

/// A span of an earlier pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredSpan {
    pub id: i64,
    /// Its pages, with those of the spans that it met.
    pub pages: u32,
    /// The cursor after its last page; `None` if that is the end of the list.
    pub tail_cursor: Option<String>,
    /// 8 bytes for each item of it and of the spans that it met.
    pub item_hashes: Vec<u8>,
}

/// What a page changes for the spans of its walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanChange {
    /// The page met this span, and the walk goes on after it.
    Met(i64),
    /// The page is the first after this span and shows nothing new, so the walk goes on with its own cursor.
    Left(i64),
}

/// SQL for the number of pages in the spans that the current pass of a job met. `job` names the row of the job.
pub(in crate::store) fn joined_pages(job: &str) -> String {
    format!(
        "(select coalesce(sum(s.pages), 0) from spans s
          where s.job_id = {job}.id and s.state = 'met' and s.joined_by_call_id > {job}.pass_call_id)"
    )
}

/// Ends the current pass of jobs: what it saw becomes a span. `jobs` is SQL for their ids, and `may_be_met` for whether a
/// later pass of the job `j` may meet the span. The caller binds their values, and starts a new pass in the same transaction.
pub(super) fn close_pass(jobs: &str, may_be_met: &str) -> String {
    let joined = joined_pages("j");
    format!(
        "insert into spans (job_id, first_call_id, last_call_id, pages, tail_cursor, reached_end, state)
         select j.id, min(c.id), max(c.id), count(*) + {joined}, j.cursor, coalesce(j.stop_reason, '') = 'complete',
             iif({may_be_met} and (j.stop_reason = 'complete' or j.cursor is not null), 'open', 'closed')
         from jobs j join calls c on c.job_id = j.id and c.id > j.pass_call_id and c.kept = 1
         where j.id in ({jobs}) group by j.id"
    )
}

/// Stores which call met or left which span.
pub(in crate::store) async fn change_spans(
    connection: &mut SqliteConnection,
    changes: impl Iterator<Item = (SpanChange, i64)>,
) -> Result<()> {
    for (change, call_id) in changes {
        let query = match change {
            SpanChange::Met(span_id) => {
                sqlx::query("update spans set state = 'met', joined_by_call_id = ?1 where id = ?2")
                    .bind(call_id)
                    .bind(span_id)
            }
            SpanChange::Left(span_id) => {
                sqlx::query("update spans set state = 'left' where id = ?").bind(span_id)
            }
        };
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The remote refused the tail cursor of the span that the last page of a leased job met: the walk goes on with the next
/// cursor of that page. What the pass has seen so far is not bought again.
pub(super) async fn leave_refused(
    connection: &mut SqliteConnection,
    job_id: i64,
    error: &str,
) -> Result<()> {
    let met_by: i64 = sqlx::query_scalar(
        "update spans set state = 'left' where job_id = ?1 and state = 'met'
             and joined_by_call_id = (select max(id) from calls where job_id = ?1 and kept = 1)
         returning joined_by_call_id",
    )
    .bind(job_id)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "update jobs set state = 'ready', lease_until = null, stale_pages = 0, repeated_pages = 0, attempts = 0,
         cursor = (select next_cursor from calls where id = ?), note = ? where id = ?",
    )
    .bind(met_by)
    .bind(error)
    .bind(job_id)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// The calls of the current pass of a job (span 0), of the spans that it met or can meet, and of those that these met.
const PARTS: &str = "with recursive parts (span_id, first_id, last_id) as (
        select 0, pass_call_id + 1, 9223372036854775807 from jobs where id = ?1
        union all
        select s.id, s.first_call_id, s.last_call_id from jobs j join spans s on s.job_id = j.id
            where j.id = ?1 and (s.state = 'open' or s.state = 'met' and s.joined_by_call_id > j.pass_call_id)
        union all
        select parts.span_id, s.first_call_id, s.last_call_id from parts cross join spans s
            where parts.span_id > 0 and s.job_id = ?1 and s.state = 'met'
            and s.joined_by_call_id between parts.first_id and parts.last_id)";

impl Store {
    /// Reads the earlier pages of a walk: those of its current pass, to recognize a repeated cursor or page, and the spans of
    /// earlier passes, to recognize where it meets them.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seen(&self, job_id: i64) -> Result<StoredSeen> {
        let mut readers = self.readers().begin().await?;
        let mut spans: Vec<(i64, Option<i64>, StoredSpan)> = sqlx::query(
            "select s.id, s.joined_by_call_id, s.pages, s.tail_cursor from jobs j join spans s on s.job_id = j.id
             where j.id = ? and (s.state = 'open' or s.state = 'met' and s.joined_by_call_id > j.pass_call_id)
             order by s.joined_by_call_id, s.id desc",
        )
        .bind(job_id)
        .fetch_all(&mut *readers)
        .await?
        .iter()
        .map(|row| {
            let span = StoredSpan {
                id: row.try_get(0)?,
                pages: row.try_get(2)?,
                tail_cursor: row.try_get(3)?,
                item_hashes: Vec::new(),
            };
            Ok((span.id, row.try_get(1)?, span))
        })
        .collect::<Result<_>>()?;
        // The tail cursor of a span that was left may be asked for again at the end of the walk's own way.
        let pages = sqlx::query(AssertSqlSafe(format!(
            "{PARTS} select parts.span_id, c.id, c.cursor, c.next_cursor, c.item_hashes,
                 exists (select 1 from spans s where s.job_id = ?1 and s.state = 'left' and s.tail_cursor = c.cursor)
             from parts cross join calls c
             where c.job_id = ?1 and c.id between first_id and last_id and c.kept = 1 order by c.id"
        )))
        .bind(job_id)
        .fetch_all(&mut *readers)
        .await?;
        let mut seen = StoredSeen::default();
        for page in pages {
            let span_id: i64 = page.try_get(0)?;
            let hashes: Vec<u8> = page.try_get::<Option<_>, _>(4)?.unwrap_or_default();
            if span_id > 0 {
                let span = spans.iter_mut().find(|(id, ..)| *id == span_id);
                span.into_iter()
                    .for_each(|(_, _, span)| span.item_hashes.extend(&hashes));
                continue;
            }
            let call_id: i64 = page.try_get(1)?;
            let cursor: Option<String> = page.try_get(2)?;
            let was_left: bool = page.try_get(5)?;
            seen.has_head |= cursor.is_none();
            seen.cursors.extend(cursor.filter(|_| !was_left));
            seen.item_hashes.extend(&hashes);
            seen.contiguous_hashes.extend(&hashes);
            let met = spans.iter().find(|(_, met_by, _)| *met_by == Some(call_id));
            seen.own_cursor = None;
            if met.is_some() {
                seen.contiguous_hashes.clear();
                seen.own_cursor = page.try_get(3)?;
            }
        }
        for (_, met_by, span) in spans {
            match met_by {
                Some(_) => seen.met.push(span),
                None => seen.open.push(span),
            }
        }
        Ok(seen)
    }
}
