//! Projects, one by one and in lists.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{app::TestApp, client::Client},
};

cases![
    a_project_is_made_and_read,
    a_patch_changes_what_it_names,
    preconditions_hold_for_projects,
    a_request_that_is_sent_again_has_one_effect,
    the_list_comes_in_pages_and_by_archived,
    at_most_a_thousand_are_outside_the_trash,
    counts_are_there_where_they_are_asked_for,
    an_archived_project_takes_tasks,
    what_is_no_project_is_refused,
];

async fn a_project_is_made_and_read(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "name": "  House ", "color": "#4073FF" });
    let made = ann.post("/projects", &body).await.expect(201);
    made.tag_of(1);
    let project = made.json();
    let path = format!("/projects/{}", project["id"]);
    assert_eq!(made.header("location"), Some(&*path));
    let times = ["created_at", "updated_at"].map(|name| project[name].clone());
    assert_eq!(times[0], times[1]);
    let id = project["id"].as_i64().unwrap();
    let expected = json!({
        "id": id, "name": "House", "description": null, "color": "#4073ff", "archived": false,
        "position": format!("a{id}"), "version": 1, "created_at": times[0], "updated_at": times[0],
    });
    assert_eq!(project, expected);
    let found = ann.get(&path).await.expect(200);
    assert_eq!(found.json(), project);
    let tag = found.tag_of(1).to_owned();
    let known = [("if-none-match", &*tag)];
    ann.call(Method::GET, &path, &known, None).await.expect(304);
    let whole = json!({ "name": "House", "description": "d", "color": null, "archived": true });
    let second = ann.post("/projects", &whole).await.expect(201).json();
    for (name, value) in whole.as_object().unwrap() {
        assert_eq!(second[name], *value, "names need not be unique");
    }
}

async fn a_patch_changes_what_it_names(app: TestApp) {
    let ann = app.user("ann").await;
    let project = ann.project("House").await;
    let path = format!("/projects/{}", project["id"]);
    let body = json!({ "color": "#ABCDEF", "description": "d", "archived": true });
    let changed = ann.patch(&path, &body).await.expect(200);
    changed.tag_of(2);
    let changed = changed.json();
    assert_eq!(
        (
            &changed["color"],
            &changed["description"],
            &changed["archived"]
        ),
        (&json!("#abcdef"), &json!("d"), &json!(true))
    );
    assert!(changed["updated_at"].as_str() > project["updated_at"].as_str());
    for same in [json!({}), json!({ "color": "#AbCdEf", "name": "House" })] {
        let answer = ann.patch(&path, &same).await.expect(200);
        answer.tag_of(2);
        assert_eq!(answer.json(), changed);
    }
    let cleared = json!({ "color": null, "description": null });
    let cleared = ann.patch(&path, &cleared).await.expect(200).json();
    assert_eq!(
        (&cleared["color"], &cleared["version"]),
        (&Value::Null, &json!(3))
    );
    assert_eq!(cleared["name"], "House");
}

async fn preconditions_hold_for_projects(app: TestApp) {
    let ann = app.user("ann").await;
    let project = ann.project("House").await;
    ann.project("Other").await;
    let (id, path) = (&project["id"], format!("/projects/{}", project["id"]));
    let renamed = json!({ "name": "Home" });
    let current = ann.patch(&path, &renamed).await.expect(200).json();
    let (restore, purge) = (format!("/trash{path}/restore"), format!("/trash{path}"));
    let place = json!({ "after": id.as_i64().unwrap() + 1 });
    let moved = format!("{path}/move");
    let patch = json!({ "archived": true });
    let writes = [
        (Method::PATCH, &path, Some(&patch)),
        (Method::POST, &moved, Some(&place)),
        (Method::DELETE, &path, None),
        (Method::POST, &restore, None),
        (Method::PATCH, &path, Some(&renamed)),
    ];
    let mut version = 2;
    for (method, path, body) in writes {
        for stale in ["\"1\"", "W/\"2\""] {
            let answer = ann
                .call(method.clone(), path, &[("if-match", stale)], body)
                .await;
            let problem = answer.problem(412, "version_mismatch");
            assert_eq!(problem["current"]["version"], version, "{method} {path}");
        }
        let excluded = format!("\"{version}\"");
        let excluded = [("if-none-match", &*excluded)];
        let answer = ann.call(method.clone(), path, &excluded, body).await;
        answer.problem(412, "version_mismatch");
        let held = format!("\"{version}\"");
        let answer = ann
            .call(method.clone(), path, &[("if-match", &held)], body)
            .await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        // The last one changes nothing.
        version += i64::from(body != Some(&renamed));
    }
    assert_eq!(version, 6);
    assert_eq!(current["version"], 2);
    ann.delete(&path).await.expect(204);
    let stale = [("if-match", "\"6\"")];
    let answer = ann.call(Method::DELETE, &purge, &stale, None).await;
    let problem = answer.problem(412, "version_mismatch");
    assert_eq!(
        problem["detail"],
        "the project is at version 7; If-Match asked for 6"
    );
    let held = [("if-match", "\"7\"")];
    ann.call(Method::DELETE, &purge, &held, None)
        .await
        .expect(204);
    ann.call(Method::DELETE, &purge, &held, None)
        .await
        .problem(404, "not_found");
}

async fn a_request_that_is_sent_again_has_one_effect(app: TestApp) {
    let ann = app.user("ann").await;
    let other = ann.project("Other").await;
    let body = json!({ "name": "House" });
    let twice = async |method: Method, path: &str, key: &str, body: Option<&Value>| {
        let headers = [("idempotency-key", key)];
        let first = ann.call(method.clone(), path, &headers, body).await;
        assert!(first.status.is_success(), "{method} {path}: {first:?}");
        let again = ann.call(method, path, &headers, body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        first.json()
    };
    let project = twice(Method::POST, "/projects", "a", Some(&body)).await;
    assert_eq!(ann.all("/projects").await, [other.clone(), project.clone()]);
    let path = format!("/projects/{}", project["id"]);
    let place = json!({ "before": other["id"] });
    let moved = twice(Method::POST, &format!("{path}/move"), "b", Some(&place)).await;
    assert_eq!(moved["version"], 2);
    let renamed = twice(Method::PATCH, &path, "c", Some(&json!({ "name": "Home" }))).await;
    assert_eq!(renamed["version"], 3);
    twice(Method::DELETE, &path, "d", None).await;
    let restored = twice(Method::POST, &format!("/trash{path}/restore"), "e", None).await;
    assert_eq!(restored["version"], 5);
    ann.delete(&path).await.expect(204);
    twice(Method::DELETE, &format!("/trash{path}"), "f", None).await;
    // What a deletion is to do with the tasks is part of the request.
    let path = format!("/projects/{}", other["id"]);
    let key = [("idempotency-key", "g")];
    ann.call(Method::DELETE, &path, &key, None)
        .await
        .expect(204);
    let keep = format!("{path}?tasks=keep");
    let answer = ann.call(Method::DELETE, &keep, &key, None).await;
    answer.problem(422, "idempotency_key_reused");
}

async fn the_list_comes_in_pages_and_by_archived(app: TestApp) {
    let ann = app.user("ann").await;
    let mut projects = Vec::new();
    for number in 0..12 {
        let body = json!({ "name": format!("{number}"), "archived": number % 3 == 0 });
        projects.push(ann.post("/projects", &body).await.expect(201).json());
    }
    let all = ann.all("/projects").await;
    assert_eq!(all, projects, "the order of their making, 9 before 10");
    let pages = ann.pages("/projects?limit=5").await;
    let sizes = pages
        .iter()
        .map(|page| page.json().as_array().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [5, 5, 2]);
    assert_eq!(ann.all("/projects?limit=5").await, projects);
    let (archived, rest): (Vec<Value>, Vec<Value>) = projects
        .iter()
        .cloned()
        .partition(|project| project["archived"] == true);
    assert_eq!(ann.all("/projects?archived=true&limit=2").await, archived);
    assert_eq!(ann.all("/projects?archived=false&limit=3").await, rest);
    let tag = pages[0].header("etag").unwrap();
    let known = [("if-none-match", tag)];
    let target = "/projects?limit=5";
    ann.call(Method::GET, target, &known, None)
        .await
        .expect(304);
    // A cursor stays right where its project goes, and is one of this list alone.
    let next = pages[0].next().unwrap();
    ann.delete(&format!("/projects/{}", projects[4]["id"]))
        .await
        .expect(204);
    ann.call(Method::GET, target, &known, None)
        .await
        .expect(200);
    assert_eq!(
        ann.get(&next).await.expect(200).json(),
        json!(projects[5..10])
    );
    let (_, cursor) = next.split_once("cursor=").unwrap();
    for list in ["/tasks?", "/projects?archived=true&", "/trash/projects?"] {
        let answer = ann.get(&format!("{list}cursor={cursor}")).await;
        assert_eq!(answer.faults(), ["cursor cursor"], "{list}");
    }
    assert_eq!(ann.all("/projects?cursor=").await.len(), 11);
    assert_eq!(
        app.user("bob").await.all("/projects").await,
        [Value::Null; 0]
    );
}

async fn at_most_a_thousand_are_outside_the_trash(app: TestApp) {
    let ann = app.user("ann").await;
    let first = ann.project("first").await;
    let path = format!("/projects/{}", first["id"]);
    fill(&app, &ann, 999);
    let body = json!({ "name": "one too many" });
    ann.post("/projects", &body).await.problem(409, "conflict");
    let pages = ann.pages("/projects?limit=200").await;
    assert_eq!(pages.len(), 5);
    ann.delete(&path).await.expect(204);
    let last = ann.project("last").await;
    let restore = format!("/trash{path}/restore");
    let answer = ann.call(Method::POST, &restore, &[], None).await;
    answer.problem(409, "conflict");
    ann.delete(&format!("/projects/{}", last["id"]))
        .await
        .expect(204);
    ann.call(Method::POST, &restore, &[], None)
        .await
        .expect(200);
    // At once: there is room for one.
    ann.delete(&path).await.expect(204);
    let made = (0..4).map(|_| ann.post("/projects", &body));
    let made = futures_util::future::join_all(made).await;
    let taken = made.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 1);
    app.user("bob").await.project("his").await;
}

/// Gives the user so many more projects.
fn fill(app: &TestApp, owner: &Client, projects: i64) {
    let email = owner.claims()["sub"].as_str().unwrap().to_owned();
    app.database.execute(&format!(
        "INSERT INTO projects (user_id, name, created_at, updated_at)
         WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {projects})
         SELECT u.id, 'P', u.created_at, u.created_at FROM users u, s WHERE u.email = '{email}'"
    ));
}

async fn counts_are_there_where_they_are_asked_for(app: TestApp) {
    let ann = app.user("ann").await;
    let (house, empty) = (ann.project("House").await, ann.project("Empty").await);
    for status in ["todo", "in_progress", "done", "cancelled", "todo"] {
        let body = json!({ "title": status, "status": status, "project_id": house["id"] });
        ann.post("/tasks", &body).await.expect(201);
    }
    let last = ann.all("/tasks?limit=1").await[0].clone();
    ann.delete(&format!("/tasks/{}", last["id"]))
        .await
        .expect(204);
    ann.task("in no project").await;
    let counted = |project: &Value, tasks: i64, open: i64| {
        let mut counted = project.clone();
        counted["tasks"] = json!(tasks);
        counted["open_tasks"] = json!(open);
        counted
    };
    let expected = [counted(&house, 4, 2), counted(&empty, 0, 0)];
    assert_eq!(
        ann.all("/projects?include_computed=true&limit=1").await,
        expected
    );
    for project in &expected {
        let path = format!("/projects/{}?include_computed=true", project["id"]);
        let answer = ann.get(&path).await.expect(200);
        assert_eq!(answer.json(), *project);
        assert_eq!(answer.header("etag"), None);
        let any = [("if-none-match", "*")];
        ann.call(Method::GET, &path, &any, None).await.expect(200);
    }
    assert_eq!(
        ann.all("/projects").await,
        [house, empty],
        "tasks change no version"
    );
    let list = ann.get("/projects?include_computed=true").await;
    let known = [("if-none-match", list.header("etag").unwrap())];
    let target = "/projects?include_computed=true";
    ann.call(Method::GET, target, &known, None)
        .await
        .expect(304);
}

async fn an_archived_project_takes_tasks(app: TestApp) {
    let ann = app.user("ann").await;
    let project = ann.project("House").await;
    let body = json!({ "title": "T", "project_id": project["id"] });
    let task = ann.post("/tasks", &body).await.expect(201).json();
    let path = format!("/projects/{}", project["id"]);
    let archived = json!({ "archived": true });
    ann.patch(&path, &archived).await.expect(200);
    assert_eq!(ann.all("/tasks").await, [task], "it changes no task");
    ann.post("/tasks", &body).await.expect(201);
    assert_eq!(
        ann.all(&format!("/tasks?project={}", project["id"]))
            .await
            .len(),
        2
    );
}

async fn what_is_no_project_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/projects/{}", ann.project("House").await["id"]);
    for (body, fault) in [
        (json!({}), "/name required"),
        (json!({ "name": " " }), "/name length"),
        (json!({ "name": "x".repeat(101) }), "/name length"),
        (json!({ "name": null }), "/name null"),
        (json!({ "name": "x", "color": "red" }), "/color format"),
        (json!({ "name": "x", "color": "#12345" }), "/color format"),
        (json!({ "name": "x", "archived": "yes" }), "/archived type"),
        (
            json!({ "name": "x", "position": "a1" }),
            "/position unknown",
        ),
        (json!({ "name": "x", "id": 7 }), "/id unknown"),
    ] {
        let answer = ann.post("/projects", &body).await;
        assert_eq!(answer.faults(), [fault], "{body}");
        if body != json!({}) {
            assert_eq!(ann.patch(&path, &body).await.faults(), [fault], "{body}");
        }
    }
    for (target, fault) in [
        ("/projects?archived=maybe", "archived type"),
        ("/projects?limit=201", "limit range"),
        ("/projects?sort=name", "sort unknown"),
    ] {
        assert_eq!(ann.get(target).await.faults(), [fault], "{target}");
    }
    let answer = ann.delete(&format!("{path}?tasks=both")).await;
    assert_eq!(answer.faults(), ["tasks choice"]);
    for missing in ["/projects/0", "/projects/x", "/projects/99999"] {
        ann.get(missing).await.problem(404, "not_found");
        ann.delete(missing).await.problem(404, "not_found");
    }
}
