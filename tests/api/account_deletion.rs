//! `DELETE /auth/me`.

use futures_util::{future::join_all, join};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD, token_request},
        runner::Engine,
    },
};

cases![
    nothing_is_left_but_that_it_was_deleted,
    the_address_is_free_again,
    what_a_deletion_asks_for,
    requests_in_flight_get_an_answer,
    the_deletion_is_seen_on_every_copy,
];

async fn delete(client: &Client) -> Answer {
    let body = json!({ "current_password": PASSWORD });
    client
        .call(Method::DELETE, "/auth/me", &[], Some(&body))
        .await
}

/// The tables whose rows belong to users, as the source has them.
fn tables_with_owners() -> Vec<&'static str> {
    let tables = include_str!("../../src/schema.rs").split("diesel::table! {");
    let owned = tables.filter(|table| table.contains("user_id ->"));
    owned
        .map(|table| table.trim().split_once(' ').unwrap().0)
        .collect()
}

/// Something in every table.
async fn fill(client: &Client) -> Value {
    client.project("House").await;
    let body = json!({ "title": "kept words", "labels": ["L"], "external_id": "E" });
    let keyed = [("idempotency-key", "K")];
    let task = client.call(Method::POST, "/tasks", &keyed, Some(&body));
    let task = task.await.expect(201).json();
    let trashed = client.task("T").await;
    let path = format!("/tasks/{}", trashed["id"]);
    client.delete(&path).await.expect(204);
    task
}

async fn nothing_is_left_but_that_it_was_deleted(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let id = ann.get("/auth/me").await.json()["id"].as_i64().unwrap();
    let other = app.anonymous().log_in("ann@example.com", PASSWORD).await;
    let ann = ann.refreshed().await;
    fill(&ann).await;
    fill(&bob).await;
    bob.personal_token().await;
    let personal = ann.personal_token().await["token"].clone();
    let personal = ann.with_token(personal.as_str().unwrap());
    personal.get("/tasks").await.expect(200);
    let tables = tables_with_owners();
    assert!(tables.len() >= 6, "{tables:?}");
    let of = |table: &str, condition: &str| {
        let rows = format!("FROM {table} WHERE user_id {condition} {id}");
        app.database.count(&rows)
    };
    let his = |table: &str| of(table, "<>");
    let before: Vec<i64> = tables.iter().map(|table| his(table)).collect();
    for table in &tables {
        assert!(of(table, "=") > 0 && his(table) > 0, "{table}");
    }
    let answer = delete(&ann).await.expect(204);
    assert!(answer.body.is_empty());
    ann.is_out().await;
    other.is_out().await;
    for path in ["/auth/me", "/tasks"] {
        personal.get(path).await.problem(401, "invalid_token");
    }
    for table in &tables {
        let left = i64::from(*table == "security_events");
        assert_eq!(of(table, "="), left, "{table}");
    }
    let rows = format!("FROM users WHERE id = {id}");
    assert_eq!(app.database.count(&rows), 0);
    let rows = format!(
        "FROM security_events WHERE user_id = {id} AND kind = 'account_deleted' \
         AND ip = '127.0.0.1' AND request_id = '{}'",
        answer.header("x-request-id").unwrap()
    );
    assert_eq!(app.database.count(&rows), 1);
    let after: Vec<i64> = tables.iter().map(|table| his(table)).collect();
    assert_eq!(after, before, "his is untouched");
    bob.is_in().await;
}

async fn the_address_is_free_again(app: TestApp) {
    let old = app.user("ann").await;
    let id = old.get("/auth/me").await.json()["id"].clone();
    let task = fill(&old).await;
    let session = old.session().await;
    delete(&old).await.expect(204);
    let anonymous = app.anonymous();
    let login = anonymous.try_log_in("ann@example.com", PASSWORD).await;
    login.problem(401, "invalid_credentials");
    let new = app.user("ann").await;
    assert_ne!(new.get("/auth/me").await.json()["id"], id);
    assert_ne!(new.session().await, session, "no id is used again");
    old.is_out().await;
    assert_eq!(new.all("/tasks?q=kept").await, [] as [Value; 0]);
    assert_eq!(new.all("/trash").await, [] as [Value; 0]);
    assert_eq!(new.all("/auth/tokens").await, [] as [Value; 0]);
    let events = new.all("/auth/events").await;
    assert_eq!(events.len(), 1, "her own login alone: {events:?}");
    let path = format!("/tasks/{}", task["id"]);
    new.get(&path).await.problem(404, "not_found");
    assert_ne!(fill(&new).await["id"], task["id"]);
}

async fn what_a_deletion_asks_for(app: TestApp) {
    let ann = app.user("ann").await;
    let path = "/auth/me";
    let call = async |body: Value| ann.call(Method::DELETE, path, &[], Some(&body)).await;
    let missing = call(json!({})).await;
    assert_eq!(missing.faults(), ["/current_password required"]);
    let wrong = call(json!({ "current_password": "a wrong password" })).await;
    assert_eq!(wrong.faults(), ["/current_password incorrect"]);
    let more = call(json!({ "current_password": PASSWORD, "sure": true })).await;
    assert_eq!(more.faults(), ["/sure unknown"]);
    let bare = ann.delete(path).await;
    bare.problem(400, "malformed_request");
    let form = "application/x-www-form-urlencoded";
    let body = "current_password=correct+horse+battery+staple";
    let form = ann.raw(Method::DELETE, path, form, body).await;
    form.problem(415, "unsupported_media_type");
    let token = ann.personal_token().await["token"].clone();
    let personal = ann.with_token(token.as_str().unwrap());
    delete(&personal).await.problem(403, "insufficient_scope");
    ann.is_in().await;
    delete(&ann).await.expect(204);
    delete(&ann).await.problem(401, "invalid_token");
}

/// Whatever comes first, nobody gets an error of the service's own, and nothing is left.
async fn requests_in_flight_get_an_answer(app: TestApp) {
    for round in 0..4 {
        let name = format!("ann{round}");
        let ann = app.user(&name).await;
        let email = format!("{name}@example.com");
        let task = ann.task("T").await;
        let path = format!("/tasks/{}", task["id"]);
        let create = json!({ "title": "T", "labels": ["L"] });
        let batch = json!({ "operations": [{ "op": "create", "task": create }] });
        let keyed = [("idempotency-key", "K")];
        let token = token_request();
        let work = async {
            let creates = join_all((0..6).map(|_| ann.post("/tasks", &create)));
            let (mut answers, keyed, batch, patch, refresh, made) = join!(
                creates,
                ann.call(Method::POST, "/tasks", &keyed, Some(&create)),
                ann.post("/tasks/batch", &batch),
                ann.patch(&path, &create),
                ann.refresh(),
                ann.post("/auth/tokens", &token),
            );
            answers.extend([keyed, batch, patch, refresh, made]);
            answers
        };
        let anonymous = app.anonymous();
        let login = anonymous.try_log_in(&email, PASSWORD);
        let (deleted, answers, login) = match round % 2 {
            0 => join!(delete(&ann), work, login),
            _ => {
                let (answers, login, deleted) = join!(work, login, delete(&ann));
                (deleted, answers, login)
            }
        };
        deleted.expect(204);
        for answer in answers {
            match answer.status.as_u16() {
                200 | 201 => {}
                // The task went between the look at the token and the change.
                404 => drop(answer.problem(404, "not_found")),
                _ => drop(answer.problem(401, "invalid_token")),
            }
        }
        match login.status.as_u16() {
            200 => anonymous.with_pair(&login).is_out().await,
            _ => drop(login.problem(401, "invalid_credentials")),
        }
        for table in tables_with_owners() {
            let rows = match table {
                "security_events" => "FROM security_events WHERE kind <> 'account_deleted'",
                _ => &format!("FROM {table}"),
            };
            assert_eq!(app.database.count(rows), 0, "{table}");
        }
    }
}

async fn the_deletion_is_seen_on_every_copy(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let copy = app.second(&[]);
    let ann = app.user("ann").await;
    let personal = ann.personal_token().await["token"].clone();
    let personal = ann.with_token(personal.as_str().unwrap()).at(&copy.base);
    let elsewhere = ann.at(&copy.base);
    personal.get("/tasks").await.expect(200);
    elsewhere.get("/tasks").await.expect(200);
    delete(&ann).await.expect(204);
    join!(
        elsewhere.is_out_within_a_second(),
        personal.is_out_within_a_second()
    );
    elsewhere.refresh().await.problem(401, "invalid_token");
}
