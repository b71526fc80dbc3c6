//! `soracrawl replay`: serves an archive as the API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::net::TcpListener;

use super::out::{errln, outln};
use super::{Cli, Exit, Usage, logging};
use crate::clock::unix_seconds;
use crate::daemon::Signals;
use crate::key_file::read_private;
use crate::model::MicroUsd;
use crate::replay::{self, App, Options};

/// The shortest key that is accepted: fewer letters could be guessed.
const KEY_LETTERS: usize = 16;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Archive to serve. It is only read
    #[arg(value_name = "ARCHIVE")]
    file: PathBuf,
    /// Address and port to listen on; port 0 takes a free one. Beyond this machine, --key-file is needed
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Only what was known at this day or time: of each walk, the newest pass that had ended
    #[arg(long, value_name = "TIME", value_parser = unix_seconds)]
    at: Option<f64>,
    /// Reduce the balance of the account by the listed price of each answer
    #[arg(long)]
    bill: bool,
    /// File of mode 0600 with the key that requests must have; without it, any key is accepted
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let key = args.key_file.as_deref().map(key).transpose()?;
    if key.is_none() && !args.listen.ip().is_loopback() {
        let why = format!(
            "{} can be reached from other machines: name a key with --key-file",
            args.listen
        );
        return Err(Usage(why).into());
    }
    let _ = logging::start(&config.log, None)?;
    let mut signals = Signals::listen()?;
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let listen = listener.local_addr()?;
    let options = Options {
        listen,
        hosts: config.web.hosts.clone(),
        key,
        at: args.at,
        bills: args.bill,
    };
    let (app, wrong) = App::open(&args.file, options).await?;
    for why in wrong {
        errln!("warning: {why}. Some replies may not be readable");
    }
    tracing::info!(address = %listen, "replay served");
    outln!("serving {} at http://{listen}", args.file.display());
    outln!("in crawler.toml: api.base_url = \"http://{listen}\"");
    let stopping = async move {
        signals.next().await;
    };
    let billed = replay::serve(listener, app, stopping).await?;
    if args.bill {
        outln!("listed price of all answers: {}", MicroUsd(billed));
    }
    Ok(Exit::Done)
}

/// Reads the key of a file that only its owner may read.
fn key(file: &Path) -> Result<String, Usage> {
    let wrong = |why: &str| Usage(format!("{}: {why}", file.display()));
    let text = read_private(file)
        .map_err(|why| wrong(&why))?
        .ok_or_else(|| wrong("there is no such file"))?;
    let key = text.trim();
    if key.len() < KEY_LETTERS || key.contains(char::is_whitespace) {
        return Err(wrong(
            "expected one key of at least 16 letters, such as `soracrawl new-key` writes",
        ));
    }
    Ok(key.to_owned())
}
