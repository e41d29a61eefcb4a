//! What each operation behind a token asks of it: the one table.

use crate::models::{
    identity::Grant,
    scope::Scope::{self, TasksRead, TasksWrite},
};

/// What a token must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Any that is valid.
    Token,
    /// An access token, which a login gives: personal access tokens manage no account.
    Session,
    /// An access token, or a personal access token with this scope.
    Scope(Scope),
}

use Need::{Session, Token};

/// Method, pattern of the path, and what the operation asks for. An operation that is not here is refused to
/// everyone.
pub const NEEDS: &[(&str, &str, Need)] = &[
    ("GET", "/auth/me", Token),
    ("PATCH", "/auth/me", Session),
    ("DELETE", "/auth/me", Session),
    ("POST", "/auth/password", Session),
    ("POST", "/auth/logout", Session),
    ("GET", "/auth/sessions", Session),
    ("DELETE", "/auth/sessions/{id}", Session),
    ("GET", "/auth/tokens", Session),
    ("POST", "/auth/tokens", Session),
    ("DELETE", "/auth/tokens/{id}", Session),
    ("GET", "/auth/events", Session),
    ("GET", "/tasks", Need::Scope(TasksRead)),
    ("POST", "/tasks", Need::Scope(TasksWrite)),
    ("POST", "/tasks/batch", Need::Scope(TasksWrite)),
    ("GET", "/tasks/{id}", Need::Scope(TasksRead)),
    ("PATCH", "/tasks/{id}", Need::Scope(TasksWrite)),
    ("DELETE", "/tasks/{id}", Need::Scope(TasksWrite)),
    ("GET", "/trash", Need::Scope(TasksRead)),
    ("DELETE", "/trash", Need::Scope(TasksWrite)),
    ("DELETE", "/trash/{id}", Need::Scope(TasksWrite)),
    ("POST", "/trash/{id}/restore", Need::Scope(TasksWrite)),
    ("GET", "/labels", Need::Scope(TasksRead)),
    ("PATCH", "/labels/{name}", Need::Scope(TasksWrite)),
    ("DELETE", "/labels/{name}", Need::Scope(TasksWrite)),
];

/// What the operation asks for; `None` for one that is not in the table.
pub fn need(method: &str, path: &str) -> Option<Need> {
    let row = NEEDS.iter().find(|row| (row.0, row.1) == (method, path));
    row.map(|(_, _, need)| *need)
}

impl Need {
    /// Whether a token of this kind is enough.
    pub fn is_met_by(self, grant: &Grant) -> bool {
        match (self, grant) {
            (_, Grant::Session { .. }) | (Self::Token, _) => true,
            (Self::Session, Grant::Personal { .. }) => false,
            (Self::Scope(scope), Grant::Personal { scopes, .. }) => scopes.contains(scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{scope::Scopes, time::UtcTime};

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
            let needs = [
                Token,
                Session,
                Need::Scope(TasksRead),
                Need::Scope(TasksWrite),
            ];
            assert_eq!(needs.map(|need| need.is_met_by(&grant)), met, "{grant:?}");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_nothing() {
        assert_eq!(need("GET", "/tasks"), Some(Need::Scope(TasksRead)));
        assert_eq!(need("PUT", "/tasks"), None);
        assert_eq!(need("GET", "/tasks/"), None);
    }
}
