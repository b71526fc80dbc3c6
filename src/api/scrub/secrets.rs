//! Names of headers, cookies and parameters that have a secret as their value.

use std::ops::Range;

/// Parameters of addresses that are secrets, whatever the address is of. Links to files keep their signatures.
const PARAMETERS: [&str; 12] = [
    "api_key",
    "apikey",
    "api-key",
    "x-api-key",
    "access_token",
    "auth_token",
    "refresh_token",
    "id_token",
    "session_token",
    "authorization",
    "client_secret",
    "password",
];

/// Returns the letters and digits of a name, in lower case.
pub(super) fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Returns whether a name of a header, cookie or parameter has a secret as its value.
pub(super) fn is_secret(name: &str) -> bool {
    let name = letters(name);
    let ends = [
        "cookie",
        "cookies",
        "setcookie2",
        "cookiejar",
        "authorization",
        "apikey",
        "secretkey",
        "accesskey",
        "clientsecret",
        "password",
        "passwd",
        "jsessionid",
    ];
    let is_place = ["page", "cursor", "continuation", "next", "sync"]
        .iter()
        .any(|word| name.contains(word));
    ends.iter().any(|end| name.ends_with(end))
        || matches!(
            name.as_str(),
            "auth" | "secret" | "session" | "sessionid" | "credentials"
        )
        || (name.ends_with("token") && !is_place)
}

/// Returns whether a word is the name of a header, and hardly anything else.
pub(super) fn is_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        name.as_str(),
        "authorization"
            | "proxy-authorization"
            | "set-cookie"
            | "x-api-key"
            | "content-type"
            | "user-agent"
    )
}

/// Returns whether a text is a message of HTTP with a secret in its head.
pub(super) fn is_message(text: &str) -> bool {
    text.contains("HTTP/")
        && text.lines().any(|line| {
            line.split_once(':')
                .is_some_and(|(name, _)| is_secret(name))
        })
}

/// Returns the values of secret parameters in the addresses of a text.
pub(super) fn parameters(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    memchr::memchr_iter(b'=', text).filter_map(move |at| {
        let before = &text[..at];
        let is_one = PARAMETERS.iter().any(|name| {
            let Some(start) = at.checked_sub(name.len()) else {
                return false;
            };
            // The `6` is the end of \u0026, which some JSON encoders write for `&`.
            before[start..].eq_ignore_ascii_case(name.as_bytes())
                && (start == 0 || b"?&;\"6 #".contains(&before[start - 1]))
        });
        let end = super::rules::token_end(text, at + 1);
        (is_one && end > at + 1).then_some(at + 1..end)
    })
}
