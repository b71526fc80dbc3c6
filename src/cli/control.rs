//! Requests of the operator: `pause`, `resume`, `refresh`, `reload`, `jobs cancel` and `seed remove`.
//!
//! A running daemon carries them out. Without one, the command does it itself, with the lock of the archive.

use std::time::Duration;

use super::out::{errln, outln};
use super::table::plain;
use super::{Cli, Exit, Usage};
use crate::api::endpoints;
use crate::clock::{Clock, minute};
use crate::config::Config;
use crate::daemon;
use crate::model::{PauseScope, Request, SeedKind};
use crate::store::{ControlResult, Lock, Store};

/// How often the daemon's answer is looked for.
const GLANCE: Duration = Duration::from_millis(100);
/// How long to wait for the daemon's answer. Calls in flight may have to end first.
const PATIENCE: Duration = Duration::from_secs(150);

/// What to pause or to resume.
#[derive(Debug, clap::Args)]
pub struct Scope {
    /// Only this endpoint
    #[arg(value_name = "ENDPOINT", conflicts_with = "seed")]
    endpoint: Option<String>,

    /// Only the jobs of this seed: its number in `soracrawl seed list`, or kind:subject such as user:user-abc123
    #[arg(long, value_name = "SEED")]
    seed: Option<String>,
}

impl Scope {
    async fn of(&self, config: &Config) -> anyhow::Result<PauseScope> {
        match (&self.endpoint, &self.seed) {
            (Some(name), _) => match endpoints::find(name) {
                Some(entry) => Ok(PauseScope::Endpoint(entry.name.to_owned())),
                None => Err(Usage(format!(
                    "unknown endpoint `{}`. List all with `soracrawl endpoints`",
                    plain(name)
                ))
                .into()),
            },
            (None, Some(seed)) => Ok(PauseScope::Seed(seed_id(config, seed).await?)),
            (None, None) => Ok(PauseScope::All),
        }
    }
}

pub(super) async fn pause(cli: &Cli, scope: &Scope) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let scope = scope.of(&config).await?;
    send(cli, &config, &Request::Pause(scope)).await
}

pub(super) async fn resume(cli: &Cli, scope: &Scope) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let scope = scope.of(&config).await?;
    send(cli, &config, &Request::Resume(scope)).await
}

pub(super) async fn reload(cli: &Cli) -> anyhow::Result<Exit> {
    send(cli, &cli.config()?, &Request::Reload).await
}

/// Returns the id of a seed that is named by its number, or by its kind and its subject.
pub(super) async fn seed_id(config: &Config, seed: &str) -> anyhow::Result<i64> {
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let (kind, subject) = match seed.split_once(':') {
        Some((kind, subject)) if SeedKind::ALL.iter().any(|known| known.as_str() == kind) => {
            (kind, subject)
        }
        _ => ("", seed),
    };
    let found = Store::seed_named(&readers, kind, subject).await?;
    readers.close().await;
    found.ok_or_else(|| {
        Usage(format!(
            "there is no seed `{}`. List all with `soracrawl seed list`",
            plain(seed)
        ))
        .into()
    })
}

/// Has a request carried out, and prints the result.
pub(super) async fn send(cli: &Cli, config: &Config, request: &Request) -> anyhow::Result<Exit> {
    let path = &config.archive.path;
    // Opening for writing would create a missing archive.
    Store::open_readers(path).await?.close().await;
    let who = format!(
        "soracrawl (process {}, since {})",
        std::process::id(),
        minute(Clock::real().now())
    );
    let lock = Lock::unheld(path)?;
    // A reload needs a daemon, so the lock is not taken for it.
    let is_alone = match request {
        Request::Reload if Lock::holder(path)?.is_none() => {
            errln!(
                "error: no daemon runs on this archive. The next one reads its configuration when it starts"
            );
            return Ok(Exit::Failed);
        }
        Request::Reload => false,
        _ => lock.try_take(path, &who)?,
    };
    let store = cli.open(config).await?;
    let now = Clock::real().now();
    let id = store.ask(request, "command", now).await?;
    let answer = match is_alone {
        true => alone(&store, config, id).await?,
        false => answer(&store, config, id, (&lock, &who)).await?,
    };
    store.close().await?;
    drop(lock);
    Ok(match answer {
        Some(answer) if answer.succeeded => {
            outln!("{}", plain(&answer.result));
            Exit::Done
        }
        Some(answer) => {
            errln!("error: {}", plain(&answer.result));
            Exit::Failed
        }
        None => {
            errln!(
                "error: the daemon has not answered yet. It carries the request out as soon as it can; see `soracrawl status`"
            );
            Exit::Failed
        }
    })
}

/// Carries out what waits, in this process. An older request comes first, so that it does not undo a newer one.
async fn alone(store: &Store, config: &Config, id: i64) -> anyhow::Result<Option<ControlResult>> {
    daemon::carry_out_without_daemon(store, config, Clock::real().now()).await?;
    Ok(store.answer_to(id).await?)
}

/// Waits for the answer of the process that holds the lock. If that ends without one, this process carries the request out.
async fn answer(
    store: &Store,
    config: &Config,
    id: i64,
    (lock, who): (&Lock, &str),
) -> anyhow::Result<Option<ControlResult>> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        if let Some(answer) = store.answer_to(id).await? {
            return Ok(Some(answer));
        }
        if lock.try_take(&config.archive.path, who)? {
            return alone(store, config, id).await;
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(None)
}
