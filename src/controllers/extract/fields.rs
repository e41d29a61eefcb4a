//! Named values, read one by one; every fault on the way is kept.

use std::{borrow::Cow, str::FromStr};

use serde_json::value::RawValue;

use super::json::Object;
use crate::{
    error::{
        AppError,
        field::{FieldError, Place},
    },
    models::violation::{Violation, nearest},
};

/// A value as it stands in a request: JSON, or the text of a form or query.
pub trait RawInput: Sized {
    /// Whether it is JSON's `null`.
    fn is_null(&self) -> bool;
    /// The value as text, where it is text.
    fn as_text(&self) -> Result<Cow<'_, str>, Violation>;
    /// The value as JSON text, where it is a JSON number or `true` or `false`; text of a form or
    /// query as it stands.
    fn as_literal(&self) -> &str;
    /// The items of an array.
    fn as_items(&self) -> Result<Vec<Self>, Violation>;
    /// The members of an object.
    fn as_members(&self) -> Result<Vec<(String, Self)>, Violation>;
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

    fn as_literal(&self) -> &str {
        self.get()
    }

    fn as_items(&self) -> Result<Vec<Self>, Violation> {
        serde_json::from_str(self.get()).map_err(|_| Violation::new("type", "must be an array"))
    }

    fn as_members(&self) -> Result<Vec<(String, Self)>, Violation> {
        let object: Result<Object<'_>, _> = serde_json::from_str(self.get());
        object
            .map(|object| object.0)
            .map_err(|_| Violation::new("type", "must be an object"))
    }
}

impl RawInput for Cow<'_, str> {
    fn is_null(&self) -> bool {
        false
    }

    fn as_text(&self) -> Result<Cow<'_, str>, Violation> {
        Ok(Cow::Borrowed(self))
    }

    fn as_literal(&self) -> &str {
        self
    }

    fn as_items(&self) -> Result<Vec<Self>, Violation> {
        Err(Violation::new("type", "must be text"))
    }

    fn as_members(&self) -> Result<Vec<(String, Self)>, Violation> {
        Err(Violation::new("type", "must be text"))
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
    part: Part,
    errors: Vec<FieldError>,
}

/// Which part of a request the values stand in.
enum Part {
    /// The object at this JSON Pointer into the body.
    Body(String),
    Query,
}

impl<V: RawInput> Fields<V> {
    /// Members of a body, JSON or form.
    pub fn members(entries: Vec<(String, V)>) -> Self {
        Self::new(entries, Part::Body(String::new()))
    }

    /// Members of the object at `pointer` in the body.
    pub fn members_at(entries: Vec<(String, V)>, pointer: String) -> Self {
        Self::new(entries, Part::Body(pointer))
    }

    /// Parameters of a query.
    pub fn parameters(entries: Vec<(String, V)>) -> Self {
        Self::new(entries, Part::Query)
    }

    fn new(entries: Vec<(String, V)>, part: Part) -> Self {
        Self {
            entries,
            asked: Vec::new(),
            part,
            errors: Vec::new(),
        }
    }

    /// A value that must be there.
    pub fn required<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: FromStr<Err: Into<Violation>>,
    {
        self.needed(name);
        self.optional(name)
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

    /// A whole number from `min` to `max`, which may be absent.
    pub fn number(&mut self, name: &'static str, (min, max): (i64, i64)) -> Option<i64> {
        let value = self.take(name)?;
        let number = whole_number(value.as_literal());
        match number.filter(|number| (min..=max).contains(number)) {
            Some(number) => Some(number),
            None => {
                let code = match (value.is_null(), value.as_literal().parse::<f64>()) {
                    (true, _) => "null",
                    (false, Ok(_)) => "range",
                    (false, Err(_)) => "type",
                };
                let detail = format!("must be a whole number from {min} to {max}");
                self.refuse(name, Violation::new(code, detail));
                None
            }
        }
    }

    /// A whole number from `min` to `max`, which must be there.
    pub fn required_number(&mut self, name: &'static str, bounds: (i64, i64)) -> Option<i64> {
        self.needed(name);
        self.number(name, bounds)
    }

    /// `true` or `false`, which may be absent.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.take(name)?;
        match value.as_literal() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                let code = if value.is_null() { "null" } else { "type" };
                self.refuse(name, Violation::new(code, "must be true or false"));
                None
            }
        }
    }

    /// An array of `least` to `most` different values, which may be absent but not null. A fault is
    /// named by the item's own place.
    pub fn distinct<T>(&mut self, name: &'static str, bounds: (usize, usize)) -> Option<Vec<T>>
    where
        T: FromStr<Err: Into<Violation>> + PartialEq,
    {
        let items = self.items(name, bounds)?;
        let faults = self.errors.len();
        let mut values: Vec<T> = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let place = format!("{name}/{number}");
            let Some(value) = self.read(&place, item) else {
                continue;
            };
            if values.contains(&value) {
                let detail = "must not be there twice";
                self.refuse(&place, Violation::new("duplicate", detail));
            }
            values.push(value);
        }
        (self.errors.len() == faults).then_some(values)
    }

    /// The same, which must be there.
    pub fn required_distinct<T>(
        &mut self,
        name: &'static str,
        bounds: (usize, usize),
    ) -> Option<Vec<T>>
    where
        T: FromStr<Err: Into<Violation>> + PartialEq,
    {
        self.needed(name);
        self.distinct(name, bounds)
    }

    /// An array of `least` to `most` items, which may be absent but not null.
    pub fn items(&mut self, name: &'static str, (least, most): (usize, usize)) -> Option<Vec<V>> {
        let value = self.take(name)?;
        let items = match value.is_null() {
            true => Err(Violation::new("null", "must not be null")),
            false => value.as_items(),
        };
        let items = items.and_then(|items| match (least..=most).contains(&items.len()) {
            true => Ok(items),
            false => Err(Violation::new(
                "length",
                format!("must have {least} to {most} items"),
            )),
        });
        items.map_err(|violation| self.refuse(name, violation)).ok()
    }

    /// An array of `least` to `most` items, which must be there.
    pub fn required_items(&mut self, name: &'static str, bounds: (usize, usize)) -> Option<Vec<V>> {
        self.needed(name);
        self.items(name, bounds)
    }

    /// An object that must be there, read by `read`.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        self.needed(name);
        let value = self.take(name)?;
        let members = match value.is_null() {
            true => Err(Violation::new("null", "must not be null")),
            false => value.as_members(),
        };
        let members = match members {
            Ok(members) => members,
            Err(violation) => {
                self.refuse(name, violation);
                return None;
            }
        };
        let pointer = match self.place(name) {
            Place::Pointer(pointer) | Place::Parameter(pointer) | Place::Header(pointer) => pointer,
        };
        let mut inner = Self::members_at(members, pointer);
        let shape = read(&mut inner);
        match inner.finish(shape) {
            Ok(shape) => Some(shape),
            Err(AppError::Validation(errors)) => {
                self.errors.extend(errors);
                None
            }
            Err(_) => None,
        }
    }

    /// The shape that was read, unless anything was wrong or unknown values are left.
    pub fn finish<T>(mut self, shape: Option<T>) -> Result<T, AppError> {
        let noun = match self.part {
            Part::Body(_) => "member",
            Part::Query => "parameter",
        };
        for name in self.leftover() {
            let place = match self.part {
                Part::Body(_) => Place::escape(&name),
                Part::Query => name.clone(),
            };
            let mut detail = format!("is no {noun} of this operation");
            if let Some(near) = nearest(&name, &self.asked) {
                detail.push_str(&format!("; did you mean {near}?"));
            }
            self.refuse(&place, Violation::new("unknown", detail));
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

    fn needed(&mut self, name: &'static str) {
        if !self.entries.iter().any(|(entry, _)| entry == name) {
            self.refuse(name, Violation::new("required", "is required"));
        }
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

    /// Keeps a fault of the value called `name`.
    pub fn refuse(&mut self, name: &str, violation: Violation) {
        self.errors.push(FieldError {
            place: self.place(name),
            code: violation.code,
            detail: violation.detail,
        });
    }

    fn place(&self, name: &str) -> Place {
        match &self.part {
            Part::Body(pointer) => Place::Pointer(format!("{pointer}/{name}")),
            Part::Query => Place::parameter(name),
        }
    }
}

/// A whole number as JSON may write it: `7`, and also `7.0` or `7e0` (JSON Schema counts all as
/// integers).
fn whole_number(literal: &str) -> Option<i64> {
    /// Past this, a floating-point number stands for several whole ones.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    literal.parse().ok().or_else(|| {
        let number: f64 = literal.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
    })
}
