//! The connection of a client, with the time limits that actix does not have.

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::ServiceConfig;
use actix_web::{http::StatusCode, rt::net::TcpStream, web::BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::request_scanner::{Fault, RequestScanner, Scanned};
use crate::middleware::exchange::InFlight;

/// How long, and how many bytes, a client that was told that the connection closes may go on sending. To close at
/// once would reset the connection, and with it the answer, which may not have arrived (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(5);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// So much of what follows a request is read before that is answered. It shows whether the client is still there.
const AHEAD: usize = 8 * 1024;

/// How long a client may take.
#[derive(Clone, Copy)]
pub struct Timeouts {
    /// To send a request's head.
    pub head: Duration,
    /// To take an answer.
    pub answer: Duration,
}

/// A time limit, which begins when it is first asked for.
#[derive(Default)]
struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Whether `limit` is over. If not, the task is woken then.
    fn is_over(&mut self, cx: &mut Context<'_>, limit: Duration) -> bool {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx).is_ready()
    }

    fn clear(&mut self) {
        self.0 = None;
    }
}

/// Hands the dispatcher one request after the other, and whole heads alone, so that each is limited in time; and
/// closes gracefully.
pub struct ClientStream {
    io: TcpStream,
    timeouts: Timeouts,
    scanner: RequestScanner,
    in_flight: InFlight,
    /// What the dispatcher does not have yet, of which it may have the first `complete` bytes.
    held: BytesMut,
    complete: usize,
    /// The scanner has not seen all of it.
    is_fresh: bool,
    /// Nothing more is read: the dispatcher sees the end.
    ended: bool,
    /// The last answer, in place of one of the dispatcher's.
    refusal: BytesMut,
    is_shut: bool,
    lingered: usize,
    incoming: Deadline,
    outgoing: Deadline,
}

impl ClientStream {
    pub fn new(io: TcpStream, timeouts: Timeouts, config: ServiceConfig) -> Self {
        Self {
            io,
            timeouts,
            scanner: RequestScanner::new(config),
            in_flight: InFlight::default(),
            held: BytesMut::new(),
            complete: 0,
            is_fresh: false,
            ended: false,
            refusal: BytesMut::new(),
            is_shut: false,
            lingered: 0,
            incoming: Deadline::default(),
            outgoing: Deadline::default(),
        }
    }

    pub fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// Moves what is complete to `buf`; false where nothing is.
    fn hand_over(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let count = self.complete.min(buf.remaining());
        buf.put_slice(&self.held.split_to(count));
        self.complete -= count;
        count > 0
    }

    /// Takes back what was read into `buf` after its first `before` bytes.
    fn take_back(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let (_, fresh) = buf.filled().split_at(before);
        self.held.extend_from_slice(fresh);
        self.is_fresh |= !fresh.is_empty();
        buf.set_filled(before);
    }

    /// Looks at what was read into `buf` after its first `before` bytes, and takes back what is not complete.
    fn inspect(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let (_, fresh) = buf.filled_mut().split_at_mut(before);
        let complete = self.scan(fresh);
        self.take_back(buf, before + complete);
    }

    fn inspect_held(&mut self) {
        let mut held = mem::take(&mut self.held);
        self.is_fresh = false;
        self.complete = self.scan(&mut held);
        self.is_fresh = self.complete > 0 && self.complete < held.len();
        self.held = held;
    }

    /// How many of `bytes` the dispatcher may have.
    fn scan(&mut self, bytes: &mut [u8]) -> usize {
        let was_in_body = self.scanner.in_body();
        let Scanned { complete, fault } = self.scanner.scan(bytes);
        if complete > 0 {
            self.incoming.clear();
            if !was_in_body {
                self.in_flight.begin();
            }
        }
        match fault {
            None => {}
            Some(Fault::Body) => self.ended = true,
            Some(Fault::Head(status)) => self.refuse(status),
        }
        complete
    }

    fn refuse(&mut self, status: StatusCode) {
        self.refusal = self.scanner.refusal(status);
        self.ended = true;
    }

    /// Whether the head of a request was begun, or is the first and so expected at once.
    fn awaits_head(&self) -> bool {
        !self.held.is_empty() || !self.scanner.has_head()
    }

    /// Reads and discards until the client has closed its side, or has had its time or its bytes.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8 * 1024];
        while self.lingered < LINGER_BYTES && !self.incoming.is_over(cx, LINGER) {
            let mut buf = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                break;
            }
            self.lingered += buf.filled().len();
        }
        Poll::Ready(())
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        loop {
            if this.hand_over(buf) || this.ended {
                return Poll::Ready(Ok(()));
            }
            let waits = !this.scanner.in_body() && this.in_flight.is_open(cx);
            if !waits && this.is_fresh {
                this.inspect_held();
                continue;
            }
            if waits && this.held.len() >= AHEAD {
                return Poll::Pending;
            }
            if Pin::new(&mut this.io).poll_read(cx, buf)?.is_pending() {
                if !waits && this.awaits_head() && this.incoming.is_over(cx, this.timeouts.head) {
                    this.refuse(StatusCode::REQUEST_TIMEOUT);
                    continue;
                }
                return Poll::Pending;
            }
            if buf.filled().len() == before {
                // The end can be read again, after what came before it.
                return if waits && !this.held.is_empty() {
                    Poll::Pending
                } else {
                    Poll::Ready(Ok(()))
                };
            }
            if waits || !this.held.is_empty() {
                this.take_back(buf, before);
                continue;
            }
            this.inspect(buf, before);
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for ClientStream {
    /// Fails where the client has not taken what it was sent in time.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.io).poll_write(cx, bytes)? {
            Poll::Ready(count) => {
                if count == bytes.len() {
                    this.outgoing.clear();
                }
                Poll::Ready(Ok(count))
            }
            Poll::Pending if this.outgoing.is_over(cx, this.timeouts.answer) => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    /// The dispatcher has written its last answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let refusal = self.refusal.clone();
            let count = ready!(self.as_mut().poll_write(cx, &refusal))?;
            let _written = self.refusal.split_to(count);
        }
        let this = self.get_mut();
        if !this.is_shut {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            this.is_shut = true;
            this.incoming.clear();
        }
        if this.scanner.in_body() || !this.held.is_empty() {
            ready!(this.linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[actix_web::test]
    async fn a_client_that_takes_an_answer_by_the_byte_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = rt::spawn(async move {
            let mut client = TcpStream::connect(address).await.unwrap();
            while client.read_u8().await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
        });
        let (io, _) = listener.accept().await.unwrap();
        let limit = Duration::from_millis(500);
        let timeouts = Timeouts {
            head: limit,
            answer: limit,
        };
        let mut stream = ClientStream::new(io, timeouts, ServiceConfig::default());
        let answer = vec![b'x'; 64 * 1024 * 1024];
        let error = stream.write_all(&answer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        client.abort();
    }
}
