//! HTTP in, HTTP out: each handler extracts, converts, calls a service and converts back. The
//! requests and responses stand beside their handlers.

pub mod account;
pub mod auth;
pub mod auth_dto;
pub mod batch;
pub mod batch_dto;
pub mod batch_operations;
pub mod cursor;
pub mod describe;
pub mod docs;
pub mod events;
pub mod extract;
pub mod health;
pub mod labels;
pub mod pages;
pub mod personal_tokens;
pub mod problem_example;
pub mod project_dto;
pub mod project_page;
pub mod projects;
pub mod respond;
pub mod sessions;
pub mod task_dto;
pub mod task_page;
pub mod task_requests;
pub mod tasks;
pub mod trash;
