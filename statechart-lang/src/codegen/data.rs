//! Data of states and of the machine, and what final states and children return.
//!
//! A state's data is made when it is entered and gone when it has been left: an `Option` of a struct for each state
//! that has any. What a transition passes to its targets waits in `Staged` meanwhile.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    expr::{Exprs, may_leave},
    hooks::index,
    items::doc,
    rust,
};
use crate::model::{ChildId, Expr, Local, LocalId, Machine, Pass, StateId, Type, names};

/// States other than the root that have data.
pub(super) fn states(machine: &Machine) -> Vec<StateId> {
    (1..machine.states.len()).filter(|state| !machine.states[*state].locals.is_empty()).collect()
}

pub(super) fn has_data(machine: &Machine) -> bool {
    !states(machine).is_empty()
}

pub(super) fn has_params(machine: &Machine) -> bool {
    machine.params().next().is_some()
}

pub(super) fn locals(machine: &Machine, state: StateId) -> Vec<(LocalId, &Local)> {
    machine.states[state].locals.iter().map(|id| (*id, &machine.locals[*id])).collect()
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

pub(super) fn field_of(machine: &Machine, state: StateId) -> Ident {
    rust::field(&machine.states[state].path)
}

pub(super) fn type_of(machine: &Machine, state: StateId) -> Ident {
    format_ident!("{}Data", names::pascal(&machine.states[state].path))
}

/// The struct of the machine's parameters, those of states' data, and the enum of what is returned.
pub(super) fn items(machine: &Machine) -> TokenStream {
    let machine_params = has_params(machine).then(|| {
        let fields = machine.params().map(field);
        quote! {
            /// The machine's parameters.
            #[derive(Debug, Clone)]
            pub struct Params { #(#fields),* }
        }
    });
    let (mut structs, mut fields, mut staged) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for state in states(machine) {
        let (name, ty) = (field_of(machine, state), type_of(machine, state));
        let doc = format!("Data of `{}`.", machine.states[state].path);
        let of_state = locals(machine, state).into_iter().map(|(_, local)| field(local));
        structs.extend(quote! {
            #[doc = #doc]
            #[derive(Debug, Clone)]
            pub struct #ty { #(#of_state),* }
        });
        let doc = format!("Of `{}`, while it is active.", machine.states[state].path);
        fields.extend(quote!(#[doc = #doc] pub #name: ::core::option::Option<#ty>,));
        if is_passed(machine, state) {
            let types = params(machine, state).into_iter().map(|(_, local)| rust::ty(&local.ty));
            staged.extend(quote!(#name: ::core::option::Option<(#(#types,)*)>,));
        }
    }
    let data = has_data(machine).then(|| {
        quote! {
            /// Data of the active states.
            #[derive(Debug, Clone, Default)]
            pub struct Data { #fields }

            /// What is passed to states that are about to be entered.
            #[derive(Default)]
            struct Staged { #staged }
        }
    });
    let returned = returned_enum(machine);
    quote! { #machine_params #structs #data #returned }
}

fn field(local: &Local) -> TokenStream {
    let doc = doc(&local.doc, &format!("`{}`.", local.name));
    let (name, ty) = (rust::field(&local.name), rust::ty(&local.ty));
    quote!(#doc pub #name: #ty)
}

/// The variant of `Returned` for what a state's final states return.
pub(super) fn returned_of_state(machine: &Machine, state: StateId) -> Option<Ident> {
    if state == 0 {
        return machine.result.as_ref().map(|_| format_ident!("Machine"));
    }
    let row = &machine.states[state];
    row.result.as_ref().map(|_| format_ident!("State{}", names::pascal(&row.path)))
}

/// The variant of `Returned` for what a child returns.
pub(super) fn returned_of_child(machine: &Machine, child: ChildId) -> Option<Ident> {
    let row = &machine.children[child];
    row.result.as_ref().map(|_| format_ident!("Child{}", names::pascal(&row.name)))
}

fn returned_enum(machine: &Machine) -> Option<TokenStream> {
    let mut variants = TokenStream::new();
    let mut add = |who: String, variant: Option<Ident>, ty: Option<&Type>| {
        if let (Some(variant), Some(ty)) = (variant, ty) {
            let (doc, ty) = (format!("By {who}."), rust::ty(ty));
            variants.extend(quote!(#[doc = #doc] #variant(#ty),));
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
        quote! {
            /// What is returned when something completes.
            #[derive(Debug, Clone)]
            pub enum Returned { #variants }
        }
    })
}

/// `Returned`, or `()` where nothing is.
pub(super) fn returned_type(machine: &Machine) -> TokenStream {
    if returned_enum(machine).is_some() { quote!(Returned) } else { quote!(()) }
}

/// The hooks around data; those that a machine has no use for keep their default.
pub(super) fn hooks(machine: &Machine) -> TokenStream {
    let mut pass = TokenStream::new();
    for (id, row) in machine.transitions.iter().enumerate().filter(|(_, row)| !row.passes.is_empty()) {
        let exprs = fallible(machine).of(row);
        let (id, staged) = (index(id), stage_all(&exprs, &row.passes, &quote!(return)));
        pass.extend(quote!(#id => { #staged }));
    }
    let (mut entered, mut left) = (TokenStream::new(), TokenStream::new());
    for state in states(machine) {
        entered.extend(enter(machine, state));
        let (id, field) = (index(state), field_of(machine, state));
        left.extend(quote!(#id => self.data.#field = ::core::option::Option::None,));
    }
    let mut returned = TokenStream::new();
    for (id, row) in machine.states.iter().enumerate() {
        let Some(returns) = &row.returns else { continue };
        let (id, value) = (index(id), format_ident!("returned"));
        let exprs = fallible(machine);
        let leave = quote!(return ::core::option::Option::None);
        let made = made(&exprs, &value, returns, &leave, &or_zero(&value));
        let result = match returned_of_state(machine, row.parent) {
            Some(variant) => quote!(::core::option::Option::Some(Returned::#variant(#value))),
            None => quote!(::core::option::Option::None),
        };
        returned.extend(quote!(#id => { #made #result }));
    }
    let hook = |signature: TokenStream, on: &str, arms: TokenStream, otherwise: TokenStream| {
        let on = format_ident!("{on}");
        (!arms.is_empty()).then(|| quote!(#signature { match #on { #arms _ => #otherwise } }))
    };
    let pass = hook(
        quote!(fn pass<F: chart::Effects<Self>>(&mut self, fx: &mut F, transition: u16, cue: chart::CueOf<'_, Self>)),
        "transition",
        pass,
        quote!({}),
    );
    let enter = hook(
        quote!(fn enter_data<F: chart::Effects<Self>>(&mut self, fx: &mut F, state: u16)),
        "state",
        entered,
        quote!({}),
    );
    let leave = hook(quote!(fn leave_data(&mut self, state: u16)), "state", left, quote!({}));
    let returned = hook(
        quote!(fn returned<F: chart::Effects<Self>>(&mut self, fx: &mut F, state: u16)
            -> ::core::option::Option<<Self as chart::Chart>::Returned>),
        "state",
        returned,
        quote!(::core::option::Option::None),
    );
    quote! { #pass #enter #leave #returned }
}

/// Expressions of closures that return a fault.
pub(super) fn fallible(machine: &Machine) -> Exprs<'_> {
    Exprs::new(machine, quote!(return ::core::result::Result::Err(value::Fault::NoValue)))
}

/// `let name = expr;`, where a fault is raised and leaves the type's zero, as `or_zero` does; `otherwise` where it has
/// none.
pub(super) fn made(
    exprs: &Exprs<'_>,
    name: &Ident,
    expr: &Expr,
    otherwise: &TokenStream,
    or_zero: &TokenStream,
) -> TokenStream {
    let value = exprs.value(expr);
    let ty = rust::ty(&expr.ty);
    if !may_leave(expr) {
        return quote!(let #name: #ty = #value;);
    }
    let evaluated = quote! {
        let #name = (|| -> ::core::result::Result<#ty, value::Fault> { ::core::result::Result::Ok(#value) })();
    };
    if has_zero(&expr.ty) {
        quote!(#evaluated let #name = #or_zero;)
    } else {
        // A move, which does not fault.
        quote!(#evaluated let ::core::result::Result::Ok(#name) = #name else { #otherwise };)
    }
}

fn or_zero(name: &Ident) -> TokenStream {
    quote!(chart::engine::or_zero(self, fx, #name))
}

fn has_zero(ty: &Type) -> bool {
    !matches!(ty, Type::Extern(_))
}

pub(super) fn local_ident(local: &Local, id: LocalId) -> Ident {
    format_ident!("{}_{id}", names::snake(&local.name))
}

/// Evaluates what is passed to states and keeps it; `leave` where that is not possible.
pub(super) fn stage_all(exprs: &Exprs<'_>, passes: &[Pass], leave: &TokenStream) -> TokenStream {
    let machine = exprs.machine;
    let mut all = TokenStream::new();
    for pass in passes {
        let field = field_of(machine, pass.state);
        let mut names: Vec<Ident> = Vec::new();
        for ((id, local), arg) in params(machine, pass.state).into_iter().zip(&pass.args) {
            let name = local_ident(local, id);
            all.extend(made(exprs, &name, arg, leave, &or_zero(&name)));
            names.push(name);
        }
        all.extend(quote!(self.staged.#field = ::core::option::Option::Some((#(#names,)*));));
    }
    all
}

/// Makes the data of a state: parameters as passed, else by default; then fields.
fn enter(machine: &Machine, state: StateId) -> TokenStream {
    let mut exprs = fallible(machine);
    let mut initial = |id: LocalId, local: &Local| {
        let name = local_ident(local, id);
        let made = match &local.initial {
            Some(initial) => made(&exprs, &name, initial, &quote!(return), &or_zero(&name)),
            // The checker has seen to it that it is passed.
            None if has_zero(&local.ty) => {
                let ty = rust::ty(&local.ty);
                quote!(let #name: #ty = ::core::default::Default::default();)
            }
            None => quote!(return;),
        };
        exprs.made.insert(id, name.clone());
        (name, made)
    };
    let (mut names, mut defaults) = (Vec::new(), TokenStream::new());
    let mut must = false;
    for (id, local) in params(machine, state) {
        let (name, made) = initial(id, local);
        names.push(name);
        // Nothing after a parameter that must be passed is reached.
        must |= local.initial.is_none() && !has_zero(&local.ty);
        if !must {
            defaults.extend(made);
        }
    }
    let field = field_of(machine, state);
    let default = if must { quote!({ #defaults return; }) } else { quote!({ #defaults (#(#names,)*) }) };
    let passed = is_passed(machine, state).then(|| {
        quote! {
            let (#(#names,)*) = match self.staged.#field.take() {
                ::core::option::Option::Some(passed) => passed,
                ::core::option::Option::None => #default,
            };
        }
    });
    let (mut all, mut fields) = (names, TokenStream::new());
    for (id, local) in locals(machine, state) {
        if !local.param {
            let (name, made) = initial(id, local);
            fields.extend(made);
            all.push(name);
        }
    }
    let spelt = locals(machine, state).into_iter().map(|(_, local)| rust::field(&local.name));
    let (id, ty) = (index(state), type_of(machine, state));
    quote! {
        #id => {
            #passed
            #fields
            self.data.#field = ::core::option::Option::Some(#ty { #(#spelt: #all),* });
        }
    }
}

/// `path.name: value` of the active states' data, for people; behind the parameters and the context.
pub(super) fn describe(machine: &Machine) -> TokenStream {
    let first = machine.context.is_empty() && !has_params(machine);
    let comma = if first { "" } else { ", " };
    let mut lines = TokenStream::new();
    for state in states(machine) {
        let (field, path) = (field_of(machine, state), &machine.states[state].path);
        let writes = locals(machine, state).into_iter().map(|(_, local)| {
            let (text, name) = (format!("{{comma}}{path}.{}: {{:?}}", local.name), rust::field(&local.name));
            quote!(::core::write!(out, #text, data.#name)?; comma = ", ";)
        });
        lines.extend(quote!(if let ::core::option::Option::Some(data) = &self.data.#field { #(#writes)* }));
    }
    if lines.is_empty() {
        return TokenStream::new();
    }
    quote!(let mut comma = #comma; #lines)
}
