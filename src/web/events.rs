//! Tells open pages that something changed. The stream ends when the daemon stops, so that it does not keep it alive.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;

use super::Shared;

/// How often pages may be told.
const TICK: Duration = Duration::from_secs(2);
/// How long a stream may be silent: a comment shows that it is alive.
const SILENCE: Duration = Duration::from_secs(15);

/// Sends an event when the pages show something else than at the event before. The first one tells a page that was loaded
/// before the stream was opened.
pub(super) async fn stream(
    State(app): State<Shared>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = unfold((app, None), |(app, told)| async move {
        let mut stopping = app.stopping.clone();
        loop {
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            }
            let shown = app.fingerprint().await;
            if told != Some(shown) {
                let event = Event::default().data(format!("{shown:016x}"));
                return Some((Ok(event), (app, Some(shown))));
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(SILENCE))
}
