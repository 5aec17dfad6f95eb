//! Values and faults, spelt as a spec would spell them.

use std::fmt::{self, Write};

use crate::model::Type;

/// A value of the spec language.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// 64 bits, signed.
    Int(i64),
    /// Finite.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(String),
    /// Microseconds since 1970 UTC.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// The `T?` that holds nothing; one that holds a `T` is that `T`.
    None,
    /// `[a, b]`.
    List(Vec<Value>),
    /// A value of an extern type: a name that stands for it, never looked into.
    Token(String),
}

impl Value {
    /// What a field or variable of this type holds when nobody says: zero, empty, none; for an extern
    /// type a token with the given name.
    #[must_use]
    pub fn default_of(ty: &Type, name: &str) -> Self {
        match ty {
            Type::Int => Self::Int(0),
            Type::Float => Self::Float(0.0),
            Type::Bool => Self::Bool(false),
            Type::Text => Self::Text(String::new()),
            Type::Time => Self::Time(0),
            Type::Duration => Self::Duration(0),
            Type::Optional(_) | Type::Unknown => Self::None,
            Type::List(_) => Self::List(Vec::new()),
            Type::Extern(_) => Self::Token(name.to_owned()),
        }
    }

    /// Whether this is `true`. A guard of a checked model is a Bool, so nothing else is asked.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(text) => quote(f, text),
            Self::Time(time_us) => write!(f, "@{time_us}us"),
            Self::Duration(span_us) => f.write_str(&duration_text(*span_us)),
            Self::None => f.write_str("none"),
            Self::Token(name) => f.write_str(name),
            Self::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control.is_control() => write!(f, "\\u{{{:x}}}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

/// Units of a duration, the largest first, in microseconds.
const UNITS: [(i64, &str); 5] =
    [(3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms"), (1, "us")];

/// A duration in the largest unit that divides it: `90s`, `2h`, `0s`.
pub(super) fn duration_text(span_us: i64) -> String {
    let unit = UNITS.iter().find(|(size, _)| span_us != 0 && span_us % size == 0);
    let (size, name) = unit.copied().unwrap_or((1_000_000, "s"));
    format!("{}{name}", span_us / size)
}

/// The microseconds of `30s`, `-5ms`, `1_000us`, `2d`; `None` when the text is no duration or does not fit
/// 64 bits.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let size = match unit {
        "d" => 86_400_000_000,
        _ => UNITS.iter().find(|(_, name)| *name == unit)?.0,
    };
    parse_int(number)?.checked_mul(size)
}

/// The value of `-42` or `1_000`.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
    if is_number { text.replace('_', "").parse().ok() } else { None }
}

/// What can go wrong inside a step. A fault aborts its action block and raises `fault`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An Int, Time or Duration left the range of 64 bits.
    Overflow,
    /// `/` or `%` by zero.
    DivisionByZero,
    /// A Float result is infinite or not a number.
    NonFinite,
    /// A text joined of two is longer than [`TEXT_LIMIT`](crate::model::TEXT_LIMIT).
    TextTooLong,
    /// A value is used that is not there; a checked machine never comes to that.
    NoValue,
    /// The internal queue is full.
    QueueFull {
        /// How many events it holds.
        limit: u32,
    },
    /// Too many events are deferred.
    DeferredFull {
        /// How many events are kept.
        limit: u32,
    },
    /// A macrostep did not end.
    Microsteps {
        /// How many turns it may take.
        limit: u32,
    },
    /// The `for`s of a macrostep took too many turns.
    Turns {
        /// How many they may take together.
        limit: u32,
    },
    /// A message could not be delivered.
    Undelivered,
    /// Too many actions wait to be compensated.
    UndoFull {
        /// How many may wait.
        limit: u32,
    },
    /// A child machine failed.
    Child,
    /// A service panicked, so that it will not report a result.
    ServicePanicked,
}

impl Fault {
    /// The name under which `on fault` sees it, as `event.kind`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::DivisionByZero => "division_by_zero",
            Self::NonFinite => "not_finite",
            Self::TextTooLong => "text_too_long",
            Self::NoValue => "no_value",
            Self::QueueFull { .. } => "queue_full",
            Self::DeferredFull { .. } => "deferred_full",
            Self::Microsteps { .. } => "microsteps",
            Self::Turns { .. } => "turns",
            Self::Undelivered => "undelivered",
            Self::UndoFull { .. } => "undo_full",
            Self::Child => "child",
            Self::ServicePanicked => "service_panicked",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => f.write_str("a result does not fit 64 bits"),
            Self::DivisionByZero => f.write_str("division by zero"),
            Self::NonFinite => f.write_str("a Float result is not finite"),
            Self::TextTooLong => f.write_str("a joined text is longer than 1 MiB"),
            Self::NoValue => f.write_str("a value is used that is none"),
            Self::QueueFull { limit } => write!(f, "more than {limit} internal events wait in one macrostep"),
            Self::DeferredFull { limit } => write!(f, "more than {limit} events are deferred"),
            Self::Microsteps { limit } => write!(f, "the macrostep did not end within {limit} microsteps"),
            Self::Turns { limit } => write!(f, "the `for`s of the macrostep took more than {limit} turns"),
            Self::Undelivered => f.write_str("a message could not be delivered"),
            Self::UndoFull { limit } => write!(f, "more than {limit} actions wait to be compensated"),
            Self::Child => f.write_str("a child machine failed"),
            Self::ServicePanicked => f.write_str("a service panicked and reports no result"),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spelt_as_in_a_spec() {
        let rows = [
            (Value::Int(-3), "-3"),
            (Value::Float(1.0), "1.0"),
            (Value::Float(1e300), "1e300"),
            (Value::Text("a\"b\\\n\u{1}ε".into()), r#""a\"b\\\n\u{1}ε""#),
            (Value::Time(5), "@5us"),
            (Value::Duration(90_000_000), "90s"),
            (Value::Duration(7_200_000_000), "2h"),
            (Value::Duration(0), "0s"),
            (Value::Duration(-1), "-1us"),
            (Value::List(vec![Value::None, Value::Token("req".into())]), "[none, req]"),
        ];
        for (value, text) in rows {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn durations_are_read() {
        let rows = [
            ("30s", Some(30_000_000)),
            ("-5ms", Some(-5_000)),
            ("5m", Some(300_000_000)),
            ("1_000us", Some(1_000)),
            ("2d", Some(172_800_000_000)),
            ("+5s", None),
            ("9999999999999999h", None),
            ("5", None),
            ("s", None),
            ("5 s", None),
            ("--5s", None),
            ("", None),
            ("-", None),
            ("5sé", None),
        ];
        for (text, span_us) in rows {
            assert_eq!(parse_duration(text), span_us, "{text}");
        }
    }
}
