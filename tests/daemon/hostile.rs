//! Every fault the simulator knows, once and for good, has a declared end; and exit 0 never hides what is missing.

use soracrawl::sim::{Fault, Options};

use crate::support::{PAGE, Site, soon, walk};

const WALK: &str = "get_user_followers";

/// How a walk of three pages ends whose second page meets the fault.
struct End {
    code: i32,
    /// The reason in the job; empty while it has none.
    reason: &'static str,
    /// Pages billed.
    billed: u64,
    /// Followers that are missing in the end.
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

/// Where the fault happens once.
fn once(fault: Fault) -> Option<End> {
    use Fault::*;
    match fault {
        Throttle | ThrottleBare | ThrottleDate | ThrottleReset | BadRequestRetry | ServerError
        | BadGatewayHtml | Unavailable | ResetBefore | Redirect => end(0, "complete", 3, 0),
        ResetAfter | Slow | Truncated | Html200 | DataNull | ErrorIn200 | DataError | SlowDrip => {
            end(0, "complete", 4, 0)
        }
        WrongType | OverlappingPage | WrongContentType => end(0, "complete", 3, 0),
        // The page that was missed is made good by the next.
        RepeatedPage | EmptyPage => end(0, "complete", 4, 0),
        ItemsInserted => end(0, "complete", 3, 0),
        ExpiredCursor => end(0, "complete", 4, 0),
        TooLarge | GzipBomb | EndlessBody => end(3, "failed", 2, 15),
        EndpointRetired | Status410 => end(3, "failed", 1, 15),
        CursorLoop | OwnCursor => end(3, "stalled", 2, 5),
        EndlessNewCursors => end(3, "stalled", 4, 5),
        HasMoreNoCursor => end(3, "truncated", 2, 5),
        CreditExhausted | KeyRefused => end(4, "", 1, 15),
        // By the word of the remote, this is all: nobody can know better, and the job's note says so.
        HasMoreFalseWithCursor => end(0, "complete", 2, 5),
        Gone => end(0, "gone", 1, 15),
        // An item that is never shown is not missed by anybody.
        ItemsDeleted => end(0, "complete", 3, 1),
        // Waits for minutes: see below.
        ForbiddenCloudflare => None,
    }
}

/// Where it happens from then on.
fn always(fault: Fault) -> Option<End> {
    use Fault::*;
    match fault {
        BadRequestRetry | ServerError | BadGatewayHtml | Unavailable | ResetBefore | Redirect => {
            end(3, "failed", 1, 15)
        }
        ResetAfter | Slow | Truncated | Html200 | DataNull | ErrorIn200 | DataError | SlowDrip => {
            end(3, "failed", 4, 15)
        }
        Throttle => end(3, "failed", 1, 15),
        // Their pauses add up to minutes.
        ThrottleBare | ThrottleDate | ThrottleReset => None,
        RepeatedPage => end(3, "stalled", 4, 5),
        EmptyPage => end(3, "stalled", 3, 15),
        ExpiredCursor => end(3, "failed", 2, 15),
        ItemsDeleted => end(0, "complete", 3, 2),
        // An item that is always new at the head hides the last one behind a cursor that stands still.
        ItemsInserted => end(3, "stalled", 4, 1),
        _ => once(fault),
    }
}

async fn ends_as_declared(fault: Fault, from_there_on: bool, declared: End) {
    let name = format!(
        "{}{}",
        fault.name(),
        if from_there_on { " for good" } else { "" }
    );
    let options = Options {
        slow_ms: 30_000,
        retry_after_seconds: 0,
        ..walk()
    };
    let mark = if from_there_on { "+" } else { "" };
    let mut site = Site::walk_in(options, &format!("{WALK}:2{mark}={}", fault.name())).await;
    site.patient(fault.name());
    site.set("limits.max_attempts", "3")
        .set("api.max_body_bytes", "1000000")
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
    site.is_settled().await;
    assert!(site.spent().await >= site.bill(), "{name}");
    assert_eq!(site.sim.account().redirects_followed, 0, "{name}");
    let refusals = site
        .sim
        .log()
        .iter()
        .filter(|entry| entry.status == 429)
        .count();
    assert!(refusals <= 16, "{name}: {refusals} refusals");
}

async fn all_end_as_declared(from_there_on: bool, declared: fn(Fault) -> Option<End>) {
    for faults in Fault::ALL.chunks(6) {
        let mut crawls = tokio::task::JoinSet::new();
        for fault in faults.iter().copied() {
            if let Some(end) = declared(fault) {
                crawls.spawn(ends_as_declared(fault, from_there_on, end));
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
