//! Looks up in kept replies which sizes they state of the files that are wanted.

use crate::daemon::build;
use crate::media::stated_sizes;
use crate::replies::reread::unpack;
use crate::store::Store;

/// Replies that are read at once.
const REPLIES: u32 = 16;

/// Notes the stated sizes of all files whose sizes were not looked for yet. Each reply is read once.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub(super) async fn state_sizes(store: &Store) -> anyhow::Result<()> {
    let packer = build::packer(&store.dictionaries().await?);
    loop {
        let replies = store.replies_with_sizes(REPLIES).await?;
        if replies.is_empty() {
            return Ok(());
        }
        for reply in replies {
            // A reply that is gone or cannot be read states nothing.
            let bytes = unpack(&packer, reply.body.as_deref()).unwrap_or_default();
            let reply_json = serde_json::from_slice(&bytes).unwrap_or_default();
            let sizes = stated_sizes(&reply_json);
            store.state_sizes(reply.call_id, &sizes).await?;
        }
    }
}
