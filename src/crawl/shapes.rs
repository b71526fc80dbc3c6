//! Looks at some of the newest replies now and then, to notice when their shape changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use crate::api::JsonType;
use crate::replies::drift::{Drift, EndpointPaths, PathHistory, look, mark};
use crate::store::{PathRow, Result};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Replies of each endpoint that a look reads.
const OF_EACH: u32 = 32;
/// Changes of a look that are warned of. Usually one change concerns many paths.
const WARNED: usize = 5;

/// Looks periodically until the run stops.
pub async fn watch_shapes(engine: Arc<Engine>) {
    while !engine.is_stopping() {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => look_at_shapes(&engine).await,
            () = engine.until_stopped() => {}
        }
    }
}

/// Looks at replies that were kept since the last look.
pub async fn look_at_shapes(engine: &Arc<Engine>) {
    if let Err(error) = look_again(engine).await {
        tracing::warn!(%error, "the shape of the newest replies is not known");
    }
}

async fn look_again(engine: &Arc<Engine>) -> Result<()> {
    let store = &engine.parts.store;
    let known = store.paths().await?;
    let replies = known.iter().filter(|row| row.path.is_empty());
    let after = replies.map(|row| row.last_call_id).max().unwrap_or(0);
    let calls = store.newest_kept(after, OF_EACH).await?;
    if calls.is_empty() {
        return Ok(());
    }
    let owner = engine.clone();
    let found = tokio::task::spawn_blocking(move || look(&owner.parts.packer, &calls)).await;
    let Ok(found) = found else {
        return Ok(());
    };
    let now = engine.now();
    let rows = extended(known, found, now);
    store.keep_paths(&rows).await?;
    let changed = rows.iter().filter(|row| row.marked_at == Some(now));
    for (number, row) in changed.enumerate() {
        let (endpoint, path, mark) = (&row.endpoint, &row.path, row.mark.as_deref());
        match number < WARNED {
            true => tracing::warn!(endpoint, path, mark, "the shape of the replies changed"),
            false => tracing::debug!(endpoint, path, mark, "the shape of the replies changed"),
        }
    }
    Ok(())
}

/// Returns the rows of the endpoints that were looked at.
fn extended(known: Vec<PathRow>, found: Drift, now: f64) -> Vec<PathRow> {
    let mut of_endpoints: BTreeMap<String, Vec<PathRow>> = BTreeMap::new();
    for row in known {
        of_endpoints
            .entry(row.endpoint.clone())
            .or_default()
            .push(row);
    }
    let mut rows = Vec::new();
    for (endpoint, newest) in found.endpoints {
        let before = of_endpoints.remove(endpoint).unwrap_or_default();
        rows.extend(of_endpoint(endpoint, before, newest, now));
    }
    rows
}

fn of_endpoint(
    endpoint: &str,
    before: Vec<PathRow>,
    newest: EndpointPaths,
    now: f64,
) -> Vec<PathRow> {
    let marks: BTreeMap<String, (Option<String>, Option<f64>)> = before
        .iter()
        .map(|row| (row.path.clone(), (row.mark.clone(), row.marked_at)))
        .collect();
    let mut all = EndpointPaths::default();
    for row in before {
        if row.path.is_empty() {
            all.replies = number(row.times);
        }
        all.paths.insert(row.path.clone(), history(&row));
    }
    all.extend(with_replies(newest));
    let replies = all.replies;
    let rows = all.paths.into_iter().map(|(path, history)| {
        let found = match path.is_empty() {
            true => None,
            false => mark(&history, replies).map(|mark| mark.as_str().to_owned()),
        };
        let (known, at) = marks.get(&path).cloned().unwrap_or_default();
        let marked_at = match (&found, known == found) {
            (None, _) => None,
            (Some(_), true) => at,
            (Some(_), false) => Some(now),
        };
        row(endpoint, path, history, (found, marked_at))
    });
    rows.collect()
}

/// Adds the empty path, which stands for the replies themselves.
fn with_replies(mut newest: EndpointPaths) -> EndpointPaths {
    let calls = newest.paths.values();
    let first = calls.clone().map(|path| path.first_call).min();
    let last = calls.map(|path| path.last_call).max();
    if let (Some(first_call), Some(last_call)) = (first, last) {
        let replies = PathHistory {
            times: newest.replies,
            last: newest.replies.saturating_sub(1),
            first_call,
            last_call,
            types: [(JsonType::Object, 0)].into(),
            ..PathHistory::default()
        };
        newest.paths.insert(String::new(), replies);
    }
    newest
}

fn history(row: &PathRow) -> PathHistory {
    let types: BTreeMap<String, u64> = serde_json::from_str(&row.types).unwrap_or_default();
    let kinds = JsonType::ALL.into_iter();
    PathHistory {
        times: number(row.times),
        first: number(row.first_reply),
        last: number(row.last_reply),
        first_call: row.first_call_id,
        last_call: row.last_call_id,
        types: kinds
            .filter_map(|kind| Some((kind, *types.get(kind.as_str())?)))
            .collect(),
        is_read: row.is_read,
        ..PathHistory::default()
    }
}

fn row(
    endpoint: &str,
    path: String,
    history: PathHistory,
    (mark, marked_at): (Option<String>, Option<f64>),
) -> PathRow {
    let types: BTreeMap<&str, u64> = history
        .types
        .iter()
        .map(|(kind, first)| (kind.as_str(), *first))
        .collect();
    let integer = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    PathRow {
        endpoint: endpoint.to_owned(),
        path,
        types: serde_json::json!(types).to_string(),
        is_read: history.is_read,
        times: integer(history.times),
        first_reply: integer(history.first),
        last_reply: integer(history.last),
        first_call_id: history.first_call,
        last_call_id: history.last_call,
        mark,
        marked_at,
    }
}

fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
