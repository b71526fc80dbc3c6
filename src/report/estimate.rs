//! The cost of the pending jobs, from what is known of their lists.

use sqlx::sqlite::SqlitePool;

use crate::api::endpoint::Paging;
use crate::api::{Entry, endpoints};
use crate::crawl::Plan;
use crate::model::{MicroUsd, SubjectKind};
use crate::store::Result;
use crate::store::read::{self, Waiting};

/// Items on a page whose size neither the vendor states nor the archive shows.
const USUAL_PAGE: i64 = 10;

/// Calls and cost of the pending jobs of one endpoint.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Line {
    pub endpoint: &'static str,
    pub jobs: i64,
    pub least_calls: i64,
    /// The expected number if the archive has finished such lists; otherwise the least.
    pub expected_calls: i64,
    /// `None` if it has no upper bound.
    pub most_calls: Option<i64>,
    pub least_micro_usd: i64,
    pub expected_micro_usd: i64,
    pub most_micro_usd: Option<i64>,
    /// Reason for the range.
    pub unknown: Option<String>,
}

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

/// Returns the calls and the cost of the pending jobs of an endpoint.
#[must_use]
pub fn line(entry: &Entry, known: &Waiting) -> Line {
    let sure = known.pages + known.unknown;
    let least = sure - known.perhaps_unneeded;
    let (expected, most) = if !entry.is_paged() || known.unknown == 0 {
        (sure, Some(sure))
    } else if known.finished > 0 {
        let of_unknown = (known.unknown * known.kept_pages) / known.finished;
        (known.pages + of_unknown.max(known.unknown), None)
    } else {
        (sure, None)
    };
    let usd = |calls: i64| (entry.price * calls).0;
    let unknown = (most.is_none()).then(|| {
        format!(
            "{} of {} lists have an unknown length",
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
    /// Endpoints that the replies may lead to. The number of calls is unknown.
    pub leads_to: Vec<&'static str>,
}

impl Estimate {
    /// Returns the expected cost of all jobs.
    #[must_use]
    pub fn expected(&self) -> MicroUsd {
        MicroUsd(self.lines.iter().map(|line| line.expected_micro_usd).sum())
    }
}

/// Estimates the pending jobs of an archive under a plan.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn of(readers: &SqlitePool, plan: &Plan) -> Result<Estimate> {
    let statuses = read::endpoints(readers).await?;
    let mut estimate = Estimate::default();
    for name in plan.endpoints() {
        let Some(entry) = endpoints::find(name) else {
            continue;
        };
        let (items, kept) = statuses
            .get(name)
            .map_or((0, 0), |status| (status.items, status.kept));
        let size = page_size(entry, items, kept);
        let waiting = read::waiting(readers, name, entry.left_of(), size, plan.max_depth()).await?;
        if waiting.jobs > 0 {
            estimate.lines.push(line(entry, &waiting));
            estimate.leads_to.extend(
                endpoints::leads_to(entry)
                    .into_iter()
                    .filter(|next| may_follow(plan, next)),
            );
        }
    }
    estimate.leads_to.sort_unstable();
    estimate.leads_to.dedup();
    Ok(estimate)
}

/// Returns whether a reply may lead to this endpoint. At depth 0 only the lists of seeds are walked.
fn may_follow(plan: &Plan, endpoint: &str) -> bool {
    plan.endpoints().contains(&endpoint)
        && (plan.max_depth() > 0
            || endpoints::find(endpoint)
                .is_some_and(|entry| entry.subject_kind != SubjectKind::User))
}

#[cfg(test)]
mod tests {
    use super::{line, page_size};
    use crate::api::endpoints::find;
    use crate::store::read::Waiting;

    #[test]
    fn known_lists_have_a_price_and_unknown_ones_a_range() {
        let entry = find("get_user_followers").unwrap();
        let known = Waiting {
            jobs: 3,
            pages: 7,
            ..Waiting::default()
        };
        let all_known = line(entry, &known);
        assert_eq!((all_known.least_calls, all_known.most_calls), (7, Some(7)));
        assert_eq!(all_known.expected_micro_usd, 350_000);
        let some = Waiting {
            unknown: 2,
            kept_pages: 9,
            finished: 3,
            ..known
        };
        let some_unknown = line(entry, &some);
        assert_eq!(
            (
                some_unknown.least_calls,
                some_unknown.expected_calls,
                some_unknown.most_calls
            ),
            (9, 13, None)
        );
        assert!(some_unknown.unknown.unwrap().starts_with("2 of 3"));
    }

    #[test]
    fn a_job_that_another_may_make_unneeded_costs_nothing_at_least() {
        let entry = find("get_user_profile").unwrap();
        let waiting = Waiting {
            jobs: 4,
            unknown: 4,
            perhaps_unneeded: 3,
            ..Waiting::default()
        };
        let line = line(entry, &waiting);
        assert_eq!(
            (line.least_calls, line.expected_calls, line.most_calls),
            (1, 4, Some(4))
        );
    }

    #[test]
    fn short_last_pages_do_not_shrink_a_page() {
        let entry = find("get_user_followers").unwrap();
        assert_eq!(page_size(entry, 60, 2), 50);
        assert_eq!(page_size(entry, 600, 2), 300);
    }
}
