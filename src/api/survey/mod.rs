//! Every path of a reply, and whether a reader asks for it. Pure.

mod key;
mod mask;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::asked::{self, Asked};
use super::endpoint::{Entry, Malformed};
use super::json::Json;
use super::payload;
use key::names;

pub use mask::masked;

/// The type of a value. Integers and fractions are one type: the remote writes counts as either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
    /// Nested too deep to be read.
    Deep,
}

impl JsonType {
    pub const ALL: [Self; 7] = [
        Self::Null,
        Self::Boolean,
        Self::Number,
        Self::String,
        Self::Array,
        Self::Object,
        Self::Deep,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
            Self::Deep => "deep",
        }
    }

    fn of(json: &Json<'_>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(_) => Self::Boolean,
            Json::Int(_) | Json::Float(_) => Self::Number,
            Json::Text(_) => Self::String,
            Json::Array(_) => Self::Array,
            Json::Object(_) => Self::Object,
            Json::TooDeep => Self::Deep,
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A value of a reply.
pub struct Sight<'a> {
    /// Such as `data.items[].post.like_count`. Keys that are values themselves, such as ids, are `*`.
    pub path: &'a str,
    pub kind: JsonType,
    /// A reader asked for it.
    pub is_read: bool,
    value: &'a Json<'a>,
}

impl Sight<'_> {
    /// Returns the value without what it says about a person.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(self.path, self.value)
    }
}

/// Gives `each` every value of a reply, outer ones first.
///
/// # Errors
/// Returns an error if the reply is not JSON.
pub fn survey(
    entry: &Entry,
    subject: &str,
    body: &[u8],
    mut each: impl FnMut(Sight<'_>),
) -> Result<(), Malformed> {
    let repaired;
    let tree = match payload::parse(body) {
        Ok(tree) => tree,
        Err(refused) => {
            repaired = payload::repaired(body).ok_or(refused)?;
            payload::parse(repaired.as_bytes())?
        }
    };
    let asked = asked::recorded(|| {
        // A reply that readers cannot read is surveyed too.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let data = payload::payload(&tree).ok()?;
            entry.harvest?(subject, data).ok()
        }));
    });
    let mut walk = Walk {
        asked: &asked,
        path: String::new(),
        each: &mut each,
    };
    walk.inside(&tree, true);
    Ok(())
}

struct Walk<'w, E> {
    asked: &'w Asked,
    path: String,
    each: &'w mut E,
}

impl<E: FnMut(Sight<'_>)> Walk<'_, E> {
    /// Visits the values inside a value.
    fn inside(&mut self, json: &Json<'_>, is_read: bool) {
        match json {
            Json::Array(items) => {
                for item in items {
                    self.step("[]", item, is_read);
                }
            }
            Json::Object(entries) => {
                let is_asked = |key: &str| self.asked.has(json, key);
                let names = names(entries, is_asked);
                for ((key, value), name) in entries.iter().zip(names) {
                    let is_read = self.asked.has(json, key);
                    self.step(name, value, is_read);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, name: &str, json: &Json<'_>, is_read: bool) {
        let before = self.path.len();
        if name != "[]" && before > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        (self.each)(Sight {
            path: &self.path,
            kind: JsonType::of(json),
            is_read,
            value: json,
        });
        self.inside(json, is_read);
        self.path.truncate(before);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{JsonType, survey};
    use crate::api::endpoints;

    fn paths(body: &str) -> BTreeMap<String, (JsonType, bool, String)> {
        let entry = endpoints::ALL
            .iter()
            .find(|entry| entry.name == "get_user_followers");
        let mut paths = BTreeMap::new();
        survey(entry.unwrap(), "user-1", body.as_bytes(), |sight| {
            let seen = (sight.kind, sight.is_read, sight.masked());
            paths.insert(sight.path.to_owned(), seen);
        })
        .unwrap();
        paths
    }

    #[test]
    fn a_path_has_its_type_and_says_whether_a_reader_asks_for_it() {
        let found = paths(
            r#"{"code":200,"trace":"t-1","data":{"items":[{"profile":{"user_id":"user-9","username":"alice","shoe_size":43}}],
                "cursor":null,"by_user":{"user-1":{"a":1},"user-2":{"a":2}}}}"#,
        );
        let is_read = |path: &str| found[path].1;
        for path in [
            "code",
            "data",
            "data.items",
            "data.items[]",
            "data.items[].profile.username",
            "data.cursor",
        ] {
            assert!(is_read(path), "{path}");
        }
        for path in [
            "trace",
            "data.items[].profile.shoe_size",
            "data.by_user",
            "data.by_user.*",
            "data.by_user.*.a",
        ] {
            assert!(!is_read(path), "{path}");
        }
        assert_eq!(found["data.cursor"].0, JsonType::Null);
        assert_eq!(found["data.items[].profile.shoe_size"].2, "43");
        assert_eq!(
            found["data.items[].profile.username"].2,
            "a string of length 5"
        );
        assert_eq!(found.len(), 13);
    }

    #[test]
    fn a_reply_that_is_unreadable_is_surveyed_and_one_that_is_not_json_is_not() {
        assert_eq!(paths(r#"{"code":500,"reason":"x"}"#).len(), 2);
        let entry = &endpoints::ALL[0];
        assert!(survey(entry, "", b"<html>", |_| {}).is_err());
    }
}
