//! Every fault of the simulator, once and permanent, has a declared end. Exit code 0 never hides missing data.

use soracrawl::sim::{Fault, Options};

use crate::support::{PAGE, Site, soon, walk};

const WALK: &str = "get_user_followers";

/// The end of a walk of three pages whose second page meets the fault.
struct End {
    code: i32,
    /// The stop reason of the job; empty if it has none.
    reason: &'static str,
    /// Number of billed pages.
    billed: u64,
    /// Number of followers that the archive lacks in the end.
    missing: usize,
}

const fn end(code: i32, reason: &'static str, billed: u64, missing: usize) -> Option<End> {
    Some(End {
        code,
        reason,
        billed,
        missing,
    })
}

/// Returns the end of a walk that meets the fault once.
fn once(fault: Fault) -> Option<End> {
    use Fault::*;
    match fault {
        Throttle | ThrottleBare | ThrottleDate | ThrottleReset | BadRequestRetry | ServerError
        | BadGatewayHtml | Unavailable | ResetBefore | Redirect => end(0, "complete", 3, 0),
        ResetAfter | Slow | Truncated | Html200 | DataNull | ErrorIn200 | DataError | SlowDrip => {
            end(0, "complete", 4, 0)
        }
        WrongType | OverlappingPage | WrongContentType => end(0, "complete", 3, 0),
        // The next page contains what the faulty page lacks.
        RepeatedPage | EmptyPage => end(0, "complete", 4, 0),
        ItemsInserted => end(0, "complete", 3, 0),
        ExpiredCursor => end(0, "complete", 4, 0),
        TooLarge | GzipBomb | EndlessBody => end(3, "failed", 2, 15),
        EndpointRetired => end(3, "failed", 1, 15),
        // The endpoint has returned a page, so one such answer is temporary.
        Gateway404 | Status410 => end(0, "complete", 3, 0),
        CursorLoop | OwnCursor => end(3, "stalled", 2, 5),
        EndlessNewCursors => end(3, "stalled", 4, 5),
        HasMoreNoCursor => end(3, "truncated", 2, 5),
        CreditExhausted | KeyRefused => end(4, "", 1, 15),
        // The remote reports the end of the list, and no other evidence exists. The job's note records the cursor.
        HasMoreFalseWithCursor => end(0, "complete", 2, 5),
        Gone => end(0, "gone", 1, 15),
        // The crawler cannot detect an item that the remote never shows.
        ItemsDeleted => end(0, "complete", 3, 1),
        // Waits for minutes, so tests/daemon/refusals.rs tests it.
        ForbiddenCloudflare => None,
    }
}

/// Returns the end of a walk that meets the fault from its second page on.
fn always(fault: Fault) -> Option<End> {
    use Fault::*;
    match fault {
        BadRequestRetry | ServerError | BadGatewayHtml | Unavailable | ResetBefore | Redirect => {
            end(3, "failed", 1, 15)
        }
        ResetAfter | Slow => end(3, "failed", 4, 15),
        // A paid answer that cannot be used is bought twice at most.
        Truncated | Html200 | DataNull | ErrorIn200 | DataError | SlowDrip => {
            end(3, "failed", 3, 15)
        }
        Throttle => end(5, "", 1, 15),
        Gateway404 | Status410 => end(3, "failed", 1, 15),
        // Their cooldowns add up to minutes.
        ThrottleBare | ThrottleDate | ThrottleReset => None,
        RepeatedPage => end(3, "stalled", 4, 5),
        EmptyPage => end(3, "stalled", 6, 15),
        ExpiredCursor => end(3, "failed", 2, 15),
        ItemsDeleted => end(0, "complete", 3, 2),
        // A new item at the head of each page shifts the last item behind a cursor that no longer advances.
        ItemsInserted => end(3, "stalled", 4, 1),
        _ => once(fault),
    }
}

async fn ends_as_declared(fault: Fault, is_permanent: bool, declared: End) {
    let name = format!(
        "{}{}",
        fault.name(),
        if is_permanent { " permanently" } else { "" }
    );
    let options = Options {
        slow_ms: 30_000,
        retry_after_seconds: 0,
        ..walk()
    };
    let mark = if is_permanent { "+" } else { "" };
    let mut site = Site::walk_in(options, &format!("{WALK}:2{mark}={}", fault.name())).await;
    site.set_timeouts_for(fault.name());
    site.set("limits.max_attempts", "3")
        .set("api.max_body_bytes", "1000000")
        .set("limits.outage_patience_seconds", "12")
        .set("limits.max_in_flight", "1");
    let ended = site.crawl().await;
    let job = site.job(WALK, &site.user(0)).await;
    let missing = site.follower_differences(&site.user(0)).await;
    assert_eq!(
        (ended.code, job.reason.as_str(), site.bill() / PAGE, missing),
        (
            declared.code,
            declared.reason,
            declared.billed,
            (declared.missing, 0)
        ),
        "{name}: {job:?}\n{}",
        ended.err
    );
    site.assert_settled().await;
    assert!(site.charged().await >= site.bill(), "{name}");
    assert_eq!(site.sim.account().redirects_followed, 0, "{name}");
    let refusals = site
        .sim
        .log()
        .iter()
        .filter(|entry| entry.status == 429)
        .count();
    assert!(refusals <= 16, "{name}: {refusals} refusals");
}

async fn all_end_as_declared(is_permanent: bool, declared: fn(Fault) -> Option<End>) {
    for faults in Fault::ALL.chunks(6) {
        let mut crawls = tokio::task::JoinSet::new();
        for fault in faults.iter().copied() {
            if let Some(end) = declared(fault) {
                crawls.spawn(ends_as_declared(fault, is_permanent, end));
            }
        }
        soon("a few crawls", crawls.join_all()).await;
    }
}

#[tokio::test]
async fn every_fault_that_happens_once_has_a_declared_end() {
    all_end_as_declared(false, once).await;
}

#[tokio::test]
async fn every_permanent_fault_has_a_declared_end() {
    all_end_as_declared(true, always).await;
}
