//! Keys of the order by hand, in the scheme known as fractional indexing. No crate for it fits: `fractional_index` and
//! `loro_fractional_index` encode bytes as hexadecimal and read no keys but their own, `lexorank` has another form, and
//! `lexicon_fractional_index` has had no release but previews, the last in 2022.
//!
//! A key is an integer and a fraction, in base 62. The first character of the integer gives its length: `a` two
//! characters, `b` three, and on; below them `Z` two, `Y` three, and on. The fraction does not end in 0. So keys
//! compared byte by byte are in the order of the numbers.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};
use serde::Serialize;

use super::value::{schema, stored};

/// In ascending order.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// What a digit is below.
pub const BASE: u8 = 62;
const LAST: u8 = BASE - 1;
/// The digit `a`, with which the integers from 0 begin.
const A: u8 = 36;

/// A position in an order, compared byte by byte: 1 to [`Self::MAX`] of `0-9A-Za-z`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct OrderKey(String);

impl OrderKey {
    /// Most characters.
    pub const MAX: usize = 255;

    /// Whether `text` can be a key.
    pub fn is_valid(text: &str) -> bool {
        (1..=Self::MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
    }

    /// The key of what was never moved: it sorts as its id does. Statements make the same of the id.
    pub fn of_id(id: i64) -> Self {
        let digits = id.checked_ilog10().unwrap_or_default() as u8;
        Self(format!("{}{id}", char::from(b'a' + digits)))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Characters.
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// Its number, from the first digit, each below [`BASE`].
    pub fn digits(&self) -> Vec<u8> {
        let digit = |byte| DIGITS.partition_point(|digit| *digit < byte) as u8;
        self.0.bytes().map(digit).collect()
    }

    /// The key of a number, without zeros at its end.
    pub fn of_digits(mut number: Vec<u8>) -> Self {
        let significant = number.iter().rposition(|digit| *digit != 0);
        let end = significant.map_or(0, |at| at + 1);
        number.resize(end.max(integer_length(&number)), 0);
        let byte = |digit: &u8| DIGITS.get(usize::from(*digit)).copied().map(char::from);
        Self(number.iter().filter_map(byte).collect())
    }

    /// The next greater integer.
    pub fn integer_above(&self) -> Vec<u8> {
        self.integer_beside(1, LAST, 0)
    }

    /// The next smaller integer.
    pub fn integer_below(&self) -> Vec<u8> {
        self.integer_beside(-1, 0, LAST)
    }

    /// The integer one `step` on. Digits roll over from `end` to `start`; where all after the first do, the first is
    /// changed, and the length with it.
    fn integer_beside(&self, step: i8, end: u8, start: u8) -> Vec<u8> {
        let mut number = self.digits();
        number.truncate(integer_length(&number));
        let at = number.iter().rposition(|digit| *digit != end).unwrap_or(0);
        let digit = number.get(at).copied().unwrap_or_default();
        number.truncate(at);
        number.push(digit.saturating_add_signed(step));
        number.resize(integer_length(&number), start);
        number
    }
}

schema!(number OrderKey, {
    "type": "string",
    "minLength": 1,
    "maxLength": Self::MAX,
    "pattern": "^[0-9A-Za-z]+$",
});

stored!(OrderKey as Text, |key| key.0.as_str() => str, |key: String| Ok(Self(key)));

/// How many digits the integer of `number` has, by the first of them.
fn integer_length(number: &[u8]) -> usize {
    let length = match number.first() {
        Some(head) if *head < A => A + 1 - head,
        Some(head) => head - A + 2,
        None => 0,
    };
    length.into()
}

#[cfg(test)]
impl From<&str> for OrderKey {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::id::Id, *};

    #[test]
    fn integers_go_on_in_either_direction() {
        for (below, above) in [
            ("a7", "a8"),
            ("a9", "aA"),
            ("az", "b00"),
            ("b1z", "b20"),
            ("Zz", "a0"),
            ("Yzz", "Z0"),
            ("Y0z", "Y10"),
        ] {
            let fraction = |integer: &str| OrderKey(format!("{integer}V"));
            let read = |digits: Vec<u8>| OrderKey::of_digits(digits).0;
            assert_eq!(read(fraction(below).integer_above()), above);
            assert_eq!(read(fraction(above).integer_below()), below);
        }
    }

    proptest! {
        #[test]
        fn ids_and_their_keys_have_one_order(one in 1..=Id::MAX, other in 1..=Id::MAX, digits in 0u32..16) {
            let one = one % 10i64.pow(digits) + 1;
            let (key, other_key) = (OrderKey::of_id(one), OrderKey::of_id(other));
            prop_assert_eq!(key.cmp(&other_key), one.cmp(&other));
            prop_assert_eq!(integer_length(&key.digits()), key.length());
            prop_assert_eq!(OrderKey::of_digits(key.digits()), key);
        }
    }
}
