//! Examples of values that say nothing about a person.

use crate::api::json::Json;

/// Integers from here on may be ids.
const LARGE: i128 = 1_000_000;
/// Longest word that names a kind.
const WORD_BYTES: usize = 24;
/// Ends of the names of fields whose values are one of a few words.
const KINDS: [&str; 8] = [
    "kind", "type", "status", "state", "role", "setting", "format", "code",
];

/// Returns a value as text. Every string is described by its length only, except numbers and the words of a field that names
/// a kind.
#[must_use]
pub fn masked(path: &str, value: &Json<'_>) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Int(value) if (1 - LARGE..LARGE).contains(value) => value.to_string(),
        Json::Int(value) => format!(
            "an integer of {} digits",
            value.unsigned_abs().to_string().len()
        ),
        Json::Float(_) => "a number with a fraction or exponent".to_owned(),
        Json::Text(text) if is_short_number(text) || names_kind(path) && is_word(text) => {
            format!("\"{text}\"")
        }
        Json::Text(text) => format!("a string of length {}", text.chars().count()),
        Json::Array(items) => format!("an array of length {}", items.len()),
        Json::Object(_) => "an object".to_owned(),
        Json::TooDeep => "a value that is nested too deep".to_owned(),
    }
}

fn is_short_number(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn names_kind(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    KINDS.iter().any(|kind| {
        name.strip_suffix(kind)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    })
}

fn is_word(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    !text.is_empty() && text.len() <= WORD_BYTES && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::masked;
    use crate::api::json::Json;

    #[test]
    fn only_numbers_booleans_and_kinds_are_shown() {
        for (path, json, expected) in [
            ("data.verified", "true", "true"),
            ("data.like_count", "37", "37"),
            ("data.like_count", "\"37\"", "\"37\""),
            ("data.id", "17000000001", "an integer of 11 digits"),
            ("data.id", "-1000000", "an integer of 7 digits"),
            ("data.at", "1.5", "a number with a fraction or exponent"),
            ("data.kind", "\"sora\"", "\"sora\""),
            ("data.items[].share_setting", "\"public\"", "\"public\""),
            ("data.kind", "\"Alice\"", "a string of length 5"),
            ("data.mankind", "\"alice\"", "a string of length 5"),
            ("data.username", "\"alice\"", "a string of length 5"),
            ("data.text", "\"été\"", "a string of length 3"),
            ("data.items", "[1,2]", "an array of length 2"),
            ("data", "{\"a\":1}", "an object"),
        ] {
            assert_eq!(
                masked(path, &Json::parse(json).unwrap()),
                expected,
                "{json}"
            );
        }
    }
}
