//! Expressions that stand as text where JavaScript would have a function: `({ context }) => context.n + 1`, or its
//! body alone. They may read the context and nothing else.

use super::super::{
    ecma::{self, Js},
    names,
};
use super::Importer;

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
}

impl Out {
    fn new(text: String, ty: &str, power: u8) -> Self {
        Self { text, ty: ty.to_owned(), power }
    }

    fn within(&self, power: u8) -> String {
        if self.power < power { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// Whether a text is code on the context, and no name of something.
pub(super) fn is_expression(text: &str) -> bool {
    text.contains("context.") || text.contains("=>")
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
    pub(super) fn condition(&self, text: &str) -> Option<String> {
        let out = self.expression(&parsed(text)?, "Bool")?;
        (out.ty == "Bool").then_some(out.text)
    }

    /// A value of a type.
    pub(super) fn computed(&self, text: &str, ty: &str) -> Option<String> {
        let plain = ty.trim_end_matches('?');
        let out = self.expression(&parsed(text)?, plain)?;
        (out.ty == plain || out.ty == ty).then_some(out.text)
    }

    fn expression(&self, js: &Js, want: &str) -> Option<Out> {
        Some(match js {
            Js::Number(value, true) if want != "Float" && value.abs() < 9.0e15 => {
                Out::new(format!("{value:.0}"), "Int", ATOM)
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
                Out::new(format!("-{}", inner.within(ATOM)), &inner.ty, MINUS)
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
                fits.then(|| Out::new(text, &left.ty, power))?
            }
            _ => return None,
        })
    }

    fn of(&self, js: &Js, ty: &str) -> Option<Out> {
        self.expression(js, ty).filter(|out| out.ty == ty)
    }

    /// Two sides of one type: a whole number beside fractions is one of them.
    fn alike(&self, left: &Js, right: &Js, want: &str) -> Option<(Out, Out)> {
        let (a, b) = (self.expression(left, want)?, self.expression(right, want)?);
        if a.ty == b.ty {
            return Some((a, b));
        }
        let (a, b) = (self.expression(left, &b.ty)?, self.expression(right, &a.ty)?);
        (a.ty == b.ty).then_some((a, b))
    }
}

impl Out {
    /// None where a number has an exponent and no point, which the language does not read.
    fn checked(self) -> Option<Self> {
        (!self.text.contains('e') || self.text.contains('.')).then_some(self)
    }
}
