//! What is counted against floods.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, prelude::*, sql_types::Binary};
use sha2::{Digest, Sha256};
use strum::{IntoStaticStr, VariantNames};

use super::{client::Client, time::UtcTime, value::stored};
use crate::schema::throttles;

/// What is counted, as the `RateLimit` headers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantNames)]
pub enum Policy {
    /// Failed logins to one account from one address.
    #[strum(serialize = "login-account")]
    Account,
    /// Failed logins from one address.
    #[strum(serialize = "login-address")]
    Address,
    /// Registrations from one address.
    #[strum(serialize = "registration")]
    Registration,
}

/// The SHA-256 of a policy, an address and an account: the table holds no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Bucket(pub [u8; 32]);

/// A row of the table: a count and when it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = throttles, treat_none_as_default_value = false)]
pub struct Count {
    pub bucket: Bucket,
    pub hits: i64,
    pub ends_at: UtcTime,
}

impl Policy {
    /// Its name in `RateLimit-Policy`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Where this is counted for `client`; `account` is the e-mail address that it claims, of which
    /// case and blanks around it do not count.
    pub fn bucket(self, client: &Client, account: &str) -> Bucket {
        let account = match self {
            Self::Account => account.trim().to_lowercase(),
            Self::Address | Self::Registration => String::new(),
        };
        let network = client.network();
        let counted = format!("{} {network} {account}", self.name());
        Bucket(Sha256::digest(counted).into())
    }
}

stored!(
    Bucket as Binary,
    |bucket| bucket.0.as_slice() => [u8],
    |hash: Vec<u8>| match hash.try_into() {
        Ok(hash) => Ok(Self(hash)),
        Err(_) => Err("a bucket of another length".into()),
    }
);
