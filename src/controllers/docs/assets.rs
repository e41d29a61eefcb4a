//! The files that the pages load: those of Swagger UI, compressed when it was built, and the pages' own.

use std::sync::Arc;

use utoipa_swagger_ui::Config;

use crate::{
    content::{Content, Contents},
    error::AppError,
};

/// Files of Swagger UI, with their media types.
const SWAGGER_UI: [(&str, &str); 3] = [
    ("favicon-32x32.png", "image/png"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
];

/// Files of the pages, with their media types.
const OWN: [(&str, &str, &str); 3] = [
    (
        "docs.css",
        "text/css; charset=utf-8",
        include_str!("docs.css"),
    ),
    (
        "docs.js",
        "text/javascript; charset=utf-8",
        include_str!("docs.js"),
    ),
    (
        "page.css",
        "text/css; charset=utf-8",
        include_str!("page.css"),
    ),
];

/// The file `name`. Errors: `NotFound`.
pub fn file(contents: &Contents, name: &str) -> Result<Arc<Content>, AppError> {
    contents.get(name, || {
        if let Some((_, media_type, text)) = OWN.iter().find(|(own, ..)| *own == name) {
            return Content::new(media_type, text.as_bytes()).map_err(AppError::internal);
        }
        let (_, media_type) = SWAGGER_UI
            .iter()
            .find(|(file, _)| *file == name)
            .ok_or(AppError::NotFound)?;
        let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()));
        let file = file.map_err(AppError::internal)?;
        let file = file.ok_or(AppError::NotFound)?;
        Ok(Content::compressed(media_type, file.bytes))
    })
}

/// `template` with the addresses of the files that it names in braces. An address has the hash of its file, so that a
/// browser may keep the file for good. `root` is the way up from the page.
pub fn with_files(contents: &Contents, template: &str, root: &str) -> Result<String, AppError> {
    let names = SWAGGER_UI.iter().map(|(name, _)| *name);
    let names = names.chain(OWN.iter().map(|(name, ..)| *name));
    let mut page = template.replace("{root}", root);
    for name in names {
        let named = format!("{{{name}}}");
        if page.contains(&named) {
            let hash = &file(contents, name)?.hash;
            page = page.replace(&named, &format!("{root}docs/{name}?{hash}"));
        }
    }
    Ok(page)
}
