//! Metrics in the OpenMetrics format. Counters are read from the ledger, so that a restart does not reset them.

use std::fmt;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::metric::{METRICS, Metric};
use super::{App, Durations, Shared, failed};
use crate::model::{Budget, PathMark, Stale};
use crate::report::condition::State as Condition;
use crate::report::status::Status;
use crate::store::read::{self, JobCount};

/// Media type of the format.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The values of one metric: labels in the order of the metric, and a number.
type Values = Vec<(Vec<String>, f64)>;

/// What one scrape shows.
struct Scrape {
    values: Vec<(Metric, Values)>,
    durations: Durations,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

pub(super) async fn show(State(app): State<Shared>) -> Response {
    match scrape(&app).await {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(why) => failed(&why),
    }
}

async fn scrape(app: &App) -> Result<String, String> {
    let status = app.status().await?;
    let jobs = read::job_counts(&app.readers)
        .await
        .map_err(|why| why.to_string())?;
    let archive_bytes = std::fs::metadata(&status.path).map_or(0, |metadata| metadata.len());
    let budget = (app.budget)();
    let values = METRICS
        .iter()
        .map(|metric| {
            (
                *metric,
                values(metric.name, app, &status, &jobs, &budget, archive_bytes),
            )
        })
        .collect();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape {
        values,
        durations: (app.durations)(),
    }));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|why| why.to_string())?;
    Ok(text)
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
fn usd(micro_usd: i64) -> f64 {
    micro_usd as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
fn values(
    name: &str,
    app: &App,
    status: &Status,
    jobs: &[JobCount],
    budget: &Budget,
    archive_bytes: u64,
) -> Values {
    let one = |value: f64| vec![(Vec::new(), value)];
    let by_endpoint = |of: fn(&read::EndpointStatus) -> f64| {
        let values = status.endpoints.iter();
        values
            .map(|(name, status)| (vec![name.clone()], of(status)))
            .collect()
    };
    let charged = &status.charged;
    let scopes = [
        ("run", budget.run, charged.run),
        ("day", budget.day, charged.day),
        ("total", budget.total, charged.total),
        ("refresh", budget.refresh, charged.refresh),
    ];
    let stale = |of: fn(&Stale) -> f64| status.stale.as_ref().map(|stale| one(of(stale)));
    match name {
        "soracrawl_calls" => status
            .endpoints
            .iter()
            .flat_map(|(name, of)| {
                // Both sums only grow, and each throttled call is answered. What is kept may grow later: a counter of
                // answers without a page would fall.
                [
                    ("answered", of.answered - of.throttled),
                    ("throttled", of.throttled),
                    ("unknown", of.unknown),
                    ("never_sent", of.never_sent),
                ]
                .map(|(outcome, calls)| (vec![name.clone(), outcome.to_owned()], calls as f64))
            })
            .collect(),
        "soracrawl_pages" => by_endpoint(|of| of.kept as f64),
        "soracrawl_spent_usd" => by_endpoint(|of| usd(of.cost_micro_usd)),
        "soracrawl_rows" => by_endpoint(|of| of.rows as f64),
        "soracrawl_reply_bytes" => by_endpoint(|of| of.body_bytes as f64),
        "soracrawl_reserved_usd" => one(usd(charged.total.0 - status.sum(|of| of.cost_micro_usd))),
        "soracrawl_budget_usd" => scopes
            .iter()
            .filter_map(|(scope, limit, _)| Some((vec![(*scope).to_owned()], usd((*limit)?.0))))
            .collect(),
        "soracrawl_budget_charged_usd" => scopes
            .iter()
            .map(|(scope, _, charged)| (vec![(*scope).to_owned()], usd(charged.0)))
            .collect(),
        "soracrawl_jobs" => jobs
            .iter()
            .map(|of| {
                let labels = [&of.endpoint, &of.state, &of.stop_reason];
                (labels.map(String::clone).to_vec(), of.jobs as f64)
            })
            .collect(),
        "soracrawl_state" => Condition::ALL
            .iter()
            .map(|state| {
                let is_now = *state == status.condition.state;
                (vec![state.as_str().to_owned()], f64::from(u8::from(is_now)))
            })
            .collect(),
        "soracrawl_paused" => one(status.pauses.iter().count() as f64),
        "soracrawl_cooldown_until_timestamp_seconds" => status
            .cooling
            .iter()
            .map(|cooling| {
                let endpoint = match cooling.endpoint.as_str() {
                    "" => "all".to_owned(),
                    endpoint => endpoint.to_owned(),
                };
                (vec![endpoint, cooling.cause.clone()], cooling.until)
            })
            .collect(),
        "soracrawl_last_kept_timestamp_seconds" => status.last_kept_at.map(one).unwrap_or_default(),
        "soracrawl_oldest_look_seconds" => {
            stale(|stale| stale.oldest_hours * 3_600.0).unwrap_or_default()
        }
        "soracrawl_expected_unseen_items" => stale(|stale| stale.unseen_items).unwrap_or_default(),
        "soracrawl_halving_usd" => stale(|stale| usd(stale.halving_micro_usd)).unwrap_or_default(),
        "soracrawl_overdue_refreshes" => stale(|stale| stale.overdue as f64).unwrap_or_default(),
        "soracrawl_archive_bytes" => one(archive_bytes as f64),
        "soracrawl_wal_bytes" => one(status.log_bytes as f64),
        "soracrawl_changed_paths" => PathMark::ALL
            .iter()
            .map(|mark| {
                let paths = status.changed_paths.iter();
                let changed = paths.filter(|path| path.mark == mark.as_str()).count();
                (vec![mark.as_str().to_owned()], changed as f64)
            })
            .collect(),
        "soracrawl_build_info" => vec![(
            vec![
                env!("CARGO_PKG_VERSION").to_owned(),
                app.options.schema.to_string(),
            ],
            1.0,
        )],
        _ => Vec::new(),
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for (metric, values) in &self.values {
            let mut encoder =
                encoder.encode_descriptor(metric.name, metric.help, None, metric.kind)?;
            if matches!(metric.kind, MetricType::Histogram) {
                let of = &self.durations;
                let counted: u64 = of.buckets.iter().map(|(_, calls)| calls).sum();
                let all = of.count.max(counted);
                // The format requires a last bucket without a bound, and all calls up to there.
                let mut buckets = of.buckets.clone();
                buckets.push((f64::INFINITY, all - counted));
                encoder.encode_histogram::<NoLabelSet>(of.sum_seconds, all, &buckets, None)?;
                continue;
            }
            for (labels, value) in values {
                let labels: Vec<(&str, &str)> = metric
                    .labels
                    .iter()
                    .copied()
                    .zip(labels.iter().map(String::as_str))
                    .collect();
                let mut one = encoder.encode_family(&labels)?;
                match metric.kind {
                    MetricType::Counter => one.encode_counter::<NoLabelSet, _, f64>(value, None)?,
                    _ => one.encode_gauge(value)?,
                }
            }
        }
        Ok(())
    }
}
