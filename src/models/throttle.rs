//! What is counted against floods.

use sha2::{Digest, Sha256};

use super::client::Client;
use super::time::UtcTime;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(pub [u8; 32]);

/// A count and when it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
