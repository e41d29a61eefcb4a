//! Nobody can reach another's data, on any route: the table of routes itself is walked, so a new
//! route that forgets the owner fails here.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, send},
    },
};

cases![
    no_route_reaches_anothers_task,
    every_route_about_a_user_needs_credentials,
    the_walk_sees_every_route,
];

struct Operation {
    method: Method,
    path: String,
    /// Media type and example of the body, where there is one.
    body: Option<(String, Value)>,
    secured: bool,
}

async fn operations(client: &Client) -> Vec<Operation> {
    let document = client.get("/openapi.json").await.expect(200).json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let contents = operation["requestBody"]["content"].as_object();
            found.push(Operation {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                path: path.clone(),
                body: contents.and_then(|contents| {
                    let (media_type, content) = contents.iter().next()?;
                    Some((media_type.clone(), content["example"].clone()))
                }),
                secured: operation.get("security").is_some(),
            });
        }
    }
    found
}

impl Operation {
    async fn call(&self, client: &Client, id: &Value) -> crate::support::answer::Answer {
        let path = self.path.replace("{id}", &id.to_string());
        match &self.body {
            None => send(client.request(self.method.clone(), &path)).await,
            Some((media_type, example)) => {
                let body = example.to_string();
                client
                    .raw(self.method.clone(), &path, media_type, &body)
                    .await
            }
        }
    }
}

async fn no_route_reaches_anothers_task(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let secret = "only ann may read this";
    let task = ann.task(secret).await;
    let before = ann.get("/tasks").await.json();
    let mut with_id = 0;
    for operation in operations(&ann).await {
        let name = format!("{} {}", operation.method, operation.path);
        let answer = operation.call(&bob, &task["id"]).await;
        assert!(answer.status.as_u16() < 500, "{name}: {}", answer.status);
        assert!(
            !String::from_utf8_lossy(&answer.body).contains(secret),
            "{name}"
        );
        if operation.path.contains("{id}") {
            with_id += 1;
            let mut foreign = answer.problem(404, "not_found");
            let mut absent = operation.call(&bob, &json!(987_654_321)).await.json();
            foreign["request_id"].take();
            absent["request_id"].take();
            assert_eq!(foreign, absent, "{name}: not yours looks like not there");
        }
        assert_eq!(ann.get("/tasks").await.json(), before, "{name}");
    }
    assert!(with_id >= 3, "the walk found the routes with an id");
}

async fn every_route_about_a_user_needs_credentials(app: TestApp) {
    let anonymous = app.anonymous();
    let open = [
        "/auth/register",
        "/auth/login",
        "/health/live",
        "/health/ready",
    ];
    for operation in operations(&anonymous).await {
        let name = format!("{} {}", operation.method, operation.path);
        assert_eq!(
            operation.secured,
            !open.contains(&operation.path.as_str()),
            "{name}"
        );
        if operation.secured {
            let answer = operation.call(&anonymous, &json!(1)).await;
            answer.problem(401, "not_authenticated");
            let forged = anonymous.with_token("forged");
            let answer = operation.call(&forged, &json!(1)).await;
            answer.problem(401, "invalid_token");
        }
    }
}

/// The routes as the source has them, against those in the document.
async fn the_walk_sees_every_route(app: TestApp) {
    let source = include_str!("../../src/routes.rs");
    let pages = [
        "/",
        "/docs",
        "/docs/problems",
        "/docs/{file}",
        "/openapi.json",
    ];
    let mut in_source: Vec<&str> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|path| !pages.contains(path))
        .collect();
    in_source.sort_unstable();
    let mut in_document: Vec<String> = operations(&app.anonymous())
        .await
        .into_iter()
        .map(|o| o.path)
        .collect();
    in_document.dedup();
    in_document.sort();
    assert_eq!(in_document, in_source);
}
