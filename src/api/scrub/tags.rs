//! Secrets in elements of XML: `<token>abc</token>`.

use std::ops::Range;

use super::names::is_secret;

/// Longest name that is looked at.
const NAME: usize = 64;

/// Returns the texts of elements whose names say that these are secrets.
pub(super) fn secrets(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut done = 0;
    memchr::memmem::find_iter(text, b"</").filter_map(move |close| {
        // The text of an element begins after all that ended before.
        let inside = done..close;
        done = close + 2;
        let name = name(text, close + 2)?;
        if !is_secret(std::str::from_utf8(&text[name.clone()]).ok()?) {
            return None;
        }
        let start = inside.start + memchr::memrchr(b'>', &text[inside])? + 1;
        let open = memchr::memrchr(b'<', &text[..start])?;
        let opened = self::name(text, open + 1)?;
        let is_same = text[opened].eq_ignore_ascii_case(&text[name]);
        (is_same && start < close).then_some(start..close)
    })
}

/// Returns the name of an element without its namespace.
fn name(text: &[u8], at: usize) -> Option<Range<usize>> {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let end = |at: usize| at + text[at..].iter().take(NAME).take_while(is_part).count();
    let first = end(at);
    match text.get(first) {
        Some(b':') => Some(first + 1..end(first + 1)),
        _ => Some(at..first),
    }
    .filter(|name| !name.is_empty())
}
