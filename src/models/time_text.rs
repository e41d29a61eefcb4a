//! RFC 3339 times as text: read, or refused with what is wrong.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// The time in UTC that `text` is as RFC 3339 section 5.6 `date-time`, with the year 0000 as well. The blank that its
/// note allows instead of the `T` is refused, as OpenAPI's `date-time` refuses it. Errors: what is wrong.
pub fn read(text: &str) -> Result<NaiveDateTime, String> {
    parse(text).map_err(|wrong| other_kind(text).unwrap_or(wrong))
}

fn parse(text: &str) -> Result<NaiveDateTime, String> {
    let (date, rest) = read_date(text)?;
    let (since_midnight, rest) = read_time(rest)?;
    let (fraction, rest) = read_fraction(rest)?;
    let local = date.and_time(NaiveTime::MIN) + since_midnight;
    let utc = local - read_offset(rest)?;
    // It counts as the second after it, which begins a day: a leap second ends one.
    let is_leap = text.get(17..19) == Some("60");
    if is_leap && utc.time() != NaiveTime::MIN {
        return Err("a second 60 can only be at 23:59:60 in UTC".to_owned());
    }
    Ok(utc + fraction)
}

/// What is wrong with text that is no attempt at a time, or looks like one.
fn other_kind(text: &str) -> Option<String> {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok() {
        return Some("it is a number, not a time".to_owned());
    }
    let other = text.chars().find(|c| !c.is_ascii())?;
    Some(format!(
        "the character U+{:04X} is not ASCII",
        u32::from(other)
    ))
}

/// The date and what follows the `T` behind it.
fn read_date(text: &str) -> Result<(NaiveDate, &str), String> {
    let (date, rest) = split(text, 10);
    let [year, month, day] = numbers(date, "0000-00-00")
        .ok_or_else(|| "it must begin with a date of the form 2026-11-23".to_owned())?;
    if !(1..=12).contains(&month) {
        return Err(format!("there is no month {month:02}"));
    }
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, day)
        .ok_or_else(|| format!("there is no day {day:02} in {year:04}-{month:02}"))?;
    match split(rest, 1) {
        ("T" | "t", rest) => Ok((date, rest)),
        ("", _) => Err("it is a date without a time of day".to_owned()),
        (" ", _) => Err("there must be a T between date and time, not a space".to_owned()),
        _ => Err("there must be a T after the date".to_owned()),
    }
}

/// The time since midnight in whole seconds, and what follows.
fn read_time(text: &str) -> Result<(TimeDelta, &str), String> {
    let (time, rest) = split(text, 8);
    let [hour, minute, second] = numbers(time, "00:00:00")
        .ok_or_else(|| "the time of day must have the form 09:00:00, with seconds".to_owned())?;
    for (name, value, last) in [
        ("hour", hour, 23),
        ("minute", minute, 59),
        ("second", second, 60),
    ] {
        if value > last {
            return Err(format!("there is no {name} {value:02}"));
        }
    }
    let seconds = (hour * 60 + minute) * 60 + second;
    Ok((TimeDelta::seconds(seconds.into()), rest))
}

/// The fraction of a second to the nanosecond, and what follows.
fn read_fraction(text: &str) -> Result<(TimeDelta, &str), String> {
    if text.starts_with(',') {
        return Err(
            "there must be a point before the fraction of a second, not a comma".to_owned(),
        );
    }
    let Some(text) = text.strip_prefix('.') else {
        return Ok((TimeDelta::zero(), text));
    };
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (digits, _) = split(text, text.len() - rest.len());
    if digits.is_empty() {
        return Err("there must be digits after the point that follows the seconds".to_owned());
    }
    let digits = digits.bytes().chain([b'0'; 9]).take(9);
    let nanoseconds = digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Ok((TimeDelta::nanoseconds(nanoseconds), rest))
}

/// How far local time is ahead of UTC.
fn read_offset(text: &str) -> Result<TimeDelta, String> {
    let (sign, rest) = split(text, 1);
    let (offset, rest) = match sign {
        "" => return Err("the offset is missing: Z, or one such as +01:00".to_owned()),
        "Z" | "z" => (TimeDelta::zero(), rest),
        "+" | "-" => {
            let (offset, rest) = split(rest, 5);
            let [hours, minutes] = numbers(offset, "00:00")
                .ok_or_else(|| "the offset must be Z or have the form +01:00".to_owned())?;
            if hours > 23 || minutes > 59 {
                return Err(format!("there is no offset {sign}{offset}"));
            }
            let ahead = TimeDelta::minutes((hours * 60 + minutes).into());
            (if sign == "-" { -ahead } else { ahead }, rest)
        }
        // In a query or a form, a plus sign that is not encoded means a blank.
        " " => {
            return Err(
                "there is a space where the sign of the offset belongs; in a query, a + that is not percent-encoded means a space".to_owned(),
            );
        }
        _ => return Err("the offset must be Z or have the form +01:00".to_owned()),
    };
    if rest.is_empty() {
        Ok(offset)
    } else {
        Err("there must be nothing after the offset".to_owned())
    }
}

/// The first `length` bytes, or all where there are fewer, and the rest.
fn split(text: &str, length: usize) -> (&str, &str) {
    text.split_at_checked(length).unwrap_or((text, ""))
}

/// The numbers in `text`, where it has a digit wherever `form` has a 0 and is the same elsewhere.
fn numbers<const N: usize>(text: &str, form: &str) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut number = 0;
    for (given, expected) in text.bytes().zip(form.bytes()) {
        if expected == b'0' && given.is_ascii_digit() {
            let value: &mut u32 = numbers.get_mut(number)?;
            *value = *value * 10 + u32::from(given - b'0');
        } else if given == expected {
            number += 1;
        } else {
            return None;
        }
    }
    (text.len() == form.len()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Timelike};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        for (text, wrong) in [
            ("", "it is empty"),
            ("1763888400", "it is a number, not a time"),
            ("-1763888400.5", "it is a number, not a time"),
            ("20261123", "it is a number, not a time"),
            (
                "2026.11.23",
                "it must begin with a date of the form 2026-11-23",
            ),
            (
                "tomorrow",
                "it must begin with a date of the form 2026-11-23",
            ),
            (
                "23.11.2026 09:00",
                "it must begin with a date of the form 2026-11-23",
            ),
            (
                "2026-1-1T09:00:00Z",
                "it must begin with a date of the form 2026-11-23",
            ),
            (
                "20261123T090000Z",
                "it must begin with a date of the form 2026-11-23",
            ),
            (
                "+12026-11-23T09:00:00Z",
                "it must begin with a date of the form 2026-11-23",
            ),
            (
                "\u{ff12}026-11-23T09:00:00Z",
                "the character U+FF12 is not ASCII",
            ),
            (
                "2026-11-23T09:00:00\u{2212}01:00",
                "the character U+2212 is not ASCII",
            ),
            ("2026-00-23T09:00:00Z", "there is no month 00"),
            ("2026-13-23T09:00:00Z", "there is no month 13"),
            ("2026-02-29", "there is no day 29 in 2026-02"),
            ("2026-11-00T09:00:00Z", "there is no day 00 in 2026-11"),
            ("2026-11-31T09:00:00Z", "there is no day 31 in 2026-11"),
            ("2026-11-23", "it is a date without a time of day"),
            (
                "2026-11-23 09:00:00Z",
                "there must be a T between date and time, not a space",
            ),
            ("2026-11-23_09:00:00Z", "there must be a T after the date"),
            ("2026-11-23Z", "there must be a T after the date"),
            (
                "2026-11-23T",
                "the time of day must have the form 09:00:00, with seconds",
            ),
            (
                "2026-11-23T09:00Z",
                "the time of day must have the form 09:00:00, with seconds",
            ),
            (
                "2026-11-23T9:00:00Z",
                "the time of day must have the form 09:00:00, with seconds",
            ),
            ("2026-11-23T24:00:00Z", "there is no hour 24"),
            ("2026-11-23T09:60:00Z", "there is no minute 60"),
            ("2026-11-23T09:00:61Z", "there is no second 61"),
            (
                "2026-11-23T12:30:60Z",
                "a second 60 can only be at 23:59:60 in UTC",
            ),
            (
                "2026-11-23T23:59:60+01:00",
                "a second 60 can only be at 23:59:60 in UTC",
            ),
            (
                "2026-11-23T09:00:00,5Z",
                "there must be a point before the fraction of a second, not a comma",
            ),
            (
                "2026-11-23T09:00:00.Z",
                "there must be digits after the point that follows the seconds",
            ),
            (
                "2026-11-23T09:00:00",
                "the offset is missing: Z, or one such as +01:00",
            ),
            (
                "2026-11-23T09:00:00.123456",
                "the offset is missing: Z, or one such as +01:00",
            ),
            (
                "2026-11-23T09:00:00 01:00",
                "there is a space where the sign of the offset belongs; in a query, a + that is not percent-encoded means a space",
            ),
            (
                "2026-11-23T09:00:00+01",
                "the offset must be Z or have the form +01:00",
            ),
            (
                "2026-11-23T09:00:00+0100",
                "the offset must be Z or have the form +01:00",
            ),
            (
                "2026-11-23T09:00:00CET",
                "the offset must be Z or have the form +01:00",
            ),
            ("2026-11-23T09:00:00+24:00", "there is no offset +24:00"),
            ("2026-11-23T09:00:00-01:60", "there is no offset -01:60"),
            (
                "2026-11-23T09:00:00Z[UTC]",
                "there must be nothing after the offset",
            ),
            (
                "2026-11-23T09:00:00+01:00 ",
                "there must be nothing after the offset",
            ),
        ] {
            assert_eq!(read(text), Err(wrong.to_owned()), "{text:?}");
        }
    }

    /// What chrono reads, but for a blank instead of the `T` and leap seconds at other times.
    fn by_chrono(text: &str) -> Option<NaiveDateTime> {
        let is_ours = text.is_ascii() && matches!(text.as_bytes().get(10), Some(b'T' | b't'));
        let time = DateTime::parse_from_rfc3339(text).ok()?.naive_utc();
        let is_leap = time.nanosecond() >= 1_000_000_000;
        let ends_day = (time.hour(), time.minute()) == (23, 59);
        let counted = time.with_nanosecond(time.nanosecond() % 1_000_000_000)?;
        let counted = counted + TimeDelta::seconds(is_leap.into());
        Some(counted).filter(|_| is_ours && (!is_leap || ends_day))
    }

    proptest! {
        #[test]
        fn it_reads_what_chrono_reads(text in "[012][0-9]{3}-[01][0-9]-[0-3][0-9][Tt ][012][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,12})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?") {
            prop_assert_eq!(read(&text).ok(), by_chrono(&text));
        }

        #[test]
        fn it_reads_every_leap_second(day in 0..300_000i64, minutes in -1439..1440i64) {
            let midnight = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + TimeDelta::days(day);
            let local = midnight.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes - 1);
            let (sign, away) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
            let text = format!("{}:60{sign}{:02}:{:02}", local.format("%Y-%m-%dT%H:%M"), away / 60, away % 60);
            prop_assert_eq!(read(&text), Ok(midnight.and_time(NaiveTime::MIN)), "{}", text);
            prop_assert_eq!(read(&text).ok(), by_chrono(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = read(&text);
            let _ = read(&format!("2026-11-23T09:00:00{text}"));
        }
    }
}
