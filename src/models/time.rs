//! Points in time, in UTC, to the microsecond.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, Output, ToSql},
    sql_types::{Text, Timestamp},
    sqlite::Sqlite,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{time_text, value::schema, violation::Violation};

/// A point in time between the years 0001 and 9999, which every system can write, cut to microseconds:
/// SQLite would keep nine digits, PostgreSQL keeps six.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamp)]
pub struct UtcTime(NaiveDateTime);

/// A point in time, or a date, which stands for its midnight in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOrDate(pub UtcTime);

impl UtcTime {
    /// The present, by this machine's clock.
    pub fn now() -> Self {
        Self::cut(Utc::now().naive_utc()).unwrap_or_default()
    }

    /// Whole seconds since 1970, as a token counts them (RFC 7519 section 2, `NumericDate`).
    pub fn unix_seconds(self) -> i64 {
        self.0.and_utc().timestamp()
    }

    /// So much earlier; 1970 where there is none so early.
    pub fn minus(self, duration: Duration) -> Self {
        let delta = TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        let earlier = self.0.checked_sub_signed(delta);
        earlier.and_then(Self::cut).unwrap_or_default()
    }

    /// So much later; the end of the year 9999 where there is none so late.
    pub fn plus(self, duration: Duration) -> Self {
        let delta = TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        let later = self.0.checked_add_signed(delta);
        later.and_then(Self::cut).unwrap_or_else(Self::last)
    }

    /// How long it is from this until `later`; nothing where that is no later.
    pub fn until(self, later: Self) -> Duration {
        (later.0 - self.0).to_std().unwrap_or_default()
    }

    fn last() -> Self {
        let end = DateTime::from_timestamp_micros(253_402_300_799_999_999);
        end.map(|end| Self(end.naive_utc())).unwrap_or_default()
    }

    /// As [`Display`](fmt::Display) writes it, in ASCII. A list has hundreds of times: chrono's formatting would take most
    /// of what it costs to write one down.
    fn to_ascii(self) -> [u8; 27] {
        let (date, time) = (self.0.date(), self.0.time());
        let [y1, y2, y3, y4] = digits(date.year().unsigned_abs());
        let ([m1, m2], [d1, d2]) = (digits(date.month()), digits(date.day()));
        let ([h1, h2], [n1, n2]) = (digits(time.hour()), digits(time.minute()));
        let [s1, s2] = digits(time.second());
        let [f1, f2, f3, f4, f5, f6] = digits(time.nanosecond() / 1000);
        [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2,
            b'.', f1, f2, f3, f4, f5, f6, b'Z',
        ]
    }

    /// What was read of `text`, within the years.
    fn checked(text: &str, read: Result<NaiveDateTime, String>) -> Result<Self, Violation> {
        let time = read.map_err(|wrong| Violation::new("format", wrong))?;
        let bounds = "must be between the years 0001 and 9999, also after conversion to UTC";
        let time = Self::cut(time).filter(|_| !text.starts_with("0000"));
        time.ok_or_else(|| Violation::new("range", bounds))
    }

    /// `None` outside the years 0001 to 9999.
    fn cut(time: NaiveDateTime) -> Option<Self> {
        DateTime::from_timestamp_micros(time.and_utc().timestamp_micros())
            .filter(|cut| (1..=9999).contains(&cut.year()))
            .map(|cut| Self(cut.naive_utc()))
    }
}

/// The last `N` decimal digits of `number`.
fn digits<const N: usize>(number: u32) -> [u8; N] {
    let (mut digits, mut rest) = ([b'0'; N], number);
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    digits
}

impl Default for UtcTime {
    fn default() -> Self {
        Self(DateTime::UNIX_EPOCH.naive_utc())
    }
}

/// RFC 3339 with `Z` and six decimals: `2026-11-23T09:00:00.000000Z`.
impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.to_ascii()).unwrap_or_default())
    }
}

impl Serialize for UtcTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.to_ascii()).unwrap_or_default())
    }
}

/// RFC 3339 with any offset: see [`time_text::read`].
impl FromStr for UtcTime {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let expected = "must be an RFC 3339 time such as 2026-11-23T09:00:00Z";
        let text = text.trim();
        let read = time_text::read(text);
        Self::checked(text, read.map_err(|wrong| format!("{expected}: {wrong}")))
    }
}

impl<'de> Deserialize<'de> for UtcTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|violation: Violation| D::Error::custom(violation.detail))
    }
}

impl FromStr for TimeOrDate {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let text = text.trim();
        let read = match text.len() {
            10 => time_text::read(&format!("{text}T00:00:00Z")).or_else(|_| time_text::read(text)),
            _ => time_text::read(text),
        };
        let expected =
            "must be an RFC 3339 time or a date, such as 2026-11-23T09:00:00Z or 2026-11-23";
        UtcTime::checked(text, read.map_err(|wrong| format!("{expected}: {wrong}"))).map(Self)
    }
}

schema!(UtcTime, {
    "type": "string",
    "format": "date-time",
});

// A plain string: generators make no date of what may be a time, and no use of two formats.
schema!(TimeOrDate, {
    "type": "string",
    "description": "A time such as `2026-11-23T09:00:00+01:00`, or a date such as `2026-11-23`, which is its midnight in UTC.",
});

impl<DB: Backend> ToSql<Timestamp, DB> for UtcTime
where
    NaiveDateTime: ToSql<Timestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        ToSql::<Timestamp, DB>::to_sql(&self.0, out)
    }
}

impl FromSql<Timestamp, Pg> for UtcTime {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Timestamp, Pg>::from_sql(bytes).map(Self)
    }
}

/// Diesel tries several formats by their patterns, which takes a fifth of the time of a list. What it writes is
/// RFC 3339 without an offset, with a blank for the `T`.
impl FromSql<Timestamp, Sqlite> for UtcTime {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(bytes)? + "Z";
        Ok(Self(DateTime::parse_from_rfc3339(&text)?.naive_utc()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn time_goes_both_ways_and_ends() {
        let time: UtcTime = "2026-11-23T09:00:00Z".parse().unwrap();
        let hour = Duration::from_secs(3600);
        assert_eq!(time.plus(hour).to_string(), "2026-11-23T10:00:00.000000Z");
        assert_eq!(time.plus(hour).minus(hour), time);
        assert_eq!(time.until(time.plus(hour)), hour);
        assert_eq!(time.plus(hour).until(time), Duration::ZERO);
        let end = "9999-12-31T23:59:59.999999Z";
        assert_eq!(time.plus(hour * 24 * 365 * 8000).to_string(), end);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_itself(micros in -62_135_596_800_000_000i64..253_402_300_800_000_000) {
            let time = UtcTime::cut(DateTime::from_timestamp_micros(micros).unwrap().naive_utc()).unwrap();
            prop_assert_eq!(time.to_string().parse::<UtcTime>(), Ok(time));
            prop_assert_eq!(time.to_string().len(), 27);
        }
    }
}
