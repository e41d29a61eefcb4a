//! Calls from pages of other origins (the Fetch standard's CORS protocol).

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD, send},
        database::TestDatabase,
        process::{Process, variables},
        runner::Engine,
    },
};

cases![
    without_configured_origins_cors_is_off,
    a_configured_origin_may_call,
    a_configured_origin_may_send_any_header,
    a_configured_origin_may_read_every_header_of_an_answer,
    another_origin_is_refused,
    a_refusal_names_the_origin_and_the_setting_in_one_log_line,
    pages_of_the_service_itself_may_call,
];

const ORIGIN: &str = "https://app.example.com";
const EVIL: &str = "https://evil.example.com";
const SETTING: &str = "APP_SERVER__CORS_ORIGINS";

fn open(engine: Engine, more: &[(&str, &str)]) -> TestApp {
    let origins = format!("{ORIGIN}, http://localhost:3000");
    let mut settings = vec![(SETTING, &*origins)];
    settings.extend(more);
    TestApp::start(engine, &settings)
}

fn preflight(app: &TestApp, origin: &str, headers: &str) -> RequestBuilder {
    app.anonymous()
        .request(Method::OPTIONS, "/tasks")
        .header("origin", origin)
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", headers)
}

const USUAL: &str = "authorization, content-type, if-match, if-none-match, idempotency-key";

/// A browser must not get to see it: it allows no origin.
#[track_caller]
fn refused(answer: Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let problem = answer.problem(403, "origin_not_allowed");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains(origin) && detail.contains(SETTING),
        "{detail}"
    );
}

async fn without_configured_origins_cors_is_off(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "Buy milk" });
    for origin in [ORIGIN, "capacitor://localhost", "null", &app.base] {
        let headers = [("origin", origin)];
        let answer = ann
            .call(Method::POST, "/tasks", &headers, Some(&body))
            .await;
        let answer = answer.expect(201);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("access-control-expose-headers"), None);
    }
    // Only a browser asks before, and only for the page of another origin.
    refused(send(preflight(&app, ORIGIN, USUAL)).await, ORIGIN);
    let no_preflight = app.anonymous().request(Method::OPTIONS, "/tasks");
    send(no_preflight.header("origin", ORIGIN))
        .await
        .problem(405, "method_not_allowed");
}

async fn a_configured_origin_may_call(engine: Engine) {
    let app = open(engine, &[]);
    let ann = app.user("ann").await;
    for origin in [ORIGIN, "http://localhost:3000"] {
        let answer = send(preflight(&app, origin, USUAL)).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        let methods = answer.header("access-control-allow-methods").unwrap();
        for method in ["GET", "HEAD", "POST", "PATCH", "DELETE"] {
            assert!(methods.contains(method), "{method}: {methods}");
        }
        let body = json!({ "title": "Buy milk" });
        let headers = [("origin", origin)];
        let answer = ann
            .call(Method::POST, "/tasks", &headers, Some(&body))
            .await;
        let answer = answer.expect(201);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        // A failure must be readable too.
        let call = app.anonymous().request(Method::GET, "/tasks");
        let answer = send(call.header("origin", origin)).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        answer.problem(401, "not_authenticated");
    }
}

async fn a_configured_origin_may_send_any_header(engine: Engine) {
    let app = open(engine, &[]);
    let ann = app.user("ann").await;
    for asked in [
        "traceparent, tracestate, baggage",
        "sentry-trace,baggage,authorization",
        "x-requested-with",
        "X-Datadog-Trace-Id",
    ] {
        let answer = send(preflight(&app, ORIGIN, asked)).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
        let allowed = answer.header("access-control-allow-headers").unwrap();
        let list = |text: &str| -> Vec<String> {
            let names = text.split(',').map(|name| name.trim().to_lowercase());
            names.collect()
        };
        let allowed = list(allowed);
        let missing: Vec<String> = list(asked)
            .into_iter()
            .filter(|name| !allowed.contains(name))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        let name = asked.split(',').next().unwrap();
        let headers = [("origin", ORIGIN), (name, "1")];
        let answer = ann.call(Method::GET, "/tasks", &headers, None).await;
        answer.expect(200);
    }
}

async fn a_configured_origin_may_read_every_header_of_an_answer(engine: Engine) {
    let app = open(engine, &[]);
    let call = app.anonymous().request(Method::GET, "/health/live");
    let answer = send(call.header("origin", ORIGIN)).await.expect(200);
    let exposed = answer.header("access-control-expose-headers").unwrap();
    let exposed: Vec<String> = exposed
        .split(',')
        .map(|name| name.trim().to_lowercase())
        .collect();
    for header in [
        "accept",
        "accept-encoding",
        "accept-patch",
        "allow",
        "etag",
        "idempotency-replayed",
        "link",
        "location",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "www-authenticate",
        "x-request-id",
        "x-total-count",
    ] {
        assert!(
            exposed.iter().any(|name| name == header),
            "{header}: {exposed:?}"
        );
    }
}

async fn another_origin_is_refused(engine: Engine) {
    let app = open(engine, &[]);
    let ann = app.user("ann").await;
    let token = ann.token.clone().unwrap();
    for origin in [
        EVIL,
        "null",
        "https://app.example.com:8443",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://APP.example.com",
        "b\u{fc}cher",
        "",
    ] {
        let asked = app.anonymous().request(Method::OPTIONS, "/tasks");
        let asked = asked
            .header("origin", origin.as_bytes())
            .header("access-control-request-method", "POST");
        refused(send(asked).await, origin);
        for (method, path) in [
            (Method::GET, "/tasks"),
            (Method::POST, "/tasks"),
            (Method::GET, "/health/live"),
            (Method::GET, "/docs"),
        ] {
            let call = app.anonymous().request(method, path).bearer_auth(&token);
            let call = call.header("origin", origin.as_bytes());
            refused(send(call.json(&json!({ "title": "Evil" }))).await, origin);
        }
    }
    assert_eq!(app.database.count("FROM tasks"), 0);
    // A page's form needs no preflight; its guesses are refused before they count.
    let form = [("username", "ann@example.com"), ("password", "a guess")];
    let guess = app.anonymous().request(Method::POST, "/auth/login");
    refused(send(guess.header("origin", EVIL).form(&form)).await, EVIL);
    assert_eq!(app.database.count("FROM throttles"), 0);
    // Programs send none.
    ann.get("/tasks").await.expect(200);
}

async fn a_refusal_names_the_origin_and_the_setting_in_one_log_line(engine: Engine) {
    let (database, folder) = (TestDatabase::create(engine), tempdir().unwrap());
    let url = database.url();
    let process = Process::start(folder.path(), &variables(&url, &[(SETTING, ORIGIN)]));
    let client = Client::new(&process.base);
    let headers = [("origin", EVIL)];
    let answer = client.call(Method::GET, "/tasks", &headers, None).await;
    refused(answer, EVIL);
    let log = process.rest_of_log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(EVIL)).collect();
    let [line] = lines[..] else {
        panic!("one line: {log}")
    };
    assert!(line.contains(SETTING) && line.contains("WARN"), "{line}");
}

async fn pages_of_the_service_itself_may_call(engine: Engine) {
    let public = ("APP_SERVER__PUBLIC_URL", "https://tasks.example.com/api");
    let app = open(engine, &[public]);
    app.user("ann").await;
    let log_in = async |headers: &[(&str, &str)]| {
        let form = [("username", "ann@example.com"), ("password", PASSWORD)];
        let mut request = app.anonymous().request(Method::POST, "/auth/login");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request.form(&form)).await
    };
    for headers in [
        // As the page reaches the service.
        &[("origin", &*app.base)][..],
        // Behind a proxy that ends TLS and keeps the name, or hands it on.
        &[("origin", "https://example.com"), ("host", "example.com")],
        &[
            ("origin", "https://example.com:8443"),
            ("x-forwarded-host", "example.com:8443"),
        ],
        &[("origin", "https://tasks.example.com")],
        // Behind one that hides the name: the browser knows.
        &[
            ("origin", "https://other.example"),
            ("sec-fetch-site", "same-origin"),
        ],
    ] {
        log_in(headers).await.expect(200);
    }
    for headers in [
        &[("origin", EVIL), ("sec-fetch-site", "cross-site")][..],
        &[("origin", EVIL), ("sec-fetch-site", "same-site")],
        &[
            ("origin", "https://example.com:8443"),
            ("host", "example.com"),
        ],
    ] {
        let answer = log_in(headers).await.expect(403);
        assert_eq!(answer.json()["code"], "origin_not_allowed", "{headers:?}");
    }
}
