//! Handles a request from its arrival to its answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer;
use super::app::App;
use super::find::{Asked, find};
use super::instead::{what_is_there, what_was_made};
use crate::api::{Entry, account, endpoints};
use crate::guard::{is_equal, names_us};
use crate::model::MicroUsd;
use crate::store::Result;
use crate::store::read::stored_reply;

const HEALTH: &str = "/api/v1/health/check";
/// The status of a success, which is the only one that the vendor bills.
const SUCCESS: u16 = 200;

pub(super) async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let parameters = parameters(request.uri().query().unwrap_or(""));
    let response = match refusal(&app, request.uri(), request.headers()) {
        Some(refused) => refused,
        None => routed(&app, &method, &path, parameters).await,
    };
    tracing::info!(
        method = method.as_str(),
        path,
        status = response.status().as_u16(),
        "request"
    );
    response
}

/// Returns the answer to a request that may not pass: first the name, then the key.
fn refusal(app: &App, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path();
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(first)
    };
    let options = &app.options;
    let refused = |status, why| Some(answer::error(status, path, &Value::Null, why));
    let target = uri.authority().map(Authority::as_str);
    let hosts = headers
        .get_all(header::HOST)
        .iter()
        .map(HeaderValue::as_bytes);
    if !names_us(target, hosts, options.listen, &options.hosts) {
        let why = "this name is not ours: add it to web.hosts if it is";
        return refused(StatusCode::MISDIRECTED_REQUEST, why);
    }
    let Some(key) = &options.key else { return None };
    let given = one(header::AUTHORIZATION).and_then(|it| it.strip_prefix("Bearer "));
    if given.is_some_and(|given| is_equal(given.trim(), key)) || path == HEALTH {
        return None;
    }
    let why = "Invalid API token: this replay needs the key of its --key-file.";
    refused(StatusCode::UNAUTHORIZED, why)
}

async fn routed(
    app: &App,
    method: &Method,
    path: &str,
    parameters: BTreeMap<String, String>,
) -> Response {
    match path {
        HEALTH => return answer::health(app.nothing().await.unwrap_or_default().as_deref()),
        account::PATH => return answer::account(app.balance()),
        _ => {}
    }
    let shown = json!(parameters);
    let Some(entry) = endpoints::ALL.iter().find(|it| it.path == path) else {
        let why = "This replay has no such path.";
        return answer::error(StatusCode::NOT_FOUND, path, &shown, why);
    };
    if method.as_str() != entry.method.as_str() {
        let why = "Method Not Allowed";
        return answer::error(StatusCode::METHOD_NOT_ALLOWED, path, &shown, why);
    }
    if *method != Method::GET {
        return match what_was_made(app, entry.name).await {
            Ok(why) => answer::error(StatusCode::NOT_IMPLEMENTED, path, &shown, &why),
            Err(why) => unreadable(path, &shown, &why.to_string()),
        };
    }
    if let Some(name) = lacking(entry, &parameters) {
        return answer::missing(name);
    }
    let asked = asked(entry, parameters);
    match reply(app, entry, &asked).await {
        Ok(Some(reply)) => reply,
        Ok(None) => match absent(app, &asked).await {
            Ok((nothing, why)) => {
                let response = answer::error(StatusCode::NOT_IMPLEMENTED, path, &shown, &why);
                answer::marked(response, nothing.as_deref())
            }
            Err(why) => unreadable(path, &shown, &why.to_string()),
        },
        Err(why) => unreadable(path, &shown, &why),
    }
}

/// Returns why there is nothing to serve at all, and what to say instead of a reply.
async fn absent(app: &App, asked: &Asked) -> Result<(Option<String>, String)> {
    let nothing = app.nothing().await?;
    let why = what_is_there(app, asked).await?;
    Ok(match nothing {
        Some(nothing) => {
            let said = format!("{why}. There is nothing to serve: {nothing}");
            (Some(nothing), said)
        }
        None => (None, why),
    })
}

fn unreadable(path: &str, shown: &Value, why: &str) -> Response {
    tracing::error!(why, "the archive cannot be read");
    answer::error(StatusCode::INTERNAL_SERVER_ERROR, path, shown, why)
}

/// Returns the stored reply; `None` if the archive does not have it.
async fn reply(
    app: &App,
    entry: &Entry,
    asked: &Asked,
) -> std::result::Result<Option<Response>, String> {
    let found = find(app, asked).await.map_err(|why| why.to_string())?;
    let Some(call_id) = found else {
        return Ok(None);
    };
    let reply = stored_reply(&app.readers, call_id)
        .await
        .map_err(|why| why.to_string())?;
    let Some(body) = reply.body else {
        return Ok(None);
    };
    let body = app.unpack(&body).await.map_err(|why| why.to_string())?;
    let status = reply.http_status.unwrap_or(SUCCESS);
    app.bill(if status == SUCCESS {
        entry.price
    } else {
        MicroUsd(0)
    });
    Ok(Some(answer::stored(status, body)))
}

/// Returns the parameters of a query. An empty one is as good as none.
fn parameters(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Returns a required parameter that is not there.
fn lacking(entry: &Entry, parameters: &BTreeMap<String, String>) -> Option<&'static str> {
    let is_missing = |name: &&str| !parameters.contains_key(*name);
    let mut required = entry
        .params
        .iter()
        .filter(|it| it.required)
        .map(|it| it.name);
    let one_of = entry.one_of.first().copied();
    required
        .find(|name| is_missing(name))
        .or_else(|| one_of.filter(|_| entry.one_of.iter().all(is_missing)))
}

fn asked(entry: &'static Entry, parameters: BTreeMap<String, String>) -> Asked {
    let value = |name: &str| parameters.get(name).cloned();
    let own = entry.subject.and_then(value);
    let other = entry.one_of.iter().find_map(|name| value(name));
    // The vendor also takes the URL of a post.
    let subject = own.or(other).map(|it| id_in(&it).to_owned());
    let subject = subject.unwrap_or_default();
    let mut forms = vec![json!(parameters).to_string()];
    if let Some(name) = entry.subject {
        let mut plain = parameters.clone();
        entry.one_of.iter().for_each(|other| {
            plain.remove(*other);
        });
        plain.insert(name.to_owned(), subject.clone());
        forms.push(json!(plain).to_string());
        forms.dedup();
    }
    Asked {
        endpoint: entry.name,
        subject,
        cursor: value("cursor"),
        parameters: forms,
    }
}

/// Returns the id in the URL of a post; any other subject as it is.
fn id_in(subject: &str) -> &str {
    let Some((_, rest)) = subject.split_once("/p/") else {
        return subject;
    };
    rest.split(['?', '#', '/']).next().unwrap_or(rest)
}
