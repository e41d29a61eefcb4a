//! The table of routes: the API's index. The server and the tests both use it, and the OpenAPI
//! document is collected from it.

use std::rc::Rc;

use actix_web::{
    Error, Handler,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::{Next, from_fn},
};
use paperclip::actix::web::{Route, ServiceConfig, resource};
use schemars::SchemaGenerator;

use crate::{
    controllers::{
        account, auth, batch,
        describe::{Describe, Description, Reads},
        docs, events,
        extract::unread,
        health, labels, personal_tokens, sessions, tasks, trash,
    },
    error::{AppError, code::ErrorCode},
    middleware::{auth::authorize, panics::catch_panics},
    models::{
        permission::Permission::{self, AnyToken, Public, Scope, Session},
        scope::Scope::{TasksRead, TasksWrite},
    },
};

/// One row of the table.
pub struct Operation {
    pub path: &'static str,
    pub method: Method,
    /// What it asks of the token.
    pub permission: Permission,
    /// The failures that its signature does not tell.
    pub errors: &'static [ErrorCode],
    /// What it reads of a request; the rest is refused.
    reads: Reads,
    describe: fn(&mut Description<'_>),
}

/// Writes the table down as functions: a path, and for each of its methods the handler, what it asks of the token, and the
/// failures that the handler's signature does not tell.
macro_rules! routes {
    ($($path:literal { $($method:ident $handler:path, $permission:expr $(, fails [$($error:ident)+])?;)+ })+) => {
        /// Every row of the table.
        pub fn operations() -> Vec<Operation> {
            vec![$($(
                operation($path, Method::$method, $permission, &[$($(ErrorCode::$error),+)?], $handler),
            )+)+]
        }

        /// Every route of the service.
        pub fn configure(config: &mut ServiceConfig<'_>) {
            let operations: Rc<[Operation]> = operations().into();
            $(config.service(
                resource($path)
                    .app_data(operations.clone())
                    .wrap(from_fn(check))
                    .wrap(from_fn(catch_panics))
                    $(.route(Route::new().method(Method::$method).to($handler)))+,
            );)+
        }
    };
}

routes! {
    "/" { GET docs::home, Public; }
    "/docs" { GET docs::index, Public; }
    "/docs/problems" { GET docs::problems, Public; }
    "/docs/{file}" { GET docs::file, Public; }
    "/openapi.json" { GET docs::document, Public; }
    "/health/live" { GET health::live, Public; }
    "/health/ready" { GET health::ready, Public; }
    "/auth/register" { POST auth::register, Public, fails [EmailTaken TooManyRequests]; }
    "/auth/login" { POST auth::login, Public, fails [InvalidCredentials TooManyRequests]; }
    "/auth/refresh" { POST auth::refresh, Public, fails [InvalidToken]; }
    "/auth/logout" { POST auth::logout, Session; }
    "/auth/me" {
        GET account::me, AnyToken;
        PATCH account::change_email, Session, fails [EmailTaken TooManyRequests];
        DELETE account::delete, Session, fails [TooManyRequests];
    }
    "/auth/password" { POST account::change_password, Session, fails [TooManyRequests]; }
    "/auth/sessions" { GET sessions::list, Session; }
    "/auth/sessions/{id}" { DELETE sessions::revoke, Session; }
    "/auth/tokens" {
        GET personal_tokens::list, Session;
        POST personal_tokens::create, Session;
    }
    "/auth/tokens/{id}" { DELETE personal_tokens::revoke, Session; }
    "/auth/events" { GET events::list, Session; }
    "/tasks" {
        GET tasks::list, Scope(TasksRead);
        POST tasks::create, Scope(TasksWrite), fails [Conflict];
    }
    "/tasks/batch" { POST batch::run, Scope(TasksWrite), fails [NotFound Conflict VersionMismatch]; }
    "/tasks/{id}" {
        GET tasks::get, Scope(TasksRead);
        PATCH tasks::update, Scope(TasksWrite), fails [Conflict];
        DELETE tasks::delete, Scope(TasksWrite);
    }
    "/trash" {
        GET trash::list, Scope(TasksRead);
        DELETE trash::empty, Scope(TasksWrite);
    }
    "/trash/{id}" { DELETE trash::purge, Scope(TasksWrite); }
    "/trash/{id}/restore" { POST trash::restore, Scope(TasksWrite), fails [Conflict]; }
    "/labels" { GET labels::list, Scope(TasksRead); }
    "/labels/{name}" {
        PATCH labels::rename, Scope(TasksWrite);
        DELETE labels::delete, Scope(TasksWrite);
    }
}

fn operation<F, Args>(
    path: &'static str,
    method: Method,
    permission: Permission,
    errors: &'static [ErrorCode],
    _: F,
) -> Operation
where
    F: Handler<Args, Output: Describe>,
    Args: Describe,
{
    Operation {
        path,
        method,
        permission,
        errors,
        reads: Args::READS,
        describe: |description| {
            Args::describe(description);
            F::Output::describe(description);
        },
    }
}

impl Operation {
    /// What the document shows of it.
    pub fn description<'a>(&'a self, schemas: &'a mut SchemaGenerator) -> Description<'a> {
        let mut description = Description::new(&self.method, schemas);
        (self.describe)(&mut description);
        description
    }
}

/// Lets a request through to its handler where the row of its route allows it: without valid credentials the answer is
/// 401, whatever else is wrong. A method that the path does not have is left to the framework, which answers 405.
async fn check<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Err(error) = refuse(&req).await {
        // An `Err` from here would pass by the middleware that writes problems and logs.
        return Ok(req.error_response(error));
    }
    Ok(next.call(req).await?.map_into_boxed_body())
}

async fn refuse(req: &ServiceRequest) -> Result<(), AppError> {
    let operations = req.app_data::<Rc<[Operation]>>();
    let path = req.match_pattern().unwrap_or_default();
    let row = operations
        .into_iter()
        .flat_map(|operations| operations.iter());
    let row = row
        .into_iter()
        .find(|row| row.path == path && row.method == req.method());
    let Some(row) = row else { return Ok(()) };
    authorize(req.request(), row.permission).await?;
    unread::refuse(req.request(), row.reads)
}
