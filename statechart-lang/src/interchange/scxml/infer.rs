//! What the values of expressions are.

use super::super::ecma::Js;
use super::{
    chart::Translator,
    expr::{Scope, is_trunc},
    types::{Kind, Slot},
};

impl Translator<'_> {
    /// The type of an expression; what is compared, added or assigned becomes one type.
    pub(super) fn infer(&mut self, js: &Js, scope: &Scope) -> Slot {
        match js {
            Js::Number(_, whole) => self.types.fresh(if *whole { Kind::Int } else { Kind::Float }),
            Js::Text(_) => self.types.fresh(Kind::Text),
            Js::Bool(_) => self.types.fresh(Kind::Bool),
            Js::Null | Js::Undefined | Js::Assign(..) | Js::Function(..) => self.types.fresh(Kind::Unknown),
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
                None => self.types.fresh(match name.as_str() {
                    "_name" | "_sessionid" => Kind::Text,
                    "_ioprocessors" => Kind::Opaque,
                    _ => Kind::Unknown,
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
                if let Some(written) = self.written_out(of, args) {
                    self.calling += 1;
                    let slot = self.infer(&written, scope);
                    self.calling -= 1;
                    return slot;
                }
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
}
