//! Dictionaries are made: one for each endpoint, as soon as enough of its replies are kept.

use std::sync::Arc;

use zstd::zstd_safe::get_dict_id_from_dict;

use super::engine::{Engine, StopCause};
use crate::replies::{checksum, train_dictionary};
use crate::store::Dictionary;

/// Makes the dictionaries that are due until the run stops. A run that found nothing left to do makes them first: its
/// archive may be gone on with, and they are a matter of seconds.
pub async fn train(engine: Arc<Engine>) {
    let training = &engine.parts.training;
    loop {
        while let Some(endpoint) = training.due() {
            let made = tokio::select! {
                biased;
                () = until_hurried(&engine) => return,
                made = make(&engine, endpoint) => made,
            };
            match made {
                Ok(()) => training.done(endpoint),
                // The crawl does not need it.
                Err(why) => {
                    tracing::debug!(endpoint, why, "no dictionary could be made yet");
                    training.postpone(endpoint);
                }
            }
        }
        if engine.is_stopping() {
            return;
        }
        tokio::select! {
            () = training.until_enough() => {}
            () = engine.until_stopped() => {}
        }
    }
}

/// Returns when the run stops for another reason than that nothing is left.
async fn until_hurried(engine: &Engine) {
    engine.until_stopped().await;
    if engine.stopped() == Some(StopCause::Idle) {
        std::future::pending::<()>().await;
    }
}

/// Makes the dictionary of an endpoint. No frame may need it before it is on the disk.
async fn make(engine: &Arc<Engine>, endpoint: &'static str) -> std::result::Result<(), String> {
    let store = &engine.parts.store;
    let bodies = store.newest_replies(endpoint).await;
    let bodies = bodies.map_err(|error| error.to_string())?;
    let owner = engine.clone();
    // It takes a core for a second.
    let learnt =
        tokio::task::spawn_blocking(move || train_dictionary(&owner.parts.packer, &bodies)).await;
    let (bytes, replies) = learnt.map_err(|error| error.to_string())??;
    let id = get_dict_id_from_dict(&bytes).ok_or("it has no number")?;
    let dictionary = Dictionary {
        id: id.get().into(),
        endpoint: endpoint.to_owned(),
        made_at: engine.now(),
        replies,
        checksum: checksum(&bytes),
        bytes,
    };
    let kept = store.keep_dictionary(&dictionary).await;
    kept.map_err(|error| error.to_string())?;
    engine.parts.packer.add(&dictionary)?;
    let (id, bytes) = (dictionary.id, dictionary.bytes.len());
    tracing::info!(
        endpoint,
        id,
        replies,
        bytes,
        "replies are packed with a dictionary from now on"
    );
    Ok(())
}
