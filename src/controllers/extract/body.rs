//! Reading a request's content, within the limit.

use std::{
    str::Utf8Error,
    time::{Duration, Instant},
};

use actix_web::{
    HttpMessage, HttpRequest,
    dev::Payload,
    http::{
        Method,
        header::{self, HeaderName},
    },
    web::{Bytes, BytesMut, Data},
};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::media_type::{MediaType, NotAMediaType};
use crate::{
    error::AppError, models::text::without_byte_order_mark, services::identities::Credential,
    state::AppState,
};

/// RFC 5789 section 3.1.
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// Blanks included.
const EMPTY_OBJECT_MAX: usize = 16;

/// The content and its media type, which is one of `accepted`; `None` where there is neither content nor type.
///
/// Errors: `UnsupportedMediaType`, also for another charset than UTF-8 and for a content coding; `PayloadTooLarge` before
/// it is read to the end; `Malformed` where it breaks off or takes too long, or has two types; `InvalidToken` where the
/// token that came with it has ended before it was there.
pub async fn read(
    req: &HttpRequest,
    payload: Payload,
    accepted: &[&str],
) -> Result<(Option<MediaType>, Bytes), AppError> {
    let media_type = media_type(req, accepted)?;
    let limit = match media_type {
        Some(_) => state(req)?.server.body_limit,
        // A length of zero is no content, however it is framed: what is missing from it is found when it is parsed.
        None => 0,
    };
    match within(req, payload, limit).await? {
        Some(content) => Ok((media_type, content)),
        None if media_type.is_none() => {
            Err(not_accepted(req, accepted, "the Content-Type is missing"))
        }
        None => Err(AppError::PayloadTooLarge { limit }),
    }
}

/// Refuses content, unless it is `{}`, which some clients send where they have nothing to say. Errors:
/// `UnsupportedMediaType`, and those of [`read`] but for the limit.
pub async fn refuse(req: &HttpRequest, payload: Payload) -> Result<(), AppError> {
    let content = within(req, payload, EMPTY_OBJECT_MAX).await?;
    let is_nothing = |content: &Bytes| {
        let text = text(content).map(|text| text.replace([' ', '\t', '\r', '\n'], ""));
        content.is_empty() || text.is_ok_and(|text| text == "{}")
    };
    if content.as_ref().is_some_and(is_nothing) {
        return Ok(());
    }
    Err(AppError::UnsupportedMediaType {
        detail: "this operation takes no body".to_owned(),
        headers: accept(req, &[]),
    })
}

fn media_type(req: &HttpRequest, accepted: &[&str]) -> Result<Option<MediaType>, AppError> {
    if has_coding(req) {
        let mut headers = accept(req, accepted);
        headers.push((header::ACCEPT_ENCODING, "identity".to_owned()));
        let detail = "the body must not be compressed or encoded (Content-Encoding)".to_owned();
        return Err(AppError::UnsupportedMediaType { detail, headers });
    }
    let mut lines = req.headers().get_all(header::CONTENT_TYPE).map(|line| {
        let text = line.to_str().map_err(|_| NotAMediaType)?;
        text.parse::<MediaType>()
    });
    let Some(first) = lines.next() else {
        return Ok(None);
    };
    if lines.any(|line| line != first) {
        let detail = "the request has two different Content-Type headers".to_owned();
        return Err(AppError::Malformed(detail));
    }
    let media_type =
        first.map_err(|_| not_accepted(req, accepted, "the Content-Type is malformed"))?;
    if !accepted.contains(&&*media_type.essence) {
        let wrong = format!("the Content-Type is {}", media_type.essence);
        return Err(not_accepted(req, accepted, &wrong));
    }
    if !media_type.is_utf8() {
        return Err(AppError::UnsupportedMediaType {
            detail: "the charset of the Content-Type must be UTF-8".to_owned(),
            headers: accept(req, accepted),
        });
    }
    Ok(Some(media_type))
}

fn has_coding(req: &HttpRequest) -> bool {
    let lines = req.headers().get_all(header::CONTENT_ENCODING);
    let codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut codings = codings.map(<[u8]>::trim_ascii);
    codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// `wrong` says what is wrong with the type.
fn not_accepted(req: &HttpRequest, accepted: &[&str], wrong: &str) -> AppError {
    let expected = accepted.join(" or ");
    AppError::UnsupportedMediaType {
        detail: format!("{wrong}; it must be {expected}"),
        headers: accept(req, accepted),
    }
}

/// The headers of a 415 that say what is accepted (RFC 9110 section 12.5.1, RFC 5789 section 2.2); an empty list is
/// nothing.
fn accept(req: &HttpRequest, accepted: &[&str]) -> Vec<(HeaderName, String)> {
    let accepted = accepted.join(", ");
    let mut headers = vec![(header::ACCEPT, accepted.clone())];
    if *req.method() == Method::PATCH {
        headers.push((ACCEPT_PATCH, accepted));
    }
    headers
}

/// After content that took longer the token is looked up once more: it may have been revoked meanwhile.
const AT_ONCE: Duration = Duration::from_millis(50);

/// The whole content; `None` where it is longer than `limit` bytes, of which no more are read. Errors: those of [`read`].
async fn within(
    req: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<Option<Bytes>, AppError> {
    let begun = Instant::now();
    let content = timeout(
        state(req)?.server.body_timeout,
        read_all(req, payload, limit),
    )
    .await
    .map_err(|_| AppError::Malformed("the body did not arrive in time".to_owned()))??;
    if begun.elapsed() > AT_ONCE {
        confirm(req).await?;
    }
    Ok(content)
}

/// The text in `content`. A byte order mark at its start is passed over, as RFC 8259 section 8.1 allows for JSON.
pub fn text(content: &[u8]) -> Result<&str, Utf8Error> {
    str::from_utf8(content).map(without_byte_order_mark)
}

async fn confirm(req: &HttpRequest) -> Result<(), AppError> {
    let credential = req.extensions().get::<Credential>().cloned();
    if let Some(credential) = credential {
        let state = state(req)?;
        state.auth.identities.find(&credential).await?;
    }
    Ok(())
}

fn state(req: &HttpRequest) -> Result<&Data<AppState>, AppError> {
    req.app_data::<Data<AppState>>()
        .ok_or_else(|| AppError::internal("the state is not registered"))
}

async fn read_all(
    req: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> Result<Option<Bytes>, AppError> {
    let announced = declared_length(req).unwrap_or(0);
    if announced > limit as u64 {
        return Ok(None);
    }
    // What is only announced takes no memory yet.
    let mut content = BytesMut::with_capacity(announced.min(16 * 1024) as usize);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|_| AppError::Malformed("the body ended before it was complete".to_owned()))?;
        if content.len() + chunk.len() > limit {
            return Ok(None);
        }
        content.extend_from_slice(&chunk);
    }
    Ok(Some(content.freeze()))
}

/// Whether the request may carry content; one that is chunked says its length only at its end.
pub fn is_announced(req: &HttpRequest) -> bool {
    declared_length(req).is_some_and(|length| length > 0)
        || req.headers().contains_key(header::TRANSFER_ENCODING)
}

fn declared_length(req: &HttpRequest) -> Option<u64> {
    let value = req.headers().get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}
