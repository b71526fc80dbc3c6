//! `soracrawl call`: one call by hand, through ledger, budget and limiter like every other.

mod parameters;

use std::io::IsTerminal;
use std::path::PathBuf;

use super::out::outln;
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
    /// The endpoint's name, as in `soracrawl endpoints`
    name: String,

    /// Parameters
    #[arg(value_name = "KEY=VALUE")]
    parameters: Vec<String>,

    /// The image of upload_image: PNG or JPEG, at most 10 MB
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Do not ask before something is created
    #[arg(long, short)]
    yes: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    logging::start(&config.log, None)?;
    let entry = endpoints::find(&args.name).ok_or_else(|| {
        Usage(format!(
            "there is no endpoint `{}`; see `soracrawl endpoints`",
            args.name
        ))
    })?;
    let parameters = parameters::check(entry, &args.parameters)?;
    let (body, query) = parameters::carried(entry, &parameters, args.file.as_deref())?;
    let key = config
        .key(super::environment())
        .map_err(|problem| Usage(problem.to_string()))?;
    if entry.creates && !args.yes && !confirmed(entry)? {
        return Ok(Exit::Usage);
    }
    let archive = Archive::open(&config.archive.path, RunKind::Call, Clock::real()).await?;
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
            eprintln!(
                "the remote wants no calls of {} for {seconds:.0} s; waiting",
                entry.name
            );
        },
    )
    .await;
    let reason = match &called {
        Err(error) if is_budget(error) => "budget",
        _ => "idle",
    };
    let closed = archive
        .close_when_writable(reason, &mut signals, false)
        .await;
    let called = called?;
    if let Some(why) = &called.not_archived {
        eprintln!("error: {}", plain(why));
    }
    outln!("{}", called.data);
    closed.map(|()| Exit::Done)
}

fn is_budget(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::BudgetSpent(_)))
}

fn confirmed(entry: &Entry) -> anyhow::Result<bool> {
    let question = format!(
        "{} costs {} and creates something each time it is called",
        entry.name, entry.price
    );
    if !std::io::stdin().is_terminal() {
        eprintln!("error: {question}; say --yes to go on");
        return Ok(false);
    }
    run::ask(&question)
}
