//! `soracrawl replay`: serves an archive as the API.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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
    if let Some(why) = app.nothing().await? {
        errln!("warning: there is nothing to serve: {why}");
    }
    tracing::info!(address = %listen, "replay served");
    // No request may name the unspecified address, and only this machine can be told another one.
    let reached = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, listen.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, listen.port()).into(),
        _ => listen,
    };
    outln!("serving {} at http://{reached}", args.file.display());
    outln!("in crawler.toml: api.base_url = \"http://{reached}\"");
    if reached != listen {
        outln!("from other machines: the name of this one, which web.hosts must list");
    }
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
    // No other key can be sent in a header.
    if key.len() < KEY_LETTERS || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong(
            "expected one key of at least 16 ASCII letters, such as `soracrawl new-key` writes",
        ));
    }
    Ok(key.to_owned())
}
