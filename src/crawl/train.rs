//! Trains one compression dictionary per endpoint as soon as the archive has enough of its replies.

use std::sync::Arc;

use zstd::zstd_safe::get_dict_id_from_dict;

use super::engine::Engine;
use super::stop::StopCause;
use crate::replies::{checksum, train_dictionary};
use crate::store::Dictionary;

/// Trains due dictionaries until the run stops. An idle run trains the due ones before it ends: later runs may add to
/// the archive, and the training takes seconds.
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
                // A dictionary is optional, so this is no warning.
                Err(why) => {
                    tracing::debug!(
                        endpoint,
                        why,
                        "dictionary training failed; retrying with twice as many replies"
                    );
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

/// Waits until the run stops for a cause other than `Idle`.
async fn until_hurried(engine: &Engine) {
    engine.until_stopped().await;
    if engine.stopped() == Some(StopCause::Idle) {
        std::future::pending::<()>().await;
    }
}

/// Trains and stores the dictionary of an endpoint. It is on the disk before any reply is compressed with it.
async fn make(engine: &Arc<Engine>, endpoint: &'static str) -> std::result::Result<(), String> {
    let store = &engine.parts.store;
    let people = engine.people();
    let erasing = store.erasing().await.map_err(|error| error.to_string())?;
    if !erasing.is_empty() {
        return Err("people are being erased".to_owned());
    }
    let bodies = store.newest_replies(endpoint).await;
    let bodies = bodies.map_err(|error| error.to_string())?;
    let owner = engine.clone();
    // Training occupies a core for about a second.
    let learnt =
        tokio::task::spawn_blocking(move || train_dictionary(&owner.parts.packer, &bodies)).await;
    let (bytes, replies) = learnt.map_err(|error| error.to_string())??;
    let id = get_dict_id_from_dict(&bytes).ok_or("the trained dictionary has no id")?;
    let dictionary = Dictionary {
        id: id.get().into(),
        endpoint: endpoint.to_owned(),
        made_at: engine.now(),
        replies,
        checksum: checksum(&bytes),
        bytes,
    };
    // It may have texts of people who were erased since the replies were read.
    let is_clean = Arc::ptr_eq(&people, &engine.people());
    let kept = store.keep_dictionary(&dictionary);
    if !is_clean || !kept.await.map_err(|error| error.to_string())? {
        return Err("people were erased meanwhile".to_owned());
    }
    engine.parts.packer.add(&dictionary)?;
    let (id, bytes) = (dictionary.id, dictionary.bytes.len());
    tracing::info!(
        endpoint,
        id,
        replies,
        bytes,
        "dictionary trained; new replies are compressed with it"
    );
    Ok(())
}
