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
            (Self::Session, Grant::Personal(_)) => false,
            (Self::Scope(scope), Grant::Personal(token)) => token.scopes.contains(scope),
        }
    }

    /// The scope that a personal access token needs, where one is enough.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::Public | Self::AnyToken | Self::Session => None,
        }
    }
}
