//! The remote's answers: the envelope around data, and error bodies.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::dates;
use super::endpoint::Endpoint;
use super::hash::hex;
use super::world::NOW;

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// An answer before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn ok(body: Bytes) -> Self {
        Self {
            status: 200,
            content_type: JSON,
            headers: Vec::new(),
            body,
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            ..Self::ok(bytes(body))
        }
    }

    pub(super) fn html(status: u16, title: &str) -> Self {
        let body = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><center><h1>{title}</h1>\
             </center><hr><center>cloudflare</center></body></html>\n"
        );
        Self {
            status,
            content_type: HTML,
            headers: Vec::new(),
            body: Bytes::from(body),
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Builds the vendor's error object, with all fields below `detail`.
    pub(super) fn detail(status: u16, endpoint: Endpoint, subject: &str, message: &str) -> Self {
        Self::json(
            status,
            &json!({"detail": {
                "code": status, "request_id": request_id(endpoint, subject, "error"),
                "message": message, "message_zh": "请求失败。", "support": SUPPORT,
                "time": dates::local(NOW), "time_stamp": NOW, "time_zone": "America/Los_Angeles",
                "docs": docs(endpoint), "router": endpoint.path(), "params": params(endpoint, subject, ""),
            }}),
        )
    }

    pub(super) fn not_found() -> Self {
        Self::json(404, &json!({"detail": "Not Found"}))
    }

    /// Builds the error for a missing or invalid parameter, the only error whose `detail` is an array.
    pub(super) fn invalid(place: &str, name: &str, message: &str, kind: &str) -> Self {
        Self::json(
            422,
            &json!({"detail": [{"loc": [place, name], "msg": message, "type": kind}]}),
        )
    }

    pub(super) fn missing(place: &str, name: &str) -> Self {
        Self::invalid(place, name, "Field required", "missing")
    }

    /// Builds the 401, which repeats the API key of the request.
    pub(super) fn unauthorized(endpoint: Endpoint, key: &str) -> Self {
        Self::json(
            401,
            &json!({"detail": {
                "code": 401, "request_id": request_id(endpoint, key, "401"),
                "message": "Invalid API token. Please check it in your dashboard.",
                "message_zh": format!("无效的API令牌，您提交的API令牌为 {key}。"),
                "support": SUPPORT, "router": endpoint.path(),
            }}),
        )
    }

    /// Builds the 402, which repeats the request's headers and so the API key.
    pub(super) fn payment_required(endpoint: Endpoint, headers: &Value) -> Self {
        Self::json(
            402,
            &json!({"detail": {
                "code": 402, "request_id": request_id(endpoint, "", "402"),
                "message": "Insufficient balance, this endpoint requires payment",
                "message_zh": "账户余额不足，请充值。", "router": endpoint.path(), "headers": headers,
            }}),
        )
    }
}

const SUPPORT: &str = "Discord: https://discord.gg/aMEAS8Xsvz";

/// Builds the body of a success: `data` in the envelope of a time in Unix seconds, or bare.
pub(super) fn success(
    endpoint: Endpoint,
    subject: &str,
    cursor: &str,
    data: Value,
    now: Option<i64>,
) -> Bytes {
    let Some(now) = now else {
        return bytes(&data);
    };
    let id = request_id(endpoint, subject, cursor);
    let charge = if endpoint.price_micro_usd() > 0 {
        "will"
    } else {
        "will not"
    };
    let sign = hex(23, &[&id], 64);
    bytes(&json!({
        "code": 200, "request_id": id,
        "message": format!("Request successful. This request {charge} incur a charge."),
        "message_zh": "请求成功，本次请求将被计费。", "support": SUPPORT,
        "time": dates::local(now), "time_stamp": now, "time_zone": "America/Los_Angeles",
        "docs": docs(endpoint),
        "cache_message": "This request will be cached. You can access the cached result directly using the \
            URL below, valid for 24 hours. Accessing the cache will not incur additional charges.",
        "cache_message_zh": "本次请求将被缓存，你可以使用下面的 URL 直接访问缓存结果，有效期为 24 小时，\
            访问缓存不会产生额外费用。",
        "cache_url": format!("https://cache.tikhub.io/api/v1/cache/public/{id}?sign={sign}"),
        "router": endpoint.path(), "params": params(endpoint, subject, cursor), "data": data,
    }))
}

fn params(endpoint: Endpoint, subject: &str, cursor: &str) -> Value {
    let mut params = json!({});
    if let Some(name) = endpoint.parameter() {
        params[name] = json!(subject);
    }
    if endpoint.is_paged() {
        params["cursor"] = json!(cursor);
    }
    params
}

fn docs(endpoint: Endpoint) -> String {
    let name = endpoint.name();
    format!("https://api.tikhub.io/#/Sora2-API/{name}_api_v1_sora2_{name}_get")
}

/// Returns a UUID derived from the request, so that the pages of a world always have the same bytes.
pub(super) fn request_id(endpoint: Endpoint, subject: &str, cursor: &str) -> String {
    let digits = hex(19, &[endpoint.name(), subject, cursor], 32);
    format!(
        "{}-{}-4{}-a{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

pub(super) fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
