//! The free account call before the first paid call.

use crate::api;
use crate::api::account::Account;
use crate::crawl::{Engine, ask_since};

/// Requests the account info, which is free. Returns `None` if the remote does not provide it.
///
/// # Errors
/// Returns `api::Error::Refused` if the remote refuses the key, or an error if the archive fails.
pub async fn preflight(engine: &Engine) -> anyhow::Result<Option<Account>> {
    let Some(answer) = ask_since(engine, engine.steady()).await? else {
        return Ok(None);
    };
    match answer.error {
        // 403 may only mean that the key lacks access to the account info (api/README.md §4).
        Some(refused @ api::Error::Refused { status, .. }) if status != 403 => Err(refused.into()),
        _ => Ok(answer.account),
    }
}
