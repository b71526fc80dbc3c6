//! Outcome of a call.

use reqwest::header::HeaderMap;

/// Outcome of a request. The ledger charges each of the three cases differently.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Status and headers arrived. The body may be truncated.
    Answered(Answer),
    /// The remote cannot have received the request, so nothing was billed.
    NeverSent { why: String },
    /// No status arrived. The remote may have received and billed the request.
    Unknown { why: String },
}

/// An answer with any status, without secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub facts: Facts,
    /// Size of the received body in bytes, after decompression and before scrubbing.
    pub body_bytes: usize,
    pub body: Result<Vec<u8>, CutBody>,
}

impl Answer {
    /// Returns the bytes of the body that arrived, complete or truncated. The ledger stores them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Ok(bytes) => bytes,
            Err(cut) => &cut.partial,
        }
    }

    /// Returns whether the remote bills the answer: only with status 200 (api/README.md §4).
    #[must_use]
    pub fn is_billed(&self) -> bool {
        self.status == 200
    }
}

/// A body that did not arrive completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutBody {
    pub why: String,
    /// The client stopped because the body exceeded `max_body_bytes`. A retry cannot succeed.
    pub too_large: bool,
    /// Bytes that arrived before the end.
    pub partial: Vec<u8>,
}

/// Headers of an answer that affect a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub request_id: Option<String>,
    pub content_type: Option<String>,
    pub retry_after: Option<String>,
    pub rate_limit_reset: Option<String>,
    /// The remote's clock, the reference for a date in `Retry-After`.
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
