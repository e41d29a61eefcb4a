//! Parameters: each text is taken exactly where the document allows it.

use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
        documented::{Schema, document, parameter, parameters, resolve},
    },
};

cases![
    a_query_is_taken_as_documented,
    every_value_of_an_enum_is_taken,
    what_no_keyword_says_of_a_query,
    conditions_are_taken_as_documented,
    a_key_is_taken_as_documented,
    every_operation_that_documents_a_key_looks_at_it,
    every_operation_that_documents_a_condition_looks_at_it,
];

const LISTS: [&str; 3] = ["/tasks", "/trash", "/labels"];

/// Texts that some parameter takes and another does not.
fn texts() -> Vec<String> {
    let numbers = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let mut texts = vec![
        "x".repeat(50),
        "x".repeat(51),
        "x".repeat(255),
        "x".repeat(256),
        "🦀".repeat(255),
        numbers(20).join(","),
        numbers(21).join(","),
        ["due"; 5].join(","),
        ["due"; 6].join(","),
        vec!["todo"; 20].join(","),
        vec!["todo"; 21].join(","),
    ];
    let short = [
        "",
        " ",
        "a",
        " a ",
        "a,b",
        ",",
        "a,",
        "*\"'\\:&|!()",
        "a\u{0}",
        "a\u{85}",
        "a\tb",
        "\u{3000}",
        "\u{200b}",
        "\u{2800} \u{301}",
        "cafe\u{301}",
        "todo",
        "todo,done",
        "todo,todo",
        "todo,,done",
        "todo, done",
        "Todo",
        "none,low,medium,high,urgent",
        "none,",
        "id",
        "-id",
        "+id",
        "--id",
        "id ",
        "title,-due_at,id",
        "title,-due_at,priority,id",
        "title,title",
        "relevance",
        "-relevance",
        "relevance,-created_at,updated_at",
        "true",
        "false",
        "TRUE",
        "null",
        "0",
        "1",
        "200",
        "201",
        "-1",
        "1.5",
        "99999999999999999999",
        "2026-01-01",
        "0000-01-01",
        "0000-12-31T23:59:59-01:00",
        "0001-01-01",
        "2026-02-30",
        "2026-1-01",
        "20260101",
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00.123456789z",
        "2026-01-01T00:00:00+01:00",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01T24:00:00Z",
    ];
    texts.extend(short.map(str::to_owned));
    texts
}

/// What a parameter with `schema` says where `text` stands in the query.
fn read(schema: &'static Value, text: &str) -> Value {
    match schema["type"].as_str().unwrap() {
        "array" => text
            .split(',')
            .map(|item| read(resolve(&schema["items"]), item))
            .collect(),
        "string" => json!(text),
        _ => serde_json::from_str(text).unwrap_or(json!(text)),
    }
}

/// Which of the texts are times or dates.
const TIMES: [&str; 5] = [
    "2026-01-01",
    "0001-01-01",
    "2026-01-01T00:00:00Z",
    "2026-01-01t00:00:00.123456789z",
    "2026-01-01T00:00:00+01:00",
];

/// What the descriptions refuse: control characters, text without anything to see, and what is no time.
fn said_in_words(name: &str, text: &str) -> bool {
    if name.ends_with("_after") || name.ends_with("_before") {
        return !TIMES.contains(&text);
    }
    let refused: &[&str] = match name {
        "label" | "label_all" | "label_not" | "external_id" => {
            &["\u{3000}", "\u{200b}", "\u{2800} \u{301}"]
        }
        "q" => &["\u{3000}"],
        _ => &[],
    };
    ["a\u{0}", "a\u{85}"].contains(&text) || refused.contains(&text)
}

async fn ask(client: &Client, path: &str, query: &[(&str, &str)]) -> Answer {
    send(client.request(Method::GET, path).query(query)).await
}

fn query_parameters(path: &str) -> Vec<&'static Value> {
    let parameters = parameters(&document()["paths"][path]["get"]);
    parameters.filter(|p| p["in"] == "query").collect()
}

async fn a_query_is_taken_as_documented(app: TestApp) {
    let ann = app.user("ann").await;
    ann.task("T").await;
    let texts = texts();
    let mut tried = 0;
    for path in LISTS {
        for parameter in query_parameters(path) {
            let name = parameter["name"].as_str().unwrap();
            if name == "cursor" {
                continue; // It is opaque: see below.
            }
            tried += 1;
            let schema = Schema::new(&parameter["schema"]);
            // An order by relevance needs a search.
            let more: &[(&str, &str)] = if name == "sort" { &[("q", "t")] } else { &[] };
            let mut verdicts = [0, 0];
            for text in &texts {
                let in_words = said_in_words(name, text);
                let allowed = schema.allows(&read(&parameter["schema"], text)) && !in_words;
                let query = [&[(name, text.as_str())], more].concat();
                let answer = ask(&ann, path, &query).await;
                assert_eq!(answer.status == 200, allowed, "{path} {name}={text:?}");
                if !allowed {
                    let faults = answer.faults();
                    assert!(faults[0].starts_with(name), "{name}={text:?}: {faults:?}");
                }
                verdicts[usize::from(allowed)] += 1;
            }
            assert!(verdicts.iter().all(|count| *count > 0), "{name}");
        }
    }
    assert_eq!(tried, 28 + 1 + 1);
}

async fn every_value_of_an_enum_is_taken(app: TestApp) {
    let ann = app.user("ann").await;
    let mut values = 0;
    for parameter in query_parameters("/tasks") {
        let name = parameter["name"].as_str().unwrap();
        let items = resolve(&parameter["schema"]["items"]);
        for value in items["enum"].as_array().into_iter().flatten() {
            values += 1;
            let query = [(name, value.as_str().unwrap()), ("q", "t")];
            ask(&ann, "/tasks", &query).await.expect(200);
        }
    }
    assert_eq!(
        values,
        4 + 5 + 5 + 5 + 15,
        "statuses, priorities, members and orders"
    );
}

/// What stands in the descriptions.
async fn what_no_keyword_says_of_a_query(app: TestApp) {
    let ann = app.user("ann").await;
    for (query, status) in [
        // The first page.
        ([("cursor", ""), ("q", "t")], 200),
        // Trimmed.
        ([("due_after", " 2026-01-01 "), ("q", "t")], 200),
        ([("external_id", "a"), ("label", " a , b ")], 200),
        // Each key once; relevance with q alone.
        ([("sort", "id,-id"), ("q", "t")], 422),
        ([("sort", "relevance"), ("limit", "1")], 422),
        // In UTC it would be the year 0000.
        (
            [("due_after", "0001-01-01T00:00:00+01:00"), ("q", "t")],
            422,
        ),
        // No list gave it.
        ([("cursor", "AAAAAAAAAAAAAAAA"), ("limit", "1")], 422),
    ] {
        ask(&ann, "/tasks", &query).await.expect(status);
    }
    for path in LISTS {
        let cursor = parameter(path, "get", "cursor");
        let schema = Schema::new(&cursor["schema"]);
        for text in ["a b", "ä", "=", "a.b"] {
            assert!(!schema.allows(&json!(text)), "{text:?}");
            let answer = ask(&ann, path, &[("cursor", text)]).await;
            assert_eq!(answer.faults(), ["cursor cursor"], "{path} {text:?}");
        }
    }
}

/// A request with one more header, whose value may be one that is refused.
async fn with_header(
    client: &Client,
    (method, path): (&str, &str),
    header: (&str, &str),
) -> Answer {
    let method: Method = method.to_uppercase().parse().unwrap();
    let value = HeaderValue::from_bytes(header.1.as_bytes()).unwrap();
    send(client.request(method, path).header(header.0, value)).await
}

async fn conditions_are_taken_as_documented(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    for (method, header) in [("get", "If-None-Match"), ("delete", "If-Match")] {
        let parameter = parameter("/tasks/{id}", method, header);
        let schema = Schema::new(&parameter["schema"]);
        for text in [
            "*",
            "\"9\"",
            "W/\"9\"",
            "\"8\", \"9\"",
            ",\"a,b\" ,,W/\"9\",",
            "\"\"",
            "",
            ",",
            "9",
            "w/\"9\"",
            "\"9",
            "\"8\" \"9\"",
            "*, \"9\"",
            "\"a b\"",
            "\"é\"",
        ] {
            // A condition that holds would delete the task.
            let path = if header == "If-Match" && text == "*" {
                "/tasks/999"
            } else {
                &path
            };
            let answer = with_header(&ann, (method, path), (header, text)).await;
            let allowed = schema.allows(&json!(text));
            assert_eq!(
                answer.status != 422,
                allowed,
                "{header}: {text:?}: {answer:?}"
            );
            if !allowed {
                assert_eq!(answer.faults(), [format!("{header} format")], "{text:?}");
            }
        }
    }
}

async fn a_key_is_taken_as_documented(app: TestApp) {
    let ann = app.user("ann").await;
    let parameter = parameter("/trash", "delete", "Idempotency-Key");
    let schema = Schema::new(&parameter["schema"]);
    let lengths = [1, 255, 256].map(|length| "k".repeat(length));
    let texts = ["", "a b", "a\tb", "é", "~!\"#,;"].map(str::to_owned);
    for text in lengths.iter().chain(&texts) {
        let answer = with_header(&ann, ("delete", "/trash"), ("Idempotency-Key", text)).await;
        let status = if schema.allows(&json!(text)) {
            204
        } else {
            422
        };
        assert_eq!(answer.status.as_u16(), status, "{text:?}: {answer:?}");
    }
}

/// The operations that document the header `name`, and the path of a resource that is not there.
fn operations_with(name: &str) -> Vec<(&'static str, String)> {
    let paths = document()["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter()
            .map(move |(method, value)| (path, method, value))
    });
    operations
        .filter(|(_, _, value)| parameters(value).any(|p| p["name"] == name))
        .map(|(path, method, _)| {
            let path = path.replace("{id}", "999").replace("{name}", "none");
            (method.as_str(), path)
        })
        .collect()
}

async fn every_operation_that_documents_a_key_looks_at_it(app: TestApp) {
    let ann = app.user("ann").await;
    let operations = operations_with("Idempotency-Key");
    let count = |method: &str| operations.iter().filter(|(m, _)| *m == method).count();
    assert_eq!((count("post"), count("patch"), count("delete")), (7, 3, 6));
    for (method, path) in &operations {
        let answer = with_header(&ann, (method, path), ("Idempotency-Key", "a b")).await;
        assert_eq!(
            answer.faults(),
            ["Idempotency-Key format"],
            "{method} {path}"
        );
    }
}

async fn every_operation_that_documents_a_condition_looks_at_it(app: TestApp) {
    let ann = app.user("ann").await;
    for (header, expected) in [
        (
            "If-Match",
            &[
                "patch /tasks/999",
                "delete /tasks/999",
                "post /tasks/999/move",
                "patch /projects/999",
                "delete /projects/999",
                "post /projects/999/move",
                "delete /trash/projects/999",
                "post /trash/projects/999/restore",
                "delete /trash/999",
                "post /trash/999/restore",
            ][..],
        ),
        (
            "If-None-Match",
            &[
                "get /auth/sessions",
                "get /auth/tokens",
                "get /auth/events",
                "get /tasks",
                "get /tasks/999",
                "patch /tasks/999",
                "delete /tasks/999",
                "post /tasks/999/move",
                "get /projects",
                "get /projects/999",
                "patch /projects/999",
                "delete /projects/999",
                "post /projects/999/move",
                "get /trash/projects",
                "delete /trash/projects/999",
                "post /trash/projects/999/restore",
                "get /trash",
                "delete /trash/999",
                "post /trash/999/restore",
                "get /labels",
            ],
        ),
    ] {
        let operations = operations_with(header);
        let names: Vec<String> = operations.iter().map(|(m, p)| format!("{m} {p}")).collect();
        assert_eq!(names, expected);
        for (method, path) in &operations {
            let answer = with_header(&ann, (method, path), (header, "3")).await;
            assert_eq!(
                answer.faults(),
                [format!("{header} format")],
                "{method} {path}"
            );
        }
    }
}
