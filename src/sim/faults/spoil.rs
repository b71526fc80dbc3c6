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
