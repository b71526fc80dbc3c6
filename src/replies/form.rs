//! What a reply says, whatever its formatting is: blanks, escapes and the order of keys are no part of it.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Floats up to this hold every integer exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A file of somebody else cannot have two replies that only seem to be the same, because nobody knows these keys.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A hash of what a reply says. Another process has other ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Form(u64);

impl Form {
    /// Returns the form of a reply; `None` if it is no JSON, or nested too deep to be read.
    #[must_use]
    pub fn of(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()
    }

    /// The hash as bytes, to be hashed with the request.
    #[must_use]
    pub fn bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    fn new(part: impl Hash) -> Self {
        Self(KEYS.hash_one(part))
    }
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Said)
    }
}

/// Hashes a value while it is read. Nothing of it is kept.
struct Said;

impl<'de> Visitor<'de> for Said {
    type Value = Form;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Form, E> {
        Ok(Form::new('n'))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Form, E> {
        Ok(Form::new(('b', value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Form, E> {
        Ok(Form::new(('i', i128::from(number))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Form, E> {
        Ok(Form::new(('i', i128::from(number))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Form, E> {
        // Some tools write 1.0 as 1, and 1e3 as 1000.
        Ok(match number.fract() == 0.0 && number.abs() < EXACT {
            true => Form::new(('i', number as i128)),
            false => Form::new(('f', number.to_bits())),
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Form, E> {
        Ok(Form::new(('t', text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Form, A::Error> {
        let mut all = Form::new('[');
        while let Some(item) = items.next_element::<Form>()? {
            all = Form::new((all, item));
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Form, A::Error> {
        // A sum is the same in any order, but of two values of one key the last one counts.
        let (mut keys, mut sum, mut in_order) = (Vec::new(), 0_u64, Form::new('}'));
        while let Some((key, value)) = entries.next_entry::<Form, Form>()? {
            let entry = Form::new((key, value));
            keys.push(key.0);
            sum = sum.wrapping_add(entry.0);
            in_order = Form::new((in_order, entry));
        }
        let count = keys.len();
        keys.sort_unstable();
        let has_twins = keys.windows(2).any(|pair| pair[0] == pair[1]);
        Ok(Form::new(('{', count, sum, has_twins.then_some(in_order))))
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn formatting_is_no_part_of_what_a_reply_says() {
        let one = r#"{"code":200,"data":{"items":[{"a":"é/","n":1.0}],"x":null},"t":1.5}"#;
        for other in [
            "{\n  \"t\": 1.5, \"data\": {\"x\": null, \"items\": [ {\"n\": 1, \"a\": \"\\u00e9\\/\"} ]}, \"code\": 2e2}",
            r#"{"code":200,"t":1.5,"data":{"items":[{"a":"é/","n":1}],"x":null}}"#,
        ] {
            assert_eq!(
                Form::of(other.as_bytes()),
                Form::of(one.as_bytes()),
                "{other}"
            );
        }
        assert_eq!(
            Form::of(format!("\u{feff}{one}").as_bytes()),
            Form::of(one.as_bytes())
        );
        for other in [
            one.replace("1.5", "1.6"),
            one.replace("null", "false"),
            one.replace("\"x\"", "\"y\""),
            one.replace("\"code\":200", "\"code\":\"200\""),
            one.replace(r#"[{"a":"é/","n":1.0}]"#, r#"[[{"a":"é/","n":1.0}]]"#),
            one.replace(",\"x\":null", ""),
            one.replace("\"x\":null", "\"x\":null,\"x\":1"),
            one.replace("\"x\":null", "\"x\":1,\"x\":null"),
        ] {
            assert_ne!(
                Form::of(other.as_bytes()),
                Form::of(one.as_bytes()),
                "{other}"
            );
        }
        assert_ne!(Form::of(br#"{"a":1,"a":2}"#), Form::of(br#"{"a":2,"a":1}"#));
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for none in ["", "{", "x", "\u{0}", &deep] {
            assert_eq!(Form::of(none.as_bytes()), None, "{none}");
        }
    }
}
