//! Kills a crawl of a tiny world at its n-th call, for every n, until a run ends before call n.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use soracrawl::sim::{Options, Shape};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{Place, Site, soon};
use crate::verdict::Whole;

const IN_FLIGHT: u64 = 3;
const SIDE_BY_SIDE: usize = 4;

/// The step of page n at which the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The remote has the call, so the ledger has it too.
    Received,
    /// A part of the answer has arrived.
    MidBody,
    /// The remote has sent the answer.
    Answered,
    /// The answer has arrived, and the commit waits for the lock of another process.
    BeforeCommit,
    /// The page is committed.
    Committed,
}

/// The result of an attempt to kill a crawl at a step.
enum Tried {
    Survived,
    /// The crawl ended before call n.
    NoSuchCall,
    /// The crawl ended before this test saw call n.
    Late,
}

/// Maximum number of late attempts, which a busy machine causes.
const MAX_LATE_TRIES: u32 = 50;

fn tiny() -> Options {
    Options {
        shape: Shape::Wrapped,
        exact: true,
        users: 2,
        audience: 2,
        characters: 0,
        posts: 2,
        remixes: 50,
        followers: 3,
        comments: 1,
        replies: 2,
        appearances: 1,
        feed: 3,
        leaderboard: 2,
        page_size_posts: 1,
        page_size_follows: 2,
        page_size_comments: 1,
        page_size_remixes: 1,
        page_size_feed: 2,
        page_size_leaderboard: 1,
        nested_items: 1,
        ..Options::default()
    }
}

async fn tiny_site() -> Site {
    let mut site = Site::whole(tiny()).await;
    site.set("limits.max_in_flight", &IN_FLIGHT.to_string());
    site
}

/// Returns a connection that has the write lock of the archive until it is dropped, as another process might.
pub async fn hold_write_lock(place: &Place) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(place.archive())
        .busy_timeout(Duration::from_secs(60));
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("the archive opens");
    sqlx::query("begin immediate")
        .execute(&mut connection)
        .await
        .expect("the lock");
    connection
}

impl Step {
    /// Waits until call n has reached this step. Returns the lock that keeps it there, if one is needed. The account call
    /// precedes call 1.
    async fn wait(self, site: &Site, n: u64) -> Option<SqliteConnection> {
        match self {
            Self::Received => site.sim.received(1 + n).await,
            Self::Answered => site.sim.answered(1 + n).await,
            Self::MidBody => {
                site.sim.received(1 + n).await;
                // One byte arrives every 200 ms. The other calls in flight continue meanwhile.
                let _ = timeout(Duration::from_millis(300), site.sim.received(3 + n)).await;
            }
            Self::BeforeCommit => {
                site.sim.received(1 + n).await;
                let held = hold_write_lock(site).await;
                site.sim.answered(1 + n).await;
                return Some(held);
            }
            Self::Committed => {
                let pages = "select count(*) from calls where kept = 1";
                site.sim.answered(1 + n).await;
                while site.number(pages).await < i64::try_from(n).expect("a number") {
                    tokio::task::yield_now().await;
                }
            }
        }
        None
    }

    /// Kills a crawl at this step and checks that the next run ends with the same archive. Returns false if the crawl
    /// ended before call n.
    async fn survives(self, n: u64, whole: &Whole) -> bool {
        for _ in 0..MAX_LATE_TRIES {
            match self.try_at(n, whole).await {
                Tried::Survived => return true,
                Tried::NoSuchCall => return false,
                Tried::Late => {}
            }
        }
        panic!("{self:?} {n}: every attempt was too late")
    }

    async fn try_at(self, n: u64, whole: &Whole) -> Tried {
        let when = format!("{self:?} {n}");
        let mut options = tiny();
        if self == Self::BeforeCommit {
            // The test needs time to take the lock between a call and its answer.
            options.latency_ms = 20;
        }
        let mut site = Site::whole(options).await;
        site.set("limits.max_in_flight", &IN_FLIGHT.to_string());
        if self == Self::MidBody {
            site.sim
                .script(&format!("*:{n}=slow-drip"))
                .expect("a script");
        }
        let mut daemon = site.start(&["run", "--until-idle"]);
        let held = tokio::select! {
            held = soon(&when, self.wait(&site, n)) => held,
            err = daemon.until_exit() => {
                assert!(err.contains("crawl ended"), "{when}: {err}");
                let calls = site.sim.log().len() as u64;
                return if calls > n { Tried::Late } else { Tried::NoSuchCall };
            }
        };
        let died = daemon.kill();
        drop(held);
        site.sim.heal();
        if died {
            site.assert_sound(&when).await;
        }
        let ended = site.crawl().await;
        assert_eq!(ended.code, 0, "{when}: {}", ended.err);
        site.assert_survived(1, IN_FLIGHT, whole, &when).await;
        Tried::Survived
    }

    /// Kills a crawl at this step of every call. Returns the number of calls.
    async fn survives_each(self) -> u64 {
        let whole = Arc::new(tiny_site().await.undisturbed().await);
        let (next, most) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicU64::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..SIDE_BY_SIDE {
            let (whole, next, most) = (whole.clone(), next.clone(), most.clone());
            tasks.spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if !self.survives(n, &whole).await {
                        break;
                    }
                    most.fetch_max(n, Ordering::Relaxed);
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        }
        let most = most.load(Ordering::Relaxed);
        assert!(most >= 20, "{self:?}: only {most} calls");
        most
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_killed_when_the_remote_has_call_n_loses_nothing_for_every_n() {
    Step::Received.survives_each().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_killed_in_the_middle_of_answer_n_loses_nothing_for_every_n() {
    Step::MidBody.survives_each().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_killed_when_the_remote_has_sent_answer_n_loses_nothing_for_every_n() {
    Step::Answered.survives_each().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_killed_between_answer_n_and_its_commit_loses_nothing_for_every_n() {
    Step::BeforeCommit.survives_each().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_killed_when_page_n_is_committed_loses_nothing_for_every_n() {
    Step::Committed.survives_each().await;
}
