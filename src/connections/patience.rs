//! How long a connection has waited for its client.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// Time for a request to arrive, from the connection or from its first byte.
const REQUEST: Duration = Duration::from_secs(15);
/// Time for the next request to begin, and for a part of an answer to be taken. Streams of events are silent for less.
const IDLE: Duration = Duration::from_secs(120);

/// What a connection waits for, and since when.
pub(super) struct Patience(Mutex<State>);

struct State {
    waits_for: Wait,
    since: Instant,
    /// A request is being answered.
    is_at_work: bool,
    is_closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    /// The first request, or the rest of one.
    Request,
    /// The next request, or room for an answer.
    Idle,
}

impl Patience {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new(State {
            waits_for: Wait::Request,
            since: now,
            is_at_work: false,
            is_closed: false,
            reader: None,
            writer: None,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin_work(&self) {
        self.state().is_at_work = true;
    }

    pub(super) fn end_work(&self, now: Instant) {
        self.state().is_at_work = false;
        self.wrote(now);
    }

    /// Notes that something was read. More bytes of the same request gain no time.
    pub(super) fn read(&self, now: Instant) {
        let mut state = self.state();
        if state.waits_for == Wait::Idle {
            state.waits_for = Wait::Request;
            state.since = now;
        }
    }

    /// Notes that a part of an answer was taken.
    pub(super) fn wrote(&self, now: Instant) {
        let mut state = self.state();
        state.waits_for = Wait::Idle;
        state.since = now;
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        let state = self.state();
        let limit = match state.waits_for {
            Wait::Request => REQUEST,
            Wait::Idle => IDLE,
        };
        !state.is_at_work && now.saturating_duration_since(state.since) >= limit
    }

    /// Returns the place among those that make room: unfinished requests first, the longest wait first. `None` if it waits for
    /// nothing, or is closed already.
    pub(super) fn rank(&self) -> Option<(Wait, Instant)> {
        let state = self.state();
        (!state.is_at_work && !state.is_closed).then_some((state.waits_for, state.since))
    }

    /// Ends the connection: its next read or write fails.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let wakers = [state.reader.take(), state.writer.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Returns whether a read or a write must fail. If not, `close` wakes it.
    pub(super) fn is_closed(&self, context: &Context<'_>, is_read: bool) -> bool {
        let mut state = self.state();
        let waker = Some(context.waker().clone());
        match is_read {
            true => state.reader = waker,
            false => state.writer = waker,
        }
        state.is_closed
    }
}
