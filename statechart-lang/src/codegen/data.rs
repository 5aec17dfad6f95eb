//! Data of states and of the machine, and what final states and children return.
//!
//! A state's data is made when it is entered and gone when it has been left: an `Option` of a struct for each state
//! that has any. What a transition passes to its targets waits in `Staged` meanwhile.

use super::{
    expr::{Exprs, may_leave},
    items::doc,
    rust,
    template::Rust,
};
use crate::model::{ChildId, Expr, Local, LocalId, Machine, Pass, StateId, Type, names};

/// States other than the root that have data.
pub(super) fn states(machine: &Machine) -> Vec<StateId> {
    let mut states = Vec::new();
    for state in 1..machine.states.len() {
        if !machine.states[state].locals.is_empty() {
            states.push(state);
        }
    }
    states
}

pub(super) fn has_data(machine: &Machine) -> bool {
    !states(machine).is_empty()
}

pub(super) fn has_params(machine: &Machine) -> bool {
    machine.params().next().is_some()
}

pub(super) fn locals(machine: &Machine, state: StateId) -> Vec<(LocalId, &Local)> {
    let mut locals = Vec::new();
    for id in &machine.states[state].locals {
        locals.push((*id, &machine.locals[*id]));
    }
    locals
}

fn params(machine: &Machine, state: StateId) -> Vec<(LocalId, &Local)> {
    let mut params = locals(machine, state);
    params.retain(|(_, local)| local.param);
    params
}

/// Whether a transition or a default target may pass something to the state.
fn is_passed(machine: &Machine, state: StateId) -> bool {
    !params(machine, state).is_empty()
}

pub(super) fn field_of(machine: &Machine, state: StateId) -> Rust {
    rust::field(&machine.states[state].path)
}

pub(super) fn type_of(machine: &Machine, state: StateId) -> Rust {
    Rust::from_text(format!("{}Data", names::pascal(&machine.states[state].path)))
}

/// The struct of the machine's parameters, those of states' data, and the enum of what is returned.
pub(super) fn items(machine: &Machine) -> Rust {
    let machine_params = has_params(machine).then(|| {
        let mut fields = Rust::new();
        for (_, param) in params(machine, 0) {
            fields.item(&field(param));
        }
        rust! {
            /// The machine's parameters.
            #[derive(Debug, Clone)]
            pub struct Params { #fields }
        }
    });
    let (mut structs, mut fields, mut staged) = (Rust::new(), Rust::new(), Rust::new());
    for state in states(machine) {
        let (name, ty) = (field_of(machine, state), type_of(machine, state));
        let doc = format!("Data of `{}`.", machine.states[state].path);
        let mut of_state = Rust::new();
        for (_, local) in locals(machine, state) {
            of_state.item(&field(local));
        }
        structs.push(rust! {
            #[doc = #doc]
            #[derive(Debug, Clone)]
            pub struct #ty { #of_state }
        });
        let doc = format!("Of `{}`, while it is active.", machine.states[state].path);
        fields.push(rust!(#[doc = #doc] pub #name: ::core::option::Option<#ty>,));
        if is_passed(machine, state) {
            let mut types = Rust::new();
            for (_, local) in params(machine, state) {
                types.item(&rust::ty(&local.ty));
            }
            staged.push(rust!(#name: ::core::option::Option<(#types)>,));
        }
    }
    let data = has_data(machine).then(|| {
        rust! {
            /// Data of the active states.
            #[derive(Debug, Clone, Default)]
            pub struct Data { #fields }

            /// What is passed to states that are about to be entered.
            #[derive(Default)]
            struct Staged { #staged }
        }
    });
    let returned = returned_enum(machine);
    rust! { #machine_params #structs #data #returned }
}

fn field(local: &Local) -> Rust {
    let doc = doc(&local.doc, &format!("`{}`.", local.name));
    let (name, ty) = (rust::field(&local.name), rust::ty(&local.ty));
    rust!(#doc pub #name: #ty)
}

/// The variant of `Returned` for what a state's final states return.
pub(super) fn returned_of_state(machine: &Machine, state: StateId) -> Option<Rust> {
    if state == 0 {
        return machine.result.as_ref().map(|_| Rust::from_text("Machine"));
    }
    let row = &machine.states[state];
    row.result.as_ref().map(|_| Rust::from_text(format!("State{}", names::pascal(&row.path))))
}

/// The variant of `Returned` for what a child returns.
pub(super) fn returned_of_child(machine: &Machine, child: ChildId) -> Option<Rust> {
    let row = &machine.children[child];
    row.result.as_ref().map(|_| Rust::from_text(format!("Child{}", names::pascal(&row.name))))
}

fn returned_enum(machine: &Machine) -> Option<Rust> {
    let mut variants = Rust::new();
    let mut add = |who: String, variant: Option<Rust>, ty: Option<&Type>| {
        if let (Some(variant), Some(ty)) = (variant, ty) {
            let (doc, ty) = (format!("By {who}."), rust::ty(ty));
            variants.push(rust!(#[doc = #doc] #variant(#ty),));
        }
    };
    add("the machine".to_owned(), returned_of_state(machine, 0), machine.result.as_ref());
    for (id, row) in machine.states.iter().enumerate().skip(1) {
        add(format!("the state `{}`", row.path), returned_of_state(machine, id), row.result.as_ref());
    }
    for (id, row) in machine.children.iter().enumerate() {
        add(format!("the child `{}`", row.name), returned_of_child(machine, id), row.result.as_ref());
    }
    (!variants.is_empty()).then(|| {
        rust! {
            /// What is returned when something completes.
            #[derive(Debug, Clone)]
            pub enum Returned { #variants }
        }
    })
}

/// `Returned`, or `()` where nothing is.
pub(super) fn returned_type(machine: &Machine) -> Rust {
    if returned_enum(machine).is_some() { rust!(Returned) } else { rust!(()) }
}

/// The hooks around data; those that a machine has no use for keep their default.
pub(super) fn hooks(machine: &Machine) -> Rust {
    let mut pass = Rust::new();
    for (id, row) in machine.transitions.iter().enumerate().filter(|(_, row)| !row.passes.is_empty()) {
        let exprs = fallible(machine).of(row);
        let staged = stage_all(&exprs, &row.passes, &rust!(return));
        pass.push(rust!(#id => { #staged }));
    }
    let (mut entered, mut left) = (Rust::new(), Rust::new());
    for state in states(machine) {
        entered.push(enter(machine, state));
        let field = field_of(machine, state);
        left.push(rust!(#state => self.data.#field = ::core::option::Option::None,));
    }
    let mut returned = Rust::new();
    for (id, row) in machine.states.iter().enumerate() {
        let Some(returns) = &row.returns else { continue };
        let value = Rust::from_text("returned");
        let exprs = fallible(machine);
        let leave = rust!(return ::core::option::Option::None);
        let made = made(&exprs, &value, returns, &leave, &or_zero(&value));
        let result = match returned_of_state(machine, row.parent) {
            Some(variant) => rust!(::core::option::Option::Some(Returned::#variant(#value))),
            None => rust!(::core::option::Option::None),
        };
        returned.push(rust!(#id => { #made #result }));
    }
    let hook = |signature: Rust, on: &str, arms: Rust, otherwise: Rust| {
        let on = Rust::from_text(on);
        (!arms.is_empty()).then(|| rust!(#signature { match #on { #arms _ => #otherwise } }))
    };
    let pass = hook(
        rust!(fn pass<F: chart::Effects<Self>>(&mut self, fx: &mut F, transition: u16, cue: chart::CueOf<'_, Self>)),
        "transition",
        pass,
        rust!({}),
    );
    let enter = hook(
        rust!(fn enter_data<F: chart::Effects<Self>>(&mut self, fx: &mut F, state: u16)),
        "state",
        entered,
        rust!({}),
    );
    let leave = hook(rust!(fn leave_data(&mut self, state: u16)), "state", left, rust!({}));
    let returned = hook(
        rust!(fn returned<F: chart::Effects<Self>>(&mut self, fx: &mut F, state: u16)
            -> ::core::option::Option<<Self as chart::Chart>::Returned>),
        "state",
        returned,
        rust!(::core::option::Option::None),
    );
    rust! { #pass #enter #leave #returned }
}

/// Expressions of closures that return a fault.
pub(super) fn fallible(machine: &Machine) -> Exprs<'_> {
    Exprs::new(machine, rust!(return ::core::result::Result::Err(value::Fault::NoValue)))
}

/// `let name = expr;`, where a fault is raised and leaves the type's zero, as `or_zero` does; `otherwise` where it has
/// none.
pub(super) fn made(exprs: &Exprs<'_>, name: &Rust, expr: &Expr, otherwise: &Rust, or_zero: &Rust) -> Rust {
    let value = exprs.value(expr);
    let ty = rust::ty(&expr.ty);
    if !may_leave(expr) {
        return rust!(let #name: #ty = #value;);
    }
    let evaluated = rust! {
        let #name = (|| -> ::core::result::Result<#ty, value::Fault> { ::core::result::Result::Ok(#value) })();
    };
    if has_zero(&expr.ty) {
        rust!(#evaluated let #name = #or_zero;)
    } else {
        // A move, which does not fault.
        rust!(#evaluated let ::core::result::Result::Ok(#name) = #name else { #otherwise };)
    }
}

fn or_zero(name: &Rust) -> Rust {
    rust!(chart::engine::or_zero(self, fx, #name))
}

fn has_zero(ty: &Type) -> bool {
    !matches!(ty, Type::Extern(_))
}

pub(super) fn local_ident(local: &Local, id: LocalId) -> Rust {
    Rust::from_text(format!("{}_{id}", names::snake(&local.name)))
}

/// Evaluates what is passed to states and keeps it; `leave` where that is not possible.
pub(super) fn stage_all(exprs: &Exprs<'_>, passes: &[Pass], leave: &Rust) -> Rust {
    let machine = exprs.machine;
    let mut all = Rust::new();
    for pass in passes {
        let field = field_of(machine, pass.state);
        let mut names = Rust::new();
        for ((id, local), arg) in params(machine, pass.state).into_iter().zip(&pass.args) {
            let name = local_ident(local, id);
            all.push(made(exprs, &name, arg, leave, &or_zero(&name)));
            names.item(&name);
        }
        all.push(rust!(self.staged.#field = ::core::option::Option::Some((#names));));
    }
    all
}

/// Makes the data of a state: parameters as passed, else by default; then fields.
fn enter(machine: &Machine, state: StateId) -> Rust {
    let mut exprs = fallible(machine);
    let mut initial = |id: LocalId, local: &Local| {
        let name = local_ident(local, id);
        let made = match &local.initial {
            Some(initial) => made(&exprs, &name, initial, &rust!(return), &or_zero(&name)),
            // The checker has seen to it that it is passed.
            None if has_zero(&local.ty) => {
                let ty = rust::ty(&local.ty);
                rust!(let #name: #ty = ::core::default::Default::default();)
            }
            None => rust!(return;),
        };
        exprs.made.insert(id, name.clone());
        (name, made)
    };
    let (mut passed, mut defaults) = (Rust::new(), Rust::new());
    let mut must = false;
    for (id, local) in params(machine, state) {
        let (name, made) = initial(id, local);
        passed.item(&name);
        // Nothing after a parameter that must be passed is reached.
        must |= local.initial.is_none() && !has_zero(&local.ty);
        if !must {
            defaults.push(made);
        }
    }
    let field = field_of(machine, state);
    let default = if must { rust!({ #defaults return; }) } else { rust!({ #defaults (#passed) }) };
    let taken = is_passed(machine, state).then(|| {
        rust! {
            let (#passed) = match self.staged.#field.take() {
                ::core::option::Option::Some(passed) => passed,
                ::core::option::Option::None => #default,
            };
        }
    });
    let (mut fields, mut data) = (Rust::new(), Rust::new());
    for (id, local) in locals(machine, state) {
        if !local.param {
            fields.push(initial(id, local).1);
        }
        let (name, made) = (rust::field(&local.name), local_ident(local, id));
        data.push(rust!(#name: #made,));
    }
    let ty = type_of(machine, state);
    rust! {
        #state => {
            #taken
            #fields
            self.data.#field = ::core::option::Option::Some(#ty { #data });
        }
    }
}

/// `path.name: value` of the active states' data, for people; behind the parameters and the context.
pub(super) fn describe(machine: &Machine) -> Rust {
    let first = machine.context.is_empty() && !has_params(machine);
    let comma = if first { "" } else { ", " };
    let mut lines = Rust::new();
    for state in states(machine) {
        let (field, path) = (field_of(machine, state), &machine.states[state].path);
        let mut writes = Rust::new();
        for (_, local) in locals(machine, state) {
            let (text, name) = (format!("{{comma}}{path}.{}: {{:?}}", local.name), rust::field(&local.name));
            writes.push(rust!(::core::write!(out, #text, data.#name)?; comma = ", ";));
        }
        lines.push(rust!(if let ::core::option::Option::Some(data) = &self.data.#field { #writes }));
    }
    if lines.is_empty() {
        return Rust::new();
    }
    rust!(let mut comma = #comma; #lines)
}
