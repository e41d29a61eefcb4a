//! All shapes, by name.

use serde_json::{Map, Value, json};

use super::{accounts, batch, labels, problems, sessions, tasks};
use crate::openapi::json::merge;

/// Completes the collected shapes and adds those of problems.
pub fn complete(schemas: &mut Map<String, Value>) {
    for (name, completion) in [
        ("Registration", accounts::registration()),
        ("PasswordGrant", accounts::password_grant()),
        ("RefreshGrant", accounts::refresh_grant()),
        ("Token", accounts::token()),
        ("User", accounts::user()),
        ("PasswordChange", accounts::password_change()),
        ("EmailChange", accounts::email_change()),
        ("AccountDeletion", accounts::account_deletion()),
        ("Session", sessions::session()),
        ("CreateToken", sessions::create_token()),
        ("PersonalToken", sessions::personal_token()),
        ("CreatedToken", sessions::created_token()),
        ("SecurityEvent", sessions::event()),
        ("CreateTask", tasks::create_task()),
        ("UpdateTask", tasks::update_task()),
        ("Task", tasks::task()),
        ("BatchRequest", batch::request()),
        ("BatchResults", batch::results()),
        ("Label", labels::label()),
        ("RenameLabel", labels::rename_label()),
        ("Health", health()),
        ("FieldError", problems::field_error()),
        ("Problem", problems::problem()),
        ("ValidationProblem", problems::validation()),
        ("VersionMismatchProblem", problems::version_mismatch()),
        ("KeyReusedProblem", problems::key_reused()),
    ] {
        merge(schemas.entry(name).or_insert(Value::Null), completion);
    }
}

/// A reference to the shape `name`.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn health() -> Value {
    json!({
        "description": "A good state of health.",
        "properties": { "status": { "enum": ["ok"] } },
        "example": { "status": "ok" },
    })
}
