//! The query of the request's target.

use schemars::JsonSchema;
use serde_json::json;

use super::{
    fields::{Fields, FromFields, invalid},
    from_head,
    urlencoded::{self, NotUtf8},
};
use crate::{
    controllers::describe::{Describe, Description, Reads},
    error::{AppError, field::Location},
    models::violation::Violation,
};

/// The request `T`, read from the query. Errors: `Validation`.
pub struct Query<T>(pub T);

impl<T: FromFields + JsonSchema> Describe for Query<T> {
    const READS: Reads = Reads::QUERY;

    fn describe(description: &mut Description<'_>) {
        let schema = &T::json_schema(description.schemas).to_value();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let required = schema["required"].as_array();
            let required = required.is_some_and(|names| names.contains(&json!(name)));
            let example = schema["example"].get(name).cloned();
            let example = example.unwrap_or_default();
            description.parameter("query", name, required, property.clone(), example);
        }
    }
}

from_head!(Query<T> where T: FromFields, |req| parse(req.query_string()).map(Self));

/// Reads the request `T` from a query string.
pub fn parse<T: FromFields>(query: &str) -> Result<T, AppError> {
    let entries = urlencoded::pairs(query).map_err(|NotUtf8(name)| {
        let detail = "must be valid UTF-8 after percent-decoding";
        invalid(Location::Parameter(name), Violation::new("format", detail))
    })?;
    let mut fields = Fields::parameters(entries);
    let request = T::from_fields(&mut fields);
    fields.finish(request)
}
