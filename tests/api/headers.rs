//! Security headers and CORS.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::{
    cases,
    support::{app::TestApp, client::send, runner::Engine},
};

cases![
    security_headers_stand_everywhere,
    cors_is_off_by_default,
    a_configured_origin_may_call,
    another_origin_may_not,
];

const ORIGIN: &str = "https://app.example.com";

async fn security_headers_stand_everywhere(app: TestApp) {
    let ann = app.user("ann").await;
    for (path, cache) in [
        ("/tasks", "private, no-cache"),
        ("/tasks/0", "private, no-cache"),
        ("/trash", "private, no-cache"),
        ("/labels", "private, no-cache"),
        ("/auth/me", "no-store"),
        ("/auth/nothing", "no-store"),
        ("/%61uth/me", "no-store"),
        ("//auth/me", "no-store"),
        ("/nothing", "private, no-cache"),
        ("/docs", "public, no-cache"),
        ("/openapi.json", "public, no-cache"),
    ] {
        let answer = ann.get(path).await;
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), Some(cache), "{path}");
    }
    let refused = app.anonymous().post("/auth/register", &json!({})).await;
    assert_eq!(refused.header("cache-control"), Some("no-store"));
}

fn preflight(app: &TestApp, origin: &str) -> RequestBuilder {
    app.anonymous()
        .request(Method::OPTIONS, "/tasks")
        .header("origin", origin)
        .header("access-control-request-method", "PATCH")
        .header(
            "access-control-request-headers",
            "authorization, content-type, if-match, if-none-match, idempotency-key",
        )
}

async fn cors_is_off_by_default(app: TestApp) {
    let answer = app
        .anonymous()
        .request(Method::GET, "/health/live")
        .header("origin", ORIGIN);
    let answer = send(answer).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    send(preflight(&app, ORIGIN))
        .await
        .problem(405, "method_not_allowed");
}

fn open(engine: Engine) -> TestApp {
    let origins = format!("{ORIGIN}, http://localhost:3000");
    TestApp::start(engine, &[("APP_SERVER__CORS_ORIGINS", &origins)])
}

async fn a_configured_origin_may_call(engine: Engine) {
    let app = open(engine);
    for origin in [ORIGIN, "http://localhost:3000"] {
        let answer = send(preflight(&app, origin)).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert!(
            answer
                .header("access-control-allow-methods")
                .unwrap()
                .contains("PATCH")
        );
        // A failure must be readable too.
        let call = app
            .anonymous()
            .request(Method::GET, "/tasks")
            .header("origin", origin);
        let answer = send(call).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        let exposed = answer
            .header("access-control-expose-headers")
            .unwrap()
            .to_lowercase();
        for header in [
            "x-request-id",
            "link",
            "etag",
            "location",
            "x-total-count",
            "idempotency-replayed",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
        ] {
            assert!(exposed.contains(header), "{header}: {exposed}");
        }
        answer.problem(401, "not_authenticated");
    }
}

async fn another_origin_may_not(engine: Engine) {
    let app = open(engine);
    let answer = send(preflight(&app, "https://evil.example.com")).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    answer.problem(400, "malformed_request");
    let call = app
        .anonymous()
        .request(Method::GET, "/health/live")
        .header("origin", "null");
    assert_eq!(send(call).await.header("access-control-allow-origin"), None);
}
