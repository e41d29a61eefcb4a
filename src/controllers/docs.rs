//! Pages for people: `/docs` (Swagger UI), `/docs/problems`, and the document `/openapi.json`.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::header::{self, ContentType},
    web::{Data, Path},
};
use paperclip::actix::api_v2_operation;
use utoipa_swagger_ui::Config;

use super::extract::unread::AnyInput;
use crate::{
    error::{AppError, code::ErrorCode},
    models::violation,
    state::OpenApiDocument,
};

/// Everything comes from this host. Swagger UI styles its elements inline and draws icons from
/// `data:` addresses; scripts come from files alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `/` leads to the page.
#[api_v2_operation(skip)]
pub async fn home(_: AnyInput) -> Result<HttpResponse, AppError> {
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, "/docs"))
        .finish())
}

/// The page of Swagger UI.
#[api_v2_operation(skip)]
pub async fn index(_: AnyInput) -> Result<HttpResponse, AppError> {
    asset("index.html")
}

/// A file that the page loads. Errors: `NotFound`.
#[api_v2_operation(skip)]
pub async fn file(path: Path<String>, _: AnyInput) -> Result<HttpResponse, AppError> {
    asset(&path)
}

/// The OpenAPI document.
#[api_v2_operation(skip)]
pub async fn document(
    document: Data<OpenApiDocument>,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((header::CACHE_CONTROL, "public, no-cache"))
        .body(document.0.clone()))
}

/// One entry for each error code: what it means and what to do.
#[api_v2_operation(skip)]
pub async fn problems(_: AnyInput) -> Result<HttpResponse, AppError> {
    let entries = ErrorCode::ALL.iter().map(|code| {
        let entry = code.entry();
        format!(
            "<section id=\"{code}\"><h2><code>{code}</code> <small>{status}</small></h2><p>{meaning}</p><p><strong>What to do:</strong> {remedy}</p></section>\n",
            code = entry.code,
            status = entry.status.as_u16(),
            meaning = entry.meaning,
            remedy = entry.remedy,
        )
    });
    let codes = violation::CODES.map(|code| format!("<code>{code}</code>"));
    let page = include_str!("problems.html")
        .replace("{entries}", &entries.collect::<String>())
        .replace("{codes}", &codes.join(", "));
    Ok(html(page))
}

fn asset(name: &str) -> Result<HttpResponse, AppError> {
    let config = Config::from("/openapi.json").validator_url("none");
    let file = utoipa_swagger_ui::serve(name, Arc::new(config)).map_err(AppError::internal)?;
    let file = file.ok_or(AppError::NotFound)?;
    if name == "index.html" {
        // The page is served at /docs without a slash, where its relative addresses would miss.
        let page = String::from_utf8_lossy(&file.bytes)
            .replace("\"./", "\"/docs/")
            .replace("\"index.css\"", "\"/docs/index.css\"");
        return Ok(html(page));
    }
    Ok(page(file.content_type.as_ref(), file.bytes.into_owned()))
}

fn html(text: String) -> HttpResponse {
    page("text/html; charset=utf-8", text.into_bytes())
}

fn page(content_type: &str, content: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::CACHE_CONTROL, "public, no-cache"))
        .body(content)
}
