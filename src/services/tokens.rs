//! Signed and derived tokens: access tokens are JSON Web Tokens (RFC 7519), signed with HMAC-SHA256;
//! the refresh tokens of a session are derived one from the other with it.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    errors::ErrorKind,
};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    error::{AppError, TokenFault},
    models::{
        opaque_token::{Kind, OpaqueToken},
        time::UtcTime,
        user::Credentials,
    },
};

/// Most tokens whose claims are kept, half a kilobyte each, and for how long after their verification.
const VERIFIED: (u64, Duration) = (10_000, Duration::from_secs(60));

/// Signs with the first secret and verifies with each of them, so that a secret can be rotated.
pub struct TokenKeys {
    signing: EncodingKey,
    header: Header,
    /// The first one signs.
    keys: Vec<Key>,
    validation: Validation,
    /// Claims of tokens that were verified: the keys stay the same, and so does what they say of a token.
    verified: Cache<String, Claims>,
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
            verified: Cache::builder()
                .max_capacity(VERIFIED.0)
                .time_to_live(VERIFIED.1)
                .build(),
            life,
        })
    }

    /// A signed token that goes with `refresh`: the same for the same arguments. It does not outlive its session.
    /// Errors: `InvalidToken` where the session has less than a second left.
    pub fn issue(
        &self,
        account: &Credentials,
        session_id: i64,
        refresh: &OpaqueToken,
        issued_at: UtcTime,
        session_expires_at: UtcTime,
    ) -> Result<AccessToken, AppError> {
        let iat = issued_at.unix_seconds().max(account.tokens_not_before);
        let life = i64::try_from(self.life.as_secs()).map_err(AppError::internal)?;
        let exp = session_expires_at
            .unix_seconds()
            .min(iat.saturating_add(life));
        if exp <= iat {
            return Err(AppError::InvalidToken(TokenFault::RefreshExpired));
        }
        // A refresh token may go with several access tokens.
        let jti = Sha256::new_with_prefix(refresh.hash).chain_update(iat.to_be_bytes());
        let claims = Claims {
            sub: account.user.email.clone(),
            iat,
            exp,
            jti: uuid(&jti.finalize().into()).to_string(),
            sid: session_id,
        };
        let token = encode(&self.header, &claims, &self.signing).map_err(AppError::internal)?;
        let expires_in = exp - iat;
        Ok(AccessToken { token, expires_in })
    }

    /// Errors: `InvalidToken`, whatever is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Claims, AppError> {
        let now = UtcTime::now().unix_seconds();
        if let Some(claims) = self.verified.get(token).filter(|claims| now <= claims.exp) {
            return Ok(claims);
        }
        let claims = self.verify_signature(token)?;
        self.verified.insert(token.to_owned(), claims.clone());
        Ok(claims)
    }

    fn verify_signature(&self, token: &str) -> Result<Claims, AppError> {
        const MALFORMED: AppError = AppError::InvalidToken(TokenFault::Malformed);
        let header = decode_header(token).map_err(|_| MALFORMED)?;
        if header.crit.is_some() {
            // An extension that this service does not know must be understood (RFC 7515 section 4.1.11).
            return Err(MALFORMED);
        }
        let named = header.kid;
        let keys = self.keys.iter();
        let keys = keys.filter(|key| named.as_ref().is_none_or(|id| *id == key.id));
        for key in keys {
            match decode::<Claims>(token, &key.verifying, &self.validation) {
                Ok(data) => return Ok(data.claims),
                // The time is looked at after the signature.
                Err(error) if *error.kind() == ErrorKind::ExpiredSignature => {
                    return Err(AppError::InvalidToken(TokenFault::Expired));
                }
                Err(_) => {}
            }
        }
        Err(MALFORMED)
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
