//! The charts of pages and of dollars per hour: two pictures, and the same numbers in a table.

use maud::{Markup, html};

use super::pages::{thousands, time};
use crate::model::MicroUsd;
use crate::store::read::Hour;

const WIDTH: usize = 720;
const HEIGHT: usize = 104;
/// Hours that are shown.
pub(super) const HOURS: i64 = 48;

/// Draws the last hours. `last` is the beginning of the newest one in Unix seconds.
pub(super) fn chart(hours: &[Hour], last: i64) -> Markup {
    let pages = Series {
        name: "Pages",
        id: "pages",
        of: |hour| hour.kept,
        show: thousands,
    };
    let dollars = Series {
        name: "Dollars",
        id: "dollars",
        of: |hour| hour.cost_micro_usd,
        show: |micro_usd| MicroUsd(micro_usd).to_string(),
    };
    html! {
        (pages.picture(hours, last))
        (dollars.picture(hours, last))
        details {
            summary { "The numbers" }
            div.scroll {
                table {
                    thead { tr { th { "hour" } th.n { "pages" } th.n { "calls answered" } th.n { "charged" } } }
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

/// One number of each hour.
struct Series {
    name: &'static str,
    /// The class of its bars, and a part of the ids of its texts.
    id: &'static str,
    of: fn(&Hour) -> i64,
    show: fn(i64) -> String,
}

impl Series {
    fn picture(&self, hours: &[Hour], last: i64) -> Markup {
        let most = hours.iter().map(self.of).max().unwrap_or(0);
        let sum = hours.iter().map(self.of).sum();
        let show = self.show;
        let title = format!("{} per hour", self.name);
        let summary = format!(
            "{} in the last {HOURS} hours, at most {} in an hour",
            show(sum),
            show(most)
        );
        let (title_id, text_id) = (format!("{}-title", self.id), format!("{}-text", self.id));
        let step = WIDTH / usize::try_from(HOURS).unwrap_or(1);
        html! {
            figure {
                figcaption { strong { (title) } ": " (summary) }
                // The bars are stretched to the width of the window, so texts are outside the picture.
                svg.(self.id) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img"
                    aria-labelledby=(title_id) aria-describedby=(text_id) {
                    title id=(title_id) { (title) }
                    desc id=(text_id) { (summary) }
                    @for (at, height) in self.bars(hours, last, most) {
                        rect x=(at * step) y=(HEIGHT - height) width=(step - 2) height=(height) {}
                    }
                }
                p.axis { span { (HOURS) " hours ago" } span { "now" } }
            }
        }
    }

    /// Returns the place and the height of each bar. An hour without a number has none.
    fn bars(&self, hours: &[Hour], last: i64, most: i64) -> Vec<(usize, usize)> {
        let bar = |hour: &Hour| {
            let at = usize::try_from(HOURS - 1 - (last - hour.hour) / 3_600).ok()?;
            match (self.of)(hour) {
                0 => None,
                number => Some((at, usize::try_from(number * 100 / most).ok()?.max(1))),
            }
        };
        hours.iter().filter_map(bar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::chart;
    use crate::store::read::Hour;

    #[test]
    fn both_charts_and_the_table_show_the_same_numbers() {
        let last = 3_600 * 500_000;
        let hour = |ago: i64, kept: i64, cost_micro_usd: i64| Hour {
            hour: last - ago * 3_600,
            answered: kept + 1,
            kept,
            cost_micro_usd,
        };
        let hours = [
            hour(47, 10, 1_000_000),
            hour(5, 0, 50_000),
            hour(0, 40, 2_000_000),
        ];
        let page = chart(&hours, last).into_string();
        assert!(
            page.contains(
                "Pages per hour</strong>: 50 in the last 48 hours, at most 40 in an hour"
            )
        );
        assert!(page.contains(
            "Dollars per hour</strong>: $3.05 in the last 48 hours, at most $2.00 in an hour"
        ));
        for bar in [
            // Pages: the hour without one has no bar.
            r#"<rect x="0" y="79" width="13" height="25">"#,
            r#"<rect x="705" y="4" width="13" height="100">"#,
            // Dollars.
            r#"<rect x="0" y="54" width="13" height="50">"#,
            r#"<rect x="630" y="102" width="13" height="2">"#,
        ] {
            assert!(page.contains(bar), "{bar}: {page}");
        }
        assert_eq!(page.matches("<rect").count(), 5);
        for cell in ["$1.00", "$0.05", "$2.00", ">10<", ">40<"] {
            assert!(page.contains(cell), "{cell}");
        }
        assert_eq!(chart(&[], last).into_string().matches("<rect").count(), 0);
    }
}
