//! Answers that are more than JSON with 200.

use std::marker::PhantomData;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::to_raw_value;
use xxhash_rust::xxh3::xxh3_128;

use super::describe::{Describe, Description};
use crate::{
    error::AppError,
    models::{
        idempotency::StoredAnswer,
        precondition::{IfNoneMatch, Unmet},
    },
    services::{
        idempotency::{Reply, Storable},
        tasks::Page,
    },
    state::AppState,
};

/// How many items a list has on all its pages.
pub const X_TOTAL_COUNT: &str = "X-Total-Count";
/// `ETag` in the document, where an answer with computed members has none.
pub const ETAG_UNLESS_COMPUTED: &str = "ETagUnlessComputed";
/// Says that an answer was given before.
pub const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// The content of an answer.
pub trait Resource: Serialize + JsonSchema {
    /// Whether it has an entity tag.
    const IS_TAGGED: bool = false;

    /// Its entity tag, quotes and all.
    fn tag(&self) -> Option<String> {
        None
    }
}

/// 201 with the new resource and where it is.
pub struct Created<T> {
    pub body: T,
    /// A path.
    pub location: String,
}

/// 200 with a resource.
pub struct Success<T>(pub T);

/// 204.
pub struct NoContent;

/// 200 with a resource, or 304 where the client has it already.
pub struct Found<T> {
    pub body: T,
    pub known: IfNoneMatch,
}

/// 200 with an array, or 304 where the client has it already; with a link to the next page where
/// there is one (RFC 8288).
pub struct Listed<T> {
    body: Vec<u8>,
    tag: String,
    /// Target of `rel="next"`: a path and a query.
    next: Option<String>,
    total: Option<i64>,
    known: IfNoneMatch,
    item: PhantomData<T>,
}

impl<T: Resource> Storable for Created<T> {
    fn store(self) -> Result<StoredAnswer, AppError> {
        let mut answer = content(StatusCode::CREATED, &self.body)?;
        let location = (header::LOCATION.to_string(), self.location);
        answer.headers.insert(0, location);
        Ok(answer)
    }
}

impl<T: Resource> Storable for Success<T> {
    fn store(self) -> Result<StoredAnswer, AppError> {
        content(StatusCode::OK, &self.0)
    }
}

impl Storable for NoContent {
    fn store(self) -> Result<StoredAnswer, AppError> {
        Ok(StoredAnswer {
            status: StatusCode::NO_CONTENT.as_u16(),
            headers: Vec::new(),
            body: None,
        })
    }
}

fn content(status: StatusCode, body: &impl Resource) -> Result<StoredAnswer, AppError> {
    let tag = body.tag().map(|tag| (header::ETAG.to_string(), tag));
    Ok(StoredAnswer {
        status: status.as_u16(),
        headers: tag.into_iter().collect(),
        body: Some(serde_json::to_string(body).map_err(AppError::internal)?),
    })
}

impl<S> Responder for Reply<S> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        send(req, Ok(self.answer), self.replayed)
    }
}

/// An answer that can be kept is sent as it would be kept.
macro_rules! responder {
    ($($type:ident $(<$content:ident>)?),+) => {$(
        impl$(<$content: Resource>)? Responder for $type$(<$content>)? {
            type Body = BoxBody;

            fn respond_to(self, req: &HttpRequest) -> HttpResponse {
                send(req, self.store(), false)
            }
        }
    )+};
}

responder!(Created<T>, NoContent, Success<T>);

/// Where the new resource is becomes an address here: what is kept of it holds wherever it is sent again.
fn send(req: &HttpRequest, answer: Result<StoredAnswer, AppError>, replayed: bool) -> HttpResponse {
    let response = answer.and_then(|answer| {
        let status = StatusCode::from_u16(answer.status).map_err(AppError::internal)?;
        let mut response = HttpResponse::build(status);
        for (name, value) in answer.headers {
            let value = if name == header::LOCATION.as_str() {
                AppState::public_url(req).at(value)
            } else {
                value.into()
            };
            response.insert_header((name, value.into_owned()));
        }
        if replayed {
            response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
        }
        Ok(match answer.body {
            Some(body) => response.content_type(ContentType::json()).body(body),
            None => response.finish(),
        })
    });
    response.unwrap_or_else(HttpResponse::from_error)
}

impl<T: Resource> Responder for Found<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let (mut response, known) = conditional(self.body.tag(), &self.known);
        if known {
            response.finish()
        } else {
            response.json(self.body)
        }
    }
}

/// The failure of a precondition, with the resource as it is now.
pub fn mismatch(current: &impl Resource, unmet: Unmet) -> AppError {
    match to_raw_value(current) {
        Ok(current) => AppError::VersionMismatch {
            detail: unmet.0,
            current,
        },
        Err(error) => AppError::internal(error),
    }
}

/// 304 and true where the client has the representation with `tag` already, else 200. Without a tag there is no
/// `ETag`, and nothing to compare with.
pub fn conditional(tag: Option<String>, known: &IfNoneMatch) -> (HttpResponseBuilder, bool) {
    let known = tag.as_ref().is_some_and(|tag| known.has(tag));
    let mut response = HttpResponse::build(if known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    });
    if let Some(tag) = tag {
        response.insert_header((header::ETAG, tag));
    }
    (response, known)
}

/// Bytes of JSON that a usual item takes.
const ITEM_BYTES: usize = 512;

impl<T: Serialize> Listed<T> {
    /// Writes the items down; `next` is the path and the query of the next page. The entity tag is a hash of the body
    /// that is the same on every replica; it guards nothing, so that a fast hash will do.
    pub fn new<R>(page: Page<R>, next: Option<String>, known: IfNoneMatch) -> Result<Self, AppError>
    where
        T: From<R>,
    {
        let items: Vec<T> = page.items.into_iter().map(T::from).collect();
        let mut body = Vec::with_capacity(2 + items.len() * ITEM_BYTES);
        serde_json::to_writer(&mut body, &items).map_err(AppError::internal)?;
        Ok(Self {
            tag: format!("\"{:032x}\"", xxh3_128(&body)),
            body,
            next,
            total: page.total,
            known,
            item: PhantomData,
        })
    }
}

impl<T> Responder for Listed<T> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let (mut response, known) = conditional(Some(self.tag), &self.known);
        if let Some(next) = self.next {
            let next = AppState::public_url(req).at(next);
            response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
        }
        if let Some(total) = self.total {
            response.insert_header((X_TOTAL_COUNT, total.to_string()));
        }
        if known {
            response.finish()
        } else {
            response.content_type(ContentType::json()).body(self.body)
        }
    }
}

impl<T: Resource> Describe for Created<T> {
    fn describe(description: &mut Description<'_>) {
        description.headers.push("Location");
        description.resource::<T>(StatusCode::CREATED);
    }
}

impl<T: Resource> Describe for Success<T> {
    fn describe(description: &mut Description<'_>) {
        description.resource::<T>(StatusCode::OK);
    }
}

impl<T: Resource> Describe for Found<T> {
    fn describe(description: &mut Description<'_>) {
        description.success::<T>(StatusCode::OK);
        if T::IS_TAGGED {
            description.headers.push(ETAG_UNLESS_COMPUTED);
        }
    }
}

impl<T: Resource> Describe for Listed<T> {
    fn describe(description: &mut Description<'_>) {
        description.headers.extend(["Link", "ETag"]);
        description.success::<Vec<T>>(StatusCode::OK);
    }
}

impl Describe for NoContent {
    fn describe(description: &mut Description<'_>) {
        description.success = Some((StatusCode::NO_CONTENT, None));
    }
}

impl<S: Describe> Describe for Reply<S> {
    fn describe(description: &mut Description<'_>) {
        S::describe(description);
    }
}
