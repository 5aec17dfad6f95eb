//! What users of a machine name: its alphabets, context, externs, and the machine itself.

use super::{
    actions::child_variant,
    children, data,
    expr::{Exprs, may_leave},
    rust,
    template::Rust,
};
use crate::model::{ExternFn, Field, Machine, Model, Service, Symbol, names};

pub(super) fn items(model: &Model, machine: &Machine) -> Rust {
    let state = states(machine);
    let mut event = Variants::default();
    for row in &machine.events {
        event.add(&row.symbol);
    }
    let event = event.alphabet("Event", "Σ, the input alphabet, and the internal events.");
    let mut output = Variants::default();
    for symbol in &machine.outputs {
        output.add(symbol);
    }
    let output = output.alphabet("Output", "Γ, the output alphabet.");
    let message = messages(machine);
    let (mut call, mut action, mut outcomes) = (Rust::new(), Rust::new(), Rust::new());
    for service in &machine.services {
        call.push(function_variant(&service.function));
        outcomes.push(outcome(machine, service));
    }
    for function in &machine.actions {
        action.push(function_variant(function));
    }
    let call = calls("Call", "A call of an extern service, its arguments evaluated.", &call);
    let action = calls("Action", "A call of an extern action, its arguments evaluated.", &action);
    let context = context(machine);
    let data = data::items(machine);
    let spawn = children::items(machine);
    let externs = externs(model, machine);
    rust! { #state #event #output #message #call #action #outcomes #context #data #spawn #externs }
}

pub(super) fn doc(text: &str, otherwise: &str) -> Rust {
    let text = if text.is_empty() { otherwise } else { text };
    rust!(#[doc = #text])
}

fn states(machine: &Machine) -> Rust {
    let (mut variants, mut names, mut indices) = (Rust::new(), Rust::new(), Rust::new());
    for (id, state) in machine.states.iter().enumerate().skip(1) {
        let doc = doc(&state.doc, &format!("`{}`: {}.", state.path, state.label));
        let (name, path) = (rust::variant(&state.path), &state.path);
        variants.push(rust!(#doc #name = #id,));
        names.push(rust!(Self::#name => #path,));
        indices.push(rust!(#id => ::core::option::Option::Some(Self::#name),));
    }
    rust! {
        /// Q, the states.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum State { #variants }

        impl State {
            /// The state's path as the spec spells it.
            pub const fn name(self) -> &'static str {
                match self { #names }
            }

            /// The state with this index of the tables; the root has none.
            pub const fn from_index(index: u16) -> ::core::option::Option<Self> {
                match index {
                    #indices
                    _ => ::core::option::Option::None,
                }
            }
        }
    }
}

/// An enum with the spec's spelling of its symbols.
#[derive(Default)]
struct Variants {
    variants: Rust,
    names: Rust,
    has_fields: bool,
}

impl Variants {
    fn add(&mut self, symbol: &Symbol) {
        let doc = doc(&symbol.doc, &format!("`{}`.", symbol.name));
        let (variant, fields) = (rust::variant(&symbol.name), rust::fields(&symbol.fields));
        let spelling = &symbol.name;
        self.variants.push(rust!(#doc #variant #fields,));
        self.names.push(rust!(Self::#variant { .. } => #spelling,));
        self.has_fields |= !symbol.fields.is_empty();
    }

    fn alphabet(self, name: &str, about: &str) -> Rust {
        let (name, variants, names) = (Rust::from_text(name), self.variants, self.names);
        let names = if names.is_empty() { rust!(match *self {}) } else { rust!(match self { #names }) };
        // Symbols without fields are plain tags.
        let derives = if self.has_fields {
            rust!(#[derive(Debug, Clone)])
        } else {
            rust!(#[derive(Debug, Clone, Copy, PartialEq, Eq)])
        };
        rust! {
            #[doc = #about]
            #derives
            pub enum #name { #variants }

            impl #name {
                /// The symbol as the spec spells it.
                pub fn name(&self) -> &'static str { #names }
            }
        }
    }
}

fn messages(machine: &Machine) -> Rust {
    let mut variants = Rust::new();
    for peer in &machine.peers {
        let doc = format!("For the peer `{}`.", peer.name);
        let (variant, module) = (rust::variant(&peer.name), rust::field(&peer.machine));
        variants.push(rust!(#[doc = #doc] #variant(super::#module::Event),));
    }
    for child in &machine.children {
        let doc = format!("For the child `{}`.", child.name);
        let (variant, module) = (child_variant(&child.name), rust::field(&child.machine));
        variants.push(rust!(#[doc = #doc] #variant(super::#module::Event),));
    }
    rust! {
        /// What `send` delivers.
        #[derive(Debug, Clone)]
        pub enum Message {
            #variants
            /// For the machine itself.
            Itself(Event),
        }
    }
}

fn function_variant(function: &ExternFn) -> Rust {
    let doc = doc(&function.doc, &format!("`{}`.", function.name));
    let (variant, fields) = (rust::variant(&function.name), rust::fields(&rust::params(&function.params)));
    rust!(#doc #variant #fields,)
}

fn calls(name: &str, about: &str, variants: &Rust) -> Rust {
    let name = Rust::from_text(name);
    rust! {
        #[doc = #about]
        #[derive(Debug, Clone)]
        pub enum #name { #variants }
    }
}

/// The name of the enum of a service's outcomes.
pub(super) fn outcome_name(service: &Service) -> Rust {
    Rust::from_text(format!("{}Outcome", names::pascal(&service.function.name)))
}

fn outcome(machine: &Machine, service: &Service) -> Rust {
    let name = outcome_name(service);
    let doc = format!("How the service `{}` ends.", service.function.name);
    let (mut variants, mut arms) = (Rust::new(), Rust::new());
    for event in service.outcomes() {
        let symbol = &machine.events[event].symbol;
        let doc = self::doc(&symbol.doc, &format!("`{}`.", symbol.name));
        let (variant, fields) = (rust::variant(&symbol.name), rust::fields(&symbol.fields));
        variants.push(rust!(#doc #variant #fields,));
        let mut fields = Rust::new();
        for field in &symbol.fields {
            fields.item(&rust::field(&field.name));
        }
        arms.push(rust!(#name::#variant { #fields } => Event::#variant { #fields },));
    }
    rust! {
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

fn context(machine: &Machine) -> Rust {
    let exprs = Exprs::new(machine, rust!(unreachable!()));
    let (mut fields, mut initials) = (Rust::new(), Rust::new());
    for variable in &machine.context {
        let doc = doc(&variable.doc, &format!("`{}`.", variable.name));
        let (name, ty) = (rust::field(&variable.name), rust::ty(&variable.ty));
        fields.push(rust!(#doc pub #name: #ty,));
        // The checker has computed it, so it does not fault; Rust asks what to do if it did.
        let value = exprs.value(&variable.initial);
        let value = if may_leave(&variable.initial) {
            rust!((|| -> ::core::result::Result<#ty, value::Fault> { ::core::result::Result::Ok(#value) })().unwrap_or_default())
        } else {
            value
        };
        initials.push(rust!(#name: #value,));
    }
    rust! {
        /// The extended state.
        #[derive(Debug, Clone)]
        pub struct Context { #fields }

        impl ::core::default::Default for Context {
            fn default() -> Self {
                Self { #initials }
            }
        }
    }
}

fn parameters(fields: &[Field], borrowed: bool) -> Rust {
    let mut list = Rust::new();
    for field in fields {
        let (name, ty) = (rust::field(&field.name), rust::ty(&field.ty));
        let borrow = (borrowed && !rust::is_copy(&field.ty)).then(|| rust!(&));
        list.push(rust!(#name: #borrow #ty,));
    }
    list
}

fn externs(model: &Model, machine: &Machine) -> Rust {
    let mut methods = Rust::new();
    for guard in &machine.guards {
        let doc = doc(&guard.doc, &format!("The guard `{}`. It must be pure.", guard.name));
        let (name, params) = (rust::field(&guard.name), parameters(&rust::params(&guard.params), true));
        methods.push(rust!(#doc fn #name(&self, #params) -> bool;));
    }
    for action in &machine.actions {
        let doc = doc(&action.doc, &format!("The action `{}`.", action.name));
        let (name, params) = (rust::field(&action.name), parameters(&rust::params(&action.params), false));
        methods.push(rust!(#doc fn #name(&mut self, #params);));
    }
    for service in &machine.services {
        let function = &service.function;
        let doc = doc(&function.doc, &format!("The service `{}`.", function.name));
        let fields = rust::params(&function.params);
        let (name, params) = (rust::field(&function.name), parameters(&fields, false));
        let outcome = outcome_name(service);
        let (generics, report) = if service.streams.is_empty() {
            (Rust::new(), Rust::new())
        } else {
            // A parameter of the spec may have the name.
            let taken = fields.iter().any(|param| names::snake(&param.name) == "report");
            let report = Rust::from_text(if taken { "report_to" } else { "report" });
            (rust!(<R: chart::Report<Event>>), rust!(#report: R))
        };
        methods.push(rust! {
            #doc
            fn #name #generics(&mut self, #params #report)
                -> impl ::core::future::Future<Output = #outcome> + ::core::marker::Send + 'static;
        });
    }
    let suppliers = children::suppliers(model, machine);
    let none =
        (!children::is_needy(model, &machine.name, &mut Vec::new())).then(|| rust!(impl Externs for () {}));
    rust! {
        /// What the spec leaves to Rust: guards, actions and services.
        pub trait Externs { #methods #suppliers }
        #none
    }
}
