//! Buys new URLs for files whose URLs have expired: calls by hand, which the ledger contains like all others.

use std::collections::BTreeSet;

use anyhow::anyhow;

use crate::api::endpoint::Paging;
use crate::api::{Body, Entry, Secret, endpoints};
use crate::config::Config;
use crate::daemon::archive::Archive;
use crate::daemon::call::{ByHand, call};
use crate::daemon::signals::Signals;
use crate::media::{self, Ask, Page, Shown};
use crate::model::{MicroUsd, SubjectKind};
use crate::replies::Reader;
use crate::replies::reread::by_hand;
use crate::store::Error;
use crate::store::read::{self, ShownMedia};

/// Calls in a row that fail until no more URLs are bought.
const FAILURES: u32 = 3;

/// Who may buy new URLs.
pub struct Buyer<'a> {
    pub archive: &'a Archive,
    pub key: &'a Secret,
    /// What this fetch may spend.
    pub limit: MicroUsd,
}

/// What a fetch has bought and could not renew.
#[derive(Default)]
pub(super) struct Expired {
    pub(super) files: BTreeSet<i64>,
    bought: BTreeSet<Ask>,
    /// Why nothing more is bought.
    pub(super) unsigned: Option<String>,
    /// A budget is the reason.
    pub(super) is_spent: bool,
}

impl Buyer<'_> {
    /// Buys URLs until a call renews some files. Returns these files, or none if nothing more can be bought.
    pub(super) async fn renew(
        &self,
        config: &Config,
        expired: &mut Expired,
        signals: &mut Signals,
    ) -> anyhow::Result<Vec<i64>> {
        let store = &self.archive.store;
        let mut failures = 0;
        while expired.unsigned.is_none() {
            let ids: Vec<i64> = expired.files.iter().copied().collect();
            let shown = read::shown_media(store.readers(), &ids).await?;
            let shown: Vec<Shown> = shown.into_iter().map(shown_on).collect();
            let Some(purchase) = media::plan(&shown, &expired.bought).into_iter().next() else {
                break;
            };
            expired.bought.insert(purchase.ask.clone());
            if let Err(error) = self.buy(config, &purchase.ask, signals).await {
                failures += 1;
                tracing::warn!(error = format!("{error:#}"), "no new URLs");
                let is_spent = matches!(error.downcast_ref::<Error>(), Some(Error::BudgetSpent(_)));
                if is_spent || failures == FAILURES {
                    expired.is_spent = is_spent;
                    expired.unsigned = Some(format!("{error:#}"));
                }
                continue;
            }
            failures = 0;
            let mut renewed = Vec::new();
            for id in purchase.files {
                let turn = store.media_turn(id).await?;
                let now = self.archive.clock.now();
                if turn.is_some_and(|turn| media::usable(&turn, now).is_some()) {
                    expired.files.remove(&id);
                    renewed.push(id);
                }
            }
            if !renewed.is_empty() {
                return Ok(renewed);
            }
        }
        Ok(Vec::new())
    }

    async fn buy(&self, config: &Config, ask: &Ask, signals: &mut Signals) -> anyhow::Result<()> {
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
        let ask = ByHand {
            entry,
            query: parameters.clone(),
            parameters,
            body: Body::None,
        };
        let mut config = config.clone();
        let run = config.budget.run_usd;
        config.budget.run_usd = Some(run.map_or(self.limit, |run| run.min(self.limit)));
        let called = call(
            self.archive,
            &config,
            self.key,
            Reader::default(),
            ask,
            signals,
            |seconds| {
                tracing::info!(
                    seconds,
                    endpoint = entry.name,
                    "waiting: the endpoint is in cooldown"
                );
            },
        );
        match called.await?.not_archived {
            None => Ok(()),
            Some(why) => Err(anyhow!(why)),
        }
    }
}

/// Returns the call that shows a video again, if it is a page of a list with a subject.
fn shown_on(it: ShownMedia) -> Shown {
    let entry = endpoints::find(&it.endpoint);
    let entry = entry.filter(|entry| matches!(entry.paging, Paging::Cursor { .. }));
    let page = entry.and_then(|entry| {
        let subject = match it.is_by_hand {
            true => by_hand(entry, &it.subject),
            false => it.subject,
        };
        entry.subject?;
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
