//! A crowd of answers: every status with every form of body, for every scope, in virtual time. The answers are classified,
//! weighed and recorded by the program's own code.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::evidence::{Decision, Escalation, FailureFacts};
use super::super::judge::after_failure;
use super::super::standing::Standing;
use crate::api::limiter::{CallReport, CallResult, Policy, Rates};
use crate::api::{Answer, Asked, Error, Facts, Reply, Scrubber, Secret, error};
use crate::model::StopReason;
use crate::store::Retry;

pub(super) const BAD: &str = "get_user_followers";
pub(super) const GOOD: &str = "get_user_posts";
const PAGES: u32 = 3;
const MAX_ATTEMPTS: u32 = 5;
/// An endpoint that fails alone is given up after this time.
const PATIENCE: f64 = 1_800.0;

/// Which calls get the wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The second page of one job.
    Page,
    /// All pages of one job.
    Subject,
    /// All jobs of one endpoint.
    Endpoint,
    /// All calls, and the account call.
    Everything,
}

/// A wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong {
    /// HTTP status; 0 for no answer, 1 for a request that was never sent.
    pub(super) status: u16,
    pub(super) form: Form,
}

/// Form of the body of a wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The vendor's object without a hint.
    Vague,
    /// The vendor's object, naming the user.
    Subject,
    /// FastAPI's text for an unknown path.
    Path,
    /// FastAPI's list of invalid parameters.
    List,
    Html,
    Empty,
    /// JSON of another program.
    Foreign,
}

pub(super) const FORMS: [Form; 7] = [
    Form::Vague,
    Form::Subject,
    Form::Path,
    Form::List,
    Form::Html,
    Form::Empty,
    Form::Foreign,
];

impl Wrong {
    fn reply(self) -> Reply {
        let body = match self.form {
            Form::Vague => r#"{"detail":{"code":1,"message":"An error occurred."}}"#,
            Form::Subject => r#"{"detail":{"code":1,"message":"User is not available"}}"#,
            Form::Path => r#"{"detail":"Not Found"}"#,
            Form::List => r#"{"detail":[{"loc":["query","x"],"msg":"bad"}]}"#,
            Form::Html => "<html>error</html>",
            Form::Empty => "",
            Form::Foreign => r#"{"status":"error"}"#,
        };
        let why = "closed".to_owned();
        match self.status {
            0 => Reply::Unknown { why },
            1 => Reply::NeverSent { why },
            status => Reply::Answered(Answer {
                status,
                facts: Facts::default(),
                body_bytes: body.len(),
                body: Ok(body.as_bytes().to_vec()),
            }),
        }
    }
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Every job has ended, or waits for the next run because its endpoint was given up.
    Idle,
    Refused,
    /// No answer came for longer than the patience with an outage.
    Away,
}

/// How each job ended, by endpoint and number; `None` for a job that stays for the next run.
pub(super) type Ends = BTreeMap<(&'static str, usize), Option<StopReason>>;

#[derive(Debug, Clone, Default)]
struct Job {
    pages: u32,
    attempts: u32,
    restarts: u32,
    ready_at: f64,
    past: Vec<u16>,
    end: Option<StopReason>,
}

pub(super) struct Crowd {
    pub(super) wrong: Wrong,
    pub(super) scope: Scope,
    /// Number of wrong answers; `None` for all.
    pub(super) times: Option<u32>,
    /// The remote offers the account call.
    pub(super) has_account: bool,
    jobs: BTreeMap<(&'static str, usize), Job>,
    /// Number of the job that a narrow scope is about.
    victim: usize,
    policy: Policy,
    given_up: Vec<&'static str>,
    now: f64,
    random: StdRng,
    scrubber: Scrubber,
    pub(super) charged: u32,
}

impl Crowd {
    pub(super) fn new(wrong: Wrong, scope: Scope, times: Option<u32>, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut jobs = BTreeMap::new();
        for endpoint in [BAD, GOOD] {
            for number in 0..random.random_range(1..6) {
                jobs.insert((endpoint, number), Job::default());
            }
        }
        let has_account = random.random_bool(0.5);
        let of_bad = jobs.keys().filter(|(endpoint, _)| *endpoint == BAD).count();
        let mut policy = Policy::new(&Rates {
            overall: 1e6,
            endpoint: 1e6,
            breaker_failures: 10,
            breaker_cooldown: Duration::from_secs(10),
        });
        policy.probe_for_free(has_account);
        if random.random_bool(0.5) {
            policy.answered_before(BAD);
        }
        Self {
            wrong,
            scope,
            times,
            has_account,
            jobs,
            victim: random.random_range(0..of_bad),
            policy,
            given_up: Vec::new(),
            now: 0.0,
            random,
            scrubber: Scrubber::new(&Secret::new("sk-0123456789abcdef").expect("a key")),
            charged: 0,
        }
    }

    pub(super) fn victim(&self) -> (&'static str, usize) {
        (BAD, self.victim)
    }

    fn is_wrong(&mut self, key: (&'static str, usize)) -> bool {
        let job = &self.jobs[&key];
        let is_meant = match self.scope {
            Scope::Page => key == self.victim() && job.pages == 1,
            Scope::Subject => key == self.victim(),
            Scope::Endpoint => key.0 == BAD,
            Scope::Everything => true,
        };
        match &mut self.times {
            _ if !is_meant => false,
            None => true,
            Some(0) => false,
            Some(times) => {
                *times -= 1;
                true
            }
        }
    }

    /// What the account call would say now, and whether it reaches the remote.
    fn account(&self) -> (Standing, bool) {
        if self.scope == Scope::Everything && self.times != Some(0) {
            return match self.wrong.status {
                0 | 1 | 502..=504 | 520..=530 => (Standing::Unknown, false),
                401 | 402 => (Standing::Refused("refused".to_owned()), true),
                _ => (Standing::Unoffered, true),
            };
        }
        match self.has_account {
            true => (Standing::Fine, true),
            false => (Standing::Unoffered, true),
        }
    }

    /// Runs to the end. Panics if there is none.
    pub(super) fn run(&mut self) -> (End, Ends) {
        for _ in 0..20_000 {
            if let Some(end) = self.step() {
                let ends = self.jobs.iter();
                return (end, ends.map(|(key, job)| (*key, job.end)).collect());
            }
        }
        panic!("no end: {:?} {:?} {:?}", self.wrong, self.scope, self.jobs);
    }

    fn step(&mut self) -> Option<End> {
        self.now += 0.01;
        let now = self.now;
        if let Some(outage) = self.policy.outage().cloned() {
            if now - outage.since > 21_600.0 {
                return Some(End::Away);
            }
            let is_free = self.policy.network().is_probed_for_free();
            if is_free && now >= outage.next_probe {
                let (_, is_reachable) = self.account();
                let network = self.policy.network();
                match is_reachable {
                    true => network.answered(None, now),
                    false => network.free_probe_failed(now, "away", now),
                }
            }
        }
        for endpoint in [BAD, GOOD] {
            let failing = self.policy.failing(endpoint, MAX_ATTEMPTS);
            if let Some((_, worst)) = failing.filter(|(since, _)| now - since > PATIENCE) {
                self.given_up.push(endpoint);
                for job_id in worst {
                    let key = self.key(job_id);
                    self.jobs
                        .entry(key)
                        .and_modify(|job| job.end = Some(StopReason::Failed));
                }
            }
        }
        let blocked = [BAD, GOOD].map(|of| (of, self.policy.cooldown(of, now).is_some()));
        let mut open = self
            .jobs
            .iter()
            .filter(|((of, _), job)| job.end.is_none() && !self.given_up.contains(of))
            .peekable();
        if open.peek().is_none() {
            return Some(End::Idle);
        }
        let mut ready =
            open.filter(|((of, _), job)| job.ready_at <= now && !blocked.contains(&(*of, true)));
        let ready = ready.next().map(|(key, _)| *key);
        match ready {
            Some(key) => self.call(key),
            None => {
                // The next time at which anything can change.
                self.now += self.random.random_range(0.1..5.0);
                None
            }
        }
    }

    fn id(key: (&'static str, usize)) -> i64 {
        i64::try_from(key.1).expect("few jobs") * 2 + i64::from(key.0 == GOOD)
    }

    fn key(&self, job_id: i64) -> (&'static str, usize) {
        let key = self.jobs.keys().find(|key| Self::id(**key) == job_id);
        *key.expect("a job")
    }

    fn call(&mut self, key: (&'static str, usize)) -> Option<End> {
        let (began, job_id) = (self.now, Self::id(key));
        self.policy.begin(key.0, began).expect("no cooldown");
        self.now += 0.1;
        if !self.is_wrong(key) {
            let report = CallReport {
                job_id,
                began,
                is_answer: true,
                result: CallResult::Success,
                why: "",
            };
            let doubted = self.policy.record(key.0, &report, self.now);
            self.release(&doubted);
            self.charged += 1;
            let job = self.jobs.get_mut(&key).expect("a job");
            (job.attempts, job.pages) = (0, job.pages + 1);
            job.past.clear();
            job.end = (job.pages == PAGES).then_some(StopReason::Complete);
            return None;
        }
        let reply = self.wrong.reply();
        let error = self.classify(key, &reply);
        self.fail(key, began, &reply, &error)
    }

    fn classify(&self, key: (&'static str, usize), reply: &Reply) -> Error {
        let asked = Asked {
            subject: "user-1234567",
            had_cursor: self.jobs[&key].pages > 0,
            now: self.now,
        };
        match error::of_reply(reply, asked, &self.scrubber) {
            Ok(_) => Error::Malformed {
                at: "data".to_owned(),
                why: "null".to_owned(),
            },
            Err(error) => error,
        }
    }

    /// Does what `fail` does, with the jobs of this model.
    fn fail(
        &mut self,
        key: (&'static str, usize),
        began: f64,
        reply: &Reply,
        error: &Error,
    ) -> Option<End> {
        let (job_id, now) = (Self::id(key), self.now);
        let status = match reply {
            Reply::Answered(answer) => answer.status,
            _ => 0,
        };
        let is_charged = matches!(reply, Reply::Unknown { .. }) || status == 200;
        self.charged += u32::from(is_charged);
        let is_network = matches!(
            error,
            Error::Unavailable {
                is_network: true,
                ..
            }
        );
        let (standing, is_reachable) = self.account();
        if is_network && self.has_account && !self.policy.is_reachable(key.0, began) {
            match is_reachable {
                true => self.policy.network().answered(None, now),
                false => self.policy.network().free_probe_failed(now, "away", now),
            }
        }
        let refused = match error {
            Error::Refused { .. } => self.policy.refused(job_id),
            _ => Default::default(),
        };
        let job = self.jobs[&key].clone();
        let charged = job.past.iter().filter(|status| **status == 200).count();
        let facts = FailureFacts {
            has_subject: true,
            had_cursor: job.pages > 0,
            is_at_tail: false,
            attempts: job.attempts,
            max_attempts: MAX_ATTEMPTS,
            restarts: job.restarts,
            now,
            was_sent: !matches!(reply, Reply::NeverSent { .. }),
            is_charged,
            charged_answers: u32::try_from(charged).expect("few") + u32::from(status == 200),
            max_charged_answers: 2,
            is_same_answer: status == 200 && charged > 0,
            is_same_status: status != 0 && job.past.last() == Some(&status),
            has_answered: self.policy.has_answered(key.0),
            others_fail: self.policy.others_fail(key.0, job_id),
            is_first: self.policy.is_first_failure(key.0, job_id),
            is_reachable: self.policy.is_reachable(key.0, began),
            doubts: self.policy.doubts(key.0),
            standing,
            refused,
            is_too_large: false,
            delay_seconds: 0.5 * f64::from(1_u32 << job.attempts.min(6)),
            doubt_seconds: 10.0,
        };
        let Decision {
            retry,
            result,
            escalation,
        } = after_failure(error, &facts);
        let report = CallReport {
            job_id,
            began,
            is_answer: !is_network,
            result,
            why: "",
        };
        let doubted = self.policy.record(key.0, &report, now);
        self.release(&doubted);
        let job = self.jobs.get_mut(&key).expect("a job");
        job.past.push(status);
        match retry {
            Retry::Release => {}
            Retry::Later(time) => job.ready_at = time,
            Retry::At(time) => (job.ready_at, job.attempts) = (time, job.attempts + 1),
            Retry::Restart => {
                (job.pages, job.attempts, job.restarts) = (0, 0, job.restarts + 1);
                job.past.clear();
            }
            Retry::Leave => panic!("no pass met another"),
            Retry::End(reason, _) => job.end = Some(reason),
        }
        match escalation {
            Escalation::Nothing => None,
            Escalation::Refused(_) => Some(End::Refused),
            Escalation::Retire(_) => {
                for (other, job) in &mut self.jobs {
                    if other.0 == key.0 && job.end.is_none() {
                        job.end = Some(StopReason::Failed);
                    }
                }
                None
            }
        }
    }

    fn release(&mut self, job_ids: &[i64]) {
        for job_id in job_ids {
            let key = self.key(*job_id);
            self.jobs
                .entry(key)
                .and_modify(|job| (job.ready_at, job.attempts) = (0.0, 0));
        }
    }
}
