//! Reading a request's content, within the limit.

use std::{
    str::Utf8Error,
    time::{Duration, Instant},
};

use actix_web::{
    HttpMessage, HttpRequest,
    dev::Payload,
    http::header,
    web::{Bytes, BytesMut, Data},
};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::{
    error::AppError, models::text::without_byte_order_mark, services::identities::Credential,
    state::AppState,
};

/// Which of `accepted` the content is; `None` where there is neither content nor type. Errors:
/// `UnsupportedMediaType`, also for another charset than UTF-8 and for a content coding.
pub fn media_type<'a>(
    req: &HttpRequest,
    accepted: &[&'a str],
) -> Result<Option<&'a str>, AppError> {
    let refused = |given: &str| {
        let expected = accepted.join(" or ");
        AppError::UnsupportedMediaType(format!("Content-Type must be {expected}, not {given}"))
    };
    let coding = req.headers().get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(AppError::UnsupportedMediaType(
            "the body must not have a content coding".to_owned(),
        ));
    }
    let mime = req.mime_type().map_err(|_| refused("malformed"))?;
    let Some(mime) = mime else {
        // Nothing at all has no type either; what is missing from it is found when it is parsed.
        return if has_content(req) {
            Err(refused("absent"))
        } else {
            Ok(None)
        };
    };
    let essence = mime.essence_str();
    let known = accepted.iter().find(|accepted| **accepted == essence);
    let known = known.ok_or_else(|| refused(essence))?;
    match mime.get_param("charset") {
        Some(charset) if charset != "utf-8" => Err(AppError::UnsupportedMediaType(
            "the charset must be UTF-8".to_owned(),
        )),
        _ => Ok(Some(known)),
    }
}

/// After content that took longer the token is looked up once more: it may have been revoked meanwhile.
const AT_ONCE: Duration = Duration::from_millis(50);

/// The whole content. Errors: `PayloadTooLarge` before it is read to the end; `Malformed` where it
/// breaks off or takes too long; `InvalidToken` where the token that came with it has ended before it
/// was there.
pub async fn read(req: &HttpRequest, payload: Payload) -> Result<Bytes, AppError> {
    let begun = Instant::now();
    let server = &state(req)?.server;
    let content = timeout(
        server.body_timeout,
        read_all(req, payload, server.body_limit),
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

/// `limit`: bytes.
async fn read_all(
    req: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> Result<Bytes, AppError> {
    let declared = declared_length(req);
    let announced = declared.unwrap_or(0);
    if announced > limit as u64 {
        return Err(AppError::PayloadTooLarge { limit });
    }
    // What is only announced takes no memory yet.
    let mut content = BytesMut::with_capacity(announced.min(16 * 1024) as usize);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| AppError::Malformed("the body broke off".to_owned()))?;
        if content.len() + chunk.len() > limit {
            return Err(AppError::PayloadTooLarge { limit });
        }
        content.extend_from_slice(&chunk);
        // After an Upgrade header the framework would wait for more, which no operation here takes.
        if declared == Some(content.len() as u64) {
            break;
        }
    }
    Ok(content.freeze())
}

/// Whether the request carries content.
pub fn has_content(req: &HttpRequest) -> bool {
    declared_length(req).is_some_and(|length| length > 0)
        || req.headers().contains_key(header::TRANSFER_ENCODING)
}

fn declared_length(req: &HttpRequest) -> Option<u64> {
    let value = req.headers().get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}
