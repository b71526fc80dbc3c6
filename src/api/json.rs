//! A JSON tree that borrows from the bytes of a reply and accepts any JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A JSON value. Strings and keys are copied only if they contain an escape.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is not an `i64`: a fraction, an exponent or an integer out of range.
    Float(f64),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    /// Entries in the order of the reply. A duplicate key has two entries; [`Json::get`] returns the last one.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Parses a complete JSON text.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON or is nested deeper than 128 levels.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Returns the value of a key; `None` if this is not an object, lacks the key or has `null` there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else {
            return None;
        };
        let (_, value) = entries.iter().rev().find(|(name, _)| name == key)?;
        (*value != Self::Null).then_some(value)
    }

    /// Returns whether this is an object with the key, even if its value is `null`.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        matches!(self, Self::Object(entries) if entries.iter().any(|(name, _)| name == key))
    }

    /// Returns the type of the value with an article, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

/// Typical number of keys in an object of the remote.
const USUAL_KEYS: usize = 16;

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((Key(key), value)) = map.next_entry()? {
            if entries.is_empty() {
                // Growing the vector step by step to the typical size would copy each entry three times.
                entries.reserve(USUAL_KEYS);
            }
            entries.push((key, value));
        }
        Ok(Json::Object(entries))
    }
}

/// A key. serde's implementation for `Cow` always copies.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor).map(Key)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_borrowed_unless_they_contain_an_escape() {
        let tree = Json::parse(r#"{"plain":"as it is","esc\u0061ped":"a\nb"}"#).unwrap();
        let Json::Object(entries) = &tree else {
            panic!("not an object")
        };
        assert!(matches!(
            &entries[0],
            (
                Cow::Borrowed("plain"),
                Json::Text(Cow::Borrowed("as it is"))
            )
        ));
        assert!(
            matches!(&entries[1], (Cow::Owned(key), Json::Text(Cow::Owned(_))) if key == "escaped")
        );
    }

    #[test]
    fn the_last_of_two_duplicate_keys_wins() {
        let tree = Json::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(tree.get("a"), Some(&Json::Int(3)));
    }

    #[test]
    fn integers_beyond_i64_become_floats() {
        let tree =
            Json::parse("[9223372036854775807,9223372036854775808,-9223372036854775809,1e2]")
                .unwrap();
        let Json::Array(items) = tree else {
            panic!("not an array")
        };
        assert_eq!(items[0], Json::Int(i64::MAX));
        assert!(items[1..].iter().all(|item| matches!(item, Json::Float(_))));
    }

    #[test]
    fn nesting_beyond_128_levels_is_an_error() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(Json::parse(&deep(120)).is_ok());
        assert!(Json::parse(&deep(129)).is_err());
    }

    #[test]
    fn a_tree_serializes_to_its_source_text() {
        let text = r#"{"b":[1,2.5,null,true,"x\ny"],"a":{}}"#;
        assert_eq!(
            serde_json::to_string(&Json::parse(text).unwrap()).unwrap(),
            text
        );
    }
}
