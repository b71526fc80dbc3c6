//! Empty pages in captures: only one that states success, and nothing else, ends the list of a job.

use crate::import::{NO_REMOTE, import};
use crate::support::Place;

const USER: &str = "user-0123456789";
const JOB: &str =
    "select state || ' ' || coalesce(stop_reason, '-') from jobs where endpoint = 'get_user_posts'";

/// Imports one line for a job that waits for its first page. Returns the exit code, the job, and what was said.
async fn imported(line: &str) -> (i32, String, String) {
    let mut place = Place::new(NO_REMOTE);
    place.only(&["posts"]);
    std::fs::write(place.file("x.jsonl"), line).expect("a file");
    place.run(&["seed", "users", USER]).await.with(0);
    let ended = import(&place, "a.db", &["x.jsonl"]).await;
    let job = place.texts(JOB).await.remove(0);
    (ended.code, job, ended.err)
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
