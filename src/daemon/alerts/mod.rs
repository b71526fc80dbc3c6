//! Tells the operator's receivers when a condition begins and when it is over. What each was told is in the archive, so
//! that a restart does not tell it twice.

mod message;
mod send;
mod signs;
mod told;

use std::sync::Arc;
use std::time::Duration;

use super::current::Current;
use super::heartbeat::own_status;
use crate::config::Config;
use crate::crawl::{Engine, StopCause};
use crate::report::condition::{State, stopped};
use crate::report::status::Status;
use signs::{Conditions, ENDS, Signs, at_end, conditions};
use told::Told;

pub use message::{Message, archive_name};
pub use send::{Sender, send};

/// How often conditions are looked at.
const TICK: Duration = Duration::from_secs(5);

/// Watches the conditions until the run stops.
pub async fn alerts(engine: Arc<Engine>, current: Current) {
    let mut told = Told::default();
    let mut sender = None;
    let mut pinged_at = f64::NEG_INFINITY;
    while !engine.is_stopping() {
        let config = current.get();
        let is_wanted = !config.alerts.to.is_empty() || config.alerts.ping_url.is_some();
        if is_wanted
            && let Err(why) = look(&engine, &config, &mut sender, &mut told, &mut pinged_at).await
        {
            tracing::error!(why, "alerts cannot be sent");
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
}

async fn look(
    engine: &Engine,
    config: &Config,
    sender: &mut Option<Sender>,
    told: &mut Told,
    pinged_at: &mut f64,
) -> std::result::Result<(), String> {
    let sender = match sender {
        Some(sender) => sender,
        // Its proxy is in a section that `reload` does not change.
        None => sender.insert(Sender::new(config)?),
    };
    let Ok(status) = own_status(engine, config).await else {
        return Ok(());
    };
    let signs = signs(engine, config, &status);
    told.tell(
        engine,
        config,
        sender,
        (&conditions(&signs), &signs),
        &status,
    )
    .await;
    told.write(engine).await;
    ping(engine, config, sender, &status, pinged_at).await;
    Ok(())
}

/// Tells how a run ended. Each receiver gets at most three attempts.
pub async fn tell_end(engine: &Engine, config: &Config, cause: &StopCause) {
    let Some(name) = at_end(cause).filter(|_| !config.alerts.to.is_empty()) else {
        return;
    };
    let (Ok(sender), Ok(mut status)) = (Sender::new(config), own_status(engine, config).await)
    else {
        return;
    };
    let signs = signs(engine, config, &status);
    let mut now = Conditions::new();
    if signs.has_kept {
        // The run worked, so an earlier end is over.
        now.extend(ENDS.map(|name| (name, false)));
    }
    now.insert(name, true);
    if signs.drift_at.is_some() {
        now.insert("drift", true);
    }
    status.condition = stopped(cause.as_str(), cause.note().as_deref());
    let mut told = Told::default();
    told.tell_end(engine, config, &sender, (&now, &signs), &status)
        .await;
    told.write(engine).await;
}

fn signs(engine: &Engine, config: &Config, status: &Status) -> Signs {
    Signs {
        is_until_idle: engine.config().settings.until_idle,
        ..Signs::of(status, engine.now(), config.alerts.stalled_after_seconds)
    }
}

/// Calls the URL of a service that reports if the calls stop.
async fn ping(
    engine: &Engine,
    config: &Config,
    sender: &Sender,
    status: &Status,
    pinged_at: &mut f64,
) {
    let Some(url) = &config.alerts.ping_url else {
        return;
    };
    let is_well = status.condition.state.is_alive() && status.condition.state != State::Stalled;
    if !is_well || engine.steady() - *pinged_at < config.alerts.ping_every_seconds {
        return;
    }
    *pinged_at = engine.steady();
    if let Err(why) = sender.get(url).await {
        tracing::warn!(why, "alerts.ping_url did not answer");
    }
}
