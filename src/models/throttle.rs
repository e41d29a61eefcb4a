//! What is counted against floods.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    prelude::*,
    serialize::{self, Output, ToSql},
    sql_types::Binary,
};
use sha2::{Digest, Sha256};

use super::client::Client;
use super::time::UtcTime;
use crate::schema::throttles;

/// What is counted, as the `RateLimit` headers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Failed logins to one account from one address.
    Account,
    /// Failed logins from one address.
    Address,
    /// Registrations from one address.
    Registration,
}

/// What is counted and for whom, as a SHA-256: the table holds no address.
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
    pub const ALL: [Self; 3] = [Self::Account, Self::Address, Self::Registration];

    /// Its name in `RateLimit-Policy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "login-account",
            Self::Address => "login-address",
            Self::Registration => "registration",
        }
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

impl<DB> ToSql<Binary, DB> for Bucket
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<DB> FromSql<Binary, DB> for Bucket
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let hash = Vec::<u8>::from_sql(bytes)?;
        let hash = hash.try_into().map_err(|_| "a bucket of another length")?;
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(policy: Policy, ip: &str, account: &str) -> Bucket {
        let client = Client {
            ip: ip.parse().unwrap(),
            user_agent: None,
            request_id: String::new(),
        };
        policy.bucket(&client, account)
    }

    #[test]
    fn an_account_is_counted_for_each_address() {
        let ann = bucket(Policy::Account, "192.0.2.1", "ann@example.com");
        assert_eq!(
            ann,
            bucket(Policy::Account, "192.0.2.1", " Ann@Example.com")
        );
        assert_ne!(ann, bucket(Policy::Account, "192.0.2.2", "ann@example.com"));
        assert_ne!(ann, bucket(Policy::Account, "192.0.2.1", "bob@example.com"));
        assert_ne!(ann, bucket(Policy::Address, "192.0.2.1", "ann@example.com"));
        assert_eq!(
            bucket(Policy::Address, "2001:db8::1", "ann@example.com"),
            bucket(Policy::Address, "2001:db8::2", "bob@example.com")
        );
    }
}
