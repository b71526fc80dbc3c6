//! Names and values of parameters.

use serde_json::value::RawValue;

use crate::api::endpoints;

/// Returns whether two calls may differ by this parameter only.
pub(super) fn tells_calls_apart(name: &str) -> bool {
    let name = &*name.to_ascii_lowercase();
    matches!(name, "cursor" | "post_url")
        || endpoints::ALL
            .iter()
            .any(|entry| entry.subject == Some(name))
}

/// Returns a value as it was sent. Some libraries make a list of each value.
pub(super) fn scalar(json: &str) -> Option<String> {
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
        let mut texts = items.iter().map(|item| match item.get().starts_with('[') {
            true => None,
            false => scalar(item.get()),
        });
        let Some(first) = texts.next() else {
            return Some(String::new());
        };
        return first.filter(|first| texts.all(|text| text.as_ref() == Some(first)));
    }
    // An object is not read, because it may be a whole reply.
    if json.trim_start().starts_with('{') {
        return None;
    }
    match serde_json::from_str(json).ok()? {
        serde_json::Value::Null => Some(String::new()),
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
