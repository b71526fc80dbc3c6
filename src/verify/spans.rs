//! Checks that a walk went on after an earlier pass only where it had met it.

use std::collections::{HashMap, HashSet};

use super::check::{Check, Finding};
use crate::model::{ItemHash, MEETING_ITEMS};
use crate::store::Result;
use crate::store::read::{MetSpan, Snapshot};

pub(super) const MEETINGS: Check = Check {
    check: "meetings",
    promise: "P1",
    proves: "where a walk went on after an earlier pass, its last five items were in what that pass saw",
};

type Item = u64;

/// Checks every span that was met, job by job.
pub(super) async fn meetings(snapshot: &mut Snapshot, item_hash: &ItemHash) -> Finding {
    let mut finding = Finding::new(MEETINGS);
    if let Err(error) = check(snapshot, item_hash, &mut finding).await {
        finding.fail("", error);
    }
    finding
}

async fn check(snapshot: &mut Snapshot, item_hash: &ItemHash, finding: &mut Finding) -> Result<()> {
    let spans = snapshot.met_spans().await?;
    for of_job in spans.chunk_by(|one, other| one.job_id == other.job_id) {
        let job_id = of_job.first().map_or(0, |span| span.job_id);
        let pages = snapshot.pages_of(job_id).await?;
        let pages: Vec<(i64, Vec<Item>)> = pages
            .into_iter()
            .map(|(id, hashes)| (id, item_hash.read(&hashes.unwrap_or_default())))
            .collect();
        for span_id in wrong(of_job, &pages) {
            finding.add(format!(
                "job {job_id}: the walk had not met span {span_id} where it went on after it"
            ));
        }
    }
    Ok(())
}

/// Returns the ids of the spans that do not have the last items of the pass that met them. `spans` are in the order of their
/// meetings, `pages` in the order of their calls.
fn wrong(spans: &[MetSpan], pages: &[(i64, Vec<Item>)]) -> Vec<i64> {
    let mut items: HashMap<i64, HashSet<Item>> = HashMap::new();
    let mut wrong = Vec::new();
    for span in spans {
        // A span that was met later than another one has the items of those that it met.
        let mut of_span: HashSet<Item> = HashSet::new();
        for (_, page) in between(pages, span.first_call_id, span.last_call_id) {
            of_span.extend(page);
        }
        for other in spans.iter().filter(|other| other.is_met) {
            if (span.first_call_id..=span.last_call_id).contains(&other.joined_by_call_id) {
                of_span.extend(items.remove(&other.id).unwrap_or_default());
            }
        }
        if !is_met(&of_span, pages, span) {
            wrong.push(span.id);
        }
        items.insert(span.id, of_span);
    }
    wrong
}

/// Returns whether the last distinct items up to the page that met the span are all in it.
fn is_met(of_span: &HashSet<Item>, pages: &[(i64, Vec<Item>)], span: &MetSpan) -> bool {
    let mut last: Vec<Item> = Vec::new();
    let before = between(pages, span.after_call_id + 1, span.joined_by_call_id);
    for item in before.iter().flat_map(|(_, page)| page).rev() {
        if last.len() < MEETING_ITEMS && !last.contains(item) {
            last.push(*item);
        }
    }
    last.len() == MEETING_ITEMS && last.iter().all(|item| of_span.contains(item))
}

fn between(pages: &[(i64, Vec<Item>)], first: i64, last: i64) -> &[(i64, Vec<Item>)] {
    let from = pages.partition_point(|(id, _)| *id < first);
    let to = pages.partition_point(|(id, _)| *id <= last);
    pages.get(from..to.max(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Item, wrong};
    use crate::store::read::MetSpan;

    fn page(id: i64, items: &[u64]) -> (i64, Vec<Item>) {
        (id, items.to_vec())
    }

    fn span(id: i64, calls: (i64, i64), joined_by_call_id: i64) -> MetSpan {
        MetSpan {
            id,
            job_id: 1,
            first_call_id: calls.0,
            last_call_id: calls.1,
            joined_by_call_id,
            after_call_id: calls.1,
            is_met: true,
        }
    }

    #[test]
    fn a_span_is_met_by_five_items_in_it_or_in_what_it_met() {
        let pages = [
            page(1, &[1, 2, 3, 4, 5, 6]),
            page(2, &[20, 1, 2, 3]),
            page(3, &[4, 5]),
            page(4, &[30, 20, 1, 2, 3, 4]),
        ];
        let spans = [span(1, (1, 1), 3), span(2, (2, 3), 4)];
        assert!(wrong(&spans, &pages).is_empty());
        let early = [span(1, (1, 1), 2)];
        assert_eq!(wrong(&early, &pages), [1], "only three are known on page 2");
        let left = [
            MetSpan {
                is_met: false,
                ..spans[0]
            },
            spans[1],
        ];
        assert!(wrong(&left, &pages).is_empty());
        let mut fewer = pages.clone();
        fewer[3] = page(4, &[30, 20, 1, 2, 3, 6]);
        assert!(wrong(&spans, &fewer).is_empty(), "6 is in the first span");
        assert_eq!(wrong(&left, &fewer), [2], "which the second one left");
    }
}
