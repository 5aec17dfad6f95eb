//! Expressions. Every expression has two forms: a value, and a place that can be borrowed.

use super::{data, rust, template::Rust};
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
    otherwise: Rust,
    /// What `event.result` is: a variant of `Returned`.
    result: Option<Rust>,
    /// Data that the function has made before, and that no state holds yet.
    pub(super) made: ById<Rust>,
    /// Variables that have a new value which the context does not hold yet.
    pub(super) fresh: ById<Rust>,
}

impl<'a> Exprs<'a> {
    pub(super) fn new(machine: &'a Machine, otherwise: Rust) -> Self {
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
    pub(super) fn binding(&self, binding: BindingId) -> Rust {
        Rust::from_text(format!("{}_{binding}", names::snake(&self.machine.bindings[binding].name)))
    }

    /// The expression as an owned value.
    pub(super) fn value(&self, expr: &Expr) -> Rust {
        match &expr.kind {
            ExprKind::Variable(_)
            | ExprKind::Local(_)
            | ExprKind::Binding(_)
            | ExprKind::Result
            | ExprKind::Field { .. }
            | ExprKind::Unwrap(_) => {
                let place = self.place(expr);
                if rust::is_copy(&expr.ty) {
                    rust!(*#place)
                } else {
                    rust!(::core::clone::Clone::clone(#place))
                }
            }
            ExprKind::Literal(literal) => self::literal(literal),
            ExprKind::None => rust!(::core::option::Option::None),
            // Only in a skeleton, where nothing is computed.
            ExprKind::Error => rust!(::core::default::Default::default()),
            ExprKind::EventName => rust!(value::Text::Static(cue.name(Event::name))),
            ExprKind::FaultKind => rust!(value::Text::Static(cue.fault_kind())),
            ExprKind::Now => rust!(self.core.now()),
            ExprKind::In(state) => {
                rust!(self.core.is_in(#state))
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let inner = self.value(inner);
                rust!(!(#inner))
            }
            ExprKind::Unary(UnaryOp::Negate, inner) => {
                let value = self.value(inner);
                match inner.ty {
                    Type::Float => rust!(-(#value)),
                    Type::Duration => rust!(value::Arithmetic::minus(value::Duration(0), #value)?),
                    _ => rust!(value::Arithmetic::minus(0i64, #value)?),
                }
            }
            ExprKind::Binary(operator, left, right) => self.binary(expr, *operator, left, right),
            ExprKind::Default(left, right) => {
                let fallback = self.value(right);
                let place = self.place(left);
                let wrap = if expr.ty == left.ty { rust!(::core::option::Option::Some) } else { Rust::new() };
                rust!(match #place {
                    ::core::option::Option::Some(value) => #wrap(::core::clone::Clone::clone(value)),
                    ::core::option::Option::None => #fallback,
                })
            }
            ExprKind::IsNone(inner) => {
                let place = self.place(inner);
                rust!(::core::option::Option::is_none(#place))
            }
            ExprKind::Wrap(inner) => {
                let inner = self.value(inner);
                rust!(::core::option::Option::Some(#inner))
            }
            ExprKind::List(items) => {
                let (count, mut values) = (items.len(), Rust::new());
                for item in items {
                    values.item(&self.value(item));
                }
                // What it is compared with does not tell the type of an empty one.
                let of = match &expr.ty {
                    Type::List(item) => rust::ty(item),
                    _ => rust!(_),
                };
                rust!(<value::List<#of> as ::core::convert::From<[#of; #count]>>::from([#values]))
            }
            ExprKind::Index(list, index) => {
                // An item that is none reads like one that is not there.
                let flat = match &list.ty {
                    Type::List(item) if matches!(**item, Type::Optional(_)) => rust!(.flatten()),
                    _ => Rust::new(),
                };
                let (list, index) = (self.place(list), self.value(index));
                rust!(value::item(#list, #index) #flat)
            }
            ExprKind::Len(inner) => {
                let place = self.place(inner);
                if inner.ty == Type::Text { rust!(value::len(#place)) } else { rust!(value::count(#place)) }
            }
            ExprKind::Guard(guard, args) => {
                let name = rust::field(&self.machine.guards[*guard].name);
                let mut list = Rust::new();
                for arg in args {
                    list.item(&if rust::is_copy(&arg.ty) { self.value(arg) } else { self.place(arg) });
                }
                // By its trait: others have methods, too, as `Into` has.
                rust!(Externs::#name(&self.externs, #list))
            }
        }
    }

    /// The expression as a reference.
    fn place(&self, expr: &Expr) -> Rust {
        match &expr.kind {
            ExprKind::Variable(at) => {
                if let Some(name) = self.fresh.get(at) {
                    return rust!(&#name);
                }
                let name = rust::field(&self.machine.context[*at].name);
                rust!(&self.context.#name)
            }
            ExprKind::Field { name, of } => {
                let field = rust::field(name);
                let mut events = Rust::new();
                for (event, _) in of {
                    let variant = rust::variant(&self.machine.events[*event].symbol.name);
                    events.or(rust!(chart::Cue::Event(Event::#variant { #field: field, .. })));
                }
                let otherwise = &self.otherwise;
                // Another event never comes here: the transition's trigger admits only these.
                rust!((match cue {
                    #events => field,
                    _ => #otherwise,
                }))
            }
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Binding(binding) => {
                let name = self.binding(*binding);
                rust!(#name)
            }
            ExprKind::Result => {
                let otherwise = &self.otherwise;
                match &self.result {
                    Some(variant) => rust!((match cue {
                        chart::Cue::Done(::core::option::Option::Some(Returned::#variant(result))) => result,
                        _ => #otherwise,
                    })),
                    None => rust!((#otherwise)),
                }
            }
            ExprKind::Unwrap(inner) => {
                let place = self.place(inner);
                let otherwise = &self.otherwise;
                // The checker has proved that a value is there; were it wrong, `no_value` would say so.
                rust!((match #place {
                    ::core::option::Option::Some(value) => value,
                    ::core::option::Option::None => #otherwise,
                }))
            }
            ExprKind::None => {
                let of = match &expr.ty {
                    Type::Optional(inner) => rust::ty(inner),
                    _ => rust!(_),
                };
                rust!(&(::core::option::Option::<#of>::None))
            }
            _ => {
                let value = self.value(expr);
                rust!(&(#value))
            }
        }
    }

    /// Data of a state, which is active wherever the expression stands, or of the machine.
    fn local(&self, local: LocalId) -> Rust {
        if let Some(made) = self.made.get(&local) {
            return rust!(&#made);
        }
        let row = &self.machine.locals[local];
        let name = rust::field(&row.name);
        if row.state == 0 {
            return rust!(&self.params.#name);
        }
        let (state, otherwise) = (rust::field(&self.machine.states[row.state].path), &self.otherwise);
        rust!((match &self.data.#state {
            ::core::option::Option::Some(data) => &data.#name,
            ::core::option::Option::None => #otherwise,
        }))
    }

    fn binary(&self, whole: &Expr, operator: BinaryOp, left: &Expr, right: &Expr) -> Rust {
        let compare = |symbol: Rust| {
            let (left, right) = (self.place(left), self.place(right));
            rust!((#left) #symbol (#right))
        };
        let call = |method: Rust| {
            let (left, right) = (self.value(left), self.value(right));
            rust!(value::Arithmetic::#method(#left, #right)?)
        };
        match operator {
            BinaryOp::And => {
                let (left, right) = (self.value(left), self.value(right));
                rust!((#left) && (#right))
            }
            BinaryOp::Or => {
                let (left, right) = (self.value(left), self.value(right));
                rust!((#left) || (#right))
            }
            BinaryOp::Equal => compare(rust!(==)),
            BinaryOp::NotEqual => compare(rust!(!=)),
            BinaryOp::Less => compare(rust!(<)),
            BinaryOp::LessEqual => compare(rust!(<=)),
            BinaryOp::Greater => compare(rust!(>)),
            BinaryOp::GreaterEqual => compare(rust!(>=)),
            BinaryOp::Add if left.ty == Type::Text => {
                let (left, right) = (self.place(left), self.place(right));
                let joined = rust!(value::Text::concat(#left, #right));
                // Short literals stay below the limit.
                if whole.is_partial() { rust!(#joined?) } else { rust!(#joined.unwrap_or_default()) }
            }
            BinaryOp::Add => call(rust!(plus)),
            BinaryOp::Subtract => call(rust!(minus)),
            BinaryOp::Multiply => call(rust!(times)),
            BinaryOp::Divide => call(rust!(over)),
            BinaryOp::Modulo => call(rust!(modulo)),
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

fn literal(literal: &Literal) -> Rust {
    match literal {
        Literal::Int(value) => int(*value),
        Literal::Float(value) => {
            let size = Rust::from_text(format!("{:?}f64", value.abs()));
            if value.is_sign_negative() { rust!((-#size)) } else { rust!(#size) }
        }
        Literal::Bool(value) => rust!(#value),
        Literal::Text(value) => rust!(value::Text::Static(#value)),
        Literal::Duration(value) => {
            let value = int(*value);
            rust!(value::Duration(#value))
        }
    }
}

fn int(value: i64) -> Rust {
    match value.checked_abs() {
        None => rust!(::core::primitive::i64::MIN),
        Some(size) => {
            let size = rust::long(size);
            if value < 0 { rust!((-#size)) } else { rust!(#size) }
        }
    }
}
