//! A request and its answer on their connection.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::ConnectionType,
    middleware::Next,
    web::Bytes,
};
use futures_util::{Stream, StreamExt};

/// Of a body that nobody wanted, so much is read before the answer. It leaves the connection usable.
const DISCARDED: usize = 64 * 1024;

/// Whether a connection has a request that is not answered. The next one waits until it is: actix takes the version,
/// the method and the wish to close from the request that came last, also for the answer to one before it.
#[derive(Clone, Default)]
pub struct InFlight(Rc<Exchange>);

#[derive(Default)]
struct Exchange {
    is_open: Cell<bool>,
    next: Cell<Option<Waker>>,
}

impl InFlight {
    pub fn begin(&self) {
        self.0.is_open.set(true);
    }

    /// Whether the next request has to wait. If so, the task is woken when its turn has come.
    pub fn is_open(&self, cx: &Context<'_>) -> bool {
        let is_open = self.0.is_open.get();
        self.0.next.set(is_open.then(|| cx.waker().clone()));
        is_open
    }
}

/// Ends an exchange where the answer is written, or where nobody waits for it any more.
struct End(Option<InFlight>);

impl Drop for End {
    fn drop(&mut self) {
        let Some(InFlight(exchange)) = &self.0 else {
            return;
        };
        exchange.is_open.set(false);
        if let Some(next) = exchange.next.take() {
            next.wake();
        }
    }
}

/// Answers a request whose body is not at its end with `Connection: close` (RFC 9112 section 9.3): what is still
/// to come could not be told from the next request.
///
/// The payload lives until the answer is written. To the dispatcher of actix a payload that is gone is one to be
/// read to its end, which a client need not send; one that is left makes it close the connection.
pub async fn exchange<B: MessageBody + Unpin>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Answer<B>>, Error> {
    let end = End(req.conn_data::<InFlight>().cloned());
    let payload = match req.take_payload() {
        Payload::None => None,
        payload => Some(SharedPayload(Rc::new(RefCell::new(Body {
            payload,
            broken: false,
        })))),
    };
    if let Some(payload) = payload.clone() {
        req.set_payload(Payload::Stream {
            payload: Box::pin(payload),
        });
    }
    let mut res = next.call(req).await?;
    if let Some(payload) = &payload
        && !payload.clone().discard().await
    {
        let head = res.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(res.map_body(|_, body| Answer {
        body,
        _payload: payload,
        _end: end,
    }))
}

struct Body {
    payload: Payload,
    /// Its framing is not to be trusted any more.
    broken: bool,
}

/// The payload of a request, for the handler and for what comes after it.
#[derive(Clone)]
struct SharedPayload(Rc<RefCell<Body>>);

impl SharedPayload {
    /// Discards what has come in. Returns whether that was all of it.
    async fn discard(mut self) -> bool {
        let (mut left, mut has_waited) = (DISCARDED, false);
        poll_fn(|cx| {
            loop {
                match self.poll_next_unpin(cx) {
                    Poll::Ready(None) => return Poll::Ready(!self.0.borrow().broken),
                    Poll::Ready(Some(Err(_))) => return Poll::Ready(false),
                    Poll::Ready(Some(Ok(chunk))) => match left.checked_sub(chunk.len()) {
                        Some(rest) => left = rest,
                        None => return Poll::Ready(false),
                    },
                    Poll::Pending if has_waited => return Poll::Ready(false),
                    Poll::Pending => {
                        // Once: meanwhile the dispatcher looks at what the socket has.
                        has_waited = true;
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            }
        })
        .await
    }
}

impl Stream for SharedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.borrow_mut();
        let item = body.payload.poll_next_unpin(cx);
        body.broken |= matches!(item, Poll::Ready(Some(Err(_))));
        item
    }
}

/// The body of an answer, with what lasts until it is written.
pub struct Answer<B> {
    body: B,
    _payload: Option<SharedPayload>,
    _end: End,
}

impl<B: MessageBody + Unpin> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
