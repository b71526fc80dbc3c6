//! What the archive knows of lists and of counts, as calls that could be made.

use super::candidate::{Candidate, Change};
use super::counter::Counter;
use super::curve::{Curve, Growth};
use super::look::{Look, looks_of_dates};
use super::rate::{Prior, Rates};
use crate::api::Entry;
use crate::api::endpoint::Paging;
use crate::config::Refresh;
use crate::model::Items;
use crate::store::read::{CountPair, KnownCounts, KnownList, KnownPosts};

const HOUR: f64 = 3_600.0;
/// Items of a page, if the vendor does not say.
const USUAL_PAGE: u32 = 10;
/// Age of an account whose beginning is not known: a year.
const USUAL_AGE_HOURS: f64 = 8_766.0;

/// Returns the curve of all counters.
#[must_use]
pub fn curve(pairs: &[CountPair]) -> Curve {
    Curve::fit(pairs.iter().map(|pair| Growth {
        from_age_hours: (pair.from_at - pair.posted_at) / HOUR,
        from_count: count(pair.from_count),
        to_age_hours: (pair.to_at - pair.posted_at) / HOUR,
        to_count: count(pair.to_count),
    }))
}

/// Returns the first pages of users' posts, which grow at their heads. `now` is in Unix seconds.
#[must_use]
pub fn posts(entry: &Entry, refresh: &Refresh, known: &[KnownPosts], now: f64) -> Vec<Candidate> {
    let dated: Vec<Dated> = known.iter().map(Dated::of).collect();
    let looks: Vec<Vec<Look>> = dated.iter().map(Dated::looks).collect();
    let prior = Prior::of(looks.iter().flatten());
    let page_size = page_size(entry);
    let lists = known.iter().zip(dated.iter().zip(&looks));
    lists
        .map(|(list, (dated, looks))| Candidate {
            unseen_hours: hours(list.looked_at, now),
            page_size: seen_page_size(entry, list.pages, list.items),
            change: Change::Head {
                per_hour: Rates::learn(prior, looks).per_hour(),
            },
            counters: match refresh.counters {
                true => dated.counters(usize::try_from(page_size).unwrap_or(usize::MAX), now),
                false => Vec::new(),
            },
            ..of(entry, list.job_id)
        })
        .collect()
}

/// Returns the whole walks of lists without a known order. `now` is in Unix seconds.
#[must_use]
pub fn lists(entry: &Entry, known: &[KnownList], now: f64) -> Vec<Candidate> {
    let change = |list: &KnownList| {
        let then = list.size_then.unwrap_or(list.size);
        let span = list.first_at.map_or(0.0, |at| hours(at, now));
        let grown = list.first_size.map_or(0, |first| list.size.abs_diff(first));
        Change::Anywhere {
            size: count(list.size),
            known: list.size.abs_diff(then),
            per_hour: if span > 1.0 {
                number(grown) / span
            } else {
                0.0
            },
        }
    };
    known
        .iter()
        .map(|list| Candidate {
            unseen_hours: hours(list.looked_at, now),
            page_size: seen_page_size(entry, list.pages, list.items),
            change: change(list),
            ..of(entry, list.job_id)
        })
        .collect()
}

/// Returns the descriptions of subjects, such as profiles, whose counts are all that they renew. `now` is in Unix seconds.
#[must_use]
pub fn counts(entry: &Entry, known: &[KnownCounts], now: f64) -> Vec<Candidate> {
    let counter = |known: &KnownCounts| {
        let made_at = known.made_at.filter(|made_at| *made_at < known.looked_at);
        let seen_age_hours =
            made_at.map_or(USUAL_AGE_HOURS, |made_at| hours(made_at, known.looked_at));
        Counter {
            count: count(known.count),
            seen_age_hours,
            age_hours: seen_age_hours + hours(known.looked_at, now),
            pace: 1.0,
        }
    };
    known
        .iter()
        .map(|known| Candidate {
            unseen_hours: hours(known.looked_at, now),
            counters: vec![counter(known)],
            ..of(entry, known.job_id)
        })
        .collect()
}

/// Returns a candidate of an endpoint of which nothing else is known.
fn of(entry: &Entry, job_id: i64) -> Candidate {
    Candidate {
        id: job_id,
        noun: match entry.items {
            Items::Users => "users",
            Items::Posts | Items::OwnPosts => "posts",
            Items::Comments => "comments",
            Items::None => "counts",
        },
        price: entry.price,
        page_size: page_size(entry),
        unseen_hours: 0.0,
        change: Change::Nothing,
        counters: Vec::new(),
    }
}

fn page_size(entry: &Entry) -> u32 {
    match entry.paging {
        Paging::Cursor { page_size } => page_size.unwrap_or(USUAL_PAGE),
        Paging::Once => 1,
    }
}

/// Returns the items of a page as the last walk got them. One page may be the last one, and says nothing.
fn seen_page_size(entry: &Entry, pages: i64, items: i64) -> u32 {
    match pages {
        0 | 1 => page_size(entry),
        _ => u32::try_from((items + pages - 1) / pages).map_or(1, |size| size.max(1)),
    }
}

/// Returns the hours between two times in Unix seconds, at least 0.
fn hours(from: f64, to: f64) -> f64 {
    ((to - from) / HOUR).max(0.0)
}

fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "an expected number")]
fn number(count: u64) -> f64 {
    count as f64
}

/// A post: when it was posted, when its counts were last stated, in Unix seconds, and its views.
type Post = (f64, Option<f64>, Option<i64>);

/// The newest posts of a user, and when somebody looked.
struct Dated {
    /// The newest first.
    posts: Vec<Post>,
    /// The oldest first, in Unix seconds.
    looked_at: Vec<f64>,
}

impl Dated {
    fn of(known: &KnownPosts) -> Self {
        let mut looked_at: Vec<f64> = serde_json::from_str(&known.looks).unwrap_or_default();
        looked_at.push(known.looked_at);
        looked_at.sort_by(f64::total_cmp);
        Self {
            posts: serde_json::from_str(&known.posts).unwrap_or_default(),
            looked_at,
        }
    }

    /// Returns how many posts were new at each look, as their dates tell: also those that were deleted before the next look
    /// would have shown them are missing here.
    fn looks(&self) -> Vec<Look> {
        let Some((first, later)) = self.looked_at.split_first() else {
            return Vec::new();
        };
        let dates = self.posts.iter().map(|post| post.0);
        let before: Vec<f64> = dates.clone().filter(|date| date <= first).collect();
        // Older posts than these are not here, so nothing is known of a time before them.
        let known_since = dates.clone().fold(f64::INFINITY, f64::min);
        let mut looks = looks_of_dates(&before, *first);
        let mut from = *first;
        for at in later {
            from = from.max(known_since);
            let new = dates.clone().filter(|date| (from..*at).contains(date));
            if *at > from {
                looks.push(Look {
                    at: *at,
                    span_hours: hours(from, *at),
                    new_items: u32::try_from(new.count()).unwrap_or(u32::MAX),
                });
            }
            from = from.max(*at);
        }
        looks
    }

    /// Returns the counters on the first page.
    fn counters(&self, page_size: usize, now: f64) -> Vec<Counter> {
        let page = self.posts.iter().take(page_size);
        page.filter_map(|(posted_at, counted_at, views)| {
            Some(Counter {
                count: count((*views)?),
                seen_age_hours: hours(*posted_at, (*counted_at)?),
                age_hours: hours(*posted_at, now),
                pace: 1.0,
            })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
