//! The calls that no job made, by their endpoint and parameters. Their table has no index for them, so it is read once; later reads
//! only see what came since.

use std::collections::HashMap;

use sqlx::SqlitePool;

use crate::model::hash;
use crate::store::Result;
use crate::store::read::calls_by_hand;

/// The newest call of each endpoint and parameters: 16 bytes for each, because only hashes are kept.
#[derive(Debug, Default)]
pub(super) struct ByHand {
    calls: HashMap<u64, i64>,
    newest: i64,
}

impl ByHand {
    /// Returns the call that may have sent these parameters, as JSON. The caller compares them.
    pub(super) async fn find(
        &mut self,
        readers: &SqlitePool,
        at: Option<f64>,
        endpoint: &str,
        parameters: &str,
    ) -> Result<Option<i64>> {
        loop {
            let calls = calls_by_hand(readers, self.newest, at).await?;
            let Some(last) = calls.last() else { break };
            self.newest = last.id;
            for call in &calls {
                self.calls
                    .insert(key(&call.endpoint, &call.subject), call.id);
            }
        }
        Ok(self.calls.get(&key(endpoint, parameters)).copied())
    }
}

fn key(endpoint: &str, parameters: &str) -> u64 {
    hash(format!("{endpoint} {parameters}").as_bytes())
}
