//! Changing JSON in place.

use serde_json::{Map, Value, json};

/// Lays `over` over `base`: objects are merged, everything else is replaced.
pub fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// The object at `path`, made where it is absent.
pub fn member<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Map<String, Value> {
    path.iter().fold(object(value), |map, name| {
        object(map.entry(*name).or_insert(Value::Null))
    })
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was just made an object"),
    }
}
