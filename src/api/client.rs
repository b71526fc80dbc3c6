//! One request and what came of it. The only reqwest of the crawl.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use url::Url;

use super::Secret;

/// How long an unused connection is kept. Servers close idle ones (uvicorn after 5 s); a call sent into a
/// connection that is being closed has an unknown fate and may be paid twice, a new handshake costs nothing.
const IDLE: Duration = Duration::from_secs(4);
/// No reply is expected to be larger than this, so no more is set aside before its bytes arrive.
const RESERVE_BYTES: usize = 1 << 20;

/// What the client must know; `config::Api` turns into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Scheme, host and an optional path before every endpoint's own.
    pub base_url: String,
    pub user_agent: String,
    /// From the start of a call to the last byte of its body.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// The largest body that is read, counted after decompression.
    pub max_body_bytes: usize,
}

/// The two methods that the remote has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    None,
    Json(serde_json::Value),
    /// One file as `multipart/form-data`.
    Multipart {
        field: String,
        file_name: String,
        mime: String,
        bytes: Vec<u8>,
    },
}

/// One call, before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    pub method: Method,
    /// The path below the base URL, as in `/api/v1/sora2/get_user_posts`.
    pub path: &'a str,
    /// Parameters as they are; the client encodes them (cursors hold `+`, `/` and `=`).
    pub query: Vec<(&'a str, String)>,
    pub body: Body,
}

impl<'a> Request<'a> {
    /// A GET without a body: what every reading endpoint is.
    #[must_use]
    pub fn get(path: &'a str, query: Vec<(&'a str, String)>) -> Self {
        Self {
            method: Method::Get,
            path,
            query,
            body: Body::None,
        }
    }
}

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

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub facts: Facts,
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
    fn of(headers: &HeaderMap) -> Self {
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

/// Sends requests to one remote with one key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    max_body_bytes: usize,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Prepares connections; none is opened yet.
    ///
    /// # Errors
    /// Says in one sentence what is wrong with the base URL, the user agent or the machine's certificates.
    pub fn new(settings: &Settings, key: &Secret) -> Result<Self, String> {
        let base = Url::parse(&settings.base_url)
            .map_err(|error| format!("the base URL cannot be read: {error}"))?;
        if base.cannot_be_a_base() {
            return Err("the base URL has no host".to_owned());
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
            .map_err(|_| "the key cannot stand in a header".to_owned())?;
        authorization.set_sensitive(true);
        // Whoever installed one before us is left alone.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(&settings.user_agent)
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .http1_only()
            .gzip(true)
            .referer(false)
            // A redirect would carry the key to a place that the operator did not name.
            .redirect(reqwest::redirect::Policy::none())
            // Every attempt is a line of the ledger, so none may happen below it. What hyper sends again by itself
            // is only a request of which not one byte was written.
            .retry(reqwest::retry::never())
            .no_proxy();
        if base.scheme() == "http" {
            // No certificate is ever looked at, so a machine without any must not be refused.
            builder = builder.tls_certs_only([]);
        }
        let http = builder
            .build()
            .map_err(|error| chain(error.without_url()))?;
        Ok(Self {
            http,
            base,
            authorization,
            max_body_bytes: settings.max_body_bytes,
        })
    }

    /// Sends one request, once, and reads its body up to the limit. Every end of it is a `Reply`.
    pub async fn call(&self, request: &Request<'_>) -> Reply {
        let built = match self.build(request) {
            Ok(built) => built,
            Err(error) => {
                return Reply::NeverSent {
                    why: chain(error.without_url()),
                };
            }
        };
        match self.http.execute(built).await {
            Ok(response) => Reply::Answered(self.read(response).await),
            Err(error) => lost(error),
        }
    }

    fn build(&self, request: &Request<'_>) -> Result<reqwest::Request, reqwest::Error> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut builder = self
            .http
            .request(method, self.url(request))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(AUTHORIZATION, self.authorization.clone());
        builder = match &request.body {
            Body::None => builder,
            Body::Json(value) => builder
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(value.to_string()),
            Body::Multipart {
                field,
                file_name,
                mime,
                bytes,
            } => {
                let part = reqwest::multipart::Part::bytes(bytes.clone())
                    .file_name(file_name.clone())
                    .mime_str(mime)?;
                builder.multipart(reqwest::multipart::Form::new().part(field.clone(), part))
            }
        };
        builder.build()
    }

    fn url(&self, request: &Request<'_>) -> Url {
        let mut url = self.base.clone();
        let before = url.path().trim_end_matches('/');
        let path = format!("{before}/{}", request.path.trim_start_matches('/'));
        url.set_path(&path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        url
    }

    async fn read(&self, mut response: reqwest::Response) -> Answer {
        let status = response.status().as_u16();
        let facts = Facts::of(response.headers());
        let expected = response
            .content_length()
            .and_then(|bytes| usize::try_from(bytes).ok());
        let mut bytes = Vec::with_capacity(expected.unwrap_or(0).min(RESERVE_BYTES));
        let body = loop {
            match response.chunk().await {
                Ok(None) => break Ok(bytes),
                Ok(Some(chunk)) if chunk.len() > self.max_body_bytes - bytes.len() => {
                    bytes.extend_from_slice(&chunk[..self.max_body_bytes - bytes.len()]);
                    let why = format!("too large: more than {} bytes", self.max_body_bytes);
                    break Err(CutBody {
                        why,
                        too_large: true,
                        partial: bytes,
                    });
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(error) => {
                    let why = format!(
                        "cut after {} bytes: {}",
                        bytes.len(),
                        chain(error.without_url())
                    );
                    break Err(CutBody {
                        why,
                        too_large: false,
                        partial: bytes,
                    });
                }
            }
        };
        Answer {
            status,
            facts,
            body,
        }
    }
}

/// Sorts a failure without a status: what failed before the connection stood was never sent.
fn lost(error: reqwest::Error) -> Reply {
    let never = error.is_builder() || error.is_connect();
    let why = chain(error.without_url());
    if never {
        Reply::NeverSent { why }
    } else {
        Reply::Unknown { why }
    }
}

/// An error with its causes on one line; reqwest's own text alone says too little.
fn chain(error: reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
