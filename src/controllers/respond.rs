//! Answers that are more than JSON with 200.

use std::marker::PhantomData;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    error::AppError,
    models::{idempotency::StoredAnswer, precondition::IfNoneMatch},
    services::{idempotency::Reply, tasks::Page},
};

/// How many items a list has on all its pages.
pub const X_TOTAL_COUNT: &str = "X-Total-Count";
/// Says that an answer was given before.
pub const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// 201 with the new resource and where it is.
pub struct Created<T> {
    pub body: T,
    pub location: String,
    pub etag: Option<String>,
}

/// 200 with the resource as it is now.
pub struct Changed<T> {
    pub body: T,
    pub etag: Option<String>,
}

/// 204.
pub struct NoContent;

/// What becomes an answer that can be kept.
pub trait Answer {
    fn answer(self) -> Result<StoredAnswer, AppError>;
}

/// An answer in the form of `S`, given now or before.
pub struct Repeatable<S> {
    reply: Reply,
    form: PhantomData<S>,
}

/// 200 with a resource, or 304 where the client has it already.
pub struct Found<T> {
    pub body: T,
    pub etag: String,
    pub known: IfNoneMatch,
}

/// 200 with an array, or 304 where the client has it already; with a link to the next page where
/// there is one (RFC 8288).
pub struct Listed<T> {
    body: String,
    etag: String,
    /// Target of `rel="next"`, relative to the host.
    next: Option<String>,
    total: Option<i64>,
    known: IfNoneMatch,
    item: PhantomData<T>,
}

impl<T: Serialize> Answer for Created<T> {
    fn answer(self) -> Result<StoredAnswer, AppError> {
        let location = (header::LOCATION.to_string(), self.location);
        answer(
            StatusCode::CREATED,
            Some(location),
            self.etag,
            Some(&self.body),
        )
    }
}

impl<T: Serialize> Answer for Changed<T> {
    fn answer(self) -> Result<StoredAnswer, AppError> {
        answer(StatusCode::OK, None, self.etag, Some(&self.body))
    }
}

impl Answer for NoContent {
    fn answer(self) -> Result<StoredAnswer, AppError> {
        answer(StatusCode::NO_CONTENT, None, None, None::<&()>)
    }
}

fn answer(
    status: StatusCode,
    location: Option<(String, String)>,
    etag: Option<String>,
    body: Option<&impl Serialize>,
) -> Result<StoredAnswer, AppError> {
    let etag = etag.map(|etag| (header::ETAG.to_string(), etag));
    let body = body.map(serde_json::to_string).transpose();
    Ok(StoredAnswer {
        status: status.as_u16(),
        headers: location.into_iter().chain(etag).collect(),
        body: body.map_err(AppError::internal)?,
    })
}

impl<S> From<Reply> for Repeatable<S> {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            form: PhantomData,
        }
    }
}

impl<S> Responder for Repeatable<S> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        respond(self.reply.answer, self.reply.replayed).unwrap_or_else(HttpResponse::from_error)
    }
}

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.answer()
            .and_then(|answer| respond(answer, false))
            .unwrap_or_else(HttpResponse::from_error)
    }
}

fn respond(answer: StoredAnswer, replayed: bool) -> Result<HttpResponse, AppError> {
    let status = StatusCode::from_u16(answer.status).map_err(AppError::internal)?;
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    if replayed {
        response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
    }
    Ok(match answer.body {
        Some(body) => response.content_type("application/json").body(body),
        None => response.finish(),
    })
}

impl<T: Serialize> Responder for Found<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let (mut response, known) = conditional(self.etag, &self.known);
        match known {
            true => response.finish(),
            false => response.json(self.body),
        }
    }
}

/// 304 and true where the client has the representation with `etag` already, else 200.
fn conditional(etag: String, known: &IfNoneMatch) -> (HttpResponseBuilder, bool) {
    let known = known.has(&etag);
    let mut response = match known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response.insert_header((header::ETAG, etag));
    (response, known)
}

impl<T: Serialize> Listed<T> {
    /// Writes the items down; `next` makes the address of the next page from the last of them.
    pub fn new<R>(
        page: Page<R>,
        known: IfNoneMatch,
        next: impl FnOnce(&R) -> String,
    ) -> Result<Self, AppError>
    where
        T: From<R>,
    {
        let next = page.items.last().filter(|_| page.more).map(next);
        let items: Vec<T> = page.items.into_iter().map(T::from).collect();
        let body = serde_json::to_string(&items).map_err(AppError::internal)?;
        let hash = Sha256::digest(&body);
        let hex: String = hash
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            body,
            etag: format!("\"{hex}\""),
            next,
            total: page.total,
            known,
            item: PhantomData,
        })
    }
}

impl<T> Responder for Listed<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let (mut response, known) = conditional(self.etag, &self.known);
        if let Some(next) = self.next {
            response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
        }
        if let Some(total) = self.total {
            response.insert_header((X_TOTAL_COUNT, total.to_string()));
        }
        match known {
            true => response.finish(),
            false => response.content_type("application/json").body(self.body),
        }
    }
}
