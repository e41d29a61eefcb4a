//! `task-api restore FILE` on SQLite.

use std::{fs, process::Stdio, time::Duration};

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{
        client::{Client, PASSWORD},
        operator::{Operator, names, tamper},
        process,
    },
};

cases![
    on Sqlite;
    a_restore_needs_the_database_for_itself,
    a_tag_of_what_is_lost_holds_for_nothing_else,
    an_unsound_backup_is_refused,
    an_older_backup_is_brought_up_to_date,
    a_newer_backup_is_refused,
    a_killed_restore_loses_nothing,
    an_unsound_database_is_replaced_and_kept,
    a_backup_is_restored_where_nothing_is,
];

/// The files with the database's name before `.before-restore-`.
fn kept_aside(operator: &Operator) -> Vec<String> {
    let mut names = names(operator.file().parent().unwrap());
    names.retain(|name| name.contains(".before-restore-"));
    names
}

async fn a_restore_needs_the_database_for_itself(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    let mut service = operator.start();
    let refused = || {
        let (_, said) = operator.refused(&["restore", "copy.db"]);
        let file = operator.file();
        let expected = format!(
            "nothing was restored: another process has {} open; stop the service first",
            file.display()
        );
        assert_eq!(said, expected);
    };
    // It answers, and then does nothing: its connections are there.
    let anonymous = Client::new(&service.base);
    anonymous.get("/health/ready").await.expect(200);
    refused();
    let ann = anonymous.log_in("ann@example.com", PASSWORD).await;
    ann.task("after the backup").await;
    refused();
    assert_eq!(ann.all("/tasks").await.len(), 6, "it goes on");
    service.kill();
    let said = operator.done(&["restore", "copy.db"]);
    let [aside] = &kept_aside(&operator)[..] else {
        panic!("{:?}", names(operator.file().parent().unwrap()));
    };
    let folder = operator.file().parent().unwrap().to_owned();
    let aside = folder.join(aside);
    let file = operator.file();
    assert_eq!(
        said,
        format!(
            "the previous database is kept as {}\nrestored copy.db to {}: users 1, tasks 5\n",
            aside.display(),
            file.display()
        )
    );
    // The log of the killed service went into what is kept.
    let kept = operator.done(&["verify", aside.to_str().unwrap()]);
    let tasks = kept
        .lines()
        .find(|line| line.starts_with("tasks "))
        .unwrap();
    assert_eq!(tasks.split_whitespace().nth(1), Some("6"));
    let service = operator.start();
    let ann = Client::new(&service.base)
        .log_in("ann@example.com", PASSWORD)
        .await;
    assert_eq!(ann.all("/tasks").await.len(), 5);
    ann.task("Milk").await;
}

async fn a_tag_of_what_is_lost_holds_for_nothing_else(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    let backup = fs::read(operator.folder.path().join("copy.db")).unwrap();
    let mut tags = Vec::new();
    for title in ["first", "second", "third"] {
        let mut service = operator.start();
        let ann = Client::new(&service.base)
            .log_in("ann@example.com", PASSWORD)
            .await;
        let made = ann.post("/tasks", &json!({ "title": title })).await;
        assert_eq!(
            made.clone().expect(201).header("location"),
            Some("/tasks/6")
        );
        for tag in &tags {
            let old = [("if-match", String::as_str(tag))];
            let answer = ann.call(Method::DELETE, "/tasks/6", &old, None).await;
            let problem = answer.problem(412, "version_mismatch");
            assert_eq!(problem["current"]["title"], title);
        }
        let tag = made.tag_of(1).to_owned();
        assert!(!tags.contains(&tag), "{tag}");
        tags.push(tag);
        service.kill();
        operator.done(&["restore", "copy.db"]);
    }
    // A copy of the file as a service left it, in WAL mode, is renewed too.
    let mut service = operator.start();
    service.signal("TERM");
    service.wait();
    let cold = operator.folder.path().join("cold.db");
    fs::copy(operator.file(), &cold).unwrap();
    operator.done(&["restore", "cold.db"]);
    let service = operator.start();
    let ann = Client::new(&service.base)
        .log_in("ann@example.com", PASSWORD)
        .await;
    let task = ann.get("/tasks/1").await.expect(200);
    let epoch = task.tag_of(1).trim_start_matches("\"1");
    assert!(!tags.iter().any(|tag| tag.ends_with(epoch)), "{tags:?}");
    drop(service);
    operator.done(&["verify"]);
    let copy = operator.folder.path().join("copy.db");
    assert!(
        fs::read(copy).unwrap() == backup,
        "the backup itself stays as it is"
    );
    let beside = names(operator.file().parent().unwrap());
    let stray: Vec<_> = beside
        .iter()
        .filter(|name| name.contains(".partial-"))
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}

async fn an_unsound_backup_is_refused(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    let (file, copy) = (operator.file(), operator.folder.path().join("copy.db"));
    let before = fs::read(&file).unwrap();
    tamper(&copy, "UPDATE tasks SET user_id = 99 WHERE id = 1");
    let (found, said) = operator.refused(&["restore", "copy.db"]);
    assert!(
        found.contains("checksum: the bytes are not those of copy.db.sha256"),
        "{found}"
    );
    assert!(
        found.contains("foreign keys: tasks (row 1) points to no row of users\n"),
        "{found}"
    );
    assert!(
        said.starts_with("nothing was restored: copy.db is not sound: "),
        "{said}"
    );
    let (_, said) = operator.refused(&["restore", file.to_str().unwrap()]);
    assert_eq!(said, "nothing was restored: FILE is the database itself");
    fs::write(operator.folder.path().join("copy.db-wal"), "x").unwrap();
    let (_, said) = operator.refused(&["restore", "copy.db"]);
    assert!(
        said.contains("beside copy.db is a log with writes that are not in it"),
        "{said}"
    );
    assert_eq!(fs::read(&file).unwrap(), before);
    assert!(kept_aside(&operator).is_empty());
}

async fn an_older_backup_is_brought_up_to_date(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    fs::remove_file(operator.folder.path().join("copy.db.sha256")).unwrap();
    let down = include_str!("../../migrations/sqlite/00000000000007_projects/down.sql");
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '00000000000007'";
    tamper(
        &operator.folder.path().join("copy.db"),
        &format!("{down};{forget}"),
    );
    let said = operator.done(&["restore", "copy.db"]);
    assert!(
        said.ends_with("migrations pending: 00000000000007: the next start applies them\n"),
        "{said}"
    );
    let service = operator.start();
    let ann = Client::new(&service.base)
        .log_in("ann@example.com", PASSWORD)
        .await;
    assert_eq!(ann.all("/tasks").await.len(), 5);
    operator.done(&["verify"]);
}

async fn a_newer_backup_is_refused(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    fs::remove_file(operator.folder.path().join("copy.db.sha256")).unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    tamper(&operator.folder.path().join("copy.db"), newer);
    let (found, _) = operator.refused(&["restore", "copy.db"]);
    assert!(
        found.contains("migrations: unknown to this binary: 99990101000000\n"),
        "{found}"
    );
    assert!(kept_aside(&operator).is_empty());
}

async fn a_killed_restore_loses_nothing(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    let service = operator.start();
    let ann = Client::new(&service.base)
        .log_in("ann@example.com", PASSWORD)
        .await;
    ann.task("after the backup").await;
    drop(service);
    let rows = || {
        let said = operator.done(&["verify"]);
        let tasks = said
            .lines()
            .find(|line| line.starts_with("tasks "))
            .unwrap();
        tasks.split_whitespace().nth(1).unwrap().to_owned()
    };
    let mut killed = 0;
    for attempt in 0..200 {
        let mut command = process::command(operator.folder.path(), &operator.variables());
        command.args(["restore", "copy.db"]).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Later each time, until one is through.
        std::thread::sleep(Duration::from_millis(3 * attempt));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        match (rows().as_str(), kept_aside(&operator).is_empty()) {
            // Nothing has happened, or what is there is kept already.
            ("6", _) => {}
            ("5", false) => {}
            other => panic!("{other:?} after {attempt}"),
        }
        if status.success() || rows() == "5" {
            break;
        }
        killed += 1;
    }
    assert!(killed > 0 && rows() == "5", "{killed}");
    let aside = operator.file().with_file_name(&kept_aside(&operator)[0]);
    let kept = operator.done(&["verify", aside.to_str().unwrap()]);
    let tasks = kept
        .lines()
        .find(|line| line.starts_with("tasks "))
        .unwrap();
    assert_eq!(tasks.split_whitespace().nth(1), Some("6"));
}

async fn an_unsound_database_is_replaced_and_kept(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    let file = operator.file();
    let garbage = "milk".repeat(5000);
    fs::write(&file, &garbage).unwrap();
    fs::write(format!("{}-wal", file.display()), "a log").unwrap();
    operator.done(&["restore", "copy.db"]);
    operator.done(&["verify"]);
    let aside = file.with_file_name(&kept_aside(&operator)[0]);
    assert_eq!(fs::read_to_string(&aside).unwrap(), garbage);
    let log = fs::read_to_string(format!("{}-wal", aside.display())).unwrap();
    assert_eq!(log, "a log", "it belongs to what is kept");
}

async fn a_backup_is_restored_where_nothing_is(operator: Operator) {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    for name in names(operator.file().parent().unwrap()) {
        fs::remove_file(operator.file().with_file_name(name)).unwrap();
    }
    let said = operator.done(&["restore", "copy.db"]);
    assert_eq!(said.lines().count(), 1, "{said}");
    operator.done(&["verify"]);
}
