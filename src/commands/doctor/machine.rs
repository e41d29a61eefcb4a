//! Room on the disk, and open files.

use std::path::Path;

use rustix::{
    fs::statvfs,
    process::{Resource, getrlimit},
};

use super::check::CheckResult;
use crate::{config::Settings, db::files::folder, startup::limits::OTHERS};

const MIB: u64 = 1 << 20;

/// Less room than this is a failure: a write may need it at once.
const FREE_MIN: u64 = 16 * MIB;

/// Less room than this is a warning.
const FREE_WANTED: u64 = 1024 * MIB;

/// Less than a tenth of the disk is one too, unless it is more than this: on a large disk a tenth is much.
const FREE_PLENTY: u64 = 10 * 1024 * MIB;

/// Disks and open files.
pub fn check(settings: &Settings) -> Vec<CheckResult> {
    let mut folders = vec![("disk (temp)", std::env::temp_dir())];
    if let Some(file) = settings.database.url.file() {
        folders.insert(0, ("disk", folder(&file).to_owned()));
    }
    let folders = folders.iter().filter(|(_, folder)| folder.exists());
    let mut results: Vec<CheckResult> =
        folders.map(|(check, folder)| disk(check, folder)).collect();
    results.push(open_files(
        // The start raises its limit as far as it may.
        getrlimit(Resource::Nofile).maximum,
        u64::from(settings.database.pool_size) + 1,
        settings.server.connections as u64,
    ));
    results
}

fn disk(check: &'static str, folder: &Path) -> CheckResult {
    match statvfs(folder) {
        Err(error) => CheckResult::warning(
            check,
            format!("the size of {} cannot be read: {error}", folder.display()),
            "look at it with df",
        ),
        Ok(disk) => {
            let size = disk.f_blocks.saturating_mul(disk.f_frsize);
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            room(check, folder, free, size)
        }
    }
}

/// `free` and `size` in bytes.
fn room(check: &'static str, folder: &Path, free: u64, size: u64) -> CheckResult {
    let percent = (free.saturating_mul(100)).checked_div(size).unwrap_or(0);
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let (mib, folder) = (free / MIB, folder.display());
    let is_low = free < FREE_WANTED || (percent < 10 && free < FREE_PLENTY);
    let remedy = "free some: a full disk refuses writes";
    CheckResult::ok(
        check,
        format!("{mib} MiB ({percent} %) are free in {folder}"),
    )
    .warn_if(is_low, remedy)
    .fail_if(free < FREE_MIN, remedy)
}

/// `limit`: the hard one, `None` for none; `database`: connections to it; `wanted`: most connections of
/// clients.
fn open_files(limit: Option<u64>, database: u64, wanted: u64) -> CheckResult {
    const CHECK: &str = "open files";
    let Some(limit) = limit else {
        return CheckResult::ok(CHECK, "no limit");
    };
    let clients = limit.saturating_sub(database.max(OTHERS));
    let found = format!("the limit of {limit} leaves {clients} for connections of clients");
    let remedy = "raise it (`ulimit -Hn 65536`, or LimitNOFILE=65536 in the unit), or set APP_SERVER__CONNECTIONS lower";
    CheckResult::ok(CHECK, found)
        .warn_if(clients < wanted, remedy)
        .fail_if(clients == 0, remedy)
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
            let found = room("disk", Path::new("/"), free, size);
            assert_eq!(found.outcome, outcome, "{}", found.found);
        }
    }

    #[test]
    fn open_files_must_do_for_clients() {
        for (limit, outcome) in [
            (None, Outcome::Ok),
            (Some(20_000), Outcome::Ok),
            (Some(1024), Outcome::Warning),
            (Some(70), Outcome::Failure),
        ] {
            assert_eq!(open_files(limit, 11, 15_000).outcome, outcome, "{limit:?}");
        }
    }
}
