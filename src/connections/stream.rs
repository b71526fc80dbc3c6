//! One connection: it counts until it is closed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::patience::Patience;

pub(super) struct Connection {
    stream: TcpStream,
    pub(super) patience: Arc<Patience>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        patience: Arc<Patience>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            stream,
            patience,
            _permit: permit,
        }
    }

    fn still_open(&self, cx: &Context<'_>, is_read: bool) -> io::Result<()> {
        match self.patience.is_closed(cx, is_read) {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.still_open(cx, true)?;
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.patience.read(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.still_open(cx, false)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.patience.wrote(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
