//! What paperclip is told of our types: names, JSON types and places. Bounds, `null`s, examples and
//! headers it cannot carry; `openapi` adds those.

use actix_web::http::StatusCode;
use paperclip::{
    actix::OperationModifier,
    v2::{
        models::{
            DataType, DataTypeFormat, DefaultOperationRaw, DefaultSchemaRaw, Either, Parameter,
            ParameterIn, Response,
        },
        schema::{Apiv2Errors, Apiv2Schema, TypedData},
    },
};

use super::{
    auth_shapes::{PasswordGrantType, RefreshGrantType},
    batch_shapes::{BatchRequest, BatchResults},
    cursor::{Cursor, Limit},
    extract::{
        form::OAuthForm,
        json::JsonBody,
        nothing::{NoBody, NoIfMatch, NoQuery},
        once::Once,
        origin::Origin,
        path::{PathId, PathLabel},
        query::Query,
    },
    list_query::{TaskParameters, TaskQuery},
    personal_tokens::{CreateToken, TokenMembers},
    respond::{Changed, Created, Found, Listed, NoContent, Repeatable},
};
use crate::{
    error::AppError,
    models::{
        email::Email,
        filter::CommaList,
        label::LabelName,
        password::{Password, PasswordAttempt},
        personal_token::TokenName,
        precondition::{IfMatch, IfNoneMatch},
        priority::Priority,
        scope::Scope,
        search::Search,
        session::LogoutScope,
        sort::Sort,
        status::Status,
        text::{Description, ExternalId, Title},
        time::{TimeOrDate, UtcTime},
    },
};

macro_rules! text_schema {
    ($($type:ty),+ $(,)?) => {$(
        impl TypedData for $type {
            fn data_type() -> DataType {
                DataType::String
            }
        }
    )+};
}

text_schema!(
    Cursor,
    Email,
    LogoutScope,
    PasswordGrantType,
    RefreshGrantType,
    Password,
    PasswordAttempt,
    Priority,
    Status,
    Title,
    TokenName,
    Scope,
    Description,
    LabelName,
    ExternalId,
    Search,
    Sort,
    TimeOrDate,
);

impl<T> TypedData for CommaList<T> {
    fn data_type() -> DataType {
        DataType::String
    }
}

impl Apiv2Schema for CreateToken {
    fn name() -> Option<String> {
        TokenMembers::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        TokenMembers::raw_schema()
    }
}

impl Apiv2Schema for TaskQuery {
    fn raw_schema() -> DefaultSchemaRaw {
        TaskParameters::raw_schema()
    }
}

/// Objects that `openapi` writes as a whole: paperclip has no word for one of several shapes.
macro_rules! object_schema {
    ($($type:ident),+) => {$(
        impl Apiv2Schema for $type {
            fn name() -> Option<String> {
                Some(stringify!($type).to_owned())
            }

            fn raw_schema() -> DefaultSchemaRaw {
                DefaultSchemaRaw {
                    name: Self::name(),
                    data_type: Some(DataType::Object),
                    ..DefaultSchemaRaw::default()
                }
            }
        }
    )+};
}

object_schema!(BatchRequest, BatchResults);

impl TypedData for UtcTime {
    fn data_type() -> DataType {
        DataType::String
    }

    fn format() -> Option<DataTypeFormat> {
        Some(DataTypeFormat::DateTime)
    }
}

impl TypedData for Limit {
    fn data_type() -> DataType {
        DataType::Integer
    }
}

impl Apiv2Errors for AppError {}

impl Apiv2Schema for Once {}
impl OperationModifier for Once {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        header_parameter(op, "Idempotency-Key");
    }
}

impl Apiv2Schema for IfMatch {}
impl OperationModifier for IfMatch {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        header_parameter(op, "If-Match");
    }
}

impl Apiv2Schema for IfNoneMatch {}
impl OperationModifier for IfNoneMatch {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        header_parameter(op, "If-None-Match");
    }
}

fn header_parameter(op: &mut DefaultOperationRaw, name: &str) {
    op.parameters.push(Either::Right(Parameter {
        name: name.to_owned(),
        in_: ParameterIn::Header,
        data_type: Some(DataType::String),
        ..Parameter::default()
    }));
}

impl Apiv2Schema for NoQuery {}
impl OperationModifier for NoQuery {}
impl Apiv2Schema for NoIfMatch {}
impl OperationModifier for NoIfMatch {}
impl Apiv2Schema for Origin {}
impl OperationModifier for Origin {}
impl Apiv2Schema for NoBody {}
impl OperationModifier for NoBody {}

impl Apiv2Schema for PathId {}

impl OperationModifier for PathId {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        op.parameters.push(Either::Right(Parameter {
            name: "id".to_owned(),
            in_: ParameterIn::Path,
            required: true,
            data_type: Some(DataType::Integer),
            format: Some(DataTypeFormat::Int64),
            ..Parameter::default()
        }));
    }
}

impl Apiv2Schema for PathLabel {}

impl OperationModifier for PathLabel {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        op.parameters.push(Either::Right(Parameter {
            name: "name".to_owned(),
            in_: ParameterIn::Path,
            required: true,
            data_type: Some(DataType::String),
            ..Parameter::default()
        }));
    }
}

impl<T: Apiv2Schema> Apiv2Schema for JsonBody<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema> OperationModifier for JsonBody<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        body_parameter::<T>(op);
    }
}

impl<T: Apiv2Schema> Apiv2Schema for OAuthForm<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema> OperationModifier for OAuthForm<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        body_parameter::<T>(op);
    }
}

fn body_parameter<T: Apiv2Schema>(op: &mut DefaultOperationRaw) {
    let mut schema = T::schema_with_ref();
    schema.retain_ref();
    op.parameters.push(Either::Right(Parameter {
        name: "body".to_owned(),
        in_: ParameterIn::Body,
        required: true,
        schema: Some(schema),
        ..Parameter::default()
    }));
}

impl<T: Apiv2Schema> Apiv2Schema for Query<T> {}

impl<T: Apiv2Schema> OperationModifier for Query<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        let schema = T::raw_schema();
        for (name, property) in schema.properties {
            op.parameters.push(Either::Right(Parameter {
                required: schema.required.contains(&name),
                in_: ParameterIn::Query,
                data_type: property.data_type,
                format: property.format,
                description: property.description,
                name,
                ..Parameter::default()
            }));
        }
    }

    fn update_definitions(_: &mut std::collections::BTreeMap<String, DefaultSchemaRaw>) {}
}

/// An answer with `$status` whose content is `$content` of the type parameter.
macro_rules! answer_schema {
    ($($answer:ident, $status:ident, $content:ty;)+) => {$(
        impl<T: Apiv2Schema> Apiv2Schema for $answer<T> {
            fn name() -> Option<String> {
                T::name()
            }

            fn raw_schema() -> DefaultSchemaRaw {
                T::raw_schema()
            }
        }

        impl<T: Apiv2Schema> OperationModifier for $answer<T> {
            fn update_response(op: &mut DefaultOperationRaw) {
                describe::<$content>(op, StatusCode::$status);
            }
        }
    )+};
}

answer_schema! {
    Created, CREATED, T;
    Changed, OK, T;
    Found, OK, T;
    Listed, OK, Vec<T>;
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

impl<S: Apiv2Schema> Apiv2Schema for Repeatable<S> {
    fn name() -> Option<String> {
        S::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        S::raw_schema()
    }
}

impl<S: OperationModifier> OperationModifier for Repeatable<S> {
    fn update_response(op: &mut DefaultOperationRaw) {
        S::update_response(op);
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
