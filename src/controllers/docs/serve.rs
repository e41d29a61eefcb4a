//! How content is served: in the coding that the client takes, and only where the client does not have it already.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{self, AcceptEncoding, Encoding, Header},
};

use crate::{
    content::Content, controllers::respond::conditional, error::AppError,
    models::precondition::IfNoneMatch, state::TrailingSlash,
};

/// Everything comes from this host. Swagger UI styles its elements inline and draws icons from
/// `data:` addresses; scripts come from files alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `content` in answer to `req`, whose client has what `known` names. What is asked for by its hash never changes; the
/// rest is checked before reuse.
pub fn serve(
    content: &Content,
    req: &HttpRequest,
    known: &IfNoneMatch,
) -> Result<HttpResponse, AppError> {
    let takes_gzip = takes_gzip(req);
    // Each coding has a tag of its own (RFC 9110 section 8.8.3.3).
    let suffix = if takes_gzip { "-gzip" } else { "" };
    let tag = format!("\"{}{suffix}\"", content.hash);
    let (mut response, known) = conditional(Some(tag), known);
    let cache = if req.query_string() == content.hash {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::VARY, header::ACCEPT_ENCODING.as_str()));
    if known {
        return Ok(response.finish());
    }
    response.content_type(content.media_type);
    if takes_gzip {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
        return Ok(response.body(content.gzip.clone()));
    }
    Ok(response.body(content.plain().map_err(AppError::internal)?))
}

fn takes_gzip(req: &HttpRequest) -> bool {
    let accepted = AcceptEncoding::parse(req).unwrap_or_else(|_| AcceptEncoding(Vec::new()));
    let codings = [Encoding::gzip(), Encoding::identity()];
    accepted.negotiate(codings.iter()) == Some(Encoding::gzip())
}

/// The way from the page that `req` asks for up to the root, for a browser: a proxy may serve the root below a prefix
/// that is not known here.
pub fn root(req: &HttpRequest) -> String {
    let below = req.path().matches('/').count().saturating_sub(1);
    let slash = req.extensions().contains::<TrailingSlash>();
    "../".repeat(below + usize::from(slash))
}
