//! Signed and derived tokens: access tokens are JSON Web Tokens (RFC 7519), signed with HMAC-SHA256;
//! the refresh tokens of a session are derived one from the other with it.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    error::AppError,
    models::opaque_token::{Kind, OpaqueToken},
};

/// Signs with the first secret and verifies with each of them, so that a secret can be rotated.
pub struct TokenKeys {
    signing: EncodingKey,
    header: Header,
    /// The first one signs.
    keys: Vec<Key>,
    validation: Validation,
    life: Duration,
}

/// The keys that are derived from one secret.
struct Key {
    /// Names it in a token's header (RFC 7515 section 4.1.4), and says nothing of it.
    id: String,
    verifying: DecodingKey,
    /// Derives refresh tokens.
    chain: Hmac<Sha256>,
}

/// The claims of a token. `exp` and `iat` are seconds since 1970 (RFC 7519 section 2, `NumericDate`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The user's e-mail address, in its stored form.
    pub sub: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
    /// Id of the session.
    pub sid: i64,
}

/// From which an access token is made.
pub struct AccessTokenParameters<'a> {
    /// In its stored form.
    pub email: &'a str,
    pub session_id: i64,
    /// A `NumericDate`.
    pub issued_at: i64,
    /// When the session expires, as a `NumericDate`: no token outlives it.
    pub session_expires_at: i64,
    /// The refresh token that goes with it: the same one gets the same access token.
    pub refresh: &'a OpaqueToken,
}

/// A signed token and its life in seconds.
#[derive(Clone)]
pub struct AccessToken {
    pub token: String,
    pub expires_in: i64,
}

impl TokenKeys {
    /// `None` without a secret.
    pub fn new(secrets: &[SecretString], life: Duration) -> Option<Self> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_required_spec_claims(&["exp", "sub"]);
        validation.validate_aud = false;
        validation.validate_nbf = true;
        let keys: Vec<Key> = secrets.iter().map(Key::new).collect::<Option<_>>()?;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(keys.first()?.id.clone());
        Some(Self {
            signing: EncodingKey::from_secret(secrets.first()?.expose_secret().as_bytes()),
            header,
            keys,
            validation,
            life,
        })
    }

    /// A signed token: the same for the same parameters. Errors: `InvalidToken` where the session
    /// has less than a second left.
    pub fn issue(&self, parameters: &AccessTokenParameters<'_>) -> Result<AccessToken, AppError> {
        let issued_at = parameters.issued_at;
        let life = i64::try_from(self.life.as_secs()).map_err(AppError::internal)?;
        let exp = issued_at
            .saturating_add(life)
            .min(parameters.session_expires_at);
        if exp <= issued_at {
            return Err(AppError::InvalidToken);
        }
        let claims = Claims {
            sub: parameters.email.to_owned(),
            iat: issued_at,
            exp,
            jti: uuid(&parameters.refresh.hash).to_string(),
            sid: parameters.session_id,
        };
        let token = encode(&self.header, &claims, &self.signing).map_err(AppError::internal)?;
        Ok(AccessToken {
            token,
            expires_in: exp - issued_at,
        })
    }

    /// Errors: `InvalidToken`, whatever is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Claims, AppError> {
        let header = decode_header(token).map_err(|_| AppError::InvalidToken)?;
        if header.crit.is_some() {
            // An extension that this service does not know must be understood (RFC 7515 section 4.1.11).
            return Err(AppError::InvalidToken);
        }
        let named = header.kid;
        self.keys
            .iter()
            .filter(|key| named.as_ref().is_none_or(|id| *id == key.id))
            .find_map(|key| decode::<Claims>(token, &key.verifying, &self.validation).ok())
            .map(|data| data.claims)
            .ok_or(AppError::InvalidToken)
    }

    /// The refresh tokens for which `parent` may have been exchanged: by the first secret, if it was
    /// now, and else by any of them.
    pub fn children(&self, parent: &OpaqueToken) -> impl Iterator<Item = OpaqueToken> {
        self.keys.iter().map(|key| {
            let secret = finish(&key.chain, parent.expose().as_bytes());
            OpaqueToken::new(Kind::Refresh, parent.user_id, &secret)
        })
    }
}

impl Key {
    /// There is none only if HMAC refused the secret, which it does with no length.
    fn new(secret: &SecretString) -> Option<Self> {
        let bytes = secret.expose_secret().as_bytes();
        let hmac = Hmac::<Sha256>::new_from_slice(bytes).ok()?;
        let chain = finish(&hmac, b"task-api refresh tokens");
        Some(Self {
            id: uuid(&finish(&hmac, b"task-api key id"))
                .simple()
                .to_string(),
            verifying: DecodingKey::from_secret(bytes),
            chain: Hmac::new_from_slice(&chain).ok()?,
        })
    }
}

/// HMAC-SHA256 (RFC 2104) of `message`.
fn finish(hmac: &Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    hmac.clone()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

/// A name made of the first half of `bytes` (RFC 9562 section 5.8).
fn uuid(bytes: &[u8; 32]) -> Uuid {
    let mut half = [0; 16];
    half.iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    Uuid::new_v8(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: &[&str]) -> TokenKeys {
        let secrets: Vec<SecretString> = secrets.iter().map(|s| (*s).into()).collect();
        TokenKeys::new(&secrets, Duration::from_secs(60)).unwrap()
    }

    fn now() -> i64 {
        chrono::Utc::now().timestamp()
    }

    fn refresh(byte: u8) -> OpaqueToken {
        OpaqueToken::new(Kind::Refresh, 7, &[byte; 32])
    }

    fn issued(keys: &TokenKeys, byte: u8) -> AccessToken {
        keys.issue(&AccessTokenParameters {
            email: "ann@example.com",
            session_id: 3,
            issued_at: now(),
            session_expires_at: now() + 3600,
            refresh: &refresh(byte),
        })
        .unwrap()
    }

    fn signed(claims: &serde_json::Value, header: &Header, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(header, claims, &key).unwrap()
    }

    #[test]
    fn a_token_says_who_and_until_when() {
        let keys = keys(&["one"]);
        let token = issued(&keys, 1);
        let claims = keys.verify(&token.token).unwrap();
        assert_eq!((claims.sub.as_str(), claims.sid), ("ann@example.com", 3));
        assert_eq!((claims.exp - claims.iat, token.expires_in), (60, 60));
        let other = keys.verify(&issued(&keys, 2).token).unwrap();
        assert_ne!(claims.jti, other.jti);
    }

    #[test]
    fn no_token_outlives_its_session() {
        let parameters = AccessTokenParameters {
            email: "ann@example.com",
            session_id: 3,
            issued_at: now(),
            session_expires_at: now() + 10,
            refresh: &refresh(1),
        };
        assert_eq!(keys(&["one"]).issue(&parameters).unwrap().expires_in, 10);
    }

    #[test]
    fn every_configured_secret_verifies_and_the_first_signs() {
        let old = issued(&keys(&["old"]), 1).token;
        assert!(keys(&["new", "old"]).verify(&old).is_ok());
        let new = issued(&keys(&["new", "old"]), 1).token;
        assert!(keys(&["old"]).verify(&new).is_err());
        assert!(keys(&["new"]).verify(&new).is_ok());
        let kid = |token: &str| decode_header(token).unwrap().kid.unwrap();
        assert_ne!(kid(&old), kid(&new));
        assert_eq!(kid(&new), kid(&issued(&keys(&["new"]), 2).token));
    }

    #[test]
    fn a_child_follows_from_its_parent_and_a_secret() {
        let children = |secrets: &[&str], byte| -> Vec<String> {
            let (keys, parent) = (keys(secrets), refresh(byte));
            let children = keys.children(&parent);
            children.map(|child| child.expose().to_owned()).collect()
        };
        assert_eq!(children(&["old"], 1), children(&["old"], 1));
        assert_ne!(children(&["old"], 1), children(&["old"], 2));
        let both = children(&["new", "old"], 1);
        assert_eq!(
            both,
            [children(&["new"], 1), children(&["old"], 1)].concat()
        );
        assert_ne!(both[0], both[1]);
    }

    #[test]
    fn forged_expired_and_incomplete_tokens_are_refused() {
        let keys = keys(&["secret"]);
        let plain = Header::new(Algorithm::HS256);
        let claims = |exp: i64| serde_json::json!({"sub": "a@b.c", "iat": now(), "exp": exp, "jti": "1", "sid": 1});
        let good = signed(&claims(now() + 60), &plain, "secret");
        assert!(keys.verify(&good).is_ok(), "a key need not be named");
        let unknown = Header {
            kid: Some("unknown".to_owned()),
            ..plain.clone()
        };
        let critical = Header {
            crit: Some(vec!["exp".to_owned()]),
            ..plain.clone()
        };
        let mut early = claims(now() + 60);
        early["nbf"] = serde_json::json!(now() + 30);
        let mut forged = vec![
            signed(&claims(now() + 60), &critical, "secret"),
            signed(&early, &plain, "secret"),
            signed(&claims(now() + 60), &plain, "guess"),
            signed(
                &claims(now() + 60),
                &Header::new(Algorithm::HS384),
                "secret",
            ),
            signed(&claims(now() + 60), &unknown, "secret"),
            signed(&claims(now() - 6), &plain, "secret"),
            "".to_owned(),
            "a.b.c".to_owned(),
            good.replace('.', ".."),
        ];
        for missing in ["sub", "iat", "exp", "jti", "sid"] {
            let mut claims = claims(now() + 60);
            claims.as_object_mut().unwrap().remove(missing);
            forged.push(signed(&claims, &plain, "secret"));
        }
        for forged in forged {
            assert!(keys.verify(&forged).is_err(), "{forged}");
        }
        let (_, rest) = good.split_once('.').unwrap();
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{rest}");
        assert!(keys.verify(&none).is_err());
    }
}
