//! The remote's bill and the archive's ledger, page by page.

use std::collections::BTreeMap;

use crate::support::Site;

type PageKey = (String, String, String);

/// What both sides say of one page.
#[derive(Debug, Default)]
struct Page {
    /// Billed, by the remote.
    billed: u64,
    /// Billed without a fault: the process that survived received it.
    billed_well: u64,
    /// Charged, by the ledger.
    charged: u64,
    kept: u64,
    unknown: u64,
}

/// What a crawl cost, and what of it was paid twice.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    pub billed: u64,
    pub distinct: u64,
    /// Billed calls beyond the distinct ones.
    pub repeats: u64,
    /// Calls that were billed and answered well, and whose page nobody kept: what the kills cost.
    pub by_kills: u64,
    /// Calls that the ledger names as perhaps billed.
    pub unknown: u64,
    /// Rows of the world.
    pub rows: u64,
    /// Rows of the world that the archive lacks.
    pub lost: u64,
    /// The archive is that of an undisturbed crawl.
    pub is_equal: bool,
}

/// Both books of a site.
pub struct Books {
    pages: BTreeMap<PageKey, Page>,
}

impl Books {
    pub async fn of(site: &Site) -> Self {
        let mut pages: BTreeMap<PageKey, Page> = BTreeMap::new();
        for entry in site.sim.log().into_iter().filter(|entry| entry.billed) {
            let key = (
                entry.endpoint.to_owned(),
                entry.subject.to_string(),
                entry.cursor.to_string(),
            );
            let page = pages.entry(key).or_default();
            page.billed += 1;
            page.billed_well += u64::from(entry.fault.is_none());
        }
        for call in site.calls().await {
            let page = pages
                .entry((call.endpoint, call.subject, call.cursor))
                .or_default();
            page.charged += u64::from(call.cost > 0);
            page.kept += u64::from(call.kept);
            page.unknown += u64::from(call.outcome == "unknown");
        }
        Self { pages }
    }

    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for page in self.pages.values() {
            sums.billed += page.billed;
            sums.distinct += u64::from(page.billed > 0);
            sums.repeats += page.billed.saturating_sub(1);
            sums.by_kills += page.billed_well.saturating_sub(page.kept);
            sums.unknown += page.unknown;
        }
        sums
    }

    /// Pages of which the remote billed more than the ledger charges or names; empty where none.
    pub fn unnamed(&self) -> Vec<String> {
        let is_named = |page: &Page| {
            page.billed <= page.charged && page.billed_well <= page.kept + page.unknown
        };
        self.pages
            .iter()
            .filter(|(_, page)| !is_named(page))
            .map(|(key, page)| format!("{key:?}: {page:?}"))
            .collect()
    }
}
