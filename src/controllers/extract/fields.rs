//! Named values, read one by one; every fault on the way is kept.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{json::Object, values::Value};
use crate::{
    error::{
        AppError,
        field::{FieldError, Location},
    },
    models::violation::{Violation, nearest},
};

/// A value as it stands in a request: JSON, or the text of a form or query.
pub trait RawInput: Sized {
    /// The value as text, where it is text.
    fn as_text(&self) -> Result<Cow<'_, str>, Violation>;
    /// The value as JSON text, where it is a JSON number or `true` or `false`; text of a form or
    /// query as it stands.
    fn as_literal(&self) -> &str;

    /// Adds a later value of the same name to a list, and returns whether lists may be written so.
    fn append(&mut self, _later: &Self) -> bool {
        false
    }

    /// Whether it is JSON's `null`.
    fn is_null(&self) -> bool {
        false
    }

    /// The items of an array.
    fn as_items(&self) -> Result<Vec<Self>, Violation> {
        Err(Violation::new("type", "must be text"))
    }

    /// The members of an object.
    fn as_members(&self) -> Result<Vec<(String, Self)>, Violation> {
        Err(Violation::new("type", "must be text"))
    }
}

impl RawInput for &RawValue {
    fn as_text(&self) -> Result<Cow<'_, str>, Violation> {
        let text = serde_json::from_str(self.get()).map(Cow::Owned);
        text.map_err(|_| {
            let detail = if self.get().starts_with('"') {
                "must be a string of Unicode characters, without lone surrogates"
            } else {
                "must be a string"
            };
            Violation::new("type", detail)
        })
    }

    fn as_literal(&self) -> &str {
        self.get()
    }

    fn is_null(&self) -> bool {
        self.get() == "null"
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
    fn as_text(&self) -> Result<Cow<'_, str>, Violation> {
        Ok(Cow::Borrowed(self))
    }

    fn as_literal(&self) -> &str {
        self
    }

    fn append(&mut self, later: &Self) -> bool {
        let list = self.to_mut();
        list.push(',');
        list.push_str(later);
        true
    }
}

/// A request that can be read from named values. `None` where a value is missing or refused.
pub trait FromFields: Sized {
    /// Takes what it needs out of `fields`, which keep the faults.
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self>;
}

/// The named values of one request part, and the faults found in them so far.
pub struct Fields<V> {
    entries: Vec<(String, V)>,
    asked: Vec<&'static str>,
    /// JSON Pointer to the object whose members they are; `None` of the parameters of a query.
    pointer: Option<String>,
    errors: Vec<FieldError>,
}

impl<V: RawInput> Fields<V> {
    /// Members of a body, JSON or form.
    pub fn members(entries: Vec<(String, V)>) -> Self {
        Self::new(entries, Some(String::new()))
    }

    /// Parameters of a query.
    pub fn parameters(entries: Vec<(String, V)>) -> Self {
        Self::new(entries, None)
    }

    fn new(entries: Vec<(String, V)>, pointer: Option<String>) -> Self {
        Self {
            entries,
            asked: Vec::new(),
            pointer,
            errors: Vec::new(),
        }
    }

    /// The value called `name`, which may be absent (`Some(None)`); `None` where it is refused.
    pub fn optional<T: Value>(&mut self, name: &'static str) -> Option<Option<T>> {
        match self.take(name, T::IS_LIST) {
            Some(value) => self.read(name, &value).map(Some),
            None => Some(None),
        }
    }

    /// The value called `name`, which must be there; `None` where it is missing or refused.
    pub fn required<T: Value>(&mut self, name: &'static str) -> Option<T> {
        let value = self.optional(name)?;
        if value.is_none() {
            self.refuse(name, Violation::new("required", "is required"));
        }
        value
    }

    /// The value called `name`, which may be absent (`Some(None)`) or null (`Some(Some(None))`); `None` where it is
    /// refused.
    pub fn nullable<T: Value>(&mut self, name: &'static str) -> Option<Option<Option<T>>> {
        match self.take(name, T::IS_LIST) {
            Some(value) if value.is_null() => Some(Some(None)),
            Some(value) => self.read(name, &value).map(|read| Some(Some(read))),
            None => Some(None),
        }
    }

    /// `value`, which stands at `name`; `None` where it is refused.
    pub fn read<T: Value>(&mut self, name: &str, value: &V) -> Option<T> {
        if value.is_null() {
            self.refuse(name, Violation::new("null", "must not be null"));
            return None;
        }
        T::read(self, name, value)
    }

    /// `found`, unless it is a violation, which is kept as the fault of the value at `name`.
    pub fn keep<T>(&mut self, name: &str, found: Result<T, impl Into<Violation>>) -> Option<T> {
        found
            .map_err(|violation| self.refuse(name, violation.into()))
            .ok()
    }

    /// The problem of a fault of the value at `name` alone.
    pub fn invalid(&self, name: &str, violation: Violation) -> AppError {
        invalid(self.location(name), violation)
    }

    /// The members of the object at `name`.
    pub fn inner(&self, name: &str, members: Vec<(String, V)>) -> Self {
        let pointer = self.pointer.as_deref().unwrap_or_default();
        Self::new(members, Some(format!("{pointer}/{name}")))
    }

    /// Keeps the faults of a part of these values.
    pub fn adopt<T>(&mut self, part: Result<T, AppError>) -> Option<T> {
        match part {
            Ok(read) => Some(read),
            Err(AppError::Validation(errors)) => {
                self.errors.extend(errors);
                None
            }
            Err(_) => None,
        }
    }

    /// How many faults there are so far.
    pub fn faults(&self) -> usize {
        self.errors.len()
    }

    /// The request that was read, unless anything was wrong or unknown values are left.
    pub fn finish<T>(mut self, request: Option<T>) -> Result<T, AppError> {
        for name in self.leftover() {
            let (noun, location) = if self.pointer.is_some() {
                ("field", Location::escape(&name))
            } else {
                ("parameter", name.clone())
            };
            let mut detail = format!("is an unknown {noun}");
            if let Some(near) = nearest(&name, &self.asked) {
                detail.push_str(&format!("; did you mean {near}?"));
            }
            self.refuse(&location, Violation::new("unknown", detail));
        }
        self.finish_lenient(request)
    }

    /// As [`Fields::finish`], but unknown values are ignored (RFC 6749 section 3.2).
    pub fn finish_lenient<T>(self, request: Option<T>) -> Result<T, AppError> {
        match request {
            Some(request) if self.errors.is_empty() => Ok(request),
            _ => Err(AppError::Validation(self.errors)),
        }
    }

    /// Takes the value called `name` out. A second one is a fault, unless they are the items of a list.
    fn take(&mut self, name: &'static str, is_list: bool) -> Option<V> {
        self.asked.push(name);
        let index = self.entries.iter().position(|(entry, _)| entry == name)?;
        let (_, mut value) = self.entries.remove(index);
        let mut is_duplicate = false;
        self.entries.retain(|(entry, later)| {
            let is_later = entry == name;
            is_duplicate |= is_later && !(is_list && value.append(later));
            !is_later
        });
        if is_duplicate {
            self.refuse(
                name,
                Violation::new("duplicate", "is a duplicate; it may be given only once"),
            );
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
            location: self.location(name),
            code: violation.code,
            detail: violation.detail,
        });
    }

    fn location(&self, name: &str) -> Location {
        match &self.pointer {
            Some(pointer) => Location::Pointer(format!("{pointer}/{name}")),
            None => Location::parameter(name),
        }
    }
}

/// The problem of one fault.
pub fn invalid(location: Location, violation: Violation) -> AppError {
    AppError::invalid(location, violation.code, violation.detail)
}
