//! Secrets of a capture that are recognised by their form.

use serde_json::json;

use super::captured::{cleaned, kept};
use crate::api::Scrubber;

pub(super) const JWT: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9";

#[test]
fn tokens_of_services_are_removed_by_their_form() {
    let letters = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9j";
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
    let forms = [
        JWT.to_owned(),
        format!("eyJhbGciOiJkaXIifQ..{letters}.{letters}"),
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        format!("ghp_{}", &letters[..36]),
        format!("github_pat_{letters}"),
        format!("xoxb-{}", &letters[..24]),
        format!("sk-{}", &letters[..48]),
        format!("sk-proj-{letters}"),
        format!("sk_live_{}", &letters[..24]),
        format!("AIza{}", &letters[..35]),
        format!("glpat-{}", &letters[..20]),
        pem.to_owned(),
    ];
    for form in &forms {
        for (before, after) in [
            ("", ""),
            ("key: ", "."),
            ("a=", "&b"),
            ("\n", "\n"),
            ("\\n", " x"),
            ("%3D", ""),
        ] {
            let text = format!("{before}{form}{after}");
            assert_eq!(cleaned(&text), format!("{before}[removed]{after}"));
            let clean = kept(&json!({"a": [text]}));
            assert_eq!(clean, json!({"a": [format!("{before}[removed]{after}")]}));
        }
        // A place in a list may have the form of a token.
        let page = json!({"items": [], "cursor": form, "page_token": form});
        assert_eq!(kept(&page), page);
        assert_eq!(Scrubber::without_key().scrub_captured_cursor(form), *form);
    }
    assert_eq!(cleaned("x: Basic dXNlcjpwYXNz1"), "x: Basic dXNlcjpwYXNz1");
    assert_eq!(cleaned("x: Basic dXNlcjpwYXNz"), "x: Basic [removed]");
}

#[test]
fn secrets_of_headers_elements_and_options_are_removed() {
    for (text, clean) in [
        (
            "x\nAuthorization: Digest username=\"u\", nonce=\"a,b\", response=\"00ff\"\r\nHost: h",
            "x\nAuthorization: [removed]\r\nHost: h",
        ),
        (
            "Authorization: Digest response=00ff",
            "Authorization: [removed]",
        ),
        (
            "<a><token>abc</token><b>c</b></a>",
            "<a><token>[removed]</token><b>c</b></a>",
        ),
        (
            "<s:apiKey id=\"1\">abc</s:apiKey>",
            "<s:apiKey id=\"1\">[removed]</s:apiKey>",
        ),
        (
            "<Password>two words</Password>",
            "<Password>[removed]</Password>",
        ),
        (
            "run --token abcDEF12 --out x",
            "run --token [removed] --out x",
        ),
        ("run --api-key=abc -v", "run --api-key=[removed] -v"),
        (
            "run --client-secret 'abcDEF12'",
            "run --client-secret '[removed]'",
        ),
    ] {
        assert_eq!(cleaned(text), clean);
        let reply = kept(&json!({"post": {"text": text}}));
        let said = reply["post"]["text"].as_str().unwrap();
        // A text with a header goes as a whole.
        assert!(said == clean || said == "[removed]", "{said}");
    }
    let long = format!(
        "Authorization: Digest nonce=\"{}\", response=\"00ff\"",
        "a".repeat(400)
    );
    assert_eq!(cleaned(&long), "Authorization: [removed]");
    for text in [
        "Bearer%20abcdefGHIJ0123456789",
        "bearer+abcdefGHIJ0123456789",
    ] {
        let clean = Scrubber::without_key().scrub_text(text);
        assert!(!clean.contains("GHIJ"), "{clean}");
    }
    let said = "Authorization: Digest username=\"u\", response=\"00ff\"";
    assert_eq!(
        Scrubber::without_key().scrub_text(said),
        "Authorization: [key]"
    );
}

#[test]
fn names_of_files_have_no_secrets() {
    let scrubber = Scrubber::without_key();
    for (path, clean) in [
        ("/y/x/a-token=x.jsonl", "/y/x/a-token=[removed]"),
        ("a-token=x/b.json", "a-token=[removed]/b.json"),
        (
            "feed, api_key=abc (2).har",
            "feed, api_key=[removed] (2).har",
        ),
        ("c:\\y\\session-token=abc", "c:\\y\\session-token=[removed]"),
        (
            "get_feed?api_key=abc&b=1.json",
            "get_feed?api_key=[removed]&b=1.json",
        ),
    ] {
        assert_eq!(scrubber.scrub_captured_path(path), clean);
    }
    for path in [
        "/a=1/token/x.json",
        "cursor=abc.json",
        "page_token=b.jsonl",
        "é (1), b.har",
    ] {
        assert_eq!(scrubber.scrub_captured_path(path), path);
    }
}

#[test]
fn a_header_in_a_text_ends_with_the_text() {
    for said in [
        "authorization\":\"",
        "authorization\":\"secret",
        "authorization\": \"secret\\",
        "{\"Authorization\": \"secret \\\"x\\\"\"}",
    ] {
        let mut text = said.to_owned();
        for depth in 0..3 {
            let body = json!({"items": [], "text": text, "x": "stays"}).to_string();
            let clean = Scrubber::without_key()
                .scrub_body(body.as_bytes())
                .into_owned();
            let clean: serde_json::Value = serde_json::from_slice(&clean).unwrap();
            assert_eq!(clean["x"], "stays", "{said} {depth}");
            assert!(
                !clean.to_string().contains("secret"),
                "{said} {depth}: {clean}"
            );
            text = json!({"text": text}).to_string();
        }
    }
}
