//! `soracrawl sim`: serves a simulated remote on this machine.

use super::out::outln;
use super::table::counted;
use super::{Cli, Exit};
use crate::daemon::Signals;
use crate::sim::{Options, Sim};

/// Arguments of `sim`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    // It uses no key of the configuration, but a file that is named and missing or wrong is a mistake.
    if cli.source.config.is_some() {
        cli.config()?;
    }
    let key = args.options.key.clone();
    let mut signals = Signals::listen()?;
    let sim = Sim::start(args.options.clone()).await?;
    outln!("serving a simulated world at {}", sim.base_url());
    outln!("API key: {key}");
    outln!(
        "the bill: {0}/sim/account   every call: {0}/sim/log   the truth: {0}/sim/truth",
        sim.base_url()
    );
    signals.next().await;
    let account = sim.account();
    outln!(
        "{}, {} billed, {}",
        counted(account.total.calls, "call"),
        account.total.billed,
        counted(account.total.repeats, "repeat")
    );
    sim.stop().await;
    Ok(Exit::Done)
}
