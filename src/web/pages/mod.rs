//! The pages. Texts of the remote are escaped by the templates, and never become markup.

pub(super) mod coverage;
pub(super) mod home;
pub(super) mod job;
pub(super) mod jobs;
pub(super) mod seeds;
pub(super) mod spend;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::clock::minute;
use crate::report::condition::Condition;
pub(super) use crate::report::words::thousands;

const PLACES: [(&str, &str); 5] = [
    ("/", "Now"),
    ("/jobs", "Jobs"),
    ("/seeds", "Seeds"),
    ("/spend", "Money"),
    ("/coverage", "Coverage"),
];

/// Builds a page with the sentence above its content.
pub(super) fn page(here: &str, condition: &Condition, content: Markup) -> Response {
    let state = condition.state.as_str();
    let main = html! {
        h1 id="sentence" data-state=(state) { (condition.sentence) }
        p.skip id="spoken" role="status" { (state) }
        (content)
    };
    // Only these follow the daemon: by the script, or without scripts by loading them again.
    let head = html! {
        noscript { meta http-equiv="refresh" content="10"; }
        script src="/live.js" defer {}
    };
    html_response(StatusCode::OK, document(state, here, head, main))
}

fn document(title: &str, here: &str, head: Markup, main: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · soracrawl" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="data:,";
                (head)
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                nav aria-label="Pages" {
                    strong { "soracrawl" }
                    @for (path, name) in PLACES {
                        a href=(path) aria-current=[(path == here).then_some("page")] { (name) }
                    }
                }
                main id="main" { (main) }
            }
        }
    }
}

fn html_response(status: StatusCode, markup: Markup) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, markup.into_string()).into_response()
}

/// Builds the page of something that does not exist.
pub(super) fn missing(what: &str) -> Response {
    let main = html! {
        h1 { (what) }
        p { a href="/" { "Back to what the daemon does now" } }
    };
    html_response(
        StatusCode::NOT_FOUND,
        document("Not found", "", html! {}, main),
    )
}

/// Builds the page of a request that changed nothing, with the reason and a way back.
pub(super) fn refused(why: &str, back: &str) -> Response {
    let main = html! {
        h1 data-state="stopped" { "Nothing was changed" }
        p { (why) }
        p { a href=(back) { "Back" } }
    };
    html_response(
        StatusCode::CONFLICT,
        document("Refused", "", html! {}, main),
    )
}

/// Formats a time in Unix seconds.
pub(super) fn time(seconds: f64) -> String {
    minute(seconds)
}
