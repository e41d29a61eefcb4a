//! `task-api backup FILE` on SQLite.

use std::{
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{client::Client, operator::Operator, process},
};

cases![
    on Sqlite;
    a_backup_holds_what_was_acknowledged_and_no_half,
    nothing_is_overwritten,
    a_killed_backup_leaves_no_file,
    a_backup_that_cannot_be_written_leaves_nothing,
    only_a_database_of_this_service_is_backed_up,
];

#[derive(QueryableByName)]
struct Batch {
    #[diesel(sql_type = sql_types::Text)]
    title: String,
    #[diesel(sql_type = sql_types::BigInt)]
    tasks: i64,
}

async fn a_backup_holds_what_was_acknowledged_and_no_half(operator: Operator) {
    let service = operator.start();
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (ann, acknowledged, stop) = (ann.clone(), acknowledged.clone(), stop.clone());
            tokio::spawn(async move {
                let mut number = 0;
                while !stop.load(Ordering::SeqCst) {
                    let title = format!("{writer}-{number}");
                    ann.post("/tasks/batch", &batch(&title)).await.expect(200);
                    acknowledged.lock().unwrap().push(title);
                    number += 1;
                }
            })
        })
        .collect();
    while acknowledged.lock().unwrap().len() < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = acknowledged.lock().unwrap().clone();
    let variables = operator
        .variables()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let folder = operator.folder.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let variables = variables
            .each_ref()
            .map(|(name, value)| (&**name, &**value));
        process::output(&folder, &["backup", "copy.db"], &variables)
    });
    let output = output.await.unwrap();
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<(&str, &str)> = said
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .collect();
    let labels: Vec<&str> = said.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, ["file", "size", "sha256", "users", "tasks"]);

    let copy = operator.folder.path().join("copy.db");
    let mut conn =
        SqliteConnection::establish(&format!("file:{}?mode=ro&immutable=1", copy.display()))
            .unwrap();
    let batches: Vec<Batch> =
        sql_query("SELECT title, COUNT(*) AS tasks FROM tasks GROUP BY title")
            .load(&mut conn)
            .unwrap();
    assert!(
        batches.iter().all(|batch| batch.tasks == 5),
        "no half of a batch"
    );
    for title in before {
        assert!(
            batches.iter().any(|batch| batch.title == title),
            "{title} was acknowledged"
        );
    }
    let total: i64 = batches.iter().map(|batch| batch.tasks).sum();
    assert_eq!(said[4].1.trim(), total.to_string());
    operator.done(&["verify", "copy.db"]);
    assert_eq!(operator.names(), ["copy.db", "copy.db.sha256"]);
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let check = Command::new("sha256sum")
        .args(["--strict", "-c", "copy.db.sha256"])
        .current_dir(operator.folder.path())
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
}

fn batch(title: &str) -> Value {
    let create = json!({ "op": "create", "task": { "title": title } });
    json!({ "operations": vec![create; 5] })
}

async fn nothing_is_overwritten(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    let copy = operator.folder.path().join("copy.db");
    let before = std::fs::read(&copy).unwrap();
    let (_, said) = operator.refused(&["backup", "copy.db"]);
    assert_eq!(
        said,
        "copy.db exists already: a backup never overwrites a file"
    );
    assert_eq!(std::fs::read(&copy).unwrap(), before);
    std::fs::remove_file(copy).unwrap();
    let (_, said) = operator.refused(&["backup", "copy.db"]);
    assert_eq!(
        said,
        "copy.db.sha256 exists without copy.db: delete it if no other backup to copy.db is running"
    );
    assert_eq!(operator.names(), ["copy.db.sha256"]);
    let (_, said) = operator.refused(&["backup", "nowhere/copy.db"]);
    assert!(
        said.starts_with("nowhere/copy.db is not written: "),
        "{said}"
    );
}

async fn a_killed_backup_leaves_no_file(operator: Operator) {
    operator.filled().await;
    operator.database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO tasks (user_id, title, created_at, updated_at, words)
         SELECT 1, 'T' || i, '2026-11-23 09:00:00', '2026-11-23 09:00:00', '.t' || i || ' :t' || i FROM n",
    );
    let mut killed = 0;
    for attempt in 0..200 {
        let name = format!("{attempt}.db");
        let mut command = process::command(operator.folder.path(), &operator.variables());
        command.args(["backup", &name]).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Later each time, until one is through.
        std::thread::sleep(Duration::from_millis(15 * attempt));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let file = operator.folder.path().join(&name);
        if file.exists() {
            let checked = operator.done(&["verify", &name]);
            assert!(
                !checked.contains("there is no"),
                "the checksum is there first: {checked}"
            );
        }
        if status.success() {
            break;
        }
        killed += 1;
    }
    assert!(killed > 0, "none was killed");
    let leftovers = operator
        .names()
        .into_iter()
        .filter(|name| name.contains(".partial-"));
    assert!(leftovers.count() > 0, "none was killed at work");
    operator.done(&["backup", "after.db"]);
    operator.done(&["verify", "after.db"]);
}

async fn a_backup_that_cannot_be_written_leaves_nothing(operator: Operator) {
    operator.filled().await;
    // No file may grow past so many blocks of 512 bytes: a write fails as it does on a full disk.
    for blocks in [0, 1, 8, 64, 300] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" backup copy.db");
        let output = Command::new("sh")
            .args(["-c", &script])
            .arg(env!("CARGO_BIN_EXE_task-api"))
            .current_dir(operator.folder.path())
            .env_clear()
            .envs(operator.variables())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.starts_with("task-api: copy.db is not written: "),
            "{said}"
        );
        assert!(operator.names().is_empty(), "{:?}", operator.names());
    }
}

async fn only_a_database_of_this_service_is_backed_up(operator: Operator) {
    let (_, said) = operator.refused(&["backup", "copy.db"]);
    assert!(
        said.starts_with("there is no database yet: ") && said.contains("tasks.db"),
        "{said}"
    );
    operator.database.execute("CREATE TABLE other (id INTEGER)");
    let (_, said) = operator.refused(&["backup", "copy.db"]);
    assert!(
        said.starts_with("copy.db is not written: the source is not a database of this service"),
        "{said}"
    );
    assert!(operator.names().is_empty());
}
