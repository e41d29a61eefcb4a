//! The user of a token: looked up in the database, then kept for a moment in this process.

use std::{sync::Arc, time::Duration};

use super::{
    identity_cache::{IdentityCache, Key},
    token_uses::{self, TokenUses},
    tokens::{Claims, TokenKeys},
};
use crate::{
    db::{Db, DbConn},
    error::{AppError, TokenFault},
    models::{
        identity::{Grant, Identity},
        opaque_token::{Kind, OpaqueToken},
        time::UtcTime,
    },
    repositories::{personal_tokens, sessions},
};

/// How long an identity is kept. The contract gives a change on another replica one second to be seen.
const LIFE: Duration = Duration::from_millis(800);

/// A well-formed token. Only the database knows whether its session or its row is still there.
#[derive(Clone)]
pub enum Credential {
    /// A verified access token.
    Access(Claims),
    /// A personal access token whose checksum is right.
    Personal(OpaqueToken),
}

/// Finds the users of tokens. Clones share the cache.
#[derive(Clone)]
pub struct Identities {
    db: Db,
    cache: Arc<IdentityCache>,
    uses: TokenUses,
}

impl Identities {
    /// The cache is empty yet.
    pub fn new(db: Db) -> Self {
        Self {
            cache: Arc::new(IdentityCache::new(LIFE)),
            uses: TokenUses::new(db.clone()),
            db,
        }
    }

    /// The identity of `credential` now. Errors: `InvalidToken`.
    pub async fn find(&self, credential: &Credential) -> Result<Arc<Identity>, AppError> {
        let (key, now) = (credential.key(), UtcTime::now());
        // One whose use is to be stored is looked up again: it may have ended meanwhile.
        let is_good = |identity: &Arc<Identity>| {
            credential.fits(identity, now) && !token_uses::is_due(identity, now)
        };
        if let Some(identity) = self.cache.get(&key).filter(is_good) {
            return Ok(identity);
        }
        let ticket = self.cache.ticket();
        let credential = credential.clone();
        let find = move |conn: &mut _| credential.find(conn, now);
        let mut identity = self.db.read(find).await?;
        if token_uses::is_due(&identity, now) {
            self.uses.note(&identity, now);
            identity = token_uses::used(identity, now);
        }
        let identity = Arc::new(identity);
        self.cache.keep(ticket, key, identity.clone());
        Ok(identity)
    }

    /// To be called after a user's tokens have changed: nothing that was cached of them is used any more.
    pub fn forget(&self, user_id: i64) {
        self.cache.forget(user_id);
    }
}

impl Credential {
    /// Errors: `InvalidToken`, without a query.
    pub fn read(keys: &TokenKeys, token: &str) -> Result<Self, AppError> {
        if token.starts_with(Kind::Personal.prefix()) {
            OpaqueToken::parse(Kind::Personal, token)
                .map(Self::Personal)
                .ok_or(AppError::InvalidToken(TokenFault::Malformed))
        } else {
            keys.verify(token).map(Self::Access)
        }
    }

    /// The key of its identity in the cache.
    fn key(&self) -> Key {
        match self {
            Self::Access(claims) => Key::Session(claims.sid),
            Self::Personal(token) => Key::Personal(token.hash),
        }
    }

    /// Its identity. Errors: `InvalidToken` where the session, the token or the user is gone, or has
    /// expired.
    pub fn find(&self, conn: &mut DbConn, now: UtcTime) -> Result<Identity, AppError> {
        let found = match self {
            Self::Access(claims) => {
                let found = sessions::find_user(conn, &claims.sub, claims.sid)?;
                found.map(|(user, tokens_not_before, epoch)| Identity {
                    user,
                    grant: Grant::Session {
                        id: claims.sid,
                        tokens_not_before,
                    },
                    epoch,
                })
            }
            Self::Personal(token) => {
                let found = personal_tokens::find(conn, token.user_id, &token.hash)?;
                found.map(|(token, user, epoch)| Identity {
                    user,
                    grant: Grant::Personal(token),
                    epoch,
                })
            }
        };
        match found {
            Some(identity) if self.fits(&identity, now) => Ok(identity),
            found => Err(AppError::InvalidToken(match self {
                Self::Access(_) => TokenFault::Revoked,
                Self::Personal(_) if found.is_some() => TokenFault::PersonalExpired,
                Self::Personal(_) => TokenFault::PersonalRevoked,
            })),
        }
    }

    /// Whether `identity`, which was found before, is still its identity.
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
            (Self::Personal(token), Grant::Personal(stored)) => {
                identity.user.id == token.user_id && now < stored.expires_at
            }
            _ => false,
        }
    }
}
