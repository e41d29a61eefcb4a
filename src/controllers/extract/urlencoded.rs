//! `application/x-www-form-urlencoded` text, in forms and queries.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The name of a pair that is not UTF-8 once it is decoded, as well as it can be shown.
#[derive(Debug, PartialEq, Eq)]
pub struct NotUtf8(pub String);

/// The pairs in their order, repeated ones included. Unlike the decoder of the URL standard, it
/// does not replace what is not UTF-8: two different passwords would become one.
pub fn pairs(text: &str) -> Result<Vec<(String, Cow<'static, str>)>, NotUtf8> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) => Ok((name, Cow::Owned(value))),
                _ => Err(NotUtf8(
                    percent_decode_str(name).decode_utf8_lossy().into_owned(),
                )),
            }
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let owned = |(name, value): (String, Cow<'_, str>)| (name, value.into_owned());
        pairs(text).unwrap().into_iter().map(owned).collect()
    }

    #[test]
    fn pairs_keep_their_order_and_their_repetitions() {
        let expected = [
            ("a", "1 2"),
            ("a", "é&="),
            ("b", ""),
            ("", "x"),
            ("c", "%zz"),
        ];
        let expected = expected.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(read("a=1+2&a=%C3%A9%26=&&b&=x&c=%zz"), expected);
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(value in any::<String>()) {
            let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            prop_assert_eq!(read(&format!("v={encoded}")), [("v".to_owned(), value)]);
        }
    }
}
