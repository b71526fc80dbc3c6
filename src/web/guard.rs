//! Who may see and press what. The order matters: a page of another site can send requests here, and a name that it
//! controls can lead here too. So the Host header is checked first, then the origin, then the token.

use axum::extract::{Query, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use sha2::{Digest, Sha256};

use super::{Options, Shared, text};
use crate::guard::{is_equal, names_us};

/// Paths that need no token.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/login"];

/// Headers of every answer. Nothing is loaded from elsewhere, and no other page may frame this one.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Refuses a request that may not pass, and sets the headers of every answer.
pub(super) async fn guard(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let target = request.uri().authority().map(Authority::as_str);
    let refused = refusal(
        &app.options,
        request.method(),
        (target, &path),
        request.headers(),
    );
    let mut response = match refused {
        Some((status, why)) => text(status, format!("{why}\n")),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Returns why a request is refused; `None` if it may pass. `target` is the host in the request's target, if it has one, and its
/// path. Pure.
pub(super) fn refusal(
    options: &Options,
    method: &Method,
    (target, path): (Option<&str>, &str),
    headers: &HeaderMap,
) -> Option<(StatusCode, &'static str)> {
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?;
        match values.next() {
            None => first.to_str().ok(),
            // Two values are as good as none.
            Some(_) => None,
        }
    };
    let hosts = headers
        .get_all(header::HOST)
        .iter()
        .map(HeaderValue::as_bytes);
    if !names_us(target, hosts, options.listen, &options.hosts) {
        let why = "this name is not ours: add it to web.hosts if it is";
        return Some((StatusCode::MISDIRECTED_REQUEST, why));
    }
    let has_bearer = one(header::AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| is_equal(given.trim(), &options.token));
    if *method != Method::GET && *method != Method::HEAD {
        let host = one(header::HOST);
        let site = one(HeaderName::from_static("sec-fetch-site"));
        let origin = one(header::ORIGIN);
        let is_own = match (site, origin) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => host.is_some_and(|host| {
                origin == format!("http://{host}") || origin == format!("https://{host}")
            }),
            (None, None) => has_bearer,
        };
        if !is_own {
            return Some((
                StatusCode::FORBIDDEN,
                "this request comes from another site",
            ));
        }
    }
    if OPEN.contains(&path) || (path == "/metrics" && options.listen.ip().is_loopback()) {
        return None;
    }
    let (name, value) = cookie(options);
    let has_cookie = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(&*name)?.strip_prefix('='))
        .any(|given| is_equal(given, &value));
    if has_bearer || (has_cookie && path != "/metrics") {
        return None;
    }
    let why = "a token is needed. Get the address of this page with `soracrawl web-url`";
    Some((StatusCode::UNAUTHORIZED, why))
}

/// Returns the name and the value of the cookie. A browser sends cookies to every port of a host. So the name contains the
/// port, and another server there must not learn the token from the value.
fn cookie(options: &Options) -> (String, String) {
    let name = format!("soracrawl_{}", options.listen.port());
    let digest = Sha256::new()
        .chain_update("soracrawl cookie ")
        .chain_update(&options.token);
    (name, format!("{:x}", digest.finalize()))
}

/// The token in the address of a page.
#[derive(serde::Deserialize)]
pub(super) struct Login {
    #[serde(default)]
    token: String,
}

/// Exchanges the token in the address for a cookie, and leads to an address without it.
pub(super) async fn login(State(app): State<Shared>, Query(login): Query<Login>) -> Response {
    if !is_equal(&login.token, &app.options.token) {
        return text(
            StatusCode::UNAUTHORIZED,
            "wrong token. Get the address of this page with `soracrawl web-url`\n".to_owned(),
        );
    }
    let (name, value) = cookie(&app.options);
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

#[cfg(test)]
mod tests;
