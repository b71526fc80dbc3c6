//! Applies faults to a good answer.

use serde_json::{Value, json};

use super::kinds::Fault;
use super::wire::Wire;
use crate::sim::account::PageKey;
use crate::sim::reply::{self, Reply};
use crate::sim::state::Shared;

/// Applies `fault` to `reply`. If the second value is set, the connection sends it instead of the reply.
pub(in crate::sim) fn spoil(
    shared: &Shared,
    key: &PageKey,
    mut reply: Reply,
    fault: Option<Fault>,
) -> (Reply, Option<Wire>) {
    if reply.status == 200 {
        alter(shared, &mut reply);
    }
    let body = reply.body.clone();
    // No two faulty answers are alike, as with the vendor: it names each request.
    let number = shared.progress().borrow().received;
    let error = || {
        json!({"code": 500, "message": "upstream returned an error", "type": "server_error",
            "request_id": number.to_string()})
    };
    let envelope = |data: Value| {
        let whole = shared.envelope(&shared.world, key, data);
        match serde_json::from_slice::<Value>(&whole) {
            Ok(mut envelope) if envelope.get("request_id").is_some() => {
                envelope["request_id"] = json!(number.to_string());
                reply::bytes(&envelope)
            }
            _ => whole,
        }
    };
    match fault {
        Some(Fault::ResetBefore | Fault::ResetAfter) => return (reply, Some(Wire::Reset)),
        Some(Fault::Truncated) => return (reply, Some(Wire::Truncated(body))),
        Some(Fault::TooLarge) => return (reply, Some(Wire::TooLarge(body))),
        Some(Fault::GzipBomb) => return (reply, Some(Wire::GzipBomb)),
        Some(Fault::EndlessBody) => return (reply, Some(Wire::Endless)),
        Some(Fault::SlowDrip) => return (reply, Some(Wire::Drip(body))),
        Some(Fault::Html200) => reply = Reply::html(200, &format!("Just a moment... {number}")),
        Some(Fault::DataNull) => reply.body = envelope(Value::Null),
        Some(Fault::DataError) => reply.body = envelope(json!({"error": error()})),
        Some(Fault::ErrorIn200) => reply.body = reply::bytes(&error()),
        Some(Fault::WrongContentType) => reply.content_type = "text/plain; charset=utf-8",
        _ => {}
    }
    (reply, None)
}

/// Applies the lasting changes of the options.
fn alter(shared: &Shared, reply: &mut Reply) {
    let options = &shared.options;
    let is_due = shared.progress().borrow().received > options.alter_after;
    if options.alter.is_empty() || !is_due {
        return;
    }
    if let Ok(mut answer) = serde_json::from_slice::<Value>(&reply.body) {
        for alteration in &options.alter {
            alteration.apply(&mut answer);
        }
        reply.body = reply::bytes(&answer);
    }
}
