//! `task-api user …`, beside a running service and without one.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use reqwest::StatusCode;
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        client::PASSWORD,
        database::TestDatabase,
        desk::{ANN, Desk, OTHER, refusal, run},
        process,
        runner::Engine,
    },
};

cases![
    a_created_account_logs_in,
    a_password_from_a_file_is_the_one_that_is_typed,
    what_the_api_refuses_is_refused,
    a_new_password_ends_the_old_one_and_all_sessions,
    revoked_sessions_end,
    a_deleted_account_is_gone_and_its_address_free,
    the_list_goes_through_all_pages,
    a_database_without_its_migrations_is_refused,
    an_unknown_user_is_named,
    an_account_in_use_is_waited_for_and_left_alone,
];

async fn a_created_account_logs_in(engine: Engine) {
    let desk = Desk::new(engine);
    // One line's end is taken off, and no blank; the address is stored in lower case.
    let password = "  blanks count  ";
    let said = desk.done(
        &["create", "Ann@Example.com"],
        &format!("{password}\r\nnext"),
    );
    assert_eq!(said, "created ann@example.com with the id 1\n");
    let session = desk.log_in(password).await;
    assert_eq!(desk.status(&session).await, StatusCode::OK);
    assert!(desk.try_log_in(password.trim()).await.is_err());
}

/// As Windows writes a file, on another machine than the one on which the password is typed.
async fn a_password_from_a_file_is_the_one_that_is_typed(engine: Engine) {
    let desk = Desk::new(engine);
    let input = "\u{feff}cre\u{300}me bru\u{302}le\u{301}e\r\n";
    for command in ["create", "set-password"] {
        desk.done(&[command, ANN], input);
        desk.log_in("crème brûlée").await;
    }
    let refused = desk.refused(&["set-password", ANN], "\u{feff}short\r\n");
    assert_eq!(refused, "the password must have at least 8 characters");
}

async fn what_the_api_refuses_is_refused(engine: Engine) {
    let desk = Desk::new(engine);
    desk.done(&["create", ANN], PASSWORD);
    let taken = desk.refused(&["create", " ANN@example.com"], OTHER);
    assert_eq!(taken, "a user has the address ann@example.com already");
    for (input, said) in [
        ("short\n", "the password must have at least 8 characters"),
        (
            "\nlong enough\n",
            "the password must have at least 8 characters",
        ),
        (
            "",
            "standard input is empty: the password is to be its first line",
        ),
    ] {
        for command in ["create", "set-password"] {
            assert_eq!(desk.refused(&[command, ANN], input), said);
        }
    }
    let long = desk.refused(&["create", "bob@example.com"], &"a".repeat(73));
    assert_eq!(long, "the password must have at most 72 bytes in UTF-8");
    let address = desk.refused(&["create", "bob"], OTHER);
    assert_eq!(
        address,
        "EMAIL must be an e-mail address such as ann@example.com"
    );
    // An argument that could be a password is none.
    let output = desk.run(&["create", "bob@example.com", OTHER], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(desk.app.database.count("FROM users"), 1);
}

async fn a_new_password_ends_the_old_one_and_all_sessions(engine: Engine) {
    let desk = Desk::new(engine);
    desk.done(&["create", ANN], PASSWORD);
    let (one, two) = (desk.log_in(PASSWORD).await, desk.log_in(PASSWORD).await);
    for session in [&one, &two] {
        assert_eq!(desk.status(session).await, StatusCode::OK);
    }
    let said = desk.done(&["set-password", ANN], &format!("{OTHER}\n"));
    assert_eq!(
        said,
        "ann@example.com has the new password; all sessions ended\n"
    );
    desk.ends(&one).await;
    desk.ends(&two).await;
    let old = desk.try_log_in(PASSWORD).await;
    assert_eq!(old.err(), Some(StatusCode::UNAUTHORIZED));
    let new = desk.log_in(OTHER).await;
    assert_eq!(desk.status(&new).await, StatusCode::OK);
}

async fn revoked_sessions_end(engine: Engine) {
    let desk = Desk::new(engine);
    desk.done(&["create", ANN], PASSWORD);
    let (one, two) = (desk.log_in(PASSWORD).await, desk.log_in(PASSWORD).await);
    for session in [&one, &two] {
        assert_eq!(desk.status(session).await, StatusCode::OK);
    }
    let personal = desk.personal_token(&one).await;
    let said = desk.done(&["revoke-sessions", ANN], "");
    assert_eq!(said, "sessions of ann@example.com ended: 2\n");
    desk.ends(&one).await;
    desk.ends(&two).await;
    assert_eq!(desk.me(&personal).await, StatusCode::OK);
    let said = desk.done(&["revoke-sessions", ANN], "");
    assert_eq!(said, "sessions of ann@example.com ended: 0\n");
    let new = desk.log_in(PASSWORD).await;
    assert_eq!(desk.status(&new).await, StatusCode::OK);
}

async fn a_deleted_account_is_gone_and_its_address_free(engine: Engine) {
    let desk = Desk::new(engine);
    desk.done(&["create", ANN], PASSWORD);
    let session = desk.log_in(PASSWORD).await;
    assert_eq!(desk.status(&session).await, StatusCode::OK);
    let said = desk.refused(&["delete", ANN], "ann@example.com\n");
    assert_eq!(
        said,
        "standard input is not a terminal, so that nothing can be confirmed: add --yes"
    );
    assert_eq!(desk.app.database.count("FROM users"), 1);
    let said = desk.done(&["delete", ANN, "--yes"], "");
    assert_eq!(said, "deleted ann@example.com\n");
    desk.ends(&session).await;
    desk.done(&["create", ANN], OTHER);
    assert!(desk.try_log_in(PASSWORD).await.is_err());
    desk.log_in(OTHER).await;
    assert_eq!(desk.status(&session).await, StatusCode::UNAUTHORIZED);
}

async fn the_list_goes_through_all_pages(engine: Engine) {
    let desk = Desk::new(engine);
    let empty = desk.done(&["list"], "");
    assert_eq!(
        empty.split_whitespace().collect::<Vec<_>>(),
        ["ID", "E-MAIL", "CREATED"]
    );
    let hash = "x".repeat(60);
    desk.app.database.execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1203)
         INSERT INTO users (email, password_hash, created_at)
         SELECT 'user' || i || '@example.com', '{hash}', '2026-11-23 09:00:00' FROM n ORDER BY i",
    ));
    let listed = desk.done(&["list"], "");
    let mut lines = listed.lines().skip(1);
    for number in 1..=1203 {
        let line: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        let (id, email) = (number.to_string(), format!("user{number}@example.com"));
        assert_eq!(line, [id.as_str(), &email, "2026-11-23T09:00:00.000000Z"]);
    }
    assert_eq!(lines.next(), None);
    // A reader that has seen enough closes the pipe before the first line is written.
    let variables = [("DATABASE_URL", desk.app.database.url())];
    let variables = variables
        .each_ref()
        .map(|(name, url)| (*name, url.as_str()));
    let mut command = process::command(desk.folder.path(), &variables);
    command.args(["user", "list"]).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

async fn a_database_without_its_migrations_is_refused(engine: Engine) {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let refused = || {
        let list = run(folder.path(), &url, &["list"], "");
        let create = run(folder.path(), &url, &["create", ANN], PASSWORD);
        assert_eq!(refusal(&list, 1), refusal(&create, 1));
        refusal(&list, 1)
    };
    if engine == Engine::Sqlite {
        let said = refused();
        assert!(
            said.starts_with("there is no database yet: the file "),
            "{said}"
        );
    }
    // Makes the file on SQLite.
    database.execute("CREATE TABLE other (id INTEGER)");
    let said = refused();
    assert!(said.starts_with("migrations are pending: all ("), "{said}");
    assert!(
        said.ends_with("; start the service, or run `task-api migrate run` first"),
        "{said}"
    );
    database.execute("CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY)");
    let said = refused();
    assert!(said.starts_with("migrations are pending: 0000"), "{said}");
    let unreachable = "postgres://ann:hunter2@127.0.0.1:1/tasks";
    let started = Instant::now();
    let said = refusal(&run(folder.path(), unreachable, &["list"], ""), 1);
    assert!(
        said.starts_with("cannot connect to the database: "),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "it waits for nothing"
    );
}

async fn an_unknown_user_is_named(engine: Engine) {
    let desk = Desk::new(engine);
    for (arguments, input) in [
        (["set-password", ANN, ""], PASSWORD),
        (["revoke-sessions", ANN, ""], ""),
        (["delete", ANN, "--yes"], ""),
    ] {
        let given = arguments.iter().filter(|argument| !argument.is_empty());
        let given: Vec<&str> = given.copied().collect();
        assert_eq!(
            desk.refused(&given, input),
            "no user has the address ann@example.com"
        );
    }
}

async fn an_account_in_use_is_waited_for_and_left_alone(engine: Engine) {
    let desk = Desk::new(engine);
    desk.done(&["create", ANN], PASSWORD);
    let session = desk.log_in(PASSWORD).await;
    let mut other = desk.app.database.connect();
    let (begin, cause) = match engine {
        Engine::Sqlite => ("BEGIN IMMEDIATE", "database is locked"),
        Engine::Postgres => (
            "BEGIN; SELECT id FROM users FOR UPDATE",
            "canceling statement due to lock timeout",
        ),
    };
    other.batch_execute(begin).unwrap();
    let said = desk.refused(&["revoke-sessions", ANN], "");
    let advice = "check whether the change was made before you repeat it";
    assert_eq!(said, format!("{cause}: {advice}"));
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(desk.status(&session).await, StatusCode::OK);
    assert_eq!(
        desk.done(&["revoke-sessions", ANN], ""),
        "sessions of ann@example.com ended: 1\n"
    );
}
