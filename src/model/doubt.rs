//! Doubt about the end of a list.

/// Why a page without a next cursor is no proof that its list has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    pub why: &'static str,
    /// The page is empty and reports a failure: it is no page. A crawl asks again. A page that an archive has already stays one.
    pub is_failure: bool,
}
