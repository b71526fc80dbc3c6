//! The names of keys in paths. A key that is a value itself, such as an id, becomes `*`.

use std::borrow::Cow;

use crate::api::json::Json;

/// Longest name of a field.
const NAME_BYTES: usize = 40;
/// Digits that a name of a field may have.
const NAME_DIGITS: usize = 3;

/// Returns the names of an object's keys. A key that a reader asks for is the name of a field.
pub(super) fn names<'e>(
    entries: &'e [(Cow<'_, str>, Json<'_>)],
    is_asked: impl Fn(&str) -> bool,
) -> Vec<&'e str> {
    let asked: Vec<bool> = entries.iter().map(|(key, _)| is_asked(key)).collect();
    let is_map = !asked.contains(&true) && is_map(entries);
    let named = entries.iter().zip(asked);
    named
        .map(
            |((key, _), is_asked)| match is_asked || !is_map && is_name(key) {
                true => key.as_ref(),
                false => "*",
            },
        )
        .collect()
}

/// Returns whether a key has the form of a field's name.
fn is_name(key: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    !key.is_empty() && key.len() <= NAME_BYTES && key.chars().all(is_part) && digits <= NAME_DIGITS
}

/// Returns whether an object has several values of one form: then its keys tell them apart, like ids.
fn is_map(entries: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    let [(_, Json::Object(first)), rest @ ..] = entries else {
        return false;
    };
    let is_like = |json: &Json<'_>| match json {
        Json::Object(other) => {
            other.len() == first.len()
                && other.iter().zip(first).all(|(one, other)| one.0 == other.0)
        }
        _ => false,
    };
    !rest.is_empty() && rest.iter().all(|(_, json)| is_like(json))
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::api::json::Json;

    fn of(text: &str, asked: &[&str]) -> Vec<String> {
        let Json::Object(entries) = Json::parse(text).unwrap() else {
            panic!("an object");
        };
        let names = names(&entries, |key| asked.contains(&key));
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn ids_and_keys_of_maps_become_a_star() {
        assert_eq!(
            of(r#"{"like_count":1,"utf8":2}"#, &[]),
            ["like_count", "utf8"]
        );
        assert_eq!(
            of(r#"{"user-abc":1,"s_68e4661":2,"":3,"é":4}"#, &[]),
            ["*"; 4]
        );
        let map = r#"{"alice":{"n":1},"bob":{"n":2}}"#;
        assert_eq!(of(map, &[]), ["*", "*"]);
        assert_eq!(of(map, &["alice"]), ["alice", "bob"], "a reader knows it");
        assert_eq!(
            of(r#"{"post":{"n":1},"profile":{"m":2}}"#, &[]),
            ["post", "profile"]
        );
        assert_eq!(of(r#"{"post":{"n":1}}"#, &[]), ["post"]);
    }
}
