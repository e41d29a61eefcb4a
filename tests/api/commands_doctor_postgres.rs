//! `task-api doctor` on PostgreSQL, where something is wrong with the server or the role.

use task_api::db::tables::{EPOCHS, TABLES};

use crate::{
    cases,
    support::{
        database::{self, postgres_url},
        doctor::Patient,
        runner::Engine,
    },
};

cases![
    on Postgres;
    a_server_out_of_reach_is_a_failure,
    a_role_without_privileges_is_a_failure,
    an_invalid_index_is_a_failure,
    a_server_that_takes_no_writes_is_a_failure,
    too_few_connections_are_a_warning,
    a_database_without_unicode_is_a_failure,
    an_order_of_text_that_has_changed_is_a_warning,
    a_clock_apart_from_the_server_s_is_a_warning,
    every_table_of_the_service_is_looked_at,
];

async fn a_server_out_of_reach_is_a_failure(engine: Engine) {
    let patient = Patient::new(engine);
    let url = "postgres://ann:hunter2@127.0.0.1:1/tasks?password=hunter3";
    let diagnosis = patient.diagnose(&[("DATABASE_URL", url)]);
    let found = "PostgreSQL at 127.0.0.1:1/tasks: cannot connect to the database: ";
    diagnosis.is("database", "failure", found);
    diagnosis.advises("database", "DATABASE_URL");
    assert_eq!(diagnosis.status, 1);
    assert!(!diagnosis.text.contains("hunter"), "{}", diagnosis.text);
    // The rest is looked at all the same.
    diagnosis.is("secret", "ok", "");
}

/// A role of one test, gone when the test is over.
struct Role(String);

impl Drop for Role {
    fn drop(&mut self) {
        database::server(&format!("DROP ROLE {}", self.0));
    }
}

async fn a_role_without_privileges_is_a_failure(engine: Engine) {
    let role = Role(format!("role_{}", uuid::Uuid::new_v4().simple()));
    let patient = Patient::migrated(engine);
    let Role(name) = &role;
    database::server(&format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'"));
    let server = postgres_url().unwrap();
    let server = server.rsplit(['@', '/']).nth(1).unwrap();
    let database = patient.database.name();
    let url = format!("postgres://{name}:{name}@{server}/{database}");
    let settings = [("DATABASE_URL", url.as_str())];

    patient.database.execute(&format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name};
         REVOKE INSERT ON tasks FROM {name}; REVOKE SELECT, DELETE ON users FROM {name}"
    ));
    let diagnosis = patient.diagnose(&settings);
    let found = "the role lacks DELETE on users, INSERT on tasks, SELECT on users";
    diagnosis.is("permissions", "failure", found);
    diagnosis.advises("permissions", "GRANT");

    patient.database.execute(&format!(
        "GRANT INSERT ON tasks TO {name}; GRANT SELECT, DELETE ON users TO {name}"
    ));
    patient.diagnose(&settings).is("permissions", "ok", "");

    // Migrations ask for more.
    patient
        .database
        .execute("DELETE FROM __diesel_schema_migrations WHERE version = '00000000000005'");
    let diagnosis = patient.diagnose(&settings);
    let found = "CREATE on the schema public, ownership of ";
    diagnosis.is("permissions", "failure", found);
    patient.database.execute(&format!("DROP OWNED BY {name}"));
}

async fn an_invalid_index_is_a_failure(engine: Engine) {
    let patient = Patient::migrated(engine);
    patient.database.execute(
        "CREATE INDEX broken_off ON tasks (title);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_off'::regclass",
    );
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("integrity", "failure", "the index broken_off is not valid");
    diagnosis.advises("integrity", "REINDEX");
}

async fn a_server_that_takes_no_writes_is_a_failure(engine: Engine) {
    let patient = Patient::migrated(engine);
    let name = patient.database.name();
    database::server(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ));
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("writable", "failure", "takes no writes");
    diagnosis.advises("writable", "primary");
}

async fn too_few_connections_are_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    let name = patient.database.name();
    database::server(&format!("ALTER DATABASE {name} CONNECTION LIMIT 7"));
    // One of the seven is the doctor's own.
    let diagnosis = patient.diagnose(&[("APP_DATABASE__POOL_SIZE", "5")]);
    diagnosis.is(
        "connections",
        "ok",
        ", 6 are free; a replica of the service takes up to 6",
    );
    let diagnosis = patient.diagnose(&[("APP_DATABASE__POOL_SIZE", "6")]);
    diagnosis.is("connections", "warning", "takes up to 7");
    diagnosis.advises("connections", "APP_DATABASE__POOL_SIZE");
}

async fn a_database_without_unicode_is_a_failure(engine: Engine) {
    let patient = Patient::new(engine);
    let name = patient.database.name();
    database::server(&format!("DROP DATABASE {name}"));
    database::server(&format!(
        "CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    ));
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("encoding", "failure", "LATIN1");
    diagnosis.advises("encoding", "UTF8");
}

async fn an_order_of_text_that_has_changed_is_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    patient.database.execute(
        "CREATE COLLATION old (provider = icu, locale = 'en', version = '1.2.3');
         CREATE INDEX added ON tasks (title COLLATE old)",
    );
    let diagnosis = patient.diagnose(&[]);
    let found = "the collation old was made with version 1.2.3, and the server has ";
    diagnosis.is("collation", "warning", found);
    diagnosis.advises("collation", "REFRESH COLLATION VERSION");
    assert_eq!(diagnosis.status, 0);
}

async fn a_clock_apart_from_the_server_s_is_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    let name = patient.database.name();
    patient.database.execute("CREATE SCHEMA fake");
    database::server(&format!(
        "ALTER DATABASE {name} SET search_path = public, fake, pg_catalog"
    ));
    for (seconds, outcome, found) in [
        ("0.0", "ok", " the database's"),
        ("0.6", "ok", " s behind the database's"),
        ("1.6", "warning", "clock is 1.6 s behind the database's"),
        ("-3.0", "warning", "clock is 3.0 s ahead of the database's"),
    ] {
        patient.database.execute(&format!(
            "CREATE OR REPLACE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql
             AS $$SELECT pg_catalog.clock_timestamp() + interval '{seconds} s'$$"
        ));
        patient.diagnose(&[]).is("clock", outcome, found);
    }
}

async fn every_table_of_the_service_is_looked_at(engine: Engine) {
    let patient = Patient::migrated(engine);
    let known = TABLES.iter().chain([&EPOCHS]);
    let known: Vec<String> = known.map(|name| format!("'{name}'")).collect();
    let tables =
        "FROM pg_tables WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations'";
    assert_eq!(patient.database.count(tables), known.len() as i64);
    let looked_at = format!("{tables} AND tablename IN ({})", known.join(", "));
    assert_eq!(patient.database.count(&looked_at), known.len() as i64);
}
