//! The `[crawl]` section: what is followed, and how far.

use serde::{Deserialize, Serialize};

/// Which lists the crawl walks, and how far it follows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crawl {
    pub max_depth: u32,
    pub posts: bool,
    pub followers: bool,
    pub following: bool,
    pub appearances: bool,
    pub comments: bool,
    pub replies: bool,
    pub remixes: bool,
    pub profiles: bool,
    pub details: bool,
    pub download_info: bool,
    pub buy_known_profiles: bool,
    pub buy_known_details: bool,
    pub max_pages: MaxPages,
    pub max_per_parent: MaxPerParent,
    pub filter: Filter,
}

impl Crawl {
    /// Returns whether the switch `crawl.{key}` is on.
    #[must_use]
    pub fn follows(&self, key: &str) -> bool {
        self.value(key).and_then(|value| value.as_bool()) == Some(true)
    }

    /// Returns whether `crawl.buy_known_{key}` is on.
    #[must_use]
    pub fn buys_known(&self, key: &str) -> bool {
        self.follows(&format!("buy_known_{key}"))
    }

    /// Returns the cap `crawl.max_pages.{key}`; `None` is no cap.
    #[must_use]
    pub fn max_pages_of(&self, key: &str) -> Option<u32> {
        let pages = self.value("max_pages")?.get(key)?.as_integer()?;
        u32::try_from(pages).ok()
    }

    /// The value of a key, so that the plan finds keys by the names that endpoints give.
    fn value(&self, key: &str) -> Option<toml::Value> {
        toml::Table::try_from(self).ok()?.remove(key)
    }
}

/// Maximum pages of one walk; `None` means no cap.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPages {
    pub posts: Option<u32>,
    pub followers: Option<u32>,
    pub following: Option<u32>,
    pub appearances: Option<u32>,
    pub comments: Option<u32>,
    pub replies: Option<u32>,
    pub remixes: Option<u32>,
    pub feed: Option<u32>,
    pub leaderboard: Option<u32>,
}

/// Maximum subjects of each kind that one job adds to the queue; `None` means no cap.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPerParent {
    pub users: Option<u32>,
    pub posts: Option<u32>,
    pub comments: Option<u32>,
}

/// Conditions on the subjects to follow; `None` means no condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    pub min_followers: Option<i64>,
    pub min_likes: Option<i64>,
    /// Unix seconds.
    pub posted_after: Option<f64>,
}
