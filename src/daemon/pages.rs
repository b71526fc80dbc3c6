//! The web server of the daemon: what the pages need, and when they end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::current::Current;
use super::heartbeat::own_status;
use crate::config::Config;
use crate::crawl::Engine;
use crate::report::status::budget;
use crate::web::{self, Answers, App, Durations, Options};

/// How often, and how many times, a page asks whether a request is carried out. Longer than a tick of `control`.
const GLANCE: Duration = Duration::from_millis(50);
const GLANCES: u32 = 40;

/// A listener for the pages, and who may see them.
pub struct Listening {
    listener: TcpListener,
    options: Options,
}

/// Listens on `web.listen`; `None` if it is not set.
///
/// # Errors
/// Returns an error if the address cannot be used, or if the token cannot be read or made.
pub async fn listen(config: &Config) -> anyhow::Result<Option<Listening>> {
    let Some(address) = config.web.listen else {
        return Ok(None);
    };
    let token = web::token(&config.token_file()).map_err(|why| anyhow!("web.token_file: {why}"))?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("web.listen: cannot listen on {address}"))?;
    Ok(Some(Listening {
        listener,
        options: Options {
            listen: address,
            hosts: config.web.hosts.clone(),
            control: config.web.control,
            token,
            schema: crate::store::newest_schema(),
        },
    }))
}

/// Serves the pages until the run stops.
pub(super) async fn serve(engine: Arc<Engine>, current: Current, listening: Listening) {
    let (stop, stopping) = watch::channel(false);
    let Listening { listener, options } = listening;
    tracing::info!(address = %options.listen, "web pages served; their address is printed by `soracrawl web-url`");
    let app = App {
        readers: engine.parts.store.readers().clone(),
        answers: Answers::default(),
        read_status: Box::new({
            let (engine, current) = (engine.clone(), current.clone());
            move || {
                let (engine, config) = (engine.clone(), current.get());
                Box::pin(async move {
                    let status = own_status(&engine, &config).await;
                    status.map_err(|why| why.to_string())
                })
            }
        }),
        ask: Box::new({
            let engine = engine.clone();
            move |request| {
                let engine = engine.clone();
                Box::pin(async move {
                    let store = &engine.parts.store;
                    let id = store.ask(&request, "web", engine.now()).await;
                    let id = id.map_err(|why| why.to_string())?;
                    for _ in 0..GLANCES {
                        let answer = store.answer_to(id).await;
                        if let Some(answer) = answer.map_err(|why| why.to_string())? {
                            return Ok(match answer.succeeded {
                                true => web::Outcome::Done,
                                false => web::Outcome::Refused(answer.result),
                            });
                        }
                        tokio::time::sleep(GLANCE).await;
                    }
                    Ok(web::Outcome::Waiting)
                })
            }
        }),
        budget: Box::new(move || budget(&current.get())),
        durations: Box::new({
            let engine = engine.clone();
            move || {
                let (buckets, count, sum_seconds) = engine.counters.durations.read();
                Durations {
                    buckets,
                    sum_seconds,
                    count,
                }
            }
        }),
        clock: engine.parts.clock.clone(),
        options,
        stopping,
    };
    let served = web::serve(listener, app);
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = engine.until_stopped() => {
            stop.send_replace(true);
            // Open streams end at once; a browser that keeps a connection open must not delay the end.
            let patience = Duration::from_secs(1);
            tokio::time::timeout(patience, served).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::error!(%error, "the web server ended");
    }
}
