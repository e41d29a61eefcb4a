//! Pages for people: `/docs` (Swagger UI), `/docs/guide`, `/docs/problems`, their files, and the document `/openapi.json`.

pub mod assets;
pub mod guide;
pub mod handlers;
pub mod problems;
pub mod samples;
pub mod serve;
