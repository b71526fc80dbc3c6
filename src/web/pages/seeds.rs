//! The seeds, oldest first, a page at a time, with the buttons that steer them.

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};

use super::{page, time};
use crate::model::{MicroUsd, PauseScope};
use crate::report::status::Status;
use crate::store::read::{self, SeedLine};
use crate::web::{Shared, failed};

/// Seeds on a page.
const LIMIT: u32 = 100;

/// The place in the list.
#[derive(serde::Deserialize)]
pub(in crate::web) struct Fields {
    /// The id after which the page begins.
    #[serde(default)]
    after: String,
}

pub(in crate::web) async fn show(
    State(app): State<Shared>,
    Query(fields): Query<Fields>,
) -> Response {
    let status = match app.status().await {
        Ok(status) => status,
        Err(why) => return failed(&why),
    };
    let after = fields.after.parse().unwrap_or(0);
    // One more shows whether another page follows.
    let mut seeds = match read::seed_lines(&app.readers, after, LIMIT + 1).await {
        Ok(seeds) => seeds,
        Err(why) => return failed(&why.to_string()),
    };
    let has_more = seeds.len() > LIMIT as usize;
    seeds.truncate(LIMIT as usize);
    let next = seeds.last().filter(|_| has_more).map(|last| last.id);
    let can_steer = app.options.control;
    let content = html! {
        h2 { "Seeds, oldest first" }
        @if seeds.is_empty() {
            p.soft { @if after > 0 { "No later seed." } @else { "No seed yet. Add seeds with soracrawl seed." } }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th.n { "seed" } th { "kind" } th { "subject" } th { "added" } th.n { "charged" } th { "state" }
                        @if can_steer { th { "change" } }
                    } }
                    tbody {
                        @for seed in &seeds {
                            @let since = paused_since(&status, seed);
                            tr id=(format!("seed-{}", seed.id)) {
                                td.n { (seed.id) }
                                td { (seed.kind) }
                                td.text { (seed.subject) }
                                td { (time(seed.added_at)) }
                                td.n { (MicroUsd(seed.charged_micro_usd)) }
                                td { @if let Some(since) = since { "paused since " (time(since)) } @else { "active" } }
                                @if can_steer { td.act { (buttons(seed, since.is_some(), after)) } }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(next) = next { p { a href=(format!("/seeds?after={next}")) { "Later seeds" } } }
        @if after > 0 { p { a href="/seeds" { "First seeds" } } }
    };
    page("/seeds", &status.condition, content)
}

fn paused_since(status: &Status, seed: &SeedLine) -> Option<f64> {
    let mut pauses = status.pauses.iter();
    pauses
        .find(|(scope, _)| **scope == PauseScope::Seed(seed.id))
        .map(|(_, since)| since)
}

/// Builds the buttons of a seed. `after` leads back to this page of the list.
fn buttons(seed: &SeedLine, is_paused: bool, after: i64) -> Markup {
    let id = seed.id;
    html! {
        form method="post" action="/control" {
            input type="hidden" name="scope" value="seed";
            input type="hidden" name="name" value=(id);
            input type="hidden" name="after" value=(after);
            @if is_paused {
                button name="command" value="resume" aria-label=(format!("Resume seed {id}")) { "Resume" }
            } @else {
                button name="command" value="pause" aria-label=(format!("Pause seed {id}")) { "Pause" }
            }
            details {
                summary aria-label=(format!("Remove seed {id}: what it means")) { "Remove" }
                p.soft { "Its open jobs are cancelled. What is archived stays." }
                button name="command" value="remove" { "Remove seed " (id) }
            }
        }
    }
}
