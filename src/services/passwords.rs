//! Hashing and checking passwords. Both take a quarter of a second of a core at the default cost:
//! only the hash pool calls them.

use bcrypt::HashParts;

use crate::{
    error::AppError,
    models::{
        password::{PASSWORD_MAX_BYTES, Password, PasswordAttempt},
        user::Credentials,
    },
};

/// bcrypt hash of a password, in its usual form of 60 characters. All of the password counts: a
/// [`Password`] has no more bytes than bcrypt reads.
pub fn hash(password: &Password, cost: u32) -> Result<String, AppError> {
    bcrypt::hash(password.expose(), cost).map_err(AppError::internal)
}

/// `credentials`, if `attempt` is the password. An unknown user and a password that no account can have take
/// the time of one hash of `cost`. So does a wrong password, unless the stored hash has a higher cost.
/// Errors: `InvalidCredentials`.
pub fn authenticate(
    credentials: Option<Credentials>,
    attempt: &PasswordAttempt,
    cost: u32,
) -> Result<Credentials, AppError> {
    let decoy_hash = decoy(cost);
    let hash = credentials
        .as_ref()
        .map_or(decoy_hash.as_str(), |c| &c.password_hash);
    let matches = bcrypt::verify(attempt.expose(), hash).map_err(AppError::internal)?;
    // bcrypt reads 72 bytes of the password and its closing NUL, over and over: a longer one, or one with a
    // NUL in it, may look like another password to it. No account has such a password.
    let settable = attempt.expose().len() <= PASSWORD_MAX_BYTES && !attempt.expose().contains('\0');
    match credentials {
        Some(credentials) if matches && settable => Ok(credentials),
        _ => {
            // Each step of the cost doubles the time, so that together these make up the difference.
            for missing in cost_of(hash)?..cost {
                bcrypt::verify(attempt.expose(), &decoy(missing)).map_err(AppError::internal)?;
            }
            Err(AppError::InvalidCredentials)
        }
    }
}

/// The hash of the password in `attempt`, which was found to be right, if the stored one has another cost
/// than is wanted now.
pub fn rehash(
    credentials: &Credentials,
    attempt: &PasswordAttempt,
    cost: u32,
) -> Result<Option<String>, AppError> {
    if cost_of(&credentials.password_hash)? == cost {
        return Ok(None);
    }
    let hash = bcrypt::hash(attempt.expose(), cost);
    hash.map(Some).map_err(AppError::internal)
}

fn cost_of(hash: &str) -> Result<u32, AppError> {
    let parts: HashParts = hash.parse().map_err(AppError::internal)?;
    Ok(parts.get_cost())
}

/// A hash in the right form, of the same cost, that no known password has.
fn decoy(cost: u32) -> String {
    format!("$2b${cost:02}$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzABCD.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{time::UtcTime, user::User};

    fn credentials(password: &str) -> Option<Credentials> {
        Some(Credentials {
            user: User {
                id: 1,
                email: "ann@example.com".to_owned(),
                created_at: UtcTime::default(),
            },
            password_hash: hash(&password.parse().unwrap(), 4).unwrap(),
            tokens_not_before: 0,
        })
    }

    #[test]
    fn only_the_right_password_is_taken_and_all_of_it_counts() {
        let longest = "a".repeat(72);
        for (stored, attempt, is_right) in [
            (Some("correct horse"), "correct horse", true),
            (Some("correct horse"), "correct horsf", false),
            (Some("correct horse"), "", false),
            (Some("correct horse"), "correct horse\0", false),
            (Some("correct horse"), "correct horse\0correct horse", false),
            (None, "correct horse", false),
            (Some(&longest), &longest, true),
            (Some(&longest), &"a".repeat(73), false),
            (None, &"a".repeat(100_000), false),
        ] {
            match authenticate(stored.and_then(credentials), &attempt.parse().unwrap(), 4) {
                Ok(_) => assert!(is_right, "{attempt}"),
                Err(AppError::InvalidCredentials) => assert!(!is_right, "{attempt}"),
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_decoy_parses_at_every_cost() {
        for cost in 4..=16 {
            assert_eq!(decoy(cost).len(), 60);
            assert_eq!(cost_of(&decoy(cost)).unwrap(), cost);
        }
    }
}
