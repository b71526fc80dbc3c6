//! Every path of a reply, and whether a reader asks for it. Pure.

mod key;
mod mask;
mod words;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::asked;
use super::endpoint::{Entry, Malformed};
use super::json::Json;
use super::payload;
use key::{Keys, step};

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
    /// Such as `data.items[].post.like_count`. Keys that may say something about a person are `*`.
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
    let keys = Keys::new(&tree, subject, &asked);
    let mut walk = Walk {
        keys: &keys,
        path: String::new(),
        place: String::new(),
        each: &mut each,
    };
    walk.inside(&tree, true);
    Ok(())
}

struct Walk<'w, E> {
    keys: &'w Keys<'w>,
    path: String,
    /// The path without keys that no reader asks for.
    place: String,
    each: &'w mut E,
}

impl<E: FnMut(Sight<'_>)> Walk<'_, E> {
    /// Visits the values inside a value.
    fn inside(&mut self, json: &Json<'_>, is_read: bool) {
        let before = self.place.len();
        match json {
            Json::Array(items) => {
                self.place.push_str("[]");
                for item in items {
                    self.step("[]", item, is_read);
                }
            }
            Json::Object(entries) => {
                let names = self.keys.names(json, entries, &self.place);
                for ((_, value), (name, is_read)) in entries.iter().zip(names) {
                    step(&mut self.place, name, is_read);
                    self.step(name, value, is_read);
                    self.place.truncate(before);
                }
            }
            _ => {}
        }
        self.place.truncate(before);
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

    use proptest::collection::vec;
    use proptest::{prop_assert, proptest};
    use serde_json::{Value, json};

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
            r#"{"code":200,"trace":"t-1","data":{"items":[{"profile":{"user_id":"user-9","username":"alice","page_size":43,"shoes":1}}],
                "cursor":null,"by_user":{"user-1":{"n":1},"user-2":{"n":2}}}}"#,
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
            "data.items[].profile.page_size",
            "data.items[].profile.*",
            "data.by_user",
            "data.by_user.*",
            "data.by_user.*.n",
        ] {
            assert!(!is_read(path), "{path}");
        }
        assert_eq!(found["data.cursor"].0, JsonType::Null);
        assert_eq!(
            found["data.items[].profile.page_size"].2,
            "an integer of 1 to 3 digits"
        );
        assert_eq!(
            found["data.items[].profile.username"].2,
            "a string of letters, length 4 to 16"
        );
        assert_eq!(found.len(), 14);
    }

    #[test]
    fn a_reply_that_is_unreadable_is_surveyed_and_one_that_is_not_json_is_not() {
        assert_eq!(paths(r#"{"code":500,"reason":"x"}"#).len(), 2);
        let entry = &endpoints::ALL[0];
        assert!(survey(entry, "", b"<html>", |_| {}).is_err());
    }

    proptest! {
        #[test]
        fn no_name_of_a_person_comes_out_of_an_unknown_place(
            names in vec("[a-z][a-z0-9_.]{5,20}|[a-zA-Z]{8,20}|user-[a-zA-Z0-9]{22}|s_[0-9a-f]{32}|[a-z]{6,9}@[a-z]{6,9}\\.example|[a-zé ]{8,30}", 1..6),
            shape in 0_usize..7,
            place in 0_usize..4,
            field in "[a-z_]{0,6}(type|state|status|code|kind|role|setting|format)",
        ) {
            let map = |value: &dyn Fn(usize) -> Value| -> Value {
                names.iter().enumerate().map(|(at, name)| (name.clone(), value(at))).collect()
            };
            let first = &names[0];
            let unknown = match shape {
                0 => map(&|_| json!(1)),
                1 => map(&|at| json!({"n": at})),
                2 => map(&|at| if at % 2 == 0 { json!(first) } else { json!({"a": [first]}) }),
                3 => json!({field: first, "by_user": {first: {"count": 1}}}),
                4 => json!([{first: {"status": first}}, {first: {"other": names}}, {first: null}, {first: 1}]),
                5 => json!({"count": 1, first: {"user": first}}),
                _ => json!(names),
            };
            let mut reply = json!({"code": 200, "data": {"items": [
                {"profile": {"user_id": "user-9", "username": "alice"}},
                {"profile": {"user_id": "user-8", "username": "bob"}},
                {"profile": {"user_id": "user-7", "username": "carol"}},
            ]}});
            match place {
                0 => reply["unknown"] = unknown,
                1 => reply["data"]["by_user"] = unknown,
                2 => reply["data"]["items"][1]["profile"]["stats"] = unknown,
                _ => reply["data"]["items"][2]["profile"][first] = unknown,
            }
            for (path, (_, _, example)) in paths(&reply.to_string()) {
                for name in &names {
                    prop_assert!(!path.contains(name), "{path} has {name}");
                    prop_assert!(!example.contains(name), "{example} has {name}");
                }
            }
        }
    }
}
