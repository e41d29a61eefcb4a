//! The table of routes: the API's index, in the order in which a reader needs it. The server and the tests both use it, and
//! the OpenAPI document is collected from it.

use std::{any::Any, panic::AssertUnwindSafe, rc::Rc};

use actix_web::{
    Error, Handler, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::{Next, from_fn},
};
use futures_util::FutureExt;
use paperclip::actix::web::{Route, ServiceConfig, resource};
use schemars::SchemaGenerator;

use crate::{
    controllers::{
        account, auth, batch,
        describe::{Describe, Description, Reads},
        docs::handlers as docs,
        events,
        extract::unread,
        health, labels, personal_tokens, projects, sessions, tasks, trash,
    },
    error::{AppError, code::ErrorCode, problem::GrantRequest},
    middleware::{auth::authorize, observe::RoutePath},
    models::{
        permission::Permission::{self, AnyToken, Public, Scope, Session},
        scope::Scope::{TasksRead, TasksWrite},
    },
};

/// The groups of operations: their tags, and what the document says of them.
pub const TAGS: &[(&str, &str)] = &[
    ("auth", "Accounts, sessions and tokens."),
    ("tasks", "Your tasks, one by one, in lists and in batches."),
    ("projects", "Your projects, and those in the trash."),
    ("trash", "Deleted tasks, until they are purged."),
    (
        "labels",
        "The labels of your tasks. A label comes with the first task that has it and goes with the last.",
    ),
    ("health", "For load balancers and operators."),
];

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
            let mut operations = operations();
            // The first path that fits is taken: those without a variable come before those with one.
            for with_variable in [false, true] {
                $(if $path.contains('{') == with_variable {
                    let rows = operations.extract_if(.., |row| row.path == $path);
                    config.service(
                        resource($path)
                            .app_data(Rc::<[Operation]>::from_iter(rows))
                            .wrap(from_fn(guard))
                            $(.route(Route::new().method(Method::$method).to($handler)))+,
                    );
                })+
            }
        }
    };
}

routes! {
    "/" { GET docs::home, Public; }
    "/docs" { GET docs::index, Public; }
    "/docs/index.html" { GET docs::index, Public; }
    "/docs/guide" { GET docs::guide, Public; }
    "/docs/problems" { GET docs::problems, Public; }
    "/docs/samples.json" { GET docs::samples, Public; }
    "/docs/{file}" { GET docs::file, Public; }
    "/openapi.json" { GET docs::document, Public; }
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
    "/tasks/{id}" {
        GET tasks::get, Scope(TasksRead);
        PATCH tasks::update, Scope(TasksWrite), fails [Blocked Conflict];
        DELETE tasks::delete, Scope(TasksWrite);
    }
    "/tasks/{id}/move" { POST tasks::place, Scope(TasksWrite), fails [Conflict VersionMismatch]; }
    "/tasks/batch" { POST batch::run, Scope(TasksWrite), fails [NotFound Blocked Conflict VersionMismatch]; }
    "/projects" {
        GET projects::list, Scope(TasksRead);
        POST projects::create, Scope(TasksWrite), fails [Conflict];
    }
    "/projects/{id}" {
        GET projects::get, Scope(TasksRead);
        PATCH projects::update, Scope(TasksWrite);
        DELETE projects::delete, Scope(TasksWrite), fails [Conflict];
    }
    "/projects/{id}/move" { POST projects::place, Scope(TasksWrite), fails [Conflict]; }
    "/trash/projects" { GET projects::list_trash, Scope(TasksRead); }
    "/trash/projects/{id}" { DELETE projects::purge, Scope(TasksWrite); }
    "/trash/projects/{id}/restore" { POST projects::restore, Scope(TasksWrite), fails [Conflict]; }
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
    "/health/live" { GET health::live, Public; }
    "/health/ready" { GET health::ready, Public; }
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
    /// What the document shows of it, where it is called `id`.
    pub fn description<'a>(
        &'a self,
        id: &'a str,
        schemas: &'a mut SchemaGenerator,
    ) -> Description<'a> {
        let mut description = Description::new(id, &self.method, schemas);
        (self.describe)(&mut description);
        description
    }
}

/// Lets a request through to its handler where the row of its route allows it: without valid credentials the answer is
/// 401, whatever else is wrong. A method that the path does not have is left to the framework, which answers 405.
/// A panic is answered like any other failure; without that the connection would just close.
async fn guard<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // The router needs the only handle on the request; this one is to answer with.
    let kept = req.request().clone();
    let checked = async {
        check(&mut req).await?;
        next.call(req).await
    };
    let outcome = AssertUnwindSafe(checked).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(panicked(&*panic).into()));
    // An `Err` from here would pass by the middleware that writes problems and logs.
    Ok(match outcome {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => ServiceResponse::from_err(error, kept),
    })
}

async fn check(req: &mut ServiceRequest) -> Result<(), AppError> {
    let rows = req.app_data::<Rc<[Operation]>>();
    let rows = rows.map_or(&[][..], |rows| rows);
    if let Some(row) = rows.first() {
        req.extensions_mut().insert(RoutePath(row.path));
    }
    let row = rows.iter().find(|row| row.method == req.method());
    let Some((permission, reads)) = row.map(|row| (row.permission, row.reads)) else {
        return Ok(());
    };
    if reads.contains(Reads::GRANT) {
        req.extensions_mut().insert(GrantRequest);
    }
    authorize(req.request(), permission).await?;
    unread::refuse(req, reads).await
}

fn panicked(panic: &(dyn Any + Send)) -> AppError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref().map(String::as_str));
    AppError::internal(format!("panic: {}", text.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, http::StatusCode, test, web};

    use super::*;
    use crate::middleware::problems::problems;

    async fn fails() -> HttpResponse {
        panic!("on purpose")
    }

    #[actix_web::test]
    async fn a_panic_becomes_an_opaque_500_and_the_worker_lives_on() {
        let resource = web::resource("/").wrap(from_fn(guard)).get(fails);
        let app = App::new().wrap(from_fn(problems)).service(resource);
        let app = test::init_service(app).await;
        for _ in 0..3 {
            let req = test::TestRequest::get().uri("/").to_request();
            let res = test::call_service(&app, req).await;
            assert_eq!(res.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = test::read_body(res).await;
            let body = std::str::from_utf8(&body).unwrap();
            assert!(body.contains("internal_error") && !body.contains("on purpose"));
        }
    }
}
