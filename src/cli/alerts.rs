//! `soracrawl alerts test`: sends a message to each receiver.

use super::out::{errln, outln};
use super::table::{counted, plain};
use super::{Cli, Exit, Usage};
use crate::clock::Clock;
use crate::daemon::{AlertMessage, AlertSender, archive_name, send_alert};

/// Arguments of `alerts`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Send a test message to each receiver of [[alerts.to]]
    #[command(after_help = "Example: soracrawl alerts test")]
    Test,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let What::Test = args.what;
    let config = cli.config()?;
    let receivers = &config.alerts.to;
    if receivers.is_empty() {
        return Err(Usage(
            "there is no receiver: add a table [[alerts.to]] to the configuration".to_owned(),
        )
        .into());
    }
    let sender = AlertSender::new(&config).map_err(anyhow::Error::msg)?;
    let message = AlertMessage {
        alert: "test",
        is_firing: true,
        sentence: "this is a test of soracrawl's alerts; nothing is wrong".to_owned(),
        archive: archive_name(&config),
        time: Clock::real().now(),
    };
    let mut failed = 0;
    for (at, receiver) in receivers.iter().enumerate() {
        let number = at + 1;
        let sent = match receiver.address() {
            Ok(url) => send_alert(&sender, receiver.format, &url, &message).await,
            Err(why) => Err(why),
        };
        match sent {
            Ok(()) => outln!("receiver {number}: accepted"),
            Err(why) => {
                failed += 1;
                errln!("error: receiver {number}: {}", plain(&why));
            }
        }
    }
    match failed {
        0 => Ok(Exit::Done),
        failed => {
            errln!("{} not reached", counted(failed, "receiver"));
            Ok(Exit::Failed)
        }
    }
}
