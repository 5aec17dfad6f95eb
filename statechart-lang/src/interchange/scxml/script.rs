//! Scripts: statements, and procedures with their arguments in place.

use std::collections::BTreeMap;

use super::super::{
    Position,
    ecma::{Bad, Js, Statement},
};
use super::{
    call::{CALL_DEPTH, written_size},
    chart::Translator,
    expr::{Scope, invalid, unknown},
};

impl Translator<'_> {
    pub(super) fn statements(
        &mut self,
        statements: &[Statement],
        at: Position,
        scope: &Scope,
        depth: usize,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        for (number, statement) in statements.iter().enumerate() {
            let at_end = number + 1 == statements.len();
            match statement {
                Statement::Declare(_) | Statement::Function(..) => {}
                Statement::Assign(Js::Name(name), Js::Function(..)) if self.lambdas.contains_key(name) => {}
                Statement::Assign(Js::Name(name), value) if !name.starts_with('_') => {
                    self.assign_js(name, value, at, scope, out)?;
                }
                Statement::Assign(..) => return unknown("an assignment to a part of an object"),
                // What a procedure returns, nobody asks for.
                Statement::Return(_) if depth > 0 && at_end => {}
                Statement::Return(_) => return unknown("`return`"),
                Statement::Run(Js::Call(of, args)) => match &**of {
                    Js::Name(name) if depth < CALL_DEPTH => match self.functions.get(name) {
                        Some((params, body)) => {
                            let size = size_of(params, body, args);
                            if !self.may_write(size) {
                                return unknown(format!(
                                    "a call of `{name}`, which is too much to write out"
                                ));
                            }
                            let body = applied(params, body, args)?;
                            self.statements(&body, at, scope, depth + 1, out)?;
                        }
                        None if self.unknown_scripts => return unknown(format!("a call of `{name}`")),
                        None => return invalid(format!("the function `{name}` is not declared")),
                    },
                    _ => return unknown("a call of a function"),
                },
                Statement::Run(value) => {
                    // Only what can go wrong with it matters.
                    self.value(value, scope)?;
                }
                Statement::If(condition, then, otherwise) => {
                    let condition = self.truth(condition, scope)?;
                    let (mut a, mut b) = (Vec::new(), Vec::new());
                    // Neither branch knows what the other does, nor does what follows.
                    let before = (self.known.clone(), self.given_here.clone());
                    self.statements(then, at, scope, depth, &mut a)?;
                    (self.known, self.given_here) = before.clone();
                    self.statements(otherwise, at, scope, depth, &mut b)?;
                    (self.known, self.given_here) = before;
                    self.forget_statements(then);
                    self.forget_statements(otherwise);
                    let mut text = format!("if {} {{ {} }}", condition.text, a.join(", "));
                    if !b.is_empty() {
                        text.push_str(&format!(" else {{ {} }}", b.join(", ")));
                    }
                    out.push(text);
                }
            }
        }
        Ok(())
    }
}

/// How much the body of a procedure is with its arguments in place.
fn size_of(params: &[String], body: &[Statement], args: &[Js]) -> usize {
    body.iter().fold(0, |size: usize, statement| {
        let of = |js: &Js| written_size(params, js, args);
        size.saturating_add(match statement {
            Statement::Assign(_, value) => of(value).saturating_add(1),
            Statement::Run(js) => of(js),
            Statement::If(condition, then, otherwise) => of(condition)
                .saturating_add(size_of(params, then, args))
                .saturating_add(size_of(params, otherwise, args)),
            Statement::Return(js) => js.as_ref().map_or(1, of),
            Statement::Declare(_) | Statement::Function(..) => 1,
        })
    })
}

/// The body of a procedure with its arguments in place of its parameters, which it must not assign to.
fn applied(params: &[String], body: &[Statement], args: &[Js]) -> Result<Vec<Statement>, Bad> {
    let nothing = Js::Undefined;
    let given = params.iter().enumerate();
    let given: BTreeMap<&str, &Js> =
        given.map(|(at, name)| (name.as_str(), args.get(at).unwrap_or(&nothing))).collect();
    with(body, &given)
}

fn with(body: &[Statement], values: &BTreeMap<&str, &Js>) -> Result<Vec<Statement>, Bad> {
    let of = |statement: &Statement| {
        Ok(match statement {
            Statement::Assign(Js::Name(name), _) if values.contains_key(name.as_str()) => {
                return unknown(format!("an assignment to the parameter `{name}`"));
            }
            Statement::Assign(place, value) => Statement::Assign(place.with(values), value.with(values)),
            Statement::Run(js) => Statement::Run(js.with(values)),
            Statement::If(condition, then, otherwise) => {
                Statement::If(condition.with(values), with(then, values)?, with(otherwise, values)?)
            }
            Statement::Return(js) => Statement::Return(js.as_ref().map(|js| js.with(values))),
            Statement::Declare(_) | Statement::Function(..) => statement.clone(),
        })
    };
    body.iter().map(of).collect()
}
