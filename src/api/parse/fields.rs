//! Typed access to the fields of an object. A missing or null field is `None`; an odd one is noted and `None`.

use super::place::{Odds, Place};
use super::time;
use crate::api::json::Json;

/// Maximum length of an id in bytes.
const ID_BYTES: usize = 200;

/// An object of a reply with its path. A field with a wrong type affects no other field.
#[derive(Clone, Copy)]
pub struct Fields<'p> {
    object: &'p Json<'p>,
    pub place: &'p Place<'p>,
    odds: &'p Odds,
}

impl<'p> Fields<'p> {
    /// Wraps an object. Notes an odd item and returns `None` if the value is not an object.
    pub fn new(json: &'p Json<'p>, place: &'p Place<'p>, odds: &'p Odds) -> Option<Self> {
        if matches!(json, Json::Object(_)) {
            return Some(Self {
                object: json,
                place,
                odds,
            });
        }
        odds.note(
            place,
            format_args!("expected an object, found {}", json.kind()),
        );
        None
    }

    /// Returns the value of a field that is present and not null.
    pub fn get(&self, key: &str) -> Option<&'p Json<'p>> {
        self.object.get(key)
    }

    /// Returns whether this is what is left of an object of an erased person.
    pub fn is_erased(&self) -> bool {
        is_erased(self.object)
    }

    /// Returns the first of a field's alternative names that has a value, or the first name if none has.
    pub fn first_of(&self, keys: &[&'static str]) -> &'static str {
        let known = keys.iter().copied().find(|key| self.get(key).is_some());
        known.or(keys.first().copied()).unwrap_or_default()
    }

    pub fn text(&self, key: &'static str) -> Option<String> {
        match self.get(key)? {
            // SQLite and most of its readers end a text at U+0000.
            Json::Text(text) if text.contains('\0') => {
                self.odds
                    .note(self.place.key(key), "U+0000 in a string read as U+FFFD");
                Some(text.replace('\0', "\u{fffd}"))
            }
            Json::Text(text) => Some(text.to_string()),
            other => self.wrong(key, "a string", other),
        }
    }

    /// Returns an id. Any length is valid, because ids shorter than documented exist; an empty string is `None`.
    pub fn id(&self, key: &'static str) -> Option<String> {
        match self.get(key)? {
            Json::Text(text) if text.is_empty() => None,
            Json::Text(text) if is_id(text) => Some(text.to_string()),
            Json::Text(_) => self.odd(
                key,
                "expected an id, found a string that is too long or has control characters",
            ),
            // Some proxies write ids as numbers. An integer is exact; a float may have been rounded.
            Json::Int(number) if *number > 0 => Some(number.to_string()),
            other => self.wrong(key, "an id", other),
        }
    }

    /// Returns an id that the object requires, or `beside`, an id from its context. Notes an odd item if both lack.
    pub fn needed_id(&self, key: &'static str, beside: Option<&str>) -> Option<String> {
        let id = self.id(key).or_else(|| beside.map(str::to_owned));
        let is_noted = self
            .get(key)
            .is_some_and(|value| *value != Json::Text("".into()));
        if id.is_none() && !is_noted {
            return self.odd(key, "expected an id, found none");
        }
        id
    }

    /// Returns an integer, which may be written as `12.0` or `"12"`.
    pub fn integer(&self, key: &'static str) -> Option<i64> {
        match self.get(key)? {
            Json::Int(value) => i64::try_from(*value)
                .ok()
                .or_else(|| self.odd(key, "expected an integer, found one of more than 64 bits")),
            Json::Float(value) => integral(*value).or_else(|| {
                self.odd(
                    key,
                    "expected an integer, found a fraction or a number out of range",
                )
            }),
            Json::Text(text) => text
                .parse()
                .ok()
                .or_else(|| self.odd(key, "expected an integer, found another string")),
            other => self.wrong(key, "an integer", other),
        }
    }

    /// Returns an integer that is not negative.
    pub fn count(&self, key: &'static str) -> Option<i64> {
        let value = self.integer(key)?;
        if value < 0 {
            return self.odd(key, "expected a count, found a negative integer");
        }
        Some(value)
    }

    pub fn float(&self, key: &'static str) -> Option<f64> {
        match self.get(key)? {
            Json::Int(value) => Some(*value as f64),
            Json::Float(value) => Some(*value),
            Json::Text(text) => match text.parse::<f64>() {
                Ok(value) => value.is_finite().then_some(value),
                Err(_) => self.odd(key, "expected a number, found another string"),
            },
            other => self.wrong(key, "a number", other),
        }
    }

    /// Returns Unix seconds from any format that [`time::read`] accepts.
    pub fn time(&self, key: &'static str) -> Option<f64> {
        let read = time::read(self.get(key)?);
        if let Some(why) = read.odd {
            self.odds.note(self.place.key(key), why);
        }
        read.seconds
    }

    /// Returns a boolean, which may be written as 0 or 1 or as a string.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        match self.get(key)? {
            Json::Bool(value) => Some(*value),
            Json::Int(0) | Json::Float(0.0) => Some(false),
            Json::Int(1) | Json::Float(1.0) => Some(true),
            Json::Text(text) if is_any(text, ["false", "0"]) => Some(false),
            Json::Text(text) if is_any(text, ["true", "1"]) => Some(true),
            other => self.wrong(key, "a boolean", other),
        }
    }

    /// Returns an http or https URL. Other values, such as the remote's internal paths, are odd.
    pub fn url(&self, key: &'static str) -> Option<String> {
        match self.get(key)? {
            Json::Text(text) if text.is_empty() => None,
            Json::Text(text) if is_url(text) => Some(text.to_string()),
            Json::Text(_) => self.odd(key, "expected an http or https URL, found another string"),
            other => self.wrong(key, "a URL", other),
        }
    }

    /// Reads an object inside this one.
    pub fn within<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let place = self.place.key(key);
        read(Fields::new(self.get(key)?, &place, self.odds)?)
    }

    /// Visits the elements of an array inside this object.
    pub fn each(&self, key: &'static str, mut visit: impl FnMut(usize, &Json<'_>, &Place<'_>)) {
        match self.get(key) {
            Some(Json::Array(items)) => {
                let place = self.place.key(key);
                for (index, item) in items.iter().enumerate() {
                    visit(index, item, &place.index(index));
                }
            }
            Some(other) => self.wrong(key, "an array", other).unwrap_or_default(),
            None => {}
        }
    }

    /// Notes an odd field and returns `None`.
    pub fn odd<T>(&self, key: &'static str, why: &str) -> Option<T> {
        self.odds.note(self.place.key(key), why);
        None
    }

    fn wrong<T>(&self, key: &'static str, expected: &str, found: &Json<'_>) -> Option<T> {
        self.odds.note(
            self.place.key(key),
            format_args!("expected {expected}, found {}", found.kind()),
        );
        None
    }
}

/// Returns whether an object is what is left of one of an erased person: its ties to what others wrote.
pub fn is_erased(json: &Json<'_>) -> bool {
    json.get("erased") == Some(&Json::Bool(true))
}

/// Returns whether a string is valid as an id of the remote.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= ID_BYTES && !text.chars().any(char::is_control)
}

fn is_any(text: &str, words: [&str; 2]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn is_url(text: &str) -> bool {
    let starts = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    starts("https://") || starts("http://")
}

/// Converts a float without a fraction to an integer. 2^63 itself is out of range of an `i64`.
fn integral(value: f64) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    (value.fract() == 0.0 && (-BEYOND..BEYOND).contains(&value)).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Odd;

    /// Reads the field `it` of an object and returns the value and the odd items.
    fn read<T>(value: &str, how: impl Fn(&Fields<'_>) -> T) -> (T, Vec<Odd>) {
        let text = format!("{{\"it\":{value}}}");
        let (tree, odds) = (Json::parse(&text).unwrap(), Odds::default());
        let got = how(&Fields::new(&tree, &Place::DATA, &odds).unwrap());
        (got, odds.into_list())
    }

    #[test]
    fn an_integer_has_three_valid_forms() {
        for value in ["12", "12.0", "\"12\"", "1.2e1"] {
            assert_eq!(
                read(value, |fields| fields.integer("it")),
                (Some(12), vec![]),
                "{value}"
            );
        }
        for value in [
            "12.5",
            "1e30",
            "{}",
            "[]",
            "true",
            "\"twelve\"",
            "9223372036854775808",
        ] {
            let (got, odd) = read(value, |fields| fields.integer("it"));
            assert_eq!((got, odd.len()), (None, 1), "{value}");
            assert_eq!(odd[0].at, "data.it");
        }
        assert_eq!(
            read("-9223372036854775808.0", |fields| fields.integer("it")).0,
            Some(i64::MIN)
        );
    }

    #[test]
    fn a_null_or_missing_field_is_not_odd() {
        let (got, odd) = read("null", |fields| {
            (
                fields.text("it"),
                fields.id("it"),
                fields.integer("it"),
                fields.time("it"),
                fields.flag("it"),
            )
        });
        assert_eq!((got, odd.len()), ((None, None, None, None, None), 0));
        let (got, odd) = read("1", |fields| {
            (fields.url("no"), fields.float("no"), fields.count("no"))
        });
        assert_eq!((got, odd.len()), ((None, None, None), 0));
    }

    #[test]
    fn an_odd_item_states_the_types_and_never_the_value() {
        let (_, odd) = read("\"sk-secret\"", |fields| fields.integer("it"));
        assert!(!odd[0].why.contains("secret"));
        let (_, odd) = read("{\"secret\":1}", |fields| fields.text("it"));
        assert_eq!(odd[0].why, "expected a string, found an object");
    }

    #[test]
    fn an_id_has_at_most_200_bytes_and_no_control_characters() {
        let long = format!("\"{}\"", "x".repeat(201));
        for (value, taken, odd) in [
            ("\"s_68e466aa780c8191b\"", true, 0),
            ("\"a'b\\\"; drop\"", true, 0),
            ("\"\"", false, 0),
            ("\"a\\u0000b\"", false, 1),
            (long.as_str(), false, 1),
            ("17", true, 0),
            ("-17", false, 1),
            ("1.5", false, 1),
        ] {
            let (got, noted) = read(value, |fields| fields.id("it"));
            assert_eq!((got.is_some(), noted.len()), (taken, odd), "{value}");
        }
    }

    #[test]
    fn only_http_and_https_urls_are_accepted() {
        assert!(read("\"HTTPS://x\"", |fields| fields.url("it")).0.is_some());
        for value in [
            "\"file:///etc/passwd\"",
            "\"javascript:alert(1)\"",
            "\"az/raw\"",
            "\"é\"",
        ] {
            let (got, odd) = read(value, |fields| fields.url("it"));
            assert_eq!((got, odd.len()), (None, 1), "{value}");
        }
    }

    #[test]
    fn a_flag_may_be_a_number_or_a_string_and_a_count_is_not_negative() {
        for value in ["true", "1", "1.0", "\"true\"", "\"True\"", "\"1\""] {
            let got = read(value, |fields| fields.flag("it"));
            assert_eq!(got, (Some(true), vec![]), "{value}");
        }
        for value in ["false", "0", "0.0", "\"false\"", "\"0\""] {
            let got = read(value, |fields| fields.flag("it"));
            assert_eq!(got, (Some(false), vec![]), "{value}");
        }
        for value in ["2", "\"yes\"", "\"\"", "{}", "0.5"] {
            let (got, odd) = read(value, |fields| fields.flag("it"));
            assert_eq!((got, odd.len()), (None, 1), "{value}");
        }
        assert_eq!(
            read("-1", |fields| fields.count("it")).1[0].why,
            "expected a count, found a negative integer"
        );
    }

    #[test]
    fn the_first_name_with_a_value_is_used() {
        let text = r#"{"description":null,"bio":"hello"}"#;
        let (tree, odds) = (Json::parse(text).unwrap(), Odds::default());
        let fields = Fields::new(&tree, &Place::DATA, &odds).unwrap();
        assert_eq!(fields.first_of(&["description", "bio"]), "bio");
    }
}
