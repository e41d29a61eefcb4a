//! `task-api backup FILE`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    database,
    output::{self, one_line, reason},
};
use crate::{
    config::{Settings, settings::Engine},
    db::{
        DbConn,
        files::{self, CHECKSUM, Draft, beside},
        sqlite_file::{self, OpenMode},
    },
    services::integrity,
};

const HELP: &str = "\
Example, also while the service runs:

  task-api backup /backups/tasks-$(date -u +%F).db

FILE holds all that was acknowledged when the command starts, and appears only once it is complete on the disk.
FILE.sha256 is written first, for `sha256sum -c`. Nothing is overwritten. Only their owner can read them, since
they hold all tasks and the hashes of all passwords and tokens.";

/// Copy the SQLite database into FILE, with a checksum, also while the service runs
#[derive(Args)]
#[command(after_long_help = HELP)]
pub struct BackupCommand {
    /// The file to create: it must not exist yet, and its folder must
    file: String,
}

impl BackupCommand {
    /// Makes the copy of the database of `settings`. Errors: why there is none, in a sentence.
    pub fn run(self, settings: &Settings) -> Result<(), String> {
        let file = PathBuf::from(self.file);
        if settings.database.url.engine == Engine::Postgres {
            return Err(use_pg_dump(&file));
        }
        refuse_existing(&file)?;
        let mut conn = database::read(&settings.database)?;
        let done = copy(&mut conn, &file, settings)?;
        output::finish(&done)
    }
}

/// PostgreSQL's own program makes a consistent copy by itself.
fn use_pg_dump(file: &Path) -> String {
    format!(
        "nothing was backed up: the database is on PostgreSQL, whose own program does that: \
         pg_dump --format=custom --file={} --dbname=URL \
         (leave the password out of URL: it asks, or takes it from PGPASSWORD or ~/.pgpass)",
        output::for_shell(file)
    )
}

fn refuse_existing(file: &Path) -> Result<(), String> {
    let name = file.display();
    let sum = beside(file, CHECKSUM);
    if file.exists() {
        return Err(format!(
            "{name} exists already: a backup never overwrites a file"
        ));
    }
    if sum.exists() {
        let sum = sum.display();
        return Err(format!(
            "{sum} exists without {name}: delete it if no other backup to {name} is running"
        ));
    }
    Ok(())
}

/// The copy and its checksum, under their names when all of both is on the disk. Returns what is said of it.
fn copy(conn: &mut DbConn, file: &Path, settings: &Settings) -> Result<String, String> {
    let failed = |error: io::Error| not_written(file, &error.to_string());
    let draft = Draft::create(file).map_err(failed)?;
    if let Err(error) = sqlite_file::copy_into(conn, draft.path()) {
        draft.discard();
        return Err(not_written(file, &error.to_string()));
    }
    let copied = database::read_file(draft.path(), OpenMode::Still, &settings.database);
    let (users, tasks) = copied.and_then(|mut copied| {
        integrity::counts(&mut copied).map_err(|error| {
            let cause = reason(error);
            let cause = format!("the source is not a database of this service: {cause}");
            not_written(file, &cause)
        })
    })?;
    let size = fs::metadata(draft.path()).map_err(failed)?.len();
    let hash = files::sha256(draft.path()).map_err(failed)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let checksum = beside(file, CHECKSUM);
    let mut sum = Draft::create(&checksum).map_err(failed)?;
    sum.write(&format!("{hash}  {name}\n")).map_err(failed)?;
    sum.publish().map_err(failed)?;
    draft.publish().map_err(|error| {
        // FILE was made by another program meanwhile: the checksum is not its own.
        let _ = fs::remove_file(checksum);
        failed(error)
    })?;
    Ok(format!(
        "file    {}\nsize    {size} bytes\nsha256  {hash}\nusers   {users}\ntasks   {tasks}\n",
        file.display()
    ))
}

fn not_written(file: &Path, cause: &str) -> String {
    format!("{} is not written: {}", file.display(), one_line(cause))
}
