//! The cost of the pending jobs, from what is known of their lists.

use sqlx::sqlite::SqlitePool;

use super::follow_ups::{Expected, follow_ups};
use super::pages::page_size;
use crate::api::{Entry, endpoints};
use crate::crawl::Plan;
use crate::model::{MicroUsd, NewJob, Seed};
use crate::store::Result;
use crate::store::read::{self, Waiting};

/// Pages of a list of unknown length in the upper expectation, while the archive has finished no such list.
const UNKNOWN_PAGES: i64 = 5;

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
    /// The upper expectation: the most calls if there is an upper bound.
    pub upper_calls: i64,
    pub upper_micro_usd: i64,
    /// Reason for the range.
    pub unknown: Option<String>,
}

/// Calls that the replies of pending jobs are expected to lead to.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FollowUp {
    pub endpoint: &'static str,
    pub expected_calls: i64,
    pub upper_calls: i64,
    pub expected_micro_usd: i64,
    pub upper_micro_usd: i64,
}

/// Returns the calls and the cost of the pending jobs of an endpoint.
#[must_use]
pub fn line(entry: &Entry, known: &Waiting) -> Line {
    let sure = known.pages + known.unknown;
    let least = sure - known.perhaps_unneeded;
    let (expected, upper, most) = if !entry.is_paged() || known.unknown == 0 {
        (sure, sure, Some(sure))
    } else if known.finished > 0 {
        let of_unknown = (known.unknown * known.kept_pages) / known.finished;
        let of_unknown = of_unknown.max(known.unknown);
        (
            known.pages + of_unknown,
            known.pages + of_unknown * 3 / 2,
            None,
        )
    } else {
        (sure, known.pages + known.unknown * UNKNOWN_PAGES, None)
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
        upper_calls: upper,
        upper_micro_usd: usd(upper),
        unknown,
    }
}

/// The estimate of all endpoints.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Estimate {
    pub lines: Vec<Line>,
    pub follow_ups: Vec<FollowUp>,
}

impl Estimate {
    /// Returns the expected cost of all pending jobs and their follow-ups.
    #[must_use]
    pub fn expected(&self) -> MicroUsd {
        let pending = self.lines.iter().map(|line| line.expected_micro_usd);
        let later = self.follow_ups.iter().map(|next| next.expected_micro_usd);
        MicroUsd(pending.chain(later).sum())
    }

    /// Returns the upper expectation of that cost. `run` asks for confirmation if it is above the threshold.
    #[must_use]
    pub fn upper(&self) -> MicroUsd {
        let pending = self.lines.iter().map(|line| line.upper_micro_usd);
        let later = self.follow_ups.iter().map(|next| next.upper_micro_usd);
        MicroUsd(pending.chain(later).sum())
    }
}

/// Estimates what a run would cost: the pending jobs of an archive, those that a budget stopped, those of `seeds` that are
/// not in the archive, and their follow-ups.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn of(readers: &SqlitePool, plan: &Plan, seeds: &[Seed]) -> Result<Estimate> {
    let statuses = read::endpoints(readers).await?;
    let jobs: Vec<NewJob> = seeds.iter().flat_map(|seed| plan.seed_jobs(seed)).collect();
    let new = read::missing_jobs(readers, &jobs).await?;
    let mut estimate = Estimate::default();
    let mut pending = Vec::new();
    for name in plan.endpoints() {
        let Some(entry) = endpoints::find(name) else {
            continue;
        };
        let (items, kept) = statuses
            .get(name)
            .map_or((0, 0), |status| (status.items, status.kept));
        let size = page_size(entry, items, kept);
        let mut waiting =
            read::waiting(readers, name, entry.left_of(), size, plan.max_depth()).await?;
        for (_, jobs, after) in new.iter().filter(|(endpoint, ..)| endpoint == name) {
            waiting.jobs += jobs;
            waiting.unknown += jobs;
            waiting.perhaps_unneeded += after;
        }
        if waiting.jobs > 0 {
            let line = line(entry, &waiting);
            pending.push((entry, expected_of(&line)));
            estimate.lines.push(line);
        }
    }
    for (name, expected) in follow_ups(plan, &statuses, &pending) {
        let Some(entry) = endpoints::find(name) else {
            continue;
        };
        let (calls, upper) = (rounded(expected.calls), rounded(expected.upper));
        estimate.follow_ups.push(FollowUp {
            endpoint: entry.name,
            expected_calls: calls,
            upper_calls: upper,
            expected_micro_usd: (entry.price * calls).0,
            upper_micro_usd: (entry.price * upper).0,
        });
    }
    Ok(estimate)
}

#[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
fn expected_of(line: &Line) -> Expected {
    Expected {
        calls: line.expected_calls as f64,
        upper: line.upper_calls as f64,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an estimate for people")]
fn rounded(calls: f64) -> i64 {
    calls.round() as i64
}

#[cfg(test)]
mod tests {
    use super::line;
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
}
