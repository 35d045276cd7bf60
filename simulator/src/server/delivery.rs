//! Bodies and connections that fail as requested.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    body::{Body, Frame},
    rt::{Read, ReadBufCursor, Write},
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{Sleep, sleep},
};

/// A response body.
pub(super) struct Payload {
    left: Bytes,
    declared: Option<usize>,
    pacing: Pacing,
}

enum Pacing {
    /// All at once.
    Whole,
    /// All at once, and then the connection breaks; the flag is set once all has been handed to hyper.
    Cut {
        flushed: bool,
    },
    Slow {
        chunk: usize,
        pause: Duration,
        timer: Pin<Box<Sleep>>,
    },
    Endless,
}

/// A connection that can be reset rather than closed.
pub(super) struct ResettableStream {
    stream: TokioIo<TcpStream>,
    reset: Arc<AtomicBool>,
}

impl Payload {
    pub(super) fn whole(body: Bytes) -> Self {
        Self { declared: Some(body.len()), left: body, pacing: Pacing::Whole }
    }

    pub(super) fn cut(mut body: Bytes, after: usize) -> Self {
        // More than will come is declared, also when the cut is after the end.
        let declared = Some(body.len().max(after.saturating_add(1)));
        body.truncate(after);
        Self { declared, left: body, pacing: Pacing::Cut { flushed: false } }
    }

    pub(super) fn slow(body: Bytes, chunk: usize, pause: Duration) -> Self {
        let timer = Box::pin(sleep(pause));
        Self {
            declared: Some(body.len()),
            left: body,
            pacing: Pacing::Slow { chunk: chunk.max(1), pause, timer },
        }
    }

    pub(super) fn endless(body: Bytes) -> Self {
        Self { declared: None, left: body, pacing: Pacing::Endless }
    }

    /// The length to declare; `None` for chunks without end.
    pub(super) fn declared(&self) -> Option<usize> {
        self.declared
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Self { left, pacing, .. } = self.get_mut();
        let next = match pacing {
            Pacing::Endless => left.clone(),
            Pacing::Cut { flushed } if left.is_empty() => {
                if *flushed {
                    return Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into())));
                }
                // Hyper sends what it has buffered when the body is not ready.
                *flushed = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            _ if left.is_empty() => return Poll::Ready(None),
            Pacing::Whole | Pacing::Cut { .. } => left.split_off(0),
            Pacing::Slow { chunk, pause, timer } => {
                if timer.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                *timer = Box::pin(sleep(*pause));
                left.split_to((*chunk).min(left.len()))
            }
        };
        Poll::Ready(Some(Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.pacing, Pacing::Whole | Pacing::Slow { .. }) && self.left.is_empty()
    }
}

impl ResettableStream {
    pub(super) fn new(stream: TcpStream, reset: Arc<AtomicBool>) -> Self {
        // Small responses are sent at once; a connection that cannot do that still works.
        let _: io::Result<()> = stream.set_nodelay(true);
        Self { stream: TokioIo::new(stream), reset }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl Drop for ResettableStream {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // Without it the connection is closed instead, which callers meet as well.
            let _: io::Result<()> = self.stream.inner().set_zero_linger();
        }
    }
}

impl Read for ResettableStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context,
        buffer: ReadBufCursor,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl Write for ResettableStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context,
        buffers: &[io::IoSlice],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, buffers)
    }
}
