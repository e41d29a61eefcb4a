//! What an operator does with the diesel command line, in a copy of the repository's root.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use task_api::db::migrations;
use tempfile::TempDir;

use crate::{
    fixtures,
    schema_text::{self, Schema},
    support::{database::TestDatabase, runner::Engine},
};

crate::cases![unless missing;
    run_list_and_redo_work,
    what_it_applied_is_current_for_the_service,
    print_schema_infers_the_committed_file,
];

const BINARY: &str = "diesel";

/// What of the repository's root the diesel command line reads.
const ROOT: [&str; 4] = ["diesel.toml", ".env", "migrations", "src/schema.rs"];

fn missing() -> Option<&'static str> {
    let version = Command::new(BINARY)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match version {
        Ok(status) if status.success() => None,
        _ => Some(
            "the cases of diesel_cli, for there is no `diesel` on the PATH (cargo install diesel_cli)",
        ),
    }
}

/// A copy of the repository's root, and the database that commands in it use: the one that the
/// committed `.env` names, or a PostgreSQL that the environment names instead.
struct Root {
    folder: TempDir,
    postgres: Option<TestDatabase>,
}

impl Root {
    fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ROOT {
            copy(&repository.join(name), &folder.path().join(name));
        }
        let postgres = (engine == Engine::Postgres).then(|| TestDatabase::create(engine));
        Self { folder, postgres }
    }

    /// What `diesel ARGUMENTS` prints.
    fn diesel(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(BINARY);
        command.args(arguments).current_dir(&self.folder);
        for variable in ["DATABASE_URL", "MIGRATION_DIRECTORY", "DIESEL_CONFIG_FILE"] {
            command.env_remove(variable);
        }
        if let Some(database) = &self.postgres {
            command
                .env("DATABASE_URL", database.url())
                .env("MIGRATION_DIRECTORY", "migrations/postgres");
        }
        let output = command.output().expect("diesel runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "diesel {arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every applied migration, and that none is pending.
    #[track_caller]
    fn assert_current(&self) {
        let list = self.diesel(&["migration", "list"]);
        let lines: Vec<&str> = list.lines().map(str::trim).collect();
        let expected = [
            "Migrations:",
            "[X] 00000000000001_users",
            "[X] 00000000000002_sessions_and_tokens",
            "[X] 00000000000003_tasks",
            "[X] 00000000000004_idempotency_keys",
            "[X] 00000000000005_events_and_throttles",
            "[X] 00000000000006_epoch",
            "[X] 00000000000007_projects",
        ];
        assert_eq!(lines, expected);
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

async fn run_list_and_redo_work(engine: Engine) {
    let root = Root::new(engine);
    let list = root.diesel(&["migration", "list"]);
    assert_eq!(list.matches("[ ]").count(), 7, "{list}");
    root.diesel(&["migration", "run"]);
    root.assert_current();
    let redone = root.diesel(&["migration", "redo", "--all"]);
    assert!(
        redone.contains("Rolling back migration 00000000000001_users"),
        "{redone}"
    );
    root.assert_current();
    assert_eq!(root.diesel(&["migration", "pending"]).trim(), "false");

    let schema = "src/schema.rs";
    let left = fs::read_to_string(root.folder.path().join(schema)).unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(schema);
    assert_eq!(left, fs::read_to_string(committed).unwrap(), "written over");
}

async fn what_it_applied_is_current_for_the_service(engine: Engine) {
    let mut root = Root::new(engine);
    root.diesel(&["migration", "run"]);
    let database = root.postgres.take().unwrap_or_else(|| {
        assert!(root.folder.path().join("tasks.db").is_file());
        TestDatabase::Sqlite {
            folder: root.folder,
        }
    });
    let mut conn = fixtures::open(&database);
    assert_eq!(migrations::pending(&mut conn).unwrap(), [""; 0]);
    assert_eq!(migrations::run_pending(&mut conn).unwrap(), [""; 0]);
}

async fn print_schema_infers_the_committed_file(engine: Engine) {
    let root = Root::new(engine);
    root.diesel(&["migration", "run"]);
    let mut inferred = schema_text::parse(&root.diesel(&["print-schema"]));
    let expected = match engine {
        Engine::Postgres => {
            drop_inverted_index(&mut inferred);
            schema_text::committed()
        }
        Engine::Sqlite => with_keys_of_sqlite(schema_text::committed()),
    };
    assert_eq!(inferred, expected);
    assert_eq!(expected.tables.len(), 10);
    assert_eq!(expected.relations.len(), 6);
}

/// The column that PostgreSQL generates by itself and SQLite does not have. `diesel.toml` can leave
/// out tables, but no column.
fn drop_inverted_index(schema: &mut Schema) {
    let tasks = schema.tables.iter_mut().find(|table| table.name == "tasks");
    let columns = &mut tasks.expect("the tasks").columns;
    let before = columns.len();
    columns.retain(|(name, _)| name != "search");
    assert_eq!(columns.len(), before - 1);
}

/// The one difference of the keys: SQLite gives ids out only for a key of one column.
fn with_keys_of_sqlite(mut schema: Schema) -> Schema {
    let given_out = [
        "personal_tokens",
        "projects",
        "security_events",
        "sessions",
        "tasks",
    ];
    for table in &mut schema.tables {
        if given_out.contains(&table.name.as_str()) {
            assert_eq!(table.key, "user_id, id");
            table.key = "id".to_owned();
        }
    }
    schema
}
