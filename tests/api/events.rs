//! `/auth/events`: what happened to one's account.

use reqwest::{Method, RequestBuilder, header::IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD, ago, send, token_request},
    },
};

cases![
    each_event_tells_what_happened_from_where_in_which_request,
    the_list_has_pages_and_an_entity_tag,
    a_failure_for_nobody_is_not_kept,
    what_was_refused_is_no_event,
    no_secret_is_among_them,
];

const NEW_PASSWORD: &str = "another horse, another staple";

/// Sends a request that names itself.
async fn named(request: RequestBuilder, id: &str) -> Answer {
    let answer = send(request.header("x-request-id", id)).await;
    assert_eq!(answer.header("x-request-id"), Some(id));
    answer
}

fn form(client: &Client, path: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
    client.request(Method::POST, path).form(pairs)
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|e| e["type"].as_str().unwrap()).collect()
}

async fn each_event_tells_what_happened_from_where_in_which_request(app: TestApp) {
    let anonymous = app.anonymous();
    let account = json!({ "email": "ann@example.com", "password": PASSWORD });
    anonymous.post("/auth/register", &account).await.expect(201);
    app.user("bob").await;
    let login = [("username", "ann@example.com"), ("password", PASSWORD)];
    let wrong = [("username", "Ann@example.com"), ("password", "wrong")];
    let log_in = async |id: &str| {
        let answer = named(form(&anonymous, "/auth/login", &login), id).await;
        anonymous.with_pair(&answer.expect(200))
    };
    let ann = log_in("login").await;
    let other = log_in("login-2").await;
    named(form(&anonymous, "/auth/login", &wrong), "wrong")
        .await
        .expect(401);
    let refused = json!({ "current_password": "wrong", "new_password": NEW_PASSWORD });
    let post = |path: &str, body: &Value| ann.request(Method::POST, path).json(body);
    named(post("/auth/password", &refused), "wrong-2")
        .await
        .expect(422);
    let token = named(post("/auth/tokens", &token_request()), "token")
        .await
        .expect(201);
    let path = format!("/auth/tokens/{}", token.json()["id"]);
    named(ann.request(Method::DELETE, &path), "token-end")
        .await
        .expect(204);
    let path = format!("/auth/sessions/{}", other.session().await);
    named(ann.request(Method::DELETE, &path), "session-end")
        .await
        .expect(204);
    let other = log_in("login-3").await;
    named(other.request(Method::POST, "/auth/logout"), "logout")
        .await
        .expect(204);
    let other = log_in("login-4").await;
    let path = "/auth/logout?scope=others";
    named(ann.request(Method::POST, path), "logout-others")
        .await
        .expect(204);
    other.is_out().await;
    let other = log_in("login-5").await;
    other.refreshed().await;
    app.database.execute(&format!(
        "UPDATE refresh_tokens SET used_at = {} WHERE used_at IS NOT NULL",
        ago(601)
    ));
    let refresh = other.refresh_token.as_deref().unwrap();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    named(form(&anonymous, "/auth/refresh", &refresh), "reuse")
        .await
        .expect(401);
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    named(post("/auth/password", &change), "password")
        .await
        .expect(204);
    let change = json!({ "current_password": NEW_PASSWORD, "email": "x@example.com" });
    let request = ann.request(Method::PATCH, "/auth/me").json(&change);
    named(request, "email").await.expect(200);
    let ann = ann.refreshed().await;

    let events = ann.all("/auth/events").await;
    let seen: Vec<String> = events
        .iter()
        .rev()
        .map(|event| {
            let members: Vec<&String> = event.as_object().unwrap().keys().collect();
            assert_eq!(members, ["id", "type", "created_at", "ip", "request_id"]);
            assert_eq!(event["ip"], "127.0.0.1");
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            format!("{} {}", text("type"), text("request_id"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            "login_succeeded login",
            "login_succeeded login-2",
            "login_failed wrong",
            "login_failed wrong-2",
            "token_created token",
            "token_revoked token-end",
            "session_revoked session-end",
            "login_succeeded login-3",
            "session_revoked logout",
            "login_succeeded login-4",
            "session_revoked logout-others",
            "login_succeeded login-5",
            "refresh_reused reuse",
            "password_changed password",
            "email_changed email",
        ]
    );
    // The last one has nobody left to read it.
    let proof = json!({ "current_password": NEW_PASSWORD });
    let request = ann.request(Method::DELETE, "/auth/me").json(&proof);
    named(request, "deletion").await.expect(204);
    let rows = "FROM security_events WHERE kind = 'account_deleted' AND request_id = 'deletion'";
    assert_eq!(app.database.count(rows), 1);
    assert_eq!(
        app.database.count("FROM security_events"),
        2,
        "and bob's login"
    );
}

async fn the_list_has_pages_and_an_entity_tag(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    for _ in 0..4 {
        app.anonymous().log_in("ann@example.com", PASSWORD).await;
        app.anonymous().log_in("bob@example.com", PASSWORD).await;
    }
    let all = ann.all("/auth/events").await;
    assert_eq!(types(&all), ["login_succeeded"; 5]);
    for pair in all.windows(2) {
        assert!(pair[0]["id"].as_i64() > pair[1]["id"].as_i64());
        assert!(pair[0]["created_at"].as_str() >= pair[1]["created_at"].as_str());
    }
    let his = bob.all("/auth/events").await;
    assert!(
        his.iter().all(|event| !all.contains(event)),
        "only one's own"
    );
    let pages = ann.pages("/auth/events?limit=2").await;
    let lengths = pages.iter().map(|p| p.json().as_array().unwrap().len());
    assert_eq!(lengths.collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(ann.all("/auth/events?limit=2").await, all);
    let next = pages[0].next().unwrap();
    app.anonymous().log_in("ann@example.com", PASSWORD).await;
    assert_eq!(ann.get(&next).await.json(), pages[1].json());
    // A cursor holds a place, and nothing of whose list it is.
    let other = bob.get(&next).await.expect(200).json();
    let other = other.as_array().unwrap();
    assert!(other.iter().all(|event| !all.contains(event)));

    let page = ann.get("/auth/events?limit=2").await.expect(200);
    let tag = page.header("etag").unwrap().to_owned();
    let ask = async |tag: &str| {
        let request = ann.request(Method::GET, "/auth/events?limit=2");
        send(request.header(IF_NONE_MATCH, tag)).await
    };
    let same = ask(&tag).await.expect(304);
    assert!(same.body.is_empty());
    assert_eq!(
        (same.header("etag"), same.next()),
        (Some(&*tag), page.next())
    );
    app.anonymous().log_in("ann@example.com", PASSWORD).await;
    ask(&tag).await.expect(200);
    for query in ["limit=0", "limit=201", "cursor=x", "type=login_failed"] {
        let faults = ann.get(&format!("/auth/events?{query}")).await.faults();
        let (name, _) = query.split_once('=').unwrap();
        assert!(
            faults.len() == 1 && faults[0].starts_with(name),
            "{faults:?}"
        );
    }
    let body = ann.raw(Method::GET, "/auth/events", "application/json", "[]");
    body.await.problem(415, "unsupported_media_type");
}

async fn a_failure_for_nobody_is_not_kept(app: TestApp) {
    let ann = app.user("ann").await;
    for email in [
        "nobody@example.com",
        "no address",
        "",
        "\0",
        "ann@example.co",
    ] {
        let form = [("username", email), ("password", "wrong password")];
        let login = ann.request(Method::POST, "/auth/login").form(&form);
        let status = send(login).await.status.as_u16();
        assert!([401, 422].contains(&status), "{email:?}: {status}");
    }
    assert_eq!(app.database.count("FROM security_events"), 1);
    assert_eq!(types(&ann.all("/auth/events").await), ["login_succeeded"]);
}

async fn what_was_refused_is_no_event(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let path = format!("/auth/sessions/{}", ann.session().await);
    bob.delete(&path).await.expect(404);
    bob.delete("/auth/tokens/1").await.expect(404);
    let token = json!({ "name": "T", "scopes": [], "expires_at": "2020-01-01T00:00:00Z" });
    bob.post("/auth/tokens", &token).await.expect(422);
    let taken = json!({ "email": "ann@example.com", "current_password": PASSWORD });
    bob.patch("/auth/me", &taken).await.expect(400);
    let short = json!({ "current_password": PASSWORD, "new_password": "short" });
    bob.post("/auth/password", &short).await.expect(422);
    let log_out = async |query: &str| {
        let path = format!("/auth/logout?{query}");
        send(bob.request(Method::POST, &path)).await
    };
    log_out("scope=all").await.expect(422);
    // There was no other to end.
    log_out("scope=others").await.expect(204);
    bob.refresh().await.expect(200);
    bob.refresh().await.expect(200);
    bob.try_refresh("tmr_nonsense").await.expect(401);
    assert_eq!(types(&bob.all("/auth/events").await), ["login_succeeded"]);
    assert_eq!(types(&ann.all("/auth/events").await), ["login_succeeded"]);
}

async fn no_secret_is_among_them(app: TestApp) {
    let ann = app.user("ann").await;
    let token = ann.personal_token().await["token"].clone();
    let form = [
        ("username", "ann@example.com"),
        ("password", "wrong password"),
    ];
    let login = ann.request(Method::POST, "/auth/login").form(&form);
    // What is no id of a request is not kept as one.
    let login = send(login.header("x-request-id", "a b")).await.expect(401);
    let events = ann.all("/auth/events").await;
    assert_eq!(
        events[0]["request_id"].as_str(),
        login.header("x-request-id")
    );
    let text = serde_json::to_string(&events).unwrap();
    let secrets = [
        PASSWORD,
        "wrong password",
        "ann@example.com",
        "a b",
        token.as_str().unwrap(),
        ann.refresh_token.as_deref().unwrap(),
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret}");
    }
}
