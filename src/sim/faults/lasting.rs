//! Faults that last until the simulator is healed.

use std::collections::{HashMap, HashSet};

use super::kinds::Fault;
use crate::sim::endpoint::Endpoint;

/// Lasting effects of faults.
#[derive(Debug, Default)]
pub(in crate::sim) struct Trouble {
    gone: HashSet<String>,
    retired: HashSet<Endpoint>,
    no_credit: bool,
    key_refused: bool,
    /// Number of times that the cursors of a walk have expired; older cursors are refused.
    epochs: HashMap<(Endpoint, String), u32>,
}

impl Trouble {
    /// Records the effect of a lasting fault; ignores all other faults.
    pub(in crate::sim) fn begin(&mut self, fault: Fault, endpoint: Endpoint, subject: &str) {
        match fault {
            Fault::Gone => {
                self.gone.insert(subject.to_owned());
            }
            Fault::EndpointRetired => {
                self.retired.insert(endpoint);
            }
            Fault::CreditExhausted => self.no_credit = true,
            Fault::KeyRefused => self.key_refused = true,
            Fault::ExpiredCursor => {
                *self
                    .epochs
                    .entry((endpoint, subject.to_owned()))
                    .or_default() += 1;
            }
            _ => {}
        }
    }

    pub(in crate::sim) fn is_retired(&self, endpoint: Endpoint) -> bool {
        self.retired.contains(&endpoint)
    }

    pub(in crate::sim) fn is_gone(&self, subject: &str) -> bool {
        !subject.is_empty() && self.gone.contains(subject)
    }

    pub(in crate::sim) fn refuses_keys(&self) -> bool {
        self.key_refused
    }

    pub(in crate::sim) fn has_no_credit(&self) -> bool {
        self.no_credit
    }

    pub(in crate::sim) fn give_credit(&mut self) {
        self.no_credit = false;
    }

    pub(in crate::sim) fn epoch(&self, endpoint: Endpoint, subject: &str) -> u32 {
        if self.epochs.is_empty() {
            return 0;
        }
        self.epochs
            .get(&(endpoint, subject.to_owned()))
            .copied()
            .unwrap_or(0)
    }
}
