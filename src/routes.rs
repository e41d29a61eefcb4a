//! The table of routes: the API's index. The server and the tests both use it, and the OpenAPI
//! document is collected from it.

use actix_web::{
    Error, Resource as ActixResource,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
};
use paperclip::actix::web::{Resource, ServiceConfig, delete, get, patch, post, resource};

use crate::{
    controllers::{
        account, auth, batch, docs, events, health, labels, personal_tokens, sessions, tasks, trash,
    },
    middleware::{auth::identify, panics::catch_panics},
};

/// Every route of the service.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(open("/").route(get().to(docs::home)))
        .service(open("/docs").route(get().to(docs::index)))
        .service(open("/docs/problems").route(get().to(docs::problems)))
        .service(open("/docs/{file}").route(get().to(docs::file)))
        .service(open("/openapi.json").route(get().to(docs::document)))
        .service(open("/health/live").route(get().to(health::live)))
        .service(open("/health/ready").route(get().to(health::ready)))
        .service(open("/auth/register").route(post().to(auth::register)))
        .service(open("/auth/login").route(post().to(auth::login)))
        .service(open("/auth/refresh").route(post().to(auth::refresh)))
        .service(personal("/auth/logout").route(post().to(auth::logout)))
        .service(
            personal("/auth/me")
                .route(get().to(account::me))
                .route(patch().to(account::change_email))
                .route(delete().to(account::delete)),
        )
        .service(personal("/auth/password").route(post().to(account::change_password)))
        .service(personal("/auth/sessions").route(get().to(sessions::list)))
        .service(personal("/auth/sessions/{id}").route(delete().to(sessions::revoke)))
        .service(
            personal("/auth/tokens")
                .route(get().to(personal_tokens::list))
                .route(post().to(personal_tokens::create)),
        )
        .service(personal("/auth/tokens/{id}").route(delete().to(personal_tokens::revoke)))
        .service(personal("/auth/events").route(get().to(events::list)))
        .service(
            personal("/tasks")
                .route(get().to(tasks::list))
                .route(post().to(tasks::create)),
        )
        .service(personal("/tasks/batch").route(post().to(batch::run)))
        .service(
            personal("/tasks/{id}")
                .route(get().to(tasks::get))
                .route(patch().to(tasks::update))
                .route(delete().to(tasks::delete)),
        )
        .service(
            personal("/trash")
                .route(get().to(trash::list))
                .route(delete().to(trash::empty)),
        )
        .service(personal("/trash/{id}").route(delete().to(trash::purge)))
        .service(personal("/trash/{id}/restore").route(post().to(trash::restore)))
        .service(personal("/labels").route(get().to(labels::list)))
        .service(
            personal("/labels/{name}")
                .route(patch().to(labels::rename))
                .route(delete().to(labels::delete)),
        );
}

/// Anyone may call it.
fn open(path: &str) -> Resource<ActixResource<impl Service>> {
    resource(path).wrap(from_fn(catch_panics))
}

/// It is about the user for whom the token stands; [`crate::access`] says what it asks of the token.
fn personal(path: &str) -> Resource<ActixResource<impl Service>> {
    resource(path)
        .wrap(from_fn(identify))
        .wrap(from_fn(catch_panics))
}

/// What a wrapped resource is made of.
trait Service:
    ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<Self::Body>,
        Error = Error,
        InitError = (),
    > + 'static
{
    type Body: MessageBody + 'static;
}

impl<T, B> Service for T
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    type Body = B;
}
