//! What the replies of pending jobs will lead to: from the averages of this archive, or from the size of a page. Pure.

use std::collections::BTreeMap;

use super::pages::page_size;
use crate::api::{Entry, endpoints};
use crate::crawl::Plan;
use crate::model::{Items, SubjectKind};
use crate::store::read::EndpointStatus;

/// Kept pages of the endpoints before it from which on an endpoint's average is used.
const EVIDENCE: i64 = 3;
/// How far above an average the upper expectation lies, and how much more with few pages behind it.
const ABOVE: f64 = 1.5;
const FEW_PAGES: f64 = 3.0;
/// Parts of a full page that lead to a page each, without an average: expected, and at most expected.
const SHARES: (f64, f64) = (0.25, 0.5);
/// Steps of a chain of follow-ups that are counted. Later ones are a small part.
const STEPS: u32 = 6;

/// Expected number of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Expected {
    pub calls: f64,
    /// The upper expectation.
    pub upper: f64,
}

/// Returns the calls that the pending ones will lead to, by endpoint.
#[must_use]
pub fn follow_ups(
    plan: &Plan,
    statuses: &BTreeMap<String, EndpointStatus>,
    pending: &[(&'static Entry, Expected)],
) -> BTreeMap<&'static str, Expected> {
    let mut all = BTreeMap::new();
    let mut level: Vec<(&'static Entry, u32, Expected)> = pending
        .iter()
        .map(|(entry, expected)| (*entry, plan.max_depth(), *expected))
        .collect();
    for _ in 0..STEPS {
        let mut next_level = Vec::new();
        for (entry, depth_left, expected) in level {
            for (next, depth_left) in next_of(plan, entry, depth_left) {
                let ratio = ratio(plan, statuses, entry, next);
                let more = Expected {
                    calls: expected.calls * ratio.calls,
                    upper: expected.upper * ratio.upper,
                };
                if more.upper < 0.05 {
                    continue;
                }
                let of: &mut Expected = all.entry(next.name).or_default();
                of.calls += more.calls;
                of.upper += more.upper;
                next_level.push((next, depth_left, more));
            }
        }
        level = next_level;
    }
    all
}

/// Returns the endpoints that a page of this one leads to, with the depth that is left there.
fn next_of(plan: &Plan, entry: &Entry, depth_left: u32) -> Vec<(&'static Entry, u32)> {
    let (kind, is_deeper) = match entry.items {
        Items::OwnPosts => (SubjectKind::Post, false),
        Items::Comments => (SubjectKind::Comment, false),
        Items::Posts => (SubjectKind::Post, true),
        Items::Users => (SubjectKind::User, true),
        Items::None => return Vec::new(),
    };
    let Some(left) = depth_left.checked_sub(u32::from(is_deeper)) else {
        return Vec::new();
    };
    let called = plan.endpoints();
    let known = plan.buy_known();
    endpoints::ALL
        .iter()
        .filter(|next| next.subject_kind == kind && called.contains(&next.name))
        // What a list shows is not bought, except if the plan says so.
        .filter(|next| !next.describes() || known.contains(&next.name))
        // A reply to a comment has no list of replies of its own.
        .filter(|next| next.name != entry.name || kind != SubjectKind::Comment)
        .map(|next| (next, left))
        .collect()
}

/// Returns the pages of an endpoint for each page of one before it.
fn ratio(
    plan: &Plan,
    statuses: &BTreeMap<String, EndpointStatus>,
    entry: &Entry,
    next: &Entry,
) -> Expected {
    let kept = |name: &str| statuses.get(name).map_or(0, |status| status.kept);
    let before: i64 = endpoints::ALL
        .iter()
        .filter(|other| {
            next_of(plan, other, plan.max_depth())
                .iter()
                .any(|(after, _)| after.name == next.name)
        })
        .map(|other| kept(other.name))
        .sum();
    if before >= EVIDENCE {
        let of = statuses.get(next.name).cloned().unwrap_or_default();
        // Most stopped jobs wait for a larger budget.
        let pages = of.kept + of.ready + of.waiting + of.leased + of.stopped;
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let (pages, before) = (pages as f64, before as f64);
        let average = pages / before;
        return Expected {
            calls: average,
            upper: average * (ABOVE + FEW_PAGES / before),
        };
    }
    let (items, pages) = statuses
        .get(entry.name)
        .map_or((0, 0), |status| (status.items, status.kept));
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
    let size = page_size(entry, items, pages) as f64;
    Expected {
        calls: size * SHARES.0,
        upper: size * SHARES.1,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Expected, follow_ups};
    use crate::api::endpoints::find;
    use crate::config::Config;
    use crate::crawl::Plan;
    use crate::store::read::EndpointStatus;

    const POSTS: &str = "get_user_posts";
    const COMMENTS: &str = "get_post_comments";
    const REPLIES: &str = "get_comment_replies";

    fn expected(statuses: &[(&str, i64)], max_depth: u32) -> BTreeMap<&'static str, (i64, i64)> {
        let mut crawl = Config::default().crawl;
        (crawl.remixes, crawl.appearances, crawl.max_depth) = (false, false, max_depth);
        let statuses = statuses.iter().map(|(name, kept)| {
            let status = EndpointStatus {
                kept: *kept,
                ..EndpointStatus::default()
            };
            ((*name).to_owned(), status)
        });
        let pending = [(
            find(POSTS).unwrap(),
            Expected {
                calls: 10.0,
                upper: 12.0,
            },
        )];
        let all = follow_ups(&Plan::new(crawl), &statuses.collect(), &pending);
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        let rounded =
            |expected: Expected| (expected.calls.round() as i64, expected.upper.round() as i64);
        all.into_iter()
            .map(|(name, of)| (name, rounded(of)))
            .collect()
    }

    #[test]
    fn follow_ups_are_the_averages_of_the_archive_where_it_has_any() {
        // 5 pages of comments for each page of posts, and 2 pages of replies for each of comments.
        let all = expected(&[(POSTS, 100), (COMMENTS, 500), (REPLIES, 1_000)], 0);
        assert_eq!(all, [(COMMENTS, (50, 92)), (REPLIES, (100, 277))].into());
    }

    #[test]
    fn without_averages_a_page_leads_to_a_part_of_its_items() {
        let all = expected(&[], 0);
        // Pages of 30 posts and of 10 comments.
        assert_eq!(all, [(COMMENTS, (75, 180)), (REPLIES, (188, 900))].into());
    }

    #[test]
    fn an_archive_without_comments_expects_none() {
        assert_eq!(expected(&[(POSTS, 100)], 0), BTreeMap::new());
    }
}
