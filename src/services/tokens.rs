//! Access tokens: JSON Web Tokens (RFC 7519), signed with HMAC-SHA256.

use std::time::Duration;

use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::AppError;

/// Signs with the first secret and verifies with each of them, so that a secret can be rotated.
pub struct TokenKeys {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    validation: Validation,
    life: Duration,
}

/// What a token says. `exp` and `iat` are seconds since 1970 (RFC 7519 section 2, `NumericDate`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The user's e-mail address, in its stored form.
    pub sub: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
}

/// A signed token and its life in seconds.
pub struct AccessToken {
    pub token: String,
    pub expires_in: u64,
}

impl TokenKeys {
    /// `None` without a secret.
    pub fn new(secrets: &[SecretString], life: Duration) -> Option<Self> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_required_spec_claims(&["exp", "sub"]);
        validation.validate_aud = false;
        Some(Self {
            signing: EncodingKey::from_secret(secrets.first()?.expose_secret().as_bytes()),
            verifying: secrets
                .iter()
                .map(|secret| DecodingKey::from_secret(secret.expose_secret().as_bytes()))
                .collect(),
            validation,
            life,
        })
    }

    /// A token for the user with the address `email`, in its stored form.
    pub fn issue(&self, email: &str) -> Result<AccessToken, AppError> {
        let now = Utc::now().timestamp();
        let expires_in = self.life.as_secs();
        let claims = Claims {
            sub: email.to_owned(),
            iat: now,
            exp: now.saturating_add_unsigned(expires_in),
            jti: Uuid::now_v7().to_string(),
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(AppError::internal)?;
        Ok(AccessToken { token, expires_in })
    }

    /// Errors: `InvalidToken`, whatever is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Claims, AppError> {
        self.verifying
            .iter()
            .find_map(|key| decode::<Claims>(token, key, &self.validation).ok())
            .map(|data| data.claims)
            .ok_or(AppError::InvalidToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: &[&str]) -> TokenKeys {
        let secrets: Vec<SecretString> = secrets.iter().map(|s| (*s).into()).collect();
        TokenKeys::new(&secrets, Duration::from_secs(60)).unwrap()
    }

    fn signed(claims: &serde_json::Value, algorithm: Algorithm, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    #[test]
    fn a_token_says_who_and_until_when() {
        let issued = keys(&["one"]).issue("ann@example.com").unwrap();
        let claims = keys(&["one"]).verify(&issued.token).unwrap();
        assert_eq!(claims.sub, "ann@example.com");
        assert_eq!((claims.exp - claims.iat, issued.expires_in), (60, 60));
        let again = keys(&["one"]).issue("ann@example.com").unwrap();
        let other = keys(&["one"]).verify(&again.token).unwrap();
        assert_ne!(claims.jti, other.jti);
    }

    #[test]
    fn every_configured_secret_verifies_and_the_first_signs() {
        let old = keys(&["old"]).issue("ann@example.com").unwrap();
        assert!(keys(&["new", "old"]).verify(&old.token).is_ok());
        let new = keys(&["new", "old"]).issue("ann@example.com").unwrap();
        assert!(keys(&["old"]).verify(&new.token).is_err());
        assert!(keys(&["new"]).verify(&new.token).is_ok());
    }

    #[test]
    fn forged_expired_and_incomplete_tokens_are_refused() {
        let keys = keys(&["secret"]);
        let now = Utc::now().timestamp();
        let claims =
            |exp: i64| serde_json::json!({"sub": "a@b.c", "iat": now, "exp": exp, "jti": "1"});
        let good = signed(&claims(now + 60), Algorithm::HS256, "secret");
        assert!(keys.verify(&good).is_ok());
        for forged in [
            signed(&claims(now + 60), Algorithm::HS256, "guess"),
            signed(&claims(now + 60), Algorithm::HS384, "secret"),
            signed(&claims(now - 6), Algorithm::HS256, "secret"),
            signed(
                &serde_json::json!({"sub": "a@b.c", "iat": now, "jti": "1"}),
                Algorithm::HS256,
                "secret",
            ),
            signed(
                &serde_json::json!({"iat": now, "exp": now + 60, "jti": "1"}),
                Algorithm::HS256,
                "secret",
            ),
            signed(
                &serde_json::json!({"sub": "a@b.c", "iat": now, "exp": now + 60}),
                Algorithm::HS256,
                "secret",
            ),
            "".to_owned(),
            "a.b.c".to_owned(),
            good.replace('.', ".."),
        ] {
            assert!(keys.verify(&forged).is_err(), "{forged}");
        }
        let (_, rest) = good.split_once('.').unwrap();
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{rest}");
        assert!(keys.verify(&none).is_err());
    }
}
