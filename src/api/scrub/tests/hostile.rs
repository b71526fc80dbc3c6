//! Replies made to be slow or deep.

use serde_json::json;

use super::super::captured::{clean_text, walked};
use super::super::hints::may_have_secrets;
use crate::api::Scrubber;

/// Half of what a thread of the program has at least.
const STACK: usize = 512 * 1024;

/// Returns what a body is kept as, by a thread with a small stack.
fn kept_on_a_small_stack(body: String) -> String {
    let clean = move || {
        let clean = Scrubber::without_key()
            .scrub_captured(body.as_bytes())
            .into_owned();
        String::from_utf8(clean).unwrap()
    };
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(clean).unwrap().join().unwrap()
}

/// Returns a page with a text, and with a hint and a secret.
fn page(text: &str) -> String {
    json!({"cookie": "a=s3cr3t", "items": [{"post": {"id": "s_1", "text": text}}]}).to_string()
}

/// Returns a text whose strings are JSON to a depth. An escape of an escape has five bytes more, not twice as many.
fn text_in_texts(depth: usize) -> String {
    let quote = |depth: usize| match depth {
        0 => "\"".to_owned(),
        _ => format!("\\{}u0022", "u005c".repeat(depth - 1)),
    };
    let opened: String = (0..depth)
        .map(|depth| "{".to_owned() + &quote(depth))
        .collect();
    let closed: String = (0..depth).rev().map(|depth| quote(depth) + "}").collect();
    opened + &closed
}

/// Returns a text with brackets, and in them one with brackets, and so on.
fn brackets_in_texts(brackets: usize, depth: usize) -> String {
    let mut text = "x".to_owned();
    for _ in 0..depth {
        let inner = json!(text);
        text = format!("{}{inner}{}", "[".repeat(brackets), "]".repeat(brackets));
    }
    text
}

#[test]
fn no_depth_of_a_text_exceeds_a_small_stack() {
    for text in [
        r#"{\x\""#.repeat(3_000),
        r#"[\x\""#.repeat(100_000),
        r#"{\ud800\""#.repeat(100_000),
        r#"{""#.repeat(100_000),
        text_in_texts(3),
        text_in_texts(300),
        "[".repeat(100_000),
        r#"{"a":"#.repeat(100_000),
        r#"[{"a":["#.repeat(100_000),
        brackets_in_texts(120, 8),
        brackets_in_texts(1_000, 8),
    ] {
        let clean = kept_on_a_small_stack(page(&text));
        assert_eq!(clean, page(&text).replace("a=s3cr3t", "[removed]"));
        // Outside of a text too.
        kept_on_a_small_stack(format!("{text}{}", page("")));
    }
}

#[test]
fn a_secret_in_a_text_at_any_depth_is_removed() {
    let mut text = json!({"cookie": "s3cr3t", "list": [["x-api-key", "s3cr3t"]]}).to_string();
    for depth in 1..6 {
        let body = json!({"a": text});
        assert!(
            !walked(body.to_string().as_bytes()).is_some_and(|it| super::holds(&it, "s3cr3t")),
            "{depth}"
        );
        text = body.to_string();
    }
    // Deeper, or behind an escape that is bad, only what its name alone says.
    let mut text = json!({"cookie": "s3cr3t"}).to_string();
    for _ in 0..8 {
        let bad = format!(
            r#"{{"a":"\x{}"}}"#,
            text.replace('\\', r"\\").replace('"', r#"\""#)
        );
        for text in [&bad, &text] {
            let clean = clean_text(text);
            assert!(
                clean.is_some_and(|clean| !clean.contains("s3cr3t")),
                "{text}"
            );
        }
        text = json!({"a": text}).to_string();
    }
}

/// Returns a part as often as some thousand bytes have it.
fn repeated(part: &str, thousands: usize) -> String {
    part.repeat(1_000 * thousands / part.len())
}

#[test]
fn no_text_is_looked_at_again_for_each_of_its_parts() {
    let scrubber = Scrubber::without_key();
    // With a time that grows as the square of the length, each would take far longer than all of them do.
    for (before, part, thousands) in [
        ("", "%0Atoken=aB3", 200),
        ("", r"\\ntoken=aB3", 20),
        ("", "?token%3DaB3%26", 20),
        ("", ".token:", 40),
        ("{HTTP/ ", "token:", 200),
        ("HTTP/ ", "x-token: a ", 200),
        ("", "cookie:", 40),
        ("", "cookie=a;", 200),
        ("", "key ", 40),
        ("curl x", "\\", 200),
        ("curl ", "-b'\"", 200),
        ("", "'token':\"<@", 200),
        ("", "authorization=a ", 200),
        ("", "authorization", 200),
        ("", "authorization=", 200),
        ("https://cache.tikhub.io/?", "6sign=", 12),
        ("", "https:/", 40),
        ("", ".eyJ", 40),
        ("", "--token=", 200),
    ] {
        let text = format!("{before}{} x", repeated(part, thousands));
        let _ = scrubber.scrub_captured_text(&text);
        may_have_secrets(json!([text]).to_string().as_bytes());
        let _ = scrubber.scrub_captured(page(&text).as_bytes());
    }
    for (before, part) in [
        ("", r#""headers":{"#),
        (r#""detail""#, r#""headers":{"#),
        ("", r#""cookie":["#),
    ] {
        let body = format!("{before}{}", repeated(part, 500));
        let _ = scrubber.scrub_captured(body.as_bytes());
    }
}
