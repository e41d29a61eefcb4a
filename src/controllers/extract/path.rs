//! Ids and names in paths.

use percent_encoding::percent_decode_str;
use schemars::Schema;
use serde_json::Value;

use super::from_head;
use crate::{
    controllers::describe::{Describe, Description},
    error::{AppError, code::ErrorCode},
    models::{id::Id, label::LabelName},
};

/// A parameter of the path. What is no id is the id of nothing: it fails only when it is asked for, since
/// a resource's 404 comes after everything that is wrong with the request itself.
pub struct InPath<T>(Option<T>);

/// The path's `{id}`.
pub type PathId = InPath<i64>;
/// The path's `{name}`, of a label.
pub type PathLabel = InPath<LabelName>;

impl<T> InPath<T> {
    /// Errors: `NotFound`.
    pub fn get(self) -> Result<T, AppError> {
        self.0.ok_or(AppError::NotFound)
    }
}

impl Describe for PathId {
    fn describe(description: &mut Description<'_>) {
        let mut schema = description.schemas.subschema_for::<Id>();
        let text =
            "Id of the resource. One that is not yours is 404, like one that does not exist.";
        schema.insert("description".to_owned(), text.into());
        in_path(description, "id", schema, 7.into());
    }
}

impl Describe for PathLabel {
    fn describe(description: &mut Description<'_>) {
        let mut schema = description.schemas.subschema_for::<LabelName>();
        let text = "Name of the label, normalised to NFC and trimmed; a `/` in it is written %2F. (`.` and `..`, which most clients take for steps in the path, are reached through the tasks alone.) One that no task of yours outside the trash has is 404.";
        schema.insert("description".to_owned(), text.into());
        in_path(description, "name", schema, "home".into());
    }
}

fn in_path(description: &mut Description<'_>, name: &str, schema: Schema, example: Value) {
    description.parameter("path", name, true, schema.into(), example);
    description.errors.push(ErrorCode::NotFound);
}

from_head!(PathId, |req| {
    let id: Result<Id, _> = req.match_info().query("id").parse();
    Ok(Self(id.ok().map(Id::get)))
});

// The router has decoded all but `%25`, `%2F` and `%2B`.
from_head!(PathLabel, |req| {
    let name = percent_decode_str(req.match_info().query("name")).decode_utf8();
    Ok(Self(name.ok().and_then(|name| name.parse().ok())))
});
