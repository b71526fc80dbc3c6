//! How much of what the remote counts is archived.

use axum::extract::State;
use axum::response::Response;
use maud::html;

use super::{page, thousands};
use crate::web::{Shared, failed};

pub(in crate::web) async fn show(State(app): State<Shared>) -> Response {
    let status = match app.status().await {
        Ok(status) => status,
        Err(why) => return failed(&why),
    };
    let known = match app.known().await {
        Ok(known) => known,
        Err(why) => return failed(&why),
    };
    let content = html! {
        h2 { "Archived, of what the remote counts" }
        @if known.is_empty() { p.soft { "No reply has counted anything yet." } }
        @else {
            div.scroll { table {
                thead { tr { th { "kind of list" } th.n { "archived" } th.n { "known to exist" } th.n { "share" } } }
                tbody {
                    @for of in &known {
                        tr {
                            td { (of.kind) } td.n { (thousands(of.collected)) } td.n { (thousands(of.known)) }
                            td.n { @if of.known > 0 { (of.collected * 100 / of.known) " %" } }
                        }
                    }
                }
            } }
            p.soft { "At most a minute old. The view completeness has each list and the reason." }
        }
        h2 { "Ended jobs" }
        @if status.stops.is_empty() { p.soft { "None yet." } }
        @else {
            div.scroll { table {
                thead { tr { th { "reason" } th.n { "jobs" } } }
                tbody {
                    @for (reason, jobs) in &status.stops {
                        tr { td { a href=(format!("/jobs?reason={reason}")) { (reason) } } td.n { (thousands(*jobs)) } }
                    }
                }
            } }
        }
    };
    page("/coverage", &status.condition, content)
}
