//! Child machines: what starts one, and how the parent's externs supply the child's.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    Options,
    actions::{child_variant, spawn},
    data,
    expr::Exprs,
    hooks::index,
    rust,
};
use crate::model::{Invoked, Machine, Model, names};

/// The enum of what `spawn` and `do` start.
pub(super) fn items(machine: &Machine) -> Option<TokenStream> {
    let variants = machine.children.iter().map(|child| {
        let doc = format!("`{}`, a `{}`.", child.name, child.machine);
        let (variant, module) = (rust::variant(&child.name), rust::field(&child.machine));
        let params = (!child.params.is_empty()).then(|| quote!((super::#module::Params)));
        quote!(#[doc = #doc] #variant #params)
    });
    (!machine.children.is_empty()).then(|| {
        quote! {
            /// A child machine to start, its arguments evaluated.
            #[derive(Debug, Clone)]
            pub enum Spawn { #(#variants),* }
        }
    })
}

pub(super) fn spawn_type(machine: &Machine) -> TokenStream {
    if machine.children.is_empty() { quote!(()) } else { quote!(Spawn) }
}

/// The machines that it starts, each once, in the order in which they are first named.
fn kinds(machine: &Machine) -> Vec<&str> {
    let mut kinds: Vec<&str> = Vec::new();
    for child in &machine.children {
        if !kinds.contains(&child.machine.as_str()) {
            kinds.push(&child.machine);
        }
    }
    kinds
}

pub(super) fn supplier(kind: &str) -> Ident {
    format_ident!("spawn_{}", names::snake(kind))
}

/// The methods of the trait of externs that supply those of children. One whose machine needs none has a default.
pub(super) fn suppliers(model: &Model, machine: &Machine) -> TokenStream {
    let methods = kinds(machine).into_iter().map(|kind| {
        let doc = format!("Externs for a child `{kind}` that is about to start.");
        let (name, module) = (supplier(kind), rust::field(kind));
        let params = takes_params(model, kind).then(|| quote!(, params: &super::#module::Params));
        let body = if is_needy(model, kind, &mut Vec::new()) { quote!(;) } else { quote!({}) };
        quote! {
            #[doc = #doc]
            fn #name(&mut self #params) -> impl super::#module::Externs + ::core::marker::Send + 'static #body
        }
    });
    methods.collect()
}

pub(super) fn takes_params(model: &Model, kind: &str) -> bool {
    model.machine(kind).is_some_and(data::has_params)
}

/// Whether somebody has to write externs for the machine.
pub(super) fn is_needy(model: &Model, kind: &str, seen: &mut Vec<String>) -> bool {
    if seen.iter().any(|other| other == kind) {
        return false;
    }
    seen.push(kind.to_owned());
    let Some(machine) = model.machine(kind) else { return true };
    let own = !(machine.guards.is_empty() && machine.actions.is_empty() && machine.services.is_empty());
    own || kinds(machine).into_iter().any(|kind| is_needy(model, kind, seen))
}

/// The hook that evaluates the arguments of `do Machine(…)`.
pub(super) fn hook(machine: &Machine) -> Option<TokenStream> {
    let exprs = Exprs::new(machine, quote!(return ::core::result::Result::Err(value::Fault::NoValue)));
    let arms: Vec<TokenStream> = machine
        .activities
        .iter()
        .enumerate()
        .filter_map(|(id, activity)| {
            let Invoked::Child(child) = activity.runs else { return None };
            let (id, spawn) = (index(id), spawn(&exprs, child, &activity.args));
            Some(quote!(#id => #spawn,))
        })
        .collect();
    (!arms.is_empty()).then(|| {
        quote! {
            fn child(&self, activity: u16) -> ::core::result::Result<Spawn, value::Fault> {
                ::core::result::Result::Ok(match activity {
                    #(#arms)*
                    _ => return ::core::result::Result::Err(value::Fault::Child),
                })
            }
        }
    })
}

/// How parent and child understand each other.
pub(super) fn link(model: &Model, machine: &Machine, child: usize, options: Options) -> TokenStream {
    let row = &machine.children[child];
    let (module, message) = (rust::field(&row.machine), child_variant(&row.name));
    let result = match data::returned_of_child(machine, child) {
        Some(returned) => quote!(|returned| match returned {
            super::#module::Returned::Machine(value) =>
                ::core::option::Option::Some(Returned::#returned(::core::clone::Clone::clone(value))),
            _ => ::core::option::Option::None,
        }),
        None => quote!(|_| ::core::option::Option::None),
    };
    let parent = upward(model, machine, child);
    let snapshots = options.snapshots().then(|| quote!(.with_snapshots()));
    quote! {
        chart::Link::new(
            |message| match message {
                Message::#message(event) => ::core::option::Option::Some(event),
                _ => ::core::option::Option::None,
            },
            #result,
        )#parent #snapshots
    }
}

/// What a child says to the machine that started it: those of its peers are that machine that are of its kind.
fn upward(model: &Model, machine: &Machine, child: usize) -> Option<TokenStream> {
    let row = &machine.children[child];
    let (kind, module) = (model.machine(&row.machine)?, rust::field(&row.machine));
    let meant = kind.peers.iter().filter(|peer| peer.machine == machine.name);
    let messages: Vec<Ident> = meant.map(|peer| rust::variant(&peer.name)).collect();
    (!messages.is_empty()).then(|| {
        quote! {
            .with_parent(|message| match message {
                #(super::#module::Message::#messages(event))|* => ::core::result::Result::Ok(event),
                other => ::core::result::Result::Err(other),
            })
        }
    })
}

/// How a spawn becomes a machine.
pub(super) fn launch(model: &Model, machine: &Machine, options: Options) -> TokenStream {
    let arms = machine.children.iter().enumerate().map(|(at, child)| {
        let (variant, module) = (rust::variant(&child.name), rust::field(&child.machine));
        let (id, supplier, link) = (index(at), supplier(&child.machine), link(model, machine, at, options));
        let (pattern, borrowed, params) = if takes_params(model, &child.machine) {
            (quote!((params)), quote!(&params), quote!(params,))
        } else {
            (TokenStream::new(), TokenStream::new(), TokenStream::new())
        };
        quote! {
            Spawn::#variant #pattern => {
                let externs = self.externs.#supplier(#borrowed);
                host.run(#id, super::#module::Machine::new(#params externs), #link);
            }
        }
    });
    let body =
        if machine.children.is_empty() { TokenStream::new() } else { quote!(match spawn { #(#arms)* }) };
    let ty = spawn_type(machine);
    quote! {
        impl<X: Externs> chart::Children for Machine<X> {
            fn launch<H: chart::Host<Self>>(&mut self, spawn: #ty, host: &mut H) { #body }
        }
    }
}
