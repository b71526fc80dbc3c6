//! Which calls return new URLs for the most files per dollar. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// A page of a list that once showed a video.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page {
    pub endpoint: &'static str,
    pub subject: String,
    pub cursor: Option<String>,
}

/// Where a file was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub file: i64,
    pub post: Option<String>,
    pub page: Option<Page>,
}

/// A call to buy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// A page again, which renews all its videos.
    Page(Page),
    /// The details of one post.
    Post(String),
}

/// A call and the files that it may renew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub ask: Ask,
    pub files: BTreeSet<i64>,
}

/// Plans the calls, those that renew the most files first: pages that show at least two of the posts, and details of the other
/// posts. Pages that were bought before did not renew what is left, so they are not bought again.
#[must_use]
pub fn plan(shown: &[Shown], bought: &BTreeSet<Ask>) -> Vec<Purchase> {
    let mut pages: BTreeMap<&Page, Vec<&Shown>> = BTreeMap::new();
    for it in shown {
        if let Some(page) = &it.page {
            pages.entry(page).or_default().push(it);
        }
    }
    let mut plan: Vec<Purchase> = Vec::new();
    let mut planned = BTreeSet::new();
    for (page, on_it) in pages {
        let ask = Ask::Page(page.clone());
        let posts: BTreeSet<&str> = on_it.iter().filter_map(|it| it.post.as_deref()).collect();
        // A video of a comment has no cheaper call.
        let is_cheapest = posts.len() >= 2 || on_it.iter().any(|it| it.post.is_none());
        if is_cheapest && !bought.contains(&ask) {
            let files: BTreeSet<i64> = on_it.iter().map(|it| it.file).collect();
            planned.extend(files.iter().copied());
            plan.push(Purchase { ask, files });
        }
    }
    let mut posts: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for it in shown.iter().filter(|it| !planned.contains(&it.file)) {
        if let Some(post) = &it.post {
            posts.entry(post).or_default().insert(it.file);
        }
    }
    let posts = posts.into_iter().map(|(post, files)| Purchase {
        ask: Ask::Post(post.to_owned()),
        files,
    });
    plan.extend(posts.filter(|purchase| !bought.contains(&purchase.ask)));
    plan.sort_by_key(|purchase| std::cmp::Reverse(purchase.files.len()));
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(subject: &str) -> Page {
        Page {
            endpoint: "list",
            subject: subject.to_owned(),
            cursor: None,
        }
    }

    fn shown(file: i64, post: Option<&str>, on: Option<&str>) -> Shown {
        Shown {
            file,
            post: post.map(str::to_owned),
            page: on.map(page),
        }
    }

    fn asks(plan: &[Purchase]) -> Vec<(Ask, usize)> {
        plan.iter()
            .map(|it| (it.ask.clone(), it.files.len()))
            .collect()
    }

    #[test]
    fn a_page_is_bought_if_it_shows_two_of_the_posts_and_else_the_details() {
        let all = [
            shown(1, Some("a"), Some("u")),
            shown(2, Some("b"), Some("u")),
            shown(3, Some("c"), Some("v")),
            shown(4, Some("c"), Some("v")),
            shown(5, Some("d"), None),
            shown(6, None, Some("w")),
            shown(7, None, None),
        ];
        let post = |id: &str| Ask::Post(id.to_owned());
        assert_eq!(
            asks(&plan(&all, &BTreeSet::new())),
            [
                (Ask::Page(page("u")), 2),
                (post("c"), 2),
                (Ask::Page(page("w")), 1),
                (post("d"), 1)
            ]
        );
        let bought = BTreeSet::from([Ask::Page(page("u")), Ask::Page(page("w")), post("d")]);
        assert_eq!(
            asks(&plan(&all, &bought)),
            [(post("c"), 2), (post("a"), 1), (post("b"), 1)]
        );
    }
}
