//! What came of a call.

use reqwest::header::HeaderMap;

/// What came of a request. The three cases are the ledger's: each is paid for differently.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Status and headers arrived; the body may have been cut.
    Answered(Answer),
    /// The remote cannot have seen the request: nothing was billed.
    NeverSent { why: String },
    /// The request may have been seen and billed; no status came back.
    Unknown { why: String },
}

/// An answer, whatever its status, without secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub facts: Facts,
    /// Size of the body as it came, unzipped: what was taken out of it is counted.
    pub body_bytes: usize,
    pub body: Result<Vec<u8>, CutBody>,
}

impl Answer {
    /// The bytes that arrived, whole or not: what the ledger keeps.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Ok(bytes) => bytes,
            Err(cut) => &cut.partial,
        }
    }

    /// Only a status of 200 is billed (api/README.md §4).
    #[must_use]
    pub fn is_billed(&self) -> bool {
        self.status == 200
    }
}

/// A body that did not arrive as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutBody {
    pub why: String,
    /// It was the client that stopped, because the body went beyond `max_body_bytes`: asking again is no help.
    pub too_large: bool,
    /// What had arrived by then.
    pub partial: Vec<u8>,
}

/// The few headers of an answer that anything is decided by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub request_id: Option<String>,
    pub content_type: Option<String>,
    pub retry_after: Option<String>,
    pub rate_limit_reset: Option<String>,
    /// The remote's own clock, to read `Retry-After` by.
    pub date: Option<String>,
    pub location: Option<String>,
}

impl Facts {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?.as_bytes();
            Some(String::from_utf8_lossy(value).trim().to_owned())
        };
        Self {
            request_id: text("x-request-id"),
            content_type: text("content-type"),
            retry_after: text("retry-after"),
            rate_limit_reset: text("x-ratelimit-reset"),
            date: text("date"),
            location: text("location"),
        }
    }
}
