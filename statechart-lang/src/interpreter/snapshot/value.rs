//! Values as JSON, by their type.

use std::collections::BTreeMap;

use super::{Json, SnapshotError};
use crate::{
    interpreter::Value,
    model::{Field, Type},
};

/// A value as JSON.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Int(number) | Value::Time(number) | Value::Duration(number) => Json::from(*number),
        // Never infinite or not a number: the language makes no such value.
        Value::Float(number) => Json::from(*number),
        Value::Bool(value) => Json::from(*value),
        Value::Text(text) => Json::from(text.as_str()),
        Value::None => Json::Null,
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Token(name) => Json::from(name.as_str()),
    }
}

/// The value of a type that JSON stands for.
pub(super) fn from_json(json: &Json, ty: &Type, path: &str) -> Result<Value, SnapshotError> {
    let value = match ty {
        Type::Int => json.as_i64().map(Value::Int),
        Type::Time => json.as_i64().map(Value::Time),
        Type::Duration => json.as_i64().map(Value::Duration),
        Type::Float => json.as_f64().filter(|number| number.is_finite()).map(Value::Float),
        Type::Bool => json.as_bool().map(Value::Bool),
        Type::Text => json.as_str().map(|text| Value::Text(text.to_owned())),
        Type::Optional(_) if json.is_null() => Some(Value::None),
        Type::Optional(inner) => return from_json(json, inner, path),
        Type::List(item) => match json {
            Json::Array(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(at, json)| from_json(json, item, &format!("{path}[{at}]")));
                Some(Value::List(items.collect::<Result<_, _>>()?))
            }
            _ => None,
        },
        Type::Extern(_) => Some(Value::Token(match json {
            Json::String(name) => name.clone(),
            other => other.to_string(),
        })),
        Type::Unknown => json.is_null().then_some(Value::None),
    };
    value.ok_or_else(|| SnapshotError::at(path, format!("{} is no value of type {ty}", shown(json))))
}

/// JSON in an error: cut off, so that the error stays one line.
fn shown(json: &Json) -> String {
    const LENGTH: usize = 60;
    let text = json.to_string();
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Named fields.
pub(super) fn fields_to_json(fields: &[Field], values: &[Value]) -> BTreeMap<String, Json> {
    fields.iter().zip(values).map(|(field, value)| (field.name.clone(), to_json(value))).collect()
}

/// One value a field, in their order; none may be missing, none to spare.
pub(super) fn fields_from_json(
    saved: &BTreeMap<String, Json>,
    fields: &[Field],
    path: &str,
) -> Result<Vec<Value>, SnapshotError> {
    if let Some(spare) = saved.keys().find(|name| !fields.iter().any(|field| field.name == **name)) {
        return Err(SnapshotError::at(format!("{path}.{spare}"), "there is no such field"));
    }
    let value = |field: &Field| {
        let path = format!("{path}.{}", field.name);
        let json = saved.get(&field.name).ok_or_else(|| SnapshotError::at(path.as_str(), "it is missing"))?;
        from_json(json, &field.ty, &path)
    };
    fields.iter().map(value).collect()
}
