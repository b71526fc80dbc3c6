//! Examples of values that say nothing about a person.

use crate::api::json::Json;

/// Ends of the names of fields whose values are one of a few words.
const KINDS: [&str; 8] = [
    "kind", "type", "status", "state", "role", "setting", "format", "code",
];
/// The words that the values of such fields are known to be.
const VALUES: &str = "
active admin audio cameo cancelled character comment completed default deleted done draft error everyone expired failed
file finished followers free friends gif image inactive jpeg member mp4 mutuals nobody none ok open original owner pending
png plus post private pro processing profile public published queued ready remix removed reply repost running sora srt
started stopped success succeeded team text unlisted upload user user_followers video video_gen viewer vtt waiting webm webp
";

/// Returns a value as text. Of a number, a string and a list only the form is told, except of words that name a kind.
#[must_use]
pub fn masked(path: &str, value: &Json<'_>) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Int(value) => {
            let digits = value.unsigned_abs().to_string().len();
            format!("an integer of {} digits", size(digits))
        }
        Json::Float(_) => "a number with a fraction or exponent".to_owned(),
        Json::Text(text) if text.is_empty() => "an empty string".to_owned(),
        Json::Text(text) if names_kind(path) && is_known(text) => format!("\"{text}\""),
        Json::Text(text) => {
            let letters = size(text.chars().count());
            format!("a string of {}, length {letters}", class(text))
        }
        Json::Array(items) if items.is_empty() => "an empty array".to_owned(),
        Json::Array(items) => format!("an array of length {}", size(items.len())),
        Json::Object(_) => "an object".to_owned(),
        Json::TooDeep => "a value that is nested too deep".to_owned(),
    }
}

fn size(size: usize) -> &'static str {
    match size {
        ..=3 => "1 to 3",
        4..=16 => "4 to 16",
        17..=64 => "17 to 64",
        65..=256 => "65 to 256",
        _ => "over 256",
    }
}

fn class(text: &str) -> &'static str {
    let is_all = |is_meant: fn(&u8) -> bool| text.bytes().all(|byte| is_meant(&byte));
    if is_all(u8::is_ascii_digit) {
        "digits"
    } else if is_all(u8::is_ascii_alphabetic) {
        "letters"
    } else if is_all(u8::is_ascii_alphanumeric) {
        "letters and digits"
    } else if text.is_ascii() {
        "ASCII characters"
    } else {
        "characters"
    }
}

fn names_kind(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    KINDS.iter().any(|kind| {
        name.strip_suffix(kind)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    })
}

fn is_known(text: &str) -> bool {
    VALUES.split_ascii_whitespace().any(|value| value == text)
}

#[cfg(test)]
mod tests {
    use super::masked;
    use crate::api::json::Json;

    #[test]
    fn only_booleans_and_known_kinds_are_shown() {
        for (path, json, expected) in [
            ("data.verified", "true", "true"),
            ("data.verified", "null", "null"),
            ("data.like_count", "37", "an integer of 1 to 3 digits"),
            (
                "data.like_count",
                "\"37\"",
                "a string of digits, length 1 to 3",
            ),
            ("data.id", "17000000001", "an integer of 4 to 16 digits"),
            ("data.id", "-1000000", "an integer of 4 to 16 digits"),
            ("data.at", "1.5", "a number with a fraction or exponent"),
            ("data.kind", "\"sora\"", "\"sora\""),
            ("data.items[].share_setting", "\"public\"", "\"public\""),
            (
                "data.account_type",
                "\"alice\"",
                "a string of letters, length 4 to 16",
            ),
            (
                "data.state",
                "\"dark_moon\"",
                "a string of ASCII characters, length 4 to 16",
            ),
            (
                "data.code",
                "\"al1\"",
                "a string of letters and digits, length 1 to 3",
            ),
            (
                "data.mankind",
                "\"public\"",
                "a string of letters, length 4 to 16",
            ),
            (
                "data.username",
                "\"public\"",
                "a string of letters, length 4 to 16",
            ),
            (
                "data.text",
                "\"été\"",
                "a string of characters, length 1 to 3",
            ),
            ("data.text", "\"\"", "an empty string"),
            ("data.items", "[1,2]", "an array of length 1 to 3"),
            ("data.items", "[]", "an empty array"),
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
