//! What the pages answer, by what the daemon says of itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::{Bytes, to_bytes};
use axum::extract::State;
use axum::response::Response;
use tokio::sync::watch;

use super::{Answers, App, Durations, Options, Outcome, Shared, control, healthz, readyz};
use crate::clock::Clock;
use crate::model::{Budget, Request};
use crate::report::condition::{Condition, Holder, State as Now};
use crate::report::status::Status;
use crate::store::Store;
use crate::store::read::{Charged, EndpointStatus, Pauses};

/// What a daemon says of itself, which tests change.
struct Facts {
    state: Result<Now, String>,
    trouble: Option<String>,
    outcome: Outcome,
    last_kept_at: f64,
    pages: i64,
    now: f64,
}

struct Site {
    _folder: tempfile::TempDir,
    app: Shared,
    facts: Arc<Mutex<Facts>>,
    stop: watch::Sender<bool>,
    store: Store,
}

fn status(state: Now, facts: &Facts) -> Status {
    let endpoint = EndpointStatus {
        kept: facts.pages,
        ..EndpointStatus::default()
    };
    Status {
        condition: Condition {
            state,
            sentence: format!("{}: a sentence", state.as_str()),
        },
        path: "a.db".into(),
        holder: Some(Holder {
            trouble: facts.trouble.clone(),
            ..Holder::default()
        }),
        run: None,
        endpoints: BTreeMap::from([("an_endpoint".to_owned(), endpoint)]),
        stops: BTreeMap::new(),
        charged: Charged::default(),
        stale: None,
        room: None,
        cooling: Vec::new(),
        pauses: Pauses::default(),
        last_errors: Vec::new(),
        last_kept_at: Some(facts.last_kept_at),
        next_due: None,
        log_bytes: 0,
        free_bytes: None,
        changed_paths: Vec::new(),
        is_disk_full: false,
        is_day_spent: false,
        pages_per_second: 0.0,
        rows_per_second: 0.0,
        micro_usd_per_second: 0.0,
    }
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let facts = Arc::new(Mutex::new(Facts {
            state: Ok(Now::Idle),
            trouble: None,
            outcome: Outcome::Done,
            last_kept_at: 1_000_000.0,
            pages: 1,
            now: 1_000_600.0,
        }));
        let (stop, stopping) = watch::channel(false);
        let of = || facts.clone();
        let app = App {
            readers: store.readers().clone(),
            read_status: Box::new({
                let facts = of();
                move || {
                    let facts = facts.lock().unwrap();
                    let read = facts.state.clone().map(|state| status(state, &facts));
                    Box::pin(async move { read })
                }
            }),
            answers: Answers::default(),
            ask: Box::new({
                let facts = of();
                move |_: Request| {
                    let outcome = facts.lock().unwrap().outcome.clone();
                    Box::pin(async move { Ok(outcome) })
                }
            }),
            budget: Box::new(Budget::default),
            durations: Box::new(Durations::default),
            clock: Clock::manual({
                let facts = of();
                move || facts.lock().unwrap().now
            }),
            options: Options {
                listen: "127.0.0.1:7666".parse().unwrap(),
                hosts: Vec::new(),
                control: true,
                token: String::new(),
                schema: 7,
            },
            stopping,
        };
        Self {
            _folder: folder,
            app: Arc::new(app),
            facts,
            stop,
            store,
        }
    }

    /// Changes what the daemon says. The next answer is not a shared one.
    async fn set(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.facts.lock().unwrap());
        self.app.forget_status().await;
    }

    async fn health(&self) -> (u16, u16) {
        let live = healthz(State(self.app.clone())).await;
        let ready = readyz(State(self.app.clone())).await;
        (live.status().as_u16(), ready.status().as_u16())
    }
}

async fn body(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_daemon_is_healthy_while_it_is_alive_and_ready_while_it_can_write() {
    let site = Site::new().await;
    for state in Now::ALL {
        site.set(|facts| facts.state = Ok(state)).await;
        let expected = if state.is_alive() { 200 } else { 503 };
        assert_eq!(site.health().await, (expected, expected), "{state:?}");
    }
    site.set(|facts| facts.state = Ok(Now::Working)).await;
    site.set(|facts| facts.trouble = Some("the disk is full".to_owned()))
        .await;
    assert_eq!(site.health().await, (200, 503));
    let why = body(readyz(State(site.app.clone())).await).await;
    assert_eq!(why, "the archive cannot be written: the disk is full\n");
    site.set(|facts| facts.trouble = None).await;
    assert_eq!(site.health().await, (200, 200));
    site.set(|facts| facts.state = Err("damaged".to_owned()))
        .await;
    assert_eq!(site.health().await, (503, 503));
    site.set(|facts| facts.state = Ok(Now::Working)).await;
    site.stop.send_replace(true);
    assert_eq!(site.health().await, (200, 503));
}

#[tokio::test]
async fn a_refused_press_shows_its_reason_as_text_and_leads_back() {
    let site = Site::new().await;
    let form = "command=remove&scope=seed&name=150&after=100";
    let press = || control::press(State(site.app.clone()), Bytes::from(form));
    for outcome in [Outcome::Done, Outcome::Waiting] {
        site.set(|facts| facts.outcome = outcome).await;
        let response = press().await;
        assert_eq!(response.status(), 303);
        assert_eq!(response.headers()["location"], "/seeds?after=100");
    }
    let why = "seed 150 is <b>configured</b>";
    site.set(|facts| facts.outcome = Outcome::Refused(why.to_owned()))
        .await;
    let response = press().await;
    assert_eq!(response.status(), 409);
    let page = body(response).await;
    assert!(page.contains("seed 150 is &lt;b&gt;configured"), "{page}");
    assert!(page.contains(r#"<a href="/seeds?after=100">"#), "{page}");
}

#[tokio::test]
async fn the_fingerprint_changes_only_with_what_the_pages_show() {
    let site = Site::new().await;
    let fingerprint = async |change: fn(&mut Facts)| {
        site.set(change).await;
        site.app.fingerprint().await
    };
    let first = fingerprint(|_| {}).await;
    assert_eq!(fingerprint(|facts| facts.now += 20.0).await, first);
    let minute_later = fingerprint(|facts| facts.now += 60.0).await;
    assert_ne!(minute_later, first);
    let kept = fingerprint(|facts| facts.pages += 1).await;
    assert_ne!(kept, minute_later);
    let unread = fingerprint(|facts| facts.state = Err("damaged".to_owned())).await;
    assert_ne!(unread, kept);
    assert_eq!(fingerprint(|facts| facts.state = Ok(Now::Idle)).await, kept);
    let asked = site.store.ask(&Request::Reload, "web", 1.0).await;
    asked.unwrap();
    assert_ne!(fingerprint(|_| {}).await, kept);
}
