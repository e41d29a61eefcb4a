//! SQLite on a full disk.

use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::{cases, support::app::TestApp};

cases![on Sqlite; a_full_disk_refuses_writes_and_serves_reads];

async fn a_full_disk_refuses_writes_and_serves_reads(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("before").await;
    let limit = |pages: &'static str| {
        app.state
            .db
            .write(move |conn| Ok(conn.batch_execute(pages)?))
    };
    // The same SQLITE_FULL that a full disk gives.
    limit("PRAGMA max_page_count = 1").await.unwrap();
    let large = json!({ "title": "T", "description": "x".repeat(10_000) });
    let mut refused = 0;
    for _ in 0..30 {
        let answer = ann.post("/tasks", &large).await;
        if answer.status != 201 {
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.problem(503, "unavailable");
            refused += 1;
            limit("PRAGMA max_page_count = 1").await.unwrap();
        }
    }
    assert!(refused > 0, "the disk was full");
    let path = format!("/tasks/{}", task["id"]);
    assert_eq!(ann.get(&path).await.expect(200).json(), task);
    limit("PRAGMA max_page_count = 1000000").await.unwrap();
    ann.post("/tasks", &large).await.expect(201);
}
