//! Defaults that a database or a role of PostgreSQL may have, which reach each connection of the service.

use std::{
    process::{Child, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::json;
use tempfile::{TempDir, tempdir};
use tokio::time::sleep;

use crate::{
    cases,
    support::{
        app::TestApp,
        client::Client,
        database::{self, TestDatabase},
        doctor::Patient,
        dump,
        process::{self, Process},
        runner::Engine,
    },
};

cases![
    on Postgres;
    writes_at_once_succeed_whatever_the_default_isolation_is,
    migrations_take_and_wait_as_long_as_they_need,
    connections_that_were_closed_while_idle_cost_no_request,
    a_start_does_not_begin_anew_beside_its_tables,
];

/// A database with these settings for all that connect from now on.
fn database(settings: &[(&str, &str)]) -> Arc<TestDatabase> {
    let database = TestDatabase::create(Engine::Postgres);
    let name = database.name();
    for (setting, value) in settings {
        database::server(&format!("ALTER DATABASE {name} SET {setting} = '{value}'"));
    }
    Arc::new(database)
}

/// As behind a pooler of transactions, where no setting can stay on a connection.
const POOLED: (&str, &str) = ("APP_DATABASE__PREPARED_STATEMENTS", "false");

async fn writes_at_once_succeed_whatever_the_default_isolation_is(engine: Engine) {
    for isolation in ["repeatable read", "serializable"] {
        for more in [&[][..], &[POOLED]] {
            let database = database(&[("default_transaction_isolation", isolation)]);
            // Of a crowd on a busy machine, no request is to fail for another reason.
            let overrides = [&[("APP_DATABASE__TIMEOUT_MS", "60000")], more].concat();
            let app = TestApp::on(engine, database, &overrides);
            write_at_once(&app.user("ann").await).await;
        }
    }
}

async fn write_at_once(ann: &Client) {
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let writes = (0..40).map(async |n: usize| {
        let task = json!({ "title": format!("title {n}"), "labels": ["one", format!("l{n}")] });
        ann.patch(&path, &task).await.expect(200);
        let operations = json!([{ "op": "update", "id": ann.task("U").await["id"], "task": task }]);
        let batch = json!({ "operations": operations });
        ann.post("/tasks/batch", &batch).await.expect(200);
    });
    join_all(writes).await;
    assert_eq!(ann.get(&path).await.json()["version"], 41);
    let failures = (0..8).map(|_| ann.try_log_in("ann@example.com", "a wrong password"));
    for answer in join_all(failures).await {
        answer.problem(401, "invalid_credentials");
    }
}

/// The lock under which migrations are applied.
const MIGRATIONS: i64 = 0x7461_736b_2d61_7069;

async fn migrations_take_and_wait_as_long_as_they_need(_: Engine) {
    const LIMIT: Duration = Duration::from_millis(100);
    for overrides in [&[][..], &[POOLED]] {
        let database = database(&[
            ("statement_timeout", "100ms"),
            ("lock_timeout", "100ms"),
            ("idle_in_transaction_session_timeout", "100ms"),
            ("default_transaction_isolation", "repeatable read"),
        ]);
        let mut other = database.connect();
        let hold = format!(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
             BEGIN; SELECT pg_advisory_xact_lock({MIGRATIONS})"
        );
        other.batch_execute(&hold).unwrap();
        // The second must see what the first has done while it waited.
        let (first, second) = (migrate(&database, overrides), migrate(&database, overrides));
        let waits = "FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event = 'advisory'";
        let deadline = Instant::now() + Duration::from_secs(10);
        while database.count(waits) < 2 {
            assert!(Instant::now() < deadline, "they do not wait for the lock");
        }
        sleep(3 * LIMIT).await;
        assert_eq!(database.count(waits), 2, "they wait on");
        other.batch_execute("COMMIT").unwrap();
        for (child, _folder) in [first, second] {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        let client = TestApp::on(Engine::Postgres, database, overrides);
        client.anonymous().get("/health/ready").await.expect(200);
    }
}

fn migrate(database: &TestDatabase, overrides: &[(&str, &str)]) -> (Child, TempDir) {
    let (folder, url) = (tempdir().unwrap(), database.url());
    let variables = process::variables(&url, overrides);
    let mut command = process::command(folder.path(), &variables);
    command.args(["migrate", "run"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    (command.spawn().unwrap(), folder)
}

async fn connections_that_were_closed_while_idle_cost_no_request(engine: Engine) {
    let database = database(&[("idle_session_timeout", "1500ms")]);
    let app = TestApp::on(engine, database, &[]);
    let ann = app.user("ann").await;
    let connected = "FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'task-api'";
    for _ in 0..2 {
        let deadline = Instant::now() + Duration::from_secs(20);
        while app.database.count(connected) > 0 {
            assert!(Instant::now() < deadline, "connections stay open");
            sleep(Duration::from_millis(50)).await;
        }
        app.anonymous().get("/health/ready").await.expect(200);
        let titles: Vec<String> = (0..8).map(|n| format!("T{n}")).collect();
        let requests = titles.iter().map(|title| ann.task(title));
        join_all(requests).await;
    }
}

async fn a_start_does_not_begin_anew_beside_its_tables(engine: Engine) {
    let patient = Patient::migrated(engine);
    let (name, folder) = (patient.database.name(), patient.folder.path());
    let url = patient.database.url();
    let role = &dump::lines(
        &patient.database,
        "SELECT quote_ident(current_user) AS line",
    )[0];
    // By default the schema of the role's name, where there is one, comes before `public`.
    let changes = [
        (
            "CREATE SCHEMA AUTHORIZATION CURRENT_USER",
            "RESET search_path",
            "\"$user\", public",
            role.as_str(),
        ),
        (
            "CREATE SCHEMA \"New\"",
            "SET search_path = \"New\"",
            "\"New\"",
            "\"New\"",
        ),
        (
            "DROP SCHEMA \"New\"",
            "SET search_path = \"New\"",
            "\"New\"",
            "",
        ),
    ];
    for (change, path, shown, schema) in changes {
        patient.database.execute(change);
        database::server(&format!("ALTER DATABASE {name} {path}"));
        let leads = if schema.is_empty() {
            "no schema".to_owned()
        } else {
            format!("the schema {schema}")
        };
        let found = format!(
            "the tables of this service are in the schema public, but search_path ({shown}) leads to {leads}"
        );
        for arguments in [&["serve"][..], &["migrate", "run"]] {
            let output = process::output(folder, arguments, &process::variables(&url, &[]));
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            let expected = format!("task-api: cannot migrate the database: {found}; ");
            assert!(
                said.starts_with(&expected) && said.lines().count() == 1,
                "{said}"
            );
        }
        let diagnosis = patient.diagnose(&[]);
        diagnosis.is("schema", "failure", &found);
        diagnosis.advises("schema", "search_path");
    }
    // Where it has tables of its own, or none has any, it starts.
    database::server(&format!("ALTER DATABASE {name} SET search_path = public"));
    patient.diagnose(&[]).is("schema", "ok", "public");
    Process::start(folder, &process::variables(&url, &[]));
}
