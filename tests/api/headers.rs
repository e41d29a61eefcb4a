//! Security headers.

use serde_json::json;

use crate::{cases, support::app::TestApp};

cases![security_headers_stand_everywhere,];

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
        ("/auth/me/", "no-store"),
        ("//auth/me", "private, no-cache"),
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
