//! From the bytes of a reply to its payload: the envelope, and errors inside it.

use super::endpoint::{Entry, Malformed};
use super::json::Json;
use super::repair::repair;
use crate::model::{Harvest, Odd};

/// Everything that a paid reply holds. Pure, so that stored replies can be read again.
///
/// # Errors
/// Where nothing of the reply can be kept: it is not JSON, says that it failed, or lacks what was asked for.
pub fn harvest(entry: &Entry, subject: &str, body: &[u8]) -> Result<Harvest, Malformed> {
    let (harvest, mut odd) = with_payload(body, |data| match entry.harvest {
        Some(harvest) => harvest(subject, data),
        None => Ok(Harvest::default()),
    })?;
    odd.extend(harvest.odd);
    Ok(Harvest { odd, ..harvest })
}

/// The payload of a reply, printed for people: a terminal obeys none of its characters.
///
/// # Errors
/// As [`harvest`].
pub fn payload_json(body: &[u8]) -> Result<String, Malformed> {
    let print = |data: &Json<'_>| {
        serde_json::to_string_pretty(data)
            .map_err(|error| Malformed::new("data", error.to_string()))
    };
    with_payload(body, print).map(|(text, _)| escaped(&text))
}

/// JSON text whose every control character but the line's end is an escape. JSON itself leaves some as they are, and a
/// terminal takes U+009B for the beginning of an order.
#[must_use]
pub fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_control() && letter != '\n' {
            text.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            text.push(letter);
        }
    }
    text
}

/// Parses a body, if need be a mended one, and reads its payload; also gives what was mended.
fn with_payload<T>(
    body: &[u8],
    read: impl FnOnce(&Json<'_>) -> Result<T, Malformed>,
) -> Result<(T, Vec<Odd>), Malformed> {
    let refused = match parse(body) {
        Ok(tree) => return Ok((read(payload(&tree)?)?, Vec::new())),
        Err(refused) => refused,
    };
    let Some((text, odd)) = repair(body) else {
        return Err(refused);
    };
    let tree = parse(text.as_bytes())?;
    Ok((read(payload(&tree)?)?, odd))
}

fn parse(body: &[u8]) -> Result<Json<'_>, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| Malformed::new("body", "not UTF-8"))?;
    Json::parse(text).map_err(|error| {
        let what = if error.is_eof() {
            "cut off"
        } else {
            "not JSON"
        };
        Malformed::new("body", format!("{what}: {error}"))
    })
}

/// The payload: `data` of an envelope, or all of a reply that came without one (api/README.md §3).
///
/// An error inside a reply of status 200 is a failure, never an empty list.
fn payload<'t, 'a>(body: &'t Json<'a>) -> Result<&'t Json<'a>, Malformed> {
    if body.has("code") {
        is_200(body.get("code"))?;
    }
    let data = if body.has("code") || body.has("data") {
        body.get("data").ok_or_else(|| {
            Malformed::new("data", if body.has("data") { "null" } else { "missing" })
        })?
    } else {
        body
    };
    match data {
        Json::Array(_) => Ok(data),
        Json::Object(_) if is_only_error(data) => Err(Malformed::new(
            "data",
            "an error inside a reply of status 200",
        )),
        Json::Object(_) => Ok(data),
        other => Err(Malformed::new(
            "data",
            format!("expected an object, found {}", other.kind()),
        )),
    }
}

fn is_200(code: Option<&Json<'_>>) -> Result<(), Malformed> {
    match code {
        Some(Json::Int(200)) => Ok(()),
        Some(Json::Float(200.0)) => Ok(()),
        Some(Json::Text(text)) if text == "200" => Ok(()),
        Some(Json::Int(code)) => Err(Malformed::new(
            "code",
            format!("an error inside a reply of status 200: {code}"),
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

/// Whether a payload says that something failed, and has nothing else to say.
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
    let failed = data.get("error").is_some_and(is_something)
        || data.get("detail").is_some_and(is_something)
        || matches!(data.get("code"), Some(Json::Int(400..)));
    failed
        && !CONTENT
            .iter()
            .any(|key| data.get(key).is_some_and(is_something))
}

fn is_something(value: &Json<'_>) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::Text(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        // An empty list in an object, as `children` has it, is nothing either.
        Json::Object(entries) => entries.iter().any(|(_, value)| is_something(value)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(body: &str) -> Result<String, String> {
        let compact = |text: String| text.replace([' ', '\n'], "");
        payload_json(body.as_bytes())
            .map(compact)
            .map_err(|malformed| malformed.at)
    }

    #[test]
    fn the_payload_is_taken_out_of_its_envelope_or_is_all_of_the_reply() {
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
    fn a_failure_inside_status_200_is_not_a_payload() {
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
    fn what_is_printed_holds_no_order_to_a_terminal_and_reads_back_as_it_was() {
        let said = "\u{1b}[2J\u{9b}31m\u{7f}\u{90}\r\n\u{e9}";
        let body = serde_json::json!({"id": said, said: 1}).to_string();
        let text = payload_json(body.as_bytes()).unwrap();
        assert!(
            !text
                .chars()
                .any(|letter| letter.is_control() && letter != '\n'),
            "{text:?}"
        );
        let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(tree["id"].as_str(), Some(said));
    }

    #[test]
    fn an_error_beside_content_does_not_lose_the_content() {
        assert!(printed(r#"{"id":"task_1","status":"failed","error":"x"}"#).is_ok());
        assert!(printed(r#"{"error":null,"items":[]}"#).is_ok());
    }

    #[test]
    fn a_message_never_repeats_what_the_reply_said() {
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
