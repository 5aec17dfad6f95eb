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
pub(super) fn states(machine: &Machine) -> impl Iterator<Item = StateId> + '_ {
    (1..machine.states.len()).filter(|state| !machine.states[*state].locals.is_empty())
}

pub(super) fn has_data(machine: &Machine) -> bool {
    states(machine).next().is_some()
}

pub(super) fn has_params(machine: &Machine) -> bool {
    machine.params().next().is_some()
}

pub(super) fn locals(machine: &Machine, state: StateId) -> impl Iterator<Item = (LocalId, &Local)> {
    machine.states[state].locals.iter().map(|id| (*id, &machine.locals[*id]))
}

fn params(machine: &Machine, state: StateId) -> impl Iterator<Item = (LocalId, &Local)> {
    locals(machine, state).filter(|(_, local)| local.param)
}

/// Whether a transition or a default target may pass something to the state.
fn is_passed(machine: &Machine, state: StateId) -> bool {
    params(machine, state).next().is_some()
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
    let structs = states(machine).map(|state| {
        let doc = format!("Data of `{}`.", machine.states[state].path);
        let (name, fields) = (type_of(machine, state), locals(machine, state).map(|(_, local)| field(local)));
        quote! {
            #[doc = #doc]
            #[derive(Debug, Clone)]
            pub struct #name { #(#fields),* }
        }
    });
    let data = has_data(machine).then(|| {
        let fields = states(machine).map(|state| {
            let doc = format!("Of `{}`, while it is active.", machine.states[state].path);
            let (name, ty) = (field_of(machine, state), type_of(machine, state));
            quote!(#[doc = #doc] pub #name: ::core::option::Option<#ty>)
        });
        let staged = states(machine).filter(|state| is_passed(machine, *state)).map(|state| {
            let name = field_of(machine, state);
            let types = params(machine, state).map(|(_, local)| rust::ty(&local.ty));
            quote!(#name: ::core::option::Option<(#(#types,)*)>)
        });
        quote! {
            /// Data of the active states.
            #[derive(Debug, Clone, Default)]
            pub struct Data { #(#fields),* }

            /// What is passed to states that are about to be entered.
            #[derive(Default)]
            struct Staged { #(#staged),* }
        }
    });
    let returned = returned_enum(machine);
    quote! { #machine_params #(#structs)* #data #returned }
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
    let root = machine.result.as_ref().map(|ty| ("the machine".to_owned(), format_ident!("Machine"), ty));
    let states = (1..machine.states.len()).filter_map(|state| {
        let row = &machine.states[state];
        Some((format!("the state `{}`", row.path), returned_of_state(machine, state)?, row.result.as_ref()?))
    });
    let children = (0..machine.children.len()).filter_map(|child| {
        let row = &machine.children[child];
        Some((format!("the child `{}`", row.name), returned_of_child(machine, child)?, row.result.as_ref()?))
    });
    let variants: Vec<TokenStream> = root
        .into_iter()
        .chain(states)
        .chain(children)
        .map(|(who, variant, ty)| {
            let (doc, ty) = (format!("By {who}."), rust::ty(ty));
            quote!(#[doc = #doc] #variant(#ty))
        })
        .collect();
    (!variants.is_empty()).then(|| {
        quote! {
            /// What is returned when something completes.
            #[derive(Debug, Clone)]
            pub enum Returned { #(#variants),* }
        }
    })
}

/// `Returned`, or `()` where nothing is.
pub(super) fn returned_type(machine: &Machine) -> TokenStream {
    if returned_enum(machine).is_some() { quote!(Returned) } else { quote!(()) }
}

/// The hooks around data; those that a machine has no use for keep their default.
pub(super) fn hooks(machine: &Machine) -> TokenStream {
    let hook = |signature: TokenStream, on: TokenStream, arms: Vec<TokenStream>, otherwise: TokenStream| {
        (!arms.is_empty()).then(|| quote!(#signature { match #on { #(#arms)* _ => #otherwise } }))
    };
    let passes = machine.transitions.iter().enumerate().filter(|(_, row)| !row.passes.is_empty());
    let passes = passes.map(|(id, row)| {
        let exprs = fallible(machine).of(row);
        let (id, staged) = (index(id), row.passes.iter().map(|pass| stage(&exprs, pass)));
        quote!(#id => { #(#staged)* })
    });
    let pass = hook(
        quote!(fn pass<F: chart::Effects<Self>>(&mut self, fx: &mut F, transition: u16, cue: chart::CueOf<'_, Self>)),
        quote!(transition),
        passes.collect(),
        quote!({}),
    );
    let enter = hook(
        quote!(fn enter_data<F: chart::Effects<Self>>(&mut self, fx: &mut F, state: u16)),
        quote!(state),
        states(machine).map(|state| enter(machine, state)).collect(),
        quote!({}),
    );
    let left = states(machine).map(|state| {
        let (id, field) = (index(state), field_of(machine, state));
        quote!(#id => self.data.#field = ::core::option::Option::None,)
    });
    let leave = hook(quote!(fn leave_data(&mut self, state: u16)), quote!(state), left.collect(), quote!({}));
    let finals = machine.states.iter().enumerate().filter_map(|(id, row)| {
        let returns = row.returns.as_ref()?;
        let value = format_ident!("returned");
        let made = made(
            &fallible(machine),
            &value,
            returns,
            &quote!(return ::core::option::Option::None),
            &or_zero(&value),
        );
        let id = index(id);
        Some(match returned_of_state(machine, row.parent) {
            Some(variant) => {
                quote!(#id => { #made ::core::option::Option::Some(Returned::#variant(#value)) })
            }
            None => quote!(#id => { #made ::core::option::Option::None }),
        })
    });
    let returned = hook(
        quote!(fn returned<F: chart::Effects<Self>>(&mut self, fx: &mut F, state: u16)
            -> ::core::option::Option<<Self as chart::Chart>::Returned>),
        quote!(state),
        finals.collect(),
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

/// Evaluates what is passed to one state and keeps it.
pub(super) fn stage(exprs: &Exprs<'_>, pass: &Pass) -> TokenStream {
    let machine = exprs.machine;
    let field = field_of(machine, pass.state);
    let (names, made): (Vec<Ident>, Vec<TokenStream>) = params(machine, pass.state)
        .zip(&pass.args)
        .map(|((id, local), arg)| {
            let name = local_ident(local, id);
            let made = made(exprs, &name, arg, &quote!(return), &or_zero(&name));
            (name, made)
        })
        .unzip();
    quote!(#(#made)* self.staged.#field = ::core::option::Option::Some((#(#names,)*));)
}

/// As [`stage`], in a function that returns a result.
pub(super) fn stage_initial(machine: &Machine, pass: &Pass) -> TokenStream {
    let exprs = fallible(machine);
    let field = field_of(machine, pass.state);
    let (names, made): (Vec<Ident>, Vec<TokenStream>) = params(machine, pass.state)
        .zip(&pass.args)
        .map(|((id, local), arg)| {
            let name = local_ident(local, id);
            let made =
                made(&exprs, &name, arg, &quote!(return ::core::result::Result::Ok(())), &or_zero(&name));
            (name, made)
        })
        .unzip();
    quote!(#(#made)* self.staged.#field = ::core::option::Option::Some((#(#names,)*));)
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
    let (names, defaults): (Vec<Ident>, Vec<TokenStream>) =
        params(machine, state).map(|(id, local)| initial(id, local)).unzip();
    let field = field_of(machine, state);
    // Nothing after a parameter that must be passed is reached.
    let must = params(machine, state).position(|(_, local)| local.initial.is_none() && !has_zero(&local.ty));
    let default = match must {
        Some(at) => {
            let before = &defaults[..at];
            quote!({ #(#before)* return; })
        }
        None => quote!({ #(#defaults)* (#(#names,)*) }),
    };
    let passed = is_passed(machine, state).then(|| {
        quote! {
            let (#(#names,)*) = match self.staged.#field.take() {
                ::core::option::Option::Some(passed) => passed,
                ::core::option::Option::None => #default,
            };
        }
    });
    let (fields, made): (Vec<Ident>, Vec<TokenStream>) = locals(machine, state)
        .filter(|(_, local)| !local.param)
        .map(|(id, local)| initial(id, local))
        .unzip();
    let all = names.iter().chain(&fields);
    let spelt = locals(machine, state).map(|(_, local)| rust::field(&local.name));
    let (id, ty) = (index(state), type_of(machine, state));
    quote! {
        #id => {
            #passed
            #(#made)*
            self.data.#field = ::core::option::Option::Some(#ty { #(#spelt: #all),* });
        }
    }
}

/// `path.name: value` of the active states' data, for people; behind the parameters and the context.
pub(super) fn describe(machine: &Machine) -> TokenStream {
    let first = machine.context.is_empty() && !has_params(machine);
    let lines = states(machine).map(|state| {
        let (field, path) = (field_of(machine, state), &machine.states[state].path);
        let writes = locals(machine, state).map(|(_, local)| {
            let (text, name) = (format!("{{comma}}{path}.{}: {{:?}}", local.name), rust::field(&local.name));
            quote!(::core::write!(out, #text, data.#name)?; comma = ", ";)
        });
        quote!(if let ::core::option::Option::Some(data) = &self.data.#field { #(#writes)* })
    });
    let comma = if first { "" } else { ", " };
    let lines: Vec<TokenStream> = lines.collect();
    if lines.is_empty() {
        return TokenStream::new();
    }
    quote!(let mut comma = #comma; #(#lines)*)
}
