//! Answers that are more than JSON with 200.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use paperclip::{
    actix::OperationModifier,
    v2::{
        models::{DefaultOperationRaw, Either, Response},
        schema::Apiv2Schema,
    },
};
use serde::Serialize;

/// 201 with the new resource and where it is.
pub struct Created<T> {
    pub body: T,
    pub location: String,
}

/// 200 with an array, and a link to the next page where there is one (RFC 8288).
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Target of `rel="next"`, relative to the host.
    pub next: Option<String>,
}

/// 204.
pub struct NoContent;

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Created()
            .insert_header((header::LOCATION, self.location))
            .json(self.body)
    }
}

impl<T: Serialize> Responder for Listed<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(next) = self.next {
            response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
        }
        response.json(self.items)
    }
}

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl<T: Apiv2Schema> Apiv2Schema for Created<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> paperclip::v2::models::DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema> OperationModifier for Created<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        describe::<T>(op, StatusCode::CREATED);
    }
}

impl<T: Apiv2Schema> Apiv2Schema for Listed<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> paperclip::v2::models::DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema> OperationModifier for Listed<T> {
    fn update_response(op: &mut DefaultOperationRaw) {
        describe::<Vec<T>>(op, StatusCode::OK);
    }
}

impl Apiv2Schema for NoContent {}

impl OperationModifier for NoContent {
    fn update_response(op: &mut DefaultOperationRaw) {
        let response = Response {
            description: Some("No Content".to_owned()),
            ..Response::default()
        };
        op.responses
            .insert("204".to_owned(), Either::Right(response));
    }
}

fn describe<T: Apiv2Schema>(op: &mut DefaultOperationRaw, status: StatusCode) {
    let mut schema = T::schema_with_ref();
    schema.retain_ref();
    let response = Response {
        description: status.canonical_reason().map(str::to_owned),
        schema: Some(schema),
        ..Response::default()
    };
    op.responses
        .insert(status.as_str().to_owned(), Either::Right(response));
}
