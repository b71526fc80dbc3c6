//! The remote's bill and the archive's ledger, compared page by page.

use std::collections::BTreeMap;

use crate::support::Site;

type PageKey = (String, String, String);

/// The calls of one page, according to both sides.
#[derive(Debug, Default)]
struct Page {
    /// Calls that the remote billed.
    billed: u64,
    /// Billed calls without a fault, whose reply a live process receives in full.
    billed_well: u64,
    /// Calls that the ledger charges.
    charged: u64,
    kept: u64,
    unknown: u64,
}

/// The cost of a crawl, and how much of it was paid twice.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    pub billed: u64,
    pub distinct: u64,
    /// Billed calls beyond the distinct pages.
    pub repeats: u64,
    /// Calls that were billed and answered correctly, and whose page is not committed: the cost of the kills.
    pub by_kills: u64,
    /// Calls that the ledger names as perhaps billed.
    pub unknown: u64,
    /// Rows of the world.
    pub rows: u64,
    /// Rows of the world that the archive lacks.
    pub lost: u64,
    /// Whether the archive equals that of an undisturbed crawl.
    pub is_equal: bool,
}

/// The bill and the ledger of a site.
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

    /// Returns the pages for which the remote billed more calls than the ledger charges or names.
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
