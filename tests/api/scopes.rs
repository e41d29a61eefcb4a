//! What each operation asks of a token: the table of routes and the document are one.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use task_api::{
    models::{permission::Permission, scope::Scope},
    routes,
};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
        documented,
        personal_token::create,
    },
};

cases![
    every_operation_behind_a_token_has_its_need,
    an_operation_takes_its_scope_and_no_other,
    a_token_with_all_scopes_manages_no_account,
    a_token_with_both_scopes_works_through_a_day,
    a_method_that_is_not_there_is_405_to_every_token,
];

/// Method, path and permission of every operation behind a token.
fn needs() -> Vec<(&'static str, &'static str, Permission)> {
    let operations = routes::operations().into_iter();
    let needs = operations.filter(|row| row.permission != Permission::Public);
    let needs = needs.map(|row| {
        let method = ["GET", "POST", "PATCH", "DELETE"];
        let method = method.into_iter().find(|name| row.method == *name);
        (method.unwrap(), row.path, row.permission)
    });
    needs.collect()
}

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

/// The methods of `need`: HEAD wherever GET is.
fn methods(name: &'static str) -> &'static [&'static str] {
    match name {
        "GET" => &["GET", "HEAD"],
        "POST" => &["POST"],
        "PATCH" => &["PATCH"],
        _ => &["DELETE"],
    }
}

/// A path of the pattern, to nothing that is there.
fn target(pattern: &str) -> String {
    pattern
        .replace("{id}", "987654321")
        .replace("{name}", "none")
}

/// The operation as the document shows it.
async fn call(client: &Client, name: &str, pattern: &str, query: &str) -> Answer {
    let path = format!("{}{query}", target(pattern));
    let operation = &documented::document()["paths"][pattern][name.to_lowercase()];
    let content = operation["requestBody"]["content"].as_object();
    match content.and_then(|content| content.iter().next()) {
        Some((media_type, content)) => {
            let body = content["example"].to_string();
            client.raw(method(name), &path, media_type, &body).await
        }
        None => send(client.request(method(name), &path)).await,
    }
}

/// Refused, for want of `scope`; `None`: no scope would do.
fn refused(answer: Answer, scope: Option<Scope>, what: &str) {
    let challenge = answer.header("www-authenticate").unwrap();
    let start = "Bearer realm=\"task-api\", error=\"insufficient_scope\", error_description=\"";
    let rest = challenge.strip_prefix(start).expect(what);
    let (description, rest) = rest.split_once('"').unwrap();
    match scope.map(Scope::as_str) {
        Some(scope) => {
            assert_eq!(rest, format!(", scope=\"{scope}\""), "{what}");
            assert!(
                description.ends_with(&format!("the scope {scope}")),
                "{what}"
            );
        }
        None => {
            assert_eq!(rest, "", "{what}");
            assert!(description.contains("access token from a login"), "{what}");
        }
    }
    let description = description.to_owned();
    if answer.body.is_empty() {
        answer.expect(403);
    } else {
        let problem = answer.problem(403, "insufficient_scope");
        assert_eq!(problem["detail"], description);
    }
}

async fn every_operation_behind_a_token_has_its_need(_: TestApp) {
    let mut documented = BTreeSet::new();
    for (path, item) in documented::document()["paths"].as_object().unwrap() {
        for (name, operation) in item.as_object().unwrap() {
            if documented::is_secured(operation) {
                documented.insert((name.to_uppercase(), path.clone()));
            }
        }
    }
    let needs = needs();
    let in_table = needs
        .iter()
        .map(|(name, path, _)| ((*name).to_owned(), (*path).to_owned()));
    let table: BTreeSet<_> = in_table.collect();
    assert_eq!(table.len(), needs.len(), "each stands there once");
    assert_eq!(table, documented);
    for (name, path, need) in needs {
        let expected = match (name, path.starts_with("/auth/")) {
            ("GET", true) if path == "/auth/me" => Permission::AnyToken,
            (_, true) => Permission::Session,
            ("GET", false) => Permission::Scope(Scope::TasksRead),
            (_, false) => Permission::Scope(Scope::TasksWrite),
        };
        assert_eq!(need, expected, "{name} {path}");
    }
}

async fn an_operation_takes_its_scope_and_no_other(app: TestApp) {
    let ann = app.user("ann").await;
    let (_, reader) = create(&ann, &["tasks:read"]).await;
    let (_, writer) = create(&ann, &["tasks:write"]).await;
    let (_, both) = create(&ann, &["tasks:read", "tasks:write"]).await;
    for (verb, pattern, need) in needs() {
        let Permission::Scope(scope) = need else {
            continue;
        };
        let (right, wrong) = match scope {
            Scope::TasksRead => (&reader, &writer),
            Scope::TasksWrite => (&writer, &reader),
        };
        for name in methods(verb) {
            let what = format!("{name} {pattern}");
            refused(call(wrong, name, pattern, "").await, Some(scope), &what);
            // Whatever else is wrong with it.
            refused(
                call(wrong, name, pattern, "?unknown=1").await,
                Some(scope),
                &what,
            );
            let path = target(pattern);
            let junk = wrong.raw(method(name), &path, "text/plain", "{").await;
            refused(junk, Some(scope), &what);
            for allowed in [right, &both, &ann] {
                call(allowed, name, pattern, "?unknown=1").await.expect(422);
                let status = call(allowed, name, pattern, "").await.status.as_u16();
                assert!(![401, 403, 405].contains(&status), "{what}: {status}");
                assert!(status < 500, "{what}: {status}");
            }
        }
    }
}

async fn a_token_with_all_scopes_manages_no_account(app: TestApp) {
    let ann = app.user("ann").await;
    let (token, both) = create(&ann, &["tasks:read", "tasks:write"]).await;
    let mut refusals = 0;
    for (verb, pattern, need) in needs()
        .into_iter()
        .filter(|need| need.1.starts_with("/auth/"))
    {
        for name in methods(verb) {
            let answer = call(&both, name, pattern, "").await;
            match need {
                Permission::AnyToken => drop(answer.expect(200)),
                _ => {
                    refused(answer, None, &format!("{name} {pattern}"));
                    refusals += 1;
                }
            }
        }
    }
    assert_eq!(
        refusals, 13,
        "ten operations, of which three also take HEAD"
    );
    // Not even itself.
    let path = format!("/auth/tokens/{}", token["id"]);
    refused(both.delete(&path).await, None, "its own end");
    for scope in ["tasks:read", "tasks:write"] {
        let (_, one) = create(&ann, &[scope]).await;
        one.get("/auth/me").await.expect(200);
    }
    // The same account is there, with all that it had.
    assert_eq!(ann.all("/auth/tokens").await.len(), 3);
    assert_eq!(ann.all("/auth/sessions").await.len(), 1);
}

async fn a_token_with_both_scopes_works_through_a_day(app: TestApp) {
    let ann = app.user("ann").await;
    let (_, program) = create(&ann, &["tasks:read", "tasks:write"]).await;
    let body = json!({ "title": "T", "labels": ["home"] });
    let task = program.post("/tasks", &body).await.expect(201).json();
    let path = format!("/tasks/{}", task["id"]);
    assert_eq!(ann.get(&path).await.expect(200).json(), task);
    let head = program.request(Method::HEAD, &path);
    send(head).await.expect(200);
    let done = json!({ "status": "done" });
    program.patch(&path, &done).await.expect(200);
    let rename = json!({ "name": "house" });
    program.patch("/labels/home", &rename).await.expect(200);
    assert_eq!(program.all("/labels").await.len(), 1);
    program.delete("/labels/house").await.expect(204);
    program.delete(&path).await.expect(204);
    assert_eq!(program.all("/trash").await.len(), 1);
    let trashed = format!("/trash/{}", task["id"]);
    let restore = program.request(Method::POST, &format!("{trashed}/restore"));
    send(restore).await.expect(200);
    program.delete(&path).await.expect(204);
    program.delete(&trashed).await.expect(204);
    program.delete("/trash").await.expect(204);
    let batch = json!({ "operations": [{ "op": "create", "task": { "title": "B" } }] });
    program.post("/tasks/batch", &batch).await.expect(200);
    assert_eq!(ann.all("/tasks").await.len(), 1);
}

async fn a_method_that_is_not_there_is_405_to_every_token(app: TestApp) {
    let ann = app.user("ann").await;
    let (_, reader) = create(&ann, &["tasks:read"]).await;
    let (_, writer) = create(&ann, &["tasks:write"]).await;
    let needs = needs();
    let paths: BTreeSet<&str> = needs.iter().map(|need| need.1).collect();
    for pattern in paths {
        let has = |name: &str| needs.iter().any(|need| (need.0, need.1) == (name, pattern));
        for name in ["GET", "POST", "PATCH", "DELETE", "PUT"] {
            if has(name) {
                continue;
            }
            for client in [&reader, &writer, &ann] {
                let request = client.request(method(name), &target(pattern));
                let answer = Answer::read(request.send().await.unwrap()).await;
                assert!(answer.header("allow").is_some(), "{name} {pattern}");
                answer.problem(405, "method_not_allowed");
            }
        }
    }
}
