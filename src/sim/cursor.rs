//! Cursors: base64 of JSON like the remote's, opaque to the client.
//!
//! Each contains `=`, `+` and `/`, so that a client that does not percent-encode them fails.

use serde_json::{Value, json};

use super::base64;
use super::endpoint::Endpoint;

/// The position at which a walk continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) endpoint: Endpoint,
    pub(super) subject: String,
    /// Index of the page's first item in the whole list.
    pub(super) offset: usize,
    /// Distinguishes cursors that point to the same page; only faults create such cursors.
    pub(super) variant: u32,
    /// Whether a fault made the walk of this cursor endless.
    pub(super) is_endless: bool,
    /// The page has posts made before this time, in microseconds: the position in a growing list of a user's posts. Then
    /// the offset is 0.
    pub(super) before: Option<i64>,
    /// When it was issued, in seconds after the start; 0 if cursors never expire.
    pub(super) issued: u64,
    /// Generation of the walk's cursors; increases when a fault expires the older cursors.
    pub(super) epoch: u32,
}

impl Cursor {
    pub(super) fn new(endpoint: Endpoint, subject: &str, offset: usize, epoch: u32) -> Self {
        let subject = subject.to_owned();
        Self {
            endpoint,
            subject,
            offset,
            variant: 0,
            is_endless: false,
            before: None,
            issued: 0,
            epoch,
        }
    }

    pub(super) fn encode(&self) -> String {
        let mut object = match self.endpoint {
            Endpoint::Feed => json!({"cut": "nf2_top_7d"}),
            Endpoint::Leaderboard => json!({"kind": "cameo_leaderboard"}),
            Endpoint::PostComments => json!({"post_id": self.subject.trim_start_matches("s_")}),
            Endpoint::CommentReplies => json!({"post_id": self.subject}),
            Endpoint::RemixList => json!({"last_post_id": self.subject}),
            _ => json!({"user_id": self.subject}),
        };
        match self.before {
            Some(before) => {
                object["kind"] = json!("sv2_created_at");
                object["created_at"] = json!(before as f64 / 1e6);
            }
            None => {
                object["kind"] = json!(self.endpoint.name());
                object["offset"] = json!(self.offset);
            }
        }
        if self.issued > 0 {
            object["issued"] = json!(self.issued);
        }
        if self.variant > 0 {
            object["v"] = json!(self.variant);
        }
        if self.is_endless {
            object["endless"] = json!(true);
        }
        if self.epoch > 0 {
            object["epoch"] = json!(self.epoch);
        }
        // Base64 encodes `~` and `?` as `+` and `/` only at one of three offsets, so three of each guarantee both.
        object["~"] = json!("~~~???");
        let mut text = object.to_string();
        while text.len() % 3 == 0 {
            text.push(' ');
        }
        base64::encode(text.as_bytes())
    }

    /// Decodes a cursor of this endpoint and subject; `None` for any other string.
    pub(super) fn decode(text: &str, endpoint: Endpoint, subject: &str) -> Option<Self> {
        let object: Value = serde_json::from_slice(&base64::decode(text)?).ok()?;
        let number = |key: &str| object.get(key).map_or(Some(0), Value::as_u64);
        let cursor = Self {
            endpoint,
            subject: subject.to_owned(),
            offset: usize::try_from(number("offset")?).ok()?,
            variant: u32::try_from(number("v")?).ok()?,
            is_endless: object.get("endless").is_some(),
            before: object
                .get("created_at")
                .and_then(Value::as_f64)
                .map(|it| (it * 1e6).round() as i64),
            issued: number("issued")?,
            epoch: u32::try_from(number("epoch")?).ok()?,
        };
        (cursor.encode() == text).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Endpoint};

    #[test]
    fn a_cursor_requires_percent_encoding_and_decodes_only_for_its_own_list() {
        for offset in 0..40 {
            let cursor = Cursor::new(Endpoint::Followers, "user-abc", offset, 0);
            let text = cursor.encode();
            assert!(
                ["+", "/", "="].iter().all(|mark| text.contains(mark)),
                "{text}"
            );
            assert_eq!(
                Cursor::decode(&text, Endpoint::Followers, "user-abc"),
                Some(cursor)
            );
            assert_eq!(Cursor::decode(&text, Endpoint::Followers, "user-abd"), None);
            assert_eq!(Cursor::decode(&text, Endpoint::Following, "user-abc"), None);
        }
        assert_eq!(Cursor::decode("nonsense", Endpoint::Feed, ""), None);
    }
}
