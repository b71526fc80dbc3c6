//! Secrets of a capture by their names, and what stays the same beside them.

use proptest::prelude::*;
use serde_json::json;

use super::super::captured::walked;
use super::super::hints::may_have_secrets;
use super::super::names::{ENDS, PARTS, WHOLE, is_secret};
use super::captured::kept;
use super::formed::JWT;

#[test]
fn cookies_are_removed_without_their_header_too() {
    for (reply, clean) in [
        (
            json!({"x": "cf_clearance=a; b=c"}),
            json!({"x": "[removed]"}),
        ),
        (
            json!({"x": "b=c; __Secure-next-auth.session-token.0=a"}),
            json!({"x": "[removed]"}),
        ),
        (
            json!({"x": "a=b; Path=/; HttpOnly"}),
            json!({"x": "[removed]"}),
        ),
        (json!({"x": "a=b; c=d"}), json!({"x": "a=b; c=d"})),
        (
            json!([{"domain": "h", "name": "xs", "value": "a", "httpOnly": true}]),
            json!([{"domain": "h", "name": "xs", "value": "[removed]", "httpOnly": true}]),
        ),
        (
            json!({"name": "next-auth.session-token.1", "value": "a"}),
            json!({"name": "next-auth.session-token.1", "value": "[removed]"}),
        ),
    ] {
        assert_eq!(kept(&reply), clean);
    }
}

/// Returns the writings of a name of several words.
fn writings(words: &str) -> Vec<String> {
    let parts: Vec<&str> = words.split(' ').collect();
    let capital = |part: &&str| part[..1].to_uppercase() + &part[1..];
    let capitals: Vec<String> = parts.iter().map(capital).collect();
    let camel = parts[0].to_owned() + &capitals[1..].concat();
    vec![
        parts.join("_"),
        parts.join("-"),
        parts.join("_").to_uppercase(),
        capitals.join("-"),
        capitals.concat(),
        camel,
        format!("x-{}", parts.join("-")),
        format!("openai_{}", parts.join("_")),
    ]
}

#[test]
fn names_are_recognised_in_each_writing() {
    for words in [
        "private key",
        "pwd",
        "passwd",
        "passphrase",
        "session",
        "session key",
        "session id",
        "cf clearance",
        "client secret",
        "refresh token",
        "id token",
        "access token",
        "session token",
        "auth token",
        "csrf token",
        "api key",
        "secret key",
        "access key",
        "access key id",
        "subscription key",
        "set cookie",
        "proxy authorization",
        "security token",
        "app secret",
        "basic auth",
        "signing key",
        "code verifier",
    ] {
        for name in writings(words) {
            assert!(is_secret(&name), "{name}");
            let reply = json!({"a": {name.clone(): "hidden"}, "b": [[name.clone(), "hidden"], ["x", "y"]], "c": {"name": name, "value": "hidden"}});
            let clean = kept(&reply).to_string();
            assert!(!clean.contains("hidden"), "{clean}");
        }
    }
}

#[test]
fn each_name_of_a_secret_has_a_hint() {
    for name in [&PARTS[..], &ENDS, &WHOLE].concat() {
        for body in [
            format!("[\"/x?a=1;{name}=abcDEF12\"]"),
            format!("[\"/x?a=1\\u0026{name}=abcDEF12\"]"),
            format!("[\"/x%3F{name}%3DabcDEF12\"]"),
            format!("[\"a=b; {name}=c\"]"),
            format!("[\"x '{name}': 'c'\"]"),
            format!("{{\"{name}\":\"a\"}}"),
            format!("{{\"{name}2\":\"a\"}}"),
            format!("{{\"a\":\"{{\\\"{}\\\":1}}\"}}", name.to_uppercase()),
            format!("[[\"x-{name}\",\"a\"],[\"{name}\",\"a\"]]"),
        ] {
            let is_found = may_have_secrets(body.as_bytes());
            assert!(is_found || walked(body.as_bytes()).is_none(), "{body}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_page_with_secrets_stays_a_page(parts in prop::collection::vec((0..SECRETS.len(), "[^\u{0}]{0,8}", 0..4_u8), 1..6)) {
        let texts: Vec<String> = parts.iter().map(|(at, around, depth)| {
            let mut text = format!("{around} {} {around}", SECRETS[*at].0);
            for _ in 0..*depth {
                text = json!({"log": text}).to_string();
            }
            text
        }).collect();
        let page = json!({"items": [{"post": {"id": "s_1", "text": "token, password: x", "n": 1.5}}], "cursor": "eyJhIjoxfQ==", "raw": texts});
        let clean = kept(&page);
        prop_assert_eq!(&clean["items"], &page["items"]);
        prop_assert_eq!(&clean["cursor"], &page["cursor"]);
        for (at, ..) in &parts {
            prop_assert!(!clean.to_string().contains(SECRETS[*at].1), "{}", clean);
        }
        // What is clean stays as it is.
        prop_assert_eq!(kept(&clean), clean);
    }
}

/// Texts with a secret, and what may not be left of it.
const SECRETS: [(&str, &str); 12] = [
    ("https://h/?x=1&token=s3cr3t", "s3cr3t"),
    ("https://user:s3c#r3t@h/", "r3t@"),
    ("curl -b 'a=s3cr3t; c=d' https://h", "s3cr3t"),
    ("curl -u me:s3cr3t https://h", "s3cr3t"),
    ("{\"headers\": {\"X\": \"s3cr3t\"}}", "s3cr3t"),
    ("{'cookie': 's3cr3t'}", "s3cr3t"),
    ("Cookie: a=s3cr3t", "s3cr3t"),
    ("GET / HTTP/1.1\r\nX-Session: s3cr3t", "s3cr3t"),
    (JWT, "dozjgNry"),
    ("ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9", "aB3dE6gH9"),
    ("https%3A%2F%2Fu%3As3cr3t%40h", "s3cr3t"),
    ("-H 'x-auth-token: abcDEF123s'", "abcDEF123s"),
];
