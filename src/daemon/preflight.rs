//! The free account call before the first paid call.

use crate::api::account::{self, Account};
use crate::api::{Asked, Reply, Request, error};
use crate::clock::day;
use crate::crawl::{Engine, settlement};
use crate::model::{Budget, MicroUsd};
use crate::store::OpenCall;

/// Requests the account info, which is free. Returns `None` if the remote does not provide it.
///
/// # Errors
/// Returns `api::Error::Refused` if the remote refuses the key, or an error if the archive fails.
pub async fn preflight(engine: &Engine) -> anyhow::Result<Option<Account>> {
    let parts = &engine.parts;
    let time = engine.now();
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
    };
    let call_id = parts.store.open_call(&call).await?;
    let reply = parts
        .client
        .call(&Request::get(account::PATH, Vec::new()))
        .await;
    let asked = Asked {
        had_cursor: false,
        now: engine.now(),
    };
    let read = error::of_reply(&reply, asked, &parts.scrubber).map(account::read);
    let error = read.as_ref().err().map(ToString::to_string);
    let mut settled = settlement(&parts.packer, account::NAME, &reply, MicroUsd(0), error);
    // The body names the owner of the key, so it is not archived.
    settled.body = None;
    parts
        .store
        .settle_call(call_id, &settled, engine.now())
        .await?;
    match (read, &reply) {
        (Ok(account), _) => Ok(account),
        // 403 may only mean that the key lacks access to the account info (api/README.md §4).
        (Err(refused @ crate::api::Error::Refused { .. }), Reply::Answered(answer))
            if answer.status != 403 =>
        {
            Err(refused.into())
        }
        (Err(_), _) => Ok(None),
    }
}
