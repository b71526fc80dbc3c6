//! Compares the dashboard, the alert rules and the documents with the metrics and the alerts of the program.

use std::collections::{BTreeMap, BTreeSet};

use soracrawl::config::ALERTS;
use soracrawl::web::{METRICS, Metric};

use crate::yaml::{at, facts};
use crate::{documents, file};

const DASHBOARD: &str = "grafana/soracrawl.json";
const RULES: &str = "grafana/alerts.yml";
const DOCUMENT: &str = "docs/metrics.md";
const RUNBOOK: &str = "docs/runbook.md";

/// Labels that Prometheus adds.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

/// Returns the type of a metric as the format writes it.
fn kind(metric: &Metric) -> &str {
    metric.kind.as_str()
}

/// Returns the name of a metric in the documents: that of its series, or of its family.
fn documented_name(metric: &Metric) -> String {
    match kind(metric) {
        "counter" => format!("{}_total", metric.name),
        _ => metric.name.to_owned(),
    }
}

/// Returns the name of every series with its labels, without those of Prometheus.
fn series() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut series = BTreeMap::new();
    for metric in METRICS {
        let labels: BTreeSet<&str> = metric.labels.iter().copied().collect();
        if kind(metric) == "histogram" {
            for suffix in ["sum", "count"] {
                series.insert(format!("{}_{suffix}", metric.name), labels.clone());
            }
            let buckets = labels.into_iter().chain(["le"]).collect();
            series.insert(format!("{}_bucket", metric.name), buckets);
        } else {
            series.insert(documented_name(metric), labels);
        }
    }
    series
}

/// Returns each series that a text names, with the labels in the braces behind it.
fn used(text: &str) -> Vec<(&str, Vec<&str>)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut used = Vec::new();
    for (start, _) in text.match_indices("soracrawl_") {
        if text[..start].ends_with(is_part) {
            continue;
        }
        let rest = &text[start..];
        let end = rest
            .find(|letter: char| !is_part(letter))
            .unwrap_or(rest.len());
        let matchers = rest[end..]
            .strip_prefix('{')
            .and_then(|rest| Some(rest.split_once('}')?.0));
        let labels = matchers.into_iter().flat_map(|matchers| {
            let parts = matchers.split("\",");
            parts.filter_map(|part| Some(part.trim().split_once(['=', '!'])?.0))
        });
        used.push((&rest[..end], labels.collect()));
    }
    used
}

/// Returns the labels that a query groups by or matches on.
fn grouped(query: &str) -> Vec<&str> {
    let lists = ["by (", "on ("].map(|word| query.split(word).skip(1));
    let lists = lists.into_iter().flatten();
    lists
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .flat_map(|list| list.split(", "))
        .collect()
}

/// Returns the labels that a text shows, written `{{label}}` or `{{ $labels.label }}`.
fn shown(text: &str) -> Vec<&str> {
    let parts = text.split("{{").skip(1);
    parts
        .filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
        .filter(|name| !name.starts_with("$value"))
        .map(|name| name.trim_start_matches("$labels."))
        .collect()
}

/// Returns what is wrong with a query and the texts that show its labels.
fn faults(query: &str, texts: &[&str]) -> Vec<String> {
    let series = series();
    let mut faults = Vec::new();
    let mut known: BTreeSet<&str> = OF_PROMETHEUS.into();
    for (name, labels) in used(query) {
        let Some(of_series) = series.get(name) else {
            faults.push(format!("there is no series {name}: {query}"));
            continue;
        };
        let is_known = |label: &&str| of_series.contains(label) || OF_PROMETHEUS.contains(label);
        let unknown = labels.iter().filter(|label| !is_known(label));
        faults.extend(unknown.map(|label| format!("{name} has no label {label}: {query}")));
        known.extend(of_series);
    }
    let mut others = grouped(query);
    others.extend(texts.iter().flat_map(|text| shown(text)));
    others.retain(|label| !known.contains(label));
    faults.extend(
        others
            .iter()
            .map(|label| format!("no label {label}: {query}")),
    );
    if used(query).is_empty() {
        faults.push(format!("no metric: {query}"));
    }
    faults
}

/// Returns every query of the dashboard with its legend.
fn queries() -> Vec<(String, String)> {
    let dashboard: serde_json::Value = serde_json::from_str(&file(DASHBOARD)).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    targets
        .map(|target| (text(&target["expr"]), text(&target["legendFormat"])))
        .collect()
}

#[test]
fn every_query_of_the_dashboard_and_of_the_rules_uses_series_that_exist() {
    let mut found = Vec::new();
    let queries = queries();
    for (query, legend) in &queries {
        found.extend(faults(query, &[legend.as_str()]));
    }
    let rules = facts(&file(RULES));
    let of_rules = at(&rules, "groups.rules.expr");
    let summaries = at(&rules, "groups.rules.annotations.summary");
    assert_eq!(of_rules.len(), summaries.len());
    for (query, summary) in of_rules.iter().zip(summaries) {
        found.extend(faults(query, &[summary]));
    }
    assert_eq!(found, [""; 0]);
    assert!(queries.len() >= 15 && of_rules.len() >= 6);
}

#[test]
fn the_dashboard_shows_every_metric() {
    let text: String = queries()
        .into_iter()
        .map(|(query, _)| query + "\n")
        .collect();
    let shown: BTreeSet<&str> = used(&text).into_iter().map(|(name, _)| name).collect();
    let series = series();
    let missing: Vec<&String> = series
        .keys()
        .filter(|name| !shown.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_dashboard_asks_the_data_source_that_its_reader_selects() {
    let text = file(DASHBOARD);
    let dashboard: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let variable = &dashboard["templating"]["list"][0];
    assert_eq!(variable["type"], "datasource");
    assert_eq!(variable["name"], "datasource");
    // The data source of compose.yaml.
    let provisioned = facts(&file(
        "contrib/grafana-provisioning/datasources/prometheus.yml",
    ));
    assert_eq!(
        at(&provisioned, "datasources.uid"),
        [variable["current"]["value"].as_str().expect("text")]
    );
    let uids = text.matches("\"uid\": \"${datasource}\"").count();
    assert_eq!(text.matches("\"type\": \"prometheus\"").count(), uids);
}

#[test]
fn the_document_describes_every_metric_as_it_is() {
    let text = file(DOCUMENT);
    let rows: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("| `soracrawl_"))
        .map(|line| line.split('|').take(4).collect::<Vec<_>>().join("|") + "|")
        .collect();
    let expected = METRICS.iter().map(|metric| {
        let labels: Vec<String> = metric.labels.iter().map(|it| format!("`{it}`")).collect();
        let labels = match labels.is_empty() {
            true => "–".to_owned(),
            false => labels.join(", "),
        };
        format!(
            "| `{}` | {} | {labels} |",
            documented_name(metric),
            kind(metric)
        )
    });
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

#[test]
fn every_query_of_the_documents_uses_series_that_exist() {
    let names: BTreeSet<String> = METRICS.iter().map(documented_name).collect();
    let mut count = 0;
    for (document, text) in documents() {
        for quoted in text.split('`').skip(1).step_by(2) {
            if !names.contains(quoted) && !used(quoted).is_empty() && !quoted.contains('\n') {
                assert_eq!(faults(quoted, &[]), [""; 0], "{document}");
                count += 1;
            }
        }
    }
    assert!(count >= 5, "only {count} queries were found");
}

#[test]
fn the_runbook_has_an_entry_for_every_alert_and_no_other() {
    let rules = facts(&file(RULES));
    let mut alerts = ALERTS.to_vec();
    alerts.extend(at(&rules, "groups.rules.alert"));
    let runbook = file(RUNBOOK);
    let entries: Vec<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert_eq!(entries, alerts);
}

#[test]
fn a_query_with_a_wrong_name_or_label_is_found() {
    let wrong = [
        "sum(soracrawl_calls)",
        "soracrawl_call_duration_seconds",
        "soracrawl_jobs{status=\"ready\"}",
        "soracrawl_jobs{state=\"a, b\", status!=\"ready\"}",
        "sum by (outcome) (soracrawl_spent_usd_total)",
        "up == 0",
    ];
    for query in wrong {
        assert_eq!(faults(query, &[]).len(), 1, "{query}");
    }
    let right = "sum by (state, job) (soracrawl_jobs{state=~\"a|b\", endpoint!=\"x, y\"}) > 0";
    assert_eq!(
        faults(right, &["{{state}} {{ $labels.instance }}"]),
        [""; 0]
    );
    assert_eq!(faults(right, &["{{outcome}}"]).len(), 1);
}
