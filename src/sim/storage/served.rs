//! What was asked of each file, and which request has a fault.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::sim::faults::{MediaFault, MediaRule};

/// What was asked of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    pub path: String,
    /// Requests by GET and HEAD, whatever the answer.
    pub requests: u64,
    /// Of them, those by GET that were answered with (a part of) the file.
    pub served: u64,
    /// Bytes of bodies of the file that were handed to the connection.
    pub bytes: u64,
    /// Statuses, in the order of the requests.
    pub statuses: Vec<u16>,
}

/// The record of the storage.
#[derive(Debug, Default)]
pub(in crate::sim) struct Served {
    /// Rules, each with the number of requests that it has counted.
    rules: Vec<(MediaRule, u64)>,
    files: BTreeMap<String, Requests>,
}

impl Served {
    pub(in crate::sim) fn new(rules: &[MediaRule]) -> Self {
        let mut served = Self::default();
        served.add(rules);
        served
    }

    /// Adds rules. They count from now on.
    pub(in crate::sim) fn add(&mut self, rules: &[MediaRule]) {
        self.rules
            .extend(rules.iter().map(|rule| (rule.clone(), 0)));
    }

    pub(in crate::sim) fn forget_faults(&mut self) {
        self.rules.clear();
    }

    /// Counts a request and returns its fault, that of the first rule that hits.
    pub(super) fn fault(&mut self, path: &str, has_range: bool) -> Option<MediaFault> {
        let mut found = None;
        for (rule, count) in &mut self.rules {
            if rule.counts(path, has_range) {
                *count += 1;
                if rule.hits(*count) {
                    found = found.or(Some(rule.fault));
                }
            }
        }
        found
    }

    /// Records an answer; `bytes` of the file are in its body.
    pub(super) fn record(&mut self, path: &str, status: u16, bytes: Option<u64>) {
        let file = self.files.entry(path.to_owned()).or_default();
        path.clone_into(&mut file.path);
        file.requests += 1;
        file.served += u64::from(bytes.is_some());
        file.bytes += bytes.unwrap_or(0);
        file.statuses.push(status);
    }

    pub(in crate::sim) fn requests(&self) -> Vec<Requests> {
        self.files.values().cloned().collect()
    }
}
