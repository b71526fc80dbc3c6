//! Whether a page without a next cursor proves that its list has ended. A success may hide a failure: the vendor passes on what
//! other services answer, and some tools fill in an empty list (api/README.md §3). Pure.

use super::json::Json;
use super::outcome::{FAILURE, Verdict, is_failure, is_looked_at, verdict};
use super::scrub::letters;
use super::wording::is_no;
use crate::model::Doubt;

/// Keys of the list in a payload.
pub(super) const LISTS: [&str; 3] = ["items", "children", "leaderboard"];
/// Keys that say that a page follows, in other words than the remote's `cursor` and `has_more`.
const OTHERS: [&str; 16] = [
    "continuation",
    "continuationtoken",
    "endcursor",
    "hasmore",
    "hasmorepages",
    "hasnext",
    "hasnextpage",
    "moreavailable",
    "next",
    "nextcursor",
    "nextlink",
    "nextpage",
    "nextpagecursor",
    "nextpagetoken",
    "nexttoken",
    "nexturl",
];
/// Those of them that are true if a page follows.
const MORE: [&str; 5] = [
    "hasmore",
    "hasmorepages",
    "hasnext",
    "hasnextpage",
    "moreavailable",
];
/// Objects that may have such a key.
const PAGINGS: [&str; 6] = [
    "links",
    "meta",
    "metadata",
    "pageinfo",
    "pagination",
    "paging",
];

const ARRAY: &str = "the reply is a bare array, which cannot say whether a page follows";
const CURSOR: &str = "a cursor or has_more stands beside the payload of the reply";
const RENAMED: &str = "the page has no cursor, but another sign that a page follows";

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

/// Returns whether an object says that a page follows, but not as the remote does.
fn has_other_sign(part: &Json<'_>) -> bool {
    // The remote's own flag is read with its cursor.
    has_sign(part, |key| key != "has_more" && is_sign(key))
}

fn has_sign(part: &Json<'_>, is_sign_of: fn(&str) -> bool) -> bool {
    let Json::Object(entries) = part else {
        return false;
    };
    // An end has a cursor, too, in the notation of Relay.
    let denies = |key: &str, value: &Json<'_>| MORE.contains(&&*letters(key)) && is_denial(value);
    let is_end = entries.iter().any(|(key, value)| denies(key, value));
    entries.iter().any(|(key, value)| {
        let is_of_end = is_end && letters(key) == "endcursor";
        (is_sign_of(key) && is_yes(value) && !is_of_end)
            || (PAGINGS.contains(&&*letters(key)) && has_sign(value, is_inner_sign))
    })
}

fn is_sign(key: &str) -> bool {
    OTHERS.contains(&&*letters(key))
}

/// Returns the same for a key of an object about pages.
fn is_inner_sign(key: &str) -> bool {
    key == "cursor" || is_sign(key)
}

/// Returns whether a value is a "no" of some kind.
fn is_denial(value: &Json<'_>) -> bool {
    match value {
        Json::Bool(is_set) => !is_set,
        Json::Text(text) => is_no(text),
        Json::Int(number) => *number == 0,
        _ => false,
    }
}

/// Returns whether a value says that a page follows. Some tools write all values as texts.
fn is_yes(value: &Json<'_>) -> bool {
    match value {
        Json::Text(text) => !is_no(text),
        _ => value.is_something(),
    }
}

/// Returns whether what a tool wrote beside a reply, in JSON, says that there was a failure, so that an empty list is none.
#[must_use]
pub fn tells_failure(key: &str, json: &str) -> bool {
    is_looked_at(key) && of_tool(json, |value| is_failure(key, value))
}

/// Returns whether what a tool wrote beside a reply, in JSON, says that a page follows.
#[must_use]
pub fn tells_more(key: &str, json: &str) -> bool {
    let is_paging = PAGINGS.contains(&&*letters(key));
    // A `cursor` in such an object may be that of the request.
    (is_sign(key) || is_paging)
        && of_tool(json, |value| match is_paging {
            true => has_sign(value, is_sign),
            false => is_yes(value),
        })
}

/// Returns whether [`tells_failure`] or [`tells_more`] look at a key.
#[must_use]
pub fn is_telling(key: &str) -> bool {
    is_looked_at(key) || is_sign(key) || PAGINGS.contains(&&*letters(key))
}

/// What cannot be read may say anything.
fn of_tool(json: &str, says: impl Fn(&Json<'_>) -> bool) -> bool {
    Json::parse(json).map_or(!json.trim().is_empty(), |value| says(&value))
}

#[cfg(test)]
mod tests {
    use super::{ARRAY, CURSOR, RENAMED, doubt, tells_failure, tells_more};
    use crate::api::json::Json;
    use crate::api::outcome::{FAILURE, MESSAGE, STATUS};

    #[test]
    fn what_a_tool_wrote_beside_a_reply_is_read_like_it() {
        for (key, json) in [
            ("error", r#""timeout""#),
            ("_error", r#""net::ERR_FAILED""#),
            ("ok", "false"),
            ("status", r#""429 Too Many Requests""#),
            ("error", r#"{"cut"#),
        ] {
            assert!(tells_failure(key, json) && !tells_more(key, json), "{key}");
        }
        for (key, json) in [
            ("has_more", "true"),
            ("nextCursor", r#""c""#),
            ("pagination", r#"{"next":"/x?page=2"}"#),
        ] {
            assert!(tells_more(key, json) && !tells_failure(key, json), "{key}");
        }
        for (key, json) in [
            ("error", "null"),
            ("has_more", r#""False""#),
            ("next_cursor", r#""None""#),
            ("next_cursor", "\"-1\""),
            ("meta", r#"{"cursor":"of the request"}"#),
            ("page_info", r#"{"has_next_page":false,"end_cursor":"c"}"#),
            ("status", r#""200 OK""#),
            ("url", r#""error""#),
            ("items", "[1]"),
        ] {
            assert!(!tells_more(key, json) && !tells_failure(key, json), "{key}");
        }
    }

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
            r#""paging":{"has_more":true}"#,
            r#""meta":{"pagination":{"cursor":"abc"}}"#,
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
            r#""ret":-1"#,
            r#""failure":"x""#,
            r#""success":"false""#,
            r#""status":"429 Too Many Requests""#,
            r#""meta":{"error":"x"}"#,
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
            (r#""message":["Too many requests"]"#, MESSAGE),
            (r#""message":{"text":"Too many requests"}"#, MESSAGE),
            (r#""message_zh":"请求过于频繁""#, MESSAGE),
            (r#""ret":1"#, STATUS),
            (r#""result":"timeout""#, STATUS),
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
