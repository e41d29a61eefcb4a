//! Why a token is not taken.

/// What is wrong with a token. Only one that this service has signed, or whose checksum is right, is said to have
/// expired or to be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error(
        "the token is malformed: this service did not issue it, or it was changed or cut on its way"
    )]
    Malformed,
    #[error(
        "the access token has expired; exchange the refresh token for another, or log in again"
    )]
    Expired,
    #[error(
        "the token was revoked: its session or its account has ended, or the e-mail address has changed; log in again"
    )]
    Revoked,
    #[error("the refresh token has expired, and with it its session; log in again")]
    RefreshExpired,
    #[error("the personal access token has expired; create another")]
    PersonalExpired,
    #[error("the personal access token was revoked; create another")]
    PersonalRevoked,
}
