//! What the daemon does now: budgets, endpoints, what keeps calls back, the latest errors, and the last hours.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::{page, thousands, time};
use crate::model::{Budget, MicroUsd, PauseScope};
use crate::report::stale;
use crate::report::status::Status;
use crate::report::words::{about, span};
use crate::store::read;
use crate::web::chart::{HOURS, chart};
use crate::web::{App, Shared, failed};

pub(in crate::web) async fn show(State(app): State<Shared>) -> Response {
    let status = match app.status().await {
        Ok(status) => status,
        Err(why) => return failed(&why),
    };
    let now = app.clock.now();
    let since = hour(now) - (HOURS - 1) * 3_600;
    let hours = match read::hours(&app.readers, since).await {
        Ok(hours) => hours,
        Err(why) => return failed(&why.to_string()),
    };
    let content = html! {
        (sections(&app, &status, now))
        h2 { "Pages and dollars per hour" }
        (chart(&hours, hour(now)))
    };
    page("/", &status.condition, content)
}

/// Returns everything that the page shows now, except for the chart: that changes with the calls and with the hour.
pub(in crate::web) fn shown(app: &App, status: &Status) -> String {
    let now = app.clock.now();
    let sections = sections(app, status, now).into_string();
    format!("{} {} {sections}", status.condition.sentence, hour(now))
}

/// Returns the beginning of the hour of a time. Both are in Unix seconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole hours of a clock fit"
)]
fn hour(time: f64) -> i64 {
    time as i64 / 3_600 * 3_600
}

/// Formats a time of the past by what is left of it: a page on which nothing else happens changes once a minute.
fn ago(seconds: f64) -> String {
    match seconds {
        _ if seconds < 90.0 => "less than 2 min ago".to_owned(),
        _ => format!("{} ago", about(seconds)),
    }
}

fn sections(app: &App, status: &Status, now: f64) -> Markup {
    html! {
        @if app.options.control { (buttons(status)) }
        h2 { "Money" }
        (money(status, &(app.budget)()))
        h2 { "Now" }
        (facts(status, now))
        h2 { "Endpoints" }
        (endpoints(status))
        h2 { "Latest errors" }
        (errors(status, now))
    }
}

fn buttons(status: &Status) -> Markup {
    html! {
        form method="post" action="/control" {
            input type="hidden" name="scope" value="all";
            @if status.pauses.all_since().is_none() {
                button name="command" value="pause" { "Pause all calls" }
            }
            @if !status.pauses.is_empty() {
                button name="command" value="resume" { "Resume everything" }
            }
            button name="command" value="reload" { "Read the configuration again" }
        }
        form method="post" action="/control" {
            input type="hidden" name="scope" value="endpoint";
            label { "Endpoint"
                select name="name" {
                    @for name in status.endpoints.keys() { option { (name) } }
                }
            }
            button name="command" value="pause" { "Pause it" }
            button name="command" value="resume" { "Resume it" }
        }
    }
}

fn money(status: &Status, budget: &Budget) -> Markup {
    let charged = &status.charged;
    let scopes = [
        ("This run", "run", charged.run, budget.run),
        ("Today (UTC)", "day", charged.day, budget.day),
        ("In all", "total", charged.total, budget.total),
        (
            "Refreshes today",
            "refresh",
            charged.refresh,
            budget.refresh,
        ),
    ];
    html! {
        div.scroll {
            table {
                thead { tr { th { "scope" } th.n { "charged" } th.n { "budget" } th.n { "left" } } }
                tbody {
                    @for (name, id, charged, limit) in scopes {
                        tr {
                            td { (name) }
                            td.n id=(format!("charged-{id}")) { (charged) }
                            td.n { (limit.map_or("no limit".to_owned(), |limit| limit.to_string())) }
                            td.n id=(format!("left-{id}")) {
                                (limit.map_or(String::new(), |limit| MicroUsd((limit.0 - charged.0).max(0)).to_string()))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn facts(status: &Status, now: f64) -> Markup {
    html! {
        dl {
            dt { "Rate" }
            dd id="rate" {
                (format!("{:.1} pages/s, {:.0} rows/s in the last minute with pages", status.pages_per_second, status.rows_per_second))
            }
            dt { "Latest page" }
            dd id="kept" { (status.last_kept_at.map_or("none yet".to_owned(), |at| ago(now - at))) }
            dt { "Open jobs" }
            dd id="open" { (thousands(status.open_jobs())) }
            dt { "Next attempt" }
            dd id="due" {
                (status.next_due.filter(|due| *due > now).map_or("none waits".to_owned(), |due| format!("in {}", span(due - now))))
            }
            @if let Some(stale) = &status.stale {
                dt { "Staleness" }
                dd id="stale" { (stale::in_words(stale)) " (" (time(stale.at)) ")" }
            }
            @if let Some(run) = &status.run {
                dt { "Run" }
                dd { (run.id) ", since " (time(run.started_at)) }
            }
            @if let Some(drift) = status.drift() {
                dt { "Drift" }
                dd id="drift" { (drift) }
            }
            dt { "Write-ahead log" }
            dd id="log" { (format!("{} MB", status.log_bytes.div_ceil(1_000_000))) }
            @for (scope, since) in status.pauses.iter() {
                dt { "Paused" }
                dd {
                    @match scope {
                        PauseScope::All => "all calls",
                        PauseScope::Endpoint(name) => (name),
                        PauseScope::Seed(id) => { "seed " (id) },
                    }
                    " since " (time(since))
                }
            }
            @for cooling in &status.cooling {
                dt { "Cooldown" }
                dd {
                    @if cooling.endpoint.is_empty() { "all endpoints" } @else { (cooling.endpoint) }
                    " (" (cooling.cause) "), next call in " (span((cooling.until - now).max(0.0))) ": " (cooling.why)
                }
            }
        }
    }
}

fn endpoints(status: &Status) -> Markup {
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th { "endpoint" }
                        @for head in ["ready", "leased", "waiting", "done", "stopped", "failed", "pages", "throttled", "rows", "charged"] {
                            th.n { (head) }
                        }
                    }
                }
                tbody {
                    @for (name, of) in &status.endpoints {
                        @let counts = [
                            ("ready", of.ready), ("leased", of.leased), ("waiting", of.waiting), ("done", of.done),
                            ("stopped", of.stopped), ("failed", of.failed),
                        ];
                        tr {
                            th scope="row" { a href=(format!("/jobs?endpoint={name}")) { (name) } }
                            @for (state, count) in counts {
                                td.n id=(format!("{name}-{state}")) { (thousands(count)) }
                            }
                            td.n id=(format!("{name}-pages")) { (thousands(of.kept)) }
                            td.n id=(format!("{name}-throttled")) { (thousands(of.throttled)) }
                            td.n id=(format!("{name}-rows")) { (thousands(of.rows)) }
                            td.n id=(format!("{name}-charged")) { (MicroUsd(of.cost_micro_usd)) }
                        }
                    }
                }
            }
        }
        @let jobs = status.sum(|of| of.ready + of.leased + of.waiting + of.done + of.stopped + of.failed);
        @if jobs == 0 { p.soft { "No job yet. Add seeds with soracrawl seed." } }
    }
}

fn errors(status: &Status, now: f64) -> Markup {
    html! {
        @if status.last_errors.is_empty() { p.soft { "None among the newest calls." } }
        @else {
            div.scroll {
                table {
                    thead { tr { th { "when" } th { "endpoint" } th { "error" } } }
                    tbody {
                        @for error in &status.last_errors {
                            tr { td { (ago(now - error.at)) } td { (error.endpoint) } td.text { (error.error) } }
                        }
                    }
                }
            }
        }
    }
}
