//! The request that work is done for, on whichever thread.

use std::{
    future::Future,
    sync::{Arc, LazyLock},
};

use regex::Regex;

tokio::task_local! {
    static CURRENT: Trace;
}

/// A request, as the log names it.
#[derive(Debug, Clone)]
pub struct Trace {
    pub request_id: Arc<str>,
    pub parent: Option<Arc<TraceParent>>,
}

/// A client's `traceparent` (W3C Trace Context, section 3.2): the trace that the request is part
/// of, and the span that sent it, both in lower-case hexadecimal.
#[derive(Debug, PartialEq, Eq)]
pub struct TraceParent {
    pub trace_id: String,
    pub span_id: String,
}

impl Trace {
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

/// Later versions than 00 may carry more behind the known fields.
static TRACE_PARENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = "^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$";
    Regex::new(pattern).ok()
});

impl TraceParent {
    /// Reads the header's value; `None` where it is not valid, as the recommendation has it: version ff is
    /// none, and neither is an id of zeros alone.
    pub fn read(value: &str) -> Option<Self> {
        let fields = TRACE_PARENT.as_ref()?.captures(value.trim())?;
        let field = |number| fields.get(number).map(|field| field.as_str());
        let (version, trace_id, span_id) = (field(1)?, field(2)?, field(3)?);
        let is_id = |id: &str| id.bytes().any(|byte| byte != b'0');
        let is_known = version != "ff" && (version != "00" || field(4).is_none());
        (is_known && is_id(trace_id) && is_id(span_id)).then(|| Self {
            trace_id: trace_id.to_owned(),
            span_id: span_id.to_owned(),
        })
    }
}
