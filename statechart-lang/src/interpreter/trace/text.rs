//! Rust's debug text of events, outputs and messages, read by the types of the specification and written anew.

use crate::{
    interpreter::{Signal, Value},
    model::{Field, Symbol, Type, names},
};

/// Deepest nesting of an extern value.
const DEPTH_LIMIT: usize = 128;

/// The values of an event's fields, from `Go { job: 1 }`.
///
/// # Errors
/// What does not fit the specification.
pub(super) fn arguments(text: &str, symbol: &Symbol) -> Result<Vec<Value>, String> {
    let mut reader = Reader { rest: text };
    reader.name();
    if symbol.fields.is_empty() {
        return Ok(Vec::new());
    }
    reader.expect("{")?;
    let mut values = Vec::new();
    for (at, field) in symbol.fields.iter().enumerate() {
        if at > 0 {
            reader.expect(",")?;
        }
        let name = reader.name();
        let wanted = names::snake(&field.name);
        if name.trim_end_matches('_') != wanted.trim_end_matches('_') {
            return Err(format!("`{name}` stands where the field `{}` is expected", field.name));
        }
        reader.expect(":")?;
        values.push(reader.value(&field.ty)?);
    }
    reader.expect("}")?;
    Ok(values)
}

/// What a child returned, from `Worker(42)`.
///
/// # Errors
/// What does not fit the specification.
pub(super) fn returned(text: &str, ty: &Type) -> Result<Value, String> {
    let mut reader = Reader { rest: text };
    reader.name();
    reader.expect("(")?;
    reader.value(ty)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        self.skip_space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(format!("`{wanted}` is missing before `{}`", self.shown())),
        }
    }

    fn takes(&mut self, wanted: &str) -> bool {
        self.expect(wanted).is_ok()
    }

    fn shown(&self) -> String {
        self.rest.chars().take(40).collect()
    }

    fn name(&mut self) -> String {
        self.take_while(|c| c.is_alphanumeric() || c == '_')
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        self.skip_space();
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken.to_owned()
    }

    fn value(&mut self, ty: &Type) -> Result<Value, String> {
        self.skip_space();
        let wrong = |text: &str| format!("`{text}` is no value of type {ty}");
        Ok(match ty {
            Type::Int => {
                let text = self.number();
                Value::Int(text.parse().map_err(|_| wrong(&text))?)
            }
            Type::Float => {
                let text = self.number();
                Value::Float(text.parse().map_err(|_| wrong(&text))?)
            }
            Type::Bool => {
                let text = self.name();
                Value::Bool(text.parse().map_err(|_| wrong(&text))?)
            }
            Type::Text => Value::Text(self.string()?),
            Type::Time => Value::Time(self.wrapped("Time")?),
            Type::Duration => Value::Duration(self.wrapped("Duration")?),
            Type::Optional(inner) => {
                if self.takes("None") {
                    return Ok(Value::None);
                }
                self.expect("Some")?;
                self.expect("(")?;
                let value = self.value(inner)?;
                self.expect(")")?;
                value
            }
            Type::List(item) => {
                self.expect("[")?;
                let mut items = Vec::new();
                while !self.takes("]") {
                    if !items.is_empty() {
                        self.expect(",")?;
                    }
                    items.push(self.value(item)?);
                }
                Value::List(items)
            }
            Type::Extern(_) | Type::Unknown => Value::Token(self.foreign()?),
        })
    }

    fn number(&mut self) -> String {
        self.take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    }

    fn wrapped(&mut self, name: &str) -> Result<i64, String> {
        self.expect(name)?;
        self.expect("(")?;
        let number = self.number();
        self.expect(")")?;
        number.parse().map_err(|_| format!("`{number}` is no number of microseconds"))
    }

    /// A Rust string literal as `{:?}` writes it.
    fn string(&mut self) -> Result<String, String> {
        self.expect("\"")?;
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or("");
                    return Ok(text);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some('0') => text.push('\0'),
                    Some('u') => {
                        let digits: String = chars
                            .by_ref()
                            .map(|(_, c)| c)
                            .skip_while(|c| *c == '{')
                            .take_while(|c| *c != '}')
                            .collect();
                        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                        text.push(code.ok_or_else(|| format!("`\\u{{{digits}}}` is no character"))?);
                    }
                    Some(same) => text.push(same),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err("a text does not end".to_owned())
    }

    /// The debug text of an extern value: up to the comma or bracket that ends it.
    fn foreign(&mut self) -> Result<String, String> {
        let (mut depth, mut quoted, mut end) = (0usize, false, self.rest.len());
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if quoted => {
                    chars.next();
                }
                '"' => quoted = !quoted,
                _ if quoted => {}
                // A character literal may hold a bracket.
                '\'' => {
                    let rest = self.rest.get(at + 1..).unwrap_or("");
                    let length = rest.find('\'').filter(|length| (1..=10).contains(length));
                    let is_one = length
                        .and_then(|length| rest.get(..length))
                        .is_some_and(|inner| inner.chars().count() == 1 || inner.starts_with('\\'));
                    if let Some(length) = length.filter(|_| is_one) {
                        while chars.offset() < at + 2 + length && chars.next().is_some() {}
                    }
                }
                '(' | '[' | '{' => {
                    depth += 1;
                    if depth > DEPTH_LIMIT {
                        return Err(format!("a value is nested deeper than {DEPTH_LIMIT}"));
                    }
                }
                ')' | ']' | '}' | ',' if depth == 0 => {
                    end = at;
                    break;
                }
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
        }
        let (text, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        Ok(text.trim_end().to_owned())
    }
}

/// A signal as Rust's debug text has it: `Go { job: 1 }`.
pub(super) fn debug(signal: &Signal, fields: &[Field]) -> String {
    let name = names::pascal(&signal.name);
    if signal.fields.is_empty() {
        return name;
    }
    let values: Vec<String> = signal
        .fields
        .iter()
        .map(|(name, value)| {
            let ty = fields.iter().find(|field| field.name == *name).map(|field| &field.ty);
            format!("{}: {}", names::snake(name), value_debug(value, ty.unwrap_or(&Type::Unknown)))
        })
        .collect();
    format!("{name} {{ {} }}", values.join(", "))
}

fn value_debug(value: &Value, ty: &Type) -> String {
    match (value, ty) {
        (Value::None, _) => "None".to_owned(),
        (value, Type::Optional(inner)) => format!("Some({})", value_debug(value, inner)),
        (Value::List(items), Type::List(inner)) => {
            let items: Vec<String> = items.iter().map(|item| value_debug(item, inner)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::Int(value), _) => value.to_string(),
        (Value::Float(value), _) => format!("{value:?}"),
        (Value::Bool(value), _) => value.to_string(),
        (Value::Text(text), _) => format!("{text:?}"),
        (Value::Time(value), _) => format!("Time({value})"),
        (Value::Duration(value), _) => format!("Duration({value})"),
        (Value::Token(text), _) => text.clone(),
        (Value::List(items), _) => format!("{items:?}"),
    }
}

/// The text with every time and span in it made the same.
pub(super) fn without_times(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let next = ["Time(", "Duration("].iter().filter_map(|mark| Some(rest.find(mark)? + mark.len())).min();
        let Some((before, after)) = next.and_then(|at| rest.split_at_checked(at)) else { break };
        out.push_str(before);
        out.push('_');
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Span;

    fn symbol(fields: &[(&str, Type)]) -> Symbol {
        let fields = fields.iter().map(|(name, ty)| Field { name: (*name).to_owned(), ty: ty.clone() });
        Symbol { name: "GO".to_owned(), doc: String::new(), fields: fields.collect(), span: Span::default() }
    }

    #[test]
    fn debug_text_is_read_and_written_again() {
        #[derive(Debug)]
        #[allow(dead_code)]
        struct Foreign {
            mark: char,
            text: &'static str,
            list: Vec<(i32, Option<u8>)>,
        }
        #[derive(Debug)]
        #[allow(dead_code)]
        enum Event {
            Go {
                n: i64,
                x: f64,
                ok: bool,
                text: &'static str,
                maybe: Option<i64>,
                list: Vec<&'static str>,
                job: Foreign,
                last: Option<i64>,
            },
        }
        let event = Event::Go {
            n: -3,
            x: 1e300,
            ok: true,
            text: "a \"b\" \\ \n\u{1} ε, }",
            maybe: Some(4),
            list: vec!["x, y", "]"],
            job: Foreign { mark: '{', text: "}\"", list: vec![(1, None)] },
            last: None,
        };
        let optional = |ty| Type::Optional(Box::new(ty));
        let symbol = symbol(&[
            ("n", Type::Int),
            ("x", Type::Float),
            ("ok", Type::Bool),
            ("text", Type::Text),
            ("maybe", optional(Type::Int)),
            ("list", Type::List(Box::new(Type::Text))),
            ("job", Type::Extern("Foreign".to_owned())),
            ("last", optional(Type::Int)),
        ]);
        let text = format!("{event:?}");
        let values = arguments(&text, &symbol).unwrap();
        assert_eq!(values[3], Value::Text("a \"b\" \\ \n\u{1} ε, }".to_owned()));
        let fields = symbol.fields.iter().map(|field| field.name.clone()).zip(values).collect();
        assert_eq!(debug(&Signal { name: "GO".to_owned(), fields }, &symbol.fields), text);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let symbol = symbol(&[("n", Type::Int)]);
        for (text, why) in [
            ("Go { n: x }", "`x` is no value of type Int"),
            ("Go", "`{` is missing before ``"),
            ("Go { m: 1 }", "`m` stands where the field `n` is expected"),
            ("Go { n: 99999999999999999999 }", "`99999999999999999999` is no value of type Int"),
        ] {
            assert_eq!(arguments(text, &symbol).unwrap_err(), why);
        }
    }

    #[test]
    fn times_are_left_out() {
        assert_eq!(
            without_times("At { a: Time(-5), b: Some(Duration(7)) }"),
            "At { a: Time(_), b: Some(Duration(_)) }"
        );
    }
}
