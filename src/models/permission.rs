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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{
        scope::{
            Scope::{TasksRead, TasksWrite},
            Scopes,
        },
        time::UtcTime,
    };

    #[test]
    fn a_session_may_do_everything_and_a_personal_token_what_its_scopes_say() {
        let personal = |scopes: &[Scope]| Grant::Personal {
            id: 1,
            scopes: Scopes::from_iter(scopes.iter().copied()),
            expires_at: UtcTime::now(),
            last_used_at: None,
        };
        let session = Grant::Session {
            id: 1,
            tokens_not_before: 0,
        };
        for (grant, met) in [
            (session, [true, true, true, true]),
            (personal(&[]), [true, false, false, false]),
            (personal(&[TasksRead]), [true, false, true, false]),
            (personal(&[TasksWrite]), [true, false, false, true]),
        ] {
            let scopes = [TasksRead, TasksWrite].map(Permission::Scope);
            let [read, write] = scopes.map(|scope| scope.is_met_by(&grant));
            let any = Permission::AnyToken.is_met_by(&grant);
            let login = Permission::Session.is_met_by(&grant);
            assert_eq!([any, login, read, write], met, "{grant:?}");
        }
    }
}
