//! An archive served as the API: the stored bytes of its replies, by endpoint, subject and cursor.
//!
//! 1. `handle` checks the name in the Host header and the key, and reads the parameters.
//! 2. `find` looks for the call that got the answer: first among the pages of one pass of the subject's job (`chain`), then among the
//!    calls by hand (`by_hand`).
//! 3. `answer` sends the stored bytes, or says what is there instead.

mod answer;
mod app;
mod by_hand;
mod chain;
mod find;
mod handle;

use axum::Router;
use tokio::net::TcpListener;

pub use app::{App, Options};

/// Serves until `stopping` ends. Returns the sum of the listed prices of what was answered, in micro-dollars.
///
/// # Errors
/// Returns an error if the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<i64> {
    let app = std::sync::Arc::new(app);
    let router = Router::new()
        .fallback(handle::handle)
        .with_state(app.clone());
    axum::serve(listener, router)
        .with_graceful_shutdown(stopping)
        .await?;
    Ok(app.billed())
}
