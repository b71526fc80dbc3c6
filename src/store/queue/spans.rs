//! Spans: what one pass of a walk saw of its list without a gap.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::store::{Result, Store};

/// What the ledger has stored of a walk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredSeen {
    /// The walk began at the head of its list, not after a page that came inside another reply.
    pub has_head: bool,
    pub cursors: Vec<String>,
    /// 8 bytes for each item of this pass and of the spans that it met.
    pub item_hashes: Vec<u8>,
    /// Pages of the spans that this pass met.
    pub joined_pages: u32,
    /// Spans of earlier passes that this one has not met, the newest first.
    pub spans: Vec<StoredSpan>,
}

/// A span of an earlier pass that a walk can go on after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredSpan {
    pub id: i64,
    pub pages: u32,
    /// The cursor after its last page; `None` if that is the end of the list.
    pub tail_cursor: Option<String>,
    /// 8 bytes for each item of it and of the spans that it met.
    pub item_hashes: Vec<u8>,
}

/// Ends the current pass of jobs: what it saw becomes a span. `jobs` is SQL for their ids, whose values the caller binds. The
/// caller then starts a new pass in the same transaction.
pub(super) fn close_pass(jobs: &str, tail_cursor: &str) -> String {
    format!(
        "insert into spans (job_id, first_call_id, last_call_id, pages, tail_cursor, reached_end)
         select j.id, min(c.id), max(c.id),
             count(*) + (select coalesce(sum(s.pages), 0) from spans s
                         where s.job_id = j.id and s.joined_by_call_id > j.pass_call_id),
             {tail_cursor}, coalesce(j.stop_reason, '') = 'complete'
         from jobs j join calls c on c.job_id = j.id and c.id > j.pass_call_id and c.kept = 1
         where j.id in ({jobs}) group by j.id"
    )
}

/// Notes which call met which span.
pub(in crate::store) async fn join_spans(
    connection: &mut SqliteConnection,
    joined: impl Iterator<Item = (i64, i64)>,
) -> Result<()> {
    for (span_id, call_id) in joined {
        sqlx::query("update spans set joined_by_call_id = ? where id = ?")
            .bind(call_id)
            .bind(span_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The calls of each span that is not met, and of the current pass (span 0), with those of the spans that these met.
const PARTS: &str = "with recursive parts (span_id, first_id, last_id) as (
        select 0, pass_call_id + 1, 9223372036854775807 from jobs where id = ?1
        union all
        select id, first_call_id, last_call_id from spans
            where job_id = ?1 and joined_by_call_id is null and (reached_end or tail_cursor is not null)
        union all
        select parts.span_id, s.first_call_id, s.last_call_id from parts cross join spans s
            where s.job_id = ?1 and s.joined_by_call_id between parts.first_id and parts.last_id)";

impl Store {
    /// Reads the earlier pages of a walk: those of its current pass, to recognize a repeated cursor or page, and the spans of
    /// earlier passes, to recognize where it meets them.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seen(&self, job_id: i64) -> Result<StoredSeen> {
        let mut readers = self.readers().begin().await?;
        let spans: Vec<(i64, u32, Option<String>)> = sqlx::query_as(
            "select id, pages, iif(reached_end, null, tail_cursor) from spans
             where job_id = ? and joined_by_call_id is null and (reached_end or tail_cursor is not null)
             order by id desc",
        )
        .bind(job_id)
        .fetch_all(&mut *readers)
        .await?;
        let joined_pages: u32 = sqlx::query_scalar(
            "select coalesce(sum(s.pages), 0) from spans s join jobs j on j.id = s.job_id
             where s.job_id = ? and s.joined_by_call_id > j.pass_call_id",
        )
        .bind(job_id)
        .fetch_one(&mut *readers)
        .await?;
        let pages = sqlx::query(AssertSqlSafe(format!(
            "{PARTS} select parts.span_id, c.id > j.pass_call_id, c.cursor, c.item_hashes
             from parts cross join calls c cross join jobs j on j.id = c.job_id
             where c.job_id = ?1 and c.id between first_id and last_id and c.kept = 1"
        )))
        .bind(job_id)
        .fetch_all(&mut *readers)
        .await?;
        let mut seen = StoredSeen {
            joined_pages,
            spans: spans
                .into_iter()
                .map(|(id, pages, tail_cursor)| StoredSpan {
                    id,
                    pages,
                    tail_cursor,
                    item_hashes: Vec::new(),
                })
                .collect(),
            ..StoredSeen::default()
        };
        for page in pages {
            let (span_id, is_of_pass): (i64, bool) = (page.try_get(0)?, page.try_get(1)?);
            let hashes: Vec<u8> = page.try_get::<Option<_>, _>(3)?.unwrap_or_default();
            if span_id != 0 {
                let span = seen.spans.iter_mut().find(|span| span.id == span_id);
                span.into_iter()
                    .for_each(|span| span.item_hashes.extend(&hashes));
                continue;
            }
            seen.item_hashes.extend(&hashes);
            if is_of_pass {
                let cursor: Option<String> = page.try_get(2)?;
                seen.has_head |= cursor.is_none();
                seen.cursors.extend(cursor);
            }
        }
        Ok(seen)
    }
}
