//! The JSON of `soracrawl status --json`. docs/status.md describes it, and a test compares both.

use serde_json::{Value, json};

use crate::model::MicroUsd;
use crate::report::status::Status;
use crate::store::read::Known;

/// Returns a status as JSON. Times are Unix seconds; money is stated in micro-dollars and in dollars.
pub(super) fn json(status: &Status, known: Option<&[Known]>) -> Value {
    let charged = &status.charged;
    let mut out = json!({
        "state": status.condition.state,
        "sentence": status.condition.sentence,
        "daemon": status.holder.as_ref().map(|holder| &holder.name),
        "run": status.run.as_ref().map(|run| json!({
            "id": run.id, "started_at": run.started_at, "heartbeat_at": run.heartbeat_at,
            "ended_at": run.ended_at, "end_reason": run.end_reason, "end_note": run.end_note,
        })),
        "last_kept_at": status.last_kept_at,
        "last_errors": status.last_errors,
        "next_attempt_at": status.next_due,
        "paused": status.pauses.iter().map(|(scope, since)| {
            let mut paused = json!(scope);
            paused["since"] = json!(since);
            paused
        }).collect::<Vec<_>>(),
        "cooldowns": status.cooling.iter().map(|cooling| json!({
            "endpoint": cooling.endpoint, "until": cooling.until, "cause": cooling.cause, "last_error": cooling.why,
        })).collect::<Vec<_>>(),
        "endpoints": status.endpoints,
        "ended": status.stops,
        "known": known,
        "pages": status.sum(|of| of.kept),
        "rows": status.sum(|of| of.rows),
        "open_jobs": status.open_jobs(),
        "pages_per_second": status.pages_per_second,
        "rows_per_second": status.rows_per_second,
        "seconds_left_at_least": status.seconds_left(),
        "seconds_until_budget_is_spent": status.seconds_of_budget(),
        "log_bytes": status.log_bytes,
        "free_bytes": status.free_bytes,
        "disk_full": status.is_disk_full,
        "stale": status.stale,
        "changed_paths": status.changed_paths,
    });
    let money = [
        ("charged", Some(charged.total)),
        ("charged_today", Some(charged.day)),
        ("charged_this_run", Some(charged.run)),
        ("charged_by_refreshes_today", Some(charged.refresh)),
        ("budget_left", status.room),
    ];
    for (name, amount) in money {
        out[format!("{name}_micro_usd")] = json!(amount.map(|amount| amount.0));
        out[format!("{name}_usd")] = json!(amount.map(dollars));
    }
    out
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the exact amount stands beside it"
)]
fn dollars(amount: MicroUsd) -> f64 {
    amount.0 as f64 / 1e6
}
