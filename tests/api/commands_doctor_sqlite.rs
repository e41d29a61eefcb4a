//! `task-api doctor` on sick SQLite files, and that it leaves each as it is.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::{FileExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{
    cases,
    support::{
        client::Client,
        database::TestDatabase,
        doctor::{Patient, diagnose},
        process::Process,
        runner::Engine,
    },
};

cases![
    on Sqlite;
    a_file_that_is_not_there_is_not_made,
    a_folder_that_is_not_there_is_a_failure,
    what_a_killed_service_left_stays,
    a_file_copied_in_beside_the_log_of_another_is_a_failure,
    a_file_copied_in_beside_a_log_that_hides_it_is_a_warning,
    a_log_that_cannot_be_used_is_named,
    damaged_pages_are_a_failure,
    a_file_of_another_kind_is_a_failure,
    rows_without_their_user_are_a_failure,
    a_file_for_everyone_to_read_is_a_warning,
    a_folder_or_file_that_cannot_be_written_to_is_a_failure,
];

/// The database's folder and file.
fn place(patient: &Patient) -> (PathBuf, PathBuf) {
    match &patient.database {
        TestDatabase::Sqlite { folder } => {
            (folder.path().to_owned(), folder.path().join("tasks.db"))
        }
        TestDatabase::Postgres { .. } => panic!("these tests are about files"),
    }
}

/// What is in the files of a folder, by name; the index of the log, which every reader writes to, is left out.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        let bytes = if name.ends_with("-shm") {
            Vec::new()
        } else {
            fs::read(entry.path()).unwrap()
        };
        (name, bytes)
    });
    files.collect()
}

async fn a_file_that_is_not_there_is_not_made(engine: Engine) {
    let patient = Patient::new(engine);
    let (folder, _) = place(&patient);
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("database", "warning", "there is no file ");
    diagnosis.is("permissions", "ok", "the folder can be written to");
    assert_eq!(diagnosis.status, 0);
    assert!(contents(&folder).is_empty());
}

async fn a_folder_that_is_not_there_is_a_failure(engine: Engine) {
    let patient = Patient::new(engine);
    let url = patient.database.url().replace("tasks.db", "no/tasks.db");
    let diagnosis = patient.diagnose(&[("DATABASE_URL", &url)]);
    diagnosis.is("database", "failure", "does not exist");
}

async fn what_a_killed_service_left_stays(engine: Engine) {
    let patient = Patient::new(engine);
    let (folder, file) = place(&patient);
    let url = patient.database.url();
    let settings = [("DATABASE_URL", url.as_str()), ("APP_SERVER__PORT", "0")];
    let mut service = Process::start(patient.folder.path(), &settings);
    Client::new(&service.base).register_and_log_in("ann").await;
    service.kill();
    let before = contents(&folder);
    assert!(
        !before["tasks.db-wal"].is_empty(),
        "the log holds something"
    );
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("migrations", "ok", "current, 7 applied");
    diagnosis.is("integrity", "ok", "");
    assert!(contents(&folder) == before, "as it was");

    // Once somebody has left it in order, no log is left behind.
    patient.database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    let before = contents(&folder);
    patient.diagnose(&[]).is("integrity", "ok", "");
    assert!(contents(&folder) == before, "{:?}", fs::read_dir(&folder));
    assert!(file.exists());
}

/// A file of this service with `tasks` tasks and no log.
async fn filled(tasks: usize) -> Patient {
    let patient = Patient::new(Engine::Sqlite);
    let mut service = start(&patient);
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    for number in 0..tasks {
        ann.task(&format!("Task {number} of many, with a long title"))
            .await;
    }
    service.signal("TERM");
    service.wait();
    patient
}

fn start(patient: &Patient) -> Process {
    let url = patient.database.url();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("APP_SERVER__PORT", "0"),
        ("APP_AUTH__BCRYPT_COST", "4"),
    ];
    Process::start(patient.folder.path(), &settings)
}

/// Kills the service after a write that is in its log alone.
async fn leave_a_log(patient: &Patient) {
    let mut service = start(patient);
    Client::new(&service.base).register_and_log_in("bob").await;
    service.kill();
}

async fn a_file_copied_in_beside_the_log_of_another_is_a_failure(_: Engine) {
    let (patient, other) = (filled(1).await, filled(100).await);
    leave_a_log(&patient).await;
    patient.diagnose(&[]).is("integrity", "ok", "");
    let (folder, file) = place(&patient);
    fs::copy(place(&other).1, &file).unwrap();
    let before = contents(&folder);
    let diagnosis = patient.diagnose(&[]);
    let log = file.with_file_name("tasks.db-wal");
    let found = format!(
        "is sound, but not with {}, which belongs to another file",
        log.display()
    );
    diagnosis.is("log", "failure", &found);
    diagnosis.advises("log", "move ");
    assert!(
        !diagnosis.checks().contains(&"integrity"),
        "{}",
        diagnosis.text
    );
    assert!(!diagnosis.text.contains("backup"), "{}", diagnosis.text);
    assert!(contents(&folder) == before, "as it was");
    // What it advises helps.
    fs::rename(&log, folder.join("aside")).unwrap();
    fs::remove_file(folder.join("tasks.db-shm")).ok();
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("integrity", "ok", "");
    assert!(!diagnosis.checks().contains(&"log"), "{}", diagnosis.text);
}

/// The log of a young service holds all pages, so that nothing of the file is read.
async fn a_file_copied_in_beside_a_log_that_hides_it_is_a_warning(_: Engine) {
    let (patient, other) = (Patient::new(Engine::Sqlite), filled(1).await);
    leave_a_log(&patient).await;
    let diagnosis = patient.diagnose(&[]);
    assert!(!diagnosis.checks().contains(&"log"), "{}", diagnosis.text);
    let (_, file) = place(&patient);
    fs::copy(place(&other).1, &file).unwrap();
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is(
        "log",
        "warning",
        "tasks.db-wal is older than the file, and is read over it",
    );
    diagnosis.advises("log", "if the file was copied there");
}

/// As on a file system without shared memory.
async fn a_log_that_cannot_be_used_is_named(_: Engine) {
    let patient = filled(1).await;
    let (folder, _) = place(&patient);
    // SQLite follows no link there.
    symlink("nowhere", folder.join("tasks.db-shm")).unwrap();
    let diagnosis = patient.diagnose(&[]);
    let found = "is sound, but its write-ahead log and shared memory cannot be used beside it: ";
    diagnosis.is("log", "failure", found);
    diagnosis.advises("log", "a local file system");
    assert!(!diagnosis.text.contains("backup"), "{}", diagnosis.text);
}

async fn damaged_pages_are_a_failure(engine: Engine) {
    let patient = Patient::migrated(engine);
    let (_, path) = place(&patient);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    assert!(pages > 20, "{pages}");
    for page in pages / 2..pages {
        file.write_all_at(&[0xA5; 4096], page * 4096).unwrap();
    }
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("integrity", "failure", "pages: ");
    diagnosis.advises("integrity", "backup");
    assert_eq!(diagnosis.status, 1);
}

async fn a_file_of_another_kind_is_a_failure(engine: Engine) {
    let patient = Patient::new(engine);
    let (_, path) = place(&patient);
    fs::write(&path, "a text that is no database at all\n".repeat(1000)).unwrap();
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("migrations", "failure", "file is not a database");
}

async fn rows_without_their_user_are_a_failure(engine: Engine) {
    let patient = Patient::migrated(engine);
    patient.database.execute(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO sessions (user_id, created_at, last_used_at, expires_at, ip)
         VALUES (77, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '2026-01-01 00:00:00', '')",
    );
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is(
        "integrity",
        "failure",
        "foreign keys: sessions (row 1) points to no row of users",
    );
}

async fn a_file_for_everyone_to_read_is_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    let (folder, path) = place(&patient);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("permissions", "ok", "not everyone may read");
    // Now the way to it is open too.
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is(
        "permissions",
        "warning",
        "every user of this machine may read",
    );
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    patient.diagnose(&[]).is("permissions", "ok", "");
}

async fn a_folder_or_file_that_cannot_be_written_to_is_a_failure(engine: Engine) {
    let patient = Patient::migrated(engine);
    let (folder, path) = place(&patient);
    for (locked, mode, open) in [(&folder, 0o500, 0o700), (&path, 0o400, 0o600)] {
        fs::set_permissions(locked, Permissions::from_mode(mode)).unwrap();
        let output = as_a_plain_user(&patient);
        fs::set_permissions(locked, Permissions::from_mode(open)).unwrap();
        let diagnosis = diagnose(&output);
        let found = format!("may not be read and written: {}", locked.display());
        diagnosis.is("permissions", "failure", &found);
        let names: Vec<String> = contents(&folder).into_keys().collect();
        assert_eq!(names, ["tasks.db"], "nothing is left behind");
    }
    let output = as_a_plain_user(&patient);
    diagnose(&output).is("permissions", "ok", "");
}

/// The command without root's right to pass by the modes of files.
fn as_a_plain_user(patient: &Patient) -> Output {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("/usr/bin/setpriv");
        command.arg("--bounding-set=-dac_override,-dac_read_search");
        command.arg(env!("CARGO_BIN_EXE_task-api"));
        command
    } else {
        Command::new(env!("CARGO_BIN_EXE_task-api"))
    };
    command.args(["doctor", "--json"]).env_clear();
    command.current_dir(patient.folder.path());
    command.env("DATABASE_URL", patient.database.url());
    command.env("APP_SERVER__PORT", "0").output().unwrap()
}
