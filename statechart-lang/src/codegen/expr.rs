//! Expressions. Every expression has two forms: a value, and a place that can be borrowed.

use proc_macro2::{Ident, Literal as Token, TokenStream};
use quote::{format_ident, quote};

use super::{data, rust};
use crate::{
    model::{
        BinaryOp, BindingId, Expr, ExprKind, Literal, LocalId, Machine, Transition, Trigger, Type, UnaryOp,
        names,
    },
    table::ById,
};

/// Generates expressions of one function.
pub(super) struct Exprs<'a> {
    pub(super) machine: &'a Machine,
    /// What the function returns where the checker has proved that it cannot come to it.
    otherwise: TokenStream,
    /// What `event.result` is: a variant of `Returned`.
    result: Option<Ident>,
    /// Data that the function has made before, and that no state holds yet.
    pub(super) made: ById<Ident>,
    /// Variables that have a new value which the context does not hold yet.
    pub(super) fresh: ById<Ident>,
}

impl<'a> Exprs<'a> {
    pub(super) fn new(machine: &'a Machine, otherwise: TokenStream) -> Self {
        Self { machine, otherwise, result: None, made: ById::default(), fresh: ById::default() }
    }

    /// The same in the guard, the passes and the actions of a transition.
    pub(super) fn of(mut self, transition: &Transition) -> Self {
        self.result = match transition.trigger {
            Trigger::Done(state) => data::returned_of_state(self.machine, state),
            Trigger::ChildDone(child) => data::returned_of_child(self.machine, child),
            _ => None,
        };
        self
    }

    /// What a `for` binds, in Rust.
    pub(super) fn binding(&self, binding: BindingId) -> Ident {
        format_ident!("{}_{binding}", names::snake(&self.machine.bindings[binding].name))
    }

    /// The expression as an owned value.
    pub(super) fn value(&self, expr: &Expr) -> TokenStream {
        match &expr.kind {
            ExprKind::Variable(_)
            | ExprKind::Local(_)
            | ExprKind::Binding(_)
            | ExprKind::Result
            | ExprKind::Field { .. }
            | ExprKind::Unwrap(_) => {
                let place = self.place(expr);
                if rust::is_copy(&expr.ty) {
                    quote!(*#place)
                } else {
                    quote!(::core::clone::Clone::clone(#place))
                }
            }
            ExprKind::Literal(literal) => self::literal(literal),
            ExprKind::None => quote!(::core::option::Option::None),
            // Only in a skeleton, where nothing is computed.
            ExprKind::Error => quote!(::core::default::Default::default()),
            ExprKind::EventName => quote!(value::Text::Static(cue.name(Event::name))),
            ExprKind::FaultKind => quote!(value::Text::Static(cue.fault_kind())),
            ExprKind::Now => quote!(self.core.now()),
            ExprKind::In(state) => {
                let state = Token::u16_suffixed(*state as u16);
                quote!(self.core.is_in(#state))
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let inner = self.value(inner);
                quote!(!(#inner))
            }
            ExprKind::Unary(UnaryOp::Negate, inner) => {
                let value = self.value(inner);
                match inner.ty {
                    Type::Float => quote!(-(#value)),
                    Type::Duration => quote!(value::Arithmetic::minus(value::Duration(0), #value)?),
                    _ => quote!(value::Arithmetic::minus(0i64, #value)?),
                }
            }
            ExprKind::Binary(operator, left, right) => self.binary(expr, *operator, left, right),
            ExprKind::Default(left, right) => {
                let fallback = self.value(right);
                let place = self.place(left);
                let wrap = if expr.ty == left.ty {
                    quote!(::core::option::Option::Some)
                } else {
                    TokenStream::new()
                };
                quote!(match #place {
                    ::core::option::Option::Some(value) => #wrap(::core::clone::Clone::clone(value)),
                    ::core::option::Option::None => #fallback,
                })
            }
            ExprKind::IsNone(inner) => {
                let place = self.place(inner);
                quote!(::core::option::Option::is_none(#place))
            }
            ExprKind::Wrap(inner) => {
                let inner = self.value(inner);
                quote!(::core::option::Option::Some(#inner))
            }
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.value(item));
                // What it is compared with does not tell the type of an empty one.
                let of = match &expr.ty {
                    Type::List(item) => rust::ty(item),
                    _ => quote!(_),
                };
                let count = proc_macro2::Literal::usize_unsuffixed(items.len());
                quote!(<value::List<#of> as ::core::convert::From<[#of; #count]>>::from([#(#items),*]))
            }
            ExprKind::Index(list, index) => {
                // An item that is none reads like one that is not there.
                let flat = match &list.ty {
                    Type::List(item) if matches!(**item, Type::Optional(_)) => quote!(.flatten()),
                    _ => TokenStream::new(),
                };
                let (list, index) = (self.place(list), self.value(index));
                quote!(value::item(#list, #index) #flat)
            }
            ExprKind::Len(inner) => {
                let place = self.place(inner);
                if inner.ty == Type::Text { quote!(value::len(#place)) } else { quote!(value::count(#place)) }
            }
            ExprKind::Guard(guard, args) => {
                let name = rust::field(&self.machine.guards[*guard].name);
                let args = args
                    .iter()
                    .map(|arg| if rust::is_copy(&arg.ty) { self.value(arg) } else { self.place(arg) });
                // By its trait: others have methods, too, as `Into` has.
                quote!(Externs::#name(&self.externs #(, #args)*))
            }
        }
    }

    /// The expression as a reference.
    fn place(&self, expr: &Expr) -> TokenStream {
        match &expr.kind {
            ExprKind::Variable(at) => {
                if let Some(name) = self.fresh.get(at) {
                    return quote!(&#name);
                }
                let name = rust::field(&self.machine.context[*at].name);
                quote!(&self.context.#name)
            }
            ExprKind::Field { name, of } => {
                let field = rust::field(name);
                let variants =
                    of.iter().map(|(event, _)| rust::variant(&self.machine.events[*event].symbol.name));
                let otherwise = &self.otherwise;
                // Another event never comes here: the transition's trigger admits only these.
                quote!((match cue {
                    #(chart::Cue::Event(Event::#variants { #field: field, .. }))|* => field,
                    _ => #otherwise,
                }))
            }
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Binding(binding) => {
                let name = self.binding(*binding);
                quote!(#name)
            }
            ExprKind::Result => {
                let otherwise = &self.otherwise;
                match &self.result {
                    Some(variant) => quote!((match cue {
                        chart::Cue::Done(::core::option::Option::Some(Returned::#variant(result))) => result,
                        _ => #otherwise,
                    })),
                    None => quote!((#otherwise)),
                }
            }
            ExprKind::Unwrap(inner) => {
                let place = self.place(inner);
                let otherwise = &self.otherwise;
                // The checker has proved that a value is there; were it wrong, `no_value` would say so.
                quote!((match #place {
                    ::core::option::Option::Some(value) => value,
                    ::core::option::Option::None => #otherwise,
                }))
            }
            ExprKind::None => {
                let of = match &expr.ty {
                    Type::Optional(inner) => rust::ty(inner),
                    _ => quote!(_),
                };
                quote!(&(::core::option::Option::<#of>::None))
            }
            _ => {
                let value = self.value(expr);
                quote!(&(#value))
            }
        }
    }

    /// Data of a state, which is active wherever the expression stands, or of the machine.
    fn local(&self, local: LocalId) -> TokenStream {
        if let Some(made) = self.made.get(&local) {
            return quote!(&#made);
        }
        let row = &self.machine.locals[local];
        let name = rust::field(&row.name);
        if row.state == 0 {
            return quote!(&self.params.#name);
        }
        let (state, otherwise) = (rust::field(&self.machine.states[row.state].path), &self.otherwise);
        quote!((match &self.data.#state {
            ::core::option::Option::Some(data) => &data.#name,
            ::core::option::Option::None => #otherwise,
        }))
    }

    fn binary(&self, whole: &Expr, operator: BinaryOp, left: &Expr, right: &Expr) -> TokenStream {
        let compare = |symbol: TokenStream| {
            let (left, right) = (self.place(left), self.place(right));
            quote!((#left) #symbol (#right))
        };
        let call = |method: TokenStream| {
            let (left, right) = (self.value(left), self.value(right));
            quote!(value::Arithmetic::#method(#left, #right)?)
        };
        match operator {
            BinaryOp::And => {
                let (left, right) = (self.value(left), self.value(right));
                quote!((#left) && (#right))
            }
            BinaryOp::Or => {
                let (left, right) = (self.value(left), self.value(right));
                quote!((#left) || (#right))
            }
            BinaryOp::Equal => compare(quote!(==)),
            BinaryOp::NotEqual => compare(quote!(!=)),
            BinaryOp::Less => compare(quote!(<)),
            BinaryOp::LessEqual => compare(quote!(<=)),
            BinaryOp::Greater => compare(quote!(>)),
            BinaryOp::GreaterEqual => compare(quote!(>=)),
            BinaryOp::Add if left.ty == Type::Text => {
                let (left, right) = (self.place(left), self.place(right));
                let joined = quote!(value::Text::concat(#left, #right));
                // Short literals stay below the limit.
                if whole.is_partial() { quote!(#joined?) } else { quote!(#joined.unwrap_or_default()) }
            }
            BinaryOp::Add => call(quote!(plus)),
            BinaryOp::Subtract => call(quote!(minus)),
            BinaryOp::Multiply => call(quote!(times)),
            BinaryOp::Divide => call(quote!(over)),
            BinaryOp::Modulo => call(quote!(modulo)),
        }
    }
}

/// Whether the code of an expression may leave the function that it stands in: by a fault, or where the checker has
/// proved that it cannot come to.
pub(super) fn may_leave(expr: &Expr) -> bool {
    expr.any(|part| {
        let is_held = matches!(
            part.kind,
            ExprKind::Local(_) | ExprKind::Result | ExprKind::Field { .. } | ExprKind::Unwrap(_)
        );
        is_held || part.is_partial()
    })
}

fn literal(literal: &Literal) -> TokenStream {
    match literal {
        Literal::Int(value) => int(*value),
        Literal::Float(value) => {
            let size = Token::f64_suffixed(value.abs());
            if value.is_sign_negative() { quote!((-#size)) } else { quote!(#size) }
        }
        Literal::Bool(value) => quote!(#value),
        Literal::Text(value) => quote!(value::Text::Static(#value)),
        Literal::Duration(value) => {
            let value = int(*value);
            quote!(value::Duration(#value))
        }
    }
}

fn int(value: i64) -> TokenStream {
    match value.checked_abs() {
        None => quote!(::core::primitive::i64::MIN),
        Some(size) => {
            let size = Token::i64_suffixed(size);
            if value < 0 { quote!((-#size)) } else { quote!(#size) }
        }
    }
}
