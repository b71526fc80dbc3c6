//! Tells open pages that something changed. The stream ends when the daemon stops, so that it does not keep it alive.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;

use super::Shared;

/// How often pages may be told.
const TICK: Duration = Duration::from_secs(2);

pub(super) async fn stream(
    State(app): State<Shared>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = unfold((app, 0_u64), |(app, number)| async move {
        let mut stopping = app.stopping.clone();
        if *stopping.borrow_and_update() {
            return None;
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return None,
        }
        let event = Event::default().data(number.to_string());
        Some((Ok(event), (app, number + 1)))
    });
    Sse::new(events)
}
