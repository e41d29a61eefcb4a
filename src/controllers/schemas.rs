//! What paperclip is told of our types: names, JSON types and places. Bounds, `null`s, examples and
//! headers it cannot carry; `openapi` adds those.

use paperclip::{
    actix::OperationModifier,
    v2::{
        models::{
            DataType, DataTypeFormat, DefaultOperationRaw, DefaultSchemaRaw, Either, Parameter,
            ParameterIn,
        },
        schema::{Apiv2Errors, Apiv2Schema, TypedData},
    },
};

use super::{
    auth::GrantType,
    cursor::{Cursor, Limit},
    extract::{
        form::OAuthForm,
        json::JsonBody,
        nothing::{NoBody, NoQuery},
        path::PathId,
        query::Query,
    },
};
use crate::{
    error::AppError,
    models::{
        email::Email,
        password::{Password, PasswordAttempt},
        priority::Priority,
        status::Status,
        text::{Description, Title},
        time::UtcTime,
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
    GrantType,
    Password,
    PasswordAttempt,
    Priority,
    Status,
    Title,
    Description,
);

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

impl Apiv2Schema for NoQuery {}
impl OperationModifier for NoQuery {}
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
