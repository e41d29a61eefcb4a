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
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{
    extract::{form::OAuthForm, json::JsonBody, query, unread::NoParameters},
    respond::{Created, Found, Listed, NoContent, Resource, Success},
};
use crate::{
    error::{AppError, code::ErrorCode},
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

/// What a failed precondition shows as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Current {
    Task,
    Project,
}

/// What the document shows of an operation, beside what paperclip collects.
pub struct Description<'a> {
    /// Its name in generated clients.
    pub id: &'a str,
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
    pub current: Current,
    /// The failure of a request that is not valid, as an example, and the kind of body that it has.
    pub invalid: (&'static str, Option<AppError>),
}

impl<'a> Description<'a> {
    /// Of an operation whose signature says nothing.
    pub fn new(id: &'a str, method: &'a Method, schemas: &'a mut SchemaGenerator) -> Self {
        let invalid = query::parse::<NoParameters>("verbose=true");
        Self {
            id,
            method,
            schemas,
            parameters: Vec::new(),
            body: None,
            success: None,
            headers: Vec::new(),
            is_conditional: false,
            errors: Vec::new(),
            current: Current::Task,
            invalid: ("", invalid.err()),
        }
    }

    /// Adds a parameter. The description in its schema becomes its own. Many tools send the example of an optional one
    /// unasked: it must do no harm.
    pub fn parameter(
        &mut self,
        location: &str,
        name: &str,
        required: bool,
        schema: Value,
        example: Value,
    ) {
        let mut schema = schema;
        let keywords = schema.as_object_mut();
        let description = keywords.and_then(|keywords| keywords.remove("description"));
        let is_list = schema.get("type").is_some_and(|kind| kind == "array");
        let mut parameter = json!({
            "name": name,
            "in": location,
            "description": description,
            "schema": schema,
            "example": example,
        });
        if required && let Some(members) = parameter.as_object_mut() {
            members.insert("required".to_owned(), true.into());
        }
        if is_list && let Some(members) = parameter.as_object_mut() {
            members.insert("explode".to_owned(), false.into());
        }
        self.parameters.push(parameter);
    }

    /// Adds the header `name`.
    pub fn header<T: JsonSchema>(&mut self, name: &str, description: &str, example: &str) {
        let mut schema = self.schemas.subschema_for::<T>();
        schema.insert("description".to_owned(), description.into());
        self.parameter("header", name, false, schema.into(), example.into());
    }

    /// Adds the body `T` as `media_type`; `others` are taken too. They stand in words, since generators make a function of
    /// its own of each media type, or two of one name.
    pub fn body<T: JsonSchema>(&mut self, media_type: &str, others: &[&str]) {
        let mut content = Map::new();
        let schema = self.schemas.subschema_for::<T>();
        content.insert("schema".to_owned(), schema.into());
        // An example of a whole request stands beside its schema.
        let mut whole = T::json_schema(self.schemas);
        let definition = self.schemas.definitions_mut().get_mut(&*T::schema_name());
        if let Some(definition) = definition.and_then(Value::as_object_mut) {
            for keyword in ["example", "examples"] {
                definition.remove(keyword);
                let example = whole.remove(keyword);
                content.extend(example.map(|example| (keyword.to_owned(), example)));
            }
        }
        let mut body = Map::new();
        if !others.is_empty() {
            let others = others.iter().map(|name| format!("`{name}`"));
            let others = others.collect::<Vec<_>>().join(", ");
            let text = format!("Also taken: {others}.");
            body.insert("description".to_owned(), text.into());
        }
        body.insert("required".to_owned(), true.into());
        body.insert("content".to_owned(), json!({ media_type: content }));
        self.body = Some(body.into());
        self.errors
            .extend([ErrorCode::MalformedRequest, ErrorCode::PayloadTooLarge]);
    }

    /// Sets the answer: `status` with the content `T`, whose schema has an example.
    pub fn success<T: JsonSchema>(&mut self, status: StatusCode) {
        let content = json!({ "schema": self.schemas.subschema_for::<T>() });
        self.success = Some((status, Some(content)));
    }

    /// Sets the answer: `status` with the resource `T`.
    pub fn resource<T: Resource>(&mut self, status: StatusCode) {
        self.success::<T>(status);
        if T::IS_TAGGED {
            self.headers.push("ETag");
        }
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
describe_tuple!(A B C D E F G);

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

/// The schema of values that have one of the schemas `names`, which differ in what they allow for the member `tag`. Its type
/// is said here as well: PHP's clients make one class of the alternatives, which would take the last one's values alone.
pub fn one_of(description: &str, (tag, kind): (&str, &str), names: &[&str]) -> Schema {
    let references = names
        .iter()
        .map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }));
    json_schema!({
        "description": description,
        "type": "object",
        "required": [tag],
        "properties": { tag: { "type": kind } },
        "oneOf": references.collect::<Vec<_>>(),
    })
}
