//! What can be wrong with an SQLite file.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::{Access, access as may};

use super::finding::Finding;
use crate::db::{
    DbConn,
    diagnosis::sqlite,
    files::{beside, folder},
};

/// Whether the service may write to file and folder, and others may not read. It opens nothing.
pub fn access(file: &Path) -> Vec<Finding> {
    let folder = folder(file);
    if !folder.is_dir() {
        return vec![Finding::failure(
            "database",
            format!("the folder {} does not exist", folder.display()),
            "make it, owned by whom the service runs as, or correct DATABASE_URL",
        )];
    }
    let refused = [
        folder.to_owned(),
        file.to_owned(),
        beside(file, "-wal"),
        beside(file, "-shm"),
    ];
    let refused: Vec<String> = refused
        .iter()
        .filter(|path| path.exists() && may(*path, Access::READ_OK | Access::WRITE_OK).is_err())
        .map(|path| path.display().to_string())
        .collect();
    let mut findings = Vec::new();
    if !file.exists() {
        findings.push(Finding::warning(
            "database",
            format!("there is no file {} yet", file.display()),
            "the start makes it; if there should be one, correct DATABASE_URL",
        ));
    }
    findings.push(match refused.is_empty() {
        false => Finding::failure(
            "permissions",
            format!("may not be read and written: {}", refused.join(", ")),
            "give them to whom the service runs as (chown), on a file system that can be written to; until then the database is not looked at",
        ),
        true => privacy(file, folder),
    });
    findings
}

/// Everyone may read a file that says so, where every folder on the way lets everyone through.
fn privacy(file: &Path, folder: &Path) -> Finding {
    let grants = |path: &Path, bit| fs::metadata(path).is_ok_and(|meta| meta.mode() & bit != 0);
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    if grants(file, 0o004) && folder.ancestors().all(|path| grants(path, 0o001)) {
        return Finding::warning(
            "permissions",
            format!("every user of this machine may read {}", file.display()),
            format!("chmod o= {0} {0}-*, or chmod o= its folder", file.display()),
        );
    }
    let found = match file.exists() {
        true => "file and folder can be written to, and not everyone may read the file",
        false => "the folder can be written to",
    };
    Finding::ok("permissions", found)
}

/// The version in this binary.
pub fn version(conn: &mut DbConn) -> Vec<Finding> {
    vec![match sqlite::version(conn) {
        Ok(version) => Finding::ok(
            "version",
            format!("SQLite {version}, built into this binary"),
        ),
        Err(error) => Finding::unanswered("version", error),
    }]
}

/// Pages, references and, where the tables are there, times.
pub fn findings(conn: &mut DbConn, is_current: bool) -> Vec<Finding> {
    let mut findings = vec![integrity(conn)];
    if is_current {
        findings.push(clock(sqlite::lead_of_data(conn)));
    }
    findings
}

fn integrity(conn: &mut DbConn) -> Finding {
    const CHECK: &str = "integrity";
    const REMEDY: &str = "stop the service, keep a copy of the file, and go back to a backup";
    let damages = match sqlite::damages(conn) {
        Ok(damages) => damages,
        Err(error) => {
            return Finding::failure(CHECK, format!("the file is damaged: {error}"), REMEDY);
        }
    };
    if !damages.is_empty() {
        let found = format!("the file is damaged: {}", damages.join("; "));
        return Finding::failure(CHECK, found, REMEDY);
    }
    match sqlite::orphans(conn) {
        Ok(0) => Finding::ok(
            CHECK,
            "every page is sound, and every reference leads somewhere",
        ),
        Ok(orphans) => Finding::failure(
            CHECK,
            format!("rows that refer to rows that are not there: {orphans}"),
            "something else than this service wrote to the file: list them with `PRAGMA foreign_key_check`",
        ),
        Err(error) => Finding::unanswered(CHECK, error),
    }
}

fn clock(lead: Result<i64, impl ToString>) -> Finding {
    match lead {
        Err(error) => Finding::unanswered("clock", error),
        Ok(lead) if lead > 1000 => Finding::warning(
            "clock",
            format!(
                "this machine's clock is {} s behind the newest data",
                lead / 1000
            ),
            "set the clock, and let NTP keep it: sessions and limits go by it",
        ),
        Ok(_) => Finding::ok("clock", "not behind the newest data"),
    }
}
