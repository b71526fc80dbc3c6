use axum::http::{HeaderMap, HeaderName, Method, StatusCode};

use super::{cookie, refusal};
use crate::web::Options;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn options(listen: &str) -> Options {
    Options {
        listen: listen.parse().unwrap(),
        hosts: vec!["crawler.example".to_owned(), "proxy:8443".to_owned()],
        control: true,
        token: TOKEN.to_owned(),
        schema: 7,
    }
}

/// Returns the cookie of a login at the loopback address, as a browser sends it.
fn own_cookie() -> String {
    let (name, value) = cookie(&options("127.0.0.1:7666"));
    format!("{name}={value}")
}

fn status(listen: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    refusal(&options(listen), &method, (None, path), &map)
        .map_or(200, |(status, _): (StatusCode, _)| status.as_u16())
}

fn get(path: &str, headers: &[(&str, &str)]) -> u16 {
    status("127.0.0.1:7666", Method::GET, path, headers)
}

#[test]
fn only_our_names_are_answered_whatever_the_token() {
    let cookie = own_cookie();
    let with = |host: &str| get("/", &[("host", host), ("cookie", &cookie)]);
    for ours in [
        "localhost:7666",
        "LOCALHOST",
        "127.0.0.1:7666",
        "127.0.0.2:7666",
        "[::1]:7666",
        "[::1]",
        "crawler.example",
        "Crawler.Example:443",
        "proxy:8443",
    ] {
        assert_eq!(with(ours), 200, "{ours}");
    }
    for foreign in [
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.evil.example:7666",
        "localhost.evil.example",
        "evil.example:7666",
        "localhost:80",
        "proxy",
        "proxy:80",
        "0.0.0.0:7666",
        "10.0.0.1",
        "2130706433",
        "",
        "localhost@evil.example",
        "localhost:7666.evil.example",
        "[::2]:7666",
    ] {
        assert_eq!(with(foreign), 421, "{foreign}");
    }
    assert_eq!(get("/", &[("cookie", &cookie)]), 421);
    let twice = [
        ("host", "localhost"),
        ("host", "evil.example"),
        ("cookie", &*cookie),
    ];
    assert_eq!(get("/", &twice), 421);
    assert_eq!(get("/healthz", &[("host", "evil.example")]), 421);
}

#[test]
fn pages_need_the_token_and_health_does_not() {
    let host = ("host", "localhost");
    let bearer = format!("Bearer {TOKEN}");
    let cookies = format!("a=b; {}; c=d", own_cookie());
    let other = own_cookie().replace("_7666", "_7667");
    let (_, value) = cookie(&options("127.0.0.1:7666"));
    for path in [
        "/",
        "/jobs",
        "/jobs/1",
        "/spend",
        "/events",
        "/style.css",
        "/nothing",
    ] {
        assert_eq!(get(path, &[host]), 401, "{path}");
        assert_eq!(
            get(path, &[host, ("authorization", &bearer)]),
            200,
            "{path}"
        );
        assert_eq!(get(path, &[host, ("cookie", &cookies)]), 200, "{path}");
        for wrong in [
            "soracrawl_7666=",
            // The token itself is no cookie.
            &format!("soracrawl_7666={TOKEN}"),
            &format!("soracrawl={value}"),
            &format!("xsoracrawl_7666={value}"),
            &other,
        ] {
            assert_eq!(get(path, &[host, ("cookie", wrong)]), 401, "{path} {wrong}");
        }
    }
    for path in ["/healthz", "/readyz", "/login", "/metrics"] {
        assert_eq!(get(path, &[host]), 200, "{path}");
    }
    let beyond =
        |headers: &[(&str, &str)]| status("10.1.2.3:7666", Method::GET, "/metrics", headers);
    let host = ("host", "10.1.2.3:7666");
    assert_eq!(beyond(&[host]), 401);
    assert_eq!(beyond(&[host, ("cookie", &cookies)]), 401);
    assert_eq!(beyond(&[host, ("authorization", &bearer)]), 200);
}

#[test]
fn a_press_must_come_from_our_own_page() {
    let cookie = own_cookie();
    let bearer = format!("Bearer {TOKEN}");
    let post = |more: &[(&str, &str)]| {
        let mut headers = vec![("host", "localhost:7666"), ("cookie", &*cookie)];
        headers.extend(more);
        status("127.0.0.1:7666", Method::POST, "/control", &headers)
    };
    assert_eq!(post(&[("sec-fetch-site", "same-origin")]), 200);
    for site in ["cross-site", "same-site", "none", ""] {
        let own = ("origin", "http://localhost:7666");
        assert_eq!(post(&[("sec-fetch-site", site), own]), 403, "{site}");
    }
    assert_eq!(post(&[("origin", "http://localhost:7666")]), 200);
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost",
        "http://localhost:7666.evil.example",
    ] {
        assert_eq!(post(&[("origin", origin)]), 403, "{origin}");
    }
    assert_eq!(post(&[]), 403);
    assert_eq!(post(&[("authorization", &bearer)]), 200);
}

#[test]
fn a_server_on_another_port_learns_no_token_from_the_cookie() {
    let (name, value) = cookie(&options("127.0.0.1:7666"));
    assert_eq!((&*name, value.len()), ("soracrawl_7666", 64));
    assert!(!value.contains(TOKEN));
    let bearer = format!("Bearer {value}");
    let headers = [("host", "localhost"), ("authorization", &*bearer)];
    assert_eq!(get("/", &headers), 401);
    let other = Options {
        token: TOKEN.replace('0', "1"),
        ..options("127.0.0.1:7666")
    };
    assert_ne!(cookie(&other).1, value);
}
