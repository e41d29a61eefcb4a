//! Faults of an SQLite file.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::{Access, access as may};

use super::check::{CheckResult, Outcome};
use crate::db::{
    DbConn, diagnosis,
    files::{beside, folder},
};

/// Whether the service may write to file and folder, and others may not read. It opens nothing; the flag tells whether
/// the file may be opened.
pub fn access(file: &Path) -> (Vec<CheckResult>, bool) {
    let folder = folder(file);
    if !folder.is_dir() {
        let found = format!("the folder {} does not exist", folder.display());
        let remedy = "make it, owned by the service's user, or correct DATABASE_URL";
        return (vec![CheckResult::failure("database", found, remedy)], false);
    }
    let permissions = permissions(file, folder);
    if file.exists() {
        let is_open = permissions.outcome != Outcome::Failure;
        return (vec![permissions], is_open);
    }
    let missing = CheckResult::warning(
        "database",
        format!("there is no file {} yet", file.display()),
        "the start makes it; if there should be one, correct DATABASE_URL",
    );
    (vec![missing, permissions], false)
}

fn permissions(file: &Path, folder: &Path) -> CheckResult {
    const CHECK: &str = "permissions";
    let paths = [
        folder.to_owned(),
        file.to_owned(),
        beside(file, "-wal"),
        beside(file, "-shm"),
    ];
    let is_refused = |path: &Path| may(path, Access::READ_OK | Access::WRITE_OK).is_err();
    let refused: Vec<String> = paths
        .iter()
        .filter(|path| path.exists() && is_refused(path))
        .map(|path| path.display().to_string())
        .collect();
    if !refused.is_empty() {
        return CheckResult::failure(
            CHECK,
            format!("may not be read and written: {}", refused.join(", ")),
            "give them to the service's user (chown), on a file system that can be written to; until then the \
             database is not checked",
        );
    }
    if is_public(file, folder) {
        return CheckResult::warning(
            CHECK,
            format!("every user of this machine may read {}", file.display()),
            format!("chmod o= {0} {0}-*, or chmod o= its folder", file.display()),
        );
    }
    let found = if file.exists() {
        "file and folder can be written to, and not everyone may read the file"
    } else {
        "the folder can be written to"
    };
    CheckResult::ok(CHECK, found)
}

/// Everyone may read a file that says so, where every folder on the way lets everyone through.
fn is_public(file: &Path, folder: &Path) -> bool {
    let grants = |path: &Path, bit| fs::metadata(path).is_ok_and(|meta| meta.mode() & bit != 0);
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    grants(file, 0o004) && folder.ancestors().all(|path| grants(path, 0o001))
}

/// The version in this binary.
pub fn version(conn: &mut DbConn) -> CheckResult {
    CheckResult::of("version", diagnosis::sqlite_version(conn), |version| {
        CheckResult::ok(
            "version",
            format!("SQLite {version}, built into this binary"),
        )
    })
}

/// Pages and references.
pub fn integrity(conn: &mut DbConn) -> CheckResult {
    const CHECK: &str = "integrity";
    let damages = match diagnosis::damages(conn) {
        Ok(damages) => damages.join("; "),
        Err(error) => error.to_string(),
    };
    if !damages.is_empty() {
        return CheckResult::failure(
            CHECK,
            format!("the file is damaged: {damages}"),
            "stop the service, keep a copy of the file, and go back to a backup",
        );
    }
    CheckResult::of(CHECK, diagnosis::orphans(conn), |orphans| {
        if orphans == 0 {
            let found = "every page is sound, and every reference leads somewhere";
            return CheckResult::ok(CHECK, found);
        }
        CheckResult::failure(
            CHECK,
            format!("rows that refer to rows that are not there: {orphans}"),
            "another program wrote to the file: list them with `PRAGMA foreign_key_check`",
        )
    })
}

/// The times of the newest rows.
pub fn clock(conn: &mut DbConn) -> CheckResult {
    CheckResult::of("clock", diagnosis::lead_of_data(conn), |lead| {
        if lead <= 1000 {
            return CheckResult::ok("clock", "not behind the newest data");
        }
        let seconds = lead / 1000;
        CheckResult::warning(
            "clock",
            format!("this machine's clock is {seconds} s behind the newest data"),
            "set the clock, and let NTP keep it: sessions and limits go by it",
        )
    })
}
