//! The kinds of settings: how the text of a variable becomes a value, and which values are in range.

use std::{fmt::Display, marker::PhantomData, net::SocketAddr, str::FromStr, time::Duration};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use strum::VariantNames;

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

/// `true` or `false`.
pub struct Flag;

impl Kind for Flag {
    type Value = bool;

    fn read(text: &str) -> Result<bool, String> {
        let text = text.trim();
        text.parse()
            .map_err(|_| format!("must be true or false, not {text:?}"))
    }
}

/// A text that its type parses.
pub struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Kind for Text<T> {
    type Value = T;

    fn read(text: &str) -> Result<T, String> {
        text.parse().map_err(|error: T::Err| error.to_string())
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

/// An IP address and a port.
pub struct Address;

impl Kind for Address {
    type Value = SocketAddr;

    fn read(text: &str) -> Result<SocketAddr, String> {
        text.parse().map_err(|_| {
            format!("must be an address and a port such as 127.0.0.1:9464, not {text:?}")
        })
    }
}
