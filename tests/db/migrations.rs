//! Migrations: up, down and up again, and several replicas at once.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Arc, Barrier},
    thread,
};

use diesel::{Connection, migration::MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use task_api::db::{DbConn, migrations};

use crate::{
    fixtures::{open, texts},
    support::{database::TestDatabase, runner::Engine},
};

crate::cases![
    each_down_undoes_its_up,
    the_service_applies_what_is_pending_once,
    a_failure_leaves_nothing_behind,
    replicas_that_start_at_once_apply_it_once,
    each_database_has_an_epoch_of_its_own,
    both_trees_hold_the_same_names,
    tasks_from_before_projects_are_not_rewritten,
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
const VERSIONS: [&str; 7] = [
    "00000000000001",
    "00000000000002",
    "00000000000003",
    "00000000000004",
    "00000000000005",
    "00000000000006",
    "00000000000007",
];

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

pub fn tree(engine: Engine) -> EmbeddedMigrations {
    match engine {
        Engine::Postgres => POSTGRES,
        Engine::Sqlite => SQLITE,
    }
}

/// Everything in the database but Diesel's own table and what the engine adds by itself, with its
/// definition. (PostgreSQL keeps the place of a dropped column.)
fn objects(conn: &mut DbConn) -> Vec<String> {
    let sql = match conn {
        DbConn::Sqlite(_) => {
            "SELECT type || ' ' || name || ': ' || coalesce(sql, '') AS text FROM sqlite_schema
             WHERE tbl_name NOT IN ('__diesel_schema_migrations', 'sqlite_sequence') ORDER BY 1"
        }
        DbConn::Postgres(_) => {
            "SELECT c.relkind::text || ' ' || c.relname || ': ' || coalesce((
                 SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                                   || ' ' || a.attnotnull, ', ' ORDER BY a.attnum)
                 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                   AND NOT a.attisdropped), '') AS text
             FROM pg_class c
             WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_\\_diesel%'
             UNION ALL
             SELECT o.conname || ': ' || pg_get_constraintdef(o.oid) FROM pg_constraint o
             WHERE o.connamespace = 'public'::regnamespace AND o.conname NOT LIKE '\\_\\_diesel%'
             UNION ALL
             SELECT 'routine ' || proname FROM pg_proc
             WHERE pronamespace = 'public'::regnamespace
             UNION ALL
             SELECT 'type ' || typname FROM pg_type
             WHERE typnamespace = 'public'::regnamespace AND typname NOT LIKE '%\\_\\_diesel%'
             ORDER BY 1"
        }
    };
    texts(conn, sql)
}

async fn each_down_undoes_its_up(engine: Engine) {
    let database = TestDatabase::create(engine);
    let mut conn = open(&database);
    let mut eye = database.connect();
    let mut states = vec![objects(&mut eye)];
    assert_eq!(states[0], [""; 0], "a new database is empty");
    for migration in conn.pending_migrations(tree(engine)).unwrap() {
        conn.run_migration(&*migration).unwrap();
        states.push(objects(&mut eye));
    }
    assert_eq!(states.len(), NAMES.len() + 1);

    for (name, pair) in NAMES.iter().zip(states.windows(2)).rev() {
        assert_ne!(pair[0], pair[1], "{name} does something");
        conn.revert_last_migration(tree(engine)).unwrap();
        assert_eq!(objects(&mut eye), pair[0], "down.sql of {name}");
    }

    conn.run_pending_migrations(tree(engine)).unwrap();
    assert_eq!(objects(&mut eye), states[NAMES.len()], "up again");
    conn.revert_all_migrations(tree(engine)).unwrap();
    assert_eq!(objects(&mut eye), [""; 0], "down at once");
}

async fn the_service_applies_what_is_pending_once(engine: Engine) {
    let database = TestDatabase::create(engine);
    let mut conn = open(&database);
    assert!(migrations::pending(&mut conn).is_err(), "never migrated");
    assert_eq!(migrations::run_pending(&mut conn).unwrap(), VERSIONS);
    assert_eq!(migrations::run_pending(&mut conn).unwrap(), [""; 0]);
    assert_eq!(migrations::pending(&mut conn).unwrap(), [""; 0]);
    conn.revert_last_migration(tree(engine)).unwrap();
    assert_eq!(
        migrations::pending(&mut conn).unwrap(),
        VERSIONS[VERSIONS.len() - 1..]
    );
    assert_eq!(
        migrations::run_pending(&mut conn).unwrap(),
        VERSIONS[VERSIONS.len() - 1..]
    );
}

async fn a_failure_leaves_nothing_behind(engine: Engine) {
    let database = TestDatabase::create(engine);
    database.execute("CREATE TABLE tasks (in_the_way INTEGER)");
    let mut conn = open(&database);
    let before = objects(&mut conn);
    migrations::run_pending(&mut conn).unwrap_err();
    assert_eq!(objects(&mut conn), before);

    // From another connection: whatever lock the failure was met under is free again.
    database.execute("DROP TABLE tasks");
    let applied = migrations::run_pending(&mut open(&database)).unwrap();
    assert_eq!(applied, VERSIONS);
}

async fn replicas_that_start_at_once_apply_it_once(engine: Engine) {
    const COPIES: usize = 6;
    const ROUNDS: usize = 5;
    for _ in 0..ROUNDS {
        let database = Arc::new(TestDatabase::create(engine));
        let start = Arc::new(Barrier::new(COPIES));
        let replicas = [(); COPIES].map(|()| {
            let (database, start) = (database.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                migrations::run_pending(&mut open(&database)).expect("a replica migrates")
            })
        });
        let applied = replicas.map(|replica| replica.join().expect("a replica"));
        let busy: Vec<_> = applied.iter().filter(|names| !names.is_empty()).collect();
        assert_eq!(busy, [&VERSIONS], "one replica applies all");
        let mut conn = database.connect();
        assert_eq!(migrations::pending(&mut conn).unwrap(), [""; 0]);
        assert_eq!(database.count("FROM epochs"), 1);
    }
}

/// Also one that is made anew in the place of another: it gives the same ids and versions again.
async fn each_database_has_an_epoch_of_its_own(engine: Engine) {
    let epochs = [(); 3].map(|()| {
        let database = TestDatabase::create(engine);
        let mut conn = open(&database);
        migrations::run_pending(&mut conn).unwrap();
        let [epoch] = &texts(&mut conn, "SELECT CAST(epoch AS TEXT) AS text FROM epochs")[..]
        else {
            panic!("one row");
        };
        epoch.parse::<u32>().unwrap()
    });
    assert_eq!(BTreeSet::from(epochs).len(), 3, "{epochs:?}");
}

async fn both_trees_hold_the_same_names(engine: Engine) {
    let embedded = MigrationSource::<<DbConn as Connection>::Backend>::migrations(&tree(engine));
    let embedded = embedded.unwrap();
    let embedded: Vec<String> = embedded.iter().map(|one| one.name().to_string()).collect();
    assert_eq!(embedded, NAMES);
    let both = ["migrations/postgres", "migrations/sqlite"].map(files);
    assert_eq!(both[0], both[1]);
    let expected = NAMES
        .iter()
        .flat_map(|name| [format!("{name}/down.sql"), format!("{name}/up.sql")]);
    assert_eq!(both[0], expected.collect());
}

/// `migration/file` for each file of a tree.
fn files(tree: &str) -> BTreeSet<String> {
    let names = |path: &Path| -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(tree);
    let migrations = names(&root).into_iter();
    migrations
        .flat_map(|migration| {
            let files = names(&root.join(&migration)).into_iter();
            files.map(move |file| format!("{migration}/{file}"))
        })
        .collect()
}

/// 100,000 tasks: columns and indexes come, and no row is written. What PostgreSQL writes has another transaction, and
/// SQLite counts what it changes.
async fn tasks_from_before_projects_are_not_rewritten(engine: Engine) {
    const TASKS: i64 = 100_000;
    let database = TestDatabase::create(engine);
    let mut conn = open(&database);
    let all = conn.pending_migrations(tree(engine)).unwrap();
    let (before, projects) = all.split_at(6);
    for migration in before {
        conn.run_migration(&**migration).unwrap();
    }
    let hash = "x".repeat(60);
    database.execute(&format!(
        "INSERT INTO users (id, email, password_hash, created_at)
         VALUES (7, 'ann@example.com', '{hash}', '2026-11-23 09:00:00')"
    ));
    database.execute(&format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {TASKS})
         INSERT INTO tasks (user_id, title, created_at, updated_at)
         SELECT 7, 'Task ' || n, '2026-11-23 09:00:00', '2026-11-23 09:00:00' FROM numbers"
    ));
    let written = |conn: &mut DbConn| {
        match conn {
        DbConn::Postgres(_) => texts(
            conn,
            "SELECT pg_relation_filenode('tasks') || ' ' || min(xmin::text) || ' ' || max(xmin::text)
                 || ' ' || max(ctid)::text AS text FROM tasks",
        ),
        // The row of the migration itself is one.
        DbConn::Sqlite(_) => texts(
            conn,
            "SELECT cast(total_changes() - (SELECT count(*) FROM __diesel_schema_migrations) AS TEXT)
                 AS text",
        ),
    }
    };
    let rows = written(&mut conn);
    conn.run_migration(&*projects[0]).unwrap();
    assert_eq!(written(&mut conn), rows);
    let untouched = "FROM tasks WHERE version = 1 AND project_id IS NULL AND parent_id IS NULL
        AND blocked_by = '' AND position IS NULL AND deletion IS NULL";
    assert_eq!(database.count(untouched), TASKS);
}
