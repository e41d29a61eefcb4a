//! What the service needs of the machine: room on the disk, and open files.

use std::path::{Path, PathBuf};

use rustix::{
    fs::statvfs,
    process::{Resource, getrlimit},
};

use super::finding::Finding;
use crate::{config::Settings, db::files::folder, startup::limits::OTHERS};

const MIB: u64 = 1 << 20;

/// Less room than this is a failure: a write may need it at once.
const FREE_MIN: u64 = 16 * MIB;

/// Less room than this is a warning.
const FREE_WANTED: u64 = 1024 * MIB;

/// Less than a tenth of the disk is one too, unless it is more than this: on a large disk a tenth is much.
const FREE_PLENTY: u64 = 10 * 1024 * MIB;

/// Disks and open files.
pub fn findings(settings: &Settings) -> Vec<Finding> {
    let mut folders = Vec::new();
    if let Some(file) = settings.database.url.file() {
        folders.push(("disk", folder(&file).to_owned()));
    }
    folders.push(("disk (temp)", std::env::temp_dir()));
    let mut findings: Vec<Finding> = folders
        .into_iter()
        .filter(|(_, folder)| folder.exists())
        .map(|(check, folder)| disk(check, &folder))
        .collect();
    findings.push(open_files(
        // The start raises its limit as far as it may.
        getrlimit(Resource::Nofile).maximum,
        u64::from(settings.database.pool_size) + 1,
        settings.server.connections as u64,
    ));
    findings
}

fn disk(check: &'static str, folder: &PathBuf) -> Finding {
    match statvfs(folder) {
        Err(error) => Finding::warning(
            check,
            format!("{} does not tell its size: {error}", folder.display()),
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
fn room(check: &'static str, folder: &Path, free: u64, size: u64) -> Finding {
    let percent = (free.saturating_mul(100)).checked_div(size).unwrap_or(0);
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let found = format!(
        "{} MiB ({percent} %) are free in {}",
        free / MIB,
        folder.display()
    );
    let remedy = "free some: a full disk refuses writes";
    if free < FREE_MIN {
        return Finding::failure(check, found, remedy);
    }
    match free < FREE_WANTED || (percent < 10 && free < FREE_PLENTY) {
        true => Finding::warning(check, found, remedy),
        false => Finding::ok(check, found),
    }
}

/// `limit`: the hard one, `None` for none; `database`: connections to it; `wanted`: most connections of
/// clients.
fn open_files(limit: Option<u64>, database: u64, wanted: u64) -> Finding {
    const CHECK: &str = "open files";
    let Some(limit) = limit else {
        return Finding::ok(CHECK, "no limit");
    };
    let clients = limit.saturating_sub(database.max(OTHERS));
    let found = format!("the limit of {limit} leaves {clients} for connections of clients");
    let remedy = "raise it (`ulimit -Hn 65536`, or LimitNOFILE=65536 in the unit), or set APP_SERVER__CONNECTIONS lower";
    match clients {
        0 => Finding::failure(CHECK, found, remedy),
        _ if clients < wanted => Finding::warning(CHECK, found, remedy),
        _ => Finding::ok(CHECK, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Outcome;

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
