//! Whether a body may have a secret at all. Most have none, and need not be walked through.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use super::commands::{CLIENTS, is_command};
use super::names::{is_secret, is_secret_of, letters, unnumbered};
use super::tokens::{beginnings, may_be_token};
use super::units::after_escape;

/// A part of each name that has a secret, or a client, as its value: of keys, headers and parameters. Each with the letters, or
/// beginnings of such, that may follow in a name; `None` if any may.
const WORDS: [(&str, Option<&[&str]>); 28] = [
    ("abck", Some(&[])),
    ("assertion", Some(&[])),
    ("auth", None),
    ("bearer", Some(&[])),
    ("bmsc", Some(&[])),
    ("cf_bm", Some(&[])),
    ("cfbm", Some(&[])),
    ("cfuvid", Some(&[])),
    ("clearance", Some(&[])),
    ("config", Some(&[])),
    ("cookie", None),
    ("credential", Some(&["s"])),
    ("csrf", None),
    ("datadome", Some(&[])),
    ("header", Some(&["s"])),
    ("jwt", Some(&[])),
    ("key", Some(&["id", "s"])),
    ("otp", Some(&[])),
    ("pass", Some(&["w", "p", "c"])),
    ("pwd", Some(&[])),
    ("request", Some(&["c"])),
    ("saml", Some(&["r"])),
    ("secret", Some(&["s"])),
    ("sess", Some(&["i", "d"])),
    ("sid", Some(&["ts", "cc", "tt", "guard"])),
    ("token", Some(&["s", "v", "h"])),
    ("verifier", Some(&[])),
    ("xsrf", None),
];
/// What says enough: messages of HTTP, which may have more names, attributes of cookies, and addresses that give access. Some
/// encoders escape the slash.
const MARKS: [&str; 8] = [
    "http/",
    r"http\",
    "httponly",
    "samesite",
    "hostonly",
    "webhooks",
    "hooks.slack.com",
    "api.telegram.org",
];
/// `@` in an address that is a part of another one.
const SIGNS: [&str; 2] = ["%40", "%2540"];
/// How much of a name or an address is looked at on each side of a word: the ends of longer names say as much.
const AROUND: usize = 128;
/// Shortest user of an address that is looked at without a password.
const USER: usize = 20;
/// What encoders write as an escape so that a page may show it. Another one may hide a letter, a quote or a backslash.
const ESCAPED: &[u8] = b"&<>'";

static HINTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true);
    let words = WORDS.iter().map(|(word, _)| *word);
    let marks = MARKS.into_iter().chain(SIGNS).chain(CLIENTS);
    // Without a search, every body may have one.
    builder.build(words.chain(marks).chain(beginnings())).ok()
});
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r"\u00"));

/// Returns whether a body may have a secret. False only if it has none; a word that something splits, as in `coo-kie`, is not
/// found.
pub(super) fn may_have_secrets(body: &[u8]) -> bool {
    let Some(hints) = HINTS.as_ref() else {
        return true;
    };
    hints
        .find_overlapping_iter(body)
        .any(|found| is_hint(body, &found))
        || has_hidden(body)
        || memchr::memchr_iter(b'@', body).any(|at| may_be_password(body, at))
}

fn is_hint(body: &[u8], found: &aho_corasick::Match) -> bool {
    let (start, end) = (found.start(), found.end());
    let mut number = found.pattern().as_usize();
    if let Some((word, ends)) = WORDS.get(number) {
        return may_be_in_name(word, *ends, &body[end..]) && is_in_name(body, start, end);
    }
    number -= WORDS.len();
    if number < MARKS.len() {
        return true;
    }
    number -= MARKS.len();
    if number < SIGNS.len() {
        return may_be_password(body, start);
    }
    number -= SIGNS.len();
    if number < CLIENTS.len() {
        return is_command(body, start, end);
    }
    may_be_token(body, number - CLIENTS.len(), start)
}

/// Returns false if letters after a word make it another one, as in `author` and `keyframe`.
fn may_be_in_name(word: &str, ends: Option<&[&str]>, after: &[u8]) -> bool {
    let begins = |with: &str| {
        let after = after.get(..with.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(with.as_bytes()))
    };
    let has_letter = after.first().is_some_and(u8::is_ascii_alphabetic);
    match ends {
        None => word != "auth" || !begins("or") || begins("ori"),
        Some(ends) => !has_letter || ends.iter().any(|end| begins(end)),
    }
}

/// Returns whether the word at a place is in a name of a secret or of a client.
fn is_in_name(body: &[u8], start: usize, end: usize) -> bool {
    let around = |is_part: fn(u8) -> bool| {
        let before = body[..start].iter().rev().take(AROUND);
        let before = before.take_while(|byte| is_part(**byte)).count();
        let after = body[end..].iter().take(AROUND);
        let after = after.take_while(|byte| is_part(**byte)).count();
        start - before..end + after
    };
    // A header or parameter in a text, perhaps after an escape; a whole name, up to an escape, and also with escapes.
    let word = around(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let bare = after_escape(body, word.start, word.end);
    let is_one = [word.start, bare].iter().any(|start| {
        let name = String::from_utf8_lossy(&body[*start..word.end]);
        is_secret(&name) || letters(&name).ends_with("headers")
    });
    if is_one {
        return !is_mention(body, word.start, word.end);
    }
    let part = around(|byte| !b"\"\\".contains(&byte));
    let name = around(|byte| byte != b'"');
    is_name(&String::from_utf8_lossy(&body[part.clone()]))
        || (name.len() > part.len() && is_name(&without_escapes(&body[name])))
}

/// Returns whether a whole key is the token that a hit of a search has: the mention of a user.
fn is_mention(body: &[u8], start: usize, end: usize) -> bool {
    let before = |at: usize| body[..at].trim_ascii_end();
    let is_after_value = |rest: &[u8]| {
        let value = rest.strip_suffix(b",").map(<[u8]>::trim_ascii_end);
        rest.ends_with(b"{")
            || value
                .and_then(<[u8]>::last)
                .is_some_and(|byte| b"}]\"".contains(byte) || byte.is_ascii_alphanumeric())
    };
    let after = body[end..]
        .strip_prefix(b"\"")
        .map(<[u8]>::trim_ascii_start);
    let value = after.and_then(|rest| rest.strip_prefix(b":"));
    let value = value.map(<[u8]>::trim_ascii_start);
    body[start..end].eq_ignore_ascii_case(b"token")
        && body[..start].last() == Some(&b'"')
        && is_after_value(before(start - 1))
        && value.is_some_and(begins_mention)
}

/// Returns whether a string of JSON begins with the mention of a user.
pub(super) fn begins_mention(string: &[u8]) -> bool {
    let text = string.strip_prefix(b"\"").unwrap_or_default();
    text.starts_with(b"<@")
        || text
            .get(..7)
            .is_some_and(|it| it.eq_ignore_ascii_case(br"\u003c@"))
}

/// Returns whether a key has a secret, or may have a client with one.
fn is_name(key: &str) -> bool {
    let name = unnumbered(key);
    let is_of_client = matches!(&*name, "config" | "request" | "requestconfig");
    is_of_client || name.ends_with("headers") || is_secret_of(&name)
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

/// Returns whether this `@` may end the password or the token of an address, however that is escaped.
fn may_be_password(body: &[u8], at: usize) -> bool {
    let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !b"\"<>`".contains(byte);
    let before = body[..at].iter().rev();
    let length = before.take(2 * AROUND).take_while(is_part).count();
    let address = &body[at - length..at];
    let is_coded = |two: &[u8]| two.eq_ignore_ascii_case(b"3a");
    let begins = |colon: usize| match &address[colon + 1..] {
        rest @ [b'/' | b'\\', ..] => {
            let user = rest.iter().position(|byte| !b"/\\".contains(byte));
            let user = &rest[user.unwrap_or(rest.len())..];
            rest.contains(&b':') || (user.len() >= USER && !user.contains(&b'/'))
        }
        _ => false,
    };
    length == 2 * AROUND
        || memchr::memchr_iter(b':', address).any(begins)
        || address.windows(2).any(is_coded)
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
            r#"{"text":"inside a keyboard, assessed by an author in Asia; requests and headed tokenized passion. biceps curl"}"#,
            r#"{"items":[{"profile":{},"token":"<@user-1>"},{"token": "\u003c@user-2\u003e","start":0}]}"#,
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
            r#"{"name":"token","token":"<@user-1>","value":"k"}"#,
            r#"{"a":"%26auth%3DabcDEF12"}"#,
            r#"{"a":"b\nx-auth: abcDEF12"}"#,
            r#"{"a":"curl\t-u a:b"}"#,
            r#"{"a":"?u=https%3A%2F%2Fu%3Ap%40h"}"#,
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
            "sess",
            "pwd",
            "sid",
            "curl ",
            "-b ",
            "-u ",
            "-H '",
            "'",
            "' ",
            "%26",
            "%3D",
            "%3Ftoken%3D",
            "https%3A%2F%2Fu%3Ap%40h",
            "%40",
            "https://u:p#w@",
            "\"token\":\"<@",
            "<@",
            "\\u003c@",
            "\\u0027",
            "ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9",
            "sk-",
            "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7",
            "eyJhbGciOi.",
            ".eyJhbGciOiJIUzI1NiJ9.",
            "Basic dXNlcjpwYXNz",
            "-----BEGIN PRIVATE KEY-----",
            "auth",
            "clearance",
            "HttpOnly",
            "; ",
            "=>",
            "(",
            ")",
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
            "\"curl -b a=b \"",
            "\"curl\\t-u u:p\"",
            "{\"cookie\":\"<@a\"}",
            "\"{'pwd': 'x'}\"",
            "\"\\\"pwd\\\": \\\"x\\\"\"",
            "\"?u=https%3A%2F%2Fu%3Ap%40h\"",
            "\"https://0123456789abcdef0123@h\"",
            "\"sk-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7\"",
            "{\"httpOnly\":1,\"value\":\"x\"}",
            "\"a=b; SameSite=x\"",
            "\"x-auth: abcDEF12\"",
            "\"n\\nx-auth: abcDEF12\"",
            "\"%26auth%3DabcDEF12\"",
            "\"?auth=abcDEF12\"",
            "\"?user[password]=x\"",
            "\"A_PWD=x\"",
            "\"x: Basic dXNlcjpwYXNz\"",
            "\"api.telegram.org\\/bot12345678901234567890\"",
            "\"auth=('u','p')\"",
            "\"connect.sid=a; b=c\"",
        ];
        proptest::sample::select(all.map(str::to_owned).to_vec())
    }
}
