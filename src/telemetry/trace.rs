//! The request that work is done for, on whichever thread.

use std::{future::Future, sync::Arc};

tokio::task_local! {
    static CURRENT: Trace;
}

/// A request, as the log names it.
#[derive(Debug, Clone)]
pub struct Trace(Arc<Names>);

#[derive(Debug)]
struct Names {
    request_id: Arc<str>,
    parent: Option<TraceParent>,
}

/// A client's `traceparent` (W3C Trace Context, section 3.2): the trace that the request is part
/// of, and the span that sent it, both in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent {
    pub trace_id: String,
    pub span_id: String,
}

impl Trace {
    pub fn new(request_id: Arc<str>, parent: Option<TraceParent>) -> Self {
        Self(Arc::new(Names { request_id, parent }))
    }

    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    pub fn parent(&self) -> Option<&TraceParent> {
        self.0.parent.as_ref()
    }

    /// Runs `work` for this request.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The request for which the caller works, if it is for one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }
}

/// Runs `work` on this thread for the request `trace`.
pub fn within<T>(trace: Option<Trace>, work: impl FnOnce() -> T) -> T {
    match trace {
        Some(trace) => CURRENT.sync_scope(trace, work),
        None => work(),
    }
}

impl TraceParent {
    /// Reads the header's value; `None` where it is not valid, as the recommendation has it. Later
    /// versions may carry more behind the known fields.
    pub fn read(value: &str) -> Option<Self> {
        let mut fields = value.trim().split('-');
        let (version, trace_id) = (fields.next()?, fields.next()?);
        let (span_id, flags) = (fields.next()?, fields.next()?);
        let is_sound = is_hex(version, 2)
            && version != "ff"
            && is_id(trace_id, 32)
            && is_id(span_id, 16)
            && is_hex(flags, 2)
            && (version != "00" || fields.next().is_none());
        is_sound.then(|| Self {
            trace_id: trace_id.to_owned(),
            span_id: span_id.to_owned(),
        })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == length && text.bytes().all(digit)
}

/// All zeros is none.
fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_and_a_malformed_one_is_none() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{id}-00f067aa0ba902b7-01");
        let parent = TraceParent::read(&good).unwrap();
        assert_eq!(
            (parent.trace_id.as_str(), parent.span_id.as_str()),
            (id, "00f067aa0ba902b7")
        );
        assert!(TraceParent::read(&format!("cc-{id}-00f067aa0ba902b7-01-more")).is_some());
        for bad in [
            String::new(),
            good.to_uppercase(),
            format!("{good}-more"),
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{id}-{}-01", "0".repeat(16)),
            format!("00-{id}-00f067aa0ba902b7"),
            format!("00-{id}\n-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(TraceParent::read(&bad), None, "{bad:?}");
        }
    }
}
