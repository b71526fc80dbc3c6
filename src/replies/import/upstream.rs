//! Addresses of the service that the remote reads from (api/README.md §6.12): captures of its own pages have them.

use std::collections::BTreeMap;

use url::Url;

use crate::api::{Entry, endpoints};

/// Beginning of the paths of the service's API.
const API: [&str; 2] = ["backend", "project_y"];

/// Returns which endpoint and subject of ours answer the same as an address of the service.
pub(super) fn meaning(
    url: &Url,
    parameters: &BTreeMap<String, String>,
) -> Option<(&'static Entry, String)> {
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let path = segments.strip_prefix(&API[..])?;
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
