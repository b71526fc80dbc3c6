//! Empty answers of the remote: which of them end a list, and which prove nothing.

use std::sync::atomic::Ordering;

use crate::remote::{SEARCH, answering, crawled, expected};

#[tokio::test]
async fn an_empty_list_is_complete() {
    for body in [
        r#"{"code":200,"data":{"items":[],"cursor":null}}"#,
        r#"{"items":[],"has_more":false}"#,
        r#"{"code":200,"message":"Request successful. This request will incur a charge.","data":{"items":[]}}"#,
    ] {
        assert_eq!(
            crawled(200, body).await,
            expected(0, "done", "complete", 1, 50_000),
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_empty_answer_that_does_not_state_the_end_is_bought_once_and_ends_no_list_silently() {
    for body in [
        r#"{"code":200,"data":[]}"#,
        "[]",
        r#"{"code":200,"message":"Request failed. Please retry.","data":{"items":[],"cursor":null}}"#,
        r#"{"code":200,"data":{"items":[],"message":"too many requests"}}"#,
        r#"{"code":200,"cursor":"c2","data":{"items":[],"cursor":null}}"#,
    ] {
        assert_eq!(
            crawled(200, body).await,
            expected(3, "stopped", "truncated", 1, 50_000),
            "{body}"
        );
    }
}

/// Searches for a name. Returns the same as [`crawled`].
async fn searched(body: &'static str) -> (i32, String, String, u64, u64) {
    let (mut place, calls) = answering(200, body).await;
    place.set("seeds.users", "[\"@somebody\"]");
    let ended = place.crawl().await;
    let job = place.job(SEARCH, "somebody").await;
    let (calls, charged) = (calls.load(Ordering::SeqCst), place.charged().await);
    (ended.code, job.state, job.reason, calls, charged)
}

#[tokio::test]
async fn a_name_is_nobodys_only_if_the_search_says_so() {
    let nobody = r#"{"code":200,"data":{"items":[],"cursor":null}}"#;
    assert_eq!(
        searched(nobody).await,
        expected(0, "done", "gone", 1, 50_000)
    );
    for body in [
        r#"{"code":200,"data":[]}"#,
        r#"{"code":200,"data":{"items":[],"message":"too many requests"}}"#,
    ] {
        assert_eq!(
            searched(body).await,
            expected(3, "stopped", "truncated", 1, 50_000),
            "{body}"
        );
    }
}
