//! Takes connections away from the HTTP server, for faults that no HTTP server commits.
//!
//! A handler *arms* the connection with the bytes to send instead of its answer. The server's next write fails, and
//! the server drops the connection. A separate task then resets the socket (zero linger sends `RST`) or writes raw
//! bytes to it. So a reset precedes the first byte of the head, and a truncated body is really truncated. The client
//! sees an ordinary TCP connection throughout.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::sim::gzip;
use crate::sim::state::Shared;

const MEGABYTE: usize = 1_048_576;

/// Behaviour of a connection that replaces an HTTP answer.
#[derive(Debug)]
pub(in crate::sim) enum Wire {
    Reset,
    /// The head and half of this body.
    Truncated(Bytes),
    /// This body with 100 MB of padding in it.
    TooLarge(Bytes),
    GzipBomb,
    Endless,
    /// This body, one byte at a time.
    Drip(Bytes),
    /// This head and this part of a body, whatever the head announces; slowly: one byte at a time.
    Raw {
        head: String,
        body: Bytes,
        is_slow: bool,
    },
}

/// A handler's handle to its connection.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Hold(Arc<Held>);

#[derive(Debug, Default)]
struct Held {
    is_armed: AtomicBool,
    wire: Mutex<Option<Wire>>,
    /// Log number of the call that is being answered.
    answering: AtomicU64,
}

impl Hold {
    pub(in crate::sim) fn arm(&self, wire: Wire) {
        *self.0.wire.lock().unwrap_or_else(PoisonError::into_inner) = Some(wire);
        self.0.is_armed.store(true, Ordering::Release);
    }

    /// Records that the next bytes sent are the answer to call `n`.
    pub(in crate::sim) fn answering(&self, n: u64) {
        self.0.answering.store(n, Ordering::Release);
    }
}

/// Accepts connections that handlers can take away from the server.
pub(in crate::sim) struct Listener {
    pub(in crate::sim) tcp: TcpListener,
    pub(in crate::sim) shared: Arc<Shared>,
}

impl axum::serve::Listener for Listener {
    type Io = Io;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Io, SocketAddr) {
        loop {
            if let Ok((stream, address)) = self.tcp.accept().await {
                // Nagle's algorithm would delay small answers until the client acknowledges earlier bytes.
                let _ = stream.set_nodelay(true);
                let (shared, held) = (Arc::clone(&self.shared), Arc::default());
                return (
                    Io {
                        stream: Some(stream),
                        held,
                        has_written: false,
                        shared,
                    },
                    address,
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl Connected<IncomingStream<'_, Listener>> for Hold {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self(Arc::clone(&stream.io().held))
    }
}

/// A TCP connection that records when an answer has been sent.
pub(in crate::sim) struct Io {
    stream: Option<TcpStream>,
    held: Arc<Held>,
    has_written: bool,
    shared: Arc<Shared>,
}

impl Io {
    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        if self.held.is_armed.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.stream
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        self.stream()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        self.stream()?.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream()?.poll_flush(context))?;
        if std::mem::take(&mut self.has_written) {
            let n = self.held.answering.swap(0, Ordering::AcqRel);
            if n > 0 {
                self.shared.answered(n);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        let wire = self
            .held
            .wire
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let (Some(wire), Some(stream)) = (wire, self.stream.take()) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let shared = Arc::clone(&self.shared);
            runtime.spawn(async move {
                tokio::select! {
                    // The client may close the connection first, which is not an error.
                    _ = send(wire, stream) => {}
                    () = shared.stopping() => {}
                }
            });
        }
    }
}

async fn send(wire: Wire, mut stream: TcpStream) -> io::Result<()> {
    match wire {
        Wire::Reset => stream.set_zero_linger()?,
        Wire::Truncated(body) => {
            stream
                .write_all(head(&format!("content-length: {}", body.len())).as_bytes())
                .await?;
            stream.write_all(&body[..body.len() / 2]).await?;
            stream.shutdown().await?;
        }
        Wire::TooLarge(body) => {
            stream
                .write_all(head("transfer-encoding: chunked").as_bytes())
                .await?;
            chunk(&mut stream, b"{\"padding\":\"").await?;
            let padding = vec![b'x'; MEGABYTE];
            for _ in 0..100 {
                chunk(&mut stream, &padding).await?;
            }
            chunk(&mut stream, b"\",").await?;
            chunk(&mut stream, body.get(1..).unwrap_or_default()).await?;
            stream.write_all(b"0\r\n\r\n").await?;
            stream.shutdown().await?;
        }
        Wire::GzipBomb => {
            let bomb = gzip::bomb();
            let length = format!("content-encoding: gzip\r\ncontent-length: {}", bomb.len());
            stream.write_all(head(&length).as_bytes()).await?;
            stream.write_all(bomb).await?;
            stream.shutdown().await?;
        }
        Wire::Endless => {
            stream
                .write_all(head("transfer-encoding: chunked").as_bytes())
                .await?;
            chunk(&mut stream, b"{\"padding\":\"").await?;
            let padding = vec![b'x'; MEGABYTE / 16];
            loop {
                chunk(&mut stream, &padding).await?;
            }
        }
        Wire::Drip(body) => {
            stream
                .write_all(head(&format!("content-length: {}", body.len())).as_bytes())
                .await?;
            drip(&mut stream, &body).await?;
        }
        Wire::Raw {
            head,
            body,
            is_slow,
        } => {
            stream.write_all(head.as_bytes()).await?;
            if is_slow {
                drip(&mut stream, &body).await?;
            } else {
                stream.write_all(&body).await?;
            }
            stream.shutdown().await?;
        }
    }
    Ok(())
}

fn head(more: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n{more}\r\n\r\n"
    )
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes.chunks(1) {
        stream.write_all(byte).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

async fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream
        .write_all(format!("{:x}\r\n", bytes.len()).as_bytes())
        .await?;
    stream.write_all(bytes).await?;
    stream.write_all(b"\r\n").await
}
