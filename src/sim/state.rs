//! State shared by all connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use super::account::{Book, Opened, PageKey, Settled};
use super::clock::Clock;
use super::cursor::Cursor;
use super::endpoint::Endpoint;
use super::faults::{Fault, Faults, Trouble};
use super::limit::Limiter;
use super::links::Links;
use super::options::Options;
use super::orders::Creation;
use super::reply;
use super::shape::Shaper;
use super::storage::Served;
use super::truth::Truth;
use super::world::{Event, Growth, World, moment_of};

/// Number of calls that arrived and of answers that were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) received: u64,
    pub(super) answered: u64,
}

/// Cache of rendered pages.
#[derive(Debug, Default)]
struct Rendered {
    bodies: HashMap<PageKey, Bytes>,
    total_bytes: usize,
    /// The time of the world that the pages show.
    now: i64,
}

/// The simulator's state.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    /// The world at the start.
    pub(super) world: Arc<World>,
    growth: Mutex<Growth>,
    pub(super) clock: Clock,
    /// Target of redirects: a second server of the simulator that records the requests it gets.
    pub(super) elsewhere: String,
    book: Mutex<Book>,
    faults: RwLock<Faults>,
    trouble: Mutex<Trouble>,
    limiter: Mutex<Limiter>,
    creation: Mutex<Creation>,
    rendered: RwLock<Rendered>,
    served: Mutex<Served>,
    progress: watch::Sender<Progress>,
    stop: watch::Sender<bool>,
}

/// Locks a mutex and ignores poisoning, so that a panic in one handler does not hide the account from a test.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(options: Options, base_url: String, elsewhere: String) -> Self {
        let clock = Clock::new();
        let mut world = World::build(&options);
        if options.media {
            let unix = i64::try_from(clock.unix().as_secs()).unwrap_or(0);
            world.links = Links::own(base_url, options.media_bytes, unix - world.now);
        }
        let world = Arc::new(world);
        let faults = Faults::new(
            options.seed,
            options.faults,
            &options.fault,
            &options.script,
            options.fault_streak,
        );
        Self {
            growth: Mutex::new(Growth::new(&options, &world)),
            world,
            clock,
            elsewhere,
            book: Mutex::new(Book::new(options.balance_micro_usd)),
            faults: RwLock::new(faults),
            trouble: Mutex::default(),
            limiter: Mutex::default(),
            creation: Mutex::default(),
            rendered: RwLock::default(),
            served: Mutex::new(Served::new(&options.media_script)),
            progress: watch::Sender::default(),
            stop: watch::Sender::new(false),
            options,
        }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    pub(super) fn trouble(&self) -> MutexGuard<'_, Trouble> {
        lock(&self.trouble)
    }

    pub(super) fn creation(&self) -> MutexGuard<'_, Creation> {
        lock(&self.creation)
    }

    pub(super) fn served(&self) -> MutexGuard<'_, Served> {
        lock(&self.served)
    }

    /// Returns a renderer of a state of the world.
    pub(super) fn shaper<'s>(&'s self, world: &'s World) -> Shaper<'s> {
        Shaper {
            world,
            options: &self.options,
        }
    }

    fn is_frozen(&self) -> bool {
        self.options.growth == 0.0 && self.options.cursor_seconds == 0 && !self.options.media
    }

    /// Returns the world as it is now.
    pub(super) fn now(&self) -> Arc<World> {
        if self.is_frozen() {
            return Arc::clone(&self.world);
        }
        let mut growth = lock(&self.growth);
        growth.at(moment_of(self.clock.elapsed()))
    }

    /// Returns the world as it is at a time after the start.
    pub(super) fn world_at(&self, elapsed: Duration) -> Arc<World> {
        if self.is_frozen() {
            return Arc::clone(&self.world);
        }
        Growth::new(&self.options, &self.world).at(moment_of(elapsed))
    }

    /// Returns what has changed up to a time after the start, or up to now.
    pub(super) fn events(&self, until: Option<Duration>) -> Vec<Event> {
        let until = until.unwrap_or_else(|| self.clock.elapsed());
        let mut growth = Growth::new(&self.options, &self.world);
        growth.at(moment_of(until));
        growth.events().to_vec()
    }

    /// Returns the rows that a complete crawl of a state of the world must archive, in the shape that is served.
    pub(super) fn truth(&self, world: &World) -> Vec<Truth> {
        world.truth(self.options.shape)
    }

    pub(super) fn edit_faults(&self, edit: impl FnOnce(&mut Faults)) {
        edit(&mut self.faults.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Records the call and decides which fault hits it.
    pub(super) fn open(&self, key: &PageKey) -> (Opened, Option<Fault>) {
        let opened = self.book().open(key, self.clock.elapsed());
        self.progress.send_modify(|progress| progress.received += 1);
        let (endpoint, subject, cursor) = (key.0, &*key.1, &*key.2);
        let faults = self.faults.read().unwrap_or_else(PoisonError::into_inner);
        let happens = |fault: &Fault| {
            (!fault.edits_the_page() || endpoint.is_paged())
                && (!fault.needs_a_cursor() || !cursor.is_empty())
        };
        if let Some(fault) = faults.scripted(endpoint, subject, opened.counts) {
            return (opened, Some(fault).filter(happens));
        }
        if matches!(endpoint, Endpoint::Health | Endpoint::UserInfo)
            || (faults.streak > 0 && opened.failed_in_a_row >= faults.streak)
        {
            return (opened, None);
        }
        let drawn = faults
            .drawn(endpoint, subject, cursor, opened.attempt)
            .filter(happens);
        // Never edit two pages in a row: after two pages without new items a correct client stops.
        let is_calm = |fault: &Fault| {
            let cursor = Cursor::decode(cursor, endpoint, subject);
            fault.edits_the_page() && cursor.is_some_and(|it| it.variant > 0 || it.is_endless)
                || *fault == Fault::ExpiredCursor && self.trouble().epoch(endpoint, subject) > 0
        };
        (opened, drawn.filter(|fault| !is_calm(fault)))
    }

    pub(super) fn settle(&self, opened: &Opened, key: &PageKey, settled: Settled) {
        self.book().settle(opened, key, settled);
    }

    /// Records that the whole answer to call `n` was sent.
    pub(super) fn answered(&self, n: u64) {
        self.book().received(n);
        self.progress.send_modify(|progress| progress.answered += 1);
    }

    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(super) fn admits(&self, endpoint: Endpoint) -> bool {
        let (each, overall) = (self.options.rate_limit, self.options.rate_limit_overall);
        (each == 0 && overall == 0)
            || lock(&self.limiter).admits(endpoint, each, overall, self.clock.elapsed())
    }

    /// Returns the body of a success. Renders each page once, from the data that `render` returns, until the world changes.
    pub(super) fn body(
        &self,
        world: &World,
        key: &PageKey,
        render: impl FnOnce() -> Option<Value>,
    ) -> Option<Bytes> {
        let read = || self.rendered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = Some(read())
            .filter(|it| it.now == world.now)
            .and_then(|it| it.bodies.get(key).cloned())
        {
            return Some(body);
        }
        let body = self.envelope(world, key, render()?);
        let mut rendered = self
            .rendered
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if rendered.now != world.now {
            *rendered = Rendered {
                now: world.now,
                ..Rendered::default()
            };
        }
        if rendered.total_bytes + body.len() <= self.options.cache_mb << 20 {
            rendered.total_bytes += body.len();
            rendered.bodies.insert(key.clone(), body.clone());
        }
        Some(body)
    }

    pub(super) fn envelope(&self, world: &World, key: &PageKey, data: Value) -> Bytes {
        let now = (!self.options.no_envelope).then_some(world.now);
        reply::success(key.0, &key.1, &key.2, data, now)
    }

    /// Turns off all faults and undoes their effects. Raises the balance to its initial value if it is lower.
    pub(super) fn heal(&self) {
        self.edit_faults(|faults| {
            faults.ratios.clear();
            faults.script.clear();
        });
        self.served().forget_faults();
        *self.trouble() = Trouble::default();
        let mut book = self.book();
        book.balance_micro_usd = book.balance_micro_usd.max(self.options.balance_micro_usd);
    }

    pub(super) fn set_balance(&self, micro_usd: u64) {
        self.book().balance_micro_usd = micro_usd;
        self.trouble().give_credit();
    }

    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the simulator stops.
    pub(super) async fn stopping(&self) {
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }
}
