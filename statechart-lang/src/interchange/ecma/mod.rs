//! The part of ECMAScript that data models of statecharts are written in: expressions, and scripts that consist of
//! assignments. A Pratt parser of bounded depth; what it does not know is told apart from what is no ECMAScript.

mod lexer;
mod parser;
mod statements;

pub(super) use parser::{expression, script};
pub(super) use statements::returned;

use std::collections::BTreeMap;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Js {
    /// A number; whether it is written without a point or exponent.
    Number(f64, bool),
    Text(String),
    Bool(bool),
    Null,
    Undefined,
    Name(String),
    Member(Box<Js>, String),
    Index(Box<Js>, Box<Js>),
    Call(Box<Js>, Vec<Js>),
    Unary(&'static str, Box<Js>),
    Binary(&'static str, Box<Js>, Box<Js>),
    Choice(Box<Js>, Box<Js>, Box<Js>),
    List(Vec<Js>),
    /// Names and values of an object literal.
    Object(Vec<(String, Js)>),
    /// `x = e`, `x += e`, `x++`: the place, and its new value.
    Assign(Box<Js>, Box<Js>),
    /// A function that does nothing but compute: its parameters, and what it returns.
    Function(Vec<String>, Box<Js>),
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    /// `x = e`, with or without `var`.
    Assign(Js, Js),
    /// `var x;`
    Declare(String),
    /// An expression for its own sake.
    Run(Js),
    If(Js, Vec<Statement>, Vec<Statement>),
    Function(String, Vec<String>, Vec<Statement>),
    /// `return e`, inside a function.
    Return(Option<Js>),
}

/// Why a text is not in this part of ECMAScript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bad {
    /// It is no ECMAScript: evaluating it is an error.
    Invalid(String),
    /// It may be ECMAScript, which is not carried over.
    Unknown(String),
}

impl Js {
    /// `a.b.c` of names, or nothing.
    pub(super) fn path(&self) -> Option<Vec<&str>> {
        match self {
            Self::Name(name) => Some(vec![name]),
            Self::Member(of, name) => {
                let mut path = of.path()?;
                path.push(name);
                Some(path)
            }
            Self::Index(of, at) => match &**at {
                Self::Text(name) => {
                    let mut path = of.path()?;
                    path.push(name);
                    Some(path)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Calls `visit` with this expression and every one inside it.
    pub(super) fn walk(&self, visit: &mut dyn FnMut(&Js)) {
        visit(self);
        match self {
            Self::Member(of, _) | Self::Unary(_, of) | Self::Function(_, of) => of.walk(visit),
            Self::Index(a, b) | Self::Binary(_, a, b) | Self::Assign(a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
            Self::Choice(a, b, c) => {
                a.walk(visit);
                b.walk(visit);
                c.walk(visit);
            }
            Self::Call(of, args) => {
                of.walk(visit);
                args.iter().for_each(|arg| arg.walk(visit));
            }
            Self::List(items) => items.iter().for_each(|item| item.walk(visit)),
            Self::Object(items) => items.iter().for_each(|(_, item)| item.walk(visit)),
            _ => {}
        }
    }

    /// This expression with other expressions for some of its names.
    pub(super) fn with(&self, values: &BTreeMap<&str, &Js>) -> Js {
        let of = |js: &Js| Box::new(js.with(values));
        let all = |list: &[Js]| list.iter().map(|js| js.with(values)).collect();
        match self {
            Self::Name(name) => values.get(name.as_str()).map_or_else(|| self.clone(), |js| (*js).clone()),
            Self::Member(js, name) => Self::Member(of(js), name.clone()),
            Self::Index(a, b) => Self::Index(of(a), of(b)),
            Self::Call(js, args) => Self::Call(of(js), all(args)),
            Self::Unary(operator, js) => Self::Unary(operator, of(js)),
            Self::Binary(operator, a, b) => Self::Binary(operator, of(a), of(b)),
            Self::Choice(a, b, c) => Self::Choice(of(a), of(b), of(c)),
            Self::List(items) => Self::List(all(items)),
            Self::Object(items) => {
                Self::Object(items.iter().map(|(name, js)| (name.clone(), js.with(values))).collect())
            }
            Self::Assign(a, b) => Self::Assign(of(a), of(b)),
            Self::Function(params, body) => {
                let mut inner = values.clone();
                inner.retain(|name, _| !params.iter().any(|param| param == name));
                Self::Function(params.clone(), Box::new(body.with(&inner)))
            }
            Self::Number(..) | Self::Text(_) | Self::Bool(_) | Self::Null | Self::Undefined => self.clone(),
        }
    }

    /// Whether it is a value written out, which nothing can go wrong with.
    pub(super) fn is_literal(&self) -> bool {
        match self {
            Self::Number(..) | Self::Text(_) | Self::Bool(_) | Self::Null | Self::Undefined => true,
            Self::Unary("-" | "+", inner) => matches!(**inner, Self::Number(..)),
            Self::List(items) => items.iter().all(Self::is_literal),
            Self::Object(items) => items.iter().all(|(_, item)| item.is_literal()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Bad, Js, Statement, expression, script};

    #[test]
    fn precedence_is_that_of_ecmascript() {
        for (text, same) in [
            ("a + b * c", "a + (b * c)"),
            ("a - b - c", "(a - b) - c"),
            ("!a && b || c", "((!a) && b) || c"),
            ("a < b === c > d", "(a < b) === (c > d)"),
            ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
            ("-a.b * 2", "(-(a.b)) * 2"),
            ("typeof x === 'undefined'", "(typeof x) === 'undefined'"),
        ] {
            assert_eq!(expression(text).unwrap(), expression(same).unwrap(), "{text}");
        }
    }

    #[test]
    fn literals_are_read() {
        assert_eq!(expression(" 0x10 ").unwrap(), Js::Number(16.0, true));
        assert_eq!(expression(".5").unwrap(), Js::Number(0.5, false));
        assert_eq!(expression(r"'a\'b\n\u0041'").unwrap(), Js::Text("a'b\nA".to_owned()));
        assert_eq!(
            expression("[1, 'b',]").unwrap(),
            Js::List(vec![Js::Number(1.0, true), Js::Text("b".into())])
        );
        assert!(expression("{p1: 'v1', 'p2': 2}").unwrap().is_literal());
    }

    #[test]
    fn scripts_of_assignments_are_read() {
        let statements =
            script("var i = 0; i++\n i += 2; // more\n if (i > 2) { x = 1 } else x = 2;").unwrap();
        assert_eq!(statements.len(), 4);
        assert!(
            matches!(&statements[1], Statement::Assign(Js::Name(name), Js::Binary("+", ..)) if name == "i")
        );
        assert!(
            matches!(&statements[3], Statement::If(_, then, other) if then.len() == 1 && other.len() == 1)
        );
        assert!(matches!(&script("function foo() { x = 100; }").unwrap()[0], Statement::Function(..)));
    }

    #[test]
    fn functions_that_only_compute_are_read() {
        let function = |params: &[&str], body: &str| {
            Js::Function(
                params.iter().map(|name| (*name).to_owned()).collect(),
                Box::new(expression(body).unwrap()),
            )
        };
        for (text, same) in [
            ("function (a) { return a + 1; }", function(&["a"], "a + 1")),
            ("function f(a, b) { if (a) { return b } else return 2 }", function(&["a", "b"], "a ? b : 2")),
            ("function () { if (x) return 1; return 2 }", function(&[], "x ? 1 : 2")),
            ("a => a * 2", function(&["a"], "a * 2")),
            ("(a, b) => a < b", function(&["a", "b"], "a < b")),
            ("() => { return 7; }", function(&[], "7")),
        ] {
            assert_eq!(expression(text).unwrap(), same, "{text}");
        }
    }

    #[test]
    fn errors_are_told_from_what_is_not_known() {
        for text in ["return", "", "{p1: 'v1'", "1 +", "(a", "'open", "a b"] {
            assert!(matches!(expression(text), Err(Bad::Invalid(_))), "{text}: {:?}", expression(text));
        }
        for text in ["function (a) { a = 1 }", "new Thing()", "/re/.test(a)", "`a${b}`", "a => { b(); }"] {
            assert!(matches!(expression(text), Err(Bad::Unknown(_))), "{text}: {:?}", expression(text));
        }
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            "(".repeat(100_000),
            "[".repeat(100_000),
            "!".repeat(100_000),
            "a.".repeat(100_000),
            "1+".repeat(100_000),
        ] {
            assert!(expression(&text).is_err());
        }
        assert!(script(&"if (a) ".repeat(100_000)).is_err());
        assert!(script(&"{".repeat(100_000)).is_err());
    }
}
