//! The answers of a replay: stored bytes, or an error in the vendor's form.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::api::account;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
/// The header that says why there is nothing to serve.
const NOTHING: HeaderName = HeaderName::from_static("soracrawl-nothing-to-serve");
const MICROS: f64 = 1_000_000.0;

/// Sends the stored bytes of a reply.
pub(super) fn stored(status: u16, body: Vec<u8>) -> Response {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let kind = if first == Some(&b'<') { HTML } else { JSON };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, kind)], Body::from(body)).into_response()
}

/// Returns an error as the vendor writes it: all below `detail`.
pub(super) fn error(status: StatusCode, router: &str, params: &Value, message: &str) -> Response {
    json_of(
        status,
        &json!({"detail": {
            "code": status.as_u16(), "request_id": null, "message": message, "message_zh": message,
            "router": router, "params": params,
        }}),
    )
}

/// Returns the error for a missing parameter.
pub(super) fn missing(name: &str) -> Response {
    let detail = json!([{"loc": ["query", name], "msg": "Field required", "type": "missing"}]);
    json_of(
        StatusCode::UNPROCESSABLE_ENTITY,
        &json!({ "detail": detail }),
    )
}

/// Returns the account, which has credit; `balance` is in micro-dollars.
pub(super) fn account(balance: i64) -> Response {
    #[expect(clippy::cast_precision_loss, reason = "a balance, for display")]
    let dollars = balance as f64 / MICROS;
    json_of(
        StatusCode::OK,
        &json!({
            "code": 200, "router": account::PATH,
            "api_key_data": {
                "api_key_name": "replay", "api_key_scopes": ["/api/v1/"], "created_at": null, "expires_at": null,
                "api_key_status": 1,
            },
            "user_data": {
                "email": "replay@localhost", "balance": dollars, "free_credit": 0, "email_verified": true,
                "account_disabled": false, "is_active": true,
            },
        }),
    )
}

/// Says that the replay works. `nothing` is why it has nothing to serve.
pub(super) fn health(nothing: Option<&str>) -> Response {
    let said = match nothing {
        None => json!({"status": "ok"}),
        Some(why) => json!({"status": "ok", "nothing_to_serve": why}),
    };
    marked(json_of(StatusCode::OK, &said), nothing)
}

/// Adds a header to the answer of a replay that has nothing to serve.
pub(super) fn marked(mut response: Response, nothing: Option<&str>) -> Response {
    if let Some(why) = nothing.and_then(|why| HeaderValue::from_str(why).ok()) {
        response.headers_mut().insert(NOTHING, why);
    }
    response
}

fn json_of(status: StatusCode, value: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, JSON)];
    (status, kind, value.to_string()).into_response()
}
