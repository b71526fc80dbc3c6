//! The keys of a JSON object with the texts of their values, in their order. A key may be there twice. Long keys and
//! what follows many others are passed over.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object. Keys are compared without case, `_` and `-`: tools write `statusCode` and `status_code`.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

/// The most values that are held.
const MOST: usize = 256;
/// The longest key of one that is held, in bytes.
const NAME: usize = 64;

impl<'a> Fields<'a> {
    /// Returns the keys of an object; `None` for any other text.
    pub(super) fn of(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// Returns the values of a key that are not null.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let same = self.0.iter().filter(move |(key, _)| is_same(key, name));
        same.map(|(_, raw)| raw.get())
            .filter(|text| *text != "null")
    }

    /// Returns the first value of a key that is not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Returns the first text of a key.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.all(name)
            .find_map(|raw| serde_json::from_str(raw).ok())
    }

    /// Returns whether a key is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| is_same(key, name))
    }
}

/// Returns whether two keys are the same in any writing.
pub(super) fn is_same(key: &str, name: &str) -> bool {
    let letters = |text: &str| {
        let letters = text.bytes().filter(|byte| !b"_-".contains(byte));
        letters
            .map(|byte| byte.to_ascii_lowercase())
            .collect::<Vec<u8>>()
    };
    key == name || (key.len().abs_diff(name.len()) < 4 && letters(key) == letters(name))
}

impl<'a, 'de: 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match key.len() <= NAME && all.len() < MOST {
                        true => all.push((key, map.next_value()?)),
                        false => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(all)
            }
        }
        json.deserialize_map(Keys).map(Fields)
    }
}
