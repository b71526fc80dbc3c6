//! Handles a request from its arrival to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use super::account::{PageKey, Settled};
use super::control;
use super::creation;
use super::cursor::Cursor;
use super::endpoint::{Endpoint, Subject};
use super::faults::{Fault, Hold, Outcome, Wire, invalid_cursor, refuse, spoil};
use super::reply::{Reply, request_id};
use super::state::Shared;
use super::storage;
use super::world::{Refusal, World};

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(hold): ConnectInfo<Hold>,
    request: Request,
) -> Response {
    let path = request.uri().path();
    if path.starts_with("/sim/") {
        return respond(control::handle(&shared, request).await);
    }
    if shared.options.media && !path.starts_with("/api/") {
        return respond(storage::answer(&shared, &hold, &request));
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
    // A fault that edits an answer applies only to a success.
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
            () = shared.clock.sleep(Duration::from_millis(wait_ms)) => {}
            () = shared.stopping() => {}
        }
    }
    match wire {
        Some(wire) => hold.arm(wire),
        None => hold.answering(opened.n),
    }
    let id = request_id(endpoint, &key.1, &key.2);
    respond(reply.with("x-request-id", id))
}

/// Returns the subject and the cursor of a request; each is empty if the request has none.
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

/// Builds the answer with data.
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
    let world = shared.now();
    match world.refusal(endpoint, subject) {
        Some(Refusal::Private) => {
            return Reply::detail(403, endpoint, subject, "This user's profile is private.");
        }
        Some(Refusal::Gone(what)) => {
            let message = format!("{what} {subject} was not found. It may have been deleted.");
            return Reply::detail(404, endpoint, subject, &message);
        }
        None => {}
    }
    let epoch = shared.trouble().epoch(endpoint, subject);
    let mut cursor = None;
    if !key.2.is_empty() {
        let life = shared.options.cursor_seconds;
        let is_alive = |it: &Cursor| life == 0 || world.elapsed_seconds() <= it.issued + life;
        cursor = Cursor::decode(&key.2, endpoint, subject)
            .filter(|it| it.epoch >= epoch && is_alive(it));
        if cursor.is_none() {
            return invalid_cursor(endpoint, subject);
        }
    }
    let edit = fault.filter(|it| it.edits_the_page());
    let missing = || Reply::detail(404, endpoint, subject, "Not Found");
    if edit.is_some() || epoch > 0 {
        return match data(shared, &world, key, cursor.as_ref(), epoch, edit) {
            Some(data) => Reply::ok(shared.envelope(&world, key, data)),
            None => missing(),
        };
    }
    shared
        .body(&world, key, || {
            data(shared, &world, key, cursor.as_ref(), 0, None)
        })
        .map_or_else(missing, Reply::ok)
}

/// Renders the data of a read endpoint; `None` if the subject does not exist.
pub(super) fn data(
    shared: &Shared,
    world: &World,
    key: &PageKey,
    cursor: Option<&Cursor>,
    epoch: u32,
    edit: Option<Fault>,
) -> Option<Value> {
    let (shaper, subject) = (shared.shaper(world), &*key.1);
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

fn respond(reply: Reply) -> Response {
    let mut response = Response::builder()
        .status(reply.status)
        .header("content-type", reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    // Fails only for an invalid header, and the simulator builds all headers itself.
    response.body(Body::from(reply.body)).unwrap_or_default()
}
