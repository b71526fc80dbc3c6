//! HTTP client: sends one request and returns its reply without secrets. Only this module of the crawl uses reqwest.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue,
};
use url::Url;

use super::decode::{Problem, decode};
use super::{Answer, Body, CutBody, Facts, Method, Reply, Request, Scrubber, Secret};

/// How long the pool keeps an idle connection. It is less than the 5 s after which uvicorn closes one.
/// A call sent on a closing connection has an unknown outcome and may be paid twice. A new handshake is free.
const IDLE: Duration = Duration::from_secs(4);
/// Maximum buffer to allocate for a body before its bytes arrive. Replies are expected to fit.
const RESERVE_BYTES: usize = 1 << 20;
/// Headers of one reply. Proxies have been seen to add more than the usual limit of 100.
const MAX_HEADERS: usize = 1_000;

/// Settings of the client. `config::Api` converts into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Scheme, host and an optional path prefix for every endpoint.
    pub base_url: String,
    /// The URL of a proxy; `None` means that of the environment, if there is one.
    pub proxy: Option<String>,
    /// Whether a proxy is used at all: never for this machine.
    pub is_proxied: bool,
    pub user_agent: String,
    /// Time limit from the start of a call to the last byte of its body.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// Maximum body size in bytes after decompression.
    pub max_body_bytes: usize,
}

/// Sends requests to one remote with one key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    max_body_bytes: usize,
    /// Scrubs every reply before the client returns it, so that callers never hold a secret.
    scrubber: Scrubber,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Creates a client. It opens no connection yet.
    ///
    /// # Errors
    /// Returns a one-sentence message if the base URL, the user agent or the system's certificates are invalid.
    pub fn new(settings: &Settings, key: &Secret) -> Result<Self, String> {
        let base =
            Url::parse(&settings.base_url).map_err(|error| format!("invalid base URL: {error}"))?;
        if base.cannot_be_a_base() {
            return Err("invalid base URL: it has no host".to_owned());
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
            .map_err(|_| "the API key is not a valid header value".to_owned())?;
        authorization.set_sensitive(true);
        // Fails if the process already has a provider, which then stays in use.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(&settings.user_agent)
            .timeout(settings.timeout)
            // Always shorter than the total timeout, so that a failed connect is reported as such: not billed.
            .connect_timeout(settings.connect_timeout.min(settings.timeout.mul_f64(0.9)))
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .http1_only()
            // A frame around a page that a proxy spoilt must not cost the page.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_max_headers(MAX_HEADERS)
            .referer(false)
            // Following a redirect would send the key to a host that the operator did not configure.
            .redirect(reqwest::redirect::Policy::none())
            // The ledger has a row per attempt, so reqwest must not retry. hyper resends a request only if no byte
            // of it was written.
            .retry(reqwest::retry::never());
        builder = match &settings.proxy {
            _ if !settings.is_proxied => builder.no_proxy(),
            Some(url) => {
                let proxy =
                    reqwest::Proxy::all(url).map_err(|_| "api.proxy is no URL of a proxy")?;
                builder.proxy(proxy)
            }
            None => builder,
        };
        if base.scheme() == "http" {
            // Plain HTTP uses no certificate, so a system without any must still work.
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
            scrubber: Scrubber::new(key),
        })
    }

    /// Sends one request once and reads its body up to the limit. Every outcome is a `Reply`.
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
            Ok(response) => Reply::Answered(self.clean(self.read(response).await)),
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
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))
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
        let coding = response.headers().get(CONTENT_ENCODING);
        let coding = coding.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let expected = response
            .content_length()
            .and_then(|bytes| usize::try_from(bytes).ok());
        let mut bytes = Vec::with_capacity(expected.unwrap_or(0).min(RESERVE_BYTES));
        let (mut cut, mut too_large) = (None, false);
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if chunk.len() > self.max_body_bytes - bytes.len() => {
                    bytes.extend_from_slice(&chunk[..self.max_body_bytes - bytes.len()]);
                    too_large = true;
                    break;
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(error) => {
                    cut = Some(chain(error.without_url()));
                    break;
                }
            }
        }
        let content_type = facts.content_type.as_deref();
        let decoded = decode(bytes, coding.as_deref(), content_type, self.max_body_bytes);
        let bytes = decoded.bytes;
        too_large |= decoded.problem == Some(Problem::TooLarge);
        let why = match (decoded.problem, cut) {
            _ if too_large => Some(format!(
                "too large: exceeds the limit of {} bytes",
                self.max_body_bytes
            )),
            (None, None) => None,
            // No JSON object is the beginning of a longer one: whatever became of the transfer, the page is whole.
            _ if is_whole(&bytes) => None,
            (_, Some(cut)) => Some(format!("truncated at byte {}: {cut}", bytes.len())),
            (Some(Problem::Broken(why)), None) => Some(format!("cannot be decoded: {why}")),
            (Some(Problem::TooLarge), None) => None,
        };
        Answer {
            status,
            facts,
            body_bytes: bytes.len(),
            body: match why {
                None => Ok(bytes),
                Some(why) => Err(CutBody {
                    why,
                    too_large,
                    partial: bytes,
                }),
            },
        }
    }

    /// Returns the answer without secrets. The parser reads the scrubbed bytes that the ledger stores, so that a reparse
    /// returns the same rows.
    fn clean(&self, mut answer: Answer) -> Answer {
        let body = match &mut answer.body {
            Ok(bytes) => bytes,
            Err(cut) => &mut cut.partial,
        };
        if let Cow::Owned(clean) = self.scrubber.scrub_body(body) {
            *body = clean;
        }
        let name = &mut answer.facts.request_id;
        *name = name.take().map(|name| self.scrubber.scrub_text(&name));
        answer
    }
}

/// Returns whether the bytes are one whole JSON object or array.
fn is_whole(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// Classifies a failure without a status. A request that failed before the connection was established was never sent.
fn lost(error: reqwest::Error) -> Reply {
    let never = error.is_builder() || error.is_connect();
    let why = chain(error.without_url());
    if never {
        Reply::NeverSent { why }
    } else {
        Reply::Unknown { why }
    }
}

/// Formats an error and its causes on one line, because reqwest's own message omits the causes.
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

#[cfg(test)]
mod tests;
