//! Expressions of ECMAScript as expressions of the language.
//!
//! A name that may be `undefined` has an optional type. Comparisons with it are exact: `undefined < 1` is false,
//! so is `x != none and x < 1`. Arithmetic with it would be NaN; there the checker has to find that it holds a
//! value, and where it cannot, a default is put in and noted.

use super::super::{
    ecma::{Bad, Js},
    names,
};
use super::{chart::Translator, constant::SESSION, types::Kind};

pub(super) const OR: u8 = 1;
pub(super) const AND: u8 = 2;
pub(super) const NOT: u8 = 3;
pub(super) const COMPARE: u8 = 4;
pub(super) const DEFAULT: u8 = 5;
pub(super) const SUM: u8 = 6;
pub(super) const PRODUCT: u8 = 7;
pub(super) const MINUS: u8 = 8;
pub(super) const ATOM: u8 = 9;

/// Where an expression stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// What is being reacted to, where it is one thing.
    pub(super) current: Current,
    /// It is only logged: reading a variable there does not count.
    pub(super) logged: bool,
    /// It stands where `_event` is what was reacted to last: in what happens on the way into a state.
    pub(super) later: bool,
}

/// What `_event` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Current {
    /// Not known where the expression stands.
    #[default]
    Nothing,
    /// Index of an event.
    Event(usize),
    /// A state has completed.
    Done(usize),
    /// A child has completed: an index into the children.
    Child(usize),
    /// Something could not be evaluated.
    Fault,
}

/// An expression of the language.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Out {
    pub(super) text: String,
    /// How tightly its outermost operator binds.
    pub(super) power: u8,
    pub(super) kind: Kind,
    pub(super) optional: bool,
}

impl Out {
    pub(super) fn new(text: impl Into<String>, power: u8, kind: Kind) -> Self {
        Self { text: text.into(), power, kind, optional: false }
    }

    pub(super) fn bool(text: impl Into<String>, power: u8) -> Self {
        Self::new(text, power, Kind::Bool)
    }

    pub(super) fn constant(value: bool) -> Self {
        Self::bool(if value { "true" } else { "false" }, ATOM)
    }

    /// Its text, in parentheses where an operator around it binds more tightly.
    pub(super) fn within(&self, power: u8) -> String {
        if self.power < power { format!("({})", self.text) } else { self.text.clone() }
    }

    pub(super) fn is(&self, value: bool) -> bool {
        self.text == if value { "true" } else { "false" }
    }
}

pub(super) fn unknown<T>(what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad::Unknown(what.into()))
}

pub(super) fn invalid<T>(what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad::Invalid(what.into()))
}

impl Translator<'_> {
    /// An expression for its value; numbers are spelt as the wanted kind.
    pub(super) fn value(&mut self, js: &Js, scope: &Scope) -> Result<Out, Bad> {
        let slot = self.infer(js, scope);
        let kind = self.types.kind(slot);
        self.spelt(js, scope, kind)
    }

    pub(super) fn spelt(&mut self, js: &Js, scope: &Scope, want: Kind) -> Result<Out, Bad> {
        match js {
            Js::Number(value, whole) => number(*value, *whole && want != Kind::Float),
            Js::Text(value) => Ok(Out::new(names::text(value), ATOM, Kind::Text)),
            Js::Bool(value) => Ok(Out::constant(*value)),
            Js::Null | Js::Undefined => Ok(Out { optional: true, ..Out::new("none", ATOM, Kind::Unknown) }),
            Js::Object(_) => unknown("an object"),
            Js::Assign(..) => unknown("an assignment inside an expression"),
            Js::Function(..) => unknown("a function as a value"),
            Js::List(items) => {
                let item = match want {
                    Kind::List(item) => self.types.kind(item),
                    _ => Kind::Unknown,
                };
                let mut texts = Vec::with_capacity(items.len());
                for each in items {
                    let out = self.spelt(each, scope, item)?;
                    if out.kind != item {
                        return unknown("a list of values of different types");
                    }
                    texts.push(out.text);
                }
                Ok(Out::new(format!("[{}]", texts.join(", ")), ATOM, want))
            }
            Js::Name(name) => self.name(name, scope, want),
            Js::Member(of, name) if name == "length" && of.path().is_none_or(|path| path[0] != "_event") => {
                let of = self.value(of, scope)?;
                if !matches!(of.kind, Kind::Text | Kind::List(_)) {
                    return unknown("`.length` of what is no text or list");
                }
                if want == Kind::Float {
                    return unknown("a length beside fractions");
                }
                Ok(Out::new(format!("len({})", of.text), ATOM, Kind::Int))
            }
            Js::Member(..) => self.member(js, scope),
            Js::Index(of, at) => {
                if js.path().is_some_and(|path| path[0] == "_event") {
                    return self.member(js, scope);
                }
                let (of, at) = (self.value(of, scope)?, self.value(at, scope)?);
                match (of.kind, at.kind) {
                    (Kind::List(item), Kind::Int) => Ok(Out {
                        optional: true,
                        ..Out::new(format!("{}[{}]", of.within(ATOM), at.text), ATOM, self.types.kind(item))
                    }),
                    _ => unknown("an index into what is no list"),
                }
            }
            Js::Call(of, args) => self.call(of, args, scope, want),
            Js::Unary("!", _) => self.truth(js, scope),
            Js::Unary(sign @ ("-" | "+"), inner) => {
                let inner = self.spelt(inner, scope, want)?;
                let inner = self.filled(inner);
                if !matches!(inner.kind, Kind::Int | Kind::Float) {
                    return unknown(format!("`{sign}` before what is no number"));
                }
                Ok(if *sign == "+" {
                    inner
                } else {
                    Out::new(format!("-{}", inner.within(MINUS)), MINUS, inner.kind)
                })
            }
            Js::Unary(sign, _) => unknown(format!("`{sign}`")),
            Js::Binary(operator, left, right) => match *operator {
                "+" | "-" | "*" | "/" | "%" => self.arithmetic(operator, left, right, scope, want),
                "??" => {
                    let value = self.spelt(left, scope, want)?;
                    if value.text == "none" || !value.optional {
                        return if value.optional { self.spelt(right, scope, want) } else { Ok(value) };
                    }
                    let otherwise = self.spelt(right, scope, want)?;
                    Ok(defaulted(&value, &otherwise))
                }
                "&&" | "||" if want != Kind::Bool => {
                    unknown(format!("`{operator}` of what is not true or false"))
                }
                _ => self.truth(js, scope),
            },
            Js::Choice(condition, value, _) if want == Kind::Bool && !is_default(condition, value) => {
                self.truth(js, scope)
            }
            Js::Choice(condition, value, otherwise) if is_default(condition, value) => {
                let value = self.spelt(value, scope, want)?;
                if !value.optional {
                    return Ok(value);
                }
                let otherwise = self.spelt(otherwise, scope, want)?;
                Ok(defaulted(&value, &otherwise))
            }
            Js::Choice(..) => unknown("`? :` inside an expression"),
        }
    }

    pub(super) fn name(&mut self, name: &str, scope: &Scope, want: Kind) -> Result<Out, Bad> {
        match name {
            "_name" => return Ok(Out::new(names::text(&self.chart.name), ATOM, Kind::Text)),
            "_sessionid" => return Ok(Out::new(names::text(SESSION), ATOM, Kind::Text)),
            "_ioprocessors" => return Ok(Out::new("\"_ioprocessors\"", ATOM, Kind::Opaque)),
            "_event" | "_x" | "NaN" | "Infinity" | "Math" | "JSON" | "Date" | "Number" | "String" => {
                return unknown(format!("`{name}`"));
            }
            _ => {}
        }
        let types = &self.types;
        let Some(variable) = self.variables.get_mut(name) else {
            if self.unknown_scripts {
                return unknown(format!("`{name}`, which a script that is not carried over may declare"));
            }
            return invalid(format!("`{name}` is not declared"));
        };
        variable.reads |= !scope.logged;
        let kind = types.kind(variable.slot);
        if types.spell(variable.slot).is_none() {
            return unknown(format!("`{name}`, which holds objects"));
        }
        if want == Kind::Float && kind == Kind::Int {
            return unknown(format!("the whole number `{name}` beside fractions"));
        }
        Ok(Out { optional: variable.optional, ..Out::new(variable.name.clone(), ATOM, kind) })
    }

    /// A value that must be there: what the checker cannot show to be is given a default.
    pub(super) fn filled(&mut self, out: Out) -> Out {
        if !out.optional {
            return out;
        }
        let indexed = out.text.ends_with(']');
        if !indexed && !self.hints.defaults.contains(&out.text) {
            return Out { optional: false, ..out };
        }
        let zero = match out.kind {
            Kind::Float => "0.0",
            Kind::Text => "\"\"",
            Kind::Bool => "false",
            _ => "0",
        };
        if !self.given_here.contains(&out.text) {
            let here = self.here;
            self.filled_in.entry(out.text.clone()).or_insert(here);
        }
        Out::new(format!("{} ?? {zero}", out.within(DEFAULT)), DEFAULT, out.kind)
    }

    pub(super) fn arithmetic(
        &mut self,
        operator: &str,
        left: &Js,
        right: &Js,
        scope: &Scope,
        want: Kind,
    ) -> Result<Out, Bad> {
        let want = if operator == "/" { Kind::Float } else { want };
        let a = self.spelt(left, scope, want)?;
        let b = self.spelt(right, scope, want)?;
        let (a, b) = (self.filled(a), self.filled(b));
        let power = if matches!(operator, "+" | "-") { SUM } else { PRODUCT };
        let kind = match (operator, a.kind, b.kind) {
            ("+", Kind::Text, Kind::Text) => Kind::Text,
            (_, Kind::Int, Kind::Int) => Kind::Int,
            (_, Kind::Float, Kind::Float) => Kind::Float,
            ("+", Kind::Text, _) | ("+", _, Kind::Text) => {
                return match (self.fold(left, scope), self.fold(right, scope)) {
                    (Some(Js::Text(left)), Some(Js::Number(right, true))) => {
                        Ok(Out::new(names::text(&format!("{left}{right}")), ATOM, Kind::Text))
                    }
                    (Some(Js::Number(left, true)), Some(Js::Text(right))) => {
                        Ok(Out::new(names::text(&format!("{left}{right}")), ATOM, Kind::Text))
                    }
                    _ => unknown("a text joined to what is none"),
                };
            }
            _ => return unknown(format!("`{operator}` of what is no number")),
        };
        self.may_fault |= kind != Kind::Text;
        Ok(Out::new(format!("{} {operator} {}", a.within(power), b.within(power + 1)), power, kind))
    }
}

/// `x != null ? x : …`.
pub(super) fn is_default(condition: &Js, value: &Js) -> bool {
    matches!(condition, Js::Binary("!=" | "!==", tested, nothing)
        if matches!(**nothing, Js::Null | Js::Undefined) && **tested == *value)
}

/// `Math.trunc`, whose argument is no division of fractions.
pub(super) fn is_trunc(of: &Js) -> bool {
    of.path().is_some_and(|path| path == ["Math", "trunc"])
}

/// `a ?? b`.
pub(super) fn defaulted(value: &Out, otherwise: &Out) -> Out {
    let text = format!("{} ?? {}", value.within(DEFAULT), otherwise.within(DEFAULT + 1));
    Out { optional: otherwise.optional, ..Out::new(text, DEFAULT, value.kind) }
}

pub(super) fn none_test(out: &Out) -> Out {
    if out.text == "none" {
        Out::constant(true)
    } else if out.optional {
        Out::bool(format!("{} == none", out.within(DEFAULT)), COMPARE)
    } else {
        Out::constant(false)
    }
}

/// An item of a list, behind the test that it is there: the checker wants a default all the same.
pub(super) fn filled_index(out: Out) -> Out {
    if !(out.optional && out.text.ends_with(']')) {
        return out;
    }
    let zero = match out.kind {
        Kind::Float => "0.0",
        Kind::Text => "\"\"",
        _ => "0",
    };
    Out::new(format!("{} ?? {zero}", out.text), DEFAULT, out.kind)
}

pub(super) fn joined(left: &Out, right: &Out, or: bool) -> Out {
    let (operator, power) = if or { ("or", OR) } else { ("and", AND) };
    Out::bool(format!("{} {operator} {}", left.within(power), right.within(power)), power)
}

/// A number as the language spells it.
pub(super) fn number(value: f64, whole: bool) -> Result<Out, Bad> {
    /// The largest whole number up to which a Float holds every one.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if whole && value.abs() < EXACT {
        #[allow(clippy::cast_possible_truncation)] // It is whole and small.
        return Ok(Out::new(format!("{}", value as i64), ATOM, Kind::Int));
    }
    if !value.is_finite() {
        return unknown("a number that is not finite");
    }
    let mut text = format!("{value:?}");
    if let Some((digits, exponent)) = text.split_once('e') {
        let digits = if digits.contains('.') { digits.to_owned() } else { format!("{digits}.0") };
        text = format!("{digits}e{exponent}");
    }
    Ok(Out::new(text, ATOM, Kind::Float))
}
