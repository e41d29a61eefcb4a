//! Limits of the process: open files, and the permissions of the files that it makes.

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getrlimit, setrlimit, umask},
};

/// Descriptors beside those of clients: the database, files, the runtime's own.
pub const OTHERS: u64 = 256;

/// From now on only their owner may read and write the files that this process makes: an SQLite file holds
/// the tasks of users, and hashes of their passwords.
pub fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Raises the number of files that this process may have open to what `connections` of clients need, as
/// far as it may: many systems give 1,024 unless asked.
pub fn raise_open_files(connections: usize) {
    let wanted = connections as u64 + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // No number means no limit.
    let Some(now) = current.filter(|now| *now < wanted) else {
        return;
    };
    let raised = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let limit = Rlimit {
        current: Some(raised),
        maximum,
    };
    let reached = match setrlimit(Resource::Nofile, limit) {
        Ok(()) => raised,
        Err(error) => {
            log::warn!("the limit of open files stays at {now}: {error}");
            now
        }
    };
    let served = reached.saturating_sub(OTHERS);
    if served < connections as u64 {
        log::warn!(
            "at most {served} clients can be connected, not APP_SERVER__CONNECTIONS={connections}: raise the limit of open files (ulimit -n, LimitNOFILE=)"
        );
    }
}
