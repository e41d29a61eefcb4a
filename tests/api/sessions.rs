//! `/auth/sessions` and `POST /auth/logout`.

use futures_util::{future::join_all, join};
use reqwest::{
    Method,
    header::{IF_NONE_MATCH, USER_AGENT},
};
use serde_json::Value;

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD, ago, send},
        runner::Engine,
    },
};

cases![
    what_is_known_of_a_session,
    the_user_agent_is_kept_as_it_is_fit,
    the_list_has_pages_and_an_entity_tag,
    a_logout_ends_what_its_scope_says,
    what_a_logout_does_not_take,
    a_session_is_ended_by_its_id,
    what_is_no_id_is_not_found,
    the_end_is_seen_on_every_replica,
    no_request_in_flight_brings_a_token_back,
];

/// A login by a client that calls itself `agent`.
async fn log_in_as(app: &TestApp, agent: &[u8]) -> Client {
    let anonymous = app.anonymous();
    let form = [("username", "ann@example.com"), ("password", PASSWORD)];
    let request = anonymous.request(Method::POST, "/auth/login").form(&form);
    let answer = send(request.header(USER_AGENT, agent)).await.expect(200);
    anonymous.with_pair(&answer)
}

async fn log_in(app: &TestApp) -> Client {
    app.anonymous().log_in("ann@example.com", PASSWORD).await
}

fn ids(sessions: &[Value]) -> Vec<i64> {
    sessions.iter().map(|s| s["id"].as_i64().unwrap()).collect()
}

async fn what_is_known_of_a_session(app: TestApp) {
    let first = app.user("ann").await;
    app.user("bob").await;
    let second = log_in_as(&app, b"Browser/1").await;
    let sessions = second.all("/auth/sessions").await;
    let [newest, oldest] = &sessions[..] else {
        panic!("his is not hers: {sessions:?}")
    };
    let members: Vec<&String> = newest.as_object().unwrap().keys().collect();
    let all = [
        "id",
        "created_at",
        "last_used_at",
        "ip",
        "user_agent",
        "current",
    ];
    assert_eq!(members, all);
    assert!(newest["id"].as_i64() > oldest["id"].as_i64());
    assert_eq!(newest["id"], second.claims()["sid"]);
    assert_eq!(newest["user_agent"], "Browser/1");
    assert_eq!(oldest["user_agent"], Value::Null);
    assert_eq!(newest["ip"], "127.0.0.1");
    assert_eq!(newest["last_used_at"], newest["created_at"]);
    assert_eq!(
        (&newest["current"], &oldest["current"]),
        (&true.into(), &false.into())
    );
    let sessions = first.all("/auth/sessions").await;
    assert_eq!(sessions[0]["current"], false);
    assert_eq!(sessions[1]["current"], true);
    // Address and name are those of the last refresh; the time of the login stays.
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first.refresh_token.as_deref().unwrap()),
    ];
    let request = first.request(Method::POST, "/auth/refresh").form(&form);
    send(request.header(USER_AGENT, "Browser/2"))
        .await
        .expect(200);
    let sessions = first.all("/auth/sessions").await;
    let mut untouched = newest.clone();
    untouched["current"] = false.into();
    assert_eq!(sessions[0], untouched);
    assert_eq!(sessions[1]["user_agent"], "Browser/2");
    assert_eq!(sessions[1]["created_at"], oldest["created_at"]);
    assert!(sessions[1]["last_used_at"].as_str() > oldest["last_used_at"].as_str());
}

async fn the_user_agent_is_kept_as_it_is_fit(app: TestApp) {
    app.user("ann").await;
    for (given, kept) in [
        ("x".repeat(300).as_bytes(), Value::from("x".repeat(255))),
        (b" a\tb ", Value::from("ab")),
        (b" ", Value::Null),
        ("b\u{e4}r".as_bytes(), Value::from("b\u{e4}r")),
        (b"a\xffb", Value::from("a\u{fffd}b")),
    ] {
        let ann = log_in_as(&app, given).await;
        let sessions = ann.all("/auth/sessions").await;
        assert_eq!(sessions[0]["user_agent"], kept);
    }
}

async fn the_list_has_pages_and_an_entity_tag(app: TestApp) {
    let ann = app.user("ann").await;
    for _ in 0..4 {
        log_in(&app).await;
    }
    let whole = ann.get("/auth/sessions").await.expect(200);
    let all = whole.json().as_array().unwrap().clone();
    let mut newest_first = ids(&all);
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!((ids(&all).len(), ids(&all)), (5, newest_first));
    let pages = ann.pages("/auth/sessions?limit=2").await;
    let lengths = pages.iter().map(|p| p.json().as_array().unwrap().len());
    assert_eq!(lengths.collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(ann.all("/auth/sessions?limit=2").await, all);
    // A new login while one turns the pages moves nothing.
    let next = pages[0].next().unwrap();
    log_in(&app).await;
    assert_eq!(ann.get(&next).await.json(), pages[1].json());

    let page = ann.get("/auth/sessions?limit=2").await.expect(200);
    let tag = page.header("etag").unwrap().to_owned();
    let ask = async |tag: &str| {
        let request = ann.request(Method::GET, "/auth/sessions?limit=2");
        send(request.header(IF_NONE_MATCH, tag)).await
    };
    let same = ask(&tag).await.expect(304);
    assert!(same.body.is_empty());
    assert_eq!(
        (same.header("etag"), same.next()),
        (Some(&*tag), page.next())
    );
    log_in(&app).await;
    ask(&tag).await.expect(200);

    for (query, fault) in [
        ("limit=0", "limit range"),
        ("limit=201", "limit range"),
        ("cursor=x", "cursor format"),
        ("sort=id", "sort unknown"),
    ] {
        let answer = ann.get(&format!("/auth/sessions?{query}")).await;
        let faults = answer.faults();
        let (name, _) = fault.split_once(' ').unwrap();
        assert!(
            faults.len() == 1 && faults[0].starts_with(name),
            "{faults:?}"
        );
    }
    let elsewhere = ann.pages("/auth/events?limit=1").await[0].next().unwrap();
    let elsewhere = elsewhere.replace("/auth/events", "/auth/sessions");
    let faults = ann.get(&elsewhere).await.faults();
    assert!(faults[0].starts_with("cursor "), "{faults:?}");
}

async fn a_logout_ends_what_its_scope_says(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let [one, two, three] = [log_in(&app).await, log_in(&app).await, log_in(&app).await];
    let personal = ann.personal_token().await["token"].clone();
    let personal = ann.with_token(personal.as_str().unwrap());
    let log_out = async |client: &Client, query: &str| {
        let path = format!("/auth/logout{query}");
        let answer = send(client.request(Method::POST, &path)).await.expect(204);
        assert!(answer.body.is_empty());
    };
    log_out(&one, "").await;
    one.is_out().await;
    let again = send(one.request(Method::POST, "/auth/logout")).await;
    again.problem(401, "invalid_token");
    log_out(&two, "?scope=local").await;
    two.is_out().await;
    ann.is_in().await;
    three.is_in().await;
    let ann = log_in(&app).await;
    log_out(&ann, "?scope=others").await;
    three.is_out().await;
    let ann = ann.refreshed().await;
    ann.get("/tasks").await.expect(200);
    assert_eq!(ann.all("/auth/sessions").await.len(), 1);
    let four = log_in(&app).await;
    log_out(&ann, "?scope=global").await;
    ann.is_out().await;
    four.is_out().await;
    personal.get("/tasks").await.expect(200);
    bob.is_in().await;
    assert_eq!(app.database.count("FROM sessions"), 1);
}

async fn what_a_logout_does_not_take(app: TestApp) {
    let ann = app.user("ann").await;
    let log_out = async |query: &str| {
        let path = format!("/auth/logout?{query}");
        send(ann.request(Method::POST, &path)).await.faults()
    };
    assert_eq!(log_out("scope=all").await, ["scope choice"]);
    assert_eq!(log_out("scope=Local").await, ["scope choice"]);
    assert_eq!(
        log_out("scope=local&scope=local").await,
        ["scope duplicate"]
    );
    assert_eq!(log_out("scop=local").await, ["scop unknown"]);
    for media_type in ["application/json", "application/x-www-form-urlencoded"] {
        let answer = ann
            .raw(Method::POST, "/auth/logout", media_type, "[]")
            .await;
        answer.problem(415, "unsupported_media_type");
    }
    let anonymous = app.anonymous();
    let answer = send(anonymous.request(Method::POST, "/auth/logout?scope=all")).await;
    answer.problem(401, "not_authenticated");
    ann.is_in().await;
}

async fn a_session_is_ended_by_its_id(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let other = log_in(&app).await;
    let path = format!("/auth/sessions/{}", other.session().await);
    bob.delete(&path).await.problem(404, "not_found");
    other.get("/tasks").await.expect(200);
    let query = ann.delete(&format!("{path}?force=true")).await;
    assert_eq!(query.faults(), ["force unknown"]);
    let body = ann.raw(Method::DELETE, &path, "application/json", "[]");
    body.await.problem(415, "unsupported_media_type");
    other.is_in().await;
    assert!(ann.delete(&path).await.expect(204).body.is_empty());
    other.is_out().await;
    ann.delete(&path).await.problem(404, "not_found");
    ann.is_in().await;
    let own = format!("/auth/sessions/{}", ann.session().await);
    ann.delete(&own).await.expect(204);
    ann.is_out().await;
    // One that is over has left the list.
    let ann = log_in(&app).await;
    let over = log_in(&app).await.session().await;
    app.database.execute(&format!(
        "UPDATE sessions SET expires_at = {} WHERE id = {over}",
        ago(1)
    ));
    assert_eq!(ann.all("/auth/sessions").await.len(), 1);
}

async fn what_is_no_id_is_not_found(app: TestApp) {
    let ann = app.user("ann").await;
    for id in [
        "0",
        "-1",
        "x",
        "1.5",
        "%20",
        "9007199254740991",
        "9007199254740992",
        "999999999999999999999999999999",
    ] {
        let answer = ann.delete(&format!("/auth/sessions/{id}")).await;
        answer.problem(404, "not_found");
    }
    ann.is_in().await;
}

/// Each replica may have cached a token; it sees the end within a second.
async fn the_end_is_seen_on_every_replica(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let replica = app.second(&[]);
    let ann = app.user("ann").await;
    for scope in ["local", "others", "global"] {
        let (here, there) = (log_in(&app).await, log_in(&app).await);
        let ended = if scope == "others" { &there } else { &here };
        let elsewhere = ended.at(&replica.base);
        elsewhere.get("/tasks").await.expect(200);
        let path = format!("/auth/logout?scope={scope}");
        send(here.request(Method::POST, &path)).await.expect(204);
        ended.is_out().await;
        elsewhere.is_out_within_a_second().await;
        elsewhere.refresh().await.problem(401, "invalid_token");
    }
    ann.is_out().await;
}

/// A lookup that began just before a token's end must not be cached.
async fn no_request_in_flight_brings_a_token_back(app: TestApp) {
    app.user("ann").await;
    for round in 0..12 {
        let ann = log_in(&app).await;
        let reads = join_all((0..8).map(|_| ann.get("/auth/me")));
        let end = send(ann.request(Method::POST, "/auth/logout"));
        let (reads, end) = match round % 2 {
            0 => join!(reads, end),
            _ => {
                let (end, reads) = join!(end, reads);
                (reads, end)
            }
        };
        end.expect(204);
        for read in reads {
            assert!([200, 401].contains(&read.status.as_u16()), "{read:?}");
        }
        ann.is_out().await;
    }
}
