//! `task-api copy --to URL`, and what the commands about files say on PostgreSQL.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        client::{Client, PASSWORD},
        database::TestDatabase,
        dump,
        operator::{Operator, tamper},
        personal_token,
        process::Process,
        runner::Engine,
    },
};

cases![
    on Postgres;
    everything_goes_on_after_a_move,
    a_target_that_is_not_empty_is_refused,
    a_target_or_source_of_another_version_is_refused,
    a_copy_that_fails_leaves_nothing,
    a_copy_takes_rows_by_the_thousand,
    postgresql_has_programs_of_its_own,
];

/// An operator with an SQLite database, and the URL of an empty PostgreSQL one.
fn start(engine: Engine) -> (Operator, TestDatabase) {
    (Operator::new(Engine::Sqlite), TestDatabase::create(engine))
}

/// What a client can see, list by list.
async fn seen(client: &Client) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/tasks?limit=2",
        "/tasks?sort=title&limit=2",
        "/tasks?q=milk",
        "/tasks?label=home",
        "/tasks?sort=position&limit=2",
        "/tasks?blocked_by=3",
        "/projects",
        "/trash/projects",
        "/trash",
        "/labels",
        "/auth/tokens",
        "/auth/events",
    ] {
        seen.push(json!(client.all(path).await));
    }
    seen
}

async fn everything_goes_on_after_a_move(engine: Engine) {
    let (operator, target) = start(engine);
    let service = operator.start();
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    for (title, labels) in [
        ("Milk", json!(["home", "shop"])),
        ("Bréad", json!([])),
        ("oat milk", json!(["home"])),
    ] {
        let body = json!({ "title": title, "description": "\u{1f95b} and\nmore", "labels": labels, "due_at": "2026-12-01T18:00:00.5+01:00" });
        ann.post("/tasks", &body).await.expect(201);
    }
    ann.patch(
        "/tasks/1",
        &json!({ "status": "done", "external_id": "x-1" }),
    )
    .await
    .expect(200);
    ann.delete("/tasks/2").await.expect(204);
    let bob = ann.with_token("").register_and_log_in("bob").await;
    bob.task("Bob's").await;
    let house = json!({ "name": "House", "archived": true, "color": "#4073ff" });
    let house = ann.post("/projects", &house).await.expect(201).json();
    let garden = ann.project("Garden").await;
    let place = json!({ "before": house["id"] });
    let moved = format!("/projects/{}/move", garden["id"]);
    ann.post(&moved, &place).await.expect(200);
    let body = json!({ "title": "Paint", "parent_id": 1, "blocked_by": [3] });
    ann.post("/tasks", &body).await.expect(201);
    ann.patch("/tasks/1", &json!({ "project_id": garden["id"] }))
        .await
        .expect(200);
    ann.delete(&format!("/projects/{}", house["id"]))
        .await
        .expect(204);
    // The highest id is given out and gone for good.
    ann.task("never again").await;
    ann.delete("/tasks/6").await.expect(204);
    ann.delete("/trash/6").await.expect(204);
    let (_, program) = personal_token::create(&ann, &["tasks:read", "tasks:write"]).await;
    let task = ann.get("/tasks/1").await.expect(200);
    let before = seen(&ann).await;
    let bobs = bob.all("/tasks").await;
    drop(service);

    let said = operator.done(&["copy", "--to", &target.url()]);
    let lines: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["TABLE", "SQLITE", "POSTGRESQL"]);
    let expected = [
        ["users", "2", "2"],
        ["projects", "2", "2"],
        ["tasks", "5", "5"],
    ];
    assert_eq!(lines[1..4], expected);
    assert_eq!(lines.len(), 10, "{said}");
    assert!(lines[1..].iter().all(|line| line[1] == line[2]), "{said}");

    let url = target.url();
    let variables = operator.variables().map(|(name, value)| match name {
        "DATABASE_URL" => (name, url.as_str()),
        _ => (name, value),
    });
    let verify = crate::support::process::output(operator.folder.path(), &["verify"], &variables);
    assert!(verify.status.success(), "{verify:?}");
    let service = Process::start(operator.folder.path(), &variables);
    let (ann, program) = (ann.at(&service.base), program.at(&service.base));
    assert_eq!(seen(&ann).await, before);
    assert_eq!(bob.at(&service.base).all("/tasks").await, bobs);
    // The versions are the same, but another database has an epoch of its own.
    let moved = program.get("/tasks/1").await.expect(200);
    assert_ne!(moved.tag_of(3), task.tag_of(3));
    let stale = [("if-match", task.tag_of(3))];
    let stale = ann.call(Method::DELETE, "/tasks/1", &stale, None).await;
    stale.problem(412, "version_mismatch");
    let again = ann.refreshed().await;
    again.log_in("ann@example.com", PASSWORD).await;
    let new = program.task("new").await;
    assert_eq!(new["id"], 7, "4 is Bob's, 6 is gone");
    again.register_and_log_in("cid").await;
    assert_eq!(
        again
            .get("/tasks?q=milk")
            .await
            .expect(200)
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

async fn a_target_that_is_not_empty_is_refused(engine: Engine) {
    let (operator, target) = start(engine);
    operator.filled().await;
    operator.done(&["copy", "--to", &target.url()]);
    let users = dump::table(&target, "users");
    let (_, said) = operator.refused(&["copy", "--to", &target.url()]);
    assert_eq!(
        said,
        "nothing was copied: the PostgreSQL database is not empty: 1 rows in users"
    );
    assert_eq!(dump::table(&target, "users"), users);
    assert_eq!(target.count("FROM tasks"), 5);
}

async fn a_target_or_source_of_another_version_is_refused(engine: Engine) {
    let (operator, target) = start(engine);
    operator.filled().await;
    target.execute(
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP);
         INSERT INTO __diesel_schema_migrations VALUES ('99990101000000')",
    );
    let (_, said) = operator.refused(&["copy", "--to", &target.url()]);
    assert!(
        said.starts_with(
            "nothing was copied: the PostgreSQL database is of another version of the service: 0"
        ),
        "{said}"
    );
    assert!(said.contains("99990101000000"), "{said}");
    tamper(
        &operator.file(),
        "DELETE FROM __diesel_schema_migrations WHERE version = '00000000000005'",
    );
    let (_, said) = operator.refused(&["copy", "--to", &target.url()]);
    assert!(
        said.contains("the SQLite database lacks migrations: 00000000000005"),
        "{said}"
    );
    let (_, said) = operator.refused(&["copy", "--to", "sqlite://other.db"]);
    assert_eq!(said, "--to must be postgres://USER@HOST/NAME");
    let (_, said) = operator.refused(&["copy", "--to", "postgres://ann:hunter2@127.0.0.1:1/tasks"]);
    assert!(
        said.starts_with("cannot connect to the database of --to: ") && !said.contains("hunter2"),
        "{said}"
    );
}

async fn a_copy_that_fails_leaves_nothing(engine: Engine) {
    let (operator, target) = start(engine);
    operator.filled().await;
    tamper(
        &operator.file(),
        "UPDATE tasks SET version = 0 WHERE id = 5",
    );
    let (_, said) = operator.refused(&["copy", "--to", &target.url()]);
    assert!(
        said.starts_with("nothing was copied: ") && said.contains("tasks_version_check"),
        "{said}"
    );
    assert!(
        dump::tables(&target).is_empty(),
        "{:?}",
        dump::tables(&target)
    );
    tamper(
        &operator.file(),
        "UPDATE tasks SET version = 1 WHERE id = 5; UPDATE sessions SET user_id = 9",
    );
    operator.refused(&["copy", "--to", &target.url()]);
    assert!(dump::tables(&target).is_empty());
}

async fn a_copy_takes_rows_by_the_thousand(engine: Engine) {
    let (operator, target) = start(engine);
    operator.filled().await;
    operator.database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3003)
         INSERT INTO tasks (user_id, title, created_at, updated_at)
         SELECT 1, 'T' || i, '2026-11-23 09:00:00.5', '2026-11-23 09:00:00.123456' FROM n",
    );
    let _service = operator.start();
    let output = operator.run(&["copy", "--to", &target.url()]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.ends_with("open: what it writes from now on is not copied\n")
            && said.lines().count() == 1,
        "{said}"
    );
    assert_eq!(target.count("FROM tasks"), 3008);
    assert_eq!(
        target.count("FROM tasks WHERE updated_at = '2026-11-23 09:00:00.123456'"),
        3003
    );
}

async fn postgresql_has_programs_of_its_own(engine: Engine) {
    let operator = Operator::new(engine);
    let secret = "postgres://ann:hunter2@db:5433/tasks?sslmode=require";
    for (command, line) in [
        (
            "backup",
            "pg_dump --format=custom --file='a b' --dbname=URL ",
        ),
        (
            "restore",
            "pg_restore --clean --if-exists --no-owner --single-transaction --dbname=URL 'a b' ",
        ),
    ] {
        let output = crate::support::process::output(
            operator.folder.path(),
            &[command, "a b"],
            &[("DATABASE_URL", secret)],
        );
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.starts_with("task-api: nothing was ") && said.contains(line),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
    let (_, said) = operator.refused(&["copy", "--to", "postgres://ann@db/tasks"]);
    assert_eq!(
        said,
        "nothing was copied: the settings name no SQLite database"
    );
}
