//! The kinds of settings: how the text of a variable becomes a value, and which values are in range.

use std::{fmt::Display, marker::PhantomData, net::IpAddr, str::FromStr, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use strum::VariantNames;
use url::Url;

/// A kind of setting. Errors say what the text must be; they never show a secret.
pub trait Kind {
    type Value;
    /// The least and the largest number.
    const RANGE: Option<(u32, u32)> = None;

    fn read(text: &str) -> Result<Self::Value, String>;
}

/// A value of a kind, as serde reads it.
pub struct Read<K: Kind>(pub K::Value);

impl<'de, K: Kind> Deserialize<'de> for Read<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        K::read(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A whole number from `MIN` to `MAX`.
pub struct Number<T, const MIN: u32, const MAX: u32>(PhantomData<T>);

impl<T: TryFrom<u32>, const MIN: u32, const MAX: u32> Kind for Number<T, MIN, MAX> {
    type Value = T;
    const RANGE: Option<(u32, u32)> = Some((MIN, MAX));

    fn read(text: &str) -> Result<T, String> {
        let number = text.trim().parse().ok();
        number
            .filter(|number| (MIN..=MAX).contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("must be a whole number from {MIN} to {MAX}, not {text:?}"))
    }
}

/// From `MIN` to `MAX` units of time, each so many milliseconds long.
pub struct Time<const UNIT: u64, const MIN: u32, const MAX: u32>;

pub type Milliseconds<const MIN: u32, const MAX: u32> = Time<1, MIN, MAX>;
pub type Seconds<const MIN: u32, const MAX: u32> = Time<1000, MIN, MAX>;
pub type Minutes<const MIN: u32, const MAX: u32> = Time<60_000, MIN, MAX>;
pub type Hours<const MIN: u32, const MAX: u32> = Time<3_600_000, MIN, MAX>;
pub type Days<const MIN: u32, const MAX: u32> = Time<86_400_000, MIN, MAX>;

impl<const UNIT: u64, const MIN: u32, const MAX: u32> Kind for Time<UNIT, MIN, MAX> {
    type Value = Duration;
    const RANGE: Option<(u32, u32)> = Some((MIN, MAX));

    fn read(text: &str) -> Result<Duration, String> {
        let number: u64 = Number::<u32, MIN, MAX>::read(text)?.into();
        Ok(Duration::from_millis(number * UNIT))
    }
}

/// A text that its type parses; blanks around it are ignored.
pub struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Kind for Text<T> {
    type Value = T;

    fn read(text: &str) -> Result<T, String> {
        text.trim()
            .parse()
            .map_err(|error: T::Err| error.to_string())
    }
}

/// One of the names of an enum.
pub struct Name<T>(PhantomData<T>);

impl<T: FromStr + VariantNames> Kind for Name<T> {
    type Value = T;

    fn read(text: &str) -> Result<T, String> {
        text.parse()
            .map_err(|_| format!("must be {}", T::VARIANTS.join(" or ")))
    }
}

/// Comma-separated values; blanks around them and empty ones are ignored.
pub struct List<K>(PhantomData<K>);

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn read(text: &str) -> Result<Self::Value, String> {
        let entries = text.split(',').map(str::trim);
        entries
            .filter(|entry| !entry.is_empty())
            .map(K::read)
            .collect()
    }
}

/// Nothing, or a value.
pub struct Optional<K>(PhantomData<K>);

impl<K: Kind> Kind for Optional<K> {
    type Value = Option<K::Value>;

    fn read(text: &str) -> Result<Self::Value, String> {
        let text = text.trim();
        if text.is_empty() {
            Ok(None)
        } else {
            K::read(text).map(Some)
        }
    }
}

/// A secret: any text, which `Debug` does not show.
pub struct Secret;

impl Kind for Secret {
    type Value = SecretString;

    fn read(text: &str) -> Result<SecretString, String> {
        Ok(text.into())
    }
}

/// An address to listen on, or the name of a host.
pub struct Host;

impl Kind for Host {
    type Value = String;

    fn read(text: &str) -> Result<String, String> {
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err("must be an address or a host name".to_owned());
        }
        Ok(text.to_owned())
    }
}

/// A network in CIDR form, or one address.
pub struct Network;

impl Kind for Network {
    type Value = IpNet;

    fn read(text: &str) -> Result<IpNet, String> {
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| format!("{text:?} is not a network such as 10.0.0.0/8"))
    }
}

/// An origin (RFC 6454) as browsers send it: scheme, host and perhaps port, no path; in lower case.
pub struct Origin;

impl Kind for Origin {
    type Value = String;

    fn read(text: &str) -> Result<String, String> {
        let url = Url::parse(text).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(|url| (url.origin().ascii_serialization(), url))
            // There is nothing else in the URL.
            .filter(|(origin, url)| url.as_str() == format!("{origin}/"))
            .map(|(origin, _)| origin)
            .ok_or_else(|| format!("{text:?} is not an origin such as https://app.example.com"))
    }
}
