//! `task-api migrate …`.

use std::{process::Stdio, thread};

use tempfile::{TempDir, tempdir};

use crate::{
    cases,
    support::{
        database::TestDatabase,
        desk::refusal,
        process,
        runner::{Engine, FromEngine},
    },
};

cases![
    what_is_pending_is_listed_applied_and_named,
    runs_at_the_same_time_apply_each_once,
    the_latest_is_undone_and_applied_again,
    without_a_terminal_nothing_is_undone_unasked,
    what_this_binary_does_not_know_is_listed_and_left_alone,
    an_unmigrated_database_has_nothing_to_undo,
    a_failure_names_its_cause_and_no_password,
];

const NAMES: [&str; 7] = [
    "00000000000001_users",
    "00000000000002_sessions_and_tokens",
    "00000000000003_tasks",
    "00000000000004_idempotency_keys",
    "00000000000005_events_and_throttles",
    "00000000000006_epoch",
    "00000000000007_projects",
];

struct Bench {
    database: TestDatabase,
    folder: TempDir,
}

impl FromEngine for Bench {
    async fn from_engine(engine: Engine) -> Self {
        Self {
            database: TestDatabase::create(engine),
            folder: tempdir().unwrap(),
        }
    }
}

impl Bench {
    /// Status, standard output and standard error of `task-api migrate …`.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let url = self.database.url();
        let arguments = [&["migrate"], arguments].concat();
        let output = process::output(self.folder.path(), &arguments, &[("DATABASE_URL", &url)]);
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        let (status, said, failure) = self.run(arguments);
        assert_eq!((status, failure.as_str()), (0, ""), "{said}");
        said
    }

    fn has_file(&self) -> bool {
        match &self.database {
            TestDatabase::Sqlite { folder } => folder.path().join("tasks.db").exists(),
            TestDatabase::Postgres { .. } => false,
        }
    }
}

fn lines(state: &str, names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("{state}{name}\n"))
        .collect()
}

async fn what_is_pending_is_listed_applied_and_named(bench: Bench) {
    let (status, said, failure) = bench.run(&["status"]);
    assert_eq!((status, said), (1, lines("pending  ", &NAMES)));
    assert_eq!(
        failure,
        "task-api: pending: 7; `task-api migrate run` applies them\n"
    );
    assert!(!bench.has_file(), "a look makes no file");
    assert_eq!(bench.done(&["run"]), lines("applied ", &NAMES));
    assert_eq!(bench.done(&["run"]), "nothing is pending\n");
    assert_eq!(bench.done(&["status"]), lines("applied  ", &NAMES));
    assert_eq!(bench.database.count("FROM users"), 0);
}

async fn runs_at_the_same_time_apply_each_once(bench: Bench) {
    let bench = &bench;
    let said: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| bench.done(&["run"])))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let idle = said.iter().filter(|said| *said == "nothing is pending\n");
    assert_eq!(idle.count(), 3, "{said:?}");
    assert!(said.contains(&lines("applied ", &NAMES)), "{said:?}");
}

async fn the_latest_is_undone_and_applied_again(bench: Bench) {
    bench.done(&["run"]);
    let said = bench.done(&["revert", "--yes"]);
    assert_eq!(said, "reverted 00000000000007_projects\n");
    let (status, said, _) = bench.run(&["status"]);
    let expected = lines("applied  ", &NAMES[..6]) + "pending  00000000000007_projects\n";
    assert_eq!((status, said), (1, expected));
    let said = bench.done(&["revert", "--yes"]);
    assert_eq!(said, "reverted 00000000000006_epoch\n");
    let said = bench.done(&["revert", "--yes"]);
    assert_eq!(said, "reverted 00000000000005_events_and_throttles\n");
    assert_eq!(bench.done(&["run"]), lines("applied ", &NAMES[4..]));
    assert_eq!(bench.database.count("FROM sessions"), 0);
}

async fn without_a_terminal_nothing_is_undone_unasked(bench: Bench) {
    bench.done(&["run"]);
    let url = bench.database.url();
    let mut command = process::command(bench.folder.path(), &[("DATABASE_URL", &url)]);
    command.args(["migrate", "revert"]).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(
        refusal(&output, 1),
        "standard input is not a terminal, so that nothing can be confirmed: add --yes"
    );
    assert_eq!(bench.done(&["status"]), lines("applied  ", &NAMES));
}

async fn what_this_binary_does_not_know_is_listed_and_left_alone(bench: Bench) {
    bench.done(&["run"]);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000099')";
    bench.database.execute(newer);
    let (status, said, failure) = bench.run(&["status"]);
    let expected = lines("applied  ", &NAMES) + "unknown  00000000000099\n";
    assert_eq!((status, said), (1, expected));
    assert_eq!(
        failure,
        "task-api: unknown to this binary: 1; a newer version has applied them\n"
    );
    let (status, said, failure) = bench.run(&["revert", "--yes"]);
    assert_eq!((status, said.as_str()), (1, ""));
    assert!(
        failure.contains("this binary does not know 00000000000099"),
        "{failure}"
    );
    assert_eq!(bench.database.count("FROM __diesel_schema_migrations"), 8);
    assert_eq!(bench.done(&["run"]), "nothing is pending\n");
}

async fn an_unmigrated_database_has_nothing_to_undo(bench: Bench) {
    let (status, said, failure) = bench.run(&["revert", "--yes"]);
    assert_eq!((status, said.as_str()), (1, ""));
    assert_eq!(failure, "task-api: no migration is applied\n");
    assert!(!bench.has_file(), "a refusal makes no file");
}

async fn a_failure_names_its_cause_and_no_password(bench: Bench) {
    // In the way of the first migration.
    bench.database.execute("CREATE TABLE users (id INTEGER)");
    let (status, said, failure) = bench.run(&["run"]);
    assert_eq!((status, said.as_str()), (1, ""));
    assert!(
        failure.starts_with("task-api: cannot migrate the database: ")
            && failure.contains("already exists"),
        "{failure}"
    );
    let unreachable = [("DATABASE_URL", "postgres://ann:hunter2@127.0.0.1:1/tasks")];
    for command in ["run", "status", "revert"] {
        let arguments = ["migrate", command];
        let output = process::output(bench.folder.path(), &arguments, &unreachable);
        let said = refusal(&output, 1);
        assert!(
            said.starts_with("cannot connect to the database: ") && !said.contains("hunter2"),
            "{said}"
        );
    }
}
