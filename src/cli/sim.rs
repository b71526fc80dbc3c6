//! `soracrawl sim`: serves a simulated remote on this machine.

use super::out::outln;
use super::table::counted;
use super::{Cli, Exit};
use crate::sim::{Options, Sim};

/// Arguments of `sim`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(_cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let key = args.options.key.clone();
    let sim = Sim::start(args.options.clone()).await?;
    outln!("serving a simulated world at {}", sim.base_url());
    outln!("API key: {key}");
    outln!(
        "the bill: {0}/sim/account   every call: {0}/sim/log   the truth: {0}/sim/truth",
        sim.base_url()
    );
    tokio::signal::ctrl_c().await?;
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
