//! `/openapi.json` as people read it and tools send what it shows: its size, its order, its examples.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use task_api::openapi;

use crate::{
    cases,
    support::{
        app::TestApp,
        client::send,
        documented::{document, operations, parameters, query},
    },
};

cases![
    the_document_is_small,
    a_time_filter_is_a_plain_string,
    an_open_operation_asks_for_nothing,
    it_says_whose_it_is,
    the_examples_of_optional_parameters_do_no_harm,
    it_stands_in_the_order_in_which_it_is_read,
];

/// Bytes.
const LARGEST: usize = 135_000;

async fn the_document_is_small(_: TestApp) {
    let size = openapi::json().len();
    assert!((40_000..LARGEST).contains(&size), "{size}");
}

/// A choice of formats becomes `unknown`, or a type that does not compile.
async fn a_time_filter_is_a_plain_string(app: TestApp) {
    let ann = app.user("ann").await;
    let names = ["due", "created", "updated"];
    for name in names.map(|name| ["after", "before"].map(|end| format!("{name}_{end}"))) {
        for name in name {
            let parameter = query("/tasks", &name);
            let schema = &parameter["schema"];
            assert_eq!(schema["type"], "string");
            assert!(schema.as_object().unwrap().len() == 1);
            let description = parameter["description"].as_str().unwrap();
            for form in ["`2026-11-23T09:00:00+01:00`", "`2026-11-23`"] {
                assert!(description.contains(form), "{description}");
                let form = form.trim_matches('`');
                let request = ann.request(reqwest::Method::GET, "/tasks");
                send(request.query(&[(&*name, form)])).await.expect(200);
            }
            // Whoever reads that encodes twice: HTTP libraries do it by themselves.
            assert!(!description.contains("%2B"), "{description}");
        }
    }
    // Instead, what came is named.
    let answer = ann.get("/tasks?due_after=2026-11-23T09:00:00+01:00").await;
    let problem = answer.problem(422, "validation_failed");
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("there is a space") && !detail.contains("%2B"),
        "{detail}"
    );
}

async fn an_open_operation_asks_for_nothing(_: TestApp) {
    let open = operations().filter(|(_, operation)| operation["security"] == json!([]));
    let open: Vec<String> = open.map(|(name, _)| name).collect();
    assert_eq!(
        open,
        [
            "post /auth/register",
            "post /auth/login",
            "post /auth/refresh",
            "get /health/live",
            "get /health/ready"
        ]
    );
}

async fn it_says_whose_it_is(_: TestApp) {
    let info = &document()["info"];
    assert!(info["contact"]["name"].is_string(), "{info}");
    let url = info["license"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://"), "{info}");
}

/// Many tools send them unasked, all at once and again with each request.
async fn the_examples_of_optional_parameters_do_no_harm(app: TestApp) {
    let ann = app.user("ann").await;
    let task = json!({ "title": "T", "labels": ["home"] });
    let project = json!({ "name": "P" });
    let mut keys = BTreeSet::new();
    let mut sent = 0;
    for (name, operation) in operations() {
        let (method, path) = name.split_once(' ').unwrap();
        if !["/tasks", "/projects", "/trash", "/labels"]
            .iter()
            .any(|own| path.starts_with(own))
        {
            continue;
        }
        let is_project = path.contains("/projects");
        let (list, body) = if is_project {
            ("/projects", &project)
        } else {
            ("/tasks", &task)
        };
        let id = ann.post(list, body).await.expect(201).json()["id"].to_string();
        if path.starts_with("/trash/") {
            ann.delete(&format!("{list}/{id}")).await.expect(204);
        }
        let path = path.replace("{id}", &id).replace("{name}", "home");
        let method: reqwest::Method = method.to_uppercase().parse().unwrap();
        let mut request = ann.request(method, &path);
        for parameter in parameters(operation) {
            let example = match &parameter["example"] {
                Value::String(text) => text.clone(),
                Value::Array(items) => {
                    let items: Vec<_> = items.iter().map(Value::to_string).collect();
                    items.join(",").replace('"', "")
                }
                other => other.to_string(),
            };
            let name = parameter["name"].as_str().unwrap();
            match parameter["in"].as_str().unwrap() {
                "query" => request = request.query(&[(name, &example)]),
                "header" => request = request.header(name, &example),
                _ => continue,
            }
            sent += 1;
            if name == "Idempotency-Key" {
                assert!(keys.insert(example.clone()), "{example} names two requests");
            }
        }
        let content = &operation["requestBody"]["content"]["application/json"];
        let named = content["examples"]
            .as_object()
            .and_then(|all| all.values().next());
        let example = content
            .get("example")
            .or(named.map(|example| &example["value"]));
        if let Some(example) = example {
            request = request.json(example);
        }
        let answer = send(request).await;
        assert!(answer.status.is_success(), "{name}: {answer:?}");
    }
    assert!(sent > 40 && keys.len() > 5, "{sent}");
}

async fn it_stands_in_the_order_in_which_it_is_read(app: TestApp) {
    let served = app.anonymous().get("/openapi.json").await.expect(200);
    let text = String::from_utf8(served.body).unwrap();
    assert!(text.starts_with(r#"{"openapi":"3.0.3","info":{"title":"#));
    let names = |value: &Value| -> Vec<String> {
        let members = value.as_object().unwrap();
        members.keys().cloned().collect()
    };
    assert_eq!(
        names(document()),
        ["openapi", "info", "servers", "tags", "paths", "components"]
    );
    let tags = document()["tags"].as_array().unwrap().iter();
    let tags: Vec<&Value> = tags.map(|tag| &tag["name"]).collect();
    assert_eq!(
        tags,
        ["auth", "tasks", "projects", "trash", "labels", "health"]
    );
    // The operations of a tag stand together, and those without which there are no others come first.
    let mut of_operations: Vec<&Value> = operations().map(|(_, o)| &o["tags"][0]).collect();
    of_operations.dedup();
    assert_eq!(of_operations, tags);
    let ids: Vec<&Value> = operations().map(|(_, o)| &o["operationId"]).collect();
    assert_eq!(
        ids[..5],
        ["register", "login", "refresh", "logout", "getCurrentUser"]
    );
    let first_of_tasks = ids.iter().position(|id| **id == "listTasks").unwrap();
    assert_eq!(
        ids[first_of_tasks..][..7],
        [
            "listTasks",
            "createTask",
            "getTask",
            "updateTask",
            "deleteTask",
            "moveTask",
            "batchTasks"
        ]
    );
    let schemas = &document()["components"]["schemas"];
    for (shape, first) in [
        (
            "Task",
            &["id", "title", "description", "status", "priority"][..],
        ),
        (
            "CreateTask",
            &["title", "description", "status", "priority"],
        ),
        ("UpdateOperation", &["op", "id", "if_version", "force"]),
        ("PersonalToken", &["id", "name", "scopes"]),
        ("Problem", &["type", "title", "status", "detail", "code"]),
    ] {
        let members = names(&schemas[shape]["properties"]);
        assert_eq!(members[..first.len()], *first, "{shape}");
    }
    let task = &schemas["Task"];
    // The example is that of most answers: without what follows from other tasks.
    let mut always = names(&task["properties"]);
    let computed = always.split_off(always.len() - 3);
    assert_eq!(computed, ["subtasks", "open_subtasks", "blocked"]);
    assert_eq!(names(&task["example"]), always);
    let parameters = parameters(&document()["paths"]["/tasks"]["get"]);
    let parameters: Vec<&Value> = parameters.map(|p| &p["name"]).take(5).collect();
    let first = [
        "limit",
        "cursor",
        "include_total",
        "include_computed",
        "status",
    ];
    assert_eq!(parameters, first);
}
