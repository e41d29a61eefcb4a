//! Nobody can reach another's data, on any route: the table of routes itself is walked, so a new
//! route that forgets the owner fails here.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use task_api::models::time::UtcTime;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
        documented,
    },
};

cases![
    no_route_reaches_what_is_anothers,
    a_batch_reaches_no_task_of_anothers,
    no_reference_reaches_what_is_anothers,
    neither_key_nor_cursor_leads_to_another,
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
                secured: documented::is_secured(operation),
            });
        }
    }
    found
}

/// What the placeholders of a path stand for, and the ids in a batch.
#[derive(Clone, Copy)]
struct Target<'a> {
    task: i64,
    project: i64,
    session: i64,
    token: i64,
    label: &'a str,
}

const ABSENT: Target<'_> = Target {
    task: 987_654_321,
    project: 987_654_321,
    session: 987_654_321,
    token: 987_654_321,
    label: "nobody's",
};

/// The example of a body, with a password that is not the right one.
fn with_wrong_password(example: &Value) -> Value {
    let mut body = example.clone();
    body["current_password"] = json!("not the password");
    body
}

/// Every operation that a batch has on a task that is there.
fn batch(id: i64, atomic: bool) -> Value {
    json!({ "atomic": atomic, "operations": [
        { "op": "update", "id": id, "task": { "title": "stolen" } },
        { "op": "update", "id": id, "if_version": 1, "task": { "labels": [] } },
        { "op": "delete", "id": id },
        { "op": "restore", "id": id },
        { "op": "move", "id": id, "after": id },
    ] })
}

impl Operation {
    async fn call(&self, client: &Client, target: &Target<'_>) -> Answer {
        let label = target.label.replace(' ', "%20");
        let id = match self.path.as_str() {
            "/auth/sessions/{id}" => target.session,
            "/auth/tokens/{id}" => target.token,
            path if path.contains("/projects/") => target.project,
            _ => target.task,
        };
        let path = self.path.replace("{id}", &id.to_string());
        let mut path = path.replace("{name}", &label);
        if path == "/auth/logout" {
            // The walk goes on with this session.
            path += "?scope=others";
        }
        let Some((media_type, example)) = &self.body else {
            return send(client.request(self.method.clone(), &path)).await;
        };
        // The example of a batch is about tasks that are not there.
        let body = match self.path.as_str() {
            "/tasks/batch" => batch(target.task, true),
            "/labels/{name}" | "/projects/{id}" => json!({ "name": "stolen" }),
            // With the right password the walk would end here.
            "/auth/me" | "/auth/password" => with_wrong_password(example),
            _ => example.clone(),
        };
        let body = body.to_string();
        client
            .raw(self.method.clone(), &path, media_type, &body)
            .await
    }

    /// It is about one thing, which may be another's.
    fn is_about_one(&self) -> bool {
        self.path.contains('{') || self.path == "/tasks/batch"
    }
}

/// Everything that a user has.
async fn all_of(client: &Client) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/tasks",
        "/trash",
        "/projects",
        "/trash/projects",
        "/labels",
        "/auth/sessions",
        "/auth/tokens",
    ] {
        all.push(client.get(path).await.expect(200).json());
    }
    all
}

const SECRET: &str = "only ann may read this";

/// A task and a project in the list and one in the trash, all with [`SECRET`] as title or name and label; and a session
/// and a token.
async fn secrets(ann: &Client) -> [Target<'static>; 2] {
    let body = json!({ "title": SECRET, "labels": [SECRET], "external_id": SECRET });
    let create = async || {
        let task = ann.post("/tasks", &body).await.expect(201).json();
        task["id"].as_i64().unwrap()
    };
    let trashed = create().await;
    ann.delete(&format!("/tasks/{trashed}")).await.expect(204);
    let listed = create().await;
    let projects = [ann.project(SECRET).await, ann.project(SECRET).await];
    let projects = projects.map(|project| project["id"].as_i64().unwrap());
    let path = format!("/projects/{}", projects[1]);
    ann.delete(&path).await.expect(204);
    let expires_at = UtcTime::now().plus(Duration::from_secs(3600));
    let body = json!({ "name": SECRET, "scopes": ["tasks:read"], "expires_at": expires_at });
    let token = ann.post("/auth/tokens", &body).await.expect(201).json();
    let sessions = ann.get("/auth/sessions").await.expect(200).json();
    let pairs = [(listed, projects[0]), (trashed, projects[1])];
    pairs.map(|(task, project)| Target {
        task,
        project,
        session: sessions[0]["id"].as_i64().unwrap(),
        token: token["id"].as_i64().unwrap(),
        label: SECRET,
    })
}

async fn no_route_reaches_what_is_anothers(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let targets = secrets(&ann).await;
    let before = all_of(&ann).await;
    let mut about_one = 0;
    for operation in operations(&ann).await {
        let name = format!("{} {}", operation.method, operation.path);
        about_one += usize::from(operation.is_about_one());
        for target in targets {
            let answer = operation.call(&bob, &target).await;
            assert!(answer.status.as_u16() < 500, "{name}: {}", answer.status);
            assert!(
                !String::from_utf8_lossy(&answer.body).contains(SECRET),
                "{name}"
            );
            if operation.is_about_one() {
                let mut foreign = answer.problem(404, "not_found");
                let mut absent = operation.call(&bob, &ABSENT).await.json();
                foreign["request_id"].take();
                absent["request_id"].take();
                assert_eq!(foreign, absent, "{name}: not yours looks like not there");
            }
            assert_eq!(all_of(&ann).await, before, "{name}");
        }
    }
    assert!(about_one >= 10, "the walk found the routes about one thing");
}

async fn a_batch_reaches_no_task_of_anothers(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let targets = secrets(&ann).await;
    let before = all_of(&ann).await;
    let run = async |id: i64| {
        let answer = bob.post("/tasks/batch", &batch(id, false)).await;
        let mut results = answer.expect(200).json()["results"].clone();
        for result in results.as_array_mut().unwrap() {
            assert_eq!(result["status"], 404, "{result}");
            result["problem"]["request_id"].take();
        }
        results
    };
    for Target { task, .. } in targets {
        assert_eq!(run(task).await, run(ABSENT.task).await);
        assert_eq!(all_of(&ann).await, before);
    }
    // Her external id is free for him.
    let body = json!({ "operations": [
        { "op": "create", "task": { "title": "T", "external_id": SECRET } },
    ] });
    bob.post("/tasks/batch", &body).await.expect(200);
}

/// What another has cannot be named either, and a filter by it finds nothing.
async fn no_reference_reaches_what_is_anothers(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let [listed, _] = secrets(&ann).await;
    let before = all_of(&ann).await;
    let own = format!("/tasks/{}", bob.task("his").await["id"]);
    let project = format!("/projects/{}", bob.project("his").await["id"]);
    let refusals = async |target: &Target<'_>| {
        let Target {
            task, project: of, ..
        } = target;
        let mut problems = Vec::new();
        for (name, value) in [
            ("project_id", json!(of)),
            ("parent_id", json!(task)),
            ("blocked_by", json!([task])),
        ] {
            let change = json!({ name: value });
            problems.push(bob.patch(&own, &change).await.problem(409, "conflict"));
            let new = json!({ "title": "T", name: value });
            problems.push(bob.post("/tasks", &new).await.problem(409, "conflict"));
        }
        for (path, id) in [(&own, task), (&project, of)] {
            for side in ["before", "after"] {
                let answer = bob
                    .post(&format!("{path}/move"), &json!({ side: id }))
                    .await;
                problems.push(answer.problem(409, "conflict"));
            }
        }
        let named = [task.to_string(), of.to_string()];
        for problem in &mut problems {
            problem["request_id"].take();
            let detail = problem["detail"].as_str().unwrap();
            let detail = named.iter().fold(detail.to_owned(), |detail, id| {
                detail.replace(&format!(" {id} "), " ID ")
            });
            problem["detail"] = json!(detail);
        }
        problems
    };
    assert_eq!(refusals(&listed).await, refusals(&ABSENT).await);
    for filter in [
        format!("project={}", listed.project),
        format!("parent={}", listed.task),
        format!("blocked_by={}", listed.task),
    ] {
        assert!(
            bob.all(&format!("/tasks?{filter}")).await.is_empty(),
            "{filter}"
        );
    }
    assert_eq!(bob.all("/tasks").await.len(), 1, "nothing was made");
    assert_eq!(all_of(&ann).await, before);
}

async fn neither_key_nor_cursor_leads_to_another(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let create = async |client: &Client| {
        let request = client.request(Method::POST, "/tasks");
        let request = request.header("idempotency-key", "the-same");
        let answer = send(request.json(&json!({ "title": "T" }))).await;
        let answer = answer.expect(201);
        assert_eq!(answer.header("idempotency-replayed"), None);
        answer.json()
    };
    let (hers, his) = (create(&ann).await, create(&bob).await);
    assert_ne!(hers["id"], his["id"]);
    ann.task("U").await;
    let page = ann.get("/tasks?limit=1").await.expect(200);
    let link = page.header("link").expect("a next page");
    let target = link.trim_start_matches('<').split('>').next().unwrap();
    assert_eq!(ann.get(target).await.expect(200).json(), json!([hers]));
    assert_eq!(bob.get(target).await.expect(200).json(), json!([his]));
}

async fn every_route_about_a_user_needs_credentials(app: TestApp) {
    let anonymous = app.anonymous();
    let open = [
        "/auth/register",
        "/auth/login",
        "/auth/refresh",
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
            let answer = operation.call(&anonymous, &ABSENT).await;
            answer.problem(401, "not_authenticated");
            let forged = anonymous.with_token("forged");
            let answer = operation.call(&forged, &ABSENT).await;
            answer.problem(401, "invalid_token");
        }
    }
}

/// The table of routes against the document, but for the pages for people.
async fn the_walk_sees_every_route(app: TestApp) {
    let is_page = |path: &str| ["/", "/openapi.json"].contains(&path) || path.starts_with("/docs");
    let table = task_api::routes::operations().into_iter();
    let routes: BTreeSet<(String, String)> = table
        .filter(|row| !is_page(row.path))
        .map(|row| (row.path.to_owned(), row.method.to_string()))
        .collect();
    let walked = operations(&app.anonymous()).await.into_iter();
    let walked: BTreeSet<(String, String)> = walked
        .map(|operation| (operation.path, operation.method.to_string()))
        .collect();
    assert_eq!(walked, routes);
}
