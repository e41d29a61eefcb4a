//! `task-api verify [FILE]`.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    database,
    output::{self, one_line, reason},
};
use crate::{
    config::{Settings, settings::DatabaseSettings},
    db::{
        DbConn,
        files::{self, CHECKSUM, beside},
        query::number,
        sqlite_file::{self, OpenMode},
    },
    models::integrity::{FAULTS_MAX, IntegrityResult},
    services::integrity,
};

const HELP: &str = "\
Examples:

  task-api verify /backups/tasks-2026-11-25.db    # a backup
  task-api verify                                 # the database of the settings, also while the service runs

It prints each check, how many items it looked at, and what is wrong, one line each. The exit status is 0 if
nothing is wrong, else 1. Nothing is written, neither to the database nor beside a backup.";

/// Check a backup, or the database of the settings
#[derive(Args)]
#[command(after_long_help = HELP)]
pub struct VerifyCommand {
    /// An SQLite file that `backup` made; without it, the database of the settings is checked
    file: Option<String>,
}

/// A file that was checked, and the bytes that it had then.
pub struct Checked {
    /// SHA-256 in hexadecimal.
    pub hash: String,
    pub results: Vec<IntegrityResult>,
}

impl VerifyCommand {
    /// Errors: faults, which are printed; the sentence has their number.
    pub fn run(self, settings: &Settings) -> Result<(), String> {
        match self.file {
            Some(file) => {
                let file = PathBuf::from(file);
                let checked = check(&file, &settings.database)?;
                conclude(&file.display().to_string(), &checked.results)
            }
            None => {
                let mut conn = database::read(&settings.database)?;
                let results = integrity::check(&mut conn).map_err(reason)?;
                conclude("the database", &results)
            }
        }
    }
}

/// Checks an SQLite file and the checksum beside it. Errors, in a sentence: it cannot be read.
pub fn check(file: &Path, settings: &DatabaseSettings) -> Result<Checked, String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", file.display());
    // To read anything else may never end.
    let metadata = std::fs::metadata(file).map_err(cannot)?;
    if !metadata.is_file() {
        return Err(format!("{} is not a regular file", file.display()));
    }
    let hash = files::sha256(file).map_err(cannot)?;
    let checksum = |count, faults| IntegrityResult::new("checksum", count, faults);
    let path = beside(file, CHECKSUM);
    let sum = path.display();
    let mut results = vec![match std::fs::read_to_string(&path) {
        Ok(line) if line.to_ascii_lowercase().starts_with(&hash) => checksum(1, Vec::new()),
        Ok(_) => {
            let fault = format!("the bytes are not those of {sum}: sha256 {hash}");
            checksum(1, vec![fault])
        }
        Err(error) if error.kind() == ErrorKind::NotFound => IntegrityResult {
            note: Some(format!("there is no {sum}")),
            ..checksum(0, Vec::new())
        },
        Err(error) => return Err(cannot(error)),
    }];
    let mut conn = database::read_file(file, OpenMode::Still, settings)?;
    if sqlite_file::is_complete(file) {
        results.push(size(&mut conn, metadata.len()));
    }
    results.extend(integrity::check(&mut conn).map_err(reason)?);
    Ok(Checked { hash, results })
}

/// SQLite takes what is missing of the last page for zeros.
fn size(conn: &mut DbConn, bytes: u64) -> IntegrityResult {
    let pages = "SELECT page_size * page_count FROM pragma_page_size, pragma_page_count";
    let faults = match number(conn, pages) {
        Ok(whole) if whole.unsigned_abs() == bytes => Vec::new(),
        Ok(whole) => vec![format!(
            "{bytes} bytes are not whole pages: those have {whole}"
        )],
        Err(error) => vec![format!("cannot be read: {error}")],
    };
    IntegrityResult::new("bytes", bytes as i64, faults)
}

/// Prints `results`. Errors: there are faults among them.
pub fn conclude(what: &str, results: &[IntegrityResult]) -> Result<(), String> {
    let (mut table, mut faults) = (row("CHECK", "COUNT", "RESULT"), Vec::new());
    for result in results {
        let outcome = match (result.faults.len(), &result.note) {
            (0, None) => "ok".to_owned(),
            (0, Some(note)) => format!("ok; {note}"),
            (faults, _) => amount(faults),
        };
        table += &row(result.check, &result.count.to_string(), &outcome);
        let named = result.faults.iter();
        faults.extend(named.map(|fault| format!("{}: {}\n", result.check, one_line(fault))));
    }
    output::write(&(table + &faults.concat()))?;
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("{what} is not sound: {}", amount(faults.len())))
}

fn amount(faults: usize) -> String {
    match faults {
        1 => "1 fault".to_owned(),
        faults if faults >= FAULTS_MAX => format!("{faults} faults or more"),
        faults => format!("{faults} faults"),
    }
}

fn row(check: &str, count: &str, result: &str) -> String {
    format!("{check:<16} {count:>9}  {result}\n")
}
