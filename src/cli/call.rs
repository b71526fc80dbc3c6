//! `soracrawl call`: makes one call by hand, with the same ledger, budget and limiter as a crawl.

mod parameters;

use std::io::IsTerminal;
use std::path::PathBuf;

use super::out::{errln, outln};
use super::table::plain;
use super::{Cli, Exit, Usage, logging, run};
use crate::api::{Entry, endpoints};
use crate::clock::Clock;
use crate::daemon::{self, Archive, ByHand, Signals};
use crate::replies::Reader;
use crate::store::{Error, RunKind};

/// Arguments of `call`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the endpoint, as `soracrawl endpoints` lists it
    name: String,

    /// Parameters of the endpoint, for example post_id=s_…
    #[arg(value_name = "KEY=VALUE")]
    parameters: Vec<String>,

    /// Image to upload: PNG or JPEG, at most 10 MB
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Create without asking for confirmation
    #[arg(long, short)]
    yes: bool,

    /// Print what the call would cost, and send nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let _ = logging::start(&config.log, None)?;
    let entry = endpoints::find(&args.name).ok_or_else(|| {
        Usage(format!(
            "unknown endpoint `{}`. List all with `soracrawl endpoints`",
            args.name
        ))
    })?;
    let parameters = parameters::check(entry, &args.parameters)?;
    let (body, query) = parameters::carried(entry, &parameters, args.file.as_deref())?;
    if args.dry_run {
        outln!("one call of {} would cost {}", entry.name, entry.price);
        return Ok(Exit::Done);
    }
    let key = config
        .key(super::source::environment())
        .map_err(|problem| Usage(problem.to_string()))?;
    if entry.creates && !args.yes && !confirmed(entry)? {
        return Ok(Exit::Usage);
    }
    let path = &config.archive.path;
    let archive = Archive::open_with(path, RunKind::Call, cli.precaution(), Clock::real()).await?;
    daemon::catch_up(&archive.store).await?;
    let by_hand = ByHand {
        entry,
        parameters,
        query,
        body,
    };
    let mut signals = Signals::listen()?;
    let called = daemon::call(
        &archive,
        &config,
        &key.secret,
        Reader::default(),
        by_hand,
        &mut signals,
        |seconds| {
            errln!("{} is in cooldown; waiting {seconds:.0} s", entry.name);
        },
    )
    .await;
    let reason = match &called {
        Err(error) if is_budget(error) => "budget",
        Err(error) if is_refused(error) => "refused",
        _ => "idle",
    };
    let closed = archive
        .close_when_writable((reason, None), &mut signals, false)
        .await;
    let called = called?;
    if let Some(why) = &called.not_archived {
        errln!("error: {}", plain(why));
    }
    outln!("{}", called.data);
    closed.map(|()| Exit::Done)
}

fn is_budget(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::BudgetSpent(_)))
}

fn is_refused(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<crate::api::Error>();
    matches!(error, Some(crate::api::Error::Refused { .. }))
}

fn confirmed(entry: &Entry) -> anyhow::Result<bool> {
    let question = format!(
        "each call of {} costs {} and creates something",
        entry.name, entry.price
    );
    if !std::io::stdin().is_terminal() {
        errln!("error: {question}. Repeat with --yes to continue");
        return Ok(false);
    }
    run::ask(&question)
}
