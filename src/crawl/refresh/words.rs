//! A planned call in words that a paper can quote.

use super::candidate::Change;
use super::plan::{Planned, Why};

impl Planned<'_> {
    /// Returns a sentence such as `12 posts are expected, waiting 31 h on average; $0.05`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (candidate, worth) = (self.candidate, &self.worth);
        let mut parts = Vec::new();
        let wait = hours(candidate.unseen_hours / 2.0);
        match candidate.change {
            Change::Head { .. } => parts.push(format!(
                "{} {} are expected, waiting {wait} on average",
                items(worth.items),
                candidate.noun
            )),
            Change::Anywhere { size, .. } => parts.push(format!(
                "{} changes among {size} {} are expected, waiting {wait} on average",
                items(worth.items),
                candidate.noun
            )),
            Change::Nothing => {}
        }
        let grown = 100.0 * worth.log_error.exp_m1();
        // What rounds to nothing is no reason.
        if !candidate.counters.is_empty() && grown >= 0.5 {
            parts.push(match candidate.counters.len() {
                1 => format!("its count is expected to have grown by {grown:.0} %"),
                counters => {
                    format!("{counters} counts are expected to have grown by {grown:.0} %")
                }
            });
        }
        if self.why == Why::Deadline {
            let unseen = hours(candidate.unseen_hours);
            parts.push(format!("due before its deadline, unseen for {unseen}"));
        }
        if worth.pages > 1 {
            parts.push(format!("{} pages", worth.pages));
        }
        parts.push(worth.cost.to_string());
        parts.join("; ")
    }
}

/// Returns a number of items, with as many digits as say something.
fn items(number: f64) -> String {
    match number {
        0.0..0.1 => "fewer than 0.1".to_owned(),
        0.1..9.95 => format!("{number:.1}").trim_end_matches(".0").to_owned(),
        _ => format!("{number:.0}"),
    }
}

/// Returns a time in hours, or in days from four days on.
fn hours(hours: f64) -> String {
    match hours {
        0.0..96.0 => format!("{hours:.0} h"),
        _ => format!("{:.1} days", hours / 24.0),
    }
}

#[cfg(test)]
mod tests {
    use crate::crawl::refresh::candidate::{Candidate, Change};
    use crate::crawl::refresh::counter::Counter;
    use crate::crawl::refresh::curve::Curve;
    use crate::crawl::refresh::plan::{Planned, Why};
    use crate::model::MicroUsd;

    fn said(change: Change, hours: f64, counters: usize, why: Why) -> String {
        let counter = Counter {
            count: 1_000_000,
            seen_age_hours: 2.0,
            age_hours: 3.0,
            pace: 1.0,
        };
        let candidate = Candidate {
            id: 1,
            noun: "posts",
            price: MicroUsd(50_000),
            page_size: 30,
            unseen_hours: hours,
            change,
            counters: vec![counter; counters],
        };
        let worth = candidate.worth(&Curve::default());
        let planned = Planned {
            candidate: &candidate,
            why,
            worth,
        };
        planned.sentence()
    }

    #[test]
    fn the_sentence_says_what_is_expected_how_long_it_waited_and_the_price() {
        let head = |items: f64, hours: f64| Change::Head {
            per_hour: items / hours,
        };
        for (sentence, expected) in [
            (
                said(head(12.0, 62.0), 62.0, 0, Why::Value),
                "12 posts are expected, waiting 31 h on average; $0.05",
            ),
            (
                said(head(45.0, 62.0), 62.0, 30, Why::Value),
                "45 posts are expected, waiting 31 h on average; 30 counts are expected to have grown by 50 %; 2 pages; $0.10",
            ),
            (
                said(head(0.01, 500.0), 500.0, 0, Why::Deadline),
                "fewer than 0.1 posts are expected, waiting 10.4 days on average; due before its deadline, unseen for 20.8 days; $0.05",
            ),
            (
                said(Change::Nothing, 50.0, 1, Why::Value),
                "its count is expected to have grown by 50 %; $0.05",
            ),
            (
                said(
                    Change::Anywhere {
                        size: 3_000,
                        known: 240,
                        per_hour: 0.0,
                    },
                    48.0,
                    0,
                    Why::Value,
                ),
                "240 changes among 3000 posts are expected, waiting 24 h on average; 100 pages; $5.00",
            ),
        ] {
            assert_eq!(sentence, expected);
        }
    }
}
