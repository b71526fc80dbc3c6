//! What stands beside an empty list and speaks against it: an error, a status, a message. Pure.

mod keys;

use super::json::Json;
use super::scrub::letters;
use super::wording::{is_no, line_of_http, states_failure, states_no_error, states_success};
use keys::{Kind, STATUSES};

/// What a value beside an empty list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Nothing,
    Unclear(&'static str),
    Failure,
}

pub(super) const MESSAGE: &str =
    "the page is empty, and a message beside it does not state success";
pub(super) const STATUS: &str = "the page is empty, and a status beside it does not state success";
pub(super) const FAILURE: &str = "an error beside an empty list in a reply with status 200";

/// Returns what a value beside an empty list says.
pub(super) fn verdict(key: &str, value: &Json<'_>) -> Verdict {
    let key = letters(key);
    match Kind::of(&key) {
        Some(Kind::Error) => error(value),
        Some(Kind::Failed) => sign(value, Verdict::Failure),
        Some(Kind::Partial) => sign(value, Verdict::Unclear(STATUS)),
        Some(Kind::Flag) => flag(value),
        Some(Kind::Status) => match value {
            Json::Object(_) => inside(value),
            _ => status(value),
        },
        Some(Kind::Word) => match value {
            Json::Text(_) => status(value),
            Json::Object(_) => inside(value),
            _ => Verdict::Nothing,
        },
        Some(Kind::Message) if lacks_success(value) => Verdict::Unclear(MESSAGE),
        Some(Kind::Container) => inside(value),
        _ => Verdict::Nothing,
    }
}

/// Returns whether a key beside a reply says that there was a failure. A tool has its own words for a success, so only those for
/// a failure count.
pub(super) fn is_failure(key: &str, value: &Json<'_>) -> bool {
    match verdict(key, value) {
        Verdict::Failure => true,
        Verdict::Unclear(_) => match (Kind::of(&letters(key)), value) {
            // The keys in a message are languages. Those in any other object are about the request, or about something else.
            (Some(Kind::Message), _) => names_failure(value),
            (_, Json::Object(entries)) => entries.iter().any(|(key, value)| is_failure(key, value)),
            _ => names_failure(value),
        },
        Verdict::Nothing => false,
    }
}

fn names_failure(value: &Json<'_>) -> bool {
    match value {
        Json::Text(text) => states_failure(text),
        Json::Array(items) => items.iter().any(names_failure),
        Json::Object(entries) => entries.iter().any(|(_, value)| names_failure(value)),
        Json::Int(number) => *number >= 400,
        Json::Bool(is_set) => *is_set,
        _ => false,
    }
}

/// Returns whether a key is one of those that [`verdict`] looks at.
pub(super) fn is_looked_at(key: &str) -> bool {
    Kind::of(&letters(key)).is_some()
}

fn error(value: &Json<'_>) -> Verdict {
    let is_none = match value {
        Json::Text(text) => states_no_error(text),
        // Some services have an object of an error in every reply.
        Json::Object(entries) => {
            let is_status = |key: &str| STATUSES.contains(&&*letters(key));
            let mut all = entries.iter();
            all.any(|(key, value)| is_status(key) && value.is_something())
                && inside(value) == Verdict::Nothing
        }
        _ => false,
    };
    match value.is_something() && number(value) != Some(0.0) && !is_none {
        true => Verdict::Failure,
        false => Verdict::Nothing,
    }
}

/// Returns what a value says that is true, or a text about a failure, if a page is none. Others may be a limit, as `30s`.
fn sign(value: &Json<'_>, verdict: Verdict) -> Verdict {
    let is_yes = |text: &str| ["true", "yes"].contains(&&*text.trim().to_ascii_lowercase());
    match value {
        Json::Bool(true) => verdict,
        Json::Text(text) if is_yes(text) || states_failure(text) => verdict,
        _ => Verdict::Nothing,
    }
}

fn flag(value: &Json<'_>) -> Verdict {
    match value {
        Json::Bool(false) => Verdict::Failure,
        Json::Text(text) if text.trim().is_empty() => Verdict::Nothing,
        Json::Text(text) if is_no(text) => Verdict::Failure,
        Json::Text(text) if states_success(text) || text.trim() == "1" => Verdict::Nothing,
        Json::Text(_) => Verdict::Unclear(STATUS),
        _ if number(value) == Some(0.0) => Verdict::Failure,
        _ => Verdict::Nothing,
    }
}

fn status(value: &Json<'_>) -> Verdict {
    match (number(value), value) {
        (Some(200.0), Json::Text(text)) if !states_success(text) => Verdict::Unclear(STATUS),
        (Some(200.0 | 0.0), _) => Verdict::Nothing,
        // Some services say 1 for a success, and others count errors from 1.
        (Some(1.0), _) => Verdict::Unclear(STATUS),
        (Some(_), _) | (None, Json::Bool(false)) => Verdict::Failure,
        (None, _) if lacks_success(value) => Verdict::Unclear(STATUS),
        _ => Verdict::Nothing,
    }
}

/// Returns what the keys of an object say.
fn inside(value: &Json<'_>) -> Verdict {
    let Json::Object(entries) = value else {
        return Verdict::Nothing;
    };
    let mut said = Verdict::Nothing;
    for (key, value) in entries {
        match verdict(key, value) {
            Verdict::Failure => return Verdict::Failure,
            unclear @ Verdict::Unclear(_) if said == Verdict::Nothing => said = unclear,
            _ => {}
        }
    }
    said
}

/// Returns whether any text of a value says something else than success.
fn lacks_success(value: &Json<'_>) -> bool {
    match value {
        Json::Text(text) => !states_success(text),
        Json::Array(items) => items.iter().any(lacks_success),
        Json::Object(entries) => entries.iter().any(|(_, value)| lacks_success(value)),
        Json::Int(number) => !matches!(number, 0 | 200),
        Json::TooDeep => true,
        _ => false,
    }
}

/// Returns a number, also one in a text, and the status with which a line of HTTP begins.
fn number(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Int(number) => Some(*number as f64),
        Json::Float(number) => Some(*number),
        Json::Text(text) => text.trim().parse().ok().or_else(|| line_of_http(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{MESSAGE, STATUS, Verdict, is_failure, is_looked_at, verdict};
    use crate::api::json::Json;

    /// What an entry is, told by its key and value.
    fn told<T>(entry: &str, tell: impl Fn(&str, &Json<'_>) -> T) -> T {
        let text = format!("{{{entry}}}");
        let Json::Object(entries) = Json::parse(&text).unwrap() else {
            panic!("no object");
        };
        tell(&entries[0].0, &entries[0].1)
    }

    fn of(entry: &str) -> Verdict {
        let said = told(entry, verdict);
        let is_seen = told(entry, |key, _| is_looked_at(key));
        assert!(said == Verdict::Nothing || is_seen, "{entry}");
        said
    }

    #[test]
    fn errors_and_statuses_are_failures_in_any_writing() {
        for entry in [
            r#""error":"timeout""#,
            r#""_error":"net::ERR_ABORTED""#,
            r#""lastError":{"a":1}"#,
            r#""errors":["x"]"#,
            r#""error":{"code":"x","message":"no"}"#,
            r#""error":{"code":"ok","code":500}"#,
            r#""errorType":"Timeout""#,
            r#""err_no":5"#,
            r#""exception":"ReadTimeout()""#,
            r#""failure":{"reason":"x"}"#,
            r#""failed":true"#,
            r#""is_error":"true""#,
            r#""has_error":"yes""#,
            r#""exception":"saved""#,
            r#""error":"200 upstream timeout""#,
            r#""err":"x""#,
            r#""fail_msg":"x""#,
            r#""traceback":["x"]"#,
            r#""timeout":"the read timed out""#,
            r#""timeout":true"#,
            r#""rate_limited":"yes""#,
            r#""ok":false"#,
            r#""success":0"#,
            r#""success":"false""#,
            r#""is_success":false"#,
            r#""status":"429 Too Many Requests""#,
            r#""status":"HTTP/1.1 503 Service Unavailable""#,
            r#""status":"502: bad gateway""#,
            r#""status":false"#,
            r#""ret":-1"#,
            r#""retCode":"10000""#,
            r#""response_code":500"#,
            r#""base_resp":{"status_code":8,"status_msg":"x"}"#,
            r#""status":{"code":429}"#,
            r#""meta":{"status":{"ok":false}}"#,
        ] {
            assert_eq!(of(entry), Verdict::Failure, "{entry}");
        }
    }

    #[test]
    fn a_tool_has_its_own_words_for_a_success() {
        for entry in [
            r#""status":"cached""#,
            r#""state":"ready""#,
            r#""outcome":"hit""#,
            r#""result":"empty""#,
            r#""message":"last page""#,
            r#""msg":"GET /x 200""#,
            r#""meta":{"state":"California"}"#,
            r#""meta":{"state":"x","bytes":5000,"cached":true,"limit":"none"}"#,
        ] {
            assert!(!told(entry, is_failure), "{entry}");
        }
        for entry in [
            r#""status":"429 Too Many Requests""#,
            r#""status":"error""#,
            r#""state":"failed""#,
            r#""message":429"#,
            r#""message":{"en":["Too many requests"]}"#,
            r#""message":"请求过于频繁""#,
            r#""partial":true"#,
            r#""meta":{"message":"rate limited"}"#,
            r#""meta":{"state":"x","status":{"message":429}}"#,
            r#""status":"pending""#,
            r#""state":"in progress""#,
            r#""outcome":"incomplete""#,
        ] {
            assert!(told(entry, is_failure), "{entry}");
        }
    }

    #[test]
    fn words_that_are_not_success_are_unclear() {
        for (entry, why) in [
            (r#""message":["Too many requests"]"#, MESSAGE),
            (r#""message":{"en":"Too many requests"}"#, MESSAGE),
            (
                r#""message":{"en":["Request successful.","slow down"]}"#,
                MESSAGE,
            ),
            (r#""message":429"#, MESSAGE),
            (r#""message_zh":"请求过于频繁""#, MESSAGE),
            (r#""message_zh":"请求未成功""#, MESSAGE),
            (r#""msg_en":"slow down""#, MESSAGE),
            (r#""statusText":"Too Many Requests""#, MESSAGE),
            (r#""reason":"quota""#, MESSAGE),
            (r#""message":"partial success""#, MESSAGE),
            (r#""message":"Did not succeed""#, MESSAGE),
            (r#""status":"200 Too Many Requests""#, STATUS),
            (r#""message":"200: upstream returned nothing""#, MESSAGE),
            (
                r#""message":"Request successfully received, but limit exceeded""#,
                MESSAGE,
            ),
            (r#""message_zh":"未能成功获取""#, MESSAGE),
            (r#""state":"pending""#, STATUS),
            (r#""result":"timeout""#, STATUS),
            (r#""outcome":"error""#, STATUS),
            (r#""status":["error"]"#, STATUS),
            (r#""ret":1"#, STATUS),
            (r#""success":"maybe""#, STATUS),
            (r#""partial":true"#, STATUS),
            (r#""meta":{"message":"slow down"}"#, MESSAGE),
        ] {
            assert_eq!(of(entry), Verdict::Unclear(why), "{entry}");
        }
    }

    #[test]
    fn what_states_success_or_nothing_is_no_matter() {
        for entry in [
            r#""error":null"#,
            r#""error":"none""#,
            r#""error":"0""#,
            r#""error":{"code":"ok","message":""}"#,
            r#""error_count":0"#,
            r#""on_error":"skip""#,
            r#""ignore_errors":true"#,
            r#""timeout":30"#,
            r#""timeout":"PT30S""#,
            r#""previous_error":"x""#,
            r#""error_log":"errors.log""#,
            r#""error_handler":"skip""#,
            r#""timeout":"30""#,
            r#""timed_out":false"#,
            r#""truncated":"false""#,
            r#""ok":true"#,
            r#""ok":"true""#,
            r#""success":1"#,
            r#""success":null"#,
            r#""status":"200 OK""#,
            r#""status":"HTTP/2 200""#,
            r#""status":"Success!""#,
            r#""status":true"#,
            r#""status":{"code":200,"message":"OK"}"#,
            r#""ret":0"#,
            r#""state":"done""#,
            r#""result":{"items":[]}"#,
            r#""outcome":7"#,
            r#""message":"Request successful. This request will incur a charge.""#,
            r#""message":["Request successful."]"#,
            r#""message_zh":"请求成功，本次请求将被计费。""#,
            r#""cache_message":"This request will be cached.""#,
            r#""cache_message_zh":"本次请求将被缓存""#,
            r#""messages":[]"#,
            r#""message_id":"m1""#,
            r#""statusText":"OK""#,
            r#""msg":"success, no errors""#,
            r#""support":"Discord""#,
        ] {
            assert_eq!(of(entry), Verdict::Nothing, "{entry}");
        }
    }
}
