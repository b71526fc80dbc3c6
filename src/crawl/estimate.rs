//! What the waiting jobs will cost, from what is known of their lists so far. Pure.

use crate::api::Entry;
use crate::api::endpoint::Paging;
use crate::model::MicroUsd;

/// Items on a page where neither the vendor nor experience says how many.
const USUAL_PAGE: i64 = 10;

/// What the archive knows of the waiting jobs of one endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Known {
    /// Waiting jobs.
    pub jobs: i64,
    /// Those of which nobody has told how long their list is.
    pub unknown: i64,
    /// Pages that the others need at least.
    pub pages: i64,
    /// Pages kept, and finished jobs that had any: what a walk took so far.
    pub kept_pages: i64,
    pub finished: i64,
}

/// What the waiting jobs of one endpoint will take.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Line {
    pub endpoint: &'static str,
    pub jobs: i64,
    pub least_calls: i64,
    /// Expected, where the archive has experience with unknown lists; otherwise the least.
    pub expected_calls: i64,
    /// `None`: the most cannot be known.
    pub most_calls: Option<i64>,
    pub least_micro_usd: i64,
    pub expected_micro_usd: i64,
    pub most_micro_usd: Option<i64>,
    /// Why the range is wide.
    pub unknown: Option<String>,
}

/// The size of a page: as seen, else as documented.
#[must_use]
pub fn page_size(entry: &Entry, items_seen: i64, pages_seen: i64) -> i64 {
    let documented = match entry.paging {
        Paging::Once => 1,
        Paging::Cursor { page_size } => page_size.map_or(USUAL_PAGE, i64::from),
    };
    // Last pages are short, so that the mean lies below the size.
    documented.max(items_seen / pages_seen.max(1)).max(1)
}

/// What the waiting jobs of an endpoint will take.
#[must_use]
pub fn line(entry: &Entry, known: &Known) -> Line {
    let least = known.pages + known.unknown;
    let (expected, most) = if !entry.is_paged() || known.unknown == 0 {
        (least, Some(least))
    } else if known.finished > 0 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "an estimate"
        )]
        let of_unknown = (known.unknown as f64
            * (known.kept_pages as f64 / known.finished as f64).max(1.0))
        .ceil() as i64;
        (known.pages + of_unknown, None)
    } else {
        (least, None)
    };
    let usd = |calls: i64| (entry.price * calls).0;
    let unknown = (most.is_none()).then(|| {
        format!(
            "{} of {} lists: no reply has said yet how long they are",
            known.unknown, known.jobs
        )
    });
    Line {
        endpoint: entry.name,
        jobs: known.jobs,
        least_calls: least,
        expected_calls: expected,
        most_calls: most,
        least_micro_usd: usd(least),
        expected_micro_usd: usd(expected),
        most_micro_usd: most.map(usd),
        unknown,
    }
}

/// The estimate of all endpoints.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Estimate {
    pub lines: Vec<Line>,
    /// What no count can tell before it is fetched.
    pub not_known: Vec<String>,
}

impl Estimate {
    /// What the jobs are expected to cost.
    #[must_use]
    pub fn expected(&self) -> MicroUsd {
        MicroUsd(self.lines.iter().map(|line| line.expected_micro_usd).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, line, page_size};
    use crate::api::endpoints::find;

    #[test]
    fn known_lists_have_a_price_and_unknown_ones_a_range() {
        let entry = find("get_user_followers").unwrap();
        let known = Known {
            jobs: 3,
            unknown: 0,
            pages: 7,
            kept_pages: 0,
            finished: 0,
        };
        let line_known = line(entry, &known);
        assert_eq!(
            (line_known.least_calls, line_known.most_calls),
            (7, Some(7))
        );
        assert_eq!(line_known.expected_micro_usd, 350_000);
        let line_unknown = line(
            entry,
            &Known {
                unknown: 2,
                kept_pages: 9,
                finished: 3,
                ..known
            },
        );
        assert_eq!(
            (
                line_unknown.least_calls,
                line_unknown.expected_calls,
                line_unknown.most_calls
            ),
            (9, 13, None)
        );
        assert!(line_unknown.unknown.unwrap().starts_with("2 of 3"));
    }

    #[test]
    fn one_call_is_one_call_whatever_is_known() {
        let entry = find("get_user_profile").unwrap();
        let line = line(
            entry,
            &Known {
                jobs: 4,
                unknown: 4,
                pages: 0,
                kept_pages: 9,
                finished: 3,
            },
        );
        assert_eq!((line.least_calls, line.most_calls), (4, Some(4)));
    }

    #[test]
    fn short_last_pages_do_not_shrink_a_page() {
        let entry = find("get_user_followers").unwrap();
        assert_eq!(page_size(entry, 60, 2), 50);
        assert_eq!(page_size(entry, 600, 2), 300);
    }
}
