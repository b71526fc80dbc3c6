//! The size of a page.

use crate::api::Entry;
use crate::api::endpoint::Paging;

/// Items on a page whose size neither the vendor states nor the archive shows.
const USUAL_PAGE: i64 = 10;

/// Returns the size of a page in items, as observed or as documented.
#[must_use]
pub fn page_size(entry: &Entry, items_seen: i64, pages_seen: i64) -> i64 {
    let documented = match entry.paging {
        Paging::Once => 1,
        Paging::Cursor { page_size } => page_size.map_or(USUAL_PAGE, i64::from),
    };
    // Last pages are short, so the mean is below the page size.
    documented.max(items_seen / pages_seen.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::page_size;
    use crate::api::endpoints::find;

    #[test]
    fn short_last_pages_do_not_shrink_a_page() {
        let entry = find("get_user_followers").unwrap();
        assert_eq!(page_size(entry, 60, 2), 50);
        assert_eq!(page_size(entry, 600, 2), 300);
    }
}
