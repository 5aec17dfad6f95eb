//! Expressions as conditions.

use super::super::ecma::{Bad, Js};
use super::{
    call::CALL_DEPTH,
    chart::Translator,
    expr::{AND, COMPARE, DEFAULT, NOT, Out, Scope, filled_index, is_default, joined, none_test, unknown},
    types::Kind,
};

/// How long the text of a choice between conditions may be, in bytes.
const TEXT_LIMIT: usize = 16 * 1024;

impl Translator<'_> {
    /// An expression as a condition.
    pub(super) fn truth(&mut self, js: &Js, scope: &Scope) -> Result<Out, Bad> {
        self.infer(js, scope);
        if let Some(apart) = self.distributed(js) {
            self.calling += 1;
            let out = self.truth(&apart, scope);
            self.calling -= 1;
            return out;
        }
        if let Some(out) = self.has_data(js, scope) {
            return Ok(out);
        }
        match js {
            Js::Null | Js::Undefined => Ok(Out::constant(false)),
            Js::Object(_) | Js::List(_) | Js::Function(..) => Ok(Out::constant(true)),
            Js::Name(name) if name == "_event" => self.is_event(scope),
            Js::Call(of, args) if self.calling < CALL_DEPTH && self.written_out(of, args).is_some() => {
                let Some(written) = self.written_out(of, args) else { return unknown("a call") };
                self.calling += 1;
                let out = self.truth(&written, scope);
                self.calling -= 1;
                out
            }
            Js::Text(value) => Ok(Out::constant(!value.is_empty())),
            Js::Number(value, _) => Ok(Out::constant(*value != 0.0)),
            Js::Unary("!", inner) => {
                let inner = self.truth(inner, scope)?;
                Ok(if inner.is(true) || inner.is(false) {
                    Out::constant(inner.is(false))
                } else {
                    negated(&inner)
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
                if matches!(a.kind, Kind::Bool | Kind::List(_) | Kind::Opaque) {
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
            // What W3C 5.10.1 says that an event has.
            Js::Binary("in", name, of) if is_part_of_event(name, of) => self.is_event(scope),
            Js::Binary("instanceof", of, kind) if **kind == Js::Name("Array".to_owned()) => {
                let out = self.value(of, scope)?;
                Ok(match out.kind {
                    Kind::List(_) if out.optional => {
                        Out::bool(format!("{} != none", out.within(DEFAULT)), COMPARE)
                    }
                    Kind::List(_) => Out::constant(true),
                    Kind::Object | Kind::Opaque => return unknown("`instanceof` of an object"),
                    _ => Out::constant(false),
                })
            }
            Js::Binary("in" | "instanceof" | "^" | "<<" | ">>" | ">>>" | "**", ..) => {
                let Js::Binary(operator, ..) = js else { return unknown("an operator") };
                unknown(format!("`{operator}`"))
            }
            Js::Choice(condition, then, otherwise) => {
                let condition = self.truth(condition, scope)?;
                if condition.is(true) || condition.is(false) {
                    return self.truth(if condition.is(true) { then } else { otherwise }, scope);
                }
                let (then, otherwise) = (self.truth(then, scope)?, self.truth(otherwise, scope)?);
                chosen(&condition, &then, &otherwise)
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
                    Kind::List(_) | Kind::Opaque if out.optional => {
                        return Ok(Out::bool(format!("{} != none", out.within(DEFAULT)), COMPARE));
                    }
                    Kind::List(_) | Kind::Object | Kind::Opaque => return Ok(Out::constant(true)),
                };
                Ok(if out.optional {
                    Out::bool(format!("{} != none and {test}", out.within(DEFAULT)), AND)
                } else {
                    Out::bool(test, COMPARE)
                })
            }
        }
    }

    pub(super) fn equality(
        &mut self,
        left: &Js,
        right: &Js,
        strict: bool,
        scope: &Scope,
    ) -> Result<Out, Bad> {
        // `typeof x == 'undefined'`.
        for (of, name) in [(left, right), (right, left)] {
            if let (Js::Unary("typeof", of), Js::Text(name)) = (of, name) {
                return self.type_test(of, name, scope);
            }
        }
        for (nothing, of) in [(left, right), (right, left)] {
            if matches!(nothing, Js::Null | Js::Undefined) {
                if let Some(out) = self.has_data(of, scope) {
                    return Ok(if out.is(true) { Out::constant(false) } else { negated(&out) });
                }
                let out = self.value(of, scope)?;
                return Ok(none_test(&out));
            }
        }
        let (a, b) = (self.infer(left, scope), self.infer(right, scope));
        if !self.types.join(a, b) {
            if !strict && !self.is_list_beside_number(left, right, scope) {
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

    /// A comparison of a choice as a choice of comparisons.
    fn distributed(&self, js: &Js) -> Option<Js> {
        let Js::Binary(operator @ ("==" | "!=" | "===" | "!==" | "<" | "<=" | ">" | ">="), left, right) = js
        else {
            return None;
        };
        if self.calling >= CALL_DEPTH {
            return None;
        }
        let choice = |js: &Js| match js {
            Js::Call(of, args) => self.written_out(of, args).filter(|js| matches!(js, Js::Choice(..))),
            Js::Choice(condition, then, _) if !is_default(condition, then) => Some(js.clone()),
            _ => None,
        };
        let compared = |a: Js, b: &Js, swapped: bool| {
            let (a, b) = (Box::new(a), Box::new(b.clone()));
            Box::new(if swapped { Js::Binary(operator, b, a) } else { Js::Binary(operator, a, b) })
        };
        let (choice, other, swapped) = match (choice(left), choice(right)) {
            (Some(choice), _) => (choice, right, false),
            (None, Some(choice)) => (choice, left, true),
            (None, None) => return None,
        };
        let Js::Choice(condition, then, otherwise) = choice else { return None };
        Some(Js::Choice(condition, compared(*then, other, swapped), compared(*otherwise, other, swapped)))
    }

    /// A list of several items is no number, whatever they are: `[1, 2] == 1` compares `NaN`.
    fn is_list_beside_number(&self, left: &Js, right: &Js, scope: &Scope) -> bool {
        let sides = (self.fold(left, scope), self.fold(right, scope));
        matches!(&sides, (Some(Js::List(items)), Some(Js::Number(..))) | (Some(Js::Number(..)), Some(Js::List(items))) if items.len() > 1)
    }

    pub(super) fn type_test(&mut self, of: &Js, name: &str, scope: &Scope) -> Result<Out, Bad> {
        if let Js::Name(variable) = of
            && !self.variables.contains_key(variable)
            && !self.unknown_scripts
            && !variable.starts_with('_')
        {
            return Ok(Out::constant(name == "undefined"));
        }
        if let Some(out) = self.has_data(of, scope).filter(|_| matches!(name, "undefined" | "object")) {
            return Ok(match (name, out.is(true)) {
                ("object", _) => out,
                (_, true) => Out::constant(false),
                _ => negated(&out),
            });
        }
        let out = self.value(of, scope)?;
        let is = match out.kind {
            Kind::Int | Kind::Float => "number",
            Kind::Bool => "boolean",
            Kind::Text => "string",
            Kind::List(_) | Kind::Object | Kind::Opaque => "object",
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

fn is_part_of_event(name: &Js, of: &Js) -> bool {
    *of == Js::Name("_event".to_owned())
        && matches!(name, Js::Text(name) if matches!(
            name.as_str(),
            "name" | "type" | "sendid" | "origin" | "origintype" | "invokeid" | "data"
        ))
}

/// `condition ? then : otherwise` of conditions.
fn chosen(condition: &Out, then: &Out, otherwise: &Out) -> Result<Out, Bad> {
    // The condition is written twice, and that of a choice within it four times.
    if 2 * condition.text.len() + then.text.len() + otherwise.text.len() > TEXT_LIMIT {
        return unknown("a choice whose conditions are too long to write out");
    }
    let negated = negated(condition);
    let is_constant = |out: &Out| out.is(true) || out.is(false);
    Ok(match (is_constant(then), is_constant(otherwise)) {
        (true, true) if then.is(true) == otherwise.is(true) => then.clone(),
        (true, true) => {
            if then.is(true) {
                condition.clone()
            } else {
                negated
            }
        }
        (true, false) if then.is(true) => joined(condition, otherwise, true),
        (true, false) => joined(&negated, otherwise, false),
        (false, true) if otherwise.is(true) => joined(&negated, then, true),
        (false, true) => joined(condition, then, false),
        (false, false) => joined(&joined(condition, then, false), &joined(&negated, otherwise, false), true),
    })
}

/// `not …`.
fn negated(out: &Out) -> Out {
    Out::bool(format!("not {}", out.within(NOT)), NOT)
}
