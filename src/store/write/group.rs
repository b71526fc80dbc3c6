//! What one transaction does: a group of operations, handled kind by kind, because each statement has a fixed cost.

use sqlx::SqliteConnection;

use super::operation::{Answer, Operation};
use super::page::{self, BatchContext, PageCommit};
use crate::clock::Moment;
use crate::store::queue::{self, LeaseRequest, Leased};
use crate::store::{Error, OpenCall, Result, ledger};

/// Pages first, then returned jobs, because they may be leased in the same group. Calls last, after all leases.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    group: &[Operation],
    before: BatchContext,
    now: Moment,
) -> Result<Vec<Answer>> {
    let pages: Vec<&PageCommit> = group
        .iter()
        .filter_map(|operation| match operation {
            Operation::Page(ask) => Some(ask.input.as_ref()),
            _ => None,
        })
        .collect();
    let mut kept = page::commit_pages(connection, &pages, before, now)
        .await?
        .into_iter();
    let mut put_back = Vec::new();
    for operation in group {
        if let Operation::Fail(ask) = operation {
            put_back.push(refusal(queue::fail(connection, &ask.input).await)?);
        }
    }
    let mut put_back = put_back.into_iter();
    let mut leased = lease_all(connection, group, now.steady).await?.into_iter();
    let mut opened = open_all(connection, group, leased.as_mut_slice())
        .await?
        .into_iter();
    let next = |answers: &mut std::vec::IntoIter<Result<()>>| {
        Answer::Done(answers.next().unwrap_or(Err(Error::Closed)))
    };
    let answers = group.iter().map(|operation| match operation {
        Operation::Page(_) => next(&mut kept),
        Operation::Fail(_) => next(&mut put_back),
        Operation::Lease(_) => Answer::Lease(leased.next().ok_or(Error::Closed)),
        Operation::Open(_) => Answer::Open(opened.next().unwrap_or(Err(Error::Closed))),
    });
    Ok(answers.collect())
}

/// The answers to the group's lease requests, in order.
async fn lease_all(
    connection: &mut SqliteConnection,
    group: &[Operation],
    now: f64,
) -> Result<Vec<Leased>> {
    let requests = group.iter().filter_map(|operation| match operation {
        Operation::Lease(ask) => Some(&ask.input),
        _ => None,
    });
    let requests: Vec<&LeaseRequest> = requests.collect();
    let mut answers = Vec::with_capacity(requests.len());
    for alike in requests.chunk_by(|one, other| one.is_like(other)) {
        let (leases, settled) = queue::lease(connection, alike[0], alike.len(), now).await?;
        let jobs = leases
            .into_iter()
            .map(|lease| Leased::Job(Box::new(lease), None));
        let nothing = std::iter::repeat(Leased::Nothing { settled });
        answers.extend(jobs.chain(nothing).take(alike.len()));
    }
    Ok(answers)
}

/// Opens the calls that the group asks for, and those of jobs that it leased. Returns the answers to the former, in
/// order.
async fn open_all(
    connection: &mut SqliteConnection,
    group: &[Operation],
    leased: &mut [Leased],
) -> Result<Vec<Result<i64>>> {
    let asked = group.iter().filter_map(|operation| match operation {
        Operation::Open(ask) => Some(&ask.input),
        _ => None,
    });
    let calls_of = group.iter().filter_map(|operation| match operation {
        Operation::Lease(ask) => Some(ask.input.call_of.as_ref()),
        _ => None,
    });
    let with_job: Vec<Option<OpenCall>> = calls_of
        .zip(leased.iter())
        .map(|(call_of, leased)| match leased {
            Leased::Job(lease, _) => call_of?(lease),
            Leased::Nothing { .. } => None,
        })
        .collect();
    let calls: Vec<&OpenCall> = asked.chain(with_job.iter().flatten()).collect();
    let mut opened = ledger::open_calls(connection, &calls).await?;
    let first_with_job = opened.len() - with_job.iter().flatten().count();
    let mut of_jobs = opened.split_off(first_with_job).into_iter();
    for (leased, _) in leased
        .iter_mut()
        .zip(&with_job)
        .filter(|(_, call)| call.is_some())
    {
        if let Leased::Job(_, call_id) = leased {
            // The refusal is returned when the worker opens the call itself.
            *call_id = of_jobs.next().and_then(Result::ok);
        }
    }
    Ok(opened)
}

/// A refusal is the answer to one operation. Any other error fails the whole group.
fn refusal<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(error @ (Error::LeaseLost | Error::BudgetSpent(_))) => Ok(Err(error)),
        Err(error) => Err(error),
        Ok(value) => Ok(Ok(value)),
    }
}
