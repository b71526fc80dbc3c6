//! The `detail` of an error body: an object from the vendor, a string from FastAPI, a list for invalid parameters.

use serde_json::Value;

use super::about::About;
use crate::api::Facts;

/// Maximum size in bytes of an error body to parse. The vendor's error bodies are smaller.
const MAX_PARSED: usize = 1 << 20;

/// Words of a message about the path: the operation does not exist, or not any more.
const PATHS: &[&str] = &[
    "path",
    "route",
    "router",
    "endpoint",
    "api",
    "url",
    "operation",
    "interface",
    "method",
    "接口",
    "路由",
];
/// Words of a message about the subject of the call.
const SUBJECTS: &[&str] = &[
    "user",
    "username",
    "profile",
    "account",
    "author",
    "owner",
    "character",
    "cameo",
    "post",
    "video",
    "draft",
    "comment",
    "reply",
    "replies",
    "content",
    "media",
    "private",
    "用户",
    "账号",
    "帐号",
    "主页",
    "帖子",
    "作品",
    "视频",
    "评论",
    "回复",
];
/// Minimum bytes of a subject that a message may name. A shorter one could be any word.
const MIN_ID: usize = 6;

/// Returns whether a lower-case text has a word, alone or as a plural. Chinese has no spaces between words.
fn has_word(text: &str, word: &str) -> bool {
    if !word.is_ascii() {
        return text.contains(word);
    }
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|found| found == word || found.strip_suffix('s') == Some(word))
}

/// Returns whether the text is FastAPI's own message for a path or a method that it does not have.
fn is_frameworks(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.');
    ["not found", "gone", "method not allowed"]
        .iter()
        .any(|known| text.eq_ignore_ascii_case(known))
}

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

    /// Returns what the answer is about, by its words.
    pub(super) fn about(&self, subject: &str) -> About {
        let text = match self {
            Self::Other(_) | Self::None => return About::Proxy,
            Self::List(_) => return About::Unsaid,
            Self::Text(text) if is_frameworks(text) => return About::Path,
            Self::Text(_) | Self::Object { .. } => self.text(),
        };
        let has = |names: &[&str]| names.iter().any(|name| has_word(&text, name));
        if has(PATHS) {
            About::Path
        } else if has(SUBJECTS)
            || subject.len() >= MIN_ID && text.contains(&subject.to_ascii_lowercase())
        {
            About::Subject
        } else {
            About::Unsaid
        }
    }

    /// Returns whether the vendor asks for a retry, in English or Chinese. It does so when its own upstream failed.
    pub(super) fn asks_to_retry(&self) -> bool {
        const YES: [&str; 6] = ["retry", "try again", "重试", "再试", "稍后", "later"];
        let text = self.text();
        YES.iter().any(|word| text.contains(word)) && !self.forbids_retry()
    }

    /// Returns whether the vendor says that a retry is useless.
    pub(super) fn forbids_retry(&self) -> bool {
        const NO: [&str; 8] = [
            "not retry",
            "n't retry",
            "not try again",
            "勿重试",
            "不要重试",
            "无需重试",
            "不必重试",
            "不用重试",
        ];
        let text = self.text();
        NO.iter().any(|word| text.contains(word))
    }

    /// Returns whether the message names the cursor.
    pub(super) fn names_the_cursor(&self) -> bool {
        let text = self.text();
        ["cursor", "游标", "page token"]
            .iter()
            .any(|word| text.contains(word))
    }

    /// Returns all messages in lower case, each on its line.
    fn text(&self) -> String {
        let texts: Vec<&String> = match self {
            Self::Object { message, chinese } => message.iter().chain(chinese).collect(),
            Self::Text(text) => vec![text],
            Self::Other(texts) | Self::List(texts) => texts.iter().collect(),
            Self::None => Vec::new(),
        };
        texts
            .into_iter()
            .map(|text| text.to_ascii_lowercase() + "\n")
            .collect()
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
