//! Tests of the scrubber.

mod captured;
mod formed;
mod hostile;
mod named;
mod places;
mod real;

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Scrubber;
use crate::api::Secret;

const KEY: &str = "Zk3/9xQp+Lm2Vt7RbY0cWd5Jh8Ns1Ga4==";

fn scrubber(key: &str) -> Scrubber {
    Scrubber::new(&Secret::new(key).unwrap())
}

fn body(text: &str) -> String {
    String::from_utf8(scrubber(KEY).scrub_body(text.as_bytes()).into_owned()).unwrap()
}

fn cleaned(text: &str) -> Value {
    serde_json::from_str(&body(text)).expect("scrubbed JSON stays valid")
}

#[test]
fn a_body_without_secrets_is_unchanged() {
    let page = r#"{"code":200,"data":{"items":[{"url":"https://videos.openai.com/az/x?se=1&sig=abc%3D"}],"cursor":"eyJ="}}"#;
    assert!(matches!(
        scrubber(KEY).scrub_body(page.as_bytes()),
        Cow::Borrowed(_)
    ));
    assert_eq!(scrubber(KEY).scrub_text("nothing here"), "nothing here");
}

#[test]
fn every_written_form_of_the_key_is_removed() {
    for form in [
        KEY,
        r"Zk3\/9xQp+Lm2Vt7RbY0cWd5Jh8Ns1Ga4==",
        r"Zk3/9xQp+Lm2Vt7RbY0cWd5Jh8Ns1Ga4\u003d\u003d",
        "Zk3%2F9xQp%2BLm2Vt7RbY0cWd5Jh8Ns1Ga4%3D%3D",
        "Zk3%2f9xQp%2bLm2Vt7RbY0cWd5Jh8Ns1Ga4%3d%3d",
        "Zk3/9xQp%2BLm2Vt7RbY0cWd5Jh8Ns1Ga4%3D%3D",
        "Zk3%252F9xQp%252BLm2Vt7RbY0cWd5Jh8Ns1Ga4==",
    ] {
        assert_eq!(
            body(&format!("{{\"a\":\"您的令牌为 {form}。\"}}")),
            "{\"a\":\"您的令牌为 [key]。\"}"
        );
        assert_eq!(
            scrubber(KEY).scrub_text(&format!("<{form}> {form}")),
            "<[key]> [key]"
        );
    }
}

#[test]
fn only_the_ends_of_a_long_key_are_removed_alone() {
    assert_eq!(
        body("\"Zk3/9xQp… …8Ns1Ga4==, Zk3%2F9xQp\""),
        "\"[key]… …8[key], [key]\""
    );
    let shorter = scrubber("abcdefghijklmnopqrs");
    assert_eq!(shorter.scrub_text("abcdefgh lmnopqrs"), "abcdefgh lmnopqrs");
    assert_eq!(shorter.scrub_text("-abcdefghijklmnopqrst"), "-[key]t");
}

#[test]
fn echoed_headers_are_removed_from_errors_only() {
    let echo = json!({"detail": {"code": 402, "headers": {"Authorization": "Bearer other-key-0123456789", "x": ["}", "\"]"]},
        "message": "Insufficient balance"}});
    let clean =
        json!({"detail": {"code": 402, "headers": "[removed]", "message": "Insufficient balance"}});
    assert_eq!(cleaned(&echo.to_string()), clean);
    assert_eq!(cleaned(&format!("{echo:#}")), clean);
    let page = r#"{"data":{"headers":{"a":1}}}"#;
    assert_eq!(body(page), page);
    assert_eq!(
        body(r#"{"detail":{"headers":{"Cookie":"a"#),
        r#"{"detail":{"headers":"[removed]""#
    );
}

#[test]
fn an_echoed_authorization_value_is_removed() {
    for (text, clean) in [
        (
            r#"{"Authorization": "Basic dTpw"}"#,
            r#"{"Authorization": "[key]"}"#,
        ),
        (
            r#"{"authorization":"a\"b","c":1}"#,
            r#"{"authorization":"[key]","c":1}"#,
        ),
        (
            r#"{"m":"{\"Authorization\": \"Basic x\"}"}"#,
            r#"{"m":"{\"Authorization\": \"[key]\"}"}"#,
        ),
        (
            r#"{"m":"Bearer 0123456789abcdef."}"#,
            r#"{"m":"Bearer [key]"}"#,
        ),
        (
            r#"{"m":"bearer abc\/defghijklmnop"}"#,
            r#"{"m":"bearer [key]"}"#,
        ),
        (
            r#"{"m":"the Bearer of bad news"}"#,
            r#"{"m":"the Bearer of bad news"}"#,
        ),
        (
            r#"{"m":"Authorization: granted"}"#,
            r#"{"m":"Authorization: granted"}"#,
        ),
    ] {
        assert_eq!(body(text), clean);
    }
    let text =
        scrubber(KEY).scrub_text("Host: x\nAuthorization: Basic dTpw\nauthorization=abc; next");
    assert_eq!(
        text,
        "Host: x\nAuthorization: [key]\nauthorization=[key]; next"
    );
}

#[test]
fn only_signatures_of_cached_replies_are_removed() {
    for (text, clean) in [
        (
            r#"{"cache_url": "https://cache.tikhub.io/api/v1/cache/public/1?sign=00ff"}"#,
            r#"{"cache_url": "https://cache.tikhub.io/api/v1/cache/public/1?sign=[signature]"}"#,
        ),
        (
            r#"{"m":"see https:\/\/cache.tikhub.io\/x?a=1\u0026sign=00ff. Bye"}"#,
            r#"{"m":"see https:\/\/cache.tikhub.io\/x?a=1\u0026sign=[signature] Bye"}"#,
        ),
        (
            r#"{"cache_url":"http:\/\/127.0.0.1:9\/x?sign=00ff&b=2"}"#,
            r#"{"cache_url":"http:\/\/127.0.0.1:9\/x?sign=[signature]&b=2"}"#,
        ),
        (
            r#"{"url":"https://videos.openai.com/x?sign=00ff"}"#,
            r#"{"url":"https://videos.openai.com/x?sign=00ff"}"#,
        ),
        (
            r#"{"text":"sign=1 ?sign=2"}"#,
            r#"{"text":"sign=1 ?sign=2"}"#,
        ),
    ] {
        assert_eq!(body(text), clean);
    }
}

#[test]
fn a_replacement_never_breaks_an_escape_or_a_number() {
    let with_n = scrubber("nabcdefghij");
    let clean = with_n
        .scrub_body(br#"{"a":"x\nabcdefghij","b":"\\nabcdefghij","c":"nabcdefghij"}"#)
        .into_owned();
    let value: Value = serde_json::from_slice(&clean).unwrap();
    assert_eq!(
        value,
        json!({"a": "x\n[key]", "b": "\\[key]", "c": "[key]"})
    );
    let with_u = scrubber("e9abcdefgh");
    let clean = with_u.scrub_body(br#"{"a":"\u00e9abcdefgh"}"#).into_owned();
    assert_eq!(
        serde_json::from_slice::<Value>(&clean).unwrap(),
        json!({"a": "\u{e9}[key]"})
    );
    let digits = scrubber("1760343131");
    let clean = digits
        .scrub_body(br#"{"posted_at":1760343131.25,"a":"1760343131"}"#)
        .into_owned();
    assert_eq!(clean, br#"{"posted_at":9999999999.25,"a":"9999999999"}"#);
}

#[test]
fn a_short_key_is_removed_from_errors_only() {
    let short = scrubber("test");
    assert!(matches!(
        short.scrub_body(br#"{"data":{"text":"a test"}}"#),
        Cow::Borrowed(_)
    ));
    let error = short
        .scrub_body(br#"{"detail":{"m":"key test, tested"}}"#)
        .into_owned();
    assert_eq!(error, br#"{"detail":{"m":"key [key], tested"}}"#);
}

#[test]
fn a_key_of_symbols_only_is_removed_in_every_form() {
    let marks = scrubber("+/=-_.~+/=-_.~");
    for form in [
        "+/=-_.~+/=-_.~",
        "%2B%2F%3D-_.~%2b%2f%3d-_.~",
        r"+\/=-_.~+\/=-_.~",
    ] {
        assert_eq!(
            marks.scrub_text(&format!("x {form} y")),
            "x [key] y",
            "{form}"
        );
    }
}

#[test]
fn a_key_without_adjacent_letters_is_removed() {
    let key = "a-b.c_d~e+f/g=h-i";
    assert_eq!(
        scrubber(key).scrub_text("x a-b.c_d~e+f/g=h-i y"),
        "x [key] y"
    );
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    memchr::memmem::find(haystack, needle.as_bytes()).is_some()
}

fn percent(key: &str) -> String {
    url::form_urlencoded::byte_serialize(key.as_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_occurrence_of_a_key_survives_and_json_stays_json(
        key in "[A-Za-z][A-Za-z0-9+/=_.~-]{7,60}",
        texts in prop::collection::vec(("[^\u{0}]{0,12}", 0..6_u8, "[ -~]{0,12}"), 1..8),
        number in any::<f64>(),
    ) {
        let items: Vec<Value> = texts.iter().map(|(before, form, after)| {
            let written = match form {
                0 => key.clone(),
                1 => percent(&key),
                2 => format!("Bearer {key}"),
                3 => key[..8].to_owned(),
                4 => key[key.len() - 8..].to_owned(),
                _ => String::new(),
            };
            json!({ format!("{before}{written}"): format!("{before}{written}{after}{written}") })
        }).collect();
        let value = json!({"detail": items, "headers": {"Authorization": key}, "n": number, "message": key});
        let plain = value.to_string();
        for text in [plain.replace('/', "\\/"), plain] {
            let clean = scrubber(&key).scrub_body(text.as_bytes()).into_owned();
            prop_assert!(serde_json::from_slice::<Value>(&clean).is_ok(), "{}", String::from_utf8_lossy(&clean));
            let mut gone = vec![key.clone(), key.replace('/', "\\/"), percent(&key)];
            if key.len() >= 20 {
                gone.extend([key[..8].to_owned(), key[key.len() - 8..].to_owned()]);
            }
            for form in gone.iter().filter(|form| !form.bytes().all(|byte| b"0123456789+-.eE".contains(&byte))) {
                prop_assert!(!holds(&clean, form), "{form} in {}", String::from_utf8_lossy(&clean));
            }
            let decoded: Value = serde_json::from_slice(&clean).unwrap();
            prop_assert!(!holds(decoded.to_string().as_bytes(), &key));
        }
    }

    #[test]
    fn any_bytes_are_scrubbed_without_a_panic(
        bytes in prop::collection::vec(
            prop_oneof![
                any::<u8>().prop_map(|byte| vec![byte]),
                prop::sample::select(vec!["\"headers\"", "\"detail\"", ":", "{", "}", "[", "]", "\\", "\"", "Authorization", "Bearer ",
                    "?sign=", "cache_url", "//cache.tikhub.io/", "\\u00", KEY, " ", "="]).prop_map(|part| part.as_bytes().to_vec()),
            ],
            0..60,
        ),
    ) {
        let bytes = bytes.concat();
        let clean = scrubber(KEY).scrub_body(&bytes).into_owned();
        prop_assert!(!holds(&clean, KEY));
        let text = scrubber(KEY).scrub_text(&String::from_utf8_lossy(&bytes));
        prop_assert!(!text.contains(KEY));
    }
}
