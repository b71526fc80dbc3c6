//! Spans: what one pass of a walk saw of its list without a gap.

use sqlx::{Row, SqliteConnection};

use crate::store::{Result, Store};

/// What the ledger has stored of a walk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredSeen {
    /// The walk began at the head of its list, not after a page that came inside another reply.
    pub has_head: bool,
    pub cursors: Vec<String>,
    /// The hashes of the items of each page of this pass, as the ledger keeps them.
    pub item_hashes: Vec<Vec<u8>>,
    /// Those of the pages since the pass last met a span, or since its head.
    pub contiguous_hashes: Vec<Vec<u8>>,
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
    /// The hashes of the items of each of its pages, and of the spans that it met, in the order of the list.
    pub item_hashes: Vec<Vec<u8>>,
    /// Its last page had items and no next cursor.
    pub ends_on_a_page: bool,
}

/// What a page changes for the spans of its walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanChange {
    /// The page met this span, and the walk goes on after it.
    Met(i64),
    /// The page is the first after this span and shows nothing new, so the walk goes on with its own cursor.
    Left(i64),
    /// The page shows that the list goes on where this span had seen its end, so the walk goes on with its own cursor.
    Refuted(i64),
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
            SpanChange::Refuted(span_id) => {
                sqlx::query("update spans set state = 'closed' where id = ?").bind(span_id)
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

/// A span as the table has it.
struct Known {
    span: StoredSpan,
    first_call_id: i64,
    last_call_id: i64,
    joined_by_call_id: Option<i64>,
    is_open: bool,
}

/// A kept page of a walk.
struct Page {
    call_id: i64,
    cursor: Option<String>,
    next_cursor: Option<String>,
    item_hashes: Vec<u8>,
}

impl Store {
    /// Reads the earlier pages of a walk: those of its current pass, to recognize a repeated cursor or page, and the spans of
    /// earlier passes, to recognize where it meets them.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seen(&self, job_id: i64) -> Result<StoredSeen> {
        let mut readers = self.readers().begin().await?;
        let pass_call_id: i64 = sqlx::query_scalar("select pass_call_id from jobs where id = ?")
            .bind(job_id)
            .fetch_one(&mut *readers)
            .await?;
        let rows = sqlx::query(
            "select id, pages, tail_cursor, first_call_id, last_call_id, joined_by_call_id, state = 'open', state = 'left'
             from spans where job_id = ? and state in ('open', 'met', 'left') order by id desc",
        )
        .bind(job_id)
        .fetch_all(&mut *readers)
        .await?;
        let (mut spans, mut left) = (Vec::new(), Vec::new());
        for row in &rows {
            let span = StoredSpan {
                id: row.try_get(0)?,
                pages: row.try_get(1)?,
                tail_cursor: row.try_get(2)?,
                ..StoredSpan::default()
            };
            if row.try_get(7)? {
                left.extend(span.tail_cursor);
                continue;
            }
            spans.push(Known {
                span,
                first_call_id: row.try_get(3)?,
                last_call_id: row.try_get(4)?,
                joined_by_call_id: row.try_get(5)?,
                is_open: row.try_get(6)?,
            });
        }
        // Without spans only the pages of this pass matter.
        let first = spans.iter().map(|row| row.first_call_id).min();
        let pages: Vec<Page> = sqlx::query(
            "select id, cursor, next_cursor, item_hashes from calls
             where job_id = ?1 and kept = 1 and (id > ?2 or id >= ?3) order by id",
        )
        .bind(job_id)
        .bind(pass_call_id)
        .bind(first)
        .fetch_all(&mut *readers)
        .await?
        .iter()
        .map(|row| {
            Ok(Page {
                call_id: row.try_get(0)?,
                cursor: row.try_get(1)?,
                next_cursor: row.try_get(2)?,
                item_hashes: row.try_get::<Option<_>, _>(3)?.unwrap_or_default(),
            })
        })
        .collect::<Result<_>>()?;
        Ok(seen(&spans, &left, &pages, pass_call_id))
    }
}

fn seen(spans: &[Known], left: &[String], pages: &[Page], pass_call_id: i64) -> StoredSeen {
    let mut seen = StoredSeen::default();
    for page in pages.iter().filter(|page| page.call_id > pass_call_id) {
        seen.has_head |= page.cursor.is_none();
        // The tail cursor of a span that was left may be asked for again at the end of the walk's own way.
        let cursor = page.cursor.iter().filter(|cursor| !left.contains(cursor));
        seen.cursors.extend(cursor.cloned());
        seen.item_hashes.push(page.item_hashes.clone());
        seen.contiguous_hashes.push(page.item_hashes.clone());
        seen.own_cursor = None;
        if let Some(met) = met_by(spans, page.call_id) {
            seen.contiguous_hashes.clear();
            seen.own_cursor.clone_from(&page.next_cursor);
            seen.met.push(whole(spans, pages, met));
        }
    }
    let open = spans.iter().filter(|row| row.is_open);
    seen.open = open.map(|row| whole(spans, pages, row)).collect();
    seen
}

/// Returns the span that a page met.
fn met_by(spans: &[Known], call_id: i64) -> Option<&Known> {
    spans
        .iter()
        .find(|row| row.joined_by_call_id == Some(call_id))
}

/// Returns a span with its items, and those of the spans that it met, in the order of the list.
fn whole(spans: &[Known], pages: &[Page], row: &Known) -> StoredSpan {
    let mut span = row.span.clone();
    for page in pages {
        if !(row.first_call_id..=row.last_call_id).contains(&page.call_id) {
            continue;
        }
        span.item_hashes.push(page.item_hashes.clone());
        // Where the list ended on a page, and not after it, that page must be its end again.
        span.ends_on_a_page = page.next_cursor.is_none() && !page.item_hashes.is_empty();
        if let Some(met) = met_by(spans, page.call_id) {
            let met = whole(spans, pages, met);
            span.item_hashes.extend(met.item_hashes);
            span.ends_on_a_page = met.ends_on_a_page;
        }
    }
    span
}
