//! Streams that remember: how many bytes went each way, which came first, and how it ended. The
//! libraries above them keep less, or say it only in words.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::errno;

/// Any stream a stage can run on: a socket, a tunnel through a proxy, TLS over either.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A stream whose layers no longer matter.
pub(super) type BoxedIo = Box<dyn Io>;

/// Bytes of the beginning that are kept, to tell what speaks there.
const FIRST: usize = 64;

/// How a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The peer closed it.
    Closed,
    /// The peer, or something on the way, reset it.
    Reset,
    /// The kernel gave up.
    TimedOut,
    /// A TLS alert, by its name in RFC 8446.
    Alert(String),
    /// Any other error, in its own words.
    Other(String),
}

impl End {
    /// Reads an I/O error by its number and type.
    pub(super) fn of(error: &io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
            return match tls {
                rustls::Error::AlertReceived(alert) => Self::Alert(super::tls::alert_name(*alert)),
                other => Self::Other(other.to_string()),
            };
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Closed
        } else if errno::is_reset(error) {
            Self::Reset
        } else if errno::is_timeout(error) {
            Self::TimedOut
        } else {
            Self::Other(error.to_string())
        }
    }
}

/// What passed over a stream so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Passed {
    /// Bytes sent before anything came back.
    pub(super) sent_first: usize,
    /// Bytes received.
    pub(super) received: usize,
    /// The first bytes received.
    pub(super) first: Vec<u8>,
    /// How it ended, if it did.
    pub(super) end: Option<End>,
}

/// A shared view of a stream's counters, readable while the stream is in use elsewhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Arc<Mutex<Passed>>);

impl Meter {
    /// The counters now.
    pub(super) fn read(&self) -> Passed {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn update(&self, change: impl FnOnce(&mut Passed)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The first end counts, except that an alert explains every other (a reset often follows it).
    fn note_end(&self, end: End) {
        self.update(|p| {
            if p.end.is_none() || matches!(end, End::Alert(_)) {
                p.end = Some(end);
            }
        });
    }

    fn note_error(&self, error: &io::Error) {
        self.note_end(End::of(error));
    }
}

/// A stream with a meter.
pub(super) struct Metered<S> {
    inner: S,
    meter: Meter,
}

impl<S> Metered<S> {
    /// Puts a meter on `inner`.
    pub(super) fn new(inner: S) -> (Self, Meter) {
        let meter = Meter::default();
        (Self { inner, meter: meter.clone() }, meter)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        match &result {
            Ok(()) => {
                let new = buf.filled().get(before..).unwrap_or_default();
                if new.is_empty() && buf.remaining() > 0 {
                    self.meter.note_end(End::Closed);
                }
                self.meter.update(|p| {
                    p.received += new.len();
                    let room = FIRST.saturating_sub(p.first.len());
                    p.first.extend(new.iter().take(room));
                });
            }
            // A TLS peer that closes without close_notify: an end like any other. Whether it came
            // too early, the framing of HTTP above tells.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                self.meter.note_end(End::Closed);
                return Poll::Ready(Ok(()));
            }
            Err(e) => self.meter.note_error(e),
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        match &result {
            Ok(n) => self.meter.update(|p| {
                if p.received == 0 {
                    p.sent_first += n;
                }
            }),
            Err(e) => self.meter.note_error(e),
        }
        Poll::Ready(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A stream of which the beginning has been read already (what followed a proxy's answer).
pub(super) struct Prefixed<S> {
    prefix: Vec<u8>,
    at: usize,
    inner: S,
}

impl<S> Prefixed<S> {
    /// Gives `prefix` back before anything else.
    pub(super) fn new(prefix: Vec<u8>, inner: S) -> Self {
        Self { prefix, at: 0, inner }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = this.prefix.get(this.at..).unwrap_or_default();
        if rest.is_empty() {
            return Pin::new(&mut this.inner).poll_read(cx, buf);
        }
        let n = rest.len().min(buf.remaining());
        buf.put_slice(rest.get(..n).unwrap_or_default());
        this.at += n;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
