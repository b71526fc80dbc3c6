//! Jobs, filtered by endpoint, state and reason, a page at a time.

use axum::extract::{Query, State};
use axum::response::Response;
use maud::html;

use super::{page, thousands};
use crate::model::StopReason;
use crate::store::read::{self, FoundJobs, JobFilter};
use crate::web::{Shared, failed};

/// Jobs on a page.
const LIMIT: u32 = 100;
const STATES: [&str; 6] = ["ready", "leased", "waiting", "done", "stopped", "failed"];

/// The filter in the address. An empty field means all.
#[derive(serde::Deserialize)]
pub(in crate::web) struct Fields {
    #[serde(default)]
    endpoint: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    before: String,
}

pub(in crate::web) async fn show(
    State(app): State<Shared>,
    Query(fields): Query<Fields>,
) -> Response {
    let status = match app.status().await {
        Ok(status) => status,
        Err(why) => return failed(&why),
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = JobFilter {
        state: some(&fields.state),
        endpoint: some(&fields.endpoint),
        reason: some(&fields.reason),
        before: fields.before.parse().ok(),
    };
    let FoundJobs { jobs, reached } = match read::newest_jobs(&app.readers, &filter, LIMIT).await {
        Ok(found) => found,
        Err(why) => return failed(&why.to_string()),
    };
    let before = |id: i64| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("endpoint", &fields.endpoint)
            .append_pair("state", &fields.state)
            .append_pair("reason", &fields.reason)
            .append_pair("before", &id.to_string())
            .finish();
        format!("/jobs?{query}")
    };
    let is_full = jobs.len() == LIMIT as usize;
    let next = jobs.last().filter(|_| is_full).map(|last| before(last.id));
    // The search ended before it had read every job.
    let unread = reached.filter(|_| !is_full);
    let content = html! {
        h2 { "Jobs, newest first" }
        form method="get" action="/jobs" {
            label { "Endpoint"
                select name="endpoint" {
                    option value="" { "all" }
                    @for name in status.endpoints.keys() {
                        option selected[*name == fields.endpoint] { (name) }
                    }
                }
            }
            label { "State"
                select name="state" {
                    option value="" { "all" }
                    @for name in STATES { option selected[name == fields.state] { (name) } }
                }
            }
            label { "Reason"
                select name="reason" {
                    option value="" { "all" }
                    @for name in StopReason::ALL.map(StopReason::as_str) {
                        option selected[name == fields.reason] { (name) }
                    }
                }
            }
            button { "Show" }
        }
        @if jobs.is_empty() {
            p.soft { @if unread.is_some() { "No such job among the newest ones." } @else { "No such job." } }
        }
        @else {
            div.scroll {
                table {
                    thead { tr {
                        th.n { "job" } th { "endpoint" } th { "subject" } th { "state" } th { "reason" }
                        th.n { "pages" } th.n { "items" } th { "why" }
                    } }
                    tbody {
                        @for job in &jobs {
                            tr {
                                td.n { a href=(format!("/jobs/{}", job.id)) { (job.id) } }
                                td { (job.endpoint) }
                                td.text { (job.subject) }
                                td { (job.state) }
                                td { (job.stop_reason.as_deref().unwrap_or("")) }
                                td.n { (thousands(job.pages)) }
                                td.n { (thousands(job.items)) }
                                td.text { (job.note.as_deref().or(job.last_error.as_deref()).unwrap_or("")) }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(next) = next { p { a href=(next) { "Older jobs" } } }
        @if let Some(reached) = unread {
            p { "Older jobs than " (reached) " were not searched. " a href=(before(reached)) { "Search older jobs" } }
        }
    };
    page("/jobs", &status.condition, content)
}
