//! How requests are declared.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json};

use super::{
    fields::{Fields, RawInput},
    values::Value,
};

/// A member of a body or a parameter of a query. Its type says whether it may be absent or null.
pub trait Member: Sized {
    const REQUIRED: bool = false;
    const NULLABLE: bool = false;
    /// The value where there is one.
    type Value: JsonSchema;

    /// `None` where it is missing or refused; `fields` keep the fault.
    fn take<V: RawInput>(fields: &mut Fields<V>, name: &'static str) -> Option<Self>;
}

/// It must be there.
impl<T: Value> Member for T {
    const REQUIRED: bool = true;
    type Value = T;

    fn take<V: RawInput>(fields: &mut Fields<V>, name: &'static str) -> Option<Self> {
        fields.required(name)
    }
}

/// It may be absent but not null.
impl<T: Value> Member for Option<T> {
    type Value = T;

    fn take<V: RawInput>(fields: &mut Fields<V>, name: &'static str) -> Option<Self> {
        fields.optional(name)
    }
}

/// It may be absent (`None`) or null (`Some(None)`).
impl<T: Value> Member for Option<Option<T>> {
    const NULLABLE: bool = true;
    type Value = T;

    fn take<V: RawInput>(fields: &mut Fields<V>, name: &'static str) -> Option<Self> {
        fields.nullable(name)
    }
}

/// Declares a request: the struct, how it is read from named values, and its schema. Further
/// keywords of the schema may follow, such as `example` or `examples` (each with a summary).
///
/// ```ignore
/// request! {
///     /// The description in the document.
///     pub struct CreateThingRequest as "CreateThing" {
///         pub title: Title,                          // must be there
///         /// It stands in the document before what the type says of itself.
///         pub note: Option<Option<Description>>,     // may be absent or null
///         pub status: Option<Status>,                // may be absent
///         pub urgent: bool = false,                  // may be absent, with the same effect as this value
///     }
///     example { "title": "Buy milk" }
/// }
/// ```
macro_rules! request {
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $type:ident as $name:literal {
            $(
                $(#[doc = $member_doc:literal])*
                $member_vis:vis $member:ident: $value:ty $(= $default:expr)?,
            )+
        }
        $($keyword:ident $content:tt)*
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        $vis struct $type {
            $($(#[doc = $member_doc])* $member_vis $member: $value,)+
        }

        const _: () = {
            use schemars::{JsonSchema, Schema, SchemaGenerator};
            use $crate::controllers::extract::{fields::*, request::{Member, Members}, values::Value};

            impl FromFields for $type {
                fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
                    $(let $member = request!(@take fields, $member, $value $(, $default)?);)+
                    Some(Self { $($member: $member?,)+ })
                }
            }

            impl JsonSchema for $type {
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    $name.into()
                }

                fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                    let mut members = Members::new(generator);
                    $(request!(@describe members, $member, $value, [$($member_doc),*] $(, $default)?);)+
                    #[allow(unused_mut, reason = "a request without an example changes nothing")]
                    let mut schema = members.into_schema(&[$($doc),+]);
                    $(schema.insert(stringify!($keyword).to_owned(), serde_json::json!($content));)*
                    schema
                }
            }

            impl Value for $type {
                fn read<V: RawInput>(fields: &mut Fields<V>, name: &str, value: &V) -> Option<Self> {
                    let members = fields.keep(name, value.as_members())?;
                    let mut inner = fields.inner(name, members);
                    let request = Self::from_fields(&mut inner);
                    fields.adopt(inner.finish(request))
                }
            }
        };
    };
    (@take $fields:ident, $member:ident, $value:ty) => {
        <$value as Member>::take($fields, stringify!($member))
    };
    (@take $fields:ident, $member:ident, $value:ty, $default:expr) => {
        request!(@take $fields, $member, Option<$value>).map(|given| given.unwrap_or($default))
    };
    (@describe $members:ident, $member:ident, $value:ty, $docs:tt) => {
        $members.add::<$value>(stringify!($member), &$docs, None)
    };
    (@describe $members:ident, $member:ident, $value:ty, $docs:tt, $default:expr) => {{
        let default: $value = $default;
        $members.add::<Option<$value>>(stringify!($member), &$docs, Some(serde_json::json!(default)))
    }};
}

pub(crate) use request;

/// The members of a request, as its schema says them.
pub struct Members<'a> {
    generator: &'a mut SchemaGenerator,
    properties: Map<String, Json>,
    required: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub fn new(generator: &'a mut SchemaGenerator) -> Self {
        Self {
            generator,
            properties: Map::new(),
            required: Vec::new(),
        }
    }

    /// Adds a member; `docs` are the lines of its doc comment.
    pub fn add<M: Member>(&mut self, name: &'static str, docs: &[&str], default: Option<Json>) {
        let mut schema = self.generator.subschema_for::<M::Value>();
        let own = schema.get("description").and_then(Json::as_str);
        // As a keyword, generators would take it for a value that the member always has.
        let default = default.map(|default| match default {
            Json::String(name) => format!("Default: `{name}`."),
            other => format!("Default: `{other}`."),
        });
        let text = sentences(docs.iter().copied().chain(own).chain(default.as_deref()));
        if !text.is_empty() {
            schema.insert("description".to_owned(), text.into());
        }
        if M::NULLABLE {
            schema.insert("nullable".to_owned(), true.into());
        }
        if M::REQUIRED {
            self.required.push(name);
        }
        self.properties.insert(name.to_owned(), schema.into());
    }

    /// The schema of the request.
    pub fn into_schema(self, docs: &[&str]) -> Schema {
        let mut schema = json_schema!({
            "type": "object",
            "description": sentences(docs.iter().copied()),
            "properties": self.properties,
            "additionalProperties": false,
        });
        // An empty list is none in OpenAPI 3.0.
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), self.required.into());
        }
        schema
    }
}

/// The lines of a doc comment as one text.
fn sentences<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}
