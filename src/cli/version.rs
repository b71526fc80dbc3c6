//! The version of the program: its number, the commit that it was built from, and the schema of its archives.

use std::sync::LazyLock;

/// What `--version` prints. A release sets `SORACRAWL_COMMIT` while it builds.
pub(super) static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} (commit {}, schema {})",
        env!("CARGO_PKG_VERSION"),
        option_env!("SORACRAWL_COMMIT").unwrap_or("unknown"),
        crate::store::newest_schema()
    )
});
