//! `soracrawl call`: one call by hand, through ledger, budget and limiter like every other.

mod parameters;

use std::io::IsTerminal;
use std::path::PathBuf;

use super::out::say;
use super::table::plain;
use super::{Cli, Exit, Usage, logging, run};
use crate::api::{self, Asked, Client, Entry, Reply, Request, Scrubber, endpoints, error};
use crate::crawl::{Packer, day, now, settlement};
use crate::daemon::{self, Archive, Signals, patiently};
use crate::store::{Error, OpenCall, RunKind, Settlement};

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
    let archive = Archive::open(&config.archive.path, RunKind::Call).await?;
    let client =
        Client::new(&(&config.api).into(), &key.secret).map_err(|why| anyhow::anyhow!(why))?;
    let scrubber = Scrubber::new(&key.secret);
    let limiter = daemon::limiter(&config, &archive.store).await?;
    let packer = daemon::packer(&archive.store.dictionaries().await?);
    while let Err(resting) = limiter
        .turn(entry.name, api::limiter::Standing::Nowhere, now)
        .await
    {
        let wait = (resting.until - now()).max(0.0);
        eprintln!(
            "the remote wants no calls of {} for {wait:.0} s; waiting",
            entry.name
        );
        tokio::time::sleep(std::time::Duration::from_secs_f64(wait)).await;
    }
    let cursor = parameters
        .iter()
        .find(|(name, _)| *name == "cursor")
        .map(|(_, value)| value.clone());
    let subject = entry
        .subject
        .and_then(|subject| parameters.iter().find(|(name, _)| *name == subject));
    let subject = subject.map_or_else(String::new, |(_, value)| value.clone());
    let all: serde_json::Map<String, serde_json::Value> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
        .collect();
    let time = now();
    let opened = archive
        .store
        .open_call(&OpenCall {
            run_id: archive.run.id,
            lease: None,
            seed_id: None,
            endpoint: entry.name,
            subject: scrubber.scrub_text(&serde_json::Value::Object(all).to_string()),
            cursor: cursor.clone(),
            price: entry.price,
            budget: daemon::budget(&config),
            day: day(time),
            now: time,
        })
        .await;
    let call_id = match opened {
        Ok(call_id) => call_id,
        Err(error) => {
            archive.close("budget").await?;
            return Err(error.into());
        }
    };
    let method = match entry.method {
        api::endpoint::Method::Get => api::Method::Get,
        api::endpoint::Method::Post => api::Method::Post,
    };
    let reply = client
        .call(&Request {
            method,
            path: entry.path,
            query,
            body,
        })
        .await;
    let mut signals = Signals::listen()?;
    let called = Called {
        entry,
        call_id,
        subject: &subject,
        had_cursor: cursor.is_some(),
        reply: &reply,
    };
    let result = keep(&archive, &mut signals, &called, &scrubber, &packer).await;
    let closed = archive.close_patiently("idle", &mut signals, false).await;
    say!("{}", result?);
    closed.map(|()| Exit::Done)
}

/// A call that was sent, and what came of it.
struct Called<'a> {
    entry: &'static Entry,
    call_id: i64,
    subject: &'a str,
    had_cursor: bool,
    reply: &'a Reply,
}

/// Settles the call, keeps what it brought, and gives its data for printing. It was paid for: while the archive cannot
/// be written it waits.
async fn keep(
    archive: &Archive,
    signals: &mut Signals,
    called: &Called<'_>,
    scrubber: &Scrubber,
    packer: &Packer,
) -> anyhow::Result<String> {
    let Called {
        entry,
        call_id,
        subject,
        had_cursor,
        reply,
    } = *called;
    let read = error::of_reply(
        reply,
        Asked {
            had_cursor,
            now: now(),
        },
        scrubber,
    )
    .and_then(|body| {
        let harvest = api::harvest(entry, subject, body);
        harvest
            .map(|harvest| (body, harvest))
            .map_err(|why| api::Error::Malformed {
                at: why.at,
                why: why.why,
            })
    });
    match read {
        Ok((body, harvest)) => {
            let settled = settlement(packer, entry.name, reply, entry.price, None);
            let kept = patiently(signals, false, async || {
                let store = &archive.store;
                store
                    .keep_call(call_id, subject, &settled, &harvest, now())
                    .await
            });
            match kept.await {
                Ok(()) => {}
                // Nobody waits any more, and the reply is shown at least.
                Err(error @ Error::Unwritable(_)) => {
                    eprintln!("error: not archived: {}", plain(&error.to_string()))
                }
                Err(error) => {
                    // It was paid for: the raw reply is kept, and shown.
                    let error = format!("the archive refused the rows of this reply: {error}");
                    eprintln!("error: {}", plain(&error));
                    let settled = Settlement {
                        error: Some(error),
                        ..settled
                    };
                    archive.store.settle_call(call_id, &settled, now()).await?;
                }
            }
            Ok(api::payload_json(body)?)
        }
        Err(error) => {
            let settled = settlement(
                packer,
                entry.name,
                reply,
                entry.price,
                Some(error.to_string()),
            );
            patiently(signals, false, async || {
                archive.store.settle_call(call_id, &settled, now()).await
            })
            .await?;
            Err(error.into())
        }
    }
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
