//! The names of keys in paths. A key that may say something about a person becomes `*`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::words::{has_form_of_field, has_known_words};
use crate::api::asked::Asked;
use crate::api::json::Json;

/// Fields whose values name people and posts.
const NAMING: [&str; 6] = [
    "user_id",
    "username",
    "display_name",
    "id",
    "post_id",
    "email",
];
/// Objects at the same place of a reply from which on a key of half of them is the name of a field.
const ENOUGH: u32 = 3;

/// What one reply tells about its keys.
pub(super) struct Keys<'r> {
    asked: &'r Asked,
    /// Ids and names of people and posts in the reply, in lower case.
    naming: HashSet<String>,
    /// By the place of objects that a reader reads: how many there are, and how many of them have a key.
    places: HashMap<String, (u32, HashMap<&'r str, u32>)>,
}

impl<'r> Keys<'r> {
    pub(super) fn new(tree: &'r Json<'r>, subject: &str, asked: &'r Asked) -> Self {
        let mut keys = Self {
            asked,
            naming: HashSet::from([subject.to_lowercase()]),
            places: HashMap::new(),
        };
        keys.learn(tree, &mut String::new());
        keys
    }

    fn learn(&mut self, json: &'r Json<'r>, place: &mut String) {
        let before = place.len();
        match json {
            Json::Array(items) => {
                place.push_str("[]");
                items.iter().for_each(|item| self.learn(item, place));
            }
            Json::Object(entries) => {
                let is_asked = |(key, _): &(Cow<'_, str>, Json<'_>)| self.asked.has(json, key);
                let asked: Vec<bool> = entries.iter().map(is_asked).collect();
                if asked.contains(&true) {
                    let (count, unasked) = self.places.entry(place.clone()).or_default();
                    *count += 1;
                    for ((key, _), _) in entries.iter().zip(&asked).filter(|(_, asked)| !**asked) {
                        *unasked.entry(key.as_ref()).or_default() += 1;
                    }
                }
                for ((key, value), is_asked) in entries.iter().zip(asked) {
                    if let Json::Text(text) = value
                        && NAMING.contains(&key.as_ref())
                    {
                        self.naming.insert(text.to_lowercase());
                    }
                    step(place, key, is_asked);
                    self.learn(value, place);
                    place.truncate(before);
                }
            }
            _ => {}
        }
        place.truncate(before);
    }

    /// Returns the names of an object's keys. A key that a reader asks for is the name of a field.
    pub(super) fn names<'e>(
        &self,
        object: &Json<'_>,
        entries: &'e [(Cow<'_, str>, Json<'_>)],
        place: &str,
    ) -> Vec<(&'e str, bool)> {
        let asked: Vec<bool> = entries
            .iter()
            .map(|(key, _)| self.asked.has(object, key))
            .collect();
        let is_read = asked.contains(&true);
        let is_map = !is_read && is_map(entries);
        let is_field = |key: &str| {
            !is_map
                && !self.naming.contains(&key.to_lowercase())
                && (has_known_words(key) || is_read && self.is_repeated(place, key))
        };
        let named = entries.iter().zip(asked);
        named
            .map(|((key, _), asked)| match asked || is_field(key) {
                true => (key.as_ref(), asked),
                false => ("*", false),
            })
            .collect()
    }

    /// Returns whether at least half of several objects at a place have a key.
    fn is_repeated(&self, place: &str, key: &str) -> bool {
        let Some((count, keys)) = self.places.get(place) else {
            return false;
        };
        let times = keys.get(key).copied().unwrap_or_default();
        has_form_of_field(key) && *count >= ENOUGH && times * 2 >= *count
    }
}

/// Adds a key to the place of an object. All keys that no reader asks for are one.
pub(super) fn step(place: &mut String, key: &str, is_asked: bool) {
    place.push('.');
    place.push_str(if is_asked { key } else { "*" });
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
    use super::Keys;
    use crate::api::asked::recorded;
    use crate::api::json::Json;

    /// The names of an object's keys, when readers ask each object of a list for `asked`.
    fn of(text: &str, asked: &[&str]) -> Vec<String> {
        let tree = Json::parse(text).unwrap();
        let Json::Array(items) = &tree else {
            panic!("a list");
        };
        let recorded = recorded(|| {
            for item in items {
                for key in asked {
                    let _ = item.has(key);
                }
            }
        });
        let keys = Keys::new(&tree, "carol", &recorded);
        let Json::Object(entries) = &items[0] else {
            panic!("an object");
        };
        let names = keys.names(&items[0], entries, "[]");
        names.into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn ids_names_and_keys_of_maps_become_a_star() {
        let fields = r#"[{"like_count":1,"likeCount":2}]"#;
        assert_eq!(of(fields, &[]), ["like_count", "likeCount"]);
        let odd = r#"[{"user-abc":1,"s_68e4661":2,"":3,"é":4,"utf8":5}]"#;
        assert_eq!(of(odd, &[]), ["*"; 5]);
        let map = r#"[{"alice":{"n":1},"bob":{"n":2}}]"#;
        assert_eq!(of(map, &[]), ["*", "*"]);
        assert_eq!(of(map, &["alice"]), ["alice", "*"], "a reader knows it");
        let differing = r#"[{"alice":{"n":1},"bob":2}]"#;
        assert_eq!(of(differing, &[]), ["*", "*"]);
        assert_eq!(of(r#"[{"alice":{"n":1}}]"#, &[]), ["*"], "a map of one");
        let known = r#"[{"post":{"n":1},"profile":{"m":2}}]"#;
        assert_eq!(of(known, &[]), ["post", "profile"]);
        assert_eq!(of(r#"[{"post":{"n":1}}]"#, &[]), ["post"]);
    }

    #[test]
    fn an_unknown_word_is_shown_if_half_of_several_records_have_it() {
        let record = |key: &str| format!(r#"{{"id":"x","{key}":1}}"#);
        let list = |keys: &[&str]| {
            let records: Vec<String> = keys.iter().map(|key| record(key)).collect();
            format!("[{}]", records.join(","))
        };
        let asked = ["id"].as_slice();
        assert_eq!(of(&list(&["shoe", "shoe", "other"]), asked), ["id", "shoe"]);
        assert_eq!(of(&list(&["shoe", "shoe"]), asked), ["id", "*"], "too few");
        assert_eq!(of(&list(&["alice", "bob", "dave"]), asked), ["id", "*"]);
        let same = list(&["shoe", "shoe", "shoe"]);
        assert_eq!(of(&same, &[]), ["id", "*"], "no reader reads them");
        let subject = list(&["carol", "carol", "carol"]);
        assert_eq!(of(&subject, asked), ["id", "*"]);
        assert_eq!(of(&list(&["X", "X", "X"]), asked), ["id", "*"]);
    }

    #[test]
    fn a_key_that_is_a_name_in_the_same_reply_is_none_of_a_field() {
        let named = r#"[{"video":1,"username":"Video","link":2}]"#;
        assert_eq!(of(named, &[]), ["*", "username", "link"]);
    }
}
