//! The writer's operations and their answers.

use tokio::sync::oneshot;

use super::page::PageCommit;
use crate::store::queue::{Failure, LeaseRequest, Leased};
use crate::store::{OpenCall, Result};

/// An operation with the channel for its answer.
pub(super) struct Ask<I, O> {
    pub(super) input: I,
    pub(super) answer: oneshot::Sender<Result<O>>,
}

pub(super) enum Operation {
    Lease(Ask<LeaseRequest, Leased>),
    Open(Ask<OpenCall, i64>),
    Page(Ask<Box<PageCommit>, ()>),
    Fail(Ask<Failure, ()>),
}

/// The answer to an operation. It is sent only after its transaction is committed.
pub(super) enum Answer {
    Lease(Result<Leased>),
    Open(Result<i64>),
    Done(Result<()>),
}
