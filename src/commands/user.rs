//! `task-api user …`: what operators do to accounts.

use clap::{Args, Subcommand};

use super::{
    database::Database,
    output::{self, Reader, one_line, reason},
    prompt,
};
use crate::{
    config::Settings,
    error::AppError,
    models::{email::Email, password::Password, time::UtcTime, user::User, violation::Violation},
    services::{accounts, operators, passwords},
};

/// How many users are read and written at a time.
const PAGE: i64 = 500;

const PASSWORD_HELP: &str = "\
The password is never an argument: others could read it in the list of processes. On a terminal it is
asked for twice and does not show. Elsewhere it is the first line of standard input, of which the line's end
is taken off and nothing else; from a file, so that it is in no shell history:

  ";

/// What to do to accounts, on the database of the settings. A running service need not be stopped: it
/// sees every change within a second.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Print all users by id: id, e-mail address, time of registration
    ///
    /// One a line, with blanks between the three columns, whose names are in the first line. The time is
    /// in UTC.
    ///
    /// Example: task-api user list | head
    #[command(verbatim_doc_comment)]
    List,
    /// Make an account, with a password from the terminal or standard input
    #[command(after_long_help = format!("{PASSWORD_HELP}task-api user create ann@example.com < password.txt"))]
    Create(Who),
    /// Set another password and end all sessions
    ///
    /// The sessions end with their access and refresh tokens. Personal access tokens stay.
    #[command(verbatim_doc_comment, after_long_help = format!("{PASSWORD_HELP}task-api user set-password ann@example.com < password.txt"))]
    SetPassword(Who),
    /// End all sessions of a user and print how many there were
    ///
    /// They end with their access and refresh tokens. Personal access tokens stay: their owner deletes
    /// them.
    ///
    /// Example: task-api user revoke-sessions ann@example.com
    #[command(verbatim_doc_comment)]
    RevokeSessions(Who),
    /// Delete an account with all that belongs to it
    ///
    /// With its tasks, sessions and tokens; there is no way back. On a terminal the address is to be typed
    /// once more. Where standard input is none, --yes is needed.
    ///
    /// Example: task-api user delete ann@example.com --yes
    #[command(verbatim_doc_comment)]
    Delete {
        #[command(flatten)]
        who: Who,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Whose account it is.
#[derive(Args)]
pub struct Who {
    /// The e-mail address of the account
    email: String,
}

impl UserCommand {
    /// Runs the command on the database of `settings`. Errors: why it failed, in a sentence.
    pub fn run(self, settings: &Settings) -> Result<(), String> {
        let report = match self {
            Self::List => return list(&Database::open(&settings.database)?),
            Self::Create(who) => create(&who.email()?, settings)?,
            Self::SetPassword(who) => set_password(&who.email()?, settings)?,
            Self::RevokeSessions(who) => revoke_sessions(&who.email()?, settings)?,
            Self::Delete { who, yes } => delete(&who.email()?, yes, settings)?,
        };
        output::write(&format!("{report}\n")).map(|_| ())
    }
}

impl Who {
    fn email(&self) -> Result<Email, String> {
        let refused = |violation: Violation| format!("EMAIL {}", violation.detail);
        self.email.parse().map_err(refused)
    }
}

fn list(database: &Database) -> Result<(), String> {
    let mut page = row("ID", "E-MAIL", "CREATED");
    let mut last = 0;
    // The table is never held whole.
    while output::write(&page)? == Reader::There {
        let after = last;
        let users = database.read(move |conn| operators::list(conn, after, PAGE));
        let users = users.map_err(reason)?;
        let Some(User { id, .. }) = users.last() else {
            break;
        };
        last = *id;
        let rows = users.iter();
        page = rows
            .map(|user| row(user.id, &user.email, user.created_at.to_string().as_str()))
            .collect();
    }
    Ok(())
}

fn row(id: impl ToString, email: &str, created_at: &str) -> String {
    format!("{:<8} {email:<40} {created_at}\n", id.to_string())
}

fn create(email: &Email, settings: &Settings) -> Result<String, String> {
    let database = Database::open(&settings.database)?;
    let hash = hash(&prompt::new_password()?, settings)?;
    let new = email.clone();
    let register = move |conn: &mut _| accounts::register(conn, &new, &hash, UtcTime::now());
    let user = database
        .write(register)
        .map_err(|error| about(email, error))?;
    Ok(format!("created {} with the id {}", user.email, user.id))
}

fn set_password(email: &Email, settings: &Settings) -> Result<String, String> {
    let database = Database::open(&settings.database)?;
    let hash = hash(&prompt::new_password()?, settings)?;
    let whose = email.clone();
    let set = move |conn: &mut _| operators::set_password(conn, &whose, &hash, UtcTime::now());
    database.write(set).map_err(|error| about(email, error))?;
    let email = email.as_str();
    Ok(format!("{email} has the new password; all sessions ended"))
}

fn revoke_sessions(email: &Email, settings: &Settings) -> Result<String, String> {
    let database = Database::open(&settings.database)?;
    let whose = email.clone();
    let revoke = move |conn: &mut _| operators::revoke_sessions(conn, &whose, UtcTime::now());
    let ended = database
        .write(revoke)
        .map_err(|error| about(email, error))?;
    Ok(format!("sessions of {} ended: {ended}", email.as_str()))
}

fn delete(email: &Email, yes: bool, settings: &Settings) -> Result<String, String> {
    let database = Database::open(&settings.database)?;
    if !yes {
        prompt::confirm(email)?;
    }
    let whose = email.clone();
    let delete = move |conn: &mut _| operators::delete(conn, &whose, UtcTime::now());
    database
        .write(delete)
        .map_err(|error| about(email, error))?;
    Ok(format!("deleted {}", email.as_str()))
}

fn hash(password: &Password, settings: &Settings) -> Result<String, String> {
    passwords::hash(password, settings.auth.bcrypt_cost).map_err(reason)
}

/// What went wrong with the account of `email`.
fn about(email: &Email, error: AppError) -> String {
    let email = email.as_str();
    match error {
        // The latter: deleted between two steps.
        AppError::NotFound | AppError::InvalidToken => format!("no user has the address {email}"),
        AppError::EmailTaken => format!("a user has the address {email} already"),
        // Even the answer to a commit may get lost.
        AppError::Unavailable { cause, .. } => {
            let cause = one_line(&cause);
            format!("{cause}: look whether the change was made before you repeat it")
        }
        other => reason(other),
    }
}
