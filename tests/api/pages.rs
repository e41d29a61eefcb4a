//! Pages for people.

use crate::{
    cases,
    support::{app::TestApp, client::send},
};
use reqwest::Method;
use task_api::models::violation;

cases![
    the_root_leads_to_the_documentation,
    swagger_ui_comes_whole_from_this_host,
    a_file_that_is_not_there_is_not_found,
    every_code_has_an_entry,
    health_answers,
];

async fn the_root_leads_to_the_documentation(app: TestApp) {
    let answer = app.anonymous().get("/").await.expect(302);
    assert_eq!(answer.header("location"), Some("/docs"));
}

async fn swagger_ui_comes_whole_from_this_host(app: TestApp) {
    let client = app.anonymous();
    let page = client.get("/docs").await.expect(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    let html = String::from_utf8(page.body.clone()).unwrap();
    let addresses = html
        .split(['"', '\''])
        .filter(|text| text.contains(".js?") || text.contains(".css?"));
    let mut files = 0;
    for address in addresses {
        // Relative: a proxy may serve the page below a prefix.
        assert!(address.starts_with("docs/"), "{address}");
        files += 1;
        let file = client.get(&format!("/{address}")).await.expect(200);
        assert!(!file.body.is_empty());
        assert!(
            file.header("content-type")
                .unwrap()
                .contains(if address.contains(".js?") {
                    "javascript"
                } else {
                    "css"
                })
        );
    }
    assert!(files >= 4, "{html}");
    let script = client.get("/docs/docs.js").await.expect(200);
    let script = String::from_utf8(script.body).unwrap();
    assert!(script.contains("/openapi.json"), "{script}");
}

async fn a_file_that_is_not_there_is_not_found(app: TestApp) {
    for path in [
        "/docs/absent.js",
        // Files of Swagger UI that no page loads.
        "/docs/oauth2-redirect.html",
        "/docs/swagger-initializer.js",
        "/docs/..%2f..%2fCargo.toml",
        "/docs/a/b",
        "/docs/%00",
    ] {
        app.anonymous().get(path).await.problem(404, "not_found");
    }
}

async fn every_code_has_an_entry(app: TestApp) {
    let page = app.anonymous().get("/docs/problems").await.expect(200);
    let html = String::from_utf8(page.body).unwrap();
    for code in [
        "malformed_request",
        "email_taken",
        "not_authenticated",
        "invalid_token",
        "invalid_credentials",
        "insufficient_scope",
        "origin_not_allowed",
        "not_found",
        "method_not_allowed",
        "payload_too_large",
        "unsupported_media_type",
        "request_in_progress",
        "conflict",
        "version_mismatch",
        "validation_failed",
        "idempotency_key_reused",
        "too_many_requests",
        "internal_error",
        "unavailable",
    ] {
        assert!(html.contains(&format!("<section id=\"{code}\">")), "{code}");
        assert!(html.contains(&format!("<a href=\"#{code}\">")), "{code}");
        let example = html.split(&format!("<section id=\"{code}\">")).nth(1);
        let example = example.unwrap().split("<pre><code>").nth(1).unwrap();
        let example = example.split("</code>").next().unwrap();
        let example: serde_json::Value = serde_json::from_str(example).expect(example);
        assert_eq!(example["code"], code);
        assert_eq!(example["type"], format!("/docs/problems#{code}"));
    }
    for code in violation::codes() {
        assert!(
            html.contains(&format!("<td><code>{code}</code></td>")),
            "{code}"
        );
    }
}

async fn health_answers(app: TestApp) {
    let client = app.anonymous();
    for path in ["/health/live", "/health/ready"] {
        let answer = client.get(path).await.expect(200);
        assert_eq!(answer.json(), serde_json::json!({ "status": "ok" }));
    }
    let head = client.request(Method::HEAD, "/health/ready");
    send(head).await.expect(200);
}
