//! The only writer. Operations that wait for it at the same moment share one transaction and one fsync.
//!
//! A refusal (lease lost, budget spent) is an answer and does not affect the other operations. A database error rolls
//! back the whole group. Each member is then tried alone, so one bad page cannot hurt another. While the file cannot
//! be written (disk full, locked, read-only) the writer waits and reports why: no paid reply is thrown away.

use std::time::Duration;

use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use super::group;
use super::operation::{Answer, Ask, Operation};
use super::page::{BatchContext, PageCommit};
use super::times::Times;
use crate::clock::Clock;
use crate::store::queue::{Failure, LeaseRequest, Leased};
use crate::store::{Error, OpenCall, Result, Store};

/// The largest number of operations in one transaction: enough for every worker, and a limit on what a crash undoes.
const GROUP: usize = 128;
/// Pause before the writer tries an unwritable file again.
const UNWRITABLE_PAUSE: Duration = Duration::from_millis(500);

/// The handle that all workers write with.
#[derive(Clone)]
pub struct Writer {
    operations: mpsc::Sender<Operation>,
    /// Why the file cannot be written now.
    trouble: watch::Receiver<Option<String>>,
}

impl Writer {
    /// Starts the writer on the archive. It ends when the last `Writer` is dropped.
    #[must_use]
    pub fn start(store: &Store, clock: Clock) -> Self {
        let (operations, inbox) = mpsc::channel(GROUP);
        let (trouble_sender, trouble) = watch::channel(None);
        let times = Times::new(clock);
        tokio::spawn(work(store.clone(), inbox, times, trouble_sender));
        Self {
            operations,
            trouble,
        }
    }

    /// Why the archive cannot be written now; `None` if it can.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }

    /// Leases the best ready job.
    ///
    /// # Errors
    /// Returns an error of the archive.
    pub async fn lease(&self, request: LeaseRequest) -> Result<Leased> {
        self.ask(request, Operation::Lease).await
    }

    /// Records a call before it is sent. Returns its id.
    ///
    /// # Errors
    /// Returns `LeaseLost`, `BudgetSpent`, or an error of the archive.
    pub async fn open_call(&self, call: OpenCall) -> Result<i64> {
        self.ask(call, Operation::Open).await
    }

    /// Keeps a page.
    ///
    /// # Errors
    /// Returns `LeaseLost`, or an error of the archive.
    pub async fn commit_page(&self, page: PageCommit) -> Result<()> {
        self.ask(Box::new(page), Operation::Page).await
    }

    /// Records the result of a job whose call failed.
    ///
    /// # Errors
    /// Returns `LeaseLost`, or an error of the archive.
    pub async fn fail(&self, failure: Failure) -> Result<()> {
        self.ask(failure, Operation::Fail).await
    }

    /// Waits until all earlier operations are written, including those whose callers no longer wait.
    ///
    /// # Errors
    /// Returns an error of the archive.
    pub async fn flush(&self) -> Result<()> {
        // Operations run in order, and a lease request without endpoints changes nothing.
        let nothing = LeaseRequest {
            endpoints: Vec::new(),
            sampled: Vec::new(),
            may_be_unneeded: Vec::new(),
            max_depth: 0,
            paused_seeds: Vec::new(),
            imported_only: false,
            lease_seconds: 0.0,
            call_of: None,
        };
        self.lease(nothing).await.map(drop)
    }

    async fn ask<I, O>(
        &self,
        input: I,
        operation: impl FnOnce(Ask<I, O>) -> Operation,
    ) -> Result<O> {
        let (answer, answered) = oneshot::channel();
        self.operations
            .send(operation(Ask { input, answer }))
            .await
            .map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }
}

async fn work(
    store: Store,
    mut inbox: mpsc::Receiver<Operation>,
    mut times: Times,
    trouble_sender: watch::Sender<Option<String>>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while inbox.recv_many(&mut group, GROUP).await > 0 {
        let mut connection = store.writing().await;
        match write_group(&mut connection, &group, &mut times, &trouble_sender).await {
            Ok(answers) => reply(group.drain(..), answers),
            Err(_) if group.len() > 1 => {
                for operation in group.drain(..) {
                    let one = [operation];
                    let answers =
                        write_group(&mut connection, &one, &mut times, &trouble_sender).await;
                    reply_one(one, answers);
                }
            }
            Err(error) => {
                reply_one(std::mem::take(&mut group), Err(error));
            }
        }
    }
}

/// Writes a group in one transaction. Waits as long as the file cannot be written.
async fn write_group(
    connection: &mut SqliteConnection,
    group: &[Operation],
    times: &mut Times,
    trouble_sender: &watch::Sender<Option<String>>,
) -> Result<Vec<Answer>> {
    loop {
        match try_group(connection, group, times).await {
            Err(Error::Unwritable(why)) => {
                if trouble_sender.borrow().as_ref() != Some(&why) {
                    tracing::error!(
                        why,
                        "the archive cannot be written; waiting, nothing is lost"
                    );
                }
                trouble_sender.send_replace(Some(why));
                tokio::time::sleep(UNWRITABLE_PAUSE).await;
            }
            result => {
                if trouble_sender.borrow().is_some() {
                    tracing::warn!("the archive can be written again");
                    trouble_sender.send_replace(None);
                }
                return result;
            }
        }
    }
}

/// Begins a transaction and reads what it needs, in one statement batch.
async fn begin(connection: &mut SqliteConnection, kept_at: f64) -> Result<BatchContext> {
    let text = format!("begin immediate; {}", BatchContext::QUESTION);
    let answer = sqlx::query(AssertSqlSafe(text))
        .fetch_one(connection)
        .await?;
    BatchContext::read(&answer, kept_at)
}

async fn try_group(
    connection: &mut SqliteConnection,
    group: &[Operation],
    times: &mut Times,
) -> Result<Vec<Answer>> {
    let now = times.next();
    let kept_at = times.keep_at(connection, now.wall).await?;
    let begun = begin(connection, kept_at).await;
    let applied = match begun {
        Ok(before) => group::apply(connection, group, before, now).await,
        Err(error) => Err(error),
    };
    let answers = match applied {
        Ok(answers) => match sqlx::query("commit").execute(&mut *connection).await {
            Ok(_) => return Ok(answers),
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(error),
    };
    // SQLite rolls back by itself after some errors. Then nothing is left to do.
    let _ = sqlx::query("rollback").execute(&mut *connection).await;
    answers
}

/// A worker that no longer waits for its answer was stopped. The transaction is committed anyway.
fn reply(group: impl IntoIterator<Item = Operation>, answers: Vec<Answer>) {
    for (operation, answer) in group.into_iter().zip(answers) {
        match (operation, answer) {
            (Operation::Lease(ask), Answer::Lease(result)) => drop(ask.answer.send(result)),
            (Operation::Open(ask), Answer::Open(result)) => drop(ask.answer.send(result)),
            (Operation::Page(ask), Answer::Done(result)) => drop(ask.answer.send(result)),
            (Operation::Fail(ask), Answer::Done(result)) => drop(ask.answer.send(result)),
            _ => tracing::error!(
                "the writer's answer does not match the operation; please report this"
            ),
        }
    }
}

fn reply_one(one: impl IntoIterator<Item = Operation>, answers: Result<Vec<Answer>>) {
    match answers {
        Ok(answers) => reply(one, answers),
        Err(error) => {
            for operation in one {
                match operation {
                    Operation::Lease(ask) => drop(ask.answer.send(Err(error.again()))),
                    Operation::Open(ask) => drop(ask.answer.send(Err(error.again()))),
                    Operation::Page(ask) => drop(ask.answer.send(Err(error.again()))),
                    Operation::Fail(ask) => drop(ask.answer.send(Err(error.again()))),
                }
            }
        }
    }
}
