//! The `detail` of an error body: an object from the vendor, a string from FastAPI, a list for invalid parameters.

use serde_json::Value;

use crate::api::Facts;

/// Maximum size in bytes of an error body to parse. The vendor's error bodies are smaller.
const MAX_PARSED: usize = 1 << 20;

/// The message of an error body.
pub(super) enum Detail {
    Object {
        message: Option<String>,
        chinese: Option<String>,
    },
    Text(String),
    /// One `path: problem` per invalid parameter.
    List(Vec<String>),
    /// JSON without `detail`: the strings under other names, such as Cloudflare's, in order of preference.
    Other(Vec<String>),
    /// Not JSON.
    None,
}

impl Detail {
    pub(super) fn of(body: &[u8]) -> Self {
        if body.len() > MAX_PARSED {
            return Self::None;
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
            return Self::None;
        };
        match value.get_mut("detail").map(Value::take) {
            Some(Value::Object(detail)) => {
                let text = |name| detail.get(name).and_then(Value::as_str).map(str::to_owned);
                Self::Object {
                    message: text("message"),
                    chinese: text("message_zh"),
                }
            }
            Some(Value::String(text)) => Self::Text(text),
            Some(Value::Array(items)) => Self::List(items.iter().map(parameter).collect()),
            _ => {
                let names = ["title", "message", "error_name", "error", "message_zh"];
                let texts = names.iter().filter_map(|name| value.get(name)?.as_str());
                Self::Other(texts.map(str::to_owned).collect())
            }
        }
    }

    /// Returns whether the remote itself wrote the body, not a proxy in front of it.
    pub(super) fn is_vendors(&self) -> bool {
        !matches!(self, Self::Other(_) | Self::None)
    }

    /// Returns whether the vendor asks for a retry, in English or Chinese. It does so when its own upstream failed.
    pub(super) fn asks_to_retry(&self) -> bool {
        const NO: [&str; 6] = [
            "not retry",
            "勿重试",
            "不要重试",
            "无需重试",
            "不必重试",
            "不用重试",
        ];
        let texts: Vec<&String> = match self {
            Self::Object { message, chinese } => message.iter().chain(chinese).collect(),
            Self::Text(text) => vec![text],
            Self::Other(texts) => texts.iter().collect(),
            Self::List(_) | Self::None => return false,
        };
        let text: String = texts
            .into_iter()
            .map(|text| text.to_ascii_lowercase() + "\n")
            .collect();
        ["retry", "重试"].iter().any(|word| text.contains(word))
            && !NO.iter().any(|no| text.contains(no))
    }

    /// Returns whether a handler ran and did not find the subject. FastAPI's plain "Not Found" means an unknown path.
    pub(super) fn names_the_subject(&self) -> bool {
        match self {
            Self::Object { .. } => true,
            Self::Text(text) => {
                !["not found", "gone"].contains(&text.trim().to_ascii_lowercase().as_str())
            }
            Self::List(_) | Self::Other(_) | Self::None => false,
        }
    }

    /// Returns whether the body is FastAPI's message for an unknown path.
    pub(super) fn names_the_path(&self) -> bool {
        matches!(self, Self::Text(_)) && !self.names_the_subject()
    }

    /// Returns a one-sentence message that is not yet scrubbed.
    pub(super) fn why(&self, status: u16, facts: &Facts) -> String {
        let said = match self {
            Self::Object { message, chinese } => message.clone().or_else(|| chinese.clone()),
            Self::Text(text) => Some(text.clone()),
            Self::List(items) => Some(items.join("; ")),
            Self::Other(texts) => texts.first().cloned(),
            Self::None => None,
        };
        match (
            said.filter(|text| !text.trim().is_empty()),
            &facts.content_type,
        ) {
            (Some(text), _) => format!("HTTP {status}: {text}"),
            (None, Some(kind)) if matches!(self, Self::None) => {
                format!("HTTP {status} without a message (body: {kind})")
            }
            (None, _) => format!("HTTP {status} without a message"),
        }
    }
}

/// Formats one invalid parameter of a 422 as `query.user_id: Field required`.
fn parameter(item: &Value) -> String {
    let text = |part: &Value| {
        part.as_str()
            .map_or_else(|| part.to_string(), str::to_owned)
    };
    let place: Vec<String> = item
        .get("loc")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    let wrong = item
        .get("msg")
        .and_then(Value::as_str)
        .unwrap_or("not accepted");
    format!("{}: {wrong}", place.join("."))
}
