//! Pages for people: `/docs` (Swagger UI), `/docs/problems`, and the document `/openapi.json`.

use std::sync::Arc;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{self, ContentType},
    web::{Data, Path},
};
use paperclip::actix::api_v2_operation;
use utoipa_swagger_ui::Config;

use super::extract::unread::AnyInput;
use crate::{
    error::{AppError, code::ErrorCode},
    models::violation,
    state::{AppState, OpenApiDocument, TrailingSlash},
};

/// The OpenAPI document, relative to the files of Swagger UI.
const DOCUMENT: &str = "../openapi.json";

/// Everything comes from this host. Swagger UI styles its elements inline and draws icons from
/// `data:` addresses; scripts come from files alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

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
pub async fn index(req: HttpRequest, _: AnyInput) -> Result<HttpResponse, AppError> {
    asset(&req, "index.html")
}

/// A file that the page loads. Errors: `NotFound`.
#[api_v2_operation(skip)]
pub async fn file(
    req: HttpRequest,
    path: Path<String>,
    _: AnyInput,
) -> Result<HttpResponse, AppError> {
    asset(&req, &path)
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
pub async fn problems(req: HttpRequest, _: AnyInput) -> Result<HttpResponse, AppError> {
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
        .replace("{root}", &root(&req))
        .replace("{entries}", &entries.collect::<String>())
        .replace("{codes}", &codes.join(", "));
    Ok(html(page))
}

/// A file of Swagger UI. The page and its script name others relative to themselves, and the page is at `/docs`, beside
/// the folder of its files.
fn asset(req: &HttpRequest, name: &str) -> Result<HttpResponse, AppError> {
    let config = Config::from(DOCUMENT).validator_url("none");
    let file = utoipa_swagger_ui::serve(name, Arc::new(config)).map_err(AppError::internal)?;
    let file = file.ok_or(AppError::NotFound)?;
    let text = || String::from_utf8_lossy(&file.bytes);
    match name {
        "index.html" => {
            let folder = format!("{}docs", root(req));
            let page = text()
                .replace("\"./", &format!("\"{folder}/"))
                .replace("\"index.css\"", &format!("\"{folder}/index.css\""));
            Ok(html(page))
        }
        "swagger-initializer.js" => {
            let document = format!("new URL(\"{DOCUMENT}\", script).href");
            let script = text().replace(&format!("\"{DOCUMENT}\""), &document);
            let script = format!("const script = document.currentScript.src;\n{script}");
            Ok(page(&file.content_type, script.into_bytes()))
        }
        _ => Ok(page(&file.content_type, file.bytes.into_owned())),
    }
}

/// The way from the page that `req` asks for up to the root, for a browser: a proxy may serve the root below a prefix
/// that is not known here.
fn root(req: &HttpRequest) -> String {
    let below = req.path().matches('/').count().saturating_sub(1);
    let slash = req.extensions().contains::<TrailingSlash>();
    "../".repeat(below + usize::from(slash))
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
