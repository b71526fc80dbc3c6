//! The `[retention]` section: what is removed when it is old.

use serde::{Deserialize, Serialize};

/// How long the archive keeps what it does not need for its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days after which raw replies are removed; `None` means never.
    pub raw_days: Option<u32>,
    /// Days after which files of videos are removed; `None` means never.
    pub media_days: Option<u32>,
}
