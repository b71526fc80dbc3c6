//! Starts, queries and stops a simulator.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::account::{Account, Entry, PageKey};
use super::control;
use super::cursor::Cursor;
use super::endpoint::Endpoint;
use super::faults::{Hold, Listener};
use super::options::Options;
use super::routes;
use super::state::Shared;
use super::storage::{self, File, Requests};
use super::truth::Truth;
use super::world::{Event, World};

/// Time for answers in flight to finish after [`Sim::stop`].
const STOP_GRACE: Duration = Duration::from_secs(2);

/// A running simulator. Dropping it stops it like [`Sim::stop`], but without waiting.
#[derive(Debug)]
pub struct Sim {
    shared: Arc<Shared>,
    address: SocketAddr,
    serving: JoinHandle<io::Result<()>>,
    elsewhere: JoinHandle<io::Result<()>>,
}

impl Sim {
    /// Builds the world, binds the port and serves in the background.
    ///
    /// # Errors
    /// Returns an error if the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((options.host, options.port)).await?;
        let address = listener.local_addr()?;
        let elsewhere = TcpListener::bind((options.host, 0)).await?;
        let host = if options.host.is_loopback() {
            "localhost".to_owned()
        } else {
            options.host.to_string()
        };
        let elsewhere_url = format!("http://{host}:{}", elsewhere.local_addr()?.port());
        let shared = Arc::new(Shared::new(
            options,
            format!("http://{address}"),
            elsewhere_url,
        ));
        if shared.options.warm {
            let shared = Arc::clone(&shared);
            tokio::task::spawn_blocking(move || warm(&shared))
                .await
                .map_err(io::Error::other)?;
        }
        let router = Router::new()
            .fallback(routes::handle)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared))
            .into_make_service_with_connect_info::<Hold>();
        let listener = Listener {
            tcp: listener,
            shared: Arc::clone(&shared),
        };
        let until = Arc::clone(&shared);
        let server = axum::serve(listener, router)
            .with_graceful_shutdown(async move { until.stopping().await });
        let serving = tokio::spawn(async move { server.await });
        let trap = Router::new()
            .fallback(arrived_elsewhere)
            .with_state(Arc::clone(&shared));
        let elsewhere = tokio::spawn(async move { axum::serve(elsewhere, trap).await });
        Ok(Self {
            shared,
            address,
            serving,
            elsewhere,
        })
    }

    /// Returns the base URL for a client.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Returns the world at the start.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// Returns the world as it is at a time after the start.
    #[must_use]
    pub fn world_at(&self, elapsed: Duration) -> Arc<World> {
        self.shared.world_at(elapsed)
    }

    /// Returns the rows that a complete crawl must archive now, in the shape that is served.
    #[must_use]
    pub fn truth(&self) -> Vec<Truth> {
        self.shared.truth(&self.shared.now())
    }

    /// Returns the rows that a complete crawl must archive at a time after the start.
    #[must_use]
    pub fn truth_at(&self, elapsed: Duration) -> Vec<Truth> {
        self.shared.truth(&self.world_at(elapsed))
    }

    /// Returns everything that has changed in the world so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.shared.events(None)
    }

    /// Returns the files of the world as it is now, with their content; none without [`Options::media`].
    #[must_use]
    pub fn files(&self) -> Vec<File> {
        storage::files(&self.shared.now())
    }

    /// Returns what was asked of each file, by path.
    #[must_use]
    pub fn file_requests(&self) -> Vec<Requests> {
        self.shared.served().requests()
    }

    /// Steers the clock: `hold`, `run` or `advance SECONDS`.
    ///
    /// # Errors
    /// Returns an error if the command is none of these.
    pub fn steer(&self, command: &str) -> Result<(), String> {
        self.shared.clock.steer(command)
    }

    #[must_use]
    pub fn account(&self) -> Account {
        self.shared.book().account()
    }

    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.shared.book().log()
    }

    /// Turns off all faults, restores endpoints, subjects and the key, and refills the balance.
    pub fn heal(&self) {
        self.shared.heal();
    }

    /// Adds scripted failures, one per line, for example `get_user_posts:3=reset-after`.
    ///
    /// # Errors
    /// Returns an error for the first malformed rule. Then no rule is added.
    pub fn script(&self, rules: &str) -> Result<(), String> {
        control::script(&self.shared, rules)
    }

    /// Waits until `calls` calls have arrived. They may still be unanswered.
    pub async fn received(&self, calls: u64) {
        let _ = self
            .shared
            .progress()
            .wait_for(|progress| progress.received >= calls)
            .await;
    }

    /// Waits until `calls` answers have been sent.
    pub async fn answered(&self, calls: u64) {
        let _ = self
            .shared
            .progress()
            .wait_for(|progress| progress.answered >= calls)
            .await;
    }

    /// Refuses new calls, waits briefly for answers in flight, and frees the port.
    pub async fn stop(mut self) {
        self.shared.stop();
        let _ = tokio::time::timeout(STOP_GRACE, &mut self.serving).await;
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.shared.stop();
        self.serving.abort();
        self.elsewhere.abort();
    }
}

/// Handles a request to the host that redirects point to. A correct client never sends one, least of all with a key.
async fn arrived_elsewhere(State(shared): State<Arc<Shared>>, request: Request) -> &'static str {
    let mut book = shared.book();
    book.redirects_followed += 1;
    let key = shared.options.key.as_bytes();
    let has_key = |text: &[u8]| !key.is_empty() && text.windows(key.len()).any(|part| part == key);
    let in_url = has_key(request.uri().to_string().as_bytes());
    if in_url
        || request
            .headers()
            .values()
            .any(|value| has_key(value.as_bytes()))
    {
        book.redirects_followed_with_key += 1;
    }
    "{\"code\":200,\"data\":{\"items\":[],\"cursor\":null}}"
}

/// Renders every page of the world.
fn warm(shared: &Shared) {
    let world = &shared.world;
    let people: Vec<&str> = world.people.iter().map(|it| it.id.as_str()).collect();
    let posts: Vec<&str> = world.posts.iter().map(|it| it.id.as_str()).collect();
    let comments: Vec<&str> = world.comments.iter().map(|it| it.id.as_str()).collect();
    for endpoint in Endpoint::ALL.iter().copied() {
        let subjects: &[&str] = match endpoint {
            Endpoint::UserProfile
            | Endpoint::UserPosts
            | Endpoint::Appearances
            | Endpoint::Followers
            | Endpoint::Following => &people,
            Endpoint::PostComments | Endpoint::RemixList => &posts,
            Endpoint::CommentReplies => &comments,
            Endpoint::Feed | Endpoint::Leaderboard => &[""],
            _ => &[],
        };
        for subject in subjects {
            // Skip empty lists: a client that knows the count never requests them.
            if endpoint.is_paged()
                && world
                    .items(endpoint, subject)
                    .is_none_or(|it| it.is_empty())
            {
                continue;
            }
            walk(shared, endpoint, subject);
        }
    }
}

fn walk(shared: &Shared, endpoint: Endpoint, subject: &str) {
    let mut at = String::new();
    loop {
        let key: PageKey = (endpoint, Arc::from(subject), Arc::from(at.as_str()));
        let cursor = Cursor::decode(&at, endpoint, subject);
        let mut next = None;
        shared.body(&shared.world, &key, || {
            let data = routes::data(shared, &shared.world, &key, cursor.as_ref(), 0, None)?;
            let list = data.get("children").unwrap_or(&data);
            next = list
                .get("cursor")
                .and_then(|it| it.as_str())
                .map(str::to_owned);
            Some(data)
        });
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
}
