//! Answers without data: the remote's own refusals in their order, and the faults that precede them.

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::kinds::Fault;
use crate::sim::account::PageKey;
use crate::sim::dates;
use crate::sim::endpoint::Endpoint;
use crate::sim::reply::Reply;
use crate::sim::state::Shared;

/// The answer to a call, before faults of the connection.
pub(in crate::sim) struct Outcome {
    pub(in crate::sim) reply: Reply,
    pub(in crate::sim) fault: Option<Fault>,
    pub(in crate::sim) retry_after_ms: Option<u64>,
}

impl Outcome {
    pub(in crate::sim) fn of(reply: Reply, fault: Option<Fault>) -> Self {
        Self {
            reply,
            fault,
            retry_after_ms: None,
        }
    }
}

/// Checks every reason to refuse a call, in the remote's order; `None` if the call gets data.
pub(in crate::sim) fn refuse(
    shared: &Shared,
    key: &PageKey,
    headers: &HeaderMap,
    fault: Option<Fault>,
) -> Option<Outcome> {
    let (endpoint, subject) = (key.0, &*key.1);
    let mut trouble = shared.trouble();
    if let Some(fault) = fault {
        trouble.begin(fault, endpoint, subject);
        if let Some(outcome) = at_once(shared, key, fault) {
            return Some(outcome);
        }
    }
    if trouble.is_retired(endpoint) {
        return Some(Outcome::of(
            Reply::not_found(),
            Some(Fault::EndpointRetired),
        ));
    }
    if endpoint == Endpoint::Health {
        return None;
    }
    let key_given = headers
        .get("authorization")
        .and_then(|it| it.to_str().ok())
        .unwrap_or("");
    let key_given = key_given.strip_prefix("Bearer ").unwrap_or(key_given);
    if trouble.refuses_keys() || key_given != shared.options.key {
        let fault = trouble.refuses_keys().then_some(Fault::KeyRefused);
        return Some(Outcome::of(Reply::unauthorized(endpoint, key_given), fault));
    }
    if let Some(name) = endpoint.parameter().filter(|_| subject.is_empty()) {
        return Some(Outcome::of(Reply::missing("query", name), None));
    }
    let price = endpoint.price_micro_usd();
    if price > 0 && (trouble.has_no_credit() || shared.book().balance_micro_usd < price) {
        let fault = trouble.has_no_credit().then_some(Fault::CreditExhausted);
        return Some(Outcome::of(
            Reply::payment_required(endpoint, &echo(headers)),
            fault,
        ));
    }
    if !shared.admits(endpoint) {
        let reply = too_many(endpoint, subject).with("retry-after", 1);
        return Some(Outcome {
            retry_after_ms: Some(1_000),
            ..Outcome::of(reply, None)
        });
    }
    if trouble.is_gone(subject) {
        let reply = Reply::detail(404, endpoint, subject, "Not Found");
        return Some(Outcome::of(reply, Some(Fault::Gone)));
    }
    None
}

/// Applies faults that hit a request before the remote checks it.
fn at_once(shared: &Shared, key: &PageKey, fault: Fault) -> Option<Outcome> {
    let (endpoint, subject) = (key.0, &*key.1);
    let wait = shared.options.retry_after_seconds;
    let mut retry_after_ms = None;
    let now = || i64::try_from(shared.clock.unix().as_secs()).unwrap_or(0);
    // Whole seconds: round up, so that the time is not before the end of the delay.
    let then = || now() + 1 + i64::try_from(wait).unwrap_or(0);
    if matches!(
        fault,
        Fault::Throttle | Fault::ThrottleDate | Fault::ThrottleReset
    ) {
        retry_after_ms = Some(wait * 1_000);
    }
    let reply = match fault {
        Fault::Throttle => too_many(endpoint, subject).with("retry-after", wait),
        Fault::ThrottleBare => too_many(endpoint, subject),
        Fault::ThrottleDate => too_many(endpoint, subject).with("retry-after", dates::http(then())),
        Fault::ThrottleReset => too_many(endpoint, subject).with("x-ratelimit-reset", then()),
        Fault::BadRequestRetry => Reply::detail(
            400,
            endpoint,
            subject,
            "Request failed. Please retry. Check the docs below to verify your parameters, test with the \
             default demo parameters, and send the response JSON to support. You won't be charged for this \
             request.",
        ),
        Fault::ServerError => Reply::detail(500, endpoint, subject, "Internal Server Error"),
        Fault::BadGatewayHtml => Reply::html(502, "502 Bad Gateway"),
        Fault::Unavailable => Reply::json(503, &json!({"detail": "Service Unavailable"})),
        Fault::Gateway404 => Reply::html(404, "404 Not Found"),
        Fault::Status410 => Reply::json(410, &json!({"detail": "Gone"})),
        Fault::ForbiddenCloudflare if key.2.len() % 2 == 1 || subject.len() % 2 == 1 => {
            Reply::json(
                403,
                &json!({
                    "error_code": 1010, "error_name": "browser_signature_banned",
                    "ray_id": "8f2d3c4b5a697881", "cloudflare_error": true,
                }),
            )
        }
        Fault::ForbiddenCloudflare => Reply::html(403, "Attention Required! | Cloudflare"),
        Fault::Redirect => {
            let location = format!("{}{}?from=redirect", shared.elsewhere, endpoint.path());
            Reply::json(302, &json!({})).with("location", location)
        }
        Fault::ExpiredCursor if subject.len() % 2 == 0 => Reply::invalid(
            "query",
            "cursor",
            "Value error, cursor has expired",
            "value_error",
        ),
        Fault::ExpiredCursor => invalid_cursor(endpoint, subject),
        Fault::ResetBefore => Reply::json(200, &json!({})),
        _ => return None,
    };
    Some(Outcome {
        reply,
        fault: Some(fault),
        retry_after_ms,
    })
}

impl Fault {
    /// Returns whether the fault replaces the answer, so that it requires no page.
    pub(in crate::sim) fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Throttle
                | Self::ThrottleBare
                | Self::ThrottleDate
                | Self::ThrottleReset
                | Self::BadRequestRetry
                | Self::ServerError
                | Self::BadGatewayHtml
                | Self::Unavailable
                | Self::Gateway404
                | Self::Status410
                | Self::ForbiddenCloudflare
                | Self::Redirect
                | Self::ExpiredCursor
                | Self::Gone
                | Self::CreditExhausted
                | Self::KeyRefused
                | Self::EndpointRetired
        )
    }
}

fn too_many(endpoint: Endpoint, subject: &str) -> Reply {
    Reply::detail(429, endpoint, subject, "Too Many Requests")
}

pub(in crate::sim) fn invalid_cursor(endpoint: Endpoint, subject: &str) -> Reply {
    Reply::detail(
        400,
        endpoint,
        subject,
        "Invalid cursor. You won't be charged for this request.",
    )
}

/// Returns the request's headers in the form in which the remote echoes them.
fn echo(headers: &HeaderMap) -> Value {
    let title = |name: &str| {
        let parts = name
            .split('-')
            .map(|part| part[..1].to_uppercase() + &part[1..]);
        parts.collect::<Vec<_>>().join("-")
    };
    let pairs = headers.iter().map(|(name, value)| {
        (
            title(name.as_str()),
            json!(String::from_utf8_lossy(value.as_bytes())),
        )
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}
