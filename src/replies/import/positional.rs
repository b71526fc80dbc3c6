//! Parameters without names, as client libraries record the arguments of a call. Their order is that of the operation.

use serde_json::value::RawValue;

use super::stated::is_query;
use crate::api::Entry;

/// Values without names, with the key that has them.
#[derive(Debug, Clone)]
pub(super) struct Positional {
    key: String,
    values: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Nothing,
    /// A limit or a time, which no documented parameter is.
    Other,
}

impl Positional {
    /// Returns the values of a list of plain values; `None` for a list of names and values, and for anything else.
    pub(super) fn of(key: &str, json: &str) -> Option<Self> {
        let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        let values: Option<Vec<Value>> = items.iter().map(|item| value(item.get())).collect();
        let values = values.filter(|values| !values.is_empty())?;
        Some(Self {
            key: key.to_owned(),
            values,
        })
    }

    /// Returns the values with the names that an operation documents for their places.
    ///
    /// # Errors
    /// Returns what to state if a value cannot be that of its place.
    pub(super) fn named(&self, entry: &Entry) -> Result<Vec<(&'static str, &str)>, String> {
        let names: Vec<&str> = entry.params.iter().map(|param| param.name).collect();
        let unclear = || {
            let (key, order) = (&self.key, names.join(", "));
            format!(
                "its request is unclear: `{key}` has other values than {} takes, which are in this order: {order}. \
                 Write them with their names into `params`",
                entry.name
            )
        };
        let mut named = Vec::new();
        for (at, value) in self.values.iter().enumerate() {
            let name = entry.params.get(at).map(|param| param.name);
            match (value, name) {
                (Value::Text(text), Some(name)) if may_be(name, text) => {
                    named.push((name, text.as_str()));
                }
                (Value::Nothing, Some("cursor")) => named.push(("cursor", "")),
                (Value::Nothing, _) | (Value::Other, None) => {}
                _ => return Err(unclear()),
            }
        }
        Ok(named)
    }

    /// Returns what to state if nothing says of which operation the values are.
    pub(super) fn of_nothing(&self) -> String {
        format!(
            "its request is unclear: `{}` has values without names, and nothing says of which operation. \
             State it as `endpoint`, or write the values with their names into `params`",
            self.key
        )
    }
}

/// Returns whether a text may be a value of a parameter: an object of a program may come first.
fn may_be(name: &str, text: &str) -> bool {
    matches!(name, "username" | "eager_views" | "prompt")
        || !text.contains(|letter: char| letter.is_whitespace() || letter == '<')
}

fn value(json: &str) -> Option<Value> {
    match serde_json::from_str(json).ok()? {
        serde_json::Value::Null => Some(Value::Nothing),
        serde_json::Value::String(text)
            if is_query(&text) || text.trim_start().starts_with(['{', '[']) =>
        {
            None
        }
        serde_json::Value::String(text) => Some(Value::Text(text)),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Some(Value::Other),
        _ => None,
    }
}
