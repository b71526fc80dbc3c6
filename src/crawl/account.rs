//! The free account call: made before the first paid call, and when a failure may concern the account or all endpoints.

use super::engine::Engine;
use super::settle::settlement;
use super::standing::{AccountAnswer, Standing, standing};
use crate::api::account;
use crate::api::{self, Asked, Reply, Request, error};
use crate::clock::day;
use crate::model::{Budget, MicroUsd};
use crate::store::{OpenCall, Result};

/// Returns the answer to an account call that was sent at or after `since`. Callers that wait together share one call.
/// Returns `None` if the remote does not offer the account call.
///
/// # Errors
/// Returns an error if the archive cannot be written.
pub async fn ask_since(engine: &Engine, since: f64) -> Result<Option<AccountAnswer>> {
    let mut last = engine.account.lock().await;
    if let Some(answer) = &*last {
        if answer.standing == Standing::Unoffered {
            return Ok(None);
        }
        if answer.asked_at >= since {
            return Ok(Some(answer.clone()));
        }
    }
    let answer = ask(engine).await?;
    engine
        .parts
        .limiter
        .probe_for_free(answer.standing != Standing::Unoffered);
    *last = Some(answer.clone());
    Ok(Some(answer))
}

async fn ask(engine: &Engine) -> Result<AccountAnswer> {
    let parts = &engine.parts;
    let (time, asked_at) = (engine.now(), engine.steady());
    let call = OpenCall {
        run_id: parts.run.id,
        lease: None,
        seed_id: None,
        endpoint: account::NAME,
        subject: String::new(),
        cursor: None,
        price: MicroUsd(0),
        budget: Budget::default(),
        day: day(time),
        now: time,
        imported_from: None,
    };
    let call_id = parts.store.open_call(&call).await?;
    let reply = parts
        .client
        .call(&Request::get(account::PATH, Vec::new()))
        .await;
    let asked = Asked {
        now: engine.now(),
        ..Asked::default()
    };
    let read = error::of_reply(&reply, asked, &parts.scrubber).map(account::read);
    let why = read.as_ref().err().map(ToString::to_string);
    let mut settled = settlement(&parts.packer, account::NAME, &reply, MicroUsd(0), why);
    // The body names the owner of the key, so it is not archived.
    settled.body = None;
    parts
        .store
        .settle_call(call_id, &settled, engine.now())
        .await?;
    let standing = standing(&read);
    let (account, error) = match read {
        Ok(account) => (account, None),
        Err(error) => (None, Some(error)),
    };
    Ok(AccountAnswer {
        asked_at,
        account,
        standing,
        is_reachable: matches!(reply, Reply::Answered(_))
            && !matches!(
                error,
                Some(api::Error::Unavailable {
                    is_network: true,
                    ..
                })
            ),
        error,
    })
}
