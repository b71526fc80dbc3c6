//! An object with a reply and its request, as tools write it beside each other.

use super::fields::Fields;
use super::parameter::scalar;
use super::received::Received;
use super::request::Request;
use super::{Beside, Captured, Found};
use crate::api::is_no;

const BODIES: [&str; 11] = [
    "body",
    "response",
    "reply",
    "result",
    "json",
    "data",
    "content",
    "response_body",
    "response_text",
    "response_json",
    "response_data",
];
/// Keys of the body of an HTTP response.
const INNER_BODIES: [&str; 5] = ["body", "text", "data", "json", "content"];
const STATUSES: [&str; 4] = ["http_status", "status_code", "status", "code"];
/// Objects in objects: a response of a library in a response of a recorder.
const DEEPEST: u32 = 4;

/// Returns the reply of an object that also has its request or its status; `None` for any other one. `text` is that of the
/// object.
pub(super) fn recorded(text: &[u8], fields: &Fields<'_>) -> Option<Found> {
    let mut request = Request::default();
    let added = request.add_entry(fields);
    let is_response = is_http(fields);
    let has_status = fields.has("http_status") || fields.has("status_code") || is_response;
    let is_bare = !request.is_known() && !has_status;
    let is_envelope = is_envelope(fields, is_bare);
    if let Err(why) = added {
        let has_body = is_envelope || BODIES.iter().any(|key| fields.get(key).is_some());
        return has_body.then_some(Found::Bad(why));
    }
    if is_envelope {
        let received = Received::of_entry(fields, is_of_vendor(fields));
        let reply = Reply {
            body: text.to_vec(),
            status: None,
            beside: Beside::default(),
        };
        return Some(captured(fields, &request, received, None, reply));
    }
    if is_bare {
        return None;
    }
    let body = BODIES.iter().find_map(|key| fields.get(key));
    let body = body.or_else(|| fields.get("text").filter(|_| is_response))?;
    let cursor = fields.get("cursor");
    let mut beside = Beside::default();
    beside.add(fields, body);
    let is_of_vendor = is_of_vendor(fields);
    let mut received = Received::of_entry(fields, is_of_vendor);
    if is_response {
        received.add_response(fields);
    }
    let found = status_of(fields, None).and_then(|status| {
        let reply = Reply {
            body: body.as_bytes().to_vec(),
            status,
            beside,
        };
        unwrapped(reply, &mut request, &mut received)
    });
    if request.is_known() && !is_of_vendor {
        received.add_beside(fields);
    }
    Some(match found {
        Ok(reply) => captured(fields, &request, received, cursor, reply),
        Err(why) => Found::Bad(why),
    })
}

/// Returns whether an object is the vendor's envelope, which repeats the request, and is the reply itself. `is_bare` says
/// that nothing else tells a request or a status: some proxies take the router out.
fn is_envelope(fields: &Fields<'_>, is_bare: bool) -> bool {
    let is_named = fields.has("router") || fields.has("request_id");
    let has_code = || fields.all("code").any(|raw| number(raw).is_some());
    fields.has("data") && fields.has("code") && (is_named || is_bare && has_code())
}

/// Returns whether an object has the keys of an envelope, also one whose data was moved beside it.
fn is_of_vendor(fields: &Fields<'_>) -> bool {
    let of_vendor = ["router", "time_stamp", "time_zone"];
    fields.has("code") && of_vendor.iter().any(|key| fields.has(key))
}

/// The reply in an entry.
struct Reply {
    body: Vec<u8>,
    status: Option<u16>,
    beside: Beside,
}

/// Returns the answer. `cursor` stands beside the reply: if it is not that of the request, it is that of the next page.
fn captured(
    fields: &Fields<'_>,
    request: &Request,
    received: Received,
    cursor: Option<&str>,
    mut reply: Reply,
) -> Found {
    let asked = match request.asked(cursor) {
        Ok(asked) => asked,
        Err(why) => return Found::Bad(why),
    };
    let cursor = cursor.map(|json| scalar(json).unwrap_or_else(|| json.to_owned()));
    let of_request = asked.stated().ok();
    let of_request = of_request.as_ref().and_then(|it| it.get("cursor"));
    if cursor.is_some_and(|it| !is_no(&it) && Some(it.trim()) != of_request.map(str::trim)) {
        reply.beside.go_on("cursor");
    }
    if let Some(method) = request.other_method(&asked) {
        let method = method.to_ascii_uppercase();
        return Found::Foreign(format!("an answer to {method}"));
    }
    Found::Answer(Captured {
        asked,
        status: reply.status,
        when: received.when(),
        request_id: fields.text("request_id"),
        body: reply.body,
        is_redacted: fields.get("redacted") == Some("true"),
        beside: reply.beside,
    })
}

/// Returns the innermost response, with its status.
fn unwrapped(
    reply: Reply,
    request: &mut Request,
    received: &mut Received,
) -> Result<Reply, String> {
    let Reply {
        mut body,
        mut status,
        mut beside,
    } = reply;
    for _ in 0..DEEPEST {
        if let Ok(text) = serde_json::from_slice::<String>(&body) {
            body = text.into_bytes();
        }
        let Some(fields) = Fields::of(&body).filter(is_http) else {
            break;
        };
        request.add_response(&fields)?;
        received.add_response(&fields);
        status = status_of(&fields, status)?;
        let inner = inner_body(&fields);
        beside.add(&fields, inner);
        if fields
            .get("cursor")
            .and_then(scalar)
            .is_some_and(|it| !is_no(&it))
        {
            beside.go_on("cursor");
        }
        let inner = inner.as_bytes().to_vec();
        drop(fields);
        body = inner;
    }
    if let Ok(text) = serde_json::from_slice::<String>(&body) {
        body = text.into_bytes();
    }
    Ok(Reply {
        body,
        status,
        beside,
    })
}

/// Returns the body of an HTTP response: the first one that is not empty.
fn inner_body<'a>(fields: &Fields<'a>) -> &'a str {
    let mut bodies = INNER_BODIES.iter().flat_map(|key| fields.all(key));
    let body = bodies.find(|raw| *raw != "\"\"");
    body.unwrap_or("\"\"")
}

/// Returns whether an object is an HTTP response of a library.
fn is_http(fields: &Fields<'_>) -> bool {
    let status = |key| fields.all(key).filter_map(number);
    let mut statuses = ["http_status", "status_code", "status"]
        .into_iter()
        .flat_map(status);
    statuses.any(|status| (100.0..600.0).contains(&status))
        && !fields.has("router")
        && INNER_BODIES.iter().any(|key| fields.has(key))
}

/// Returns the status that all keys state, and `known` if there is one.
fn status_of(fields: &Fields<'_>, known: Option<u16>) -> Result<Option<u16>, String> {
    let mut found = known;
    for status in STATUSES
        .iter()
        .flat_map(|key| fields.all(key))
        .filter_map(number)
    {
        if !(100.0..600.0).contains(&status) || status.fract() != 0.0 {
            return Err(format!("its status {status} is none of HTTP"));
        }
        let status = status as u16;
        match found {
            Some(known) if known != status => {
                return Err(format!("it has two statuses: {known} and {status}"));
            }
            _ => found = Some(status),
        }
    }
    Ok(found)
}

fn number(json: &str) -> Option<f64> {
    match serde_json::from_str(json).ok()? {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => {
            text.trim().parse().ok().filter(|it: &f64| it.is_finite())
        }
        _ => None,
    }
}
