//! The chart of pages and dollars per hour: a picture, and the same numbers in a table.

use maud::{Markup, html};

use super::pages::{thousands, time};
use crate::model::MicroUsd;
use crate::store::read::Hour;

const WIDTH: usize = 720;
const HEIGHT: usize = 104;
/// Hours that are shown.
pub(super) const HOURS: i64 = 48;

/// Draws the pages of each of the last hours. `now` is in Unix seconds.
pub(super) fn chart(hours: &[Hour], now: f64) -> Markup {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole hours of a clock fit"
    )]
    let last = (now / 3_600.0) as i64 * 3_600;
    let of = |hour: i64| hours.iter().find(|of| of.hour == hour);
    let most = hours.iter().map(|of| of.kept).max().unwrap_or(0).max(1);
    let step = WIDTH / usize::try_from(HOURS).unwrap_or(1);
    let bars: Vec<(usize, usize)> = (0..HOURS)
        .filter_map(|at| {
            let kept = of(last - (HOURS - 1 - at) * 3_600)?.kept;
            if kept == 0 {
                return None;
            }
            let height = usize::try_from(kept * 100 / most).unwrap_or(0).max(1);
            Some((usize::try_from(at).ok()? * step, height))
        })
        .collect();
    let pages: i64 = hours.iter().map(|of| of.kept).sum();
    let spent = MicroUsd(hours.iter().map(|of| of.cost_micro_usd).sum());
    let summary = format!(
        "{} pages and {spent} in the last {HOURS} hours; at most {} pages in an hour",
        thousands(pages),
        thousands(most.min(pages))
    );
    html! {
        // The bars are stretched to the width of the window, so texts are below the picture.
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-labelledby="chart-title"
            aria-describedby="chart-text" {
            title id="chart-title" { "Pages per hour" }
            desc id="chart-text" { (summary) }
            @for (x, height) in bars {
                rect x=(x) y=(HEIGHT - height) width=(step - 2) height=(height) {}
            }
        }
        p.axis { span { (HOURS) " hours ago" } span { "now" } }
        p.soft { (summary) }
        details {
            summary { "The numbers" }
            div.scroll {
                table {
                    thead { tr { th { "hour (UTC)" } th.n { "pages" } th.n { "calls answered" } th.n { "charged" } } }
                    tbody {
                        @for of in hours {
                            tr {
                                td { (time(of.hour as f64)) }
                                td.n { (thousands(of.kept)) }
                                td.n { (thousands(of.answered)) }
                                td.n { (MicroUsd(of.cost_micro_usd)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
