//! Empty pages in captures: only one that states success, and nothing else, ends the list of a job. And empty files.

use crate::hostile_import::execute;
use crate::import::{NO_REMOTE, import};
use crate::support::Place;

const USER: &str = "user-0123456789";
const JOB: &str =
    "select state || ' ' || coalesce(stop_reason, '-') from jobs where endpoint = 'get_user_posts'";

/// Imports one line for a job that waits for its first page. Returns the exit code, the job, and what was said.
async fn imported(line: &str) -> (i32, String, String) {
    imported_as("x.jsonl", line).await
}

fn line(keys: &str, reply: &str) -> String {
    format!(
        r#"{{"endpoint":"get_user_posts","params":{{"user_id":"{USER}"}},"time":1760341362{keys},"body":{reply}}}"#
    )
}

#[tokio::test]
async fn an_empty_page_ends_a_job_only_if_nothing_contradicts_it() {
    for reply in [
        r#"{"items":[],"cursor":null}"#,
        r#"{"code":200,"message":"Request successful.","data":{"items":[]}}"#,
    ] {
        for keys in ["", r#","http_status":200"#] {
            let (code, job, said) = imported(&line(keys, reply)).await;
            assert_eq!(
                (code, &*job),
                (0, "done complete"),
                "{keys} {reply}: {said}"
            );
        }
    }
    for (keys, reply, why) in [
        ("", r#"{"code":200,"data":[]}"#, "bare array"),
        ("", "[]", "bare array"),
        ("", r#"{"items":[],"message":"rate limited"}"#, "message"),
        (
            "",
            r#"{"code":200,"message":"Please retry","data":{"items":[]}}"#,
            "message",
        ),
        (
            "",
            r#"{"code":200,"error":"x","data":{"items":[]}}"#,
            "an error beside an empty list",
        ),
        ("", r#"{"items":[],"code":404}"#, "error"),
        (
            "",
            r#"{"code":200,"cursor":"c2","data":{"items":[]}}"#,
            "cursor",
        ),
        (
            r#","http_status":204"#,
            r#"{"items":[]}"#,
            "its status is 204",
        ),
    ] {
        let (code, job, said) = imported(&line(keys, reply)).await;
        assert_eq!((code, &*job), (3, "ready -"), "{keys} {reply}: {said}");
        assert!(
            said.contains("line 1: ") && said.contains(why),
            "{reply}: {said}"
        );
    }
}

/// The job, and what was said, if a HAR file has this beside its reply.
fn har(in_entry: &str, response: &str, reply: &str) -> String {
    let text = serde_json::Value::from(reply).to_string();
    let url = format!("https://h/api/v1/sora2/get_user_posts?user_id={USER}");
    format!(
        r#"{{"log":{{"entries":[{{"startedDateTime":"2025-10-13T07:42:42Z"{in_entry},"request":{{"method":"GET","url":"{url}"}},
            "response":{{{response},"content":{{"mimeType":"application/json","text":{text}}}}}}}]}}}}"#
    )
}

async fn imported_as(name: &str, text: &str) -> (i32, String, String) {
    let mut place = Place::new(NO_REMOTE);
    place.only(&["posts"]);
    std::fs::write(place.file(name), text).expect("a file");
    place.run(&["seed", "users", USER]).await.with(0);
    let ended = import(&place, "a.db", &[name]).await;
    let job = place.texts(JOB).await.remove(0);
    (ended.code, job, ended.err)
}

const EMPTY: &str = r#"{"items":[],"cursor":null}"#;
const SOME: &str = r#"{"items":[{"post":{"id":"s_1","text":"x"}}],"cursor":null}"#;

#[tokio::test]
async fn an_error_beside_a_reply_makes_its_empty_page_none() {
    for keys in [
        r#","error":"timeout""#,
        r#","ok":false"#,
        r#","success":false"#,
        r#","status":"429 Too Many Requests""#,
        r#","exception":"ReadTimeout()""#,
        r#","message":{"text":"slow down"}"#,
        r#","result":"timeout""#,
        r#","meta":{"error":"x"}"#,
    ] {
        let (code, job, said) = imported(&line(keys, EMPTY)).await;
        assert_eq!((code, &*job), (3, "ready -"), "{keys}: {said}");
        assert!(said.contains("no proof that the list has ended"), "{said}");
        let (code, _, said) = imported(&line(keys, SOME)).await;
        assert_eq!(code, 0, "{keys}: {said}");
    }
    let inner = format!(r#"{{"status":200,"error":"timeout","body":{EMPTY}}}"#);
    let (code, job, said) = imported(&line("", &inner)).await;
    assert_eq!((code, &*job), (3, "ready -"), "{said}");
    for (entry, response, why) in [
        ("", r#""status":0"#, "its status is 0"),
        ("", r#""status":200,"_error":"net::ERR_FAILED""#, "_error"),
        (r#","_error":"x""#, r#""status":200"#, "_error"),
        (
            "",
            r#""status":200,"statusText":"Too Many Requests""#,
            "statusText",
        ),
    ] {
        let (code, job, said) = imported_as("x.har", &har(entry, response, EMPTY)).await;
        assert_eq!((code, &*job), (3, "ready -"), "{entry}{response}: {said}");
        assert!(said.contains("entry 1: ") && said.contains(why), "{said}");
        let (code, _, said) = imported_as("x.har", &har(entry, response, SOME)).await;
        assert_eq!(code, 0, "{entry}{response}: {said}");
    }
    // A part of what was received may be JSON, too.
    let part =
        har("", r#""status":200"#, EMPTY).replace("\"mimeType\"", "\"size\":5000,\"mimeType\"");
    let (code, job, said) = imported_as("x.har", &part).await;
    assert_eq!((code, &*job), (3, "ready -"), "{said}");
    assert!(said.contains("its size is stated as 5000 bytes"), "{said}");
    let whole = har("", r#""status":200,"statusText":"OK""#, EMPTY);
    let (code, job, said) = imported_as("x.har", &whole).await;
    assert_eq!((code, &*job), (0, "done complete"), "{said}");
}

#[tokio::test]
async fn a_page_is_no_end_if_what_stands_beside_it_says_that_one_follows() {
    let own = format!(r#"{{"items":[],"cursor":"c2","has_more":false,"user_id":"{USER}"}}"#);
    for (keys, reply) in [
        (r#","has_more":true"#, EMPTY),
        (r#","has_more":true"#, SOME),
        (r#","next_cursor":"c2""#, SOME),
        (r#","pagination":{"next":"c2"}"#, SOME),
        (r#","query":{"cursor":""},"cursor":"c2""#, SOME),
        (r#","error":"timeout""#, &own),
    ] {
        let (code, job, said) = imported(&line(keys, reply)).await;
        assert_eq!((code, &*job), (3, "ready -"), "{keys} {reply}: {said}");
    }
    let more = SOME.replace("null", "\"c2\"");
    for (keys, reply) in [
        (r#","has_more":false,"next_cursor":null"#, SOME),
        (r#","next_cursor":"c2""#, &more),
    ] {
        let (code, _, said) = imported(&line(keys, reply)).await;
        assert_eq!(code, 0, "{keys} {reply}: {said}");
    }
}

#[tokio::test]
async fn the_status_of_a_page_in_another_archive_counts() {
    let mut place = Place::new(NO_REMOTE);
    place.only(&["posts"]);
    std::fs::write(place.file("x.jsonl"), line("", EMPTY)).expect("a file");
    import(&place, "b.db", &["x.jsonl"]).await.with(0);
    execute(&place.file("b.db"), "update calls set http_status = 204").await;
    place.run(&["seed", "users", USER]).await.with(0);
    let ended = import(&place, "a.db", &["b.db"]).await.with(3);
    assert!(ended.err.contains("its status is 204"), "{}", ended.err);
    assert_eq!(place.texts(JOB).await, ["ready -"]);
}

#[tokio::test]
async fn a_file_without_a_reply_is_named() {
    let place = Place::new(NO_REMOTE);
    for (name, text) in [
        ("a.json", ""),
        ("b.jsonl", ""),
        ("c.jsonl", "\n \n"),
        ("d.har", ""),
        ("e.har", r#"{"log":{"entries":[]}}"#),
        ("f", "\n"),
        (
            "g.warc",
            "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
        ),
    ] {
        std::fs::write(place.file(name), text).expect("a file");
        for more in [&["--dry-run"][..], &[]] {
            let ended = import(&place, "a.db", &[&[name], more].concat())
                .await
                .with(3);
            let said = format!("{name}, the file: it is empty, or has no entries");
            assert!(ended.err.contains(&said), "{name}: {}", ended.err);
        }
    }
}
