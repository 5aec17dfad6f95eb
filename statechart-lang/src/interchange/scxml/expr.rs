//! Expressions of ECMAScript as expressions of the language.
//!
//! A name that may be `undefined` has an optional type. Comparisons with it are exact: `undefined < 1` is false,
//! so is `x != none and x < 1`. Arithmetic with it would be NaN; there the checker has to find that it holds a
//! value, and where it cannot, a default is put in and noted.

use super::super::{
    draft::DraftKind,
    ecma::{Bad, Js},
    names,
};
use super::{
    chart::Translator,
    types::{Kind, Slot},
};

/// Up to which power `Math.pow` is written out.
const POWER_LIMIT: f64 = 8.0;

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
    fn new(text: impl Into<String>, power: u8, kind: Kind) -> Self {
        Self { text: text.into(), power, kind, optional: false }
    }

    fn bool(text: impl Into<String>, power: u8) -> Self {
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

fn unknown<T>(what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad::Unknown(what.into()))
}

fn invalid<T>(what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad::Invalid(what.into()))
}

impl Translator<'_> {
    /// The type of an expression; what is compared, added or assigned becomes one type.
    pub(super) fn infer(&mut self, js: &Js, scope: &Scope) -> Slot {
        match js {
            Js::Number(_, whole) => self.types.fresh(if *whole { Kind::Int } else { Kind::Float }),
            Js::Text(_) => self.types.fresh(Kind::Text),
            Js::Bool(_) => self.types.fresh(Kind::Bool),
            Js::Null | Js::Undefined | Js::Assign(..) => self.types.fresh(Kind::Unknown),
            Js::Object(_) => self.types.fresh(Kind::Object),
            Js::List(items) => {
                let item = self.types.fresh(Kind::Unknown);
                for each in items {
                    let slot = self.infer(each, scope);
                    self.types.join(item, slot);
                }
                self.types.fresh(Kind::List(item))
            }
            Js::Name(name) => match self.variables.get(name) {
                Some(variable) => variable.slot,
                None => self.types.fresh(if matches!(name.as_str(), "_name" | "_sessionid") {
                    Kind::Text
                } else {
                    Kind::Unknown
                }),
            },
            Js::Member(of, name) if name == "length" && of.path().is_none_or(|path| path[0] != "_event") => {
                self.infer(of, scope);
                self.types.fresh(Kind::Int)
            }
            Js::Member(..) => self.member_slot(js, scope),
            Js::Index(of, at) => {
                if js.path().is_some_and(|path| path[0] == "_event") {
                    return self.member_slot(js, scope);
                }
                self.infer(at, scope);
                let list = self.infer(of, scope);
                let item = self.types.fresh(Kind::Unknown);
                let wanted = self.types.fresh(Kind::List(item));
                self.types.join(list, wanted);
                item
            }
            Js::Call(of, args) => {
                if !is_trunc(of) {
                    for arg in args {
                        self.infer(arg, scope);
                    }
                }
                match &**of {
                    Js::Member(of, name) if name == "trunc" && **of == Js::Name("Math".to_owned()) => {
                        let number = self.types.fresh(Kind::Int);
                        if let [Js::Binary("/", left, right)] = args.as_slice() {
                            for side in [left, right] {
                                let side = self.infer(side, scope);
                                self.types.join(side, number);
                            }
                        }
                        number
                    }
                    Js::Name(name) if name == "In" => self.types.fresh(Kind::Bool),
                    Js::Member(of, name) if name == "pow" && **of == Js::Name("Math".to_owned()) => {
                        let base = args.first().map(|base| self.infer(base, scope));
                        base.unwrap_or_else(|| self.types.fresh(Kind::Unknown))
                    }
                    _ => self.types.fresh(Kind::Unknown),
                }
            }
            Js::Unary("typeof", _) => self.types.fresh(Kind::Text),
            Js::Unary("!", inner) => {
                self.infer(inner, scope);
                self.types.fresh(Kind::Bool)
            }
            Js::Unary(_, inner) => self.infer(inner, scope),
            Js::Binary(operator, left, right) => {
                let (a, b) = (self.infer(left, scope), self.infer(right, scope));
                match *operator {
                    "+" | "-" | "*" | "%" => {
                        if *operator != "+" {
                            for side in [a, b] {
                                if self.types.kind(side) == Kind::Unknown {
                                    let number = self.types.fresh(Kind::Int);
                                    self.types.join(side, number);
                                }
                            }
                        }
                        if self.types.join(a, b) { a } else { self.types.fresh(Kind::Text) }
                    }
                    "/" => {
                        let float = self.types.fresh(Kind::Float);
                        self.types.join(a, float);
                        self.types.join(b, float);
                        float
                    }
                    "??" => {
                        self.types.join(a, b);
                        a
                    }
                    "&&" | "||" => {
                        let bool = self.types.fresh(Kind::Bool);
                        if self.types.kind(a) == Kind::Unknown {
                            bool
                        } else if self.types.join(a, b) {
                            a
                        } else {
                            bool
                        }
                    }
                    _ => {
                        // What is not comparable stays as it is; equality is false then.
                        self.types.join(a, b);
                        self.types.fresh(Kind::Bool)
                    }
                }
            }
            Js::Choice(condition, then, otherwise) => {
                self.infer(condition, scope);
                let (a, b) = (self.infer(then, scope), self.infer(otherwise, scope));
                self.types.join(a, b);
                a
            }
        }
    }

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

    fn name(&mut self, name: &str, scope: &Scope, want: Kind) -> Result<Out, Bad> {
        match name {
            "_name" => return Ok(Out::new(names::text(&self.chart.name), ATOM, Kind::Text)),
            "_sessionid" => return Ok(Out::new("\"session\"", ATOM, Kind::Text)),
            "_event" | "_ioprocessors" | "_x" | "NaN" | "Infinity" | "Math" | "JSON" | "Date" | "Number"
            | "String" => {
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

    /// What `_event.…` refers to.
    fn event_part(js: &Js) -> Option<(&str, Option<&str>)> {
        let path = js.path()?;
        match path.as_slice() {
            ["_event", part] => Some((part, None)),
            ["_event", "data", field] => Some(("data", Some(field))),
            _ => None,
        }
    }

    fn member_slot(&mut self, js: &Js, scope: &Scope) -> Slot {
        match (Self::event_part(js), scope.current) {
            (Some(("data", field)), Current::Event(event)) => self.field(event, field.unwrap_or("data")),
            (Some(("data", field)), Current::Done(state)) => self.result(state, field).0,
            (Some(("name" | "type" | "origintype", None)), _) => self.types.fresh(Kind::Text),
            _ => self.types.fresh(Kind::Unknown),
        }
    }

    fn member(&mut self, js: &Js, scope: &Scope) -> Result<Out, Bad> {
        let Some((part, field)) = Self::event_part(js) else {
            let root = js.path().map(|path| path[0].to_owned());
            return match root {
                Some(root)
                    if !self.variables.contains_key(&root)
                        && !root.starts_with('_')
                        && !self.unknown_scripts =>
                {
                    invalid(format!("`{root}` is not declared"))
                }
                _ => unknown("a part of an object"),
            };
        };
        match (part, scope.current) {
            (_, Current::Nothing) => unknown("`_event` where no event is being handled"),
            ("name", Current::Event(event)) => {
                Ok(Out::new(names::text(&self.events[event].original), ATOM, Kind::Text))
            }
            ("name", Current::Done(state)) => {
                let id = self.original(state);
                Ok(Out::new(names::text(&format!("done.state.{id}")), ATOM, Kind::Text))
            }
            ("name", Current::Child(child)) => {
                let id = self.children.get(child).map_or("", |child| child.id.as_str());
                Ok(Out::new(names::text(&format!("done.invoke.{id}")), ATOM, Kind::Text))
            }
            ("name", Current::Fault) => Ok(Out::new(names::text(super::chart::EXECUTION), ATOM, Kind::Text)),
            ("data", Current::Event(event)) => {
                let field = field.unwrap_or("data");
                let slot = self.field(event, field);
                let kind = self.types.kind(slot);
                let row = &mut self.events[event].fields;
                let row = row.entry(field.to_owned()).or_default();
                row.reads |= !scope.logged;
                Ok(Out { optional: row.optional, ..Out::new(format!("event.{}", row.name), ATOM, kind) })
            }
            ("data", Current::Done(state)) => {
                let (slot, known) = self.result(state, field);
                if !known {
                    return Ok(Out { optional: true, ..Out::new("none", ATOM, Kind::Unknown) });
                }
                self.results_read.insert(state);
                Ok(Out::new("event.result", ATOM, self.types.kind(slot)))
            }
            _ => match self.way(part, scope.current) {
                Some(Some(text)) => Ok(Out::new(names::text(text), ATOM, Kind::Text)),
                Some(None) => Ok(Out { optional: true, ..Out::new("none", ATOM, Kind::Unknown) }),
                None => unknown(format!("`_event.{part}`")),
            },
        }
    }

    /// What an event says about its way (W3C 5.10.1), where there is one way that it can have come: a text, or
    /// nothing.
    fn way(&self, part: &str, current: Current) -> Option<Option<&'static str>> {
        let is_error = |event: usize| self.events.get(event).is_some_and(|event| event.error);
        let (raised, sent) = match current {
            Current::Event(event) if !is_error(event) => {
                self.events.get(event).map(|event| (event.raised, event.sent))?
            }
            // Errors come from the processor itself.
            Current::Fault | Current::Event(_) => {
                return match part {
                    "type" => Some(Some("platform")),
                    "origin" | "origintype" | "invokeid" => Some(None),
                    _ => None,
                };
            }
            Current::Nothing | Current::Child(_) | Current::Done(_) => return None,
        };
        match (part, raised, sent) {
            ("type", true, false) => Some(Some("internal")),
            ("type", false, true) => Some(Some("external")),
            ("sendid" | "origin" | "origintype", true, false) | ("invokeid", _, _) => Some(None),
            ("origintype", false, true) => Some(Some("http://www.w3.org/TR/scxml/#SCXMLEventProcessor")),
            _ => None,
        }
    }

    fn call(&mut self, of: &Js, args: &[Js], scope: &Scope, want: Kind) -> Result<Out, Bad> {
        match (of, args) {
            (Js::Name(name), [Js::Text(id)]) if name == "In" => Ok(match self.ids.get(id.as_str()) {
                // A history state is never active.
                Some(state) if !matches!(self.draft.states[*state].kind, DraftKind::History { .. }) => {
                    Out::bool(format!("in({})", self.state_reference(id)), ATOM)
                }
                _ => Out::constant(false),
            }),
            // How a division of whole numbers is written.
            (Js::Member(of, name), [Js::Binary("/", left, right)])
                if **of == Js::Name("Math".to_owned()) && name == "trunc" && want == Kind::Int =>
            {
                let (a, b) = (self.spelt(left, scope, want)?, self.spelt(right, scope, want)?);
                let (a, b) = (self.filled(a), self.filled(b));
                if a.kind != Kind::Int || b.kind != Kind::Int {
                    return unknown("`Math.trunc` of what is no quotient of whole numbers");
                }
                self.may_fault = true;
                Ok(Out::new(format!("{} / {}", a.within(PRODUCT), b.within(PRODUCT + 1)), PRODUCT, Kind::Int))
            }
            // A small whole power is a product.
            (Js::Member(of, name), [base @ Js::Name(_), Js::Number(power, true)])
                if **of == Js::Name("Math".to_owned())
                    && name == "pow"
                    && (1.0..=POWER_LIMIT).contains(power) =>
            {
                let mut product = base.clone();
                let mut left = *power - 1.0;
                while left > 0.0 {
                    product = Js::Binary("*", Box::new(product), Box::new(base.clone()));
                    left -= 1.0;
                }
                self.spelt(&product, scope, want)
            }
            (Js::Name(name), _)
                if !self.functions.contains_key(name)
                    && !self.variables.contains_key(name)
                    && !self.unknown_scripts
                    && !matches!(
                        name.as_str(),
                        "In" | "isNaN" | "parseInt" | "parseFloat" | "String" | "Number" | "Boolean"
                    ) =>
            {
                invalid(format!("the function `{name}` is not declared"))
            }
            (of, _) => {
                unknown(format!("a call of `{}`", of.path().map_or("…".to_owned(), |path| path.join("."))))
            }
        }
    }

    /// A value that must be there: what the checker cannot show to be is given a default.
    fn filled(&mut self, out: Out) -> Out {
        if !out.optional {
            return out;
        }
        let indexed = out.text.ends_with(']');
        if !indexed && !self.defaults.contains(&out.text) {
            return Out { optional: false, ..out };
        }
        let zero = match out.kind {
            Kind::Float => "0.0",
            Kind::Text => "\"\"",
            Kind::Bool => "false",
            _ => "0",
        };
        self.filled_in.insert(out.text.clone());
        Out::new(format!("{} ?? {zero}", out.within(DEFAULT)), DEFAULT, out.kind)
    }

    fn arithmetic(
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
            ("+", Kind::Text, _) | ("+", _, Kind::Text) => return unknown("a text joined to what is none"),
            _ => return unknown(format!("`{operator}` of what is no number")),
        };
        self.may_fault |= kind != Kind::Text;
        Ok(Out::new(format!("{} {operator} {}", a.within(power), b.within(power + 1)), power, kind))
    }

    /// An expression as a condition.
    pub(super) fn truth(&mut self, js: &Js, scope: &Scope) -> Result<Out, Bad> {
        self.infer(js, scope);
        match js {
            Js::Null | Js::Undefined => Ok(Out::constant(false)),
            Js::Object(_) | Js::List(_) => Ok(Out::constant(true)),
            Js::Text(value) => Ok(Out::constant(!value.is_empty())),
            Js::Number(value, _) => Ok(Out::constant(*value != 0.0)),
            Js::Unary("!", inner) => {
                let inner = self.truth(inner, scope)?;
                Ok(if inner.is(true) || inner.is(false) {
                    Out::constant(inner.is(false))
                } else {
                    Out::bool(format!("not {}", inner.within(NOT)), NOT)
                })
            }
            Js::Binary(operator @ ("&&" | "||"), left, right) => {
                let stops = *operator == "||";
                let left = self.truth(left, scope)?;
                if left.is(stops) {
                    return Ok(left);
                }
                let right = self.truth(right, scope)?;
                if left.is(!stops) || right.is(!stops) {
                    return Ok(if left.is(!stops) { right } else { left });
                }
                Ok(joined(&left, &right, stops))
            }
            Js::Binary(operator @ ("==" | "!=" | "===" | "!=="), left, right) => {
                let equal = self.equality(left, right, operator.len() == 3, scope)?;
                Ok(match (operator.starts_with('='), equal) {
                    (true, equal) => equal,
                    (false, equal) if equal.is(true) || equal.is(false) => Out::constant(equal.is(false)),
                    (false, equal) => match equal.text.split_once(" == ") {
                        Some((left, right))
                            if equal.power == COMPARE && !right.contains(" == ") && !left.contains('"') =>
                        {
                            Out::bool(format!("{left} != {right}"), COMPARE)
                        }
                        _ => Out::bool(format!("not ({})", equal.text), NOT),
                    },
                })
            }
            Js::Binary(operator @ ("<" | "<=" | ">" | ">="), left, right) => {
                let (a, b) = (self.infer(left, scope), self.infer(right, scope));
                if !self.types.join(a, b) {
                    return unknown(format!("`{operator}` of values of different types"));
                }
                let want = self.types.kind(a);
                let (a, b) = (self.spelt(left, scope, want)?, self.spelt(right, scope, want)?);
                if matches!(a.kind, Kind::Bool | Kind::List(_)) {
                    return unknown(format!("`{operator}` of what has no order"));
                }
                // Anything beside `undefined` is false.
                if a.text == "none" || b.text == "none" {
                    return Ok(Out::constant(false));
                }
                let mut text = String::new();
                for side in [&a, &b] {
                    if side.optional {
                        text.push_str(&format!("{} != none and ", side.within(DEFAULT)));
                    }
                }
                let power = if text.is_empty() { COMPARE } else { AND };
                let (a, b) = (filled_index(a), filled_index(b));
                Ok(Out::bool(format!("{text}{} {operator} {}", a.within(DEFAULT), b.within(DEFAULT)), power))
            }
            Js::Binary("|", left, right) | Js::Binary("&", left, right) => {
                // Of two conditions it is what `||` and `&&` are.
                let operator = if matches!(js, Js::Binary("|", ..)) { "||" } else { "&&" };
                for side in [left, right] {
                    let slot = self.infer(side, scope);
                    if self.types.kind(slot) != Kind::Bool {
                        return unknown("arithmetic on bits");
                    }
                }
                self.truth(&Js::Binary(operator, left.clone(), right.clone()), scope)
            }
            Js::Binary("in" | "instanceof" | "^" | "<<" | ">>" | ">>>" | "**", ..) => {
                let Js::Binary(operator, ..) = js else { return unknown("an operator") };
                unknown(format!("`{operator}`"))
            }
            Js::Choice(condition, then, otherwise) => {
                let condition = self.truth(condition, scope)?;
                let (then, otherwise) = (self.truth(then, scope)?, self.truth(otherwise, scope)?);
                let negated = Out::bool(format!("not {}", condition.within(NOT)), NOT);
                let (a, b) = (joined(&condition, &then, false), joined(&negated, &otherwise, false));
                Ok(joined(&a, &b, true))
            }
            _ => {
                let out = self.value(js, scope)?;
                let test = match out.kind {
                    Kind::Bool if out.optional => {
                        return Ok(Out::bool(format!("{} ?? false", out.within(DEFAULT)), DEFAULT));
                    }
                    Kind::Bool => return Ok(out),
                    Kind::Int => format!("{} != 0", out.within(DEFAULT)),
                    Kind::Float => format!("{} != 0.0", out.within(DEFAULT)),
                    Kind::Text | Kind::Unknown => format!("{} != \"\"", out.within(DEFAULT)),
                    Kind::List(_) if out.optional => {
                        return Ok(Out::bool(format!("{} != none", out.within(DEFAULT)), COMPARE));
                    }
                    Kind::List(_) | Kind::Object => return Ok(Out::constant(true)),
                };
                Ok(if out.optional {
                    Out::bool(format!("{} != none and {test}", out.within(DEFAULT)), AND)
                } else {
                    Out::bool(test, COMPARE)
                })
            }
        }
    }

    fn equality(&mut self, left: &Js, right: &Js, strict: bool, scope: &Scope) -> Result<Out, Bad> {
        // `typeof x == 'undefined'`.
        for (of, name) in [(left, right), (right, left)] {
            if let (Js::Unary("typeof", of), Js::Text(name)) = (of, name) {
                return self.type_test(of, name, scope);
            }
        }
        for (nothing, of) in [(left, right), (right, left)] {
            if matches!(nothing, Js::Null | Js::Undefined) {
                let out = self.value(of, scope)?;
                return Ok(none_test(&out));
            }
        }
        let (a, b) = (self.infer(left, scope), self.infer(right, scope));
        if !self.types.join(a, b) {
            if !strict {
                return unknown("`==` of values of different types");
            }
            self.value(left, scope)?;
            self.value(right, scope)?;
            return Ok(Out::constant(false));
        }
        let want = self.types.kind(a);
        let (a, b) = (self.spelt(left, scope, want)?, self.spelt(right, scope, want)?);
        if a.text == "none" || b.text == "none" {
            return Ok(none_test(if a.text == "none" { &b } else { &a }));
        }
        if matches!(want, Kind::List(_)) {
            return unknown("whether two lists are the same object");
        }
        Ok(Out::bool(format!("{} == {}", a.within(DEFAULT), b.within(DEFAULT)), COMPARE))
    }

    fn type_test(&mut self, of: &Js, name: &str, scope: &Scope) -> Result<Out, Bad> {
        if let Js::Name(variable) = of
            && !self.variables.contains_key(variable)
            && !self.unknown_scripts
            && !variable.starts_with('_')
        {
            return Ok(Out::constant(name == "undefined"));
        }
        let out = self.value(of, scope)?;
        let is = match out.kind {
            Kind::Int | Kind::Float => "number",
            Kind::Bool => "boolean",
            Kind::Text => "string",
            Kind::List(_) | Kind::Object => "object",
            Kind::Unknown => "undefined",
        };
        if name == "undefined" {
            return Ok(none_test(&out));
        }
        if name != is {
            return Ok(Out::constant(false));
        }
        Ok(if out.optional {
            Out::bool(format!("{} != none", out.within(DEFAULT)), COMPARE)
        } else {
            Out::constant(true)
        })
    }
}

/// `x != null ? x : …`.
pub(super) fn is_default(condition: &Js, value: &Js) -> bool {
    matches!(condition, Js::Binary("!=" | "!==", tested, nothing)
        if matches!(**nothing, Js::Null | Js::Undefined) && **tested == *value)
}

/// `Math.trunc`, whose argument is no division of fractions.
fn is_trunc(of: &Js) -> bool {
    of.path().is_some_and(|path| path == ["Math", "trunc"])
}

/// `a ?? b`.
fn defaulted(value: &Out, otherwise: &Out) -> Out {
    let text = format!("{} ?? {}", value.within(DEFAULT), otherwise.within(DEFAULT + 1));
    Out { optional: otherwise.optional, ..Out::new(text, DEFAULT, value.kind) }
}

fn none_test(out: &Out) -> Out {
    if out.text == "none" {
        Out::constant(true)
    } else if out.optional {
        Out::bool(format!("{} == none", out.within(DEFAULT)), COMPARE)
    } else {
        Out::constant(false)
    }
}

/// An item of a list, behind the test that it is there: the checker wants a default all the same.
fn filled_index(out: Out) -> Out {
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

fn joined(left: &Out, right: &Out, or: bool) -> Out {
    let (operator, power) = if or { ("or", OR) } else { ("and", AND) };
    Out::bool(format!("{} {operator} {}", left.within(power), right.within(power)), power)
}

/// A number as the language spells it.
fn number(value: f64, whole: bool) -> Result<Out, Bad> {
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
