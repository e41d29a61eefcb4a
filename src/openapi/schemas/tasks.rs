//! Tasks.

use serde_json::{Value, json};

use super::{
    labels,
    text::{self, TIME, TRIMMED, id, no_control, not_blank},
};
use crate::{
    models::{
        label::{LABEL_MAX, LABELS_MAX},
        priority::Priority,
        status::Status,
        text::{DESCRIPTION_MAX, EXTERNAL_ID_MAX, TITLE_MAX},
    },
    openapi::json::merge,
};

/// Body of a creation.
pub fn create_task() -> Value {
    let mut properties = settable();
    let defaults = json!({
        "status": { "default": Status::default().as_str() },
        "priority": { "default": Priority::default().as_str() },
        "labels": { "default": [] },
    });
    merge(&mut properties, defaults);
    json!({
        "description": "A new task.",
        "additionalProperties": false,
        "properties": properties,
        "example": { "title": "Buy milk", "priority": "high", "due_at": "2026-12-01T18:00:00+01:00", "labels": ["home"] },
    })
}

/// Body of a change.
pub fn update_task() -> Value {
    json!({
        "description": "A JSON Merge Patch (RFC 7396): an absent member stays as it is, null clears it. An array replaces the one that is there.",
        "additionalProperties": false,
        "properties": settable(),
        "example": { "status": "done", "description": null },
    })
}

/// A task, as clients see it.
pub fn task() -> Value {
    json!({
        "description": "A task.",
        "required": ["id", "title", "description", "status", "priority", "due_at", "labels", "external_id", "version", "completed_at", "created_at", "updated_at"],
        "properties": {
            "id": id(),
            "title": { "minLength": 1, "maxLength": TITLE_MAX },
            "description": { "nullable": true, "maxLength": DESCRIPTION_MAX },
            "status": { "enum": Status::NAMES },
            "priority": { "enum": Priority::NAMES },
            "due_at": { "nullable": true },
            "labels": {
                "maxItems": LABELS_MAX,
                "uniqueItems": true,
                "items": { "minLength": 1, "maxLength": LABEL_MAX },
                "description": "In order of name (by code points).",
            },
            "external_id": { "nullable": true, "minLength": 1, "maxLength": EXTERNAL_ID_MAX },
            "version": { "minimum": 1, "description": "1 at first; each change makes it one larger. In quotes, it is the ETag of the task." },
            "completed_at": { "nullable": true, "description": "When the status became done; null in any other status." },
        },
        "example": example(),
    })
}

/// A task that could be.
pub fn example() -> Value {
    json!({
        "id": 7,
        "title": "Buy milk",
        "description": null,
        "status": "todo",
        "priority": "high",
        "due_at": "2026-12-01T17:00:00.000000Z",
        "labels": ["home"],
        "external_id": null,
        "version": 1,
        "completed_at": null,
        "created_at": TIME,
        "updated_at": TIME,
    })
}

/// What clients set, in a creation and in a change.
fn settable() -> Value {
    let mut external_id = text::external_id();
    merge(
        &mut external_id,
        json!({
            "nullable": true,
            "description": format!("What another system calls the task. {TRIMMED} No two of your tasks outside the trash have the same: 409."),
        }),
    );
    json!({
        "title": {
            "minLength": 1,
            "maxLength": TITLE_MAX,
            "pattern": not_blank(),
            "description": TRIMMED,
        },
        "description": {
            "nullable": true,
            "maxLength": DESCRIPTION_MAX,
            "pattern": no_control(),
            "description": TRIMMED,
        },
        "status": { "enum": Status::NAMES },
        "priority": { "enum": Priority::NAMES },
        "due_at": {
            "nullable": true,
            "description": "Trimmed. RFC 3339 with any offset, such as 2026-12-01T18:00:00+01:00; kept in UTC to the microsecond. In UTC it must lie between the years 0000 and 9999.",
        },
        "labels": labels::names(),
        "external_id": external_id,
    })
}
