//! One call by hand, which uses ledger, budgets and limiter like all other calls.

use std::time::Duration;

use anyhow::anyhow;

use super::{Archive, Signals, build, retry_until_writable};
use crate::api::limiter::Permit;
use crate::api::{self, Asked, Body, Client, Entry, Request, Scrubber, Secret, error};
use crate::clock::day;
use crate::config::Config;
use crate::crawl::{settlement, without_erased};
use crate::model::Budget;
use crate::replies::Reader;
use crate::report::status::budget;
use crate::store::{Error, OpenCall, Settlement};

/// A validated call by hand.
pub struct ByHand {
    pub entry: &'static Entry,
    pub parameters: Vec<(&'static str, String)>,
    pub query: Vec<(&'static str, String)>,
    pub body: Body,
}

impl ByHand {
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns all parameters as a JSON object, which the ledger stores as the subject of a call by hand.
    fn json(&self) -> String {
        let all: serde_json::Map<String, serde_json::Value> = self
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
            .collect();
        serde_json::Value::Object(all).to_string()
    }
}

/// Result of a call by hand.
#[derive(Debug)]
pub struct Called {
    /// Payload of the reply as JSON, safe to print on a terminal.
    pub data: String,
    /// Reason why the archive does not contain the rows of the reply.
    pub not_archived: Option<String>,
}

/// Makes the call and stores its reply. Calls `waiting` with the remaining seconds of a cooldown before each wait.
///
/// # Errors
/// Returns an error if a budget is spent, the remote returns no page, or the archive cannot be written.
pub async fn call(
    archive: &Archive,
    config: &Config,
    key: &Secret,
    reader: Reader,
    by_hand: ByHand,
    signals: &mut Signals,
    waiting: impl Fn(f64),
) -> anyhow::Result<Called> {
    let (store, clock, entry) = (&archive.store, &archive.clock, by_hand.entry);
    let client = Client::new(&(&config.api).into(), key).map_err(|why| anyhow!(why))?;
    let scrubber = Scrubber::new(key);
    let limiter = build::limiter(config, store, clock.steady()).await?;
    let packer = build::packer(&store.dictionaries().await?);
    while let Err(cooldown) = limiter
        .turn(entry.name, Permit::None, || clock.steady())
        .await
    {
        let wait = (cooldown.until - clock.steady()).max(0.0);
        waiting(wait);
        tokio::time::sleep(Duration::from_secs_f64(wait)).await;
    }
    let asked_for = by_hand.json();
    if archive.people.subject(&asked_for).is_some() {
        return Err(anyhow!(
            "this person was erased from the archive: the call is not made"
        ));
    }
    let time = clock.now();
    let cursor = by_hand.parameter("cursor").map(str::to_owned);
    let call_id = store
        .open_call(&OpenCall {
            run_id: archive.run.id,
            lease: None,
            seed_id: None,
            endpoint: entry.name,
            subject: scrubber.scrub_text(&asked_for),
            cursor: cursor.clone(),
            price: entry.price,
            budget: Budget {
                refresh: None,
                ..budget(config)
            },
            day: day(time),
            now: time,
            imported_from: None,
        })
        .await?;
    let subject = entry.subject.and_then(|name| by_hand.parameter(name));
    let subject = subject.unwrap_or_default().to_owned();
    let method = match entry.method {
        api::endpoint::Method::Get => api::Method::Get,
        api::endpoint::Method::Post => api::Method::Post,
    };
    let reply = client
        .call(&Request {
            method,
            path: entry.path,
            query: by_hand.query,
            body: by_hand.body,
        })
        .await;
    let (reply, whole) = without_erased(&archive.people, &subject, reply);
    let asked = Asked {
        subject: &subject,
        had_cursor: cursor.is_some(),
        now: clock.now(),
    };
    let read = error::of_reply(&reply, asked, &scrubber).and_then(|body| {
        let mut harvest = reader.read(entry, &subject, body)?;
        harvest.is_redacted = whole.is_some();
        Ok((body, harvest))
    });
    let settled = |error| settlement(&packer, entry.name, &reply, entry.price, error);
    match read {
        Ok((body, harvest)) => {
            let settled = settled(None);
            let kept = retry_until_writable(signals, false, async || {
                store
                    .keep_call(call_id, &subject, &settled, &harvest, clock.now())
                    .await
            });
            let not_archived = match kept.await {
                Ok(()) => None,
                // A signal ended the wait for the archive. The caller still gets the reply.
                Err(error @ Error::Unwritable(_)) => Some(format!("not archived: {error}")),
                Err(error) => {
                    // The reply was paid for, so its raw bytes are stored without rows.
                    let error = format!("the archive refused the rows of this reply: {error}");
                    let settled = Settlement {
                        error: Some(error.clone()),
                        ..settled
                    };
                    store.settle_call(call_id, &settled, clock.now()).await?;
                    Some(error)
                }
            };
            Ok(Called {
                data: api::payload_json(body)?,
                not_archived,
            })
        }
        Err(error) => {
            let settled = settled(Some(error.to_string()));
            retry_until_writable(signals, false, async || {
                store.settle_call(call_id, &settled, clock.now()).await
            })
            .await?;
            Err(error.into())
        }
    }
}
