//! Ids and names in paths.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use percent_encoding::percent_decode_str;

use crate::{error::AppError, models::label::LabelName};

/// Largest id: 2^53 - 1, the largest integer that every JSON parser keeps exactly (RFC 8259 section 6).
pub const ID_MAX: i64 = 9_007_199_254_740_991;

/// The path's `{id}`. What is no id is the id of nothing: it fails only when it is asked for, since
/// a resource's 404 comes after everything that is wrong with the request itself.
#[derive(Debug, Clone, Copy)]
pub struct PathId(Option<i64>);

impl PathId {
    /// Errors: `NotFound`.
    pub fn get(self) -> Result<i64, AppError> {
        self.0.ok_or(AppError::NotFound)
    }
}

/// The path's `{name}`, of a label. What is no name is the name of nothing.
#[derive(Debug, Clone)]
pub struct PathLabel(Option<LabelName>);

impl PathLabel {
    /// Errors: `NotFound`.
    pub fn get(self) -> Result<LabelName, AppError> {
        self.0.ok_or(AppError::NotFound)
    }
}

impl FromRequest for PathLabel {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    /// The router has decoded all but `%25`, `%2F` and `%2B`.
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = percent_decode_str(req.match_info().query("name")).decode_utf8();
        ready(Ok(Self(name.ok().and_then(|name| name.parse().ok()))))
    }
}

impl FromRequest for PathId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(parse(req.match_info().query("id")))))
    }
}

fn parse(text: &str) -> Option<i64> {
    let id = text.parse().ok().filter(|id| (1..=ID_MAX).contains(id))?;
    // One id has one spelling: "+7" and "007" would parse too.
    (text == id.to_string()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_spelling_of_a_known_id_counts() {
        assert_eq!(parse("7"), Some(7));
        assert_eq!(parse("9007199254740991"), Some(ID_MAX));
        for text in [
            "",
            "0",
            "-1",
            "+7",
            "007",
            "7.0",
            "x",
            "9007199254740992",
            "٧",
            "7 ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"9".repeat(30)), None);
    }
}
