//! Named values, read one by one; every fault on the way is kept.

use std::{borrow::Cow, str::FromStr};

use serde_json::value::RawValue;

use crate::{
    error::{
        AppError,
        field::{FieldError, Place},
    },
    models::violation::{Violation, nearest},
};

/// A value as it stands in a request: JSON, or the text of a form or query.
pub trait RawInput {
    /// Whether it is JSON's `null`.
    fn is_null(&self) -> bool;
    /// The value as text, where it is text.
    fn as_text(&self) -> Result<Cow<'_, str>, Violation>;
}

impl RawInput for &RawValue {
    fn is_null(&self) -> bool {
        self.get() == "null"
    }

    fn as_text(&self) -> Result<Cow<'_, str>, Violation> {
        serde_json::from_str(self.get())
            .map(Cow::Owned)
            .map_err(|_| {
                let detail = match self.get().starts_with('"') {
                    true => "must be a string of Unicode characters, without lone surrogates",
                    false => "must be a string",
                };
                Violation::new("type", detail)
            })
    }
}

impl RawInput for Cow<'_, str> {
    fn is_null(&self) -> bool {
        false
    }

    fn as_text(&self) -> Result<Cow<'_, str>, Violation> {
        Ok(Cow::Borrowed(self))
    }
}

/// A shape that can be read from named values. `None` where a needed value is missing or wrong.
pub trait FromFields: Sized {
    /// Takes what it needs out of `fields`, which keep the faults.
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self>;
}

/// The named values of one request part, and the faults found in them so far.
pub struct Fields<V> {
    entries: Vec<(String, V)>,
    asked: Vec<&'static str>,
    place: fn(&str) -> Place,
    noun: &'static str,
    errors: Vec<FieldError>,
}

impl<V: RawInput> Fields<V> {
    /// Members of a body, JSON or form.
    pub fn members(entries: Vec<(String, V)>) -> Self {
        Self::new(entries, Place::member, "member")
    }

    /// Parameters of a query.
    pub fn parameters(entries: Vec<(String, V)>) -> Self {
        Self::new(entries, Place::parameter, "parameter")
    }

    fn new(entries: Vec<(String, V)>, place: fn(&str) -> Place, noun: &'static str) -> Self {
        Self {
            entries,
            asked: Vec::new(),
            place,
            noun,
            errors: Vec::new(),
        }
    }

    /// A value that must be there.
    pub fn required<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: FromStr<Err: Into<Violation>>,
    {
        match self.take(name) {
            None => {
                self.refuse(name, Violation::new("required", "is required"));
                None
            }
            Some(value) => self.read(name, &value),
        }
    }

    /// A value that may be absent but not null.
    pub fn optional<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: FromStr<Err: Into<Violation>>,
    {
        let value = self.take(name)?;
        self.read(name, &value)
    }

    /// A value that may be absent (`None`) or null (`Some(None)`).
    pub fn nullable<T>(&mut self, name: &'static str) -> Option<Option<T>>
    where
        T: FromStr<Err: Into<Violation>>,
    {
        let value = self.take(name)?;
        if value.is_null() {
            return Some(None);
        }
        self.read(name, &value).map(Some)
    }

    /// The shape that was read, unless anything was wrong or unknown values are left.
    pub fn finish<T>(mut self, shape: Option<T>) -> Result<T, AppError> {
        for name in self.leftover() {
            let mut detail = format!("is no {} of this operation", self.noun);
            if let Some(near) = nearest(&name, &self.asked) {
                detail.push_str(&format!("; did you mean {near}?"));
            }
            self.refuse(&name, Violation::new("unknown", detail));
        }
        self.finish_lenient(shape)
    }

    /// As [`Fields::finish`], but unknown values are ignored (RFC 6749 section 3.2).
    pub fn finish_lenient<T>(self, shape: Option<T>) -> Result<T, AppError> {
        match shape {
            Some(shape) if self.errors.is_empty() => Ok(shape),
            _ => Err(AppError::Validation(self.errors)),
        }
    }

    fn read<T>(&mut self, name: &str, value: &V) -> Option<T>
    where
        T: FromStr<Err: Into<Violation>>,
    {
        let read = match value.is_null() {
            true => Err(Violation::new("null", "must not be null")),
            false => value
                .as_text()
                .and_then(|text| text.parse::<T>().map_err(Into::into)),
        };
        read.map_err(|violation| self.refuse(name, violation)).ok()
    }

    /// Takes the one value called `name` out; a second one is a fault.
    fn take(&mut self, name: &'static str) -> Option<V> {
        self.asked.push(name);
        let index = self.entries.iter().position(|(entry, _)| entry == name)?;
        let (_, value) = self.entries.remove(index);
        let before = self.entries.len();
        self.entries.retain(|(entry, _)| entry != name);
        if self.entries.len() != before {
            self.refuse(name, Violation::new("duplicate", "must be given only once"));
        }
        Some(value)
    }

    fn leftover(&self) -> Vec<String> {
        /// Enough to see the pattern of a mistake; a hostile body cannot blow the answer up.
        const MOST: usize = 20;
        const LONGEST: usize = 100;
        let mut names: Vec<String> = Vec::new();
        for (name, _) in &self.entries {
            let shown: String = name.chars().take(LONGEST).collect();
            if names.len() < MOST && !names.contains(&shown) {
                names.push(shown);
            }
        }
        names
    }

    fn refuse(&mut self, name: &str, violation: Violation) {
        self.errors.push(FieldError {
            place: (self.place)(name),
            code: violation.code,
            detail: violation.detail,
        });
    }
}
