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
