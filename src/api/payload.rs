//! Extracts the payload from the bytes of a reply: the envelope and errors inside it.

use super::endpoint::{Entry, Malformed};
use super::json::Json;
use super::proof::{LISTS, doubt};
use super::repair::repair;
use crate::model::{Harvest, Items, Odd, is_control};

/// Returns everything that a paid reply contains. Pure, so that stored replies can be parsed again.
///
/// # Errors
/// Returns an error if the reply has no usable content: it is not JSON, reports a failure or lacks the requested data.
pub fn harvest(entry: &Entry, subject: &str, body: &[u8]) -> Result<Harvest, Malformed> {
    let (harvest, mut odd) = with_payload(body, |around, data| {
        let Some(harvest) = entry.harvest else {
            return Ok(Harvest::default());
        };
        let harvest = harvest(subject, data)?;
        let is_end = harvest.cursor.is_none() || harvest.has_more == Some(false);
        let doubt = match entry.items {
            Items::None => None,
            _ if !is_end => None,
            _ => doubt(around, data, entry.is_paged()),
        };
        Ok(Harvest { doubt, ..harvest })
    })?;
    odd.extend(harvest.odd);
    Ok(Harvest { odd, ..harvest })
}

/// Returns the payload of a reply as indented JSON without terminal control characters.
///
/// # Errors
/// Returns an error if the reply is not JSON or reports a failure.
pub fn payload_json(body: &[u8]) -> Result<String, Malformed> {
    let print = |_: Option<&Json<'_>>, data: &Json<'_>| {
        serde_json::to_string_pretty(data)
            .map_err(|error| Malformed::new("data", error.to_string()))
    };
    with_payload(body, print).map(|(text, _)| escaped(&text))
}

/// Escapes every control character of a JSON text except the line feed, and every one that is not seen.
///
/// JSON permits some raw control characters, and a terminal interprets U+009B as the start of a control sequence.
#[must_use]
pub fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_control(letter) && letter != '\n' {
            // JSON writes what needs more than 16 bits as two escapes.
            for unit in letter.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(letter);
        }
    }
    text
}

/// Returns the text of a reply whose JSON has a small fault that can be repaired; `None` for any other body.
#[must_use]
pub fn repaired(body: &[u8]) -> Option<String> {
    repair(body).map(|(text, _)| text)
}

/// Parses a body, repairs it if necessary and reads its envelope and payload. Also returns the odd items of the repair.
fn with_payload<T>(
    body: &[u8],
    read: impl FnOnce(Option<&Json<'_>>, &Json<'_>) -> Result<T, Malformed>,
) -> Result<(T, Vec<Odd>), Malformed> {
    let refused = match parse(body) {
        Ok(tree) => {
            let (around, data) = parts(&tree)?;
            return Ok((read(around, data)?, Vec::new()));
        }
        Err(refused) => refused,
    };
    let Some((text, odd)) = repair(body) else {
        return Err(refused);
    };
    let tree = parse(text.as_bytes())?;
    let (around, data) = parts(&tree)?;
    Ok((read(around, data)?, odd))
}

pub(super) fn parse(body: &[u8]) -> Result<Json<'_>, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| Malformed::new("body", "not UTF-8"))?;
    Json::parse(text).map_err(|error| {
        let what = if text.trim_start().starts_with('<') {
            "HTML or XML, not JSON"
        } else if error.is_eof() {
            "truncated JSON"
        } else {
            "not JSON"
        };
        Malformed::new("body", format!("{what}: {error}"))
    })
}

/// Returns the payload: `data` of an envelope, or the complete reply if it has no envelope (api/README.md §3).
///
/// An error in a reply with status 200 is a failure, never an empty list.
pub(super) fn payload<'t, 'a>(body: &'t Json<'a>) -> Result<&'t Json<'a>, Malformed> {
    parts(body).map(|(_, data)| data)
}

/// Returns the envelope of a reply, if it has one, and the payload.
fn parts<'t, 'a>(body: &'t Json<'a>) -> Result<(Option<&'t Json<'a>>, &'t Json<'a>), Malformed> {
    let body = unwrapped(body, |inner| {
        inner.has("code") || inner.has("data") || is_list(inner)
    });
    if body.has("code") {
        is_200(body.get("code"))?;
    }
    let around = Some(body).filter(|body| body.has("code") || body.has("data"));
    let data = match around {
        Some(around) => around.get("data").ok_or_else(|| {
            Malformed::new("data", if body.has("data") { "null" } else { "missing" })
        })?,
        None => body,
    };
    let data = unwrapped(data, is_list);
    match data {
        Json::Array(_) => Ok((around, data)),
        Json::Object(_) if is_only_error(data) => Err(Malformed::new(
            "data",
            "an error in a reply with status 200",
        )),
        Json::Object(_) => Ok((around, data)),
        other => Err(Malformed::new(
            "data",
            format!("expected an object, found {}", other.kind()),
        )),
    }
}

/// Returns the only element of an array, if it is what the array should have been.
fn unwrapped<'t, 'a>(json: &'t Json<'a>, is_meant: impl Fn(&Json<'a>) -> bool) -> &'t Json<'a> {
    match json {
        Json::Array(items) => match &items[..] {
            [inner] if is_meant(inner) => inner,
            _ => json,
        },
        _ => json,
    }
}

/// Returns whether an object contains a list of items and is no item itself: an item may contain lists too.
fn is_list(json: &Json<'_>) -> bool {
    const ITEM: [&str; 5] = ["post", "profile", "id", "user_id", "post_id"];
    let is_there = |key: &&str| matches!(json.get(key), Some(Json::Array(_) | Json::Object(_)));
    LISTS.iter().any(is_there) && !ITEM.iter().any(|key| json.has(key))
}

fn is_200(code: Option<&Json<'_>>) -> Result<(), Malformed> {
    match code {
        Some(Json::Int(200)) => Ok(()),
        Some(Json::Float(200.0)) => Ok(()),
        Some(Json::Text(text)) if text == "200" => Ok(()),
        Some(Json::Int(code)) => Err(Malformed::new(
            "code",
            format!("error {code} in a reply with status 200"),
        )),
        other => {
            let kind = other.map_or("null", Json::kind);
            Err(Malformed::new(
                "code",
                format!("expected 200, found {kind}"),
            ))
        }
    }
}

/// Returns whether a payload reports an error and has no other content.
fn is_only_error(data: &Json<'_>) -> bool {
    const CONTENT: [&str; 12] = [
        "items",
        "children",
        "leaderboard",
        "post",
        "profile",
        "id",
        "post_id",
        "user_id",
        "video",
        "author",
        "generations",
        "username",
    ];
    let failed = data.get("error").is_some_and(Json::is_something)
        || data.get("detail").is_some_and(Json::is_something)
        || matches!(data.get("code"), Some(Json::Int(400..)));
    failed
        && !CONTENT
            .iter()
            .any(|key| data.get(key).is_some_and(Json::is_something))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_with_an_error_is_a_failure_and_a_stored_one_keeps_its_rows() {
        let entry = crate::api::endpoints::find("get_post_comments").unwrap();
        let body = br#"{"code":200,"data":{"post":{"id":"s_1","text":"t"},"children":{"items":[]},"error":"x"}}"#;
        let harvest = harvest(entry, "s_1", body).unwrap();
        assert!(harvest.doubt.is_some_and(|doubt| doubt.is_failure));
        assert_eq!(harvest.posts.len(), 1, "{:?}", harvest.odd);
    }

    fn printed(body: &str) -> Result<String, String> {
        let compact = |text: String| text.replace([' ', '\n'], "");
        payload_json(body.as_bytes())
            .map(compact)
            .map_err(|malformed| malformed.at)
    }

    #[test]
    fn the_payload_is_data_of_the_envelope_or_the_complete_reply() {
        for body in [
            r#"{"code":200,"data":{"id":"x"}}"#,
            r#"{"data":{"id":"x"},"code":200.0,"message":"m"}"#,
            r#"{"data":{"id":"x"}}"#,
            r#"{"id":"x"}"#,
        ] {
            assert_eq!(printed(body).as_deref(), Ok(r#"{"id":"x"}"#), "{body}");
        }
        assert_eq!(printed(r#"{"code":200,"data":[]}"#).as_deref(), Ok("[]"));
    }

    #[test]
    fn a_failure_with_status_200_is_not_a_payload() {
        for (body, at) in [
            (r#"{"code":200,"data":null}"#, "data"),
            (r#"{"code":200}"#, "data"),
            (r#"{"code":500,"data":{"items":[]}}"#, "code"),
            (r#"{"code":null,"data":{"items":[]}}"#, "code"),
            (r#"{"detail":{"code":400}}"#, "data"),
            (r#"{"code":200,"data":{"error":"x"}}"#, "data"),
            (r#"{"code":200,"data":{"detail":"x","items":[]}}"#, "data"),
            (r#"{"code":200,"data":{"code":502,"message":"x"}}"#, "data"),
            (r#"{"code":200,"data":"no"}"#, "data"),
            ("3", "data"),
            ("<html>", "body"),
            ("", "body"),
            (r#"{"code":200,"data":{"items":["#, "body"),
        ] {
            assert_eq!(printed(body), Err(at.to_owned()), "{body}");
        }
    }

    #[test]
    fn a_printed_payload_has_no_control_characters_and_parses_to_the_same_value() {
        let said = "\u{1b}[2J\u{9b}31m\u{7f}\u{90}\r\n\u{e9}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\u{200b}\u{feff}\u{e0041}";
        let body = serde_json::json!({"id": said, said: 1}).to_string();
        let text = payload_json(body.as_bytes()).unwrap();
        assert!(
            !text
                .chars()
                .any(|letter| is_control(letter) && letter != '\n'),
            "{text:?}"
        );
        let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(tree["id"].as_str(), Some(said));
    }

    #[test]
    fn a_payload_with_an_error_and_content_is_accepted() {
        assert!(printed(r#"{"id":"task_1","status":"failed","error":"x"}"#).is_ok());
        assert!(printed(r#"{"error":null,"items":[]}"#).is_ok());
    }

    #[test]
    fn an_error_message_never_contains_a_value_of_the_reply() {
        let body = r#"{"code":200,"data":{"error":"Bearer secret"}}"#;
        assert!(
            !payload_json(body.as_bytes())
                .unwrap_err()
                .to_string()
                .contains("secret")
        );
        let body = r#"{"code":"secret","data":{}}"#;
        assert!(
            !payload_json(body.as_bytes())
                .unwrap_err()
                .to_string()
                .contains("secret")
        );
    }
}
