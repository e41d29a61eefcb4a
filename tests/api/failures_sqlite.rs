//! SQLite on a full disk.

use std::process::Command;

use diesel::connection::SimpleConnection;
use serde_json::json;
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        app::{SECRET, TestApp},
        client::Client,
        process::{self, Process},
        runner::Engine,
    },
};

cases![
    on Sqlite;
    a_full_disk_refuses_writes_and_serves_reads,
    what_does_not_reach_the_disk_is_not_acknowledged,
    without_shared_memory_the_start_says_so,
];

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

/// The system refuses to let any file grow past 600 KiB, so that a commit fails in the middle. (The
/// shell ignores the signal that comes with it, and so does what it becomes.)
async fn what_does_not_reach_the_disk_is_not_acknowledged(_: Engine) {
    let folder = tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 1200; exec \"$0\""])
        .arg(env!("CARGO_BIN_EXE_task-api"))
        .current_dir(folder.path())
        .envs([
            ("APP_SERVER__PORT", "0"),
            ("APP_AUTH__BCRYPT_COST", "4"),
            ("APP_AUTH__JWT_SECRETS", SECRET),
        ]);
    let mut service = Process::spawn(shell);
    service.wait_until_it_listens();
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let large = json!({ "title": "T", "description": "x".repeat(9_000) });
    let (mut kept, mut refused) = (Vec::new(), 0);
    for _ in 0..120 {
        let answer = ann.post("/tasks", &large).await;
        match answer.status.as_u16() {
            201 => kept.push(answer.json()),
            _ => {
                answer.problem(503, "unavailable");
                refused += 1;
            }
        }
    }
    assert!(!kept.is_empty() && refused > 0, "{} {refused}", kept.len());
    for task in kept {
        let path = format!("/tasks/{}", task["id"]);
        assert_eq!(ann.get(&path).await.expect(200).json(), task);
    }
}

/// This form of locking of SQLite's has no shared memory on any file system.
async fn without_shared_memory_the_start_says_so(_: Engine) {
    let folder = tempdir().unwrap();
    let url = "sqlite://tasks.db?vfs=unix-dotfile";
    let output = process::output(folder.path(), &[], &process::variables(url, &[]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let expected =
        "task-api: cannot connect to the database: SQLite's write-ahead log needs shared memory";
    assert!(
        said.starts_with(expected) && said.lines().count() == 1,
        "{said}"
    );
}
