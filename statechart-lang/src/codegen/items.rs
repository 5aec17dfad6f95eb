//! What users of a machine name: its alphabets, context, externs, and the machine itself.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    actions::child_variant,
    children, data,
    expr::{Exprs, may_leave},
    rust,
};
use crate::model::{ExternFn, Field, Machine, Model, Service, Symbol, names};

pub(super) fn items(model: &Model, machine: &Machine) -> TokenStream {
    let state = states(machine);
    let events: Vec<&Symbol> = machine.events.iter().map(|event| &event.symbol).collect();
    let event = alphabet("Event", "Σ, the input alphabet, and the internal events.", &events);
    let outputs: Vec<&Symbol> = machine.outputs.iter().collect();
    let output = alphabet("Output", "Γ, the output alphabet.", &outputs);
    let message = messages(machine);
    let call = calls(
        "Call",
        "A call of an extern service, its arguments evaluated.",
        machine.services.iter().map(|service| &service.function),
    );
    let action =
        calls("Action", "A call of an extern action, its arguments evaluated.", machine.actions.iter());
    let outcomes = machine.services.iter().map(|service| outcome(machine, service));
    let context = context(machine);
    let data = data::items(machine);
    let spawn = children::items(machine);
    let externs = externs(model, machine);
    quote! { #state #event #output #message #call #action #(#outcomes)* #context #data #spawn #externs }
}

pub(super) fn doc(text: &str, otherwise: &str) -> TokenStream {
    let text = if text.is_empty() { otherwise } else { text };
    quote!(#[doc = #text])
}

fn states(machine: &Machine) -> TokenStream {
    let rows = || machine.states.iter().enumerate().skip(1);
    let variants = rows().map(|(id, state)| {
        let doc = doc(&state.doc, &format!("`{}`: {}.", state.path, state.label));
        let (name, id) = (rust::variant(&state.path), id as u16);
        quote!(#doc #name = #id)
    });
    let names: Vec<Ident> = rows().map(|(_, state)| rust::variant(&state.path)).collect();
    let paths = rows().map(|(_, state)| &state.path);
    let ids = rows().map(|(id, _)| id as u16);
    quote! {
        /// Q, the states.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum State { #(#variants),* }

        impl State {
            /// The state's path as the spec spells it.
            pub const fn name(self) -> &'static str {
                match self { #(Self::#names => #paths),* }
            }

            /// The state with this index of the tables; the root has none.
            pub const fn from_index(index: u16) -> ::core::option::Option<Self> {
                match index {
                    #(#ids => ::core::option::Option::Some(Self::#names),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    }
}

/// An alphabet as an enum with the spec's spelling of its symbols.
fn alphabet(name: &str, about: &str, symbols: &[&Symbol]) -> TokenStream {
    let name = format_ident!("{name}");
    let variants = symbols.iter().map(|symbol| {
        let doc = doc(&symbol.doc, &format!("`{}`.", symbol.name));
        let (variant, fields) = (rust::variant(&symbol.name), rust::fields(&symbol.fields));
        quote!(#doc #variant #fields)
    });
    let patterns = symbols.iter().map(|symbol| rust::variant(&symbol.name));
    let spellings = symbols.iter().map(|symbol| &symbol.name);
    let names = if symbols.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(Self::#patterns { .. } => #spellings),* })
    };
    // Symbols without fields are plain tags.
    let derives = if symbols.iter().all(|symbol| symbol.fields.is_empty()) {
        quote!(#[derive(Debug, Clone, Copy, PartialEq, Eq)])
    } else {
        quote!(#[derive(Debug, Clone)])
    };
    quote! {
        #[doc = #about]
        #derives
        pub enum #name { #(#variants),* }

        impl #name {
            /// The symbol as the spec spells it.
            pub fn name(&self) -> &'static str { #names }
        }
    }
}

fn messages(machine: &Machine) -> TokenStream {
    let peers = machine.peers.iter().map(|peer| {
        let doc = format!("For the peer `{}`.", peer.name);
        let (variant, module) = (rust::variant(&peer.name), rust::field(&peer.machine));
        quote!(#[doc = #doc] #variant(super::#module::Event))
    });
    let children = machine.children.iter().map(|child| {
        let doc = format!("For the child `{}`.", child.name);
        let (variant, module) = (child_variant(&child.name), rust::field(&child.machine));
        quote!(#[doc = #doc] #variant(super::#module::Event))
    });
    quote! {
        /// What `send` delivers.
        #[derive(Debug, Clone)]
        pub enum Message {
            #(#peers,)*
            #(#children,)*
            /// For the machine itself.
            Itself(Event),
        }
    }
}

fn calls<'a>(name: &str, about: &str, functions: impl Iterator<Item = &'a ExternFn>) -> TokenStream {
    let name = format_ident!("{name}");
    let variants = functions.map(|function| {
        let doc = doc(&function.doc, &format!("`{}`.", function.name));
        let (variant, fields) =
            (rust::variant(&function.name), rust::fields(&rust::params(&function.params)));
        quote!(#doc #variant #fields)
    });
    quote! {
        #[doc = #about]
        #[derive(Debug, Clone)]
        pub enum #name { #(#variants),* }
    }
}

/// The name of the enum of a service's outcomes.
pub(super) fn outcome_name(service: &Service) -> Ident {
    format_ident!("{}Outcome", rust::variant(&service.function.name))
}

fn outcome(machine: &Machine, service: &Service) -> TokenStream {
    let name = outcome_name(service);
    let doc = format!("How the service `{}` ends.", service.function.name);
    let (mut variants, mut arms) = (TokenStream::new(), TokenStream::new());
    for event in service.outcomes() {
        let symbol = &machine.events[event].symbol;
        let doc = self::doc(&symbol.doc, &format!("`{}`.", symbol.name));
        let (variant, fields) = (rust::variant(&symbol.name), rust::fields(&symbol.fields));
        variants.extend(quote!(#doc #variant #fields,));
        let fields: Vec<Ident> = symbol.fields.iter().map(|field| rust::field(&field.name)).collect();
        arms.extend(quote!(#name::#variant { #(#fields),* } => Event::#variant { #(#fields),* },));
    }
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone)]
        pub enum #name { #variants }

        impl ::core::convert::From<#name> for Event {
            fn from(outcome: #name) -> Self {
                match outcome { #arms }
            }
        }
    }
}

fn context(machine: &Machine) -> TokenStream {
    let exprs = Exprs::new(machine, quote!(unreachable!()));
    let fields = machine.context.iter().map(|variable| {
        let doc = doc(&variable.doc, &format!("`{}`.", variable.name));
        let (name, ty) = (rust::field(&variable.name), rust::ty(&variable.ty));
        quote!(#doc pub #name: #ty)
    });
    let names: Vec<Ident> = machine.context.iter().map(|variable| rust::field(&variable.name)).collect();
    let initials = machine.context.iter().map(|variable| {
        // The checker has computed it, so it does not fault; Rust asks what to do if it did.
        let (value, ty) = (exprs.value(&variable.initial), rust::ty(&variable.ty));
        if may_leave(&variable.initial) {
            quote!((|| -> ::core::result::Result<#ty, value::Fault> { ::core::result::Result::Ok(#value) })().unwrap_or_default())
        } else {
            value
        }
    });
    quote! {
        /// The extended state.
        #[derive(Debug, Clone)]
        pub struct Context { #(#fields),* }

        impl ::core::default::Default for Context {
            fn default() -> Self {
                Self { #(#names: #initials),* }
            }
        }
    }
}

fn parameters(fields: &[Field], borrowed: bool) -> TokenStream {
    let list = fields.iter().map(|field| {
        let (name, ty) = (rust::field(&field.name), rust::ty(&field.ty));
        let borrow = if borrowed && !rust::is_copy(&field.ty) { quote!(&) } else { TokenStream::new() };
        quote!(#name: #borrow #ty)
    });
    quote!(#(, #list)*)
}

fn externs(model: &Model, machine: &Machine) -> TokenStream {
    let guards = machine.guards.iter().map(|guard| {
        let doc = doc(&guard.doc, &format!("The guard `{}`. It must be pure.", guard.name));
        let (name, params) = (rust::field(&guard.name), parameters(&rust::params(&guard.params), true));
        quote!(#doc fn #name(&self #params) -> bool;)
    });
    let actions = machine.actions.iter().map(|action| {
        let doc = doc(&action.doc, &format!("The action `{}`.", action.name));
        let (name, params) = (rust::field(&action.name), parameters(&rust::params(&action.params), false));
        quote!(#doc fn #name(&mut self #params);)
    });
    let services = machine.services.iter().map(|service| {
        let function = &service.function;
        let doc = doc(&function.doc, &format!("The service `{}`.", function.name));
        let (name, params) =
            (rust::field(&function.name), parameters(&rust::params(&function.params), false));
        let outcome = outcome_name(service);
        let (generics, report) = if service.streams.is_empty() {
            (TokenStream::new(), TokenStream::new())
        } else {
            // A parameter of the spec may have the name.
            let taken =
                rust::params(&function.params).iter().any(|param| names::snake(&param.name) == "report");
            let report = if taken { format_ident!("report_to") } else { format_ident!("report") };
            (quote!(<R: chart::Report<Event>>), quote!(, #report: R))
        };
        quote! {
            #doc
            fn #name #generics(&mut self #params #report)
                -> impl ::core::future::Future<Output = #outcome> + ::core::marker::Send + 'static;
        }
    });
    let suppliers = children::suppliers(model, machine);
    let none =
        (!children::is_needy(model, &machine.name, &mut Vec::new())).then(|| quote!(impl Externs for () {}));
    quote! {
        /// What the spec leaves to Rust: guards, actions and services.
        pub trait Externs { #(#guards)* #(#actions)* #(#services)* #suppliers }
        #none
    }
}
