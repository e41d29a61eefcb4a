//! What an operation asks of the token.

use super::{identity::Grant, scope::Scope};

/// The credentials that an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// None: anyone may call it.
    Public,
    /// Any valid token.
    AnyToken,
    /// An access token, which a login gives: personal access tokens manage no account.
    Session,
    /// An access token, or a personal access token with this scope.
    Scope(Scope),
}

impl Permission {
    /// Whether a token of this kind is enough.
    pub fn is_met_by(self, grant: &Grant) -> bool {
        match (self, grant) {
            (_, Grant::Session { .. }) | (Self::Public | Self::AnyToken, _) => true,
            (Self::Session, Grant::Personal { .. }) => false,
            (Self::Scope(scope), Grant::Personal { scopes, .. }) => scopes.contains(scope),
        }
    }
}
