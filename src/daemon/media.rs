//! Fetches files of videos, and buys new URLs for those whose URLs have expired.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use tokio::sync::watch;

use super::retention::mark_old_media;
use super::{Archive, ByHand, Signals, call};
use crate::api::endpoint::Paging;
use crate::api::{Body, Entry, Secret, endpoints};
use crate::clock::Clock;
use crate::config::Config;
use crate::media::{
    self, Ask, Counters, Failure, Fetcher, Folder, Hosts, Page, RemoteSettings, Settings, Shown,
    System,
};
use crate::model::{MicroUsd, Rendition, SubjectKind};
use crate::replies::Reader;
use crate::store::read::{self, ShownMedia};
use crate::store::{Error, Store};

/// Calls in a row that fail until no more URLs are bought.
const FAILURES: u32 = 3;

/// Who may buy new URLs.
pub struct Buyer<'a> {
    pub archive: &'a Archive,
    pub key: &'a Secret,
    /// What this fetch may spend.
    pub limit: MicroUsd,
}

/// How a fetch ended.
#[derive(Debug, Default)]
pub struct Fetched {
    /// Files whose URLs have expired.
    pub expired: usize,
    /// Why no further URLs were bought.
    pub unsigned: Option<String>,
    /// A budget kept URLs from being bought.
    pub is_spent: bool,
    /// Why no further file can be stored.
    pub halted: Option<Failure>,
    /// A signal ended it.
    pub stopped_by: Option<&'static str>,
}

/// Returns the folder of an archive's files.
#[must_use]
pub fn media_folder(config: &Config) -> Folder {
    Folder::of(config.media.folder.as_deref(), &config.archive.path)
}

/// Returns the renditions that are fetched.
#[must_use]
pub fn renditions(config: &Config) -> Vec<Rendition> {
    let names = config.media.renditions.iter();
    names.filter_map(|name| Rendition::named(name)).collect()
}

fn settings(config: &Config) -> anyhow::Result<Settings> {
    let (media, limits) = (&config.media, &config.limits);
    let hosts = Hosts::parse(media.hosts.iter().map(String::as_str));
    Ok(Settings {
        remote: RemoteSettings {
            hosts: hosts.map_err(|why| anyhow!("media.hosts: {why}"))?,
            proxy: media.proxy.as_ref().map(|url| url.expose().to_owned()),
            user_agent: config.api.user_agent.clone(),
            connect_timeout: Duration::from_secs_f64(config.api.connect_timeout_seconds),
            idle_timeout: Duration::from_secs_f64(config.api.timeout_seconds),
            lookup: Arc::new(System),
        },
        per_host: media.per_host as usize,
        bytes_per_second: media.bytes_per_second,
        min_free_bytes: media.min_free_bytes,
        max_file_bytes: media.max_file_bytes,
        attempts: limits.max_attempts,
        retry_base: Duration::from_secs_f64(limits.retry_base_seconds),
        retry_cap: Duration::from_secs_f64(limits.retry_cap_seconds),
    })
}

/// Fetches all files that are wanted and not stored. The caller holds the turn of the folder.
///
/// # Errors
/// Returns an error if the archive cannot be read or written, or a second signal abandons the files in flight.
pub async fn fetch_media(
    store: &Store,
    clock: &Clock,
    config: &Config,
    also_gone: bool,
    buyer: Option<Buyer<'_>>,
    counters: Arc<Counters>,
    signals: &mut Signals,
) -> anyhow::Result<Fetched> {
    let folder = media_folder(config);
    let (stop, stopping) = watch::channel(false);
    let fetcher = Fetcher::new(
        store,
        clock,
        &folder,
        settings(config)?,
        counters.clone(),
        stopping,
    );
    let fetcher = fetcher.map_err(|why| anyhow!(why))?;
    let renditions = renditions(config);
    mark_old_media(store, config, clock.now()).await?;
    store.mark_orphaned_media().await?;
    media::remove_marked(store, &folder)
        .await
        .map_err(|why| anyhow!(why))?;
    media::want(store, &renditions).await?;
    let mut queue = store.media_queue(&renditions, also_gone).await?;
    let wanted = u64::try_from(queue.len()).unwrap_or(u64::MAX);
    counters
        .wanted
        .store(wanted, std::sync::atomic::Ordering::Relaxed);
    let (mut fetched, mut bought) = (Fetched::default(), BTreeSet::new());
    let mut expired = BTreeSet::new();
    while !queue.is_empty() {
        let pass = fetcher.pass(std::mem::take(&mut queue));
        tokio::pin!(pass);
        let pass = loop {
            tokio::select! {
                pass = &mut pass => break pass?,
                name = signals.next() => {
                    if fetched.stopped_by.replace(name).is_some() {
                        anyhow::bail!("stopped at once by {name}; the next fetch goes on");
                    }
                    tracing::warn!(signal = name, "stopping: what has arrived is kept, and the next fetch goes on");
                    stop.send_replace(true);
                }
            }
        };
        expired.extend(pass.expired);
        fetched.halted = pass.halted;
        if fetched.halted.is_some() || fetched.stopped_by.is_some() || expired.is_empty() {
            break;
        }
        if let Some(buyer) = &buyer {
            queue = renew(
                store,
                clock,
                config,
                buyer,
                &mut expired,
                &mut bought,
                &mut fetched,
                signals,
            )
            .await?;
        }
    }
    fetched.expired = expired.len();
    media::remove_marked(store, &folder)
        .await
        .map_err(|why| anyhow!(why))?;
    Ok(fetched)
}

/// Buys URLs until the first call renews some files. Returns these files.
#[expect(
    clippy::too_many_arguments,
    reason = "what a call by hand needs, and what is known of the files"
)]
async fn renew(
    store: &Store,
    clock: &Clock,
    config: &Config,
    buyer: &Buyer<'_>,
    expired: &mut BTreeSet<i64>,
    bought: &mut BTreeSet<Ask>,
    fetched: &mut Fetched,
    signals: &mut Signals,
) -> anyhow::Result<Vec<i64>> {
    let mut failures = 0;
    loop {
        let ids: Vec<i64> = expired.iter().copied().collect();
        let shown = read::shown_media(store.readers(), &ids).await?;
        let shown: Vec<Shown> = shown.into_iter().map(shown_on).collect();
        let Some(purchase) = media::plan(&shown, bought).into_iter().next() else {
            return Ok(Vec::new());
        };
        bought.insert(purchase.ask.clone());
        match buy(config, buyer, &purchase.ask, signals).await {
            Ok(()) => failures = 0,
            Err(error) => {
                let is_spent = matches!(error.downcast_ref::<Error>(), Some(Error::BudgetSpent(_)));
                failures += 1;
                tracing::warn!(error = format!("{error:#}"), "no new URLs");
                if is_spent || failures == FAILURES {
                    fetched.is_spent = is_spent;
                    fetched.unsigned = Some(format!("{error:#}"));
                    return Ok(Vec::new());
                }
                continue;
            }
        }
        let mut renewed = Vec::new();
        for id in purchase.files {
            let turn = store.media_turn(id).await?;
            if turn.is_some_and(|turn| media::usable(&turn, clock.now()).is_some()) {
                expired.remove(&id);
                renewed.push(id);
            }
        }
        if !renewed.is_empty() {
            return Ok(renewed);
        }
    }
}

/// Returns the call that shows a video again, if it is a page of a list with a subject.
fn shown_on(it: ShownMedia) -> Shown {
    let entry = endpoints::find(&it.endpoint);
    let entry = entry.filter(|entry| matches!(entry.paging, Paging::Cursor { .. }));
    let page = entry.and_then(|entry| {
        let name = entry.subject?;
        // A call by hand has all its parameters as its subject.
        let by_hand: Option<serde_json::Value> = serde_json::from_str(&it.subject).ok();
        let subject = match by_hand {
            Some(serde_json::Value::Object(all)) => all.get(name)?.as_str()?.to_owned(),
            _ => it.subject,
        };
        Some(Page {
            endpoint: entry.name,
            subject,
            cursor: it.cursor,
        })
    });
    Shown {
        file: it.media_id,
        post: it.post_id,
        page,
    }
}

/// Returns the endpoint that returns one post.
fn details() -> Option<&'static Entry> {
    endpoints::ALL
        .iter()
        .find(|entry| entry.subject_kind == SubjectKind::Post && entry.describes())
}

async fn buy(
    config: &Config,
    buyer: &Buyer<'_>,
    ask: &Ask,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    let (entry, subject, cursor) = match ask {
        Ask::Page(page) => (
            endpoints::find(page.endpoint),
            &page.subject,
            page.cursor.as_ref(),
        ),
        Ask::Post(post) => (details(), post, None),
    };
    let entry = entry.ok_or_else(|| anyhow!("no endpoint shows the video"))?;
    let subject = entry.subject.map(|name| (name, subject.clone()));
    let cursor = cursor.map(|cursor| ("cursor", cursor.clone()));
    let parameters: Vec<(&'static str, String)> = subject.into_iter().chain(cursor).collect();
    let by_hand = ByHand {
        entry,
        query: parameters.clone(),
        parameters,
        body: Body::None,
    };
    let mut config = config.clone();
    let run = config
        .budget
        .run_usd
        .map_or(buyer.limit, |run| run.min(buyer.limit));
    config.budget.run_usd = Some(run);
    let called = call(
        buyer.archive,
        &config,
        buyer.key,
        Reader::default(),
        by_hand,
        signals,
        |seconds| {
            tracing::info!(
                seconds,
                endpoint = entry.name,
                "waiting: the endpoint is in cooldown"
            )
        },
    );
    match called.await?.not_archived {
        None => Ok(()),
        Some(why) => Err(anyhow!(why)),
    }
}
