//! The one writer. Whatever waits for it at the same moment shares one transaction, and one fsync.
//!
//! A refusal (lease lost, budget spent) is an answer and leaves the others untouched. A database error undoes the
//! whole group; then each of its members is tried alone, so that one bad page cannot hurt another. While the file
//! cannot be written (disk full, locked, read-only) the writer waits and says so: no paid reply is thrown away.

use std::time::Duration;

use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use super::group;
use super::operation::{Answer, Ask, Operation};
use super::page::{BatchContext, PageCommit};
use crate::clock::Clock;
use crate::store::queue::{Failure, LeaseRequest, Leased};
use crate::store::{Error, OpenCall, Result, Store};

/// How many operations share a transaction at most: enough for every worker, and a bound on what a crash undoes.
const GROUP: usize = 128;
/// How long the writer waits before it tries an unwritable file again.
const UNWRITABLE_PAUSE: Duration = Duration::from_millis(500);

/// The hand that all workers write with.
#[derive(Clone)]
pub struct Writer {
    operations: mpsc::Sender<Operation>,
    /// Why the file cannot be written just now.
    trouble: watch::Receiver<Option<String>>,
}

impl Writer {
    /// Starts the writer on the archive. It ends when the last `Writer` is dropped.
    #[must_use]
    pub fn start(store: &Store, clock: Clock) -> Self {
        let (operations, inbox) = mpsc::channel(GROUP);
        let (trouble_sender, trouble) = watch::channel(None);
        let times = Times { clock, last: 0.0 };
        tokio::spawn(work(store.clone(), inbox, times, trouble_sender));
        Self {
            operations,
            trouble,
        }
    }

    /// Why the archive cannot be written just now; `None` where it can.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }

    /// The best job there is.
    ///
    /// # Errors
    /// Where the archive fails.
    pub async fn lease(&self, request: LeaseRequest) -> Result<Leased> {
        self.ask(request, Operation::Lease).await
    }

    /// Writes a call down before it is sent; gives its id.
    ///
    /// # Errors
    /// `LeaseLost`, `BudgetSpent`, or where the archive fails.
    pub async fn open_call(&self, call: OpenCall) -> Result<i64> {
        self.ask(call, Operation::Open).await
    }

    /// Keeps a page.
    ///
    /// # Errors
    /// `LeaseLost`, or where the archive fails.
    pub async fn commit_page(&self, page: PageCommit) -> Result<()> {
        self.ask(Box::new(page), Operation::Page).await
    }

    /// Writes down what became of a job whose call failed.
    ///
    /// # Errors
    /// `LeaseLost`, or where the archive fails.
    pub async fn fail(&self, failure: Failure) -> Result<()> {
        self.ask(failure, Operation::Fail).await
    }

    /// Waits until everything that was asked before is written, also for those who no longer wait for the answer.
    ///
    /// # Errors
    /// Where the archive fails.
    pub async fn flush(&self) -> Result<()> {
        // Operations are worked on in order; a lease of nothing changes nothing.
        let nothing = LeaseRequest {
            endpoints: Vec::new(),
            may_be_unneeded: Vec::new(),
            max_depth: 0,
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

/// The times of the groups: each later than the one before, so that the order in which pages were kept can be read
/// from their calls.
struct Times {
    clock: Clock,
    last: f64,
}

impl Times {
    /// The least step that a time in Unix seconds can show.
    const STEP: f64 = 0.000_001;

    fn next(&mut self) -> f64 {
        self.last = self.clock.now().max(self.last + Self::STEP);
        self.last
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

/// Writes a group in one transaction, waiting as long as the file cannot be written.
async fn write_group(
    connection: &mut SqliteConnection,
    group: &[Operation],
    times: &mut Times,
    trouble_sender: &watch::Sender<Option<String>>,
) -> Result<Vec<Answer>> {
    loop {
        match try_group(connection, group, times.next()).await {
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

/// Begins a transaction and asks what it must know, in one go.
async fn begin(connection: &mut SqliteConnection, now: f64) -> Result<BatchContext> {
    let text = format!("begin immediate; {}", BatchContext::QUESTION);
    let answer = sqlx::query(AssertSqlSafe(text))
        .fetch_one(connection)
        .await?;
    BatchContext::read(&answer, now)
}

async fn try_group(
    connection: &mut SqliteConnection,
    group: &[Operation],
    now: f64,
) -> Result<Vec<Answer>> {
    let begun = begin(connection, now).await;
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
    // SQLite has undone some errors' transactions by itself; then there is nothing left to roll back.
    let _ = sqlx::query("rollback").execute(&mut *connection).await;
    answers
}

/// A worker that no longer waits for its answer has been stopped; the transaction stands all the same.
fn reply(group: impl IntoIterator<Item = Operation>, answers: Vec<Answer>) {
    for (operation, answer) in group.into_iter().zip(answers) {
        match (operation, answer) {
            (Operation::Lease(ask), Answer::Lease(result)) => drop(ask.answer.send(result)),
            (Operation::Open(ask), Answer::Open(result)) => drop(ask.answer.send(result)),
            (Operation::Page(ask), Answer::Done(result)) => drop(ask.answer.send(result)),
            (Operation::Fail(ask), Answer::Done(result)) => drop(ask.answer.send(result)),
            _ => tracing::error!("an operation was given another one's answer"),
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
