//! Places in a list: a job asks for what a body says, so they stay, and are the same in a request and in a body.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::captured::kept;
use super::formed::JWT;
use crate::api::Scrubber;

/// Keys of places.
const KEYS: [&str; 4] = ["cursor", "next_cursor", "page_token", "nextToken"];

/// Returns a place as a request keeps it, and as bodies in several writings do.
fn ways(place: &str) -> (String, Vec<String>) {
    let mut all = Vec::new();
    for key in KEYS {
        for beside in [json!(null), json!({"cookie": "a=b", "detail": "x"})] {
            let page = json!({"beside": beside, "items": [], key: place});
            let slashes = page.to_string().replace('/', "\\/");
            let ascii: String = page.to_string().chars().map(ascii).collect();
            for body in [page.to_string(), format!("{page:#}"), slashes, ascii] {
                let clean = Scrubber::without_key()
                    .scrub_captured(body.as_bytes())
                    .into_owned();
                let clean: Value = serde_json::from_slice(&clean).unwrap();
                all.push(clean[key].as_str().unwrap().to_owned());
            }
            let text = json!({"text": page.to_string()});
            let clean: Value = serde_json::from_str(kept(&text)["text"].as_str().unwrap()).unwrap();
            all.push(clean[key].as_str().unwrap().to_owned());
        }
    }
    (Scrubber::without_key().scrub_captured_cursor(place), all)
}

/// Returns a character as encoders write it that know only ASCII.
fn ascii(letter: char) -> String {
    let mut units = [0; 2];
    match letter.is_ascii() {
        true => letter.to_string(),
        false => letter
            .encode_utf16(&mut units)
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
    }
}

#[test]
fn a_place_stays_whatever_its_form_is() {
    for place in [
        r#"{"token":"abc","page":2}"#,
        r#"{"session":{"id":"a"},"cookie":"b","headers":{"x":"y"}}"#,
        r#"[["x-api-key","a"],{"name":"token","value":"b"}]"#,
        r#"{"a":"{\"token\":\"b\"}"}"#,
        r#"x {"token": "abc"}"#,
        "{'token': 'abc'}",
        "token=a; HttpOnly",
        "session_token=a; b=c",
        "aGVsbG8pwd==",
        "a%2Fb:session=%3D",
        JWT,
    ] {
        let (request, bodies) = ways(place);
        assert_eq!(request, place);
        assert!(bodies.iter().all(|it| it == place), "{place}: {bodies:?}");
    }
    for (place, clean) in [
        ("f?access_token=abc", "f?access_token=[removed]"),
        ("https://u:p@h/?page=2", "https://u:[removed]@h/?page=2"),
        (
            "{\"u\":\"/x?api_key=abc\"}",
            "{\"u\":\"/x?api_key=[removed]\"}",
        ),
    ] {
        let (request, bodies) = ways(place);
        assert_eq!(request, clean);
        assert!(bodies.iter().all(|it| it == clean), "{place}: {bodies:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_place_is_the_same_in_a_request_and_in_a_body(parts in prop::collection::vec(part(), 1..8)) {
        let place = parts.concat();
        let (request, bodies) = ways(&place);
        for body in bodies {
            prop_assert_eq!(&body, &request, "{}", place);
        }
    }
}

fn part() -> impl Strategy<Value = String> {
    let all = [
        "{\"token\":\"abc\"}",
        "{\"",
        "\":\"",
        "\"",
        "\\",
        "\\\"",
        "}",
        "[",
        "]",
        ":",
        "=",
        "&",
        "?",
        ";",
        " ",
        "\n",
        "\t",
        "%26",
        "%3D",
        "é",
        "😀",
        "/",
        "'",
        "token",
        "cookie",
        "headers",
        "detail",
        "session",
        "authorization",
        "Authorization: Bearer ",
        "Bearer ",
        "abcdefGHIJ0123456789",
        "a/b+c==",
        "pwd==",
        "Cookie: a=b",
        "; HttpOnly",
        "HTTP/1.1",
        "?api_key=abc",
        "&sign=00ff",
        "https://cache.tikhub.io/x",
        "https://u:p@h",
        "curl -b a=b ",
        "-----BEGIN PRIVATE KEY-----",
        JWT,
        "ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9",
        "Basic dXNlcjpwYXNz",
        "<@user-1>",
        "12345",
    ];
    prop_oneof![
        prop::sample::select(all.map(str::to_owned).to_vec()),
        "[ -~]{1,6}"
    ]
}
