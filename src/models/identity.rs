//! Who a token stands for, and what it may do.

use super::{epoch::Epoch, personal_token::PersonalToken, user::User};

/// A user, found by a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub user: User,
    pub grant: Grant,
    /// The epoch of the database when it was found, for the entity tags of its answers. One that is out of date by now
    /// makes a tag that no write takes.
    pub epoch: Epoch,
}

/// Who asks for a change of an account, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub user_id: i64,
    pub session_id: i64,
    /// As it was when the request began: see [`Grant::Session`].
    pub tokens_not_before: i64,
}

/// What the token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// An access token of the session with this id, which may do everything.
    Session {
        id: i64,
        /// Access tokens from before this second are refused (`NumericDate`, RFC 7519 section 2).
        tokens_not_before: i64,
    },
    Personal(PersonalToken),
}
