//! Child machines: what starts one, and how the parent's externs supply the child's.

use super::{
    Options,
    actions::{child_variant, spawn},
    data,
    expr::Exprs,
    rust,
    template::Rust,
};
use crate::model::{Invoked, Machine, Model, names};

/// The enum of what `spawn` and `do` start.
pub(super) fn items(machine: &Machine) -> Option<Rust> {
    let mut variants = Rust::new();
    for child in &machine.children {
        let doc = format!("`{}`, a `{}`.", child.name, child.machine);
        let (variant, module) = (rust::variant(&child.name), rust::field(&child.machine));
        let params = (!child.params.is_empty()).then(|| rust!((super::#module::Params)));
        variants.push(rust!(#[doc = #doc] #variant #params,));
    }
    (!machine.children.is_empty()).then(|| {
        rust! {
            /// A child machine to start, its arguments evaluated.
            #[derive(Debug, Clone)]
            pub enum Spawn { #variants }
        }
    })
}

pub(super) fn spawn_type(machine: &Machine) -> Rust {
    if machine.children.is_empty() { rust!(()) } else { rust!(Spawn) }
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

pub(super) fn supplier(kind: &str) -> Rust {
    Rust::from_text(format!("spawn_{}", names::snake(kind)))
}

/// The methods of the trait of externs that supply those of children. One whose machine needs none has a default.
pub(super) fn suppliers(model: &Model, machine: &Machine) -> Rust {
    let mut methods = Rust::new();
    for kind in kinds(machine) {
        let doc = format!("Externs for a child `{kind}` that is about to start.");
        let (name, module) = (supplier(kind), rust::field(kind));
        let params = takes_params(model, kind).then(|| rust!(, params: &super::#module::Params));
        let body = if is_needy(model, kind, &mut Vec::new()) { rust!(;) } else { rust!({}) };
        methods.push(rust! {
            #[doc = #doc]
            fn #name(&mut self #params) -> impl super::#module::Externs + ::core::marker::Send + 'static #body
        });
    }
    methods
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
pub(super) fn hook(machine: &Machine) -> Option<Rust> {
    let exprs = Exprs::new(machine, rust!(return ::core::result::Result::Err(value::Fault::NoValue)));
    let mut arms = Rust::new();
    for (id, activity) in machine.activities.iter().enumerate() {
        let Invoked::Child(child) = activity.runs else { continue };
        let spawn = spawn(&exprs, child, &activity.args);
        arms.push(rust!(#id => #spawn,));
    }
    (!arms.is_empty()).then(|| {
        rust! {
            fn child(&self, activity: u16) -> ::core::result::Result<Spawn, value::Fault> {
                ::core::result::Result::Ok(match activity {
                    #arms
                    _ => return ::core::result::Result::Err(value::Fault::Child),
                })
            }
        }
    })
}

/// How parent and child understand each other.
pub(super) fn link(model: &Model, machine: &Machine, child: usize, options: Options) -> Rust {
    let row = &machine.children[child];
    let (module, message) = (rust::field(&row.machine), child_variant(&row.name));
    let result = match data::returned_of_child(machine, child) {
        Some(returned) => rust!(|returned| match returned {
            super::#module::Returned::Machine(value) =>
                ::core::option::Option::Some(Returned::#returned(::core::clone::Clone::clone(value))),
            _ => ::core::option::Option::None,
        }),
        None => rust!(|_| ::core::option::Option::None),
    };
    let parent = upward(model, machine, child);
    let snapshots = options.snapshots().then(|| rust!(.with_snapshots()));
    rust! {
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
fn upward(model: &Model, machine: &Machine, child: usize) -> Option<Rust> {
    let row = &machine.children[child];
    let (kind, module) = (model.machine(&row.machine)?, rust::field(&row.machine));
    let mut messages = Rust::new();
    for peer in &kind.peers {
        if peer.machine == machine.name {
            let variant = rust::variant(&peer.name);
            messages.or(rust!(super::#module::Message::#variant(event)));
        }
    }
    (!messages.is_empty()).then(|| {
        rust! {
            .with_parent(|message| match message {
                #messages => ::core::result::Result::Ok(event),
                other => ::core::result::Result::Err(other),
            })
        }
    })
}

/// How a spawn becomes a machine.
pub(super) fn launch(model: &Model, machine: &Machine, options: Options) -> Rust {
    let mut arms = Rust::new();
    for (at, child) in machine.children.iter().enumerate() {
        let (variant, module) = (rust::variant(&child.name), rust::field(&child.machine));
        let (supplier, link) = (supplier(&child.machine), link(model, machine, at, options));
        let (pattern, borrowed, params) = if takes_params(model, &child.machine) {
            (rust!((params)), rust!(&params), rust!(params,))
        } else {
            (Rust::new(), Rust::new(), Rust::new())
        };
        arms.push(rust! {
            Spawn::#variant #pattern => {
                let externs = self.externs.#supplier(#borrowed);
                host.run(#at, super::#module::Machine::new(#params externs), #link);
            }
        });
    }
    let body = if machine.children.is_empty() { Rust::new() } else { rust!(match spawn { #arms }) };
    let ty = spawn_type(machine);
    rust! {
        impl<X: Externs> chart::Children for Machine<X> {
            fn launch<H: chart::Host<Self>>(&mut self, spawn: #ty, host: &mut H) { #body }
        }
    }
}
