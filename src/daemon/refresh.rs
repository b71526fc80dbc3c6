//! Refreshes that an operator asks for: for all the money that is left of the day.

use std::sync::Arc;

use super::hold::Undone;
use crate::clock::day;
use crate::config::Config;
use crate::crawl::{self, Engine, Plan};
use crate::report::status::budget;
use crate::store::{Store, read};

/// Begins refreshes. Returns what was begun, in words.
pub(super) async fn refresh(
    store: &Store,
    engine: Option<&Arc<Engine>>,
    config: &Config,
    now: f64,
) -> Result<String, Undone> {
    let Some(per_day) = config.refresh.usd_per_day else {
        return Err(
            "refresh.usd_per_day is not set, so there is no money for it"
                .to_owned()
                .into(),
        );
    };
    let run_id = engine.map_or(0, |engine| engine.parts.run.id);
    let begun = async {
        let charged = read::charged(store.readers(), &day(now), run_id).await?;
        let room = charged.room(&budget(config));
        let plan = Plan::new(config.crawl.clone());
        crawl::begin_for_today(store, &plan, &config.refresh, room, now).await
    };
    let begun = begun.await.map_err(|why| why.to_string())?;
    if let Some(engine) = engine {
        engine.wake(64);
    }
    match begun.refreshes {
        0 => Err(format!(
            "nothing to refresh: {} is left of {per_day} today. See `soracrawl refresh --plan`",
            begun.left
        )
        .into()),
        1 => Ok(format!(
            "began 1 refresh, expected to cost {}",
            begun.expected
        )),
        many => Ok(format!(
            "began {many} refreshes, expected to cost {}",
            begun.expected
        )),
    }
}
