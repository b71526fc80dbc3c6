//! Simulated workers, ledger and queue in virtual time, around the program's own decisions: `Policy`, `Quota`,
//! `Plan::admit`, `after_page`, `after_failure` and `retry::delay`. The model checks each promise at every step that
//! could break it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use governor::clock::{Clock, FakeRelativeClock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::remote::{Answer, Remote};
use crate::api::limiter::{
    CALL, CallReport, CallResult, PATIENCE_SECONDS, Policy, Quota, Rates, Refused,
};
use crate::api::{Error, retry};
use crate::config::Config;
use crate::crawl::Plan;
use crate::crawl::admit::Place;
use crate::crawl::decide::{WalkFacts, after_page};
use crate::crawl::evidence::{Escalation, FailureFacts};
use crate::crawl::judge::after_failure;
use crate::crawl::seen::Seen;
use crate::crawl::standing::Standing;
use crate::model::{Counts, Harvest, Post, StopReason};
use crate::store::{Next, Retry};

pub(super) const PRICE: i64 = 50_000;
const POSTS: &str = "get_user_posts";
const COMMENTS: &str = "get_post_comments";
const SECOND: u64 = 1_000_000_000;
const TICK: u64 = SECOND / 4;
/// Unix seconds at the start. It is not zero, because no code may depend on a clock that starts at zero.
const START: f64 = 1_700_000_000.0;
const TIMEOUT_SECONDS: f64 = 30.0;
const PAGES_HELD: u32 = 16;

#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) seed: u64,
    pub(super) workers: usize,
    /// Calls per second of each endpoint.
    pub(super) rate: f64,
    pub(super) overall: f64,
    pub(super) jobs: usize,
    /// Maximum pages of a walk.
    pub(super) pages: u32,
    pub(super) poisoned: usize,
    pub(super) budget: Option<i64>,
    pub(super) max_attempts: u32,
    pub(super) breaker_failures: u32,
    /// Maximum network delay in each direction, in seconds.
    pub(super) way_seconds: f64,
}

impl Setup {
    pub(super) fn of_seed(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        Self {
            seed,
            workers: random.random_range(1..33),
            rate: [5.0, 50.0, 200.0][random.random_range(0..3)],
            overall: [20.0, 1_000.0][random.random_range(0..2)],
            jobs: random.random_range(1..12),
            pages: random.random_range(1..24),
            poisoned: random.random_range(0..2),
            budget: None,
            max_attempts: random.random_range(2..7),
            breaker_failures: random.random_range(2..12),
            way_seconds: random.random_range(0.01..0.5),
        }
    }
}

#[derive(Debug)]
pub(super) struct Job {
    endpoint: &'static str,
    subject: String,
    /// Pages that the remote has.
    length: u32,
    pub(super) is_poisoned: bool,
    state: State,
    pages: u32,
    stale_pages: u32,
    repeated_pages: u32,
    charged_answers: u32,
    cursor: Option<String>,
    attempts: u32,
    pub(super) most_attempts: u32,
    seen: Seen,
    pub(super) end: Option<StopReason>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Ready,
    Leased,
    Waiting(f64),
    Ended,
}

#[derive(Default)]
struct Worker {
    job: Option<usize>,
    /// Its call is the probe of a breaker.
    is_trial: bool,
    began: f64,
    answer: Option<Answer>,
    is_idle: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Tick,
    /// A worker looks for a job.
    Look(usize),
    /// A worker asks for a permit.
    Turn(usize),
    /// The first worker of a line asks for a slot.
    Slot(&'static str),
    Send(usize),
    Arrive(usize),
    Reply(usize),
}

struct Line {
    slots: Quota<FakeRelativeClock>,
    workers: VecDeque<usize>,
    /// Rate for the first worker of the line.
    rate: Option<f64>,
}

pub(super) struct Model {
    pub(super) setup: Setup,
    pub(super) remote: Remote,
    pub(super) jobs: Vec<Job>,
    known: HashSet<(&'static str, String)>,
    workers: Vec<Worker>,
    lines: HashMap<&'static str, Line>,
    clock: FakeRelativeClock,
    nanos: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    event_count: u64,
    policy: Policy,
    plan: Plan,
    random: StdRng,
    /// Reserved and charged, in micro-dollars.
    pub(super) charged: i64,
    pub(super) most_charged: i64,
    is_budget_held: bool,
    is_stopped: bool,
    /// Time of the next call that the remote allows.
    asked_until: HashMap<&'static str, f64>,
    /// End of the last cooldown.
    cool_down_until: HashMap<&'static str, f64>,
    pub(super) refused: usize,
    /// Number of started cooldowns.
    pub(super) cooldowns: usize,
    trials: HashMap<&'static str, usize>,
}

/// Name of the line that all endpoints share.
const ALL: &str = "all";

impl Model {
    pub(super) fn new(setup: Setup, remote: Remote) -> Self {
        let clock = FakeRelativeClock::default();
        let line = |rate| Line {
            slots: Quota::new(rate, clock.clone()),
            workers: VecDeque::new(),
            rate: None,
        };
        let rates = Rates {
            overall: setup.overall,
            endpoint: setup.rate,
            breaker_failures: setup.breaker_failures,
            breaker_cooldown: Duration::from_secs(30),
        };
        let mut crawl = Config::default().crawl;
        (crawl.comments, crawl.remixes, crawl.replies) = (true, false, false);
        let mut model = Self {
            policy: Policy::new(&rates),
            lines: [
                (POSTS, line(setup.rate)),
                (COMMENTS, line(setup.rate)),
                (ALL, line(setup.overall)),
            ]
            .into(),
            clock,
            plan: Plan::new(crawl),
            random: StdRng::seed_from_u64(setup.seed ^ 0xc4a71),
            workers: (0..setup.workers).map(|_| Worker::default()).collect(),
            jobs: Vec::new(),
            known: HashSet::new(),
            nanos: 0,
            events: BinaryHeap::new(),
            event_count: 0,
            charged: 0,
            most_charged: 0,
            is_budget_held: false,
            is_stopped: false,
            asked_until: HashMap::new(),
            cool_down_until: HashMap::new(),
            refused: 0,
            cooldowns: 0,
            trials: HashMap::new(),
            remote,
            setup,
        };
        model.policy.probe_for_free(false);
        for n in 0..model.setup.jobs {
            model.add(POSTS, format!("user-{n}"));
        }
        for job in model.jobs.iter_mut().take(model.setup.poisoned) {
            job.is_poisoned = true;
        }
        for worker in 0..model.workers.len() {
            model.after(0, Event::Look(worker));
        }
        model.after(0, Event::Tick);
        model
    }

    fn add(&mut self, endpoint: &'static str, subject: String) {
        if !self.known.insert((endpoint, subject.clone())) {
            return;
        }
        // More than 1,000 pages: the test requires a walk that outlasts it.
        let length = match self.setup.pages {
            pages if pages > 1_000 => pages,
            pages => self.random.random_range(1..=pages),
        };
        self.jobs.push(Job {
            endpoint,
            subject,
            length,
            is_poisoned: false,
            state: State::Ready,
            pages: 0,
            stale_pages: 0,
            repeated_pages: 0,
            charged_answers: 0,
            cursor: None,
            attempts: 0,
            most_attempts: 0,
            seen: Seen::default(),
            end: None,
        });
    }

    /// Returns the seconds since the start.
    pub(super) fn elapsed(&self) -> f64 {
        Duration::from_nanos(self.nanos).as_secs_f64()
    }

    fn now(&self) -> f64 {
        START + self.elapsed()
    }

    fn after(&mut self, nanos: u64, event: Event) {
        self.event_count += 1;
        self.events
            .push(Reverse((self.nanos + nanos, self.event_count, event)));
    }

    /// Schedules an event by a timer, which is never early and up to a millisecond late.
    fn timer(&mut self, seconds: f64, event: Event) {
        let late = self.random.random_range(0..SECOND / 1_000);
        let nanos = Duration::from_secs_f64(seconds.max(0.0)).as_nanos();
        self.after(u64::try_from(nanos).expect("a short wait") + late, event);
    }

    /// Runs until every job has ended or the budget is spent.
    pub(super) fn run(&mut self) {
        while !self.is_stopped && self.jobs.iter().any(|job| job.end.is_none()) {
            self.step();
            assert!(
                self.elapsed() < 20_000.0,
                "the run does not end: {:?}",
                self.jobs
            );
        }
        while self.workers.iter().any(|worker| worker.job.is_some()) {
            self.step();
        }
    }

    pub(super) fn run_until(&mut self, seconds: f64) {
        while self.elapsed() < seconds {
            self.step();
        }
    }

    /// Returns twice the duration of all calls at the configured rate, plus 120 seconds for retries and cooldowns.
    pub(super) fn bound_seconds(&self) -> f64 {
        let calls: u32 = self.jobs.iter().map(|job| job.length).sum();
        2.0 * f64::from(calls) / self.setup.rate.min(self.setup.overall) + 120.0
    }

    fn step(&mut self) {
        let Reverse((nanos, _, event)) = self.events.pop().expect("a tick is always pending");
        self.clock.advance(Duration::from_nanos(nanos - self.nanos));
        self.nanos = nanos;
        match event {
            Event::Tick => self.tick(),
            Event::Look(worker) => self.look(worker),
            Event::Turn(worker) => self.turn(worker),
            Event::Slot(line) => self.slot(line),
            Event::Send(worker) => self.send(worker),
            Event::Arrive(worker) => self.arrive(worker),
            Event::Reply(worker) => self.reply(worker),
        }
    }

    /// Models `upkeep::tick`.
    fn tick(&mut self) {
        let now = self.now();
        for job in &mut self.jobs {
            if matches!(job.state, State::Waiting(until) if until <= now) {
                job.state = State::Ready;
            }
        }
        let is_quiet = self.workers.iter().all(|worker| worker.job.is_none());
        if is_quiet && self.is_budget_held && self.jobs.iter().any(|job| job.state == State::Ready)
        {
            self.is_stopped = true;
        }
        self.wake();
        self.after(TICK, Event::Tick);
    }

    fn wake(&mut self) {
        for worker in 0..self.workers.len() {
            if std::mem::take(&mut self.workers[worker].is_idle) {
                self.after(0, Event::Look(worker));
            }
        }
    }

    /// Models `acquire::acquire`: leases the best ready job of an endpoint that is not cooling down.
    fn look(&mut self, worker: usize) {
        let now = self.now();
        let may = !self.is_stopped && !self.is_budget_held;
        let found = [POSTS, COMMENTS]
            .into_iter()
            .filter(|of| may && self.policy.cooldown(of, now).is_none())
            .find_map(|of| {
                let is_next = |job: &Job| job.endpoint == of && job.state == State::Ready;
                self.jobs.iter().position(is_next)
            });
        let Some(n) = found else {
            self.workers[worker].is_idle = true;
            return;
        };
        self.jobs[n].state = State::Leased;
        self.workers[worker].job = Some(n);
        self.after(0, Event::Turn(worker));
    }

    fn leased(&self, worker: usize) -> usize {
        self.workers[worker].job.expect("a worker with a job")
    }

    fn endpoint(&self, worker: usize) -> &'static str {
        self.jobs[self.leased(worker)].endpoint
    }

    fn release(&mut self, worker: usize, state: State) {
        let job = self.workers[worker].job.take().expect("a job");
        self.jobs[job].state = state;
        self.after(0, Event::Look(worker));
    }

    /// Models the loop of `Limiter::turn`.
    fn turn(&mut self, worker: usize) {
        let endpoint = self.endpoint(worker);
        if self.is_stopped {
            return self.release(worker, State::Ready);
        }
        match self.policy.cooldown(endpoint, self.now()) {
            Some(cooldown) if cooldown.until - self.now() > PATIENCE_SECONDS => {
                self.release(worker, State::Ready);
            }
            Some(cooldown) => self.timer(cooldown.until - self.now(), Event::Turn(worker)),
            None => self.join_line(endpoint, worker),
        }
    }

    fn join_line(&mut self, name: &'static str, worker: usize) {
        let line = self.lines.get_mut(name).expect("a known line");
        line.workers.push_back(worker);
        if line.workers.len() == 1 {
            self.after(0, Event::Slot(name));
        }
    }

    fn slot(&mut self, name: &'static str) {
        let now = self.clock.now();
        let line = self.lines.get_mut(name).expect("a known line");
        let rate = *line.rate.get_or_insert_with(|| match name {
            ALL => self.setup.overall,
            _ => self.policy.rate(name),
        });
        if let Err(not_until) = line
            .slots
            .at(rate)
            .check_n(CALL)
            .expect("a quota of at least one call")
        {
            let wait = not_until.wait_time_from(now);
            return self.timer(wait.as_secs_f64(), Event::Slot(name));
        }
        line.slots.taken();
        line.rate = None;
        let worker = line.workers.pop_front().expect("a waiting worker");
        if !line.workers.is_empty() {
            self.after(0, Event::Slot(name));
        }
        match name {
            ALL => self.begin(worker),
            _ => self.join_line(ALL, worker),
        }
    }

    /// Begins a call: breaker, budget, and an entry in the ledger.
    fn begin(&mut self, worker: usize) {
        let (endpoint, now) = (self.endpoint(worker), self.now());
        let is_trial = self.policy.fruitless_trips(endpoint) > 0;
        if self.policy.begin(endpoint, now).is_err() {
            return self.after(0, Event::Turn(worker));
        }
        self.workers[worker].is_trial = is_trial;
        if is_trial {
            let trials = self.trials.entry(endpoint).or_default();
            *trials += 1;
            assert_eq!(*trials, 1, "a second concurrent probe of {endpoint}");
        }
        if self
            .setup
            .budget
            .is_some_and(|budget| self.charged + PRICE > budget)
        {
            self.unsent(worker);
            self.is_budget_held = true;
            let job = self.workers[worker].job.take().expect("a job");
            self.jobs[job].state = State::Ready;
            self.workers[worker].is_idle = true;
            return;
        }
        self.charged += PRICE;
        self.most_charged = self.most_charged.max(self.charged);
        // The ledger takes up to 3 ms.
        let nanos = self.random.random_range(0..3_000_000);
        self.after(nanos, Event::Send(worker));
    }

    /// Sends the open call, unless a cooldown of the endpoint has begun since the permit.
    fn send(&mut self, worker: usize) {
        let (endpoint, now) = (self.endpoint(worker), self.now());
        if self.policy.cooling_down_since_permit(endpoint, now) {
            self.charged -= PRICE;
            self.unsent(worker);
            return self.release(worker, State::Ready);
        }
        let asked_until = self.asked_until.get(endpoint).copied().unwrap_or_default();
        assert!(
            now >= asked_until,
            "{endpoint} is called {} s too early",
            asked_until - now
        );
        self.workers[worker].began = now;
        let seconds = self.random.random_range(0.005..self.setup.way_seconds);
        self.timer(seconds, Event::Arrive(worker));
    }

    fn arrive(&mut self, worker: usize) {
        let (endpoint, elapsed) = (self.endpoint(worker), self.elapsed());
        let is_poisoned = self.jobs[self.leased(worker)].is_poisoned;
        let answer = self.remote.answer(endpoint, is_poisoned, elapsed);
        let seconds = match answer {
            Answer::Lost => TIMEOUT_SECONDS,
            _ => self.random.random_range(0.005..self.setup.way_seconds),
        };
        self.workers[worker].answer = Some(answer);
        self.timer(seconds, Event::Reply(worker));
    }

    fn unsent(&mut self, worker: usize) {
        let endpoint = self.endpoint(worker);
        if std::mem::take(&mut self.workers[worker].is_trial) {
            let trials = self.trials.entry(endpoint).or_default();
            *trials = trials.saturating_sub(1);
        }
        self.policy.unsent(endpoint);
    }

    fn record(&mut self, worker: usize, result: CallResult) {
        let (endpoint, now) = (self.endpoint(worker), self.now());
        let report = CallReport {
            job_id: i64::try_from(self.leased(worker)).expect("few jobs"),
            began: self.workers[worker].began,
            is_answer: !matches!(result, CallResult::Unanswered { .. }),
            result,
            why: "",
        };
        if std::mem::take(&mut self.workers[worker].is_trial) {
            let trials = self.trials.entry(endpoint).or_default();
            *trials = trials.saturating_sub(1);
        }
        let before = self.policy.fruitless_trips(endpoint);
        self.policy.record(endpoint, &report, now);
        let after = self.policy.fruitless_trips(endpoint);
        if after == 0 && before > 0 {
            // The breaker is closed again, so calls in flight are no longer probes.
            self.trials.remove(endpoint);
            for worker in 0..self.workers.len() {
                if self.workers[worker].job.is_some() && self.endpoint(worker) == endpoint {
                    self.workers[worker].is_trial = false;
                }
            }
        }
    }

    fn reply(&mut self, worker: usize) {
        let answer = self.workers[worker].answer.take().expect("an answer");
        self.is_budget_held = false;
        let unavailable = || Error::Unavailable {
            why: "no answer".to_owned(),
            is_network: true,
            after: None,
        };
        match answer {
            Answer::Page => self.commit(worker),
            Answer::Unreadable => {
                let error = Error::Malformed {
                    at: "data".to_owned(),
                    why: "null".to_owned(),
                };
                self.fail(worker, &error, true);
            }
            Answer::Lost => self.fail(worker, &unavailable(), true),
            Answer::Refused(error) => {
                self.charged -= PRICE;
                self.fail(worker, &error, true);
            }
            Answer::NeverSent => {
                self.charged -= PRICE;
                self.fail(worker, &unavailable(), false);
            }
        }
    }

    /// Models `commit`.
    fn commit(&mut self, worker: usize) {
        self.record(worker, CallResult::Success);
        let at = self.leased(worker);
        let harvest = self.page_of(at);
        let job = &mut self.jobs[at];
        let place = Place {
            endpoint: job.endpoint,
            subject: &job.subject,
            depth: 0,
            resolves_name: false,
            led_to: 0,
        };
        let admitted = self.plan.admit(&place, &harvest);
        let cursor = harvest.cursor.as_deref();
        let (next, _) = after_page(&WalkFacts {
            is_paged: true,
            cursor,
            has_more: harvest.has_more,
            doubt: harvest.doubt.map(|doubt| doubt.why),
            cursor_came_before: cursor.is_some_and(|cursor| job.seen.has_cursor(cursor)),
            is_empty: harvest.items.is_empty(),
            has_new_id: job.seen.has_new(&harvest.items),
            stale_pages: job.stale_pages,
            repeated_pages: job.repeated_pages,
            max_empty_pages: 5,
            seen: None,
            count: None,
            pages: job.pages + 1,
            max_pages: None,
            joined: None,
            tail: None,
            has_met: false,
        });
        job.seen.add(
            job.cursor.as_deref(),
            &harvest.items,
            harvest.cursor.as_deref(),
            None,
        );
        job.pages += 1;
        (job.attempts, job.charged_answers) = (0, 0);
        match next {
            Next::Page {
                cursor,
                stale_pages,
                repeated_pages,
            } => {
                job.cursor = Some(cursor);
                (job.stale_pages, job.repeated_pages) = (stale_pages, repeated_pages);
                if job.pages.is_multiple_of(PAGES_HELD) {
                    self.release(worker, State::Ready);
                } else {
                    self.after(0, Event::Turn(worker));
                }
            }
            Next::End { reason, .. } => {
                assert_eq!(job.pages, job.length, "{job:?} ended early");
                job.end = Some(reason);
                self.release(worker, State::Ended);
            }
        }
        for job in admitted.jobs {
            self.add(job.endpoint, job.subject);
        }
        self.wake();
    }

    /// Returns the harvest of a job's next page.
    fn page_of(&self, at: usize) -> Harvest {
        let job = &self.jobs[at];
        let page = job.pages + 1;
        let id = format!("{}-{page}", job.subject);
        let is_last = page == job.length;
        let has_comments = self.setup.pages < 1_000 && page % 4 == 1;
        let post = Post {
            post_id: id.clone(),
            author_user_id: Some(job.subject.clone()),
            counts: Counts::of([("reply_count", Some(i64::from(has_comments)))]),
            ..Post::default()
        };
        Harvest {
            posts: if job.endpoint == POSTS {
                vec![post]
            } else {
                Vec::new()
            },
            items: vec![id],
            cursor: (!is_last).then(|| format!("after {page}")),
            has_more: Some(!is_last),
            ..Harvest::default()
        }
    }

    /// Models `fail`.
    fn fail(&mut self, worker: usize, error: &Error, was_sent: bool) {
        let (endpoint, now) = (self.endpoint(worker), self.now());
        self.note_requested_wait(endpoint, error);
        let random = self.random.random();
        let base = Duration::from_millis(500);
        let at = self.leased(worker);
        let job = &mut self.jobs[at];
        let is_charged_answer = matches!(error, Error::Malformed { .. });
        job.charged_answers += u32::from(is_charged_answer);
        let job_id = i64::try_from(at).expect("few jobs");
        let began = self.workers[worker].began;
        let is_charged = was_sent
            && matches!(
                error,
                Error::Malformed { .. }
                    | Error::Unavailable {
                        is_network: true,
                        ..
                    }
            );
        let delay = retry::delay(job.attempts + 1, base, Duration::from_secs(30), random);
        let decision = after_failure(
            error,
            &FailureFacts {
                has_subject: true,
                attempts: job.attempts,
                max_attempts: self.setup.max_attempts,
                restarts: 0,
                now,
                was_sent,
                had_cursor: job.cursor.is_some(),
                is_at_tail: false,
                is_charged,
                charged_answers: job.charged_answers,
                max_charged_answers: 2,
                is_same_answer: false,
                is_same_status: false,
                has_answered: self.policy.has_answered(endpoint),
                others_fail: self.policy.others_fail(endpoint, job_id),
                is_first: self.policy.is_first_failure(endpoint, job_id),
                is_reachable: self.policy.is_reachable(endpoint, began),
                doubts: self.policy.doubts(endpoint),
                standing: Standing::Unoffered,
                refused: Refused::default(),
                is_too_large: false,
                delay_seconds: delay.as_secs_f64(),
                doubt_seconds: 10.0,
            },
        );
        assert_eq!(decision.escalation, Escalation::Nothing);
        self.record(worker, decision.result);
        for name in [POSTS, COMMENTS] {
            if let Some(cooldown) = self.policy.cooldown(name, now) {
                let until = self.cool_down_until.insert(name, cooldown.until);
                self.cooldowns += usize::from(until.is_none_or(|until| until <= now));
            }
        }
        let job = &mut self.jobs[at];
        let state = match decision.retry {
            Retry::Release => State::Ready,
            Retry::Later(time) => State::Waiting(time),
            Retry::At(time) => {
                job.attempts += 1;
                State::Waiting(time)
            }
            Retry::End(reason, _) => {
                job.attempts += 1;
                job.end = Some(reason);
                State::Ended
            }
            Retry::Restart | Retry::Leave => panic!("no cursor was refused"),
        };
        job.most_attempts = job.most_attempts.max(job.attempts);
        self.release(worker, state);
    }

    fn note_requested_wait(&mut self, endpoint: &'static str, error: &Error) {
        let now = self.now();
        let (after, meant) = match error {
            Error::Throttled { after } => (after.unwrap_or_default(), vec![endpoint]),
            Error::Blocked { after, .. } => (*after, vec![POSTS, COMMENTS]),
            _ => return,
        };
        self.refused += 1;
        for name in meant {
            let asked = self.asked_until.entry(name).or_default();
            *asked = asked.max(now + after.as_secs_f64());
        }
    }
}
