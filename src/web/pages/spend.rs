//! What was charged: by endpoint, by day, and by seed.

use axum::extract::State;
use axum::response::Response;
use maud::html;

use super::{page, thousands};
use crate::model::MicroUsd;
use crate::store::read;
use crate::web::{Shared, failed};

const DAYS: u32 = 60;
const SEEDS: u32 = 100;

pub(in crate::web) async fn show(State(app): State<Shared>) -> Response {
    let status = match app.status().await {
        Ok(status) => status,
        Err(why) => return failed(&why),
    };
    let (days, seeds) = match read::spend(&app.readers, DAYS, SEEDS).await {
        Ok(spend) => spend,
        Err(why) => return failed(&why.to_string()),
    };
    let content = html! {
        h2 { "By endpoint" }
        div.scroll { table {
            thead { tr { th { "endpoint" } th.n { "pages" } th.n { "rows" } th.n { "charged" } } }
            tbody {
                @for (name, of) in &status.endpoints {
                    tr {
                        td { (name) } td.n { (thousands(of.kept)) } td.n { (thousands(of.rows)) }
                        td.n { (MicroUsd(of.cost_micro_usd)) }
                    }
                }
            }
        } }
        h2 { "By day (UTC)" }
        div.scroll { table {
            thead { tr { th { "day" } th.n { "charged" } } }
            tbody { @for line in &days { tr { td { (line.name) } td.n { (MicroUsd(line.micro_usd)) } } } }
        } }
        h2 { "The most expensive seeds" }
        div.scroll { table {
            thead { tr { th { "seed" } th { "kind" } th { "subject" } th.n { "charged" } } }
            tbody {
                @for line in &seeds {
                    tr {
                        td { (line.name) } td { (line.kind.as_deref().unwrap_or("")) }
                        td.text { (line.subject.as_deref().unwrap_or("")) } td.n { (MicroUsd(line.micro_usd)) }
                    }
                }
            }
        } }
    };
    page("/spend", &status.condition, content)
}
