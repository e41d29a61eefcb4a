//! Who a token stands for.

use std::time::Duration;

use super::tokens::{Claims, TokenKeys};
pub use crate::repositories::users::CHANNEL;
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        identity::{Grant, Identity},
        opaque_token::{Kind, OpaqueToken},
        time::UtcTime,
    },
    repositories::{personal_tokens, sessions},
};

/// How long the use of a personal access token goes unwritten.
const TOUCH_AFTER: Duration = Duration::from_secs(60);

/// A token in good form. Whether its session or its row is still there, the database knows.
#[derive(Clone)]
pub enum Credential {
    /// A verified access token.
    Access(Claims),
    /// A personal access token whose checksum is right.
    Personal(OpaqueToken),
}

impl Credential {
    /// Errors: `InvalidToken` for what is neither, without a query.
    pub fn read(keys: &TokenKeys, token: &str) -> Result<Self, AppError> {
        match token.starts_with(Kind::Personal.prefix()) {
            true => OpaqueToken::parse(Kind::Personal, token)
                .map(Self::Personal)
                .ok_or(AppError::InvalidToken),
            false => keys.verify(token).map(Self::Access),
        }
    }

    /// Who it stands for. Errors: `InvalidToken` where the session, the token or the user is gone,
    /// or any of them is over.
    pub fn find(&self, conn: &mut DbConn, now: UtcTime) -> Result<Identity, AppError> {
        let found = match self {
            Self::Access(claims) => {
                let found = sessions::find_user(conn, &claims.sub, claims.sid)?;
                found.map(|(user, tokens_not_before)| Identity {
                    user,
                    grant: Grant::Session {
                        id: claims.sid,
                        tokens_not_before,
                    },
                })
            }
            Self::Personal(token) => {
                let found = personal_tokens::find(conn, token.user_id, &token.hash)?;
                found.map(|(token, user)| Identity {
                    user,
                    grant: Grant::Personal {
                        id: token.id,
                        scopes: token.scopes,
                        expires_at: token.expires_at,
                        last_used_at: token.last_used_at,
                    },
                })
            }
        };
        found
            .filter(|identity| self.fits(identity, now))
            .ok_or(AppError::InvalidToken)
    }

    /// Whether it still stands for `identity`, which was found before.
    pub fn fits(&self, identity: &Identity, now: UtcTime) -> bool {
        match (self, &identity.grant) {
            (
                Self::Access(claims),
                Grant::Session {
                    id,
                    tokens_not_before,
                },
            ) => {
                *id == claims.sid
                    && identity.user.email == claims.sub
                    && claims.iat >= *tokens_not_before
            }
            (Self::Personal(token), Grant::Personal { expires_at, .. }) => {
                identity.user.id == token.user_id && now < *expires_at
            }
            _ => false,
        }
    }
}

/// Whether it is time to write down that the token was used.
pub fn is_touch_due(identity: &Identity, now: UtcTime) -> bool {
    match identity.grant {
        Grant::Session { .. } => false,
        Grant::Personal { last_used_at, .. } => {
            last_used_at.is_none_or(|used| used.until(now) >= TOUCH_AFTER)
        }
    }
}

/// Writes down that the token was used, at most once a minute.
pub fn touch(conn: &mut DbConn, identity: &Identity, now: UtcTime) -> Result<(), AppError> {
    if let Grant::Personal { id, .. } = identity.grant {
        personal_tokens::touch(conn, identity.user.id, id, now, now.minus(TOUCH_AFTER))?;
    }
    Ok(())
}

/// The identity as it is once it was used.
pub fn used(mut identity: Identity, now: UtcTime) -> Identity {
    if let Grant::Personal { last_used_at, .. } = &mut identity.grant {
        *last_used_at = Some(now);
    }
    identity
}
