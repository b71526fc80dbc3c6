//! One request from its arrival to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::account::{PageKey, Settled};
use super::control;
use super::creation;
use super::cursor::Cursor;
use super::dates;
use super::endpoint::{Endpoint, Subject};
use super::faults::Fault;
use super::reply::{self, Reply};
use super::state::Shared;
use super::wire::{Hold, Wire};

/// What becomes of a call.
struct Outcome {
    reply: Reply,
    fault: Option<Fault>,
    retry_after_ms: Option<u64>,
}

impl Outcome {
    fn of(reply: Reply, fault: Option<Fault>) -> Self {
        Self {
            reply,
            fault,
            retry_after_ms: None,
        }
    }
}

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(hold): ConnectInfo<Hold>,
    request: Request,
) -> Response {
    let path = request.uri().path();
    if path.starts_with("/sim/") {
        return respond(control::handle(&shared, request).await);
    }
    let Some(endpoint) = Endpoint::at(path) else {
        return respond(Reply::not_found());
    };
    if request.method().as_str() != endpoint.method() {
        return respond(Reply::json(405, &json!({"detail": "Method Not Allowed"})));
    }
    let (subject, cursor) = asked(endpoint, request.uri());
    let key: PageKey = (endpoint, Arc::from(subject), Arc::from(cursor));
    let (opened, fault) = shared.open(&key);
    let outcome = match refuse(&shared, &key, request.headers(), fault) {
        Some(outcome) => outcome,
        None => {
            let reply = content(&shared, &key, request, fault).await;
            Outcome::of(reply, fault)
        }
    };
    let is_success = outcome.reply.status == 200;
    // A fault of the answer needs an answer to be made of.
    let fault = outcome
        .fault
        .filter(|fault| is_success || fault.is_refusal());
    let (reply, wire) = spoil(&shared, &key, outcome.reply, fault);
    let is_reset = matches!(wire, Some(Wire::Reset));
    let settled = Settled {
        status: if is_reset { 0 } else { reply.status },
        fault,
        billed: is_success && fault != Some(Fault::ResetBefore) && endpoint.price_micro_usd() > 0,
        is_failure: fault.is_some_and(|it| !it.edits_the_page() && it != Fault::WrongContentType),
        retry_after_ms: outcome.retry_after_ms,
    };
    shared.settle(&opened, &key, settled);
    let mut wait_ms = shared.options.latency_ms;
    if fault == Some(Fault::Slow) {
        wait_ms = shared.options.slow_ms;
    }
    if wait_ms > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
            () = shared.stopping() => {}
        }
    }
    match wire {
        Some(wire) => hold.arm(wire),
        None => hold.answering(opened.n),
    }
    respond(reply)
}

/// The subject and the cursor of a request; empty where it has none.
fn asked(endpoint: Endpoint, uri: &Uri) -> (String, String) {
    let mut found = [const { String::new() }; 5];
    let names = match endpoint.subject() {
        Subject::PostOrUrl => ["post_id", "post_url", "", "", "cursor"],
        Subject::TaskOrGeneration => ["task_id", "", "generation_id", "", "cursor"],
        _ => [endpoint.parameter().unwrap_or(""), "", "", "", "cursor"],
    };
    if let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) {
        for (name, value) in pairs {
            if let Some(place) = names.iter().position(|it| !it.is_empty() && *it == name) {
                found[place] = value;
            }
        }
    }
    let [plain, url, generation, _, cursor] = found;
    let of_url = url
        .rsplit('/')
        .next()
        .unwrap_or("")
        .split('?')
        .next()
        .unwrap_or("")
        .to_owned();
    let subject = [plain, of_url, generation]
        .into_iter()
        .find(|it| !it.is_empty());
    (
        subject.unwrap_or_default(),
        if endpoint.is_paged() {
            cursor
        } else {
            String::new()
        },
    )
}

/// Every reason not to answer with data, in the remote's order.
fn refuse(
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

/// Faults that meet a request before anybody looks at it.
fn at_once(shared: &Shared, key: &PageKey, fault: Fault) -> Option<Outcome> {
    let (endpoint, subject) = (key.0, &*key.1);
    let wait = shared.options.retry_after_seconds;
    let mut retry_after_ms = None;
    let now = || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |it| i64::try_from(it.as_secs()).unwrap_or(0))
    };
    // A moment given in whole seconds, and not before the wait is over.
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
    /// Whether the fault itself is the answer, so that it needs no page.
    fn is_refusal(self) -> bool {
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

fn invalid_cursor(endpoint: Endpoint, subject: &str) -> Reply {
    Reply::detail(
        400,
        endpoint,
        subject,
        "Invalid cursor. You won't be charged for this request.",
    )
}

/// The request's headers, as the remote repeats them.
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

/// The answer with data.
async fn content(shared: &Shared, key: &PageKey, request: Request, fault: Option<Fault>) -> Reply {
    let (endpoint, subject) = (key.0, &*key.1);
    match endpoint {
        Endpoint::Health => return Reply::json(200, &json!({"status": "ok"})),
        Endpoint::UserInfo => return control::user_info(shared),
        Endpoint::UploadImage => return creation::upload(shared, key, request).await,
        Endpoint::CreateVideo => return creation::create(shared, key, request).await,
        Endpoint::TaskStatus => return creation::status(shared, key),
        Endpoint::TaskDetail => return creation::detail(shared, key),
        _ => {}
    }
    let epoch = shared.trouble().epoch(endpoint, subject);
    let mut cursor = None;
    if !key.2.is_empty() {
        cursor = Cursor::decode(&key.2, endpoint, subject).filter(|it| it.epoch >= epoch);
        if cursor.is_none() {
            return invalid_cursor(endpoint, subject);
        }
    }
    let edit = fault.filter(|it| it.edits_the_page());
    let missing = || Reply::detail(404, endpoint, subject, "Not Found");
    if edit.is_some() || epoch > 0 {
        return match data(shared, key, cursor.as_ref(), epoch, edit) {
            Some(data) => Reply::ok(shared.envelope(key, data)),
            None => missing(),
        };
    }
    shared
        .body(key, || data(shared, key, cursor.as_ref(), 0, None))
        .map_or_else(missing, Reply::ok)
}

/// What a reading endpoint shows; `None` where the subject does not exist.
pub(super) fn data(
    shared: &Shared,
    key: &PageKey,
    cursor: Option<&Cursor>,
    epoch: u32,
    edit: Option<Fault>,
) -> Option<Value> {
    let (shaper, subject) = (shared.shaper(), &*key.1);
    match key.0 {
        Endpoint::PostDetail => shaper.world.post(subject).map(|it| shaper.detail_reply(it)),
        Endpoint::VideoInfo => shaper.world.post(subject).map(|it| shaper.video_info(it)),
        Endpoint::UserProfile => shaper
            .world
            .person(subject)
            .map(|it| shaper.profile_reply(it)),
        Endpoint::SearchUsers => Some(shaper.search_reply(subject)),
        endpoint => shaper.page(endpoint, subject, cursor, epoch, edit),
    }
}

/// What faults make of a good answer; the second part goes out in place of the first.
fn spoil(
    shared: &Shared,
    key: &PageKey,
    mut reply: Reply,
    fault: Option<Fault>,
) -> (Reply, Option<Wire>) {
    let body = reply.body.clone();
    let error =
        || json!({"code": 500, "message": "upstream returned an error", "type": "server_error"});
    match fault {
        Some(Fault::ResetBefore | Fault::ResetAfter) => return (reply, Some(Wire::Reset)),
        Some(Fault::Truncated) => return (reply, Some(Wire::Truncated(body))),
        Some(Fault::TooLarge) => return (reply, Some(Wire::TooLarge(body))),
        Some(Fault::GzipBomb) => return (reply, Some(Wire::GzipBomb)),
        Some(Fault::EndlessBody) => return (reply, Some(Wire::Endless)),
        Some(Fault::SlowDrip) => return (reply, Some(Wire::Drip(body))),
        Some(Fault::Html200) => reply = Reply::html(200, "Just a moment..."),
        Some(Fault::DataNull) => reply.body = shared.envelope(key, Value::Null),
        Some(Fault::DataError) => reply.body = shared.envelope(key, json!({"error": error()})),
        Some(Fault::ErrorIn200) => reply.body = reply::bytes(&error()),
        Some(Fault::WrongContentType) => reply.content_type = "text/plain; charset=utf-8",
        _ => {}
    }
    (reply, None)
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::builder()
        .status(reply.status)
        .header("content-type", reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    // Only a header that is no header could fail here, and all of them are ours.
    response.body(Body::from(reply.body)).unwrap_or_default()
}
