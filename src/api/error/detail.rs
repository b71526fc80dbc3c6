//! The `detail` of an error body: an object from the vendor, a text from FastAPI, a list for wrong parameters.

use serde_json::Value;

use super::Facts;

/// A larger error body is no error body of the vendor's.
const MAX_PARSED: usize = 1 << 20;

/// What an error body says.
pub(super) enum Detail {
    Object {
        message: Option<String>,
        chinese: Option<String>,
    },
    Text(String),
    /// `place: what is wrong`, one each.
    List(Vec<String>),
    /// JSON without `detail`: what it says by other names, such as Cloudflare's; the best name first.
    Other(Vec<String>),
    /// No JSON at all.
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

    /// The remote itself speaks, and not something before it.
    pub(super) fn is_vendors(&self) -> bool {
        !matches!(self, Self::Other(_) | Self::None)
    }

    /// The vendor asks for another attempt, as he does when his own source failed; in either of his languages.
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

    /// A handler ran and missed the subject. FastAPI's own "Not Found" is a text: there is no such path.
    pub(super) fn names_the_subject(&self) -> bool {
        match self {
            Self::Object { .. } => true,
            Self::Text(text) => {
                !["not found", "gone"].contains(&text.trim().to_ascii_lowercase().as_str())
            }
            Self::List(_) | Self::Other(_) | Self::None => false,
        }
    }

    /// FastAPI's own words for a path that it does not know.
    pub(super) fn names_the_path(&self) -> bool {
        matches!(self, Self::Text(_)) && !self.names_the_subject()
    }

    /// One sentence, not yet cleaned.
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
                format!("HTTP {status} with a body of {kind}")
            }
            (None, _) => format!("HTTP {status}, and nothing said of why"),
        }
    }
}

/// One wrong parameter of a 422: `query.user_id: Field required`.
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
