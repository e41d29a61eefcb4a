//! Rules that hold on every path.

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{app::TestApp, client::send, raw, runner::Engine},
};

cases![
    a_trailing_slash_is_ignored_without_a_redirect,
    any_other_slash_too_many_is_another_path,
    head_is_answered_wherever_get_is,
    an_unknown_path_comes_before_all_else,
    a_method_that_a_path_lacks_is_405_with_allow,
    a_body_over_the_limit_is_refused_before_its_end,
    broken_json_is_malformed,
    every_fault_of_a_body_is_named_at_once,
    a_body_needs_its_media_type,
    no_parameter_and_no_body_is_ignored,
    every_answer_has_a_request_id,
    a_request_that_breaks_off_harms_nothing,
];

async fn a_trailing_slash_is_ignored_without_a_redirect(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    assert_eq!(ann.get("/tasks/").await.expect(200).json(), json!([task]));
    let path = format!("/tasks/{}/", task["id"]);
    assert_eq!(ann.get(&path).await.expect(200).json(), task);
    assert_eq!(
        ann.get("/tasks/?limit=1").await.expect(200).json(),
        json!([task])
    );
    ann.get("/auth/me/").await.expect(200);
    ann.get("/docs/").await.expect(200);
}

async fn any_other_slash_too_many_is_another_path(app: TestApp) {
    let ann = app.user("ann").await;
    let task = format!("/tasks/{}", ann.task("T").await["id"]);
    for path in [
        "//",
        "///",
        "//tasks",
        "/tasks//",
        "/tasks//?limit=1",
        "//tasks/",
        &format!("{task}//"),
        &format!("/{task}"),
        &task.replacen("s/", "s//", 1),
        "/auth//me",
        "/auth/me//",
        "/docs//",
        "//docs",
        "/docs//problems",
        "//openapi.json",
        "//health/live",
        "/labels//",
        "/tasks%2F",
        "/%2Ftasks",
        "/%2Ftasks/",
        "/auth%2Fme",
        "/tasks/%2F/",
    ] {
        ann.get(path).await.problem(404, "not_found");
    }
    // Before all else, whatever the method, the credentials and the body.
    for client in [&ann, &app.anonymous(), &ann.with_token("forged")] {
        for path in [
            "//tasks",
            "/auth//login",
            "/tasks//",
            "//",
            "/auth/register//",
        ] {
            for method in [Method::POST, Method::PUT, Method::OPTIONS] {
                let answer = client.raw(method, path, "text/plain", "{").await;
                answer.problem(404, "not_found");
            }
        }
    }
    let login = "username=ann%40example.com&password=correct+horse+battery+staple";
    for (path, status) in [
        ("/auth/login/", 200),
        ("/auth//login", 404),
        ("/auth/login//", 404),
    ] {
        let form = "application/x-www-form-urlencoded";
        let answer = app.anonymous().raw(Method::POST, path, form, login).await;
        answer.expect(status);
    }
    // A label may be made of slashes.
    let labelled = json!({ "title": "T", "labels": ["/", "a/"] });
    ann.post("/tasks", &labelled).await.expect(201);
    for label in ["/labels/%2F", "/labels/a%2F/"] {
        ann.delete(label).await.expect(204);
    }
}

async fn head_is_answered_wherever_get_is(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    for path in [
        "/tasks",
        &path,
        "/trash",
        "/labels",
        "/auth/me",
        "/health/live",
        "/openapi.json",
        "/docs",
    ] {
        let get = ann.get(path).await.expect(200);
        let head = send(ann.request(Method::HEAD, path)).await.expect(200);
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"));
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
    let head = send(ann.request(Method::HEAD, "/tasks/0"))
        .await
        .expect(404);
    assert!(head.body.is_empty());
    send(ann.request(Method::HEAD, "/auth/login"))
        .await
        .expect(405);
}

async fn an_unknown_path_comes_before_all_else(app: TestApp) {
    let anonymous = app.anonymous();
    for path in [
        "/nothing",
        "/tasks/1/comments",
        "/trash/1/purge",
        "/labels/a/b",
        "/auth",
        "/docs/no-such-file.js",
        "/%FF",
        "/v1/tasks",
    ] {
        anonymous.get(path).await.problem(404, "not_found");
        let post = anonymous.raw(Method::POST, path, "text/plain", "{").await;
        assert!(post.status == 404 || path.starts_with("/docs/"), "{path}");
    }
    let forged = anonymous.with_token("forged");
    forged.get("/nothing").await.problem(404, "not_found");
}

async fn a_method_that_a_path_lacks_is_405_with_allow(app: TestApp) {
    let ann = app.user("ann").await;
    for (method, path, allowed) in [
        ("PUT", "/tasks/1", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/tasks/1", "DELETE, GET, HEAD, PATCH"),
        ("DELETE", "/tasks", "GET, HEAD, POST"),
        ("PATCH", "/tasks", "GET, HEAD, POST"),
        ("OPTIONS", "/tasks", "GET, HEAD, POST"),
        ("GET", "/tasks/batch", "POST"),
        ("PUT", "/tasks/batch", "POST"),
        ("POST", "/trash", "DELETE, GET, HEAD"),
        ("GET", "/trash/1", "DELETE"),
        ("GET", "/trash/1/restore", "POST"),
        ("POST", "/labels", "GET, HEAD"),
        ("GET", "/labels/home", "DELETE, PATCH"),
        ("GET", "/auth/register", "POST"),
        ("HEAD", "/auth/login", "POST"),
        ("POST", "/auth/me", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/auth/logout", "POST"),
        ("POST", "/auth/sessions", "GET, HEAD"),
        ("GET", "/auth/tokens/1", "DELETE"),
        ("POST", "/health/live", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("BREW", "/tasks", "GET, HEAD, POST"),
    ] {
        let request = ann.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
        let answer = send(request).await;
        let mut allow: Vec<&str> = answer.header("allow").expect("Allow").split(", ").collect();
        allow.sort_unstable();
        assert_eq!(allow.join(", "), allowed, "{method} {path}");
        if method != "HEAD" {
            answer.problem(405, "method_not_allowed");
        }
    }
}

async fn a_body_over_the_limit_is_refused_before_its_end(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_SERVER__BODY_LIMIT", "2048")]);
    let ann = app.user("ann").await;
    let fits = json!({ "title": "T", "description": "x".repeat(1500) });
    ann.post("/tasks", &fits).await.expect(201);
    let large = json!({ "title": "T", "description": "x".repeat(3000) });
    ann.post("/tasks", &large)
        .await
        .problem(413, "payload_too_large");
    // Announced but never sent: the answer comes all the same.
    let head = format!(
        "POST /tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
        ann.token.as_deref().unwrap()
    );
    let announced = raw::status(&app.base, &format!("{head}Content-Length: 3000\r\n\r\n"));
    assert_eq!(announced, "HTTP/1.1 413 Payload Too Large");
    let chunk = format!("900\r\n{}\r\n", "x".repeat(0x900));
    let chunked = raw::status(
        &app.base,
        &format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}"),
    );
    assert_eq!(chunked, "HTTP/1.1 413 Payload Too Large");
    // Without credentials the size is no matter.
    app.anonymous()
        .post("/tasks", &large)
        .await
        .problem(401, "not_authenticated");
}

async fn broken_json_is_malformed(app: TestApp) {
    let ann = app.user("ann").await;
    for body in [
        "",
        "{",
        "{]",
        "{\"title\":}",
        "{\"title\":\"a\"} x",
        "1 2",
        "{\"title\":\"a\"",
        "{'title':'a'}",
        "{\"title\":\"a\"}}",
        "\u{feff}\u{feff}{}",
        "nul",
        "[1,",
        "[]x",
    ] {
        for (method, path) in [
            (Method::POST, "/tasks"),
            (Method::PATCH, "/tasks/1"),
            (Method::POST, "/tasks/batch"),
            (Method::PATCH, "/labels/home"),
            (Method::POST, "/auth/register"),
        ] {
            let answer = ann.raw(method, path, "application/json", body).await;
            answer.problem(400, "malformed_request");
        }
    }
    let deep = "[".repeat(100_000);
    let nested = ann
        .raw(
            Method::POST,
            "/tasks",
            "application/json",
            &format!("{{\"title\":{deep}"),
        )
        .await;
    nested.problem(400, "malformed_request");
    let bytes = ann
        .request(Method::POST, "/tasks")
        .header("content-type", "application/json");
    send(bytes.body(b"{\"title\":\"\xff\"}".to_vec()))
        .await
        .problem(400, "malformed_request");
}

async fn every_fault_of_a_body_is_named_at_once(app: TestApp) {
    let ann = app.user("ann").await;
    for (content, faults) in [
        (
            r#"{"titel":"a","description":7,"x/y~z":1}"#,
            vec![
                "/title required",
                "/description type",
                "/titel unknown",
                "/x~1y~0z unknown",
            ],
        ),
        (r#"{"title":null}"#, vec!["/title null"]),
        (r#"{"title":"a","title":"b"}"#, vec!["/title duplicate"]),
        (r#"{"title":"\ud800"}"#, vec!["/title type"]),
        (r#"{"title":1e999}"#, vec!["/title type"]),
        ("[]", vec![" type"]),
        ("null", vec![" type"]),
    ] {
        let media_type = "application/json";
        let answer = ann.raw(Method::POST, "/tasks", media_type, content).await;
        assert_eq!(answer.faults(), faults, "{content}");
    }
}

async fn a_body_needs_its_media_type(app: TestApp) {
    let ann = app.user("ann").await;
    for (method, path) in [
        (Method::POST, "/tasks"),
        (Method::PATCH, "/tasks/1"),
        (Method::POST, "/tasks/batch"),
        (Method::PATCH, "/labels/home"),
        (Method::POST, "/auth/register"),
    ] {
        let bare = ann.request(method.clone(), path).body("{\"title\":\"a\"}");
        send(bare).await.problem(415, "unsupported_media_type");
        let empty = ann.request(method.clone(), path);
        send(empty).await.problem(400, "malformed_request");
        let text = ann
            .raw(method.clone(), path, "text/plain", "{\"title\":\"a\"}")
            .await;
        text.problem(415, "unsupported_media_type");
        let coded = ann.request(method, path).header("content-encoding", "gzip");
        send(coded.json(&json!({ "title": "a" })))
            .await
            .problem(415, "unsupported_media_type");
    }
}

async fn no_parameter_and_no_body_is_ignored(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    for (method, path) in [
        (Method::GET, path.as_str()),
        (Method::DELETE, &path),
        (Method::GET, "/trash"),
        (Method::DELETE, "/trash"),
        (Method::DELETE, "/trash/1"),
        (Method::POST, "/trash/1/restore"),
        (Method::GET, "/labels"),
        (Method::DELETE, "/labels/home"),
        (Method::GET, "/auth/me"),
        (Method::GET, "/health/live"),
        (Method::GET, "/health/ready"),
    ] {
        let query = send(ann.request(method.clone(), &format!("{path}?verbose=1"))).await;
        assert_eq!(query.faults(), ["verbose unknown"], "{method} {path}");
        let body = ann.raw(method, path, "application/json", "{\"a\":1}");
        let body = body.await;
        body.problem(415, "unsupported_media_type");
    }
    let create = ann.post("/tasks?dry_run=1", &json!({ "title": "T" })).await;
    assert_eq!(create.faults(), ["dry_run unknown"]);
    // A Content-Type without content is what some clients send with every request.
    let bare = ann
        .request(Method::GET, &path)
        .header("content-type", "application/json");
    send(bare).await.expect(200);
}

async fn every_answer_has_a_request_id(app: TestApp) {
    let client = app.anonymous();
    let with = async |id: &str, path: &str| {
        let request = client.request(Method::GET, path).header("x-request-id", id);
        send(request)
            .await
            .header("x-request-id")
            .unwrap()
            .to_owned()
    };
    let longest = "a".repeat(64);
    for own in ["abc-1.2_Z", longest.as_str()] {
        for path in ["/health/live", "/nothing", "/tasks", "/docs"] {
            assert_eq!(with(own, path).await, own);
        }
    }
    let longer = "a".repeat(65);
    for foreign in ["", "a b", "a/b", "ä", longer.as_str()] {
        let id = with(foreign, "/health/live").await;
        let id = uuid::Uuid::parse_str(&id).expect("a UUID");
        assert_eq!(id.get_version_num(), 7);
    }
    let one = client.get("/health/live").await;
    let other = client.get("/health/live").await;
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

async fn a_request_that_breaks_off_harms_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let head = format!(
        "POST /tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"title\"",
        ann.token.as_deref().unwrap()
    );
    for _ in 0..20 {
        raw::send_and_close(&app.base, &head);
    }
    ann.task("T").await;
    assert_eq!(ann.get("/tasks").await.json().as_array().unwrap().len(), 1);
}
