//! Tokens without content: refresh tokens and personal access tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Bytes of randomness in a token.
pub const SECRET_BYTES: usize = 32;
/// Characters of a token: 4 of its prefix, then 60 of base64url without padding.
pub const LENGTH: usize = 64;

const ID_BYTES: usize = 7;
const CHECKSUM_BYTES: usize = 6;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Refresh,
    Personal,
}

/// The SHA-256 of a token, which is all that is stored. 256 random bits cannot be guessed, so that no slower
/// hash is needed.
pub type Hash = [u8; 32];

/// A token in the form `tma_…` or `tmr_…`: its user's id, so that it is looked for among that user's
/// tokens alone; 256 random bits; and a checksum, so that a mistyped one is refused without a query.
/// `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct OpaqueToken {
    pub user_id: i64,
    pub hash: Hash,
    text: SecretString,
}

impl Kind {
    /// What a token of this kind begins with, for people and for scanners that look for leaked secrets.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "tmr_",
            Self::Personal => "tma_",
        }
    }
}

impl OpaqueToken {
    /// The token of `user_id` with these bits.
    pub fn new(kind: Kind, user_id: i64, secret: &[u8; SECRET_BYTES]) -> Self {
        let [_, id @ ..] = user_id.to_be_bytes();
        let payload = [id.as_slice(), secret].concat();
        let sum = checksum(kind, &payload);
        let encoded = BASE64_URL_SAFE_NO_PAD.encode([payload, sum].concat());
        let text = format!("{}{encoded}", kind.prefix());
        Self {
            user_id,
            hash: Sha256::digest(&text).into(),
            text: text.into(),
        }
    }

    /// The token that `text` is; `None` where it is none of this kind, or was mistyped or cut.
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(kind.prefix())?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let (payload, sum) = bytes.split_at_checked(ID_BYTES + SECRET_BYTES)?;
        let (id, _) = payload.split_first_chunk::<ID_BYTES>()?;
        let [a, b, c, d, e, f, g] = *id;
        (sum == checksum(kind, payload)).then(|| Self {
            user_id: i64::from_be_bytes([0, a, b, c, d, e, f, g]),
            hash: Sha256::digest(text).into(),
            text: text.into(),
        })
    }

    /// The token itself: for its holder alone.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

fn checksum(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let hash = Sha256::new_with_prefix(kind.prefix()).chain_update(payload);
    let bytes = hash.finalize();
    bytes.iter().take(CHECKSUM_BYTES).copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_reads_back_as_itself(user_id in 1i64..(1 << 53), secret: [u8; 32]) {
            let token = OpaqueToken::new(Kind::Personal, user_id, &secret);
            prop_assert_eq!(token.expose().len(), LENGTH);
            let read = OpaqueToken::parse(Kind::Personal, token.expose()).unwrap();
            prop_assert_eq!((read.user_id, read.hash), (user_id, token.hash));
            prop_assert!(OpaqueToken::parse(Kind::Refresh, token.expose()).is_none());
            let disguised = token.expose().replace("tma_", "tmr_");
            prop_assert!(OpaqueToken::parse(Kind::Refresh, &disguised).is_none());
            let shown = format!("{:?}", token);
            prop_assert!(!shown.contains(token.expose()));
        }

        #[test]
        fn a_mistyped_or_cut_token_is_refused(secret: [u8; 32], at in 0usize..64, with in "[A-Za-z0-9_-]") {
            let token = OpaqueToken::new(Kind::Personal, 7, &secret);
            let text = token.expose();
            prop_assert!(OpaqueToken::parse(Kind::Personal, &text[..at]).is_none());
            let longer = format!("{}{}", text, with);
            prop_assert!(OpaqueToken::parse(Kind::Personal, &longer).is_none());
            let mut mistyped = text.to_owned();
            mistyped.replace_range(at..=at, &with);
            let read = OpaqueToken::parse(Kind::Personal, &mistyped);
            prop_assert_eq!(read.is_some(), mistyped == text);
        }
    }
}
