//! Tests of the classification: every recorded error and every row of api/README.md §4.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Asked, Error, classify, of_reply};
use crate::api::{Answer, CutBody, Facts, Reply, Scrubber, Secret};

const KEY: &str = "sk-very/secret+0123456789==";

fn scrub() -> Scrubber {
    Scrubber::new(&Secret::new(KEY).unwrap())
}

fn with(status: u16, facts: &Facts, body: &str, had_cursor: bool) -> Error {
    let asked = Asked {
        subject: "user-1234567",
        had_cursor,
        now: 1_700_000_000.0,
    };
    classify(status, facts, body.as_bytes(), asked, &scrub()).expect_err("an error")
}

fn plain(status: u16, body: &str) -> Error {
    with(status, &Facts::default(), body, false)
}

/// Returns the name of the variant, with what the answer is about.
fn name(error: &Error) -> String {
    let text = format!("{error:?}");
    let variant = text.split([' ', '{']).next().unwrap_or_default();
    match error {
        Error::Missing { about, .. } | Error::Refused { about, .. } => {
            format!("{variant} {about:?}")
        }
        Error::Unavailable {
            is_network: true, ..
        } => format!("{variant} Network"),
        _ => variant.to_owned(),
    }
}

#[test]
fn every_recorded_error_has_the_expected_variant() {
    let wanted = [
        (
            "400_transient",
            "Unavailable",
            "Request failed. Please retry.",
        ),
        (
            "400_with_router",
            "Unavailable",
            "Request failed. Please retry.",
        ),
        ("401", "Refused Path", "无效的API令牌"),
        (
            "402_free_credit",
            "Refused Path",
            "does not accept free credit",
        ),
        ("402_headers_echo", "Refused Path", "Insufficient balance"),
        ("403_balance", "Refused Unsaid", "账户余额不足"),
        ("404", "Missing Unsaid", "Not Found"),
        ("422", "Invalid", "query.user_id: Field required"),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/errors");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let stem = file
            .trim_start_matches("tikhub_error_")
            .split('.')
            .next()
            .unwrap();
        let (_, variant, said) = wanted.iter().find(|row| row.0 == stem).expect(&file);
        let sample: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let status = u16::try_from(sample["http_status"].as_u64().unwrap()).unwrap();
        let body = sample["body"].to_string().replace("REDACTED-KEY", KEY);
        let error = plain(status, &body);
        assert_eq!(&name(&error), variant, "{file}: {error:?}");
        let text = format!("{error:?} {error}");
        assert!(text.contains(said), "{file}: {text}");
        assert!(!text.contains("secret"), "{file}: {text}");
        seen += 1;
    }
    assert_eq!(seen, wanted.len());
}

#[test]
fn every_status_has_the_expected_variant() {
    let object = |message: &str| json!({"detail": {"code": 1, "message": message}}).to_string();
    let text = |text: &str| json!({ "detail": text }).to_string();
    let list = json!({"detail": [{"loc": ["query", 0], "msg": "bad"}]}).to_string();
    let html = "<html><title>502</title></html>".to_owned();
    for (status, body, had_cursor, variant) in [
        (400, object("Please RETRY later"), true, "Unavailable"),
        (400, text("please retry"), false, "Unavailable"),
        (400, object("Bad id. Do not retry."), false, "Invalid"),
        (
            400,
            json!({"message": "Request failed. Please retry."}).to_string(),
            true,
            "Unavailable",
        ),
        (
            400,
            json!({"message": "Failed.", "message_zh": "请求失败，请重试。"}).to_string(),
            false,
            "Unavailable",
        ),
        (
            400,
            json!({"title": "Bad Request", "message": "retry later"}).to_string(),
            false,
            "Unavailable",
        ),
        (
            400,
            json!({"detail": {"message_zh": "请求失败，请重试。"}}).to_string(),
            false,
            "Unavailable",
        ),
        (
            400,
            json!({"detail": "请稍后重试"}).to_string(),
            false,
            "Unavailable",
        ),
        (
            400,
            json!({"detail": {"message": "Bad id. Do not retry.", "message_zh": "请勿重试"}})
                .to_string(),
            false,
            "Invalid",
        ),
        (
            400,
            json!({"message_zh": "参数错误，无需重试"}).to_string(),
            false,
            "Invalid",
        ),
        (
            400,
            json!({"message": "Bad id"}).to_string(),
            false,
            "Rejected",
        ),
        (400, object("Bad cursor"), true, "CursorRefused"),
        (400, object("Bad id"), false, "Rejected"),
        (400, object("An error occurred."), true, "Rejected"),
        (400, object("Please try again."), true, "Unavailable"),
        (400, object("请求失败，请稍后再试。"), true, "Unavailable"),
        (400, String::new(), false, "Rejected"),
        (422, list.clone(), true, "CursorRefused"),
        (422, list, false, "Invalid"),
        (401, String::new(), true, "Refused Proxy"),
        (
            401,
            object("Not authorized to view the specified user."),
            false,
            "Refused Subject",
        ),
        (
            403,
            object("This account is private."),
            false,
            "Refused Subject",
        ),
        (402, html.clone(), false, "Refused Proxy"),
        (403, object("Key scope"), false, "Refused Unsaid"),
        (403, text("Not authenticated"), false, "Refused Unsaid"),
        (403, html.clone(), false, "Blocked"),
        (
            403,
            r#"{"error_code":1010,"error_name":"browser_signature_banned","ray_id":"a"}"#
                .to_owned(),
            false,
            "Blocked",
        ),
        (403, String::new(), false, "Blocked"),
        (404, text("Not Found"), false, "Missing Path"),
        (404, object("This API was retired"), false, "Missing Path"),
        (
            404,
            object("user-1234567 is unknown"),
            false,
            "Missing Subject",
        ),
        (404, object("用户不存在"), false, "Missing Subject"),
        (
            404,
            json!({"error": "no such page"}).to_string(),
            false,
            "Missing Proxy",
        ),
        (404, html.clone(), false, "Missing Proxy"),
        (404, String::new(), false, "Missing Proxy"),
        (404, text("User not found"), false, "Missing Subject"),
        (404, object("Not Found"), true, "Missing Unsaid"),
        (405, text("Method Not Allowed"), false, "Missing Path"),
        (410, text("Gone"), false, "Missing Path"),
        (410, String::new(), false, "Missing Proxy"),
        (410, object("deleted"), false, "Missing Unsaid"),
        (451, String::new(), false, "Refused Proxy"),
        (408, String::new(), false, "Throttled"),
        (429, html.clone(), false, "Throttled"),
        (409, String::new(), false, "Unavailable"),
        (413, String::new(), false, "Invalid"),
        (418, String::new(), false, "Invalid"),
        (500, object("oops"), true, "Unavailable"),
        (502, html, false, "Unavailable Network"),
        (503, String::new(), false, "Unavailable Network"),
        (
            522,
            "error code: 522".to_owned(),
            false,
            "Unavailable Network",
        ),
        (302, String::new(), false, "Unavailable"),
        (101, String::new(), false, "Unavailable"),
        (999, String::new(), false, "Unavailable"),
    ] {
        let error = with(status, &Facts::default(), &body, had_cursor);
        assert_eq!(
            name(&error),
            variant,
            "{status} {body} {had_cursor}: {error:?}"
        );
    }
    for status in [200, 201, 204] {
        let asked = Asked::default();
        assert_eq!(
            classify(status, &Facts::default(), b"", asked, &scrub()),
            Ok(())
        );
    }
}

#[test]
fn a_throttle_and_a_503_may_state_the_wait() {
    let facts = Facts {
        retry_after: Some("7".to_owned()),
        ..Facts::default()
    };
    for status in [429, 503, 408] {
        let error = with(status, &facts, "", false);
        assert_eq!(
            error,
            Error::Throttled {
                after: Some(Duration::from_secs(7))
            },
            "{status}"
        );
    }
    assert_eq!(plain(429, ""), Error::Throttled { after: None });
    assert_eq!(
        with(429, &facts, "", false).to_string(),
        "throttled: retry after 7 s"
    );
}

#[test]
fn a_block_waits_at_least_30_seconds() {
    let Error::Blocked { after, why } = plain(403, "<html>") else {
        panic!("not blocked")
    };
    assert!(
        after >= Duration::from_secs(30) && why.contains("long wait"),
        "{after:?} {why}"
    );
}

#[test]
fn a_redirect_message_shows_only_the_host() {
    for (location, said) in [
        (
            Some("https://evil.example.org/x?token=abc"),
            "redirect to https://evil.example.org not followed",
        ),
        (
            Some("https://user:abc@evil.example.org"),
            "redirect to evil.example.org not followed",
        ),
        (
            Some("//evil.example.org?abc"),
            "redirect to //evil.example.org not followed",
        ),
        (
            Some("/elsewhere?abc"),
            "redirect to a relative path not followed",
        ),
        (None, "redirect to a missing location not followed"),
    ] {
        let facts = Facts {
            location: location.map(str::to_owned),
            ..Facts::default()
        };
        let error = with(307, &facts, "", false).to_string();
        assert!(error.contains(said) && !error.contains("abc"), "{error}");
    }
}

#[test]
fn a_message_is_one_short_scrubbed_line() {
    let long = format!(
        "\u{1b}[31mred\r\n\tline\u{7} \u{202e}x {} {KEY}",
        "é".repeat(400)
    );
    let error = plain(500, &json!({"detail": {"message": long}}).to_string());
    let Error::Unavailable { why, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(why.starts_with("HTTP 500: [31mred line x éé"), "{why}");
    assert!(why.chars().count() == 200 && why.ends_with('…'), "{why}");
    let hidden = format!(
        "a {}\u{200b}{} b {}\u{0}{}",
        &KEY[..9],
        &KEY[9..],
        &KEY[..4],
        &KEY[4..]
    );
    let error = plain(500, &json!({"detail": {"message": hidden}}).to_string()).to_string();
    assert!(error.ends_with("a [key] b [key]"), "{error}");
    let cut = format!("{} {KEY}", "x".repeat(180));
    let error = plain(500, &json!({"detail": {"message": cut}}).to_string()).to_string();
    assert!(!error.contains("sk-"), "{error}");
}

#[test]
fn a_body_without_a_message_is_described_by_its_content_type() {
    let facts = Facts {
        content_type: Some("text/html; charset=UTF-8".to_owned()),
        ..Facts::default()
    };
    let error = with(502, &facts, "<html>", false).to_string();
    assert!(
        error.ends_with("HTTP 502 without a message (body: text/html; charset=UTF-8)"),
        "{error}"
    );
    let error = plain(500, "{\"detail\":{}}").to_string();
    assert!(error.ends_with("HTTP 500 without a message"), "{error}");
}

#[test]
fn an_incomplete_answer_is_temporary_unless_it_is_too_large() {
    let result = |reply: Reply| {
        of_reply(&reply, Asked::default(), &scrub())
            .map(<[u8]>::to_vec)
            .map_err(|error| name(&error))
    };
    let answer = |status, body| {
        Reply::Answered(Answer {
            status,
            facts: Facts::default(),
            body_bytes: 0,
            body,
        })
    };
    let cut = |too_large| {
        Err(CutBody {
            why: "cut".to_owned(),
            too_large,
            partial: b"{\"detail\":\"Not Found\"}".to_vec(),
        })
    };
    let unavailable = Err("Unavailable".to_owned());
    assert_eq!(result(answer(200, Ok(b"{}".to_vec()))), Ok(b"{}".to_vec()));
    assert_eq!(result(answer(200, cut(false))), unavailable);
    assert_eq!(result(answer(200, cut(true))), Err("Malformed".to_owned()));
    assert_eq!(result(answer(404, cut(false))), unavailable);
    assert_eq!(result(answer(401, cut(false))), unavailable);
    assert_eq!(
        result(answer(402, cut(false))),
        Err("Refused Path".to_owned())
    );
    assert_eq!(result(answer(500, cut(true))), unavailable);
    assert_eq!(
        result(Reply::NeverSent {
            why: format!("no {KEY}")
        }),
        Err("Unavailable Network".to_owned())
    );
    assert_eq!(
        result(Reply::Unknown {
            why: "reset".to_owned()
        }),
        Err("Unavailable Network".to_owned())
    );
    let never = Reply::NeverSent {
        why: format!("no {KEY}"),
    };
    let error = of_reply(&never, Asked::default(), &scrub()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "temporarily unavailable: not sent: no [key]"
    );
}
