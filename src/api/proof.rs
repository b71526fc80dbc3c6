//! Whether a page without a next cursor proves that its list has ended. A success may hide a failure: the vendor passes on what
//! other services answer, and some tools fill in an empty list (api/README.md §3). Pure.

use super::json::Json;
use super::scrub::letters;
use crate::model::Doubt;

/// Keys of the list in a payload.
pub(super) const LISTS: [&str; 3] = ["items", "children", "leaderboard"];
/// Keys that only a failure has, if they say anything. Only the letters of a key count, in lower case.
const ERRORS: [&str; 10] = [
    "error",
    "errors",
    "detail",
    "errorcode",
    "errormessage",
    "errormsg",
    "errcode",
    "errmsg",
    "exception",
    "iserror",
];
const STATUSES: [&str; 4] = ["code", "status", "statuscode", "httpstatus"];
const FLAGS: [&str; 2] = ["success", "ok"];
const MESSAGES: [&str; 2] = ["message", "msg"];

/// Keys that say that a page follows, in other words than the remote's `cursor` and `has_more`.
const OTHERS: [&str; 8] = [
    "nextcursor",
    "nextpagetoken",
    "nextpage",
    "next",
    "endcursor",
    "hasmore",
    "hasnext",
    "hasnextpage",
];
/// Objects that may have such a key.
const PAGINGS: [&str; 3] = ["pageinfo", "paging", "pagination"];

const ARRAY: &str = "the reply is a bare array, which cannot say whether a page follows";
const CURSOR: &str = "a cursor or has_more stands beside the payload of the reply";
const RENAMED: &str = "the page has no cursor, but another sign that a page follows";
const MESSAGE: &str = "the page is empty, and a message beside it does not state success";
const STATUS: &str = "the page is empty, and a status beside it does not state success";
const FAILURE: &str = "an error beside an empty list in a reply with status 200";

/// Returns why a page is no proof that its list has ended; `None` if it is one. `around` is the envelope of the payload.
pub(super) fn doubt(around: Option<&Json<'_>>, data: &Json<'_>, is_paged: bool) -> Option<Doubt> {
    let unproved = |why| Doubt {
        why,
        is_failure: false,
    };
    let is_empty = is_empty(data);
    let array = matches!(data, Json::Array(_)).then_some(ARRAY);
    let array = array.filter(|_| is_paged || is_empty);
    let cursor = around.filter(|around| goes_on(around)).map(|_| CURSOR);
    let inner = LISTS.iter().filter_map(|list| data.get(list));
    let parts: Vec<&Json<'_>> = around.into_iter().chain([data]).chain(inner).collect();
    let renamed = parts.iter().any(|part| has_other_sign(part));
    let cursor = cursor.or(renamed.then_some(RENAMED));
    if !is_empty {
        return cursor.or(array).map(unproved);
    }
    let mut said = None;
    for part in parts {
        let Json::Object(entries) = part else {
            continue;
        };
        for (key, value) in entries {
            said = match verdict(key, value) {
                Verdict::Failure => {
                    return Some(Doubt {
                        why: FAILURE,
                        is_failure: true,
                    });
                }
                Verdict::Unclear(why) => said.or(Some(why)),
                Verdict::Nothing => said,
            };
        }
    }
    said.or(cursor).or(array).map(unproved)
}

/// Returns whether no list of a payload has an item.
fn is_empty(data: &Json<'_>) -> bool {
    match data {
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries
            .iter()
            .filter(|(key, _)| LISTS.contains(&key.as_ref()))
            .all(|(_, list)| is_empty(list)),
        _ => true,
    }
}

/// Returns whether an envelope says that a page follows. A recorder may have put the cursor of the request there.
fn goes_on(around: &Json<'_>) -> bool {
    let Json::Object(entries) = around else {
        return false;
    };
    let of = |key: &str| entries.iter().rev().find(|(name, _)| name == key);
    let is_of_request = |cursor: &Json<'_>| match of("params") {
        Some((_, Json::Object(params))) => params
            .iter()
            .any(|(key, value)| key == "cursor" && value == cursor),
        _ => false,
    };
    let has_more = match of("has_more").map(|(_, value)| value) {
        Some(Json::Bool(has_more)) => *has_more,
        Some(Json::Int(number)) => *number != 0,
        Some(Json::Text(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1"),
        _ => false,
    };
    let cursor = of("cursor").map(|(_, value)| value);
    has_more || cursor.is_some_and(|cursor| cursor.is_something() && !is_of_request(cursor))
}

enum Verdict {
    Nothing,
    Unclear(&'static str),
    Failure,
}

/// Returns whether an object says that a page follows, but not as the remote does.
fn has_other_sign(part: &Json<'_>) -> bool {
    let Json::Object(entries) = part else {
        return false;
    };
    entries.iter().any(|(key, value)| {
        let name = letters(key);
        // The remote's own flag is read with its cursor.
        (key != "has_more" && OTHERS.contains(&&*name) && value.is_something())
            || (PAGINGS.contains(&&*name) && has_other_sign(value))
    })
}

/// Returns what a value beside an empty list says.
fn verdict(key: &str, value: &Json<'_>) -> Verdict {
    let key = letters(key);
    let is_one = |keys: &[&str]| keys.contains(&key.as_str());
    if is_one(&ERRORS) {
        return match value.is_something() && number(value) != Some(0.0) {
            true => Verdict::Failure,
            false => Verdict::Nothing,
        };
    }
    if is_one(&FLAGS) && *value == Json::Bool(false) {
        return Verdict::Failure;
    }
    if is_one(&STATUSES) {
        return match (number(value), value) {
            (Some(200.0 | 0.0), _) => Verdict::Nothing,
            // Some services say 1 for a success, and others count errors from 1.
            (Some(1.0), _) => Verdict::Unclear(STATUS),
            (Some(_), _) => Verdict::Failure,
            (None, Json::Text(text)) if !states_success(text) => Verdict::Unclear(STATUS),
            _ => Verdict::Nothing,
        };
    }
    match value {
        Json::Text(text) if is_one(&MESSAGES) && !states_success(text) => Verdict::Unclear(MESSAGE),
        _ => Verdict::Nothing,
    }
}

fn number(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Int(number) => Some(*number as f64),
        Json::Float(number) => Some(*number),
        Json::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Returns whether a text says that a request succeeded, or says nothing.
fn states_success(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let negated = ["unsuccess", "not success", "no success", "without success"];
    let succeeds = ["success", "succeed", "成功"];
    match &*text {
        "" | "ok" | "okay" | "done" | "completed" => true,
        _ => {
            succeeds.iter().any(|word| text.contains(word))
                && !negated.iter().any(|word| text.contains(word))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ARRAY, CURSOR, FAILURE, MESSAGE, RENAMED, STATUS, doubt};
    use crate::api::json::Json;

    /// Why a page with this envelope and payload is no proof, and whether it is a failure.
    fn said(around: &str, data: &str, is_paged: bool) -> Option<(&'static str, bool)> {
        let around = (!around.is_empty()).then(|| Json::parse(around).unwrap());
        let data = Json::parse(data).unwrap();
        let doubt = doubt(around.as_ref(), &data, is_paged)?;
        Some((doubt.why, doubt.is_failure))
    }

    #[test]
    fn signs_inside_of_the_list_and_in_other_words_count_too() {
        let failure = Some((FAILURE, true));
        for odd in [
            r#""error":"x""#,
            r#""success":false"#,
            r#""statusCode":503"#,
            r#""errorMessage":"x""#,
        ] {
            let data = format!(r#"{{"children":{{"items":[],"cursor":null,{odd}}}}}"#);
            assert_eq!(said("", &data, true), failure, "{odd}");
        }
        let inside = r#"{"children":{"items":[],"message":"Too many requests"}}"#;
        assert_eq!(said("", inside, true), Some((MESSAGE, false)));
        for odd in [
            r#""next_cursor":"abc""#,
            r#""nextCursor":"abc""#,
            r#""hasMore":true"#,
            r#""page_info":{"has_next_page":true}"#,
            r#""paging":{"next":"abc"}"#,
        ] {
            for items in ["[]", "[{}]"] {
                for data in [
                    format!(r#"{{"items":{items},"cursor":null,{odd}}}"#),
                    format!(r#"{{"children":{{"items":{items},{odd}}}}}"#),
                ] {
                    assert_eq!(said("", &data, true), Some((RENAMED, false)), "{data}");
                }
            }
        }
        for odd in [
            r#""next_cursor":null"#,
            r#""hasMore":false"#,
            r#""paging":{}"#,
            r#""next":"""#,
        ] {
            let data = format!(r#"{{"items":[],{odd}}}"#);
            assert_eq!(said("", &data, true), None, "{odd}");
        }
    }

    const EMPTY: &str = r#"{"items":[],"cursor":null}"#;

    #[test]
    fn an_empty_page_of_the_remote_proves_the_end_of_its_list() {
        let vendor = r#"{"code":200,"request_id":"r","message":"Request successful. This request will incur a charge.",
            "message_zh":"请求成功，本次请求将被计费。","support":"Discord","time_stamp":1,"router":"/x","params":{"cursor":"c"},
            "cache_message":"This request will be cached.","cursor":"c","data":{}}"#;
        for around in [
            "",
            r#"{"code":200}"#,
            vendor,
            r#"{"code":0,"msg":"OK","success":true}"#,
            r#"{"code":200,"message":null,"error":null,"errors":[],"error_code":0,"status":"success"}"#,
        ] {
            for data in [
                EMPTY,
                r#"{"items":[]}"#,
                r#"{"items":[],"has_more":false,"debug_info":null}"#,
                r#"{"children":{"items":[],"cursor":""}}"#,
                r#"{"post":{"id":"s_1"},"children":null}"#,
                r#"{"leaderboard":[]}"#,
                r#"{"items":[],"error":null,"detail":" ","message":""}"#,
                r#"{"items":[],"error":{"code":0,"message":""},"errors":[null],"error_code":{"code":null}}"#,
            ] {
                assert_eq!(said(around, data, true), None, "{around} {data}");
            }
        }
    }

    #[test]
    fn an_error_beside_an_empty_list_is_a_failure() {
        let failure = Some((FAILURE, true));
        for odd in [
            r#""error":"rate limited""#,
            r#""error":{"message":"x"}"#,
            r#""errors":["x"]"#,
            r#""detail":"no""#,
            r#""error_code":7"#,
            r#""error_message":"no""#,
            r#""success":false"#,
            r#""ok":false"#,
            r#""code":404"#,
            r#""code":"404""#,
            r#""code":500.0"#,
            r#""code":-1"#,
            r#""status":429"#,
            r#""status_code":502"#,
            r#""http_status":"503""#,
        ] {
            let data = format!(r#"{{"items":[],"cursor":null,{odd}}}"#);
            assert_eq!(said("", &data, true), failure, "{odd}");
            let around = format!("{{{odd}}}");
            for data in [EMPTY, "[]", r#"{"children":{"items":[]}}"#] {
                assert_eq!(said(&around, data, true), failure, "{odd}");
                assert_eq!(said(&around, data, false), failure, "{odd}");
            }
            // What lists something is a page, whatever stands beside it.
            assert_eq!(said(&around, r#"{"items":[{}]}"#, true), None, "{odd}");
        }
    }

    #[test]
    fn an_empty_list_beside_something_else_than_success_is_no_proof() {
        for (odd, why) in [
            (r#""message":"Too many requests, try again later""#, MESSAGE),
            (r#""msg":"failed""#, MESSAGE),
            (r#""message":"The request was not successful""#, MESSAGE),
            (r#""status":"error""#, STATUS),
            (r#""code":"rate_limited""#, STATUS),
            (r#""status":1"#, STATUS),
        ] {
            let data = format!(r#"{{"items":[],{odd}}}"#);
            assert_eq!(said("", &data, true), Some((why, false)), "{odd}");
            let around = format!("{{{odd}}}");
            assert_eq!(said(&around, EMPTY, true), Some((why, false)), "{odd}");
            assert_eq!(said(&around, r#"{"items":[{}]}"#, true), None, "{odd}");
        }
    }

    #[test]
    fn a_cursor_that_the_payload_does_not_have_is_no_end() {
        for odd in [
            r#""cursor":"c2""#,
            r#""cursor":7"#,
            r#""cursor":"c2","params":{"cursor":"c1"}"#,
            r#""has_more":true"#,
            r#""has_more":"True""#,
            r#""has_more":1"#,
        ] {
            let around = format!(r#"{{"code":200,{odd}}}"#);
            for data in [EMPTY, "[]", "[{}]", r#"{"items":[{}],"cursor":null}"#] {
                assert_eq!(
                    said(&around, data, true),
                    Some((CURSOR, false)),
                    "{odd} {data}"
                );
            }
        }
        for odd in [
            r#""cursor":null"#,
            r#""cursor":"""#,
            r#""has_more":false"#,
            r#""has_more":"0""#,
            r#""cursor":"c1","params":{"cursor":"c1"}"#,
        ] {
            let around = format!(r#"{{"code":200,{odd}}}"#);
            assert_eq!(said(&around, EMPTY, true), None, "{odd}");
        }
    }

    #[test]
    fn a_bare_array_cannot_say_that_it_is_the_whole_list() {
        for data in ["[]", "[{}]"] {
            for around in ["", r#"{"code":200}"#] {
                assert_eq!(
                    said(around, data, true),
                    Some((ARRAY, false)),
                    "{around} {data}"
                );
            }
        }
        assert_eq!(said("", "[]", false), Some((ARRAY, false)));
        assert_eq!(said("", "[{}]", false), None, "a search has one page");
    }
}
