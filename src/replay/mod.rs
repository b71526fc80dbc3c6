//! An archive served as the API: the stored bytes of its replies, by endpoint, subject and cursor.
//!
//! 1. `handle` checks the name in the Host header and the key, and reads the parameters.
//! 2. `find` looks for the call that got the answer: first among the pages of one pass of the subject's job (`chain`), then among
//!    those that were imported (`imported`), then among the calls by hand.
//! 3. `answer` sends the stored bytes. If there are none, `instead` says what is there.

mod answer;
mod app;
mod chain;
mod find;
mod handle;
mod imported;
mod instead;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::connections;

pub use app::{App, Options};

/// Connections at the same time: more than a crawl opens.
const CONNECTIONS: usize = 256;
/// Time for answers in flight to be sent after the end was asked for.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until `stopping` ends. Returns the sum of the listed prices of what was answered, in micro-dollars.
///
/// # Errors
/// Returns an error if the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<i64> {
    let app = Arc::new(app);
    let router = Router::new()
        .fallback(handle::handle)
        .with_state(app.clone());
    let stop = watch::Sender::new(false);
    let mut stopped = stop.subscribe();
    let stopped = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    tokio::select! {
        served = connections::serve(listener, CONNECTIONS, router, stopped) => served?,
        () = async {
            stopping.await;
            stop.send_replace(true);
            tokio::time::sleep(GRACE).await;
        } => {}
    }
    Ok(app.billed())
}
