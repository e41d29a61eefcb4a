//! Commands on a database that is not there yet: each says so and what to do, and makes no file.

use std::fs;

use tempfile::tempdir;

use crate::{
    cases,
    support::{app::SECRET, database::TestDatabase, process, runner::Engine},
};

cases![
    a_command_says_that_there_is_no_database,
    what_needs_no_database_makes_none,
];

/// The commands that need it.
const COMMANDS: [&[&str]; 7] = [
    &["user", "list"],
    &["user", "create", "ann@example.com"],
    &["user", "set-password", "ann@example.com"],
    &["user", "revoke-sessions", "ann@example.com"],
    &["user", "delete", "ann@example.com", "--yes"],
    &["renew-epoch"],
    &["verify"],
];

const OF_SQLITE: [&[&str]; 2] = [
    &["backup", "copy.db"],
    &["copy", "--to", "postgres://ann@127.0.0.1:1/tasks"],
];

const OF_POSTGRES: [&[&str]; 2] = [&["migrate", "status"], &["migrate", "run"]];

/// A URL of a database that does not exist.
fn missing(engine: Engine) -> String {
    match engine {
        Engine::Sqlite => "sqlite://tasks.db".to_owned(),
        // It is dropped at once.
        Engine::Postgres => TestDatabase::create(engine).url(),
    }
}

async fn a_command_says_that_there_is_no_database(engine: Engine) {
    let folder = tempdir().unwrap();
    let url = missing(engine);
    let variables = [("DATABASE_URL", &*url), ("APP_AUTH__JWT_SECRETS", SECRET)];
    let more = match engine {
        Engine::Sqlite => OF_SQLITE,
        Engine::Postgres => OF_POSTGRES,
    };
    for command in COMMANDS.iter().chain(&more) {
        let output = process::output(folder.path(), command, &variables);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let said = said.trim_end().strip_prefix("task-api: ").unwrap();
        assert!(!said.contains('\n'), "{said}");
        let expected = match engine {
            Engine::Sqlite => {
                let folder = folder.path().canonicalize().unwrap();
                let file = folder.join("tasks.db");
                format!(
                    "there is no database yet: the file {} does not exist",
                    file.display()
                )
            }
            Engine::Postgres => "cannot connect to the database: ".to_owned(),
        };
        assert!(said.starts_with(&expected), "{command:?}: {said}");
        assert!(said.contains("does not exist; "), "{said}");
        assert!(said.contains("`task-api migrate run`"), "{said}");
        let made: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert!(made.is_empty(), "{command:?}: {made:?}");
    }
}

async fn what_needs_no_database_makes_none(engine: Engine) {
    if engine == Engine::Postgres {
        return;
    }
    let folder = tempdir().unwrap();
    let variables = [
        ("DATABASE_URL", "sqlite://tasks.db"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
    ];
    for (command, status, text) in [
        (
            &["migrate", "status"][..],
            1,
            "pending: 7; `task-api migrate run` applies them",
        ),
        (
            &["migrate", "revert", "--yes"],
            1,
            "no migration is applied",
        ),
        (&["doctor"], 0, "there is no file "),
    ] {
        let output = process::output(folder.path(), command, &variables);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{command:?}: {output:?}"
        );
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains(text), "{command:?}: {said}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            0,
            "{command:?}"
        );
    }
}
