//! Expressions that stand as text where JavaScript would have a function: `({ context }) => context.n + 1`, or its
//! body alone. They may read the context, and `event`: its fields are declared by being read, of the type that is
//! wanted there.

use super::super::{
    ecma::{self, Js},
    json::Json,
    names,
};
use super::reactions::event_of;
use super::{Current, Importer};

/// How tightly operators bind, loosest first.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const DEFAULT: u8 = 5;
const SUM: u8 = 6;
const PRODUCT: u8 = 7;
const MINUS: u8 = 8;
const ATOM: u8 = 9;

/// An expression of the language: its text, its type, and how tightly it binds.
struct Out {
    text: String,
    ty: String,
    power: u8,
    /// The text as a fraction, where all of it is whole numbers that are written out.
    fraction: Option<String>,
}

impl Out {
    fn new(text: String, ty: &str, power: u8) -> Self {
        Self { text, ty: ty.to_owned(), power, fraction: None }
    }

    /// The same as a fraction, where it can be one.
    fn into_fraction(self) -> Self {
        match self.fraction {
            Some(text) => Self::new(text, "Float", self.power),
            None => self,
        }
    }

    fn within(&self, power: u8) -> String {
        if self.power < power { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// Whether a text is code on the context, and no name of something.
pub(super) fn is_expression(text: &str) -> bool {
    text.contains("context.") || text.contains("=>") || text.starts_with("event.")
}

/// The expression that a function computes, or that stands alone.
fn parsed(text: &str) -> Option<Js> {
    let body = text.split_once("=>").map_or(text, |(_, body)| body).trim();
    let js = if body.starts_with('{') {
        ecma::expression(&format!("function () {body}")).ok()?
    } else {
        ecma::expression(body).ok()?
    };
    Some(match js {
        Js::Function(_, body) => *body,
        js => js,
    })
}

/// Whether it is a field of an event.
fn is_field(js: &Js) -> bool {
    js.path().is_some_and(|path| path.first() == Some(&"event"))
}

/// Whether what is wanted of it says of what type a field is: the field itself, or with a default.
fn begins_with_field(js: &Js) -> bool {
    match js {
        Js::Binary("??", left, _) => begins_with_field(left),
        js => is_field(js),
    }
}

impl Importer<'_> {
    /// A guard.
    pub(super) fn condition(&mut self, text: &str) -> Option<String> {
        Some(self.truth(&parsed(text)?)?.text)
    }

    /// An expression as a condition: what ECMAScript takes for true.
    fn truth(&mut self, js: &Js) -> Option<Out> {
        let js = match js {
            Js::Null | Js::Undefined => return Some(Out::new("false".to_owned(), "Bool", ATOM)),
            js => js,
        };
        // A field of an event that nothing is known of is asked for as what it is used as.
        let out = match self.expression(js, "") {
            Some(out) => out,
            // Only there: a second look at everything would double the work with each operator.
            None if begins_with_field(js) => self.expression(js, "Bool")?,
            None => return None,
        };
        let plain = out.ty.trim_end_matches('?').to_owned();
        let is_optional = plain != out.ty;
        let test = match plain.as_str() {
            "Bool" if is_optional => {
                return Some(Out::new(format!("{} ?? false", out.within(DEFAULT)), "Bool", DEFAULT));
            }
            "Bool" => return Some(out),
            "Int" => format!("{} != 0", out.within(DEFAULT)),
            "Float" => format!("{} != 0.0", out.within(DEFAULT)),
            "Text" => format!("{} != \"\"", out.within(DEFAULT)),
            _ if is_optional => {
                return Some(Out::new(format!("{} != none", out.within(DEFAULT)), "Bool", COMPARE));
            }
            _ => return Some(Out::new("true".to_owned(), "Bool", ATOM)),
        };
        Some(if is_optional {
            Out::new(format!("{} != none and {test}", out.within(DEFAULT)), "Bool", AND)
        } else {
            Out::new(test, "Bool", COMPARE)
        })
    }

    /// Whether a value is there: `context.user != null`.
    fn is_there(&mut self, js: &Js, there: bool) -> Option<Out> {
        let out = self.expression(js, "")?;
        Some(if out.ty.ends_with('?') {
            let sign = if there { "!=" } else { "==" };
            Out::new(format!("{} {sign} none", out.within(DEFAULT)), "Bool", COMPARE)
        } else {
            Out::new(there.to_string(), "Bool", ATOM)
        })
    }

    /// A value of a type.
    pub(super) fn computed(&mut self, text: &str, ty: &str) -> Option<String> {
        let plain = ty.trim_end_matches('?');
        let out = self.expression(&parsed(text)?, plain)?;
        (out.ty == plain || out.ty == ty).then_some(out.text)
    }

    /// A value of whatever type it has: the type, and the text.
    pub(super) fn evaluated(&mut self, text: &str) -> Option<(String, String)> {
        let out = self.expression(&parsed(text)?, "")?;
        Some((out.ty, out.text))
    }

    /// What `event.a.b` is. A field is declared by being read.
    fn of_event(&mut self, path: &[&str], want: &str) -> Option<Out> {
        let name = match self.current.clone() {
            Current::Nothing => return None,
            Current::Done(ty) => {
                return match (path, ty) {
                    (["output"], Some(ty)) => Some(Out::new("event.result".to_owned(), &ty, ATOM)),
                    _ => None,
                };
            }
            Current::Event(name) => name,
        };
        if path == ["type"] {
            return Some(Out::new(names::text(&name), "Text", ATOM));
        }
        let field = names::identifier(&path.join("_"), "f");
        let sent = self.sends_of(&name).all(|send| match path {
            [key] => send.get(key).is_some(),
            _ => false,
        });
        // What some of those who send it leave out may be undefined.
        if !sent || want == "Text?" {
            return None;
        }
        let known =
            self.fields.get(&name).and_then(|fields| fields.iter().find(|(other, _)| *other == field));
        let ty = match known {
            Some((_, ty)) => ty.clone(),
            None if want.is_empty() => return None,
            None => {
                self.fields.entry(name.clone()).or_default().push((field.clone(), want.to_owned()));
                want.to_owned()
            }
        };
        self.read_fields.insert((name, field.clone()));
        Some(Out::new(format!("event.{field}"), &ty, ATOM))
    }

    /// The objects with which the document sends an event.
    fn sends_of(&self, name: &str) -> impl Iterator<Item = &Json> {
        self.sends.iter().copied().filter(move |send| event_of(send) == Some(name))
    }

    /// Whether a field of an event may be left out: unless an expression counts on it.
    pub(super) fn may_miss(&self, event: &str, field: &str) -> bool {
        !self.read_fields.contains(&(event.to_owned(), field.to_owned()))
    }

    fn expression(&mut self, js: &Js, want: &str) -> Option<Out> {
        Some(match js {
            Js::Number(value, true) if want != "Float" && value.abs() < 9.0e15 => {
                let fraction = Some(format!("{value:.1}"));
                Out { fraction, ..Out::new(format!("{value:.0}"), "Int", ATOM) }
            }
            Js::Number(value, _) if value.is_finite() => {
                let text = format!("{value:?}");
                // The language wants a point before an exponent.
                Out::new(text, "Float", ATOM).checked()?
            }
            Js::Text(text) => Out::new(names::text(text), "Text", ATOM),
            Js::Bool(value) => Out::new(value.to_string(), "Bool", ATOM),
            Js::Member(..) => {
                let path = js.path()?;
                let [first, rest @ ..] = path.as_slice() else { return None };
                if *first == "event" {
                    return self.of_event(rest, want);
                }
                if *first != "context" {
                    return None;
                }
                match (self.variables.get(&rest.join(".")), rest) {
                    (Some((spelt, ty)), _) => Out::new(spelt.clone(), ty, ATOM),
                    (None, [list @ .., "length"]) => {
                        let (spelt, ty) = self.variables.get(&list.join("."))?;
                        let has_length = ty == "Text" || ty.starts_with('[') && !ty.ends_with('?');
                        has_length.then(|| Out::new(format!("len({spelt})"), "Int", ATOM))?
                    }
                    _ => return None,
                }
            }
            Js::Unary("!", inner) => {
                let inner = self.truth(inner)?;
                Out::new(format!("not {}", inner.within(NOT)), "Bool", NOT)
            }
            Js::Unary("-", inner) => {
                let inner = self.expression(inner, want)?;
                if !matches!(inner.ty.as_str(), "Int" | "Float") {
                    return None;
                }
                let negative = |text: &str| {
                    if inner.power < ATOM { format!("-({text})") } else { format!("-{text}") }
                };
                let fraction = inner.fraction.as_deref().map(negative);
                Out { fraction, ..Out::new(negative(&inner.text), &inner.ty, MINUS) }
            }
            Js::Binary(sign @ ("&&" | "||"), left, right) => {
                let (word, power) = if *sign == "&&" { ("and", AND) } else { ("or", OR) };
                let (left, right) = (self.truth(left)?, self.truth(right)?);
                Out::new(format!("{} {word} {}", left.within(power), right.within(power + 1)), "Bool", power)
            }
            Js::Binary(sign @ ("==" | "===" | "!=" | "!==" | "<" | "<=" | ">" | ">="), left, right) => {
                let is_equality = sign.len() > 1 && !matches!(*sign, "<=" | ">=");
                for (nothing, of) in [(left, right), (right, left)] {
                    if is_equality && matches!(**nothing, Js::Null | Js::Undefined) {
                        return self.is_there(of, sign.starts_with('!'));
                    }
                }
                let (left, right) = self.alike(left, right, "", is_equality)?;
                let sign = match *sign {
                    "===" => "==",
                    "!==" => "!=",
                    sign => sign,
                };
                let has_order = matches!(left.ty.as_str(), "Int" | "Float" | "Text");
                if !has_order && !is_equality || left.ty.starts_with('[') {
                    return None;
                }
                Out::new(format!("{} {sign} {}", left.within(SUM), right.within(SUM)), "Bool", COMPARE)
            }
            Js::Binary("??", left, right) => {
                let left = self.expression(left, want)?;
                let plain = left.ty.trim_end_matches('?').to_owned();
                if plain == left.ty {
                    return Some(left);
                }
                let right = self.expression(right, &plain).filter(|right| right.ty == plain)?;
                let text = format!("{} ?? {}", left.within(DEFAULT), right.within(DEFAULT + 1));
                Out::new(text, &plain, DEFAULT)
            }
            Js::Binary(sign @ ("+" | "-" | "*" | "/" | "%"), left, right) => {
                let power = if matches!(*sign, "+" | "-") { SUM } else { PRODUCT };
                let want = if *sign == "/" { "Float" } else { want };
                let (left, right) = self.alike(left, right, want, false)?;
                let fits = match left.ty.as_str() {
                    // The quotient of whole numbers is a fraction there.
                    "Int" => *sign != "/",
                    "Float" => true,
                    "Text" => *sign == "+",
                    _ => false,
                };
                let text = format!("{} {sign} {}", left.within(power), right.within(power + 1));
                let ty = left.ty.clone();
                let (a, b) = (left.power < power, right.power < power + 1);
                let within = |text: String, is_loose: bool| if is_loose { format!("({text})") } else { text };
                let fraction = left.fraction.zip(right.fraction);
                let fraction =
                    fraction.map(|(left, right)| format!("{} {sign} {}", within(left, a), within(right, b)));
                fits.then(|| Out { fraction, ..Out::new(text, &ty, power) })?
            }
            _ => return None,
        })
    }

    /// Two sides of one type: a whole number beside fractions is one of them.
    /// `loose`: one of them may be optional.
    fn alike(&mut self, left: &Js, right: &Js, want: &str, loose: bool) -> Option<(Out, Out)> {
        // A field that is read for the first time has the type of what it is beside.
        let (a, b) = match (is_field(left) && want.is_empty(), is_field(right) && want.is_empty()) {
            (true, false) => {
                let b = self.expression(right, want)?;
                (self.expression(left, b.ty.trim_end_matches('?'))?, b)
            }
            (false, true) => {
                let a = self.expression(left, want)?;
                let b = self.expression(right, a.ty.trim_end_matches('?'))?;
                (a, b)
            }
            _ => (self.expression(left, want)?, self.expression(right, want)?),
        };
        if a.ty == b.ty || loose && a.ty.trim_end_matches('?') == b.ty.trim_end_matches('?') {
            return Some((a, b));
        }
        let (a, b) = match (a.ty.as_str(), b.ty.as_str()) {
            ("Int", "Float") => (a.into_fraction(), b),
            ("Float", "Int") => (a, b.into_fraction()),
            _ => return None,
        };
        (a.ty == b.ty).then_some((a, b))
    }
}

impl Out {
    /// None where a number has an exponent and no point, which the language does not read.
    fn checked(self) -> Option<Self> {
        (!self.text.contains('e') || self.text.contains('.')).then_some(self)
    }
}
