//! What stands at a place of a body.

use std::borrow::Cow;
use std::ops::Range;

use super::names::{is_secret, unnumbered};

/// A value, and where it is.
pub(super) struct Node<'b> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind<'b>,
}

pub(super) enum Kind<'b> {
    Text(Cow<'b, str>),
    /// A list, with its name and the range of its value if it is a pair of these.
    List(Option<(Cow<'b, str>, Range<usize>)>),
    /// An object; of a client, if it says where a request went to.
    Object {
        is_of_client: bool,
    },
    Number,
    /// A truth value or nothing.
    Word,
}

/// What a string says.
pub(super) struct Unquoted<'b> {
    pub(super) text: Cow<'b, str>,
    /// Whether its escapes are decoded. If one of them is bad, all stay.
    pub(super) is_decoded: bool,
}

/// Returns what a string says.
pub(super) fn unquoted(raw: &[u8]) -> Unquoted<'_> {
    let plain = std::str::from_utf8(raw)
        .ok()
        .filter(|it| !it.contains('\\'));
    let text = plain.map(|raw| Cow::Borrowed(raw.trim_matches('"')));
    let text = text.or_else(|| serde_json::from_slice::<String>(raw).ok().map(Cow::Owned));
    let is_decoded = text.is_some();
    let text = text
        .unwrap_or_else(|| Cow::Owned(String::from_utf8_lossy(raw).trim_matches('"').to_owned()));
    Unquoted { text, is_decoded }
}

/// Returns whether the value of a key is removed.
pub(super) fn is_removed(key: &str, value: &Kind<'_>) -> bool {
    let name = unnumbered(key);
    match value {
        Kind::Word => false,
        Kind::Text(text) if text.is_empty() => false,
        // A number of tokens or of something per session, perhaps.
        Kind::Number => {
            let is_count = ["token", "session", "secret", "secrets", "cookie", "cookies"]
                .iter()
                .any(|end| name.ends_with(end));
            is_secret(key) && (!is_count || name == "session")
        }
        // A hit of a search has the mention of a user as its token.
        Kind::Text(text) if name == "token" => !text.starts_with("<@"),
        Kind::Object { is_of_client: true }
            if matches!(name.as_str(), "config" | "request" | "requestconfig") =>
        {
            true
        }
        _ => is_secret(key) || name.ends_with("headers"),
    }
}
