//! The kinds of values that members and parameters have, and how each is read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::fields::{Fields, RawInput};
use crate::models::{
    id::Id,
    task_ref::{TaskRef, TemporaryId},
    value::TextValue,
    violation::Violation,
};

/// A value of a request. What it may be, its schema says.
pub trait Value: JsonSchema + Sized {
    /// See [`TextValue::IS_LIST`].
    const IS_LIST: bool = false;

    /// Reads `value`, which stands at `name` and is not null. `None` where it is refused; `fields` keep the faults.
    fn read<V: RawInput>(fields: &mut Fields<V>, name: &str, value: &V) -> Option<Self>;
}

impl<T: TextValue> Value for T {
    const IS_LIST: bool = T::IS_LIST;

    fn read<V: RawInput>(fields: &mut Fields<V>, name: &str, value: &V) -> Option<Self> {
        let text = fields.keep(name, value.as_text())?;
        fields.keep(name, text.parse::<T>())
    }
}

impl Value for bool {
    fn read<V: RawInput>(fields: &mut Fields<V>, name: &str, value: &V) -> Option<Self> {
        let found = match value.as_literal() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Violation::new("type", "must be true or false")),
        };
        fields.keep(name, found)
    }
}

/// Types of whole numbers: how each is made of one, and what it may be.
macro_rules! whole_numbers {
    ($($type:ident: $bounds:expr;)+) => {$(
        impl Value for $type {
            fn read<V: RawInput>(fields: &mut Fields<V>, name: &str, value: &V) -> Option<Self> {
                let literal = value.as_literal();
                let found = whole_number(literal).and_then(Self::new).ok_or_else(|| {
                    let is_number = literal.parse::<f64>().is_ok();
                    let code = if is_number { "range" } else { "type" };
                    Violation::new(code, format!("must be a whole number {}", $bounds))
                });
                fields.keep(name, found)
            }
        }
    )+};
}

whole_numbers! {
    Id: format!("from 1 to {}", Id::MAX);
    TemporaryId: format!("from {} to -1", TemporaryId::MIN);
    TaskRef: format!("from 1 to {}, or the temporary id of a task", Id::MAX);
}

/// A whole number as JSON may write it: `7`, and also `7.0` or `7e0` (JSON Schema counts all as
/// integers).
pub fn whole_number(literal: &str) -> Option<i64> {
    /// Past this, a floating-point number stands for several whole ones.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    literal.parse().ok().or_else(|| {
        let number: f64 = literal.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
    })
}

/// An array of `MIN` to `MAX` different values. A fault is located at its item.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Distinct<T, const MIN: usize, const MAX: usize>(pub Vec<T>);

impl<T, const MIN: usize, const MAX: usize> Default for Distinct<T, MIN, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Value + PartialEq, const MIN: usize, const MAX: usize> Value for Distinct<T, MIN, MAX> {
    fn read<V: RawInput>(fields: &mut Fields<V>, name: &str, value: &V) -> Option<Self> {
        let items = fields.keep(name, items(value, MIN, MAX))?;
        let faults = fields.faults();
        let mut values: Vec<T> = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let location = format!("{name}/{number}");
            let Some(value) = fields.read(&location, item) else {
                continue;
            };
            if values.contains(&value) {
                let detail = "is a duplicate";
                fields.refuse(&location, Violation::new("duplicate", detail));
            }
            values.push(value);
        }
        (fields.faults() == faults).then_some(Self(values))
    }
}

impl<T: JsonSchema, const MIN: usize, const MAX: usize> JsonSchema for Distinct<T, MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{MIN}To{MAX}Distinct{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "array",
            "maxItems": MAX,
            "uniqueItems": true,
            "items": generator.subschema_for::<T>(),
        });
        if MIN > 0 {
            schema.insert("minItems".to_owned(), MIN.into());
        }
        schema
    }
}

/// The items of an array that has `min` to `max` of them.
pub fn items<V: RawInput>(value: &V, min: usize, max: usize) -> Result<Vec<V>, Violation> {
    let items = value.as_items()?;
    if (min..=max).contains(&items.len()) {
        Ok(items)
    } else {
        let detail = format!("must have {min} to {max} items");
        Err(Violation::new("length", detail))
    }
}
