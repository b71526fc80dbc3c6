//! Addresses of the service that the remote reads from (api/README.md §6.12): captures of its own pages have them.

use std::collections::BTreeMap;

use url::Url;

use crate::api::{Entry, endpoints};

/// Beginning of the paths of the service's API.
const API: [&str; 2] = ["backend", "project_y"];

/// Paths with several lists: the parameter that tells them apart, and its value for the list that ours is (api/README.md §6.12).
/// Without the parameter it is taken for ours.
const LISTS: [(&str, &str, &str); 2] = [
    ("feed", "cut", "nf2_top_7d"),
    ("profile/search_mentions", "intent", "users"),
];

/// Returns whether an address of the service is that of a list like one of ours, but not that one: the latest posts instead of
/// those of the week, characters instead of users.
pub(super) fn is_another_list(url: &Url) -> bool {
    let path = url.path().trim_matches('/');
    let path = path.strip_prefix("backend/project_y/");
    LISTS.iter().any(|(of, name, ours)| {
        let mut query = url.query_pairs();
        path == Some(*of) && query.any(|(key, value)| key == *name && value != *ours)
    })
}

/// Returns which endpoint and subject of ours answer the same as an address of the service.
pub(super) fn meaning(
    url: &Url,
    parameters: &BTreeMap<String, String>,
) -> Option<(&'static Entry, String)> {
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let path = segments.strip_prefix(&API[..])?;
    if is_another_list(url) {
        return None;
    }
    let found = endpoints::ALL.iter().filter_map(|entry| {
        let subject = subject(entry, path, parameters)?;
        Some((entry, subject))
    });
    // A path with a query is more exact than the same without.
    found.max_by_key(|(entry, _)| entry.upstream.contains('?'))
}

/// Returns the subject of a path that is one of this endpoint.
fn subject(entry: &Entry, path: &[&str], parameters: &BTreeMap<String, String>) -> Option<String> {
    let (pattern, query) = entry
        .upstream
        .split_once('?')
        .unwrap_or((entry.upstream, ""));
    if pattern.is_empty() || pattern.split('/').count() != path.len() {
        return None;
    }
    let mut subject = String::new();
    for (expected, found) in pattern.split('/').zip(path) {
        match expected {
            "{}" => subject = (*found).to_owned(),
            _ if expected == *found => {}
            _ => return None,
        }
    }
    match query.split_once('=') {
        None => {}
        Some((name, "{}")) => subject = parameters.get(name)?.clone(),
        Some((name, value)) => {
            parameters.get(name).filter(|found| *found == value)?;
        }
    }
    // Another cut of a feed is another list.
    let cut = parameters.get("cut").filter(|_| !query.starts_with("cut="));
    if cut.is_some_and(|cut| !cut.starts_with("nf2")) {
        return None;
    }
    // Some paths take a name instead of an id, and a job needs the id.
    let is_id = entry.subject != Some("user_id")
        || subject.starts_with("user-")
        || subject.starts_with("ch_");
    is_id.then_some(subject)
}
