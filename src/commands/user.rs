//! `task-api user …`: what operators do to accounts.

use clap::{Args, Subcommand};

use super::{
    database::connect_migrated,
    output::{self, Pipe, one_line, reason},
    prompt,
};
use crate::{
    config::Settings,
    db::{DbConn, writer::write},
    error::AppError,
    models::{email::Email, password::Password, time::UtcTime, user::User, violation::Violation},
    services::{accounts, operators, passwords, steps::Step},
};

/// How many users are read and written at a time.
const PAGE: i64 = 500;

const PASSWORD_HELP: &str = "\
The password is never an argument: others could read it in the list of processes. On a terminal it is
asked for twice and not shown. Elsewhere it is the first line of standard input, without the line's end and
a byte order mark. Keep it in a file, so that it is not in the shell's history:

  ";

/// Commands about accounts, on the database of the settings. A running service need not be stopped: it
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
    /// Create an account, with a password from the terminal or standard input
    #[command(after_long_help = format!("{PASSWORD_HELP}task-api user create ann@example.com < password.txt"))]
    Create(Account),
    /// Set another password and end all sessions
    ///
    /// The sessions end with their access and refresh tokens. Personal access tokens stay.
    #[command(verbatim_doc_comment, after_long_help = format!("{PASSWORD_HELP}task-api user set-password ann@example.com < password.txt"))]
    SetPassword(Account),
    /// End all sessions of a user and print how many there were
    ///
    /// They end with their access and refresh tokens. Sessions that expired in the last 30 days are counted
    /// too. Personal access tokens stay: their owner deletes them.
    ///
    /// Example: task-api user revoke-sessions ann@example.com
    #[command(verbatim_doc_comment)]
    RevokeSessions(Account),
    /// Delete an account with all its data
    ///
    /// Its tasks, sessions and tokens are deleted too; this cannot be undone. On a terminal, the address has
    /// to be typed again. Elsewhere, --yes is needed.
    ///
    /// Example: task-api user delete ann@example.com --yes
    #[command(verbatim_doc_comment)]
    Delete {
        #[command(flatten)]
        account: Account,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Names an account.
#[derive(Args)]
pub struct Account {
    /// The e-mail address of the account
    email: String,
}

impl UserCommand {
    /// Runs the command on the database of `settings`. Errors: why it failed, in a sentence.
    pub fn run(self, settings: &Settings) -> Result<(), String> {
        let connect = || connect_migrated(&settings.database);
        let report = match self {
            Self::List => return list(&mut connect()?),
            Self::Create(account) => create(&account.email()?, &mut connect()?, settings)?,
            Self::SetPassword(account) => {
                set_password(&account.email()?, &mut connect()?, settings)?
            }
            Self::RevokeSessions(account) => revoke_sessions(&account.email()?, &mut connect()?)?,
            Self::Delete { account, yes } => delete(&account.email()?, yes, &mut connect()?)?,
        };
        output::finish(&format!("{report}\n"))
    }
}

impl Account {
    fn email(&self) -> Result<Email, String> {
        let refused = |violation: Violation| format!("EMAIL {}", violation.detail);
        self.email.parse().map_err(refused)
    }
}

fn list(conn: &mut DbConn) -> Result<(), String> {
    let mut page = row("ID", "E-MAIL", "CREATED");
    let mut last = 0;
    // The table is never held whole.
    while output::write(&page)? == Pipe::Open {
        let users = operators::list(conn, last, PAGE).map_err(reason)?;
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

fn create(email: &Email, conn: &mut DbConn, settings: &Settings) -> Result<String, String> {
    let hash = hash(&prompt::new_password()?, settings)?;
    let user = change(conn, email, |conn| {
        accounts::register(conn, email, &hash, UtcTime::now())
    })?;
    Ok(format!("created {} with the id {}", user.email, user.id))
}

fn set_password(email: &Email, conn: &mut DbConn, settings: &Settings) -> Result<String, String> {
    let hash = hash(&prompt::new_password()?, settings)?;
    change(conn, email, |conn| {
        operators::set_password(conn, email, &hash, UtcTime::now())
    })?;
    let email = email.as_str();
    Ok(format!("{email} has the new password; all sessions ended"))
}

fn revoke_sessions(email: &Email, conn: &mut DbConn) -> Result<String, String> {
    let ended = change(conn, email, |conn| {
        operators::revoke_sessions(conn, email, UtcTime::now())
    })?;
    Ok(format!("sessions of {} ended: {ended}", email.as_str()))
}

fn delete(email: &Email, yes: bool, conn: &mut DbConn) -> Result<String, String> {
    let address = email.as_str();
    if !yes {
        let warning = format!("This deletes {address} with all tasks and tokens, for good.");
        prompt::confirm(&warning, address)?;
    }
    let begun = change(conn, email, |conn| {
        operators::delete(conn, email, UtcTime::now())
    })?;
    if let Some(user_id) = begun {
        let more = |conn: &mut DbConn| accounts::erase_more(conn, user_id);
        while let Step::More(_) = change(conn, email, more)? {}
    }
    Ok(format!("deleted {address}"))
}

/// Changes the account of `email`. Errors: in a sentence that names it.
fn change<T>(
    conn: &mut DbConn,
    email: &Email,
    work: impl FnOnce(&mut DbConn) -> Result<T, AppError>,
) -> Result<T, String> {
    let email = email.as_str();
    write(conn, work).map_err(|error| match error {
        // The latter: deleted between two steps.
        AppError::NotFound | AppError::InvalidToken(_) => {
            format!("no user has the address {email}")
        }
        AppError::EmailTaken => format!("a user has the address {email} already"),
        // Even the answer to a commit may get lost.
        AppError::Unavailable { cause, .. } => {
            let cause = one_line(&cause);
            format!("{cause}: check whether the change was made before you repeat it")
        }
        other => reason(other),
    })
}

fn hash(password: &Password, settings: &Settings) -> Result<String, String> {
    passwords::hash(password, settings.auth.bcrypt_cost).map_err(reason)
}
