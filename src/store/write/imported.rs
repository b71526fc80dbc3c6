//! Replies from files, kept without a job.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::page::BatchContext;
use crate::clock::day;
use crate::model::Harvest;
use crate::store::archive::{self, Known, merge::PageRows};
use crate::store::ledger::{self, CallPage, Group, ImportedCall, Settlement};
use crate::store::{Result, Store};

/// A reply from a file, parsed.
#[derive(Debug, Clone)]
pub struct ImportedReply {
    pub endpoint: &'static str,
    pub subject: String,
    pub cursor: Option<String>,
    /// When the remote answered, Unix seconds.
    pub at: f64,
    pub settlement: Settlement,
    pub harvest: Harvest,
    /// An 8-byte hash for each of the page's item ids.
    pub item_hashes: Vec<u8>,
    /// Its positions are ranks, which continue those of the page before.
    pub is_ranked: bool,
    /// Its place in the file.
    pub entry: String,
    /// Of the reply as it was in the file.
    pub sha256: Vec<u8>,
}

impl ImportedReply {
    /// The subject in the ledger. One that looks like the parameters of a call by hand would be read as such.
    fn subject_of_call(&self) -> String {
        match self.subject.starts_with('{') {
            true => format!(" {}", self.subject),
            false => self.subject.clone(),
        }
    }
}

/// What one import knows of the archive, to which nobody else adds replies.
#[derive(Debug, Default)]
pub struct Importing {
    /// When the newest call was settled; `None` before the first group.
    newest_at: Option<f64>,
    /// How many items the pages of ranked lists have so far, by endpoint, subject and next cursor.
    chains: HashMap<(&'static str, String, String), u32>,
}

impl Importing {
    /// Replaces cursors that name people who were erased, as further replies have them.
    pub fn seal(&mut self, sealed: impl Fn(&str) -> Option<String>) {
        let chains = std::mem::take(&mut self.chains).into_iter();
        self.chains = chains
            .map(|((endpoint, subject, cursor), items)| {
                let cursor = sealed(&cursor).unwrap_or(cursor);
                ((endpoint, subject, cursor), items)
            })
            .collect();
    }

    /// Notes a page. Returns how many items are before it.
    async fn items_before(
        &mut self,
        connection: &mut SqliteConnection,
        reply: &ImportedReply,
        call: &ImportedCall<'_>,
    ) -> Result<u32> {
        if !reply.is_ranked {
            return Ok(0);
        }
        let key = |cursor: &str| (reply.endpoint, reply.subject.clone(), cursor.to_owned());
        let before = match call.cursor {
            None => 0,
            Some(cursor) => match self.chains.get(&key(cursor)) {
                Some(items) => *items,
                // An earlier import may have them.
                None => items_before(connection, call).await?,
            },
        };
        if let Some(next) = call.page.next_cursor {
            let items = u32::try_from(call.page.items).unwrap_or(u32::MAX);
            self.chains.insert(key(next), before.saturating_add(items));
        }
        Ok(before)
    }
}

/// The most pages before one that are counted, for its rank.
const PAGES_BEFORE: u32 = 10_000;

impl Store {
    /// Keeps replies from a file in one transaction: their calls, which cost nothing, and their rows. The caller has checked
    /// that the archive does not have them.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written. Then none of them is kept.
    pub async fn keep_imported(
        &self,
        run_id: i64,
        source_id: i64,
        replies: &[ImportedReply],
        importing: &mut Importing,
        now: f64,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let answer = sqlx::query(BatchContext::QUESTION)
            .fetch_one(&mut *transaction)
            .await?;
        let BatchContext { group, known } = BatchContext::read(&answer, now)?;
        let newest_at = match importing.newest_at {
            Some(newest_at) => newest_at,
            None => ledger::newest_at(&mut transaction).await?,
        };
        let known = Known {
            newest_at: Some(newest_at),
            ..known
        };
        let first = ledger::next_call_id(&mut transaction).await?;
        let ids = first..;
        let texts: Vec<(String, String)> = replies
            .iter()
            .map(|reply| (reply.subject_of_call(), day(reply.at)))
            .collect();
        let calls: Vec<ImportedCall<'_>> = replies
            .iter()
            .zip(&texts)
            .zip(ids.clone())
            .map(|((reply, (subject, day)), call_id)| ImportedCall {
                call_id,
                run_id,
                endpoint: reply.endpoint,
                subject,
                cursor: reply.cursor.as_deref(),
                day,
                settlement: &reply.settlement,
                page: CallPage {
                    group: Group {
                        kept_at: reply.at,
                        ..group
                    },
                    at: reply.at,
                    next_cursor: reply.harvest.cursor.as_deref(),
                    items: reply.harvest.items.len(),
                    row_count: reply.harvest.row_count(),
                    odd: &reply.harvest.odd,
                    item_hashes: &reply.item_hashes,
                    is_redacted: reply.harvest.is_redacted,
                },
                imported_at: now,
                source_id,
                entry: &reply.entry,
                sha256: &reply.sha256,
            })
            .collect();
        // The calls come first: their times order what the rows state.
        ledger::import_calls(&mut transaction, &calls).await?;
        let mut rows = Vec::with_capacity(replies.len());
        for (reply, call) in replies.iter().zip(&calls) {
            rows.push(PageRows {
                call_id: call.call_id,
                now: reply.at,
                subject: &reply.subject,
                items_before: importing
                    .items_before(&mut transaction, reply, call)
                    .await?,
                harvest: &reply.harvest,
                is_imported: true,
            });
        }
        archive::write(&mut transaction, &rows, known).await?;
        sqlx::query("update sources set last_imported_at = max(last_imported_at, ?) where id = ?")
            .bind(now)
            .bind(source_id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let times = replies.iter().map(|reply| reply.at);
        importing.newest_at = Some(times.fold(newest_at, f64::max));
        Ok(())
    }

    /// Returns the number of the file that replies are imported from. What is kept of it notes the time.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn note_source(&self, file: &str, kind: &str, now: f64) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let id = sqlx::query_scalar(
            "insert into sources (file, kind, first_imported_at, last_imported_at) values (?1, ?2, ?3, ?3)
             on conflict (file) do update set kind = excluded.kind
             returning id",
        )
        .bind(file)
        .bind(kind)
        .bind(now)
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }
}

/// Returns how many items are on the imported pages before a page of the same list.
async fn items_before(connection: &mut SqliteConnection, call: &ImportedCall<'_>) -> Result<u32> {
    let (mut id, mut cursor) = (call.call_id, call.cursor.map(str::to_owned));
    let mut items = 0_u32;
    for _ in 0..PAGES_BEFORE {
        let Some(wanted) = cursor else { break };
        let before: Option<(i64, Option<String>, i64)> = sqlx::query_as(
            "select id, cursor, items from calls
             where endpoint = ? and subject = ? and next_cursor = ? and job_id is null and outcome = 'imported' and id < ?
             order by id desc limit 1",
        )
        .bind(call.endpoint)
        .bind(call.subject)
        .bind(&wanted)
        .bind(id)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(before) = before else { break };
        id = before.0;
        cursor = before.1;
        items = items.saturating_add(u32::try_from(before.2).unwrap_or(0));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::Importing;

    #[test]
    fn a_list_goes_on_after_its_cursor_was_replaced() {
        let mut importing = Importing::default();
        let key = |cursor: &str| ("a", "b".to_owned(), cursor.to_owned());
        importing.chains = [(key("of mira"), 3), (key("of others"), 4)].into();
        importing.seal(|cursor| cursor.contains("mira").then(|| "erased:x".to_owned()));
        let expected = [(key("erased:x"), 3), (key("of others"), 4)].into();
        assert_eq!(importing.chains, expected);
    }
}
