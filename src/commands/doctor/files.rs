//! The file of an SQLite database: who may read and write it, and the room on its disk.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::{Access, access as may, statvfs};

use super::check::CheckResult;
use crate::db::files::{beside, folder};

const MIB: u64 = 1 << 20;

/// Less room than this is a failure: a write may need it at once.
const FREE_MIN: u64 = 16 * MIB;

/// Less room than this is a warning.
const FREE_WANTED: u64 = 1024 * MIB;

/// Less than a tenth of the disk is one too, unless it is more than this: on a large disk a tenth is much.
const FREE_PLENTY: u64 = 10 * 1024 * MIB;

/// Whether the service may write to file and folder, and others may not read. It opens nothing.
pub fn check(file: &Path) -> Vec<CheckResult> {
    let folder = folder(file);
    if !folder.is_dir() {
        let found = format!("the folder {} does not exist", folder.display());
        let remedy = "create it, owned by the service's user, or correct DATABASE_URL";
        return vec![CheckResult::failure("database", found, remedy)];
    }
    let mut results = vec![permissions(file, folder)];
    if !file.exists() {
        let found = format!("there is no file {} yet", file.display());
        let remedy =
            "the start of the service creates it; if there should be one, correct DATABASE_URL";
        results.push(CheckResult::warning("database", found, remedy));
    }
    results
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

/// The room on the disk of `file`; `None` where that cannot be read.
pub fn disk(file: &Path) -> Option<CheckResult> {
    let folder = fs::canonicalize(folder(file)).ok()?;
    let disk = statvfs(&folder).ok()?;
    let size = disk.f_blocks.saturating_mul(disk.f_frsize);
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    Some(room(&folder, free, size))
}

/// `free` and `size` in bytes.
fn room(folder: &Path, free: u64, size: u64) -> CheckResult {
    const CHECK: &str = "disk";
    let percent = (free.saturating_mul(100)).checked_div(size).unwrap_or(0);
    let (mib, folder) = (free / MIB, folder.display());
    let found = format!("{mib} MiB ({percent} %) are free in {folder}");
    let remedy = "free some: a full disk refuses writes";
    if free < FREE_MIN {
        CheckResult::failure(CHECK, found, remedy)
    } else if free < FREE_WANTED || (percent < 10 && free < FREE_PLENTY) {
        CheckResult::warning(CHECK, found, remedy)
    } else {
        CheckResult::ok(CHECK, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::Outcome;

    #[test]
    fn little_room_is_a_warning_and_none_a_failure() {
        const GIB: u64 = 1024 * MIB;
        for (free, size, outcome) in [
            (50 * GIB, 100 * GIB, Outcome::Ok),
            (GIB, 10 * GIB, Outcome::Ok),
            (10 * GIB, 1000 * GIB, Outcome::Ok),
            (9 * GIB, 100 * GIB, Outcome::Warning),
            (GIB - 1, 2 * GIB, Outcome::Warning),
            (16 * MIB, GIB, Outcome::Warning),
            (16 * MIB - 1, GIB, Outcome::Failure),
            (0, 0, Outcome::Failure),
        ] {
            let found = room(Path::new("/"), free, size);
            assert_eq!(found.outcome, outcome, "{}", found.found);
        }
    }
}
