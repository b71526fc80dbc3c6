//! Texts that name people, in all tables: what others wrote, and what the queue and the ledger say.

use crate::replies::People;
use crate::store::{Change, Means, Store, TextRow, TextTable};

/// Rows that are read at once.
const AT_ONCE: u32 = 5_000;
/// Rows that are changed in one transaction.
const CHANGES: usize = 500;

/// Searches a table. Returns the number of rows that were changed or deleted.
pub(super) async fn sweep(
    store: &Store,
    people: &People,
    table: &TextTable,
    now: f64,
    mut progress: impl FnMut(),
) -> Result<u64, String> {
    let failed = |why: crate::store::Error| why.to_string();
    let (mut after, mut changed): (Option<String>, u64) = (None, 0);
    loop {
        let rows = store
            .text_rows(table, after.as_deref(), AT_ONCE)
            .await
            .map_err(failed)?;
        let Some(end) = rows.last() else { break };
        after = Some(end.key.clone());
        let changes: Vec<(String, Change)> = rows
            .iter()
            .filter_map(|row| Some((row.key.clone(), change(people, table, row)?)))
            .collect();
        for some in changes.chunks(CHANGES) {
            store.change_texts(table, some, now).await.map_err(failed)?;
            changed += some.len() as u64;
            progress();
        }
    }
    Ok(changed)
}

/// Returns what happens to a row; `None` if it names nobody.
fn change(people: &People, table: &TextTable, row: &TextRow) -> Option<Change> {
    let mut values = Vec::new();
    for (at, (column, value)) in table.columns.iter().zip(&row.values).enumerate() {
        let Some(value) = value else { continue };
        let new = match column.means {
            Means::Key if people.are_in(value) => return Some(Change::Delete),
            Means::Key => None,
            Means::Subject => people.subject(value).map(Some),
            Means::Cursor => people.cursor(value).map(Some),
            Means::Path => people.taken_out_of_path(value).map(Some),
            Means::Words => without(people, value),
        };
        values.extend(new.map(|new| (at, new)));
    }
    (!values.is_empty()).then_some(Change::Set(values))
}

/// Returns what replaces words: nothing replaces a URL. `None` if they name nobody.
fn without(people: &People, words: &str) -> Option<Option<String>> {
    let is_url = words.contains("://") && !words.contains(char::is_whitespace);
    if is_url || people.is_user(words) || people.is_name(words) {
        return (people.is_user(words) || people.is_name(words) || people.are_in(words))
            .then_some(None);
    }
    people.taken_out_of(words).map(Some)
}
