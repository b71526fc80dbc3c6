//! A JSON tree that borrows from the bytes of a reply and accepts any JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::asked;

/// A JSON value. Strings and keys are copied only if they contain an escape.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    /// Every integer of 64 bits, signed or not, to the last digit.
    Int(i128),
    /// Any other number: a fraction, an exponent or a larger integer.
    Float(f64),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    /// Entries in the order of the reply. A duplicate key has two entries; [`Json::get`] returns the last one.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
    /// A value below the deepest level that is read. It is skipped, so that it costs only itself.
    TooDeep,
}

/// Levels that are read. serde_json refuses to go deeper than 128.
const LEVELS: u8 = 120;

impl<'a> Json<'a> {
    /// Parses a complete JSON text.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Returns the value of a key; `None` if this is not an object, lacks the key or has `null` there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else {
            return None;
        };
        asked::note(self, key);
        let (_, value) = entries.iter().rev().find(|(name, _)| name == key)?;
        (*value != Self::Null).then_some(value)
    }

    /// Returns whether this is an object with the key, even if its value is `null`.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        asked::note(self, key);
        matches!(self, Self::Object(entries) if entries.iter().any(|(name, _)| name == key))
    }

    /// Returns whether the value says anything: `null`, false, 0, blanks, and a list or an object of nothing else do not.
    #[must_use]
    pub fn is_something(&self) -> bool {
        match self {
            Self::Null | Self::Bool(false) | Self::Int(0) => false,
            Self::Text(text) => !text.trim().is_empty(),
            Self::Array(items) => items.iter().any(Self::is_something),
            Self::Object(entries) => entries.iter().any(|(_, value)| value.is_something()),
            _ => true,
        }
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
            Self::TooDeep => "a value that is nested too deep",
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level(LEVELS).deserialize(deserializer)
    }
}

/// Reads a value that has so many levels left.
#[derive(Clone, Copy)]
struct Level(u8);

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0.checked_sub(1) {
            Some(left) => deserializer.deserialize_any(TreeVisitor(Level(left))),
            // serde_json skips a value without recursion, whatever its depth.
            None => IgnoredAny::deserialize(deserializer).map(|_| Json::TooDeep),
        }
    }
}

/// Typical number of keys in an object of the remote.
const USUAL_KEYS: usize = 16;

/// Reads the value itself; its elements are at this level.
struct TreeVisitor(Level);

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
        Ok(Json::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Int(value.into()))
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
        while let Some(item) = seq.next_element_seed(self.0)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            let value = map.next_value_seed(self.0)?;
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
            Self::Null | Self::TooDeep => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i128(*value),
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
    fn integers_of_64_bits_are_exact_and_larger_ones_become_floats() {
        let tree =
            Json::parse("[18446744073709551615,18446744073709551616,-9223372036854775809,1e2]");
        let Json::Array(items) = tree.unwrap() else {
            panic!("not an array")
        };
        assert_eq!(items[0], Json::Int(u64::MAX.into()));
        assert!(items[1..].iter().all(|item| matches!(item, Json::Float(_))));
    }

    #[test]
    fn a_value_below_120_levels_is_skipped() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let levels = |text: &str| {
            let (tree, mut levels) = (Json::parse(text).unwrap(), 0);
            let mut inner = &tree;
            while let Json::Array(items) = inner {
                levels += 1;
                let Some(next) = items.first() else {
                    return (levels, false);
                };
                inner = next;
            }
            (levels, *inner == Json::TooDeep)
        };
        assert_eq!(levels(&deep(120)), (120, false));
        assert_eq!(levels(&deep(121)), (120, true));
        assert_eq!(levels(&deep(100_000)), (120, true));
        assert!(Json::parse(&"[".repeat(200)).is_err());
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
