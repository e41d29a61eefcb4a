//! Calls from pages of other origins, by a browser's own rules.

use serde_json::{Value, json};

use super::chrome::{Chrome, missing};
use crate::{
    cases,
    support::{app::TestApp, runner::Engine},
};

cases![
    on Sqlite unless missing;
    a_page_of_a_configured_origin_calls_and_one_of_another_cannot,
];

/// Calls as a traced client does, and tells what it may read of the answer.
const CALL: &str = "
    const [url, token, done] = arguments;
    const headers = {
        'Authorization': `Bearer ${token}`,
        'Content-Type': 'application/json',
        'traceparent': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        'baggage': 'a=b',
        'sentry-trace': '1',
    };
    fetch(url, { method: 'POST', headers, body: JSON.stringify({ title: 'From a page' }) })
        .then((answer) => done({
            status: answer.status,
            read: ['etag', 'location', 'x-request-id'].every((name) => answer.headers.has(name)),
        }))
        .catch((error) => done({ error: String(error) }));
";

async fn a_page_of_a_configured_origin_calls_and_one_of_another_cannot(engine: Engine) {
    // Another port is another origin.
    let (allowed, other) = (TestApp::start(engine, &[]), TestApp::start(engine, &[]));
    let app = TestApp::start(engine, &[("APP_SERVER__CORS_ORIGINS", &allowed.base)]);
    let ann = app.user("ann").await;
    let chrome = Chrome::start().await;
    let call = async |page: &TestApp| -> Value {
        chrome.open(&format!("{}/health/live", page.base)).await;
        let arguments = vec![
            json!(format!("{}/tasks", app.base)),
            json!(ann.token.as_deref()),
        ];
        let result = chrome.client.execute_async(CALL, arguments).await;
        result.expect("the script ends")
    };
    let created = json!({ "status": 201, "read": true });
    assert_eq!(call(&allowed).await, created);
    // A page of the service itself names its origin too.
    assert_eq!(call(&app).await, created);
    let refused = call(&other).await;
    assert!(refused["error"].is_string(), "{refused}");
    assert_eq!(app.database.count("FROM tasks"), 2);
    let reasons = chrome.console_errors().await;
    assert!(
        reasons.iter().any(|reason| reason.contains("CORS")),
        "{reasons:?}"
    );
}
