//! The metrics, as the documents list them.

use prometheus_client::metrics::MetricType;

/// A metric as the documents list it. The name of a counter is without `_total`.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricType,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        kind: MetricType::Counter,
        labels,
        help,
    }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricType::Gauge,
        labels,
        help,
    }
}

/// Every metric. None has an id or a name of a person as a label.
pub const METRICS: &[Metric] = &[
    counter(
        "soracrawl_calls",
        &["endpoint", "outcome"],
        "Settled calls by outcome: answered (but not throttled), throttled, unknown, never_sent",
    ),
    counter("soracrawl_pages", &["endpoint"], "Pages kept"),
    counter(
        "soracrawl_spent_usd",
        &["endpoint"],
        "Dollars charged for settled calls",
    ),
    counter("soracrawl_rows", &["endpoint"], "Rows in the kept replies"),
    counter(
        "soracrawl_reply_bytes",
        &["endpoint"],
        "Bytes of the replies as received",
    ),
    gauge(
        "soracrawl_reserved_usd",
        &[],
        "Dollars reserved for calls in flight",
    ),
    gauge(
        "soracrawl_budget_usd",
        &["scope"],
        "Limit of each budget that is set",
    ),
    gauge(
        "soracrawl_budget_charged_usd",
        &["scope"],
        "Dollars charged and reserved in each scope",
    ),
    gauge(
        "soracrawl_jobs",
        &["endpoint", "state", "reason"],
        "Jobs by state and by the reason of their end",
    ),
    gauge(
        "soracrawl_state",
        &["state"],
        "1 for what the daemon does now, 0 for the other states",
    ),
    gauge("soracrawl_paused", &[], "Pauses by the operator that hold"),
    gauge(
        "soracrawl_cooldown_until_timestamp_seconds",
        &["endpoint", "cause"],
        "End of each cooldown that is not over; the endpoint all means all",
    ),
    gauge(
        "soracrawl_last_kept_timestamp_seconds",
        &[],
        "Time of the newest page",
    ),
    gauge(
        "soracrawl_oldest_look_seconds",
        &[],
        "Time since the oldest last look at what is refreshed, when refreshes were last planned",
    ),
    gauge(
        "soracrawl_expected_unseen_items",
        &[],
        "Items that were then expected to be unseen",
    ),
    gauge(
        "soracrawl_halving_usd",
        &[],
        "Dollars that would then have halved them",
    ),
    gauge(
        "soracrawl_overdue_refreshes",
        &[],
        "What was then unseen for longer than refresh.max_days, and not about to be bought",
    ),
    gauge("soracrawl_archive_bytes", &[], "Size of the archive's file"),
    gauge(
        "soracrawl_wal_bytes",
        &[],
        "Size of the archive's write-ahead log",
    ),
    gauge(
        "soracrawl_changed_paths",
        &["mark"],
        "Paths of replies that changed in the last week: new, vanished, retyped",
    ),
    Metric {
        name: "soracrawl_call_duration_seconds",
        kind: MetricType::Histogram,
        labels: &[],
        help: "Seconds from sending a call to its whole answer, since the start of the process",
    },
    gauge("soracrawl_build_info", &["version", "schema"], "1"),
];
