//! Whether a body may have a secret at all. Most have none, and need not be walked through.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use super::secrets::{is_secret, letters};

/// A part of each name that has a secret, or a client, as its value: of keys, headers and parameters.
const WORDS: [&str; 15] = [
    "auth",
    "bearer",
    "config",
    "cookie",
    "credential",
    "csrf",
    "header",
    "jwt",
    "key",
    "pass",
    "request",
    "secret",
    "session",
    "token",
    "xsrf",
];
/// The marks of a message of HTTP, which may have more names. Some encoders escape its slash.
const MESSAGES: [&str; 2] = ["http/", r"http\"];
/// How much of a name or an address is looked at on each side of a word: the ends of longer names say as much.
const AROUND: usize = 128;
/// What encoders write as an escape so that a page may show it. Another one may hide a letter, a quote or a backslash.
const ESCAPED: &[u8] = b"&<>'";

static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true);
    // Without a search, every body may have one.
    builder.build(WORDS.iter().chain(&MESSAGES)).ok()
});
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r"\u00"));

/// Returns whether a body may have a secret. False only if it has none; a word that something splits, as in `coo-kie`, is not
/// found.
pub(super) fn may_have_secrets(body: &[u8]) -> bool {
    let Some(names) = NAMES.as_ref() else {
        return true;
    };
    let is_hint = |found: aho_corasick::Match| {
        found.pattern().as_usize() >= WORDS.len() || is_in_name(body, found.start(), found.end())
    };
    names.find_iter(body).any(is_hint)
        || has_hidden(body)
        || memchr::memchr_iter(b'@', body).any(|at| may_be_password(body, at))
}

/// Returns whether the word at a place is in a name of a secret or of a client.
fn is_in_name(body: &[u8], start: usize, end: usize) -> bool {
    let around = |is_part: fn(u8) -> bool| {
        let before = body[..start].iter().rev().take(AROUND);
        let before = before.take_while(|byte| is_part(**byte)).count();
        let after = body[end..].iter().take(AROUND);
        let after = after.take_while(|byte| is_part(**byte)).count();
        &body[start - before..end + after]
    };
    // A header in a text; a whole name, up to an escape, and also with escapes.
    let word = around(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let part = around(|byte| !b"\"\\".contains(&byte));
    let name = around(|byte| byte != b'"');
    is_secret(&String::from_utf8_lossy(word))
        || is_name(&String::from_utf8_lossy(part))
        || (name.len() > part.len() && is_name(&without_escapes(name)))
}

/// Returns whether a key has a secret, or may have a client with one.
fn is_name(key: &str) -> bool {
    let name = letters(key);
    let is_of_client = matches!(&*name, "config" | "request" | "requestconfig");
    is_of_client || name.ends_with("headers") || is_secret(key)
}

/// Returns a name without what backslashes stand for: none of it is a letter.
fn without_escapes(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let mut parts = text.split('\\');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escape = match part.as_bytes() {
            [b'u', digits @ ..] if digits.len() >= 4 => 5,
            [b'b' | b'f' | b'n' | b'r' | b't' | b'/', ..] => 1,
            _ => 0,
        };
        name.push_str(part.get(escape..).unwrap_or(part));
    }
    name
}

/// Returns whether an escape hides what could be a part of a name.
fn has_hidden(body: &[u8]) -> bool {
    ESCAPE.find_iter(body).any(|at| {
        let digits = body.get(at + 4..at + 6);
        let digits = digits.and_then(|it| std::str::from_utf8(it).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| (b' '..=b'~').contains(&byte) && !ESCAPED.contains(&byte))
    })
}

/// Returns whether this `@` may end the password of an address, however its slashes are escaped.
fn may_be_password(body: &[u8], at: usize) -> bool {
    let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !b"\"'<>".contains(byte);
    let before = body[..at].iter().rev();
    let length = before.take(2 * AROUND).take_while(is_part).count();
    let address = &body[at - length..at];
    let mut colons = memchr::memchr_iter(b':', address);
    let begins = colons.any(|colon| matches!(address.get(colon + 1), Some(b'/' | b'\\')));
    length == 2 * AROUND || (begins && colons.next().is_some())
}

#[cfg(test)]
mod tests {
    use super::super::captured::walked;
    use super::may_have_secrets;

    #[test]
    fn ordinary_words_are_no_hints() {
        for body in [
            r#"{"author":"a","authored":1,"key":"v","passed":true,"keyframe":2,"session_count":3}"#,
            r#"{"message":"Request successful. This request will incur a charge.","request_id":"r"}"#,
            r#"{"cache_message":"This request will be cached. You can access the cached result directly using the URL below, valid for 24 hours. Accessing the cache will not incur additional charges."}"#,
            r#"{"url":"https://h/a?b=1\u0026sig=2","text":"\u003c@user\u003e d\u00e9j\u00e0 vu","page_token":"t"}"#,
        ] {
            assert!(!may_have_secrets(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn names_of_secrets_are_hints_in_any_writing() {
        for body in [
            r#"{"Api Key":"a"}"#,
            r#"{"a":"{\"x-api-key\":\"b\"}"}"#,
            r#"["\tsecret","b"]"#,
            r#"{"\u0063ookie":"c"}"#,
            r#"{"a":"{\\\"c\\u006fokie\\\":1}"}"#,
            r#"{"text":"GET / HTTP/2\r\nauth: b"}"#,
            r#"{"request":{"url":"u"}}"#,
            r#"{"a":"https://u:p@h"}"#,
            r#"[{"name":"_xsrf","value":"2|abcd"}]"#,
            r#"{"raw":"GET \/ HTTP\/1.1\r\nsession: abc\r\n"}"#,
            r#"{"x":"{\"proxy\": \"http:\\/\\/user:pa55@proxy.h:8080\"}"}"#,
            r#"{"x":"http:\/\/us:p\u003dw@h"}"#,
            r#"{"API\u00a0Key":"k"}"#,
            r#"{"API\tKey":"k"}"#,
            r#"{"Access\/Key":"k"}"#,
            r#"{"name":"API \u5bc6\u94a5 key","value":"k"}"#,
        ] {
            assert!(may_have_secrets(body.as_bytes()), "{body}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4000))]
        #[test]
        fn nothing_is_removed_from_a_body_without_hints(parts in proptest::collection::vec(part(), 1..14)) {
            let body = parts.concat();
            if !may_have_secrets(body.as_bytes()) {
                proptest::prop_assert_eq!(walked(body.as_bytes()), None, "{}", body);
            }
        }
    }

    fn part() -> impl proptest::strategy::Strategy<Value = String> {
        let all = [
            "\"",
            "\"",
            "\"",
            "\":\"",
            "\":\"",
            "\",\"",
            "\\\"",
            "\\\":\\\"",
            ":",
            ",",
            "{",
            "}",
            "[",
            "]",
            "[\"",
            "{\"",
            "{\"name\":\"",
            "\",\"value\":\"b\"}",
            "{\\\"",
            "\\n",
            "\\t",
            "\\u00",
            "\\u0063",
            "\\u0026",
            " ",
            "-",
            "_",
            ".",
            "a",
            "1",
            "=",
            "@",
            "é",
            "Cookie: a=b",
            "cookie",
            "Set-Cookie",
            "author",
            "auth",
            "authorization: Bearer ",
            "abcDEF123",
            "x-csrf-token",
            "token",
            "page_",
            "api",
            "key",
            "pass",
            "word",
            "secret",
            "session",
            "id",
            "jwt",
            "HTTP/1.1",
            "https://u:p@h",
            "?api_key=1",
            "headers",
            "config",
            "request",
            "url",
            "content-type",
            "credentials",
            "xsrf",
            "HTTP\\/1.1",
            "\\r\\n",
            "\\/",
            "\\u00a0",
            "http:\\/\\/u:p@h",
            "http:\\\\/\\\\/u:p@h",
            "access",
            "Key",
            "_xsrf",
            "bearer: ",
        ];
        proptest::sample::select(all.map(str::to_owned).to_vec())
    }
}
