//! The handlers.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use paperclip::actix::api_v2_operation;

use super::{
    assets, guide, problems, samples,
    serve::{root, serve},
};
use crate::{
    content::Content,
    controllers::extract::unread::AnyInput,
    error::{AppError, problem},
    models::precondition::IfNoneMatch,
    state::AppState,
};

/// `/` leads to the page.
#[api_v2_operation(skip)]
pub async fn home(req: HttpRequest, _: AnyInput) -> Result<HttpResponse, AppError> {
    let page = AppState::public_url(&req).at("/docs");
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, &*page))
        .finish())
}

/// The page of Swagger UI.
#[api_v2_operation(skip)]
pub async fn index(
    req: HttpRequest,
    state: Data<AppState>,
    known: IfNoneMatch,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    let template = include_str!("index.html");
    let page = page(&req, &state, "docs", template, |page| page)?;
    serve(&page, &req, &known)
}

/// The guide.
#[api_v2_operation(skip)]
pub async fn guide(
    req: HttpRequest,
    state: Data<AppState>,
    known: IfNoneMatch,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    let page = text_page(&req, &state, "Guide", guide::html)?;
    serve(&page, &req, &known)
}

/// One entry for each error code: what it means and what to do.
#[api_v2_operation(skip)]
pub async fn problems(
    req: HttpRequest,
    state: Data<AppState>,
    known: IfNoneMatch,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    let page = text_page(&req, &state, "Problems", || {
        problems::html(&state.server.public_url.at(problem::PAGE))
    })?;
    serve(&page, &req, &known)
}

/// A file that the pages load. Errors: `NotFound`.
#[api_v2_operation(skip)]
pub async fn file(
    req: HttpRequest,
    state: Data<AppState>,
    name: Path<String>,
    known: IfNoneMatch,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    let file = assets::file(&state.contents, &name)?;
    serve(&file, &req, &known)
}

/// The OpenAPI document.
#[api_v2_operation(skip)]
pub async fn document(
    req: HttpRequest,
    state: Data<AppState>,
    known: IfNoneMatch,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    let json = || json(state.document.get().map_or("", String::as_str));
    let document = state.contents.get("openapi.json", json)?;
    serve(&document, &req, &known)
}

/// The code samples of the document's operations.
#[api_v2_operation(skip)]
pub async fn samples(
    req: HttpRequest,
    state: Data<AppState>,
    known: IfNoneMatch,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    let samples = state.contents.get("samples.json", || {
        let document = state.document.get().map_or("null", String::as_str);
        let document = serde_json::from_str(document).map_err(AppError::internal)?;
        let samples = samples::all(&document, state.server.public_url.root());
        json(&samples.to_string())
    })?;
    serve(&samples, &req, &known)
}

fn json(text: &str) -> Result<Content, AppError> {
    Content::new("application/json", text.as_bytes()).map_err(AppError::internal)
}

/// A page of text.
fn text_page(
    req: &HttpRequest,
    state: &AppState,
    title: &str,
    html: impl FnOnce() -> String,
) -> Result<Arc<Content>, AppError> {
    page(req, state, title, include_str!("page.html"), |page| {
        page.replace("{title}", title).replace("{content}", &html())
    })
}

/// The page `name` with the addresses of its files, which depend on how deep it is.
fn page(
    req: &HttpRequest,
    state: &AppState,
    name: &str,
    template: &str,
    complete: impl FnOnce(String) -> String,
) -> Result<Arc<Content>, AppError> {
    let root = root(req);
    state.contents.get(&format!("{root}{name}"), || {
        let page = complete(assets::with_files(&state.contents, template, &root)?);
        Content::new("text/html; charset=utf-8", page.as_bytes()).map_err(AppError::internal)
    })
}
