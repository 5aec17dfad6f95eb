//! Expressions that stand as text where JavaScript would have a function: `({ context }) => context.n + 1`, or its
//! body alone. They may read the context, and `event`: its fields are declared by being read, of the type that is
//! wanted there.

use super::super::{
    ecma::{self, Js},
    json::Json,
    names,
};
use super::{Current, Importer};

/// How tightly operators bind, loosest first.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const MINUS: u8 = 7;
const ATOM: u8 = 8;

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
    fn as_fraction(self) -> Self {
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

impl Importer<'_> {
    /// A guard.
    pub(super) fn condition(&mut self, text: &str) -> Option<String> {
        let out = self.expression(&parsed(text)?, "Bool")?;
        (out.ty == "Bool").then_some(out.text)
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
        self.sends
            .iter()
            .copied()
            .filter(move |send| send.text().or_else(|| send.get("type").and_then(Json::text)) == Some(name))
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
                let (spelt, ty) = self.variables.get(&rest.join(".")).filter(|_| *first == "context")?;
                Out::new(spelt.clone(), ty, ATOM)
            }
            Js::Unary("!", inner) => {
                let inner = self.of(inner, "Bool")?;
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
                let (left, right) = (self.of(left, "Bool")?, self.of(right, "Bool")?);
                Out::new(format!("{} {word} {}", left.within(power), right.within(power + 1)), "Bool", power)
            }
            Js::Binary(sign @ ("==" | "===" | "!=" | "!==" | "<" | "<=" | ">" | ">="), left, right) => {
                let (left, right) = self.alike(left, right, "")?;
                let sign = match *sign {
                    "===" => "==",
                    "!==" => "!=",
                    sign => sign,
                };
                if left.ty == "Bool" && !matches!(sign, "==" | "!=") {
                    return None;
                }
                Out::new(format!("{} {sign} {}", left.within(SUM), right.within(SUM)), "Bool", COMPARE)
            }
            Js::Binary(sign @ ("+" | "-" | "*"), left, right) => {
                let power = if *sign == "*" { PRODUCT } else { SUM };
                let (left, right) = self.alike(left, right, want)?;
                let fits = matches!(left.ty.as_str(), "Int" | "Float") || (left.ty == "Text" && *sign == "+");
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

    fn of(&mut self, js: &Js, ty: &str) -> Option<Out> {
        self.expression(js, ty).filter(|out| out.ty == ty)
    }

    /// Two sides of one type: a whole number beside fractions is one of them.
    fn alike(&mut self, left: &Js, right: &Js, want: &str) -> Option<(Out, Out)> {
        // A field that is read for the first time has the type of what it is beside.
        let of_event = |js: &Js| js.path().is_some_and(|path| path[0] == "event");
        let (a, b) = match (of_event(left) && want.is_empty(), of_event(right) && want.is_empty()) {
            (true, false) => {
                let b = self.expression(right, want)?;
                (self.expression(left, &b.ty)?, b)
            }
            (false, true) => {
                let a = self.expression(left, want)?;
                let b = self.expression(right, &a.ty)?;
                (a, b)
            }
            _ => (self.expression(left, want)?, self.expression(right, want)?),
        };
        if a.ty == b.ty {
            return Some((a, b));
        }
        let (a, b) = match (a.ty.as_str(), b.ty.as_str()) {
            ("Int", "Float") => (a.as_fraction(), b),
            ("Float", "Int") => (a, b.as_fraction()),
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
