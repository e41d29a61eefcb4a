//! What the signature of a handler says of its operation. Each argument and each answer says what it reads, which is
//! all that the route takes, and adds to the description that the OpenAPI document shows. paperclip collects paths,
//! ids, tags and doc comments; it has no room for bounds, `null`s, headers, examples and failures.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode},
    web::{Data, Path},
};
use bitflags::bitflags;
use paperclip::{
    actix::OperationModifier,
    v2::schema::{Apiv2Errors, Apiv2Schema},
};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{
    extract::{fields::invalid, form::OAuthForm, json::JsonBody},
    respond::{Created, Found, Listed, NoContent, Resource, Success},
};
use crate::{
    error::{AppError, code::ErrorCode, field::Location},
    models::violation::Violation,
    services::idempotency::Reply,
    state::AppState,
};

bitflags! {
    /// The parts of a request that an operation reads. The route refuses the others.
    #[derive(Debug, Clone, Copy)]
    pub struct Reads: u8 {
        const QUERY = 1;
        const BODY = 2;
        const IF_MATCH = 4;
        const IF_NONE_MATCH = 8;
        const IDEMPOTENCY_KEY = 16;
        /// A grant of OAuth2, to be exchanged for tokens.
        const GRANT = 32;
    }
}

/// An argument or an answer of a handler.
pub trait Describe {
    const READS: Reads = Reads::empty();

    /// Adds what the document shows of it.
    fn describe(_: &mut Description<'_>) {}
}

/// What the document shows of an operation, beside what paperclip collects.
pub struct Description<'a> {
    pub method: &'a Method,
    pub schemas: &'a mut SchemaGenerator,
    pub parameters: Vec<Value>,
    pub body: Option<Value>,
    /// Status and content of the answer below 300.
    pub success: Option<(StatusCode, Option<Value>)>,
    /// Headers of the answer below 400.
    pub headers: Vec<&'static str>,
    /// Whether a client that has the answer already gets 304.
    pub is_conditional: bool,
    pub errors: Vec<ErrorCode>,
    /// A request that is not valid, as an example.
    pub invalid: AppError,
}

impl<'a> Description<'a> {
    /// Of an operation whose signature says nothing.
    pub fn new(method: &'a Method, schemas: &'a mut SchemaGenerator) -> Self {
        let detail = "is an unknown parameter";
        Self {
            method,
            schemas,
            parameters: Vec::new(),
            body: None,
            success: None,
            headers: Vec::new(),
            is_conditional: false,
            errors: Vec::new(),
            invalid: invalid(
                Location::parameter("verbose"),
                Violation::new("unknown", detail),
            ),
        }
    }

    /// Adds a parameter. The description in its schema becomes its own.
    pub fn parameter(&mut self, location: &str, name: &str, required: bool, schema: Value) {
        let mut schema = schema;
        let keywords = schema.as_object_mut();
        let description = keywords.and_then(|keywords| keywords.remove("description"));
        let mut parameter = Map::new();
        if schema.get("type").is_some_and(|kind| kind == "array") {
            parameter.insert("style".to_owned(), "form".into());
            parameter.insert("explode".to_owned(), true.into());
        }
        parameter.extend([
            ("in".to_owned(), location.into()),
            ("name".to_owned(), name.into()),
            ("required".to_owned(), required.into()),
            ("description".to_owned(), description.into()),
            ("schema".to_owned(), schema),
        ]);
        self.parameters.push(parameter.into());
    }

    /// Adds the header `name`.
    pub fn header<T: JsonSchema>(&mut self, name: &str, description: &str) {
        let mut schema = self.schemas.subschema_for::<T>();
        schema.insert("description".to_owned(), description.into());
        self.parameter("header", name, false, schema.into());
    }

    /// Adds the body `T`, in any of these media types.
    pub fn body<T: JsonSchema>(&mut self, media_types: &[&str]) {
        let content = self.content::<T>();
        let contents = media_types
            .iter()
            .map(|name| ((*name).to_owned(), content.clone()));
        let contents: Map<String, Value> = contents.collect();
        self.body = Some(json!({ "required": true, "content": contents }));
        self.errors
            .extend([ErrorCode::MalformedRequest, ErrorCode::PayloadTooLarge]);
    }

    /// Sets the answer: `status` with the content `T`.
    pub fn success<T: JsonSchema>(&mut self, status: StatusCode) {
        let content = self.content::<T>();
        self.success = Some((status, Some(content)));
    }

    /// Sets the answer: `status` with the resource `T`.
    pub fn resource<T: Resource>(&mut self, status: StatusCode) {
        self.success::<T>(status);
        if T::IS_TAGGED {
            self.headers.push("ETag");
        }
    }

    /// The schema of `T`, and its example; that of an array is one item long.
    fn content<T: JsonSchema>(&mut self) -> Value {
        let schema = Value::from(self.schemas.subschema_for::<T>());
        let mut content = Map::new();
        if let Some(definition) = self.definition(Some(&schema)) {
            if let Some(example) = definition.get("example") {
                content.insert("example".to_owned(), example.clone());
            }
            // Several stand beside the schema, not in it.
            if let Some(examples) = definition.remove("examples") {
                content.insert("examples".to_owned(), examples);
            }
        } else if let Some(definition) = self.definition(schema.get("items")) {
            content.insert("example".to_owned(), json!([definition.get("example")]));
        }
        content.insert("schema".to_owned(), schema);
        content.into()
    }

    /// The schema to which `schema` refers, if it is a reference.
    fn definition(&mut self, schema: Option<&Value>) -> Option<&mut Map<String, Value>> {
        let name = schema?.get("$ref")?.as_str()?.rsplit('/').next()?;
        self.schemas
            .definitions_mut()
            .get_mut(name)?
            .as_object_mut()
    }
}

/// A handler's arguments.
macro_rules! describe_tuple {
    ($($argument:ident)*) => {
        impl<$($argument: Describe),*> Describe for ($($argument,)*) {
            const READS: Reads = Reads::empty()$(.union($argument::READS))*;

            fn describe(_description: &mut Description<'_>) {
                $($argument::describe(_description);)*
            }
        }
    };
}

describe_tuple!();
describe_tuple!(A);
describe_tuple!(A B);
describe_tuple!(A B C);
describe_tuple!(A B C D);
describe_tuple!(A B C D E);
describe_tuple!(A B C D E F);

impl<T: Describe> Describe for Result<T, AppError> {
    fn describe(description: &mut Description<'_>) {
        T::describe(description);
    }
}

impl Describe for Data<AppState> {
    fn describe(description: &mut Description<'_>) {
        description.errors.push(ErrorCode::Unavailable);
    }
}

impl Describe for HttpRequest {}
impl Describe for HttpResponse {}
impl<T> Describe for Path<T> {}

/// What paperclip asks of every argument and answer; `from_head!` says it of the other arguments.
macro_rules! for_paperclip {
    ($($type:ident $(<$parameter:ident>)?),+ $(,)?) => {$(
        impl$(<$parameter>)? Apiv2Schema for $type$(<$parameter>)? {}
        impl$(<$parameter>)? OperationModifier for $type$(<$parameter>)? {}
    )+};
}

for_paperclip!(
    Created<T>,
    Found<T>,
    JsonBody<T>,
    Listed<T>,
    NoContent,
    OAuthForm<T>,
    Reply<T>,
    Success<T>,
);

impl Apiv2Errors for AppError {}
