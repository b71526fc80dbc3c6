//! Real replies: the rules for captures change nothing in them that a crawl keeps.

use std::path::{Path, PathBuf};

use super::super::hints::may_have_secrets;
use crate::api::Scrubber;

fn files_in(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files_in(&path, all),
            false => all.push(path),
        }
    }
}

/// Returns the real replies with their paths.
fn replies() -> Vec<PathBuf> {
    let mut all = Vec::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    files_in(Path::new(fixtures), &mut all);
    all.retain(|path| path.extension().is_some_and(|it| it == "json"));
    all.sort();
    assert!(all.len() > 20, "{all:?}");
    all
}

#[test]
fn only_a_reply_that_repeats_headers_is_walked_through() {
    let all = replies();
    let hinted = all
        .iter()
        .filter(|path| may_have_secrets(&std::fs::read(path).unwrap()));
    let names: Vec<_> = hinted
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    assert_eq!(names, ["tikhub_error_402_headers_echo.fixture.json"]);
}

#[test]
fn a_real_reply_is_kept_as_a_crawl_keeps_it() {
    let scrubber = Scrubber::without_key();
    let mut changed = 0;
    for path in replies() {
        let body = std::fs::read(&path).unwrap();
        let kept = scrubber.scrub_body(&body);
        let imported = scrubber.scrub_captured(&body);
        assert!(imported == kept, "{}", path.display());
        changed += u32::from(kept != body);
    }
    assert_eq!(changed, 2, "echoed headers and a signature");
}

#[test]
fn words_and_keys_of_a_real_reply_stay() {
    for body in [
        r#"{"items":[{"profile":{"user_id":"user-1"},"token":"<@user-1>"}],"cursor":"c"}"#,
        r#"{"next_page_token":"a","page_token":"b","sync_token":"c","cursor_token":"d","max_tokens":5,"token":null,"tokens":["a"]}"#,
        r#"{"post":{"id":"s_1","text":"type password=1234, api_key=x; token=y Cookie: no"}}"#,
        r#"{"post":{"config":{"seed":1},"request":{"prompt":"x","size":"small"},"creation_config":{"url":"u"}}}"#,
        r#"{"post":{"text":"Cookies: flour and sugar\nAuthorization: denied","config":"x","request":"a cat","headers":7}}"#,
        r#"{"url":"https://videos.example/a.mp4?se=2026&sig=abc%3D&token=x&sp=r","facets":[{"token":"<@user-1>","start":0}]}"#,
        r#"{"token_count":3,"per_session":2.5,"pass_rate":1,"keys":["a"],"sessions":4,"secretly":"x","passed":"y","user_keyword":"z"}"#,
        r#"{"is_secret":true,"password":null,"session_id":null,"author":"auth","authorized":"a","cookie_count":3}"#,
        r#"{"code":200,"request_id":"r","router":"/api","params":{"user_id":"u"},"cache_message":"x","docs":"https://h/docs?x=1"}"#,
    ] {
        let clean = Scrubber::without_key().scrub_captured(body.as_bytes());
        assert_eq!(String::from_utf8_lossy(&clean), body);
    }
}
