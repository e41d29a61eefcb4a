//! Labels.

use serde_json::{Value, json};

use super::text::{TRIMMED, not_blank_without};
use crate::{
    models::label::{LABEL_MAX, LABELS_MAX, SEPARATOR},
    openapi::json::merge,
};

/// A label, as clients see it.
pub fn label() -> Value {
    json!({
        "description": "A label and how many tasks have it, those in the trash not counted. There is no label without a task.",
        "required": ["name", "tasks"],
        "properties": {
            "name": { "minLength": 1, "maxLength": LABEL_MAX },
            "tasks": { "minimum": 1 },
        },
        "example": { "name": "home", "tasks": 3 },
    })
}

/// Body of a renaming.
pub fn rename_label() -> Value {
    json!({
        "description": "The label's new name.",
        "additionalProperties": false,
        "properties": { "name": described_name() },
        "example": { "name": "house" },
    })
}

/// A name, where it is sent.
pub fn name() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": LABEL_MAX,
        "pattern": not_blank_without(&SEPARATOR.to_string()),
    })
}

fn described_name() -> Value {
    let mut name = name();
    let description = format!("{TRIMMED} No comma. Case is kept and counts.");
    merge(&mut name, json!({ "description": description }));
    name
}

/// The labels of a task, where they are sent.
pub fn names() -> Value {
    json!({
        "type": "array",
        "maxItems": LABELS_MAX,
        "uniqueItems": true,
        "items": described_name(),
        "description": "Each once, also after trimming; kept in order of name (by code points).",
    })
}
