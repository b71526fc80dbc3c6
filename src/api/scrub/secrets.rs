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

/// Parts, ends, beginnings and whole names of those that have a secret.
const PARTS: [&str; 3] = ["authorization", "csrf", "xsrf"];
const ENDS: [&str; 12] = [
    "cookie",
    "cookies",
    "setcookie2",
    "cookiejar",
    "apikey",
    "secretkey",
    "accesskey",
    "clientsecret",
    "password",
    "passwd",
    "jsessionid",
    "token",
];
const WHOLE: [&str; 7] = [
    "auth",
    "bearer",
    "credentials",
    "jwt",
    "secret",
    "session",
    "sessionid",
];
/// Ends of names of tokens that are a place in a list.
const PLACES: [&str; 5] = [
    "pagetoken",
    "cursortoken",
    "continuationtoken",
    "nexttoken",
    "synctoken",
];

/// Returns whether a name of a header, cookie or parameter has a secret as its value.
pub(super) fn is_secret(name: &str) -> bool {
    let name = letters(name);
    let ends = |with: &[&str]| with.iter().any(|end| name.ends_with(end));
    (ends(&ENDS) && !ends(&PLACES))
        || PARTS.iter().any(|part| name.contains(part))
        || name.starts_with("cookies")
        || WHOLE.contains(&&*name)
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

/// Returns whether a text has a header with a secret: a message of HTTP, or the command of a client.
pub(super) fn is_message(text: &str) -> bool {
    let is_http = text.contains("HTTP/");
    text.match_indices(':').any(|(at, _)| {
        let before = text[..at].trim_end();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let name = &before[before.trim_end_matches(is_name).len()..];
        (is_http && is_secret(name)) || is_value_of(name, text[at + 1..].trim_start())
    })
}

/// Returns whether a text begins with what a header has as its value, and a sentence does not.
fn is_value_of(header: &str, text: &str) -> bool {
    let mut words = text.split([' ', '\t', '\r', '\n', ';', '\'', '"']);
    let first = words.next().unwrap_or_default();
    match header.to_ascii_lowercase().as_str() {
        "cookie" | "set-cookie" => first.contains('='),
        "x-api-key" | "api-key" => is_coded(first),
        "authorization" | "proxy-authorization" => {
            let is_scheme = ["bearer", "basic", "digest", "token"]
                .iter()
                .any(|scheme| first.eq_ignore_ascii_case(scheme));
            is_scheme && words.next().is_some_and(is_coded)
        }
        _ => false,
    }
}

/// Returns whether a word is a key, and hardly one of a language.
fn is_coded(word: &str) -> bool {
    let is_odd = |letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase();
    word.len() >= 8 && word.chars().skip(1).any(is_odd)
}

/// Returns the secrets in the addresses of a text: values of parameters, and passwords.
pub(super) fn parameters(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    memchr::memchr2_iter(b'=', b'@', text).filter_map(move |at| match text[at] {
        b'=' => parameter(text, at),
        _ => password(text, at),
    })
}

fn parameter(text: &[u8], at: usize) -> Option<Range<usize>> {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let length = text[..at].iter().rev().take_while(is_part).count();
    let (before, name) = text[..at].split_at(at - length);
    // As some JSON encoders write `&`.
    let escaped = name
        .strip_prefix(b"u0026")
        .filter(|_| before.ends_with(b"\\"));
    let begins = before.last().is_none_or(|byte| b"?&;\"#".contains(byte));
    let name = escaped.or_else(|| begins.then_some(name))?;
    let is_one = PARAMETERS
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
    if !is_one {
        return None;
    }
    let end = super::rules::token_end(text, at + 1);
    (end > at + 1).then_some(at + 1..end)
}

/// Returns the password of `https://name:password@host`, whose `@` is here.
fn password(text: &[u8], at: usize) -> Option<Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$*+=".contains(byte);
    let beginning = |end: usize| {
        let part = text[..end].iter().rev().take_while(|byte| is_part(byte));
        end - part.count()
    };
    let start = beginning(at);
    let colon = start.checked_sub(1).filter(|it| text[*it] == b':')?;
    let name = beginning(colon);
    let is_address = text[..name].ends_with(b"://") || text[..name].ends_with(br":\/\/");
    (is_address && start < at).then_some(start..at)
}

#[cfg(test)]
mod tests {
    use super::super::captured::walked;
    use super::super::hints::may_have_secrets;
    use super::{ENDS, PARAMETERS, PARTS, WHOLE, is_message, parameters};

    #[test]
    fn words_of_people_are_no_secrets() {
        for text in [
            "the hacker types password=1234 and wins",
            "my api_key=abc is public",
            "Cookie: a recipe",
            "Cookies:\n3 cups of flour = 300 g",
            "Authorization: basic understanding of HTTP",
            "authorization: token gesture",
            "x-api-key: required",
            "set-cookie: see below, a=b",
            "time 12:30 @ noon, http://h/@name, mail a:b@c",
        ] {
            assert!(!is_message(text), "{text}");
            assert_eq!(parameters(text.as_bytes()).count(), 0, "{text}");
        }
    }

    #[test]
    fn secrets_of_clients_are_found_in_texts() {
        for text in [
            "GET / HTTP/1.1\r\nCookie: a",
            "curl -H 'Authorization: Bearer a1b2c3d4' h",
            "proxy-authorization: Basic dXNlcjpwYXNz",
            "Host: h\nset-cookie: a=b; Path=/",
            "wget --header \"X-API-Key: sk-12345678\"",
        ] {
            assert!(is_message(text), "{text}");
        }
        for (text, secret) in [
            ("https://u:pa%20ss@h/", "pa%20ss"),
            (r"http:\/\/u:p@h", "p"),
            ("https://h/?a=1&api_key=k-1", "k-1"),
            (r"https://h/?a=1\u0026API_KEY=k-1", "k-1"),
            ("password=p&x=1", "p"),
        ] {
            let found: Vec<&str> = parameters(text.as_bytes()).map(|it| &text[it]).collect();
            assert_eq!(found, [secret], "{text}");
        }
    }

    #[test]
    fn each_name_of_a_secret_has_a_hint() {
        let names = [&PARTS[..], &ENDS, &WHOLE, &PARAMETERS].concat();
        for name in names {
            for body in [
                format!("[\"/x?a=1;{name}=b\"]"),
                format!("[\"/x?a=1\\u0026{name}=b\"]"),
                format!("{{\"{name}\":\"a\"}}"),
                format!("{{\"a\":\"{{\\\"{}\\\":1}}\"}}", name.to_uppercase()),
                format!("[[\"x-{name}\",\"a\"]]"),
            ] {
                let is_found = may_have_secrets(body.as_bytes());
                assert!(is_found || walked(body.as_bytes()).is_none(), "{body}");
            }
        }
    }
}
