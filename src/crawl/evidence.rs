//! Facts about a failed call, and its consequences.

use super::standing::Standing;
use crate::api::limiter::{CallResult, Doubts, Refused};
use crate::store::Retry;

/// Facts about a job after its call failed.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureFacts {
    pub has_subject: bool,
    pub had_cursor: bool,
    /// The cursor is the one after what an earlier pass saw.
    pub is_at_tail: bool,
    /// Failures since the last committed page, before this failure.
    pub attempts: u32,
    pub max_attempts: u32,
    pub restarts: u32,
    pub now: f64,
    /// The request was sent, so the remote may have received and billed it.
    pub was_sent: bool,
    /// The call is charged.
    pub is_charged: bool,
    /// Charged answers since the last committed page that could not be used, with this one.
    pub charged_answers: u32,
    pub max_charged_answers: u32,
    /// This answer is the same, byte for byte, as the one to the previous attempt.
    pub is_same_answer: bool,
    /// The previous attempt had the same status.
    pub is_same_status: bool,
    /// The endpoint returned a page or said something about a subject, in this run or earlier, so it exists.
    pub has_answered: bool,
    /// Other jobs of the endpoint fail too, and none has succeeded since.
    pub others_fail: bool,
    /// The endpoint has answered others since the job's last failure, or the job has not failed yet.
    pub is_first: bool,
    /// The remote has answered another call since this one was sent.
    pub is_reachable: bool,
    pub doubts: Doubts,
    pub standing: Standing,
    pub refused: Refused,
    /// The body exceeded the size limit. A retry would exceed it again and be billed again.
    pub is_too_large: bool,
    /// Delay before the retry, in seconds.
    pub delay_seconds: f64,
    /// Delay, in seconds, after an answer that may be about the endpoint: other jobs are asked first.
    pub doubt_seconds: f64,
}

/// Consequences of a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub retry: Retry,
    /// Result to record in the limiter.
    pub result: CallResult,
    /// Consequence beyond this job.
    pub escalation: Escalation,
}

/// Consequence of a failure beyond its own job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Escalation {
    Nothing,
    /// The endpoint does not exist: retire it with all of its jobs.
    Retire(String),
    /// The remote refuses the key or the account: stop the run.
    Refused(String),
}

impl Decision {
    pub(super) fn new(retry: Retry, result: CallResult) -> Self {
        Self {
            retry,
            result,
            escalation: Escalation::Nothing,
        }
    }

    pub(super) fn beyond(escalation: Escalation) -> Self {
        Self {
            retry: Retry::Release,
            result: CallResult::Ignored,
            escalation,
        }
    }
}
