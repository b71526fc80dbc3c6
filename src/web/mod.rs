//! Pages, metrics and health over HTTP. The pages show; they act only through the table `controls`.
//!
//! Every request passes `guard` first: the name in the Host header, then where the request comes from, then the token.

mod asset;
mod cache;
mod chart;
mod control;
mod events;
mod guard;
mod metric;
mod metrics;
mod pages;
mod token;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sqlx::SqlitePool;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::connections;
use crate::model::{Budget, Request};
use crate::report::status::Status;

pub use cache::Answers;
pub use metric::{METRICS, Metric};
pub use token::token;

/// Connections at the same time. Browsers open about six to a host.
const CONNECTIONS: usize = 64;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;

/// What the pages ask of the daemon.
pub struct App {
    pub readers: SqlitePool,
    /// Reads the status, as `soracrawl status` does.
    pub read_status: Box<dyn Fn() -> Answer<Status> + Send + Sync>,
    pub answers: Answers,
    /// Stores a request of the operator, and waits a moment until it is carried out.
    pub ask: Box<dyn Fn(Request) -> Answer<Outcome> + Send + Sync>,
    /// The budgets now.
    pub budget: Box<dyn Fn() -> Budget + Send + Sync>,
    /// How long calls took.
    pub durations: Box<dyn Fn() -> Durations + Send + Sync>,
    pub clock: crate::clock::Clock,
    pub options: Options,
    /// Becomes true when the daemon stops.
    pub stopping: watch::Receiver<bool>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The daemon has done what was asked.
    Done,
    /// The daemon has changed nothing, for this reason.
    Refused(String),
    /// The daemon has not carried it out yet.
    Waiting,
}

/// The part of the configuration that the pages follow.
#[derive(Debug, Clone)]
pub struct Options {
    pub listen: SocketAddr,
    pub hosts: Vec<String>,
    pub control: bool,
    pub token: String,
    /// Number of the archive's schema.
    pub schema: i64,
}

/// How long calls took: for each upper bound in seconds the number of calls between the bound before and it, then their
/// sum and their number. Calls above the last bound are only in these.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    pub buckets: Vec<(f64, u64)>,
    pub sum_seconds: f64,
    pub count: u64,
}

pub(crate) type Shared = Arc<App>;

/// Serves until the daemon stops.
///
/// # Errors
/// Returns an error if the listener fails.
pub async fn serve(listener: TcpListener, app: App) -> std::io::Result<()> {
    let mut stopping = app.stopping.clone();
    let stopped = async move {
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    connections::serve(listener, CONNECTIONS, router(Arc::new(app)), stopped).await
}

fn router(app: Shared) -> Router {
    Router::new()
        .route("/", get(pages::home::show))
        .route("/jobs", get(pages::jobs::show))
        .route("/jobs/{id}", get(pages::job::show))
        .route("/seeds", get(pages::seeds::show))
        .route("/spend", get(pages::spend::show))
        .route("/coverage", get(pages::coverage::show))
        .route("/events", get(events::stream))
        .route("/control", post(control::press))
        .route("/login", get(guard::login))
        .route("/metrics", get(metrics::show))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/style.css", get(asset::style))
        .route("/live.js", get(asset::script))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found\n") })
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

fn text(status: StatusCode, body: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, kind, body).into_response()
}

fn failed(why: &str) -> Response {
    text(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("the archive cannot be read: {why}\n"),
    )
}

/// 200 while the daemon gives signs of life, also in an outage and after a spent budget: a restart would not help.
async fn healthz(State(app): State<Shared>) -> Response {
    match app.status().await {
        Err(why) => failed(&why),
        Ok(status) if status.condition.state.is_alive() => text(
            StatusCode::OK,
            format!("{}\n", status.condition.state.as_str()),
        ),
        Ok(status) => text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{}\n", status.condition.state.as_str()),
        ),
    }
}

/// 200 while the archive can be read and written, and the daemon is not stopping.
async fn readyz(State(app): State<Shared>) -> Response {
    if *app.stopping.borrow() {
        return text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    let status = match app.status().await {
        Ok(status) => status,
        Err(why) => return failed(&why),
    };
    let trouble = status
        .holder
        .as_ref()
        .and_then(|holder| holder.trouble.as_ref());
    if let Some(why) = trouble {
        return text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the archive cannot be written: {why}\n"),
        );
    }
    healthz(State(app)).await
}

#[cfg(test)]
mod tests;
