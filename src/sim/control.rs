//! The simulator's own routes below `/sim/`, which tests use to judge a client. They require no key.

use std::time::Duration;

use axum::extract::Request;
use serde_json::{Value, json};

use super::clock::step_of;
use super::faults::{MediaRule, Rule};
use super::options::micro_usd;
use super::reply::Reply;
use super::state::Shared;
use super::storage;

const MOST_BYTES: usize = 1 << 20;

pub(super) async fn handle(shared: &Shared, request: Request) -> Reply {
    let route = (
        request.method().as_str().to_owned(),
        request.uri().path().to_owned(),
    );
    let at = asked_time(request.uri().query().unwrap_or(""));
    let body = axum::body::to_bytes(request.into_body(), MOST_BYTES)
        .await
        .unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    match (route.0.as_str(), route.1.as_str()) {
        ("GET", "/sim/account") => shown(&shared.book().account()),
        ("GET", "/sim/log") => shown(&shared.book().log()),
        ("GET", "/sim/truth") => truth(shared, at),
        ("GET", "/sim/truth/events") => match at.transpose() {
            Ok(until) => shown(&shared.events(until)),
            Err(why) => Reply::json(422, &json!({"detail": why})),
        },
        ("GET", "/sim/truth/media") => shown(&storage::files(&shared.now())),
        ("GET", "/sim/media") => shown(&shared.served().requests()),
        ("GET", "/sim/clock") => shown(&shared.clock.reading()),
        ("POST", "/sim/clock") => match shared.clock.steer(&body) {
            Ok(()) => shown(&shared.clock.reading()),
            Err(why) => Reply::json(422, &json!({"detail": why})),
        },
        ("POST", "/sim/heal") => {
            shared.heal();
            done()
        }
        ("POST", "/sim/script") => match script(shared, &body) {
            Ok(()) => done(),
            Err(why) => Reply::json(422, &json!({"detail": why})),
        },
        ("POST", "/sim/balance") => match micro_usd(body.trim()) {
            Ok(amount) => {
                shared.set_balance(amount);
                done()
            }
            Err(why) => Reply::json(422, &json!({"detail": why})),
        },
        _ => Reply::not_found(),
    }
}

/// Returns the time of `?at=SECONDS` after the start; `None` if a request has none.
fn asked_time(query: &str) -> Option<Result<Duration, String>> {
    Some(step_of(query.strip_prefix("at=")?))
}

/// Returns the truth at the asked time, or now.
fn truth(shared: &Shared, at: Option<Result<Duration, String>>) -> Reply {
    match at.transpose() {
        Ok(Some(at)) => shown(&shared.truth(&shared.world_at(at))),
        Ok(None) => shown(&shared.truth(&shared.now())),
        Err(why) => Reply::json(422, &json!({"detail": why})),
    }
}

/// Adds scripted failures, one per line. Adds none if one of them is malformed.
pub(super) fn script(shared: &Shared, text: &str) -> Result<(), String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (media, calls): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("media"));
    let rules: Vec<Rule> = calls
        .into_iter()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let media: Vec<MediaRule> = media
        .into_iter()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    shared.edit_faults(|faults| faults.script.extend(rules));
    shared.served().add(&media);
    Ok(())
}

/// Answers the vendor's free account call, whose reply has no `data`.
pub(super) fn user_info(shared: &Shared) -> Reply {
    let dollars = shared.book().balance_micro_usd as f64 / 1_000_000.0;
    Reply::json(
        200,
        &json!({
            "code": 200, "router": "/api/v1/tikhub/user/get_user_info",
            "api_key_data": {
                "api_key_name": "Simulated", "api_key_scopes": ["/api/v1/"],
                "created_at": "2025-05-22T06:07:12.495520", "expires_at": null, "api_key_status": 1,
            },
            "user_data": {
                "email": "someone@example.com", "balance": dollars, "free_credit": 0,
                "email_verified": true, "account_disabled": false, "is_active": true,
            },
        }),
    )
}

fn done() -> Reply {
    Reply::json(200, &json!({"ok": true}))
}

fn shown<T: serde::Serialize>(value: &T) -> Reply {
    Reply::json(200, &serde_json::to_value(value).unwrap_or(Value::Null))
}
