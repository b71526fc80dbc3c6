//! Progress bars on a terminal: one per endpoint with jobs, and a line of totals.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::table::counted;
use crate::api::endpoints;
use crate::crawl::Engine;
use crate::model::MicroUsd;
use crate::report::words::span;
use crate::store::read;

const REFRESH: Duration = Duration::from_millis(500);

/// Draws until the run stops. If the archive cannot be read, the last known values stay.
pub(super) async fn draw(engine: Arc<Engine>, bars: MultiProgress) {
    let total = bars.add(ProgressBar::no_length());
    total.set_style(style("{msg}"));
    let mut of_endpoints: BTreeMap<&'static str, ProgressBar> = BTreeMap::new();
    let mut rate = Rate::new();
    loop {
        let stopping = engine.is_stopping();
        if let Ok(all) = read::endpoints(engine.parts.store.readers()).await {
            let mut left = 0;
            for entry in endpoints::ALL {
                let Some(status) = all.get(entry.name) else {
                    continue;
                };
                let open = status.ready + status.leased + status.waiting;
                let ended = status.done + status.stopped + status.failed;
                if open + ended == 0 {
                    continue;
                }
                left += open;
                let bar = of_endpoints.entry(entry.name).or_insert_with(|| {
                    let bar = bars.insert_before(&total, ProgressBar::new(0));
                    bar.set_style(style("{prefix:26} {wide_bar} {pos:>6}/{len:<6} {msg:>13}"));
                    bar.set_prefix(entry.name);
                    bar
                });
                bar.set_length(u64::try_from(open + ended).unwrap_or(0));
                bar.set_position(u64::try_from(ended).unwrap_or(0));
                bar.set_message(counted(status.kept, "page"));
            }
            total.set_message(totals(&engine, left, &mut rate).await);
        }
        if stopping {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(REFRESH) => {}
            () = engine.until_stopped() => {}
        }
    }
    for bar in of_endpoints.values() {
        bar.abandon();
    }
    total.abandon();
}

async fn totals(engine: &Engine, left: i64, rate: &mut Rate) -> String {
    let counters = &engine.counters;
    let pages = counters.pages.load(Ordering::Relaxed);
    let per_second = rate.at(pages);
    let charged = read::charged(
        engine.parts.store.readers(),
        &engine.parts.clock.today(),
        engine.parts.run.id,
    )
    .await
    .map_or(MicroUsd(0), |charged| charged.run);
    // Two lines of at most 80 columns.
    let mut text = format!(
        "{}, {}, {charged} this run\n{per_second:.1} pages/s, {} in flight, {} left",
        counted(pages, "page"),
        counted(counters.rows.load(Ordering::Relaxed), "row"),
        counters.in_flight.load(Ordering::Relaxed),
        counted(left, "job"),
    );
    if per_second > 0.0 && left > 0 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let seconds = left as f64 / per_second;
        text.push_str(&format!(", at least {} to go", span(seconds)));
    }
    if let Some(trouble) = engine.parts.writer.trouble() {
        text = format!("waiting: the archive cannot be written ({trouble})");
    }
    text
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Pages per second over about the last 30 s.
struct Rate {
    looks: std::collections::VecDeque<(Instant, u64)>,
}

impl Rate {
    fn new() -> Self {
        Self {
            looks: std::collections::VecDeque::new(),
        }
    }

    fn at(&mut self, pages: u64) -> f64 {
        let time = Instant::now();
        self.looks.push_back((time, pages));
        while self.looks.len() > 60 {
            self.looks.pop_front();
        }
        let Some((begin, before)) = self.looks.front() else {
            return 0.0;
        };
        let seconds = (time - *begin).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = (pages - before) as f64 / seconds.max(0.001);
        if seconds < 0.1 { 0.0 } else { rate }
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_has_its_two_largest_units() {
        let spans = [0.4, 59.0, 61.0, 7260.0, 180_000.0].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min 1 s", "2 h 1 min", "2 d 2 h"]);
    }
}
