//! `task-api verify` on the database of the settings, on both engines.

use crate::{
    cases,
    support::{client::Client, database::TestDatabase, operator::Operator},
};

cases![
    a_sound_database_is_sound_while_the_service_runs,
    ids_that_would_be_given_out_again_are_found,
    keys_that_are_there_twice_are_found,
    relations_that_cannot_be_are_found,
    what_is_no_database_of_this_service_is_told,
    migrations_of_another_version_are_told,
    a_database_without_an_epoch_is_not_sound,
];

async fn a_sound_database_is_sound_while_the_service_runs(operator: Operator) {
    let service = operator.start();
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let body = serde_json::json!({ "title": "Ümläut, milk!", "labels": ["b", "Ä b", "a"], "status": "done" });
    let id = ann.post("/tasks", &body).await.expect(201).json()["id"].clone();
    ann.patch(
        &format!("/tasks/{id}"),
        &serde_json::json!({ "title": "Milk" }),
    )
    .await
    .expect(200);
    let other = ann.task("gone").await;
    ann.delete(&format!("/tasks/{}", other["id"]))
        .await
        .expect(204);
    ann.post(
        &format!("/trash/{}/restore", other["id"]),
        &serde_json::json!({}),
    )
    .await;
    let trashed = ann.task("!").await;
    ann.delete(&format!("/tasks/{}", trashed["id"]))
        .await
        .expect(204);
    ann.personal_token().await;
    ann.refreshed().await;
    let said = operator.done(&["verify"]);
    let lines: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["CHECK", "COUNT", "RESULT"]);
    assert!(
        lines[1..].iter().all(|line| line.ends_with(&["ok"])),
        "{said}"
    );
    for (check, count) in [
        ("users", "1"),
        ("tasks", "3"),
        ("refresh_tokens", "2"),
        ("epoch", "1"),
    ] {
        assert!(
            lines.contains(&vec![check, count, "ok"]),
            "{check} in {said}"
        );
    }
}

async fn ids_that_would_be_given_out_again_are_found(operator: Operator) {
    operator.filled().await;
    operator.database.execute(match operator.database {
        TestDatabase::Sqlite { .. } => "UPDATE sqlite_sequence SET seq = 4 WHERE name = 'tasks'",
        TestDatabase::Postgres { .. } => "ALTER TABLE tasks ALTER COLUMN id RESTART WITH 5",
    });
    let (found, said) = operator.refused(&["verify"]);
    assert!(
        found.contains("ids: tasks: the next id was given out already\n"),
        "{found}"
    );
    assert_eq!(said, "the database is not sound: 1 fault");
}

async fn keys_that_are_there_twice_are_found(operator: Operator) {
    operator.filled().await;
    let columns = "email, password_hash, created_at";
    let twice = format!("INSERT INTO users ({columns}) SELECT {columns} FROM users");
    // An index that is told not to take part in writes, and then to be sound.
    let (off, on, expected) = match operator.database {
        TestDatabase::Postgres { .. } => (
            "UPDATE pg_index SET indisready = false, indisvalid = false
             WHERE indexrelid = 'users_email_key'::regclass",
            "UPDATE pg_index SET indisready = true, indisvalid = true;",
            "unique keys: 1 keys of users_email_key are there more than once\n",
        ),
        TestDatabase::Sqlite { .. } => (
            "PRAGMA writable_schema = ON;
             CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'users_email_key';
             DELETE FROM sqlite_schema WHERE name = 'users_email_key';
             PRAGMA writable_schema = RESET;",
            "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept;
             PRAGMA writable_schema = RESET;",
            "pages: row 2 missing from index users_email_key\n",
        ),
    };
    operator.database.execute(off);
    operator.database.execute(&twice);
    operator.database.execute(on);
    let (found, _) = operator.refused(&["verify"]);
    assert!(found.contains(expected), "{found}");
    assert!(!found.contains("ann@example.com"), "{found}");
}

/// What no request makes.
async fn relations_that_cannot_be_are_found(operator: Operator) {
    let ids = {
        let service = operator.start();
        let ann = Client::new(&service.base).register_and_log_in("ann").await;
        let project = ann.project("House").await;
        let mut ids = Vec::new();
        for _ in 0..12 {
            ids.push(ann.task("T").await["id"].as_i64().unwrap());
        }
        let body = serde_json::json!({ "title": "T", "parent_id": ids[0], "blocked_by": [ids[1]] });
        ann.post("/tasks", &body).await.expect(201);
        let body = serde_json::json!({ "project_id": project["id"] });
        ann.patch(&format!("/tasks/{}", ids[0]), &body)
            .await
            .expect(200);
        ids
    };
    let said = operator.done(&["verify"]);
    for line in ["references 2 ok", "subtasks 1 ok", "blockers 1 ok"] {
        let words = |line: &str| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert!(
            said.lines().any(|said| words(said) == words(line)),
            "{said}"
        );
    }
    let set = |at: usize, what: &str| {
        let sql = format!("UPDATE tasks SET {what} WHERE id = {}", ids[at]);
        operator.database.execute(&sql);
    };
    set(1, "parent_id = 999999");
    set(2, "project_id = 999998");
    set(3, &format!("parent_id = {}", ids[0]));
    for at in 5..10 {
        set(at, &format!("parent_id = {}", ids[at - 1]));
    }
    set(
        10,
        &format!("parent_id = {}, blocked_by = '{}'", ids[11], ids[11]),
    );
    set(
        11,
        &format!("parent_id = {}, blocked_by = '{}'", ids[10], ids[10]),
    );
    let (found, said) = operator.refused(&["verify"]);
    for fault in [
        format!(
            "references: task {}: its parent 999999 is none of its owner outside the trash",
            ids[1]
        ),
        format!(
            "references: task {}: its project 999998 is none of its owner outside the trash",
            ids[2]
        ),
        format!(
            "references: task {} is in another project than its parent",
            ids[3]
        ),
        format!(
            "subtasks: task {} is at a level below 5, or in a cycle",
            ids[9]
        ),
        format!(
            "subtasks: task {} is at a level below 5, or in a cycle",
            ids[10]
        ),
        format!(
            "subtasks: task {} is at a level below 5, or in a cycle",
            ids[11]
        ),
        format!(
            "blockers: task {} is in a cycle of blockers, or blocked by one",
            ids[10]
        ),
        format!(
            "blockers: task {} is in a cycle of blockers, or blocked by one",
            ids[11]
        ),
    ] {
        assert!(found.contains(&format!("{fault}\n")), "{fault}\n{found}");
    }
    assert_eq!(said, "the database is not sound: 8 faults");
}

async fn what_is_no_database_of_this_service_is_told(operator: Operator) {
    operator.database.execute("CREATE TABLE other (id INTEGER)");
    let (found, _) = operator.refused(&["verify"]);
    assert!(
        found.contains("migrations: it is not a database of this service: "),
        "{found}"
    );
}

async fn migrations_of_another_version_are_told(operator: Operator) {
    operator.filled().await;
    operator
        .database
        .execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let (found, _) = operator.refused(&["verify"]);
    assert!(
        found.contains("migrations: unknown to this binary: 99990101000000\n"),
        "{found}"
    );
    operator
        .database
        .execute("DELETE FROM __diesel_schema_migrations WHERE version >= '00000000000007'");
    let said = operator.done(&["verify"]);
    assert!(
        said.contains("ok; pending: 00000000000007; rows are checked once they are applied"),
        "{said}"
    );
}

async fn a_database_without_an_epoch_is_not_sound(operator: Operator) {
    operator.filled().await;
    operator.database.execute("DELETE FROM epochs");
    let (found, _) = operator.refused(&["verify"]);
    assert!(
        found.contains("epoch: there is none: `task-api renew-epoch` makes one\n"),
        "{found}"
    );
    operator.done(&["renew-epoch"]);
    operator.done(&["verify"]);
}
