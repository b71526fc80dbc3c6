//! A server whose connections are bounded in number and in patience: any program on this machine can open them, each takes a file
//! descriptor, and none may keep others out by being slow.
//!
//! If all are taken, a new connection takes the place of the one that has waited longest for its client.

mod patience;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use patience::Patience;
use stream::Connection;

/// Time between two looks at connections that wait.
const LOOK: Duration = Duration::from_secs(1);

/// Serves until `stopping` ends, with `most` connections at the same time.
///
/// # Errors
/// Returns an error if the listener fails.
pub async fn serve(
    listener: TcpListener,
    most: usize,
    router: Router,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router
        .layer(from_fn(work))
        .into_make_service_with_connect_info::<Held>();
    axum::serve(Connections::new(listener, most), service)
        .with_graceful_shutdown(stopping)
        .await
}

/// A connection as its requests see it.
#[derive(Clone)]
struct Held(Arc<Patience>);

impl Connected<IncomingStream<'_, Connections>> for Held {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        Self(stream.io().patience.clone())
    }
}

/// Notes that the server works: meanwhile its client waits for it, and not the other way round.
async fn work(
    ConnectInfo(Held(patience)): ConnectInfo<Held>,
    request: Request,
    next: Next,
) -> Response {
    patience.begin_work();
    let response = next.run(request).await;
    patience.end_work(Instant::now());
    response
}

/// A listener that makes room for a connection when too many are open.
struct Connections {
    listener: TcpListener,
    free: Arc<Semaphore>,
    open: Vec<Arc<Patience>>,
}

impl Connections {
    fn new(listener: TcpListener, most: usize) -> Self {
        Self {
            listener,
            free: Arc::new(Semaphore::new(most)),
            open: Vec::new(),
        }
    }

    /// Closes connections whose client has taken too long.
    fn close_slow(&mut self, now: Instant) {
        self.open.retain(|it| Arc::strong_count(it) > 1);
        for patience in &self.open {
            if patience.is_over(now) {
                patience.close();
            }
        }
    }

    /// Closes the connection that has waited longest for its client, if all are taken.
    fn make_room(&mut self) {
        self.open.retain(|it| Arc::strong_count(it) > 1);
        if self.free.available_permits() > 0 {
            return;
        }
        let waiting = self
            .open
            .iter()
            .filter_map(|it| Some((it.rank()?, it)))
            .min_by_key(|(rank, _)| *rank);
        if let Some((_, longest)) = waiting {
            longest.close();
        }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        self.close_slow(Instant::now());
        let (stream, address) = loop {
            tokio::select! {
                accepted = Listener::accept(&mut self.listener) => break accepted,
                () = tokio::time::sleep(LOOK) => self.close_slow(Instant::now()),
            }
        };
        let permit = loop {
            self.make_room();
            tokio::select! {
                permit = self.free.clone().acquire_owned() => break permit.ok(),
                () = tokio::time::sleep(LOOK) => self.close_slow(Instant::now()),
            }
        };
        let patience = Arc::new(Patience::new(Instant::now()));
        self.open.push(patience.clone());
        (Connection::new(stream, patience, permit), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

#[cfg(test)]
mod tests;
