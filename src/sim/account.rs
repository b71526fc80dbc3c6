//! The account and the request log. Tests judge the crawler by them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::endpoint::Endpoint;
use super::faults::{Counts, Fault};

/// One request as the remote saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Sequence number over all endpoints, starting at 1.
    pub n: u64,
    /// Milliseconds since the simulator started, by its clock.
    pub at_ms: u64,
    pub endpoint: &'static str,
    pub subject: Arc<str>,
    pub cursor: Arc<str>,
    /// HTTP status of the answer; 0 if the simulator reset the connection instead.
    pub status: u16,
    pub fault: Option<&'static str>,
    pub billed: bool,
    /// Whether the simulator sent the whole answer before the connection ended.
    ///
    /// `false` is certain. `true` is not: the network may still have lost the answer.
    pub received_fully: bool,
    /// The delay that a throttled call was asked to wait.
    pub retry_after_ms: Option<u64>,
}

/// Totals of one endpoint, or of all endpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    pub calls: u64,
    /// Answers with status 200 and a price above zero.
    pub billed: u64,
    /// Millionths of a US dollar.
    pub micro_usd: u64,
    /// Answers with a status other than 200.
    pub refused: u64,
    /// Distinct (endpoint, subject, cursor) among the billed calls.
    pub distinct: u64,
    /// Billed calls beyond the distinct ones.
    pub repeats: u64,
}

/// A snapshot of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    pub total: Sums,
    pub endpoints: BTreeMap<&'static str, Sums>,
    pub balance_micro_usd: u64,
    /// Requests that followed a redirect to the second host.
    pub redirects_followed: u64,
    /// Those of them that contained the API key.
    pub redirects_followed_with_key: u64,
}

/// Identifies a page: endpoint, subject and cursor of a request.
pub(super) type PageKey = (Endpoint, Arc<str>, Arc<str>);

#[derive(Debug, Default)]
struct PageState {
    calls: u32,
    billed: u32,
    failed_in_a_row: u32,
}

/// The counters of a call at its arrival.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    pub(super) n: u64,
    pub(super) counts: Counts,
    /// Number of earlier calls for the same page.
    pub(super) attempt: u32,
    pub(super) failed_in_a_row: u32,
}

/// The result of a call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settled {
    pub(super) status: u16,
    pub(super) fault: Option<Fault>,
    pub(super) billed: bool,
    pub(super) is_failure: bool,
    pub(super) retry_after_ms: Option<u64>,
}

/// Records every call.
#[derive(Debug)]
pub(super) struct Book {
    log: Vec<Entry>,
    sums: HashMap<Endpoint, Sums>,
    pages: HashMap<PageKey, PageState>,
    subjects: HashMap<(Endpoint, Arc<str>), u64>,
    sora_calls: u64,
    pub(super) balance_micro_usd: u64,
    pub(super) redirects_followed: u64,
    pub(super) redirects_followed_with_key: u64,
}

impl Book {
    pub(super) fn new(balance_micro_usd: u64) -> Self {
        Self {
            log: Vec::new(),
            sums: HashMap::new(),
            pages: HashMap::new(),
            subjects: HashMap::new(),
            sora_calls: 0,
            balance_micro_usd,
            redirects_followed: 0,
            redirects_followed_with_key: 0,
        }
    }

    /// Records a call that arrives `at` this time after the start.
    pub(super) fn open(&mut self, key: &PageKey, at: Duration) -> Opened {
        let (endpoint, subject, cursor) = key;
        let n = self.log.len() as u64 + 1;
        self.log.push(Entry {
            n,
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            endpoint: endpoint.name(),
            subject: Arc::clone(subject),
            cursor: Arc::clone(cursor),
            status: 0,
            fault: None,
            billed: false,
            received_fully: false,
            retry_after_ms: None,
        });
        if !matches!(endpoint, Endpoint::Health | Endpoint::UserInfo) {
            self.sora_calls += 1;
        }
        let sums = self.sums.entry(*endpoint).or_default();
        sums.calls += 1;
        let of_subject = self
            .subjects
            .entry((*endpoint, Arc::clone(subject)))
            .or_default();
        *of_subject += 1;
        let counts = Counts {
            all: self.sora_calls,
            endpoint: sums.calls,
            subject: *of_subject,
        };
        let page = self.pages.entry(key.clone()).or_default();
        page.calls += 1;
        let (attempt, failed_in_a_row) = (page.calls - 1, page.failed_in_a_row);
        Opened {
            n,
            counts,
            attempt,
            failed_in_a_row,
        }
    }

    pub(super) fn settle(&mut self, opened: &Opened, key: &PageKey, settled: Settled) {
        let sums = self.sums.entry(key.0).or_default();
        let page = self.pages.entry(key.clone()).or_default();
        page.failed_in_a_row = if settled.is_failure {
            page.failed_in_a_row + 1
        } else {
            0
        };
        if settled.billed {
            let price = key.0.price_micro_usd();
            sums.billed += 1;
            sums.micro_usd += price;
            self.balance_micro_usd = self.balance_micro_usd.saturating_sub(price);
            if page.billed == 0 {
                sums.distinct += 1;
            }
            page.billed += 1;
        } else if settled.status != 200 && settled.status != 0 {
            sums.refused += 1;
        }
        if let Some(entry) = self.entry(opened.n) {
            entry.status = settled.status;
            entry.fault = settled.fault.map(Fault::name);
            entry.billed = settled.billed;
            entry.retry_after_ms = settled.retry_after_ms;
        }
    }

    pub(super) fn received(&mut self, n: u64) {
        if let Some(entry) = self.entry(n) {
            entry.received_fully = true;
        }
    }

    fn entry(&mut self, n: u64) -> Option<&mut Entry> {
        usize::try_from(n.checked_sub(1)?)
            .ok()
            .and_then(|place| self.log.get_mut(place))
    }

    pub(super) fn log(&self) -> Vec<Entry> {
        self.log.clone()
    }

    pub(super) fn account(&self) -> Account {
        let mut account = Account {
            balance_micro_usd: self.balance_micro_usd,
            redirects_followed: self.redirects_followed,
            redirects_followed_with_key: self.redirects_followed_with_key,
            ..Account::default()
        };
        for (endpoint, sums) in &self.sums {
            let mut sums = sums.clone();
            sums.repeats = sums.billed - sums.distinct;
            account.total.calls += sums.calls;
            account.total.billed += sums.billed;
            account.total.micro_usd += sums.micro_usd;
            account.total.refused += sums.refused;
            account.total.distinct += sums.distinct;
            account.total.repeats += sums.repeats;
            account.endpoints.insert(endpoint.name(), sums);
        }
        account
    }
}
