//! Parameters in paths, queries and headers.
//!
//! Optional ones have no `example`: Swagger UI would send it.

use serde_json::{Value, json};

use super::{
    json::merge,
    schemas::{
        labels,
        text::{self, TRIMMED, not_blank},
    },
};
use crate::{
    controllers::cursor::{LIMIT_DEFAULT, LIMIT_MAX},
    models::{
        filter::LIST_MAX,
        idempotency::KEY_MAX,
        precondition::TAGS_PATTERN,
        priority::Priority,
        session::LogoutScope,
        sort::{SORT_MAX, Sort, SortKey},
        status::Status,
        text::QUERY_MAX,
    },
};

/// Completes the parameters of `operation`.
pub fn complete(operation: &mut Value) {
    let path_id = match operation["operationId"].as_str() {
        Some("restoreTask" | "purgeTask") => "Id of a task in the trash",
        Some("revokeSession") => "Id of a session",
        Some("revokeToken") => "Id of a personal access token",
        _ => "Id of a task that is not in the trash",
    };
    let Some(parameters) = operation["parameters"].as_array_mut() else {
        if let Value::Object(members) = operation {
            members.remove("parameters");
        }
        return;
    };
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let completion = match parameter["in"].as_str() {
            Some("path") => in_path(&name, path_id),
            Some("query") => in_query(&name),
            _ => in_header(&name),
        };
        if let Some(completion) = completion {
            // What paperclip says of the type is not always what it is once it is a parameter.
            parameter["schema"] = json!({});
            merge(parameter, completion);
        }
    }
}

fn in_path(name: &str, id: &str) -> Option<Value> {
    Some(match name {
        "id" => json!({
            "schema": text::id(),
            "example": 7,
            "description": format!("{id}. One that is not yours is 404, like one that does not exist."),
        }),
        "name" => json!({
            "schema": labels::name(),
            "example": "home",
            "description": "Name of the label, trimmed; a `/` in it is written %2F. (`.` and `..`, which most clients take for steps in the path, are reached through the tasks alone.) One that no task of yours outside the trash has is 404.",
        }),
        _ => return None,
    })
}

fn in_query(name: &str) -> Option<Value> {
    Some(match name {
        "limit" => json!({
            "schema": { "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT },
            "description": "How many items a page has.",
        }),
        "cursor" => json!({
            "schema": { "type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$" },
            "description": "Where the page begins: opaque, from the Link of the page before. One that this list did not give, with the same filters and order, is 422.",
        }),
        "scope" => json!({
            "schema": { "type": "string", "enum": LogoutScope::NAMES, "default": "local" },
            "description": "Which sessions end: this one, all others, or all.",
        }),
        "include_total" => json!({
            "schema": { "type": "boolean", "default": false },
            "description": "Whether X-Total-Count says how many tasks there are on all pages. Counting takes longer than reading a page.",
        }),
        "status" => any_of(
            "statuses",
            json!({ "type": "string", "enum": Status::NAMES }),
        ),
        "priority" => any_of(
            "priorities",
            json!({ "type": "string", "enum": Priority::NAMES }),
        ),
        "label" => any_of("labels (each trimmed)", labels::name()),
        "overdue" => json!({
            "schema": { "type": "boolean" },
            "description": "`true`: only tasks that are due before now and are `todo` or `in_progress`; `false`: only all others.",
        }),
        "external_id" => json!({
            "schema": text::external_id(),
            "description": format!("Only the task that another system calls so. {TRIMMED}"),
        }),
        "q" => search(),
        "sort" => sort(),
        time => return range(time),
    })
}

fn any_of(what: &str, item: Value) -> Value {
    json!({
        "schema": { "type": "array", "minItems": 1, "maxItems": LIST_MAX, "items": item },
        "style": "form",
        "explode": false,
        "description": format!("Only tasks with any of these {what}, with commas between. A repeated one counts once."),
    })
}

fn search() -> Value {
    json!({
        "schema": { "type": "string", "minLength": 1, "maxLength": QUERY_MAX, "pattern": not_blank() },
        "description": format!("Only tasks with all of these words in title and description, the last one as a beginning; case and accents do not matter. A word is a run of letters and digits, one emoji or one CJK character; everything else separates, and without a word nothing is found. {TRIMMED}"),
    })
}

fn sort() -> Value {
    let names = SortKey::NAMES.iter();
    let both = names.flat_map(|name| {
        let descending = (*name != SortKey::RELEVANCE).then(|| format!("-{name}"));
        [Some((*name).to_owned()), descending].into_iter().flatten()
    });
    json!({
        "schema": {
            "type": "array",
            "minItems": 1,
            "maxItems": SORT_MAX,
            "uniqueItems": true,
            "items": { "type": "string", "enum": both.collect::<Vec<_>>() },
            "default": [Sort::default().to_string()],
        },
        "style": "form",
        "explode": false,
        "description": "The order: keys with commas between, each at most once, whether with `-` (descending) or without. Tasks without a `due_at` come last either way, `title` goes by its case-folded code points, and ties are broken by `id` in the direction of the last key. `relevance` (all words in the title first) needs `q`.",
    })
}

/// One end of a range of time; `None` for a name that is none.
fn range(name: &str) -> Option<Value> {
    let (member, end) = name.rsplit_once('_')?;
    let (after, before) = ("at or after", "before");
    let end = match end {
        "after" => after,
        "before" => before,
        _ => return None,
    };
    Some(json!({
        "schema": { "type": "string", "anyOf": [{ "format": "date-time" }, { "format": "date" }] },
        "description": format!("Only tasks whose `{member}_at` is {end} this: an RFC 3339 time with any offset, whose `+` is written %2B, or a date, which is its midnight in UTC. Trimmed. In UTC it must lie between the years 0000 and 9999."),
    }))
}

fn in_header(name: &str) -> Option<Value> {
    Some(match name {
        "Idempotency-Key" => json!({
            "schema": { "type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$" },
            "description": "A name of your own for this request, new for each. Sent again with the same key within 24 hours (unless the operator chose otherwise), the request has no second effect: the answer is the first one, if that was 2xx. Another method, path, query or body with the same key is 422; a request whose first is still being worked on may be 409.",
        }),
        "If-Match" => json!({
            "schema": { "type": "string", "pattern": TAGS_PATTERN },
            "description": "Only if the task has one of these ETags now (RFC 9110 section 13.1.1), such as `\"3\"`, or any with `*`; else 412.",
        }),
        "If-None-Match" => json!({
            "schema": { "type": "string", "pattern": TAGS_PATTERN },
            "description": "Only if the answer has none of these ETags now (RFC 9110 section 13.1.2), such as `\"3\"`; else 304. `*` stands for any.",
        }),
        _ => return None,
    })
}
