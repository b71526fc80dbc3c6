//! One job with its calls.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;

use super::{missing, page, thousands, time};
use crate::model::MicroUsd;
use crate::store::read;
use crate::web::{Shared, failed};

/// Calls that are shown.
const CALLS: u32 = 200;

pub(in crate::web) async fn show(State(app): State<Shared>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<i64>() else {
        return missing("A job has a number");
    };
    let status = match app.status().await {
        Ok(status) => status,
        Err(why) => return failed(&why),
    };
    let (job, calls) = match read::job_with_calls(&app.readers, id, CALLS).await {
        Ok(Some(found)) => found,
        Ok(None) => return missing("There is no such job"),
        Err(why) => return failed(&why.to_string()),
    };
    let is_open = ["ready", "waiting", "leased"].contains(&job.state.as_str());
    let content = html! {
        h2 { "Job " (job.id) }
        dl {
            dt { "Endpoint" } dd { (job.endpoint) }
            @if !job.subject.is_empty() { dt { "Subject" } dd { (job.subject) } }
            dt { "State" } dd { (job.state) @if let Some(reason) = &job.stop_reason { ", " (reason) } }
            @if let Some(why) = job.note.as_deref().or(job.last_error.as_deref()) { dt { "Why" } dd { (why) } }
            dt { "Pages" } dd { (thousands(job.pages)) " with " (thousands(job.items)) " items" }
            dt { "Depth" } dd { (job.depth) }
            dt { "Failed attempts" } dd { (job.attempts) }
            @if let Some(due) = job.ready_at { dt { "Next attempt" } dd { (time(due)) } }
        }
        @if app.options.control && is_open {
            form method="post" action="/control" {
                input type="hidden" name="id" value=(job.id);
                button name="command" value="cancel" { "Cancel this job" }
            }
        }
        h2 { "Calls, newest first" }
        @if calls.is_empty() { p.soft { "None yet." } }
        @else {
            div.scroll {
                table {
                    thead { tr {
                        th.n { "call" } th { "sent" } th { "outcome" } th.n { "HTTP" } th.n { "items" }
                        th.n { "charged" } th { "cursor" } th { "error" }
                    } }
                    tbody {
                        @for call in &calls {
                            tr {
                                td.n { (call.id) }
                                td { (time(call.opened_at)) }
                                td { (call.outcome) @if call.kept { ", kept" } }
                                td.n { (call.http_status.map_or(String::new(), |status| status.to_string())) }
                                td.n { (call.items.map_or(String::new(), thousands)) }
                                td.n { (MicroUsd(call.cost_micro_usd)) }
                                td.text { (call.cursor.as_deref().unwrap_or("")) }
                                td.text { (call.error.as_deref().unwrap_or("")) }
                            }
                        }
                    }
                }
            }
        }
    };
    page("/jobs", &status.condition, content)
}
