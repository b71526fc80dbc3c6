//! Places in a list that a request states under another name than `cursor`. A page that is taken for the first one of its list
//! would end it, or never be bought.

use serde_json::value::RawValue;

use super::fields::Fields;
use super::parameter::{scalar, tells_calls_apart};
use crate::api::is_no;

/// Names whose text is a place. Only the letters of a name count.
const TOKENS: [&str; 29] = [
    "after",
    "afterid",
    "anchor",
    "before",
    "beforeid",
    "bookmark",
    "continuation",
    "continuationtoken",
    "endingbefore",
    "exclusivestartkey",
    "lastid",
    "lastkey",
    "lastpostid",
    "marker",
    "maxid",
    "minid",
    "next",
    "nextpage",
    "nexttoken",
    "pagekey",
    "pagetoken",
    "paginationtoken",
    "scrollid",
    "searchafter",
    "since",
    "sinceid",
    "skiptoken",
    "startingafter",
    "untilid",
];
/// Names whose number is a place, with the number of the first page.
const NUMBERS: [(&str, u64); 11] = [
    ("currentpage", 1),
    ("from", 0),
    ("offset", 0),
    ("p", 1),
    ("page", 1),
    ("pageindex", 0),
    ("pageno", 1),
    ("pagenum", 1),
    ("pagenumber", 1),
    ("skip", 0),
    ("startindex", 0),
];
/// Names that beside a reply are of something else, or of the next page.
const OTHERS: [&str; 13] = [
    "anchor",
    "before",
    "bookmark",
    "from",
    "lastid",
    "lastpostid",
    "marker",
    "offset",
    "p",
    "pageindex",
    "since",
    "skip",
    "startindex",
];
const BEGIN_OTHERS: [&str; 4] = ["next", "end", "prev", "continuation"];
/// Beginnings and ends of names that say something about a cursor.
const ABOUT: [&str; 2] = ["has", "is"];
const END_ABOUT: [&str; 7] = ["count", "field", "hash", "key", "name", "param", "type"];
/// How deep a place is looked for.
const DEEPEST: u32 = 4;

/// Returns the letters of the last part of a name, as in `page[after]` and `paging.next`.
fn letters(name: &str) -> String {
    let mut parts = name.rsplit(['.', '[', ']']);
    let last = parts.find(|part| !part.is_empty()).unwrap_or_default();
    let letters = last.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
}

/// Returns whether a parameter may be a place, and is none that tells calls apart.
fn is_name(name: &str) -> bool {
    let letters = letters(name);
    let is_about = ABOUT.iter().any(|it| letters.starts_with(it))
        || END_ABOUT.iter().any(|it| letters.ends_with(it));
    // As `cursor[0]` and `cursor.value`.
    let is_part = name
        .to_ascii_lowercase()
        .strip_prefix("cursor")
        .is_some_and(|rest| rest.starts_with(['[', '.']));
    !tells_calls_apart(name)
        && (is_part
            || (letters.contains("cursor") && !is_about)
            || letters.ends_with("pagetoken")
            || TOKENS.contains(&&*letters)
            || NUMBERS.iter().any(|(name, _)| *name == letters))
}

/// Returns whether a parameter is the place of another page than the first one.
pub(super) fn is_place(name: &str, value: &str) -> bool {
    is_name(name) && is_later(name, value)
}

/// Returns whether a key beside a reply may be the place of its page.
pub(super) fn is_place_beside(name: &str, value: &str) -> bool {
    let letters = letters(name);
    let is_of_other =
        OTHERS.contains(&&*letters) || BEGIN_OTHERS.iter().any(|it| letters.starts_with(it));
    !is_of_other && is_place(name, value)
}

fn is_later(name: &str, value: &str) -> bool {
    let (letters, value) = (letters(name), value.trim());
    // The beginning of `1/3` and `1 of 3`.
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let number: Option<u64> = value[..digits].parse().ok();
    match NUMBERS.iter().find(|(name, _)| *name == letters) {
        Some((_, first)) => match number {
            Some(number) => number > *first,
            // A word or an address may be that of a page of the site.
            None => value.contains('=') && !value.starts_with("http"),
        },
        None => !is_no(value),
    }
}

/// Returns a place that is inside of a value in JSON, with its name.
pub(super) fn inside(json: &str) -> Option<(String, String)> {
    search(json, 0)
}

fn search(json: &str, depth: u32) -> Option<(String, String)> {
    if depth > DEEPEST {
        return None;
    }
    match json.trim_start().as_bytes().first()? {
        b'{' => {
            let fields = Fields::of(json.as_bytes())?;
            let mut keys = fields.0.iter().map(|(key, raw)| (key, raw.get()));
            keys.find_map(|(key, json)| {
                let is_cursor = key.eq_ignore_ascii_case("cursor");
                let value = scalar(json).filter(|_| is_cursor || is_name(key));
                match value.filter(|value| is_later(key, value)) {
                    Some(value) => Some((key.to_string(), value)),
                    None => search(json, depth + 1),
                }
            })
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            items.iter().find_map(|item| search(item.get(), depth + 1))
        }
        b'"' => {
            let text: String = serde_json::from_str(json).ok()?;
            let is_json = text.trim_start().starts_with(['{', '[']);
            is_json.then(|| search(&text, depth + 1))?
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{inside, is_place, is_place_beside};

    #[test]
    fn a_later_page_is_told_by_name_and_value() {
        for (name, value) in [
            ("next_cursor", "c"),
            ("pageToken", "c"),
            ("AFTER", "c"),
            ("page", "2"),
            ("offset", "30"),
            ("page[after]", "c"),
            ("params[cursor]", "c"),
            ("variables.cursor", "c"),
            ("page", "eyJ="),
            ("page", "2 of 3"),
            ("cursor[0]", "c"),
            ("cursor.value", "c"),
            ("last_post_id", "c"),
        ] {
            assert!(is_place(name, value), "{name}");
        }
        for (name, value) in [
            ("cursor", "c"),
            ("user_id", "c"),
            ("next_cursor", ""),
            ("after", "null"),
            ("page", "1"),
            ("offset", "0"),
            ("page", "profile"),
            ("page", "https://h/profile/user1"),
            ("page", "posts-1"),
            ("page", "1/3"),
            ("has_cursor", "true"),
            ("cursor_count", "1"),
            ("limit", "30"),
            ("cut", "nf2"),
        ] {
            assert!(!is_place(name, value), "{name}");
        }
        assert!(is_place_beside("page", "3") && is_place_beside("cursor_out", "c"));
        assert!(!is_place_beside("next_cursor", "c") && !is_place_beside("offset", "30"));
    }

    #[test]
    fn a_place_is_found_inside_of_values() {
        for json in [
            r#"{"after":"c"}"#,
            r#"{"a":{"Cursor":"c"}}"#,
            r#"[{"x":1},{"pagination":{"next":"c"}}]"#,
            r#""{\"variables\":{\"cursor\":\"c\"}}""#,
        ] {
            assert_eq!(
                inside(json).map(|(_, value)| value).as_deref(),
                Some("c"),
                "{json}"
            );
        }
        for json in [
            "{}",
            r#"{"cursor":null}"#,
            r#""cursor""#,
            r#"{"cursor":{}}"#,
            "[1]",
            "{",
        ] {
            assert_eq!(inside(json), None, "{json}");
        }
        // A hostile one is not gone through to its end.
        let deep = format!("{}{{\"cursor\":\"c\"}}{}", "[".repeat(90), "]".repeat(90));
        assert_eq!(inside(&deep), None);
    }
}
