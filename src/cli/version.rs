//! The version of the program: its number, the commit that it was built from, and the schema of its archives.

use std::sync::LazyLock;

/// What `--version` prints. Releases and images set `SORACRAWL_COMMIT` while they are built.
pub(super) static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} (commit {}, schema {})",
        env!("CARGO_PKG_VERSION"),
        option_env!("SORACRAWL_COMMIT")
            .filter(|commit| !commit.is_empty())
            .unwrap_or("unknown"),
        crate::store::newest_schema()
    )
});
