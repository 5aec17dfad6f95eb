//! The machine itself, and the leaf functions that the engine calls back.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{expr::Exprs, items::outcome_name, rust};
use crate::model::{Action, ActionKind, Expr, Field, Machine, Place, Receiver, StateKind, Type};

pub(super) fn hooks(machine: &Machine) -> TokenStream {
    let own = own(machine);
    let chart = chart(machine);
    let shape = shape(machine, rust::reads_now(&chart));
    let services = services(machine);
    quote! { #shape #own #chart #services }
}

fn index(value: usize) -> Literal {
    Literal::u16_unsuffixed(value as u16)
}

/// Sizes of the machine's queues.
fn shape(machine: &Machine, reads_now: bool) -> TokenStream {
    let defers = machine.states.iter().any(|state| !state.defer.is_empty());
    let deferred = Literal::usize_unsuffixed(if defers { 64 } else { 0 });
    let entered = machine.states.iter().filter(|state| !state.activities.is_empty()).count();
    let entered = Literal::usize_unsuffixed(entered);
    let timers = Literal::usize_unsuffixed(machine.timers.len());
    let activities = Literal::usize_unsuffixed(machine.activities.len());
    let parallel = machine.states.iter().any(|state| state.kind == StateKind::Parallel);
    let (configuration, nesting) = if parallel {
        (quote!(chart::Bits<4>), TokenStream::new())
    } else {
        let nesting = quote! {
            impl chart::Nesting for Shape {
                const TABLES: &'static chart::Tables = &TABLES;
                const STRIDE: u32 = 1;
            }
        };
        (quote!(chart::Leaf<Self>), nesting)
    };
    quote! {
        #nesting

        /// Sizes of the machine's queues.
        #[derive(Debug, Clone, Copy)]
        pub struct Shape;

        impl chart::Shape for Shape {
            type Event = Event;
            type Configuration = #configuration;
            type Deferred = chart::Ring<chart::Pending<Event>, #deferred>;
            type Entered = chart::Ring<u16, #entered>;
            type Timers = chart::Cells<#timers>;
            type Activities = chart::Cells<#activities>;
            const READS_NOW: bool = #reads_now;
        }
    }
}

/// The machine, and what its users call without a runtime.
fn own(machine: &Machine) -> TokenStream {
    let doc = format!("A running `{}`.", machine.name);
    quote! {
        #[doc = #doc]
        pub struct Machine<X> {
            /// The extended state.
            pub context: Context,
            /// The user's guards, actions and services.
            pub externs: X,
            core: chart::Core<Shape>,
        }

        impl<X: Externs> Machine<X> {
            /// A machine before its first step.
            pub fn new(externs: X) -> Self {
                Self { context: Context::default(), externs, core: chart::Core::default() }
            }

            /// The active states in document order, inner states included.
            pub fn states(&self) -> impl ::core::iter::Iterator<Item = State> + use<X> {
                self.core.active().filter_map(State::from_index)
            }

            /// Whether a state is active.
            pub fn is_in(&self, state: State) -> bool {
                self.core.is_in(state as u16)
            }

            /// Whether the configuration accepts.
            pub fn accepts(&self) -> bool {
                self.core.accepts(&TABLES)
            }
        }

        // `start`, `step` and `step_at`, where the runtime has an allocator to record steps with.
        chart::recorded_steps!(Machine, Event, Externs);
    }
}

fn chart(machine: &Machine) -> TokenStream {
    let tags = machine.events.iter().enumerate().map(|(id, event)| {
        let (variant, id) = (rust::variant(&event.symbol.name), index(id));
        quote!(Event::#variant { .. } => #id)
    });
    let tag =
        if machine.events.is_empty() { quote!(match *event {}) } else { quote!(match event { #(#tags),* }) };
    let guards = guards(machine);
    let blocks = blocks(machine);
    let exprs = Exprs { machine, otherwise: quote!(return ::core::result::Result::Ok(value::Duration(0))) };
    let delays = machine.timers.iter().enumerate().map(|(id, timer)| {
        let (id, after) = (index(id), exprs.value(&timer.after));
        quote!(#id => #after)
    });
    let calls = calls(machine);
    let acts = machine.actions.iter().map(|action| {
        let (variant, method) = (rust::variant(&action.name), rust::field(&action.name));
        let (pattern, args) = bound(&action.params);
        quote!(Action::#variant #pattern => externs.#method(#(#args),*))
    });
    let act = if machine.actions.is_empty() {
        quote!(match action {})
    } else {
        quote!(match action { #(#acts),* })
    };
    let (labels, variables): (Vec<String>, Vec<Ident>) = machine
        .context
        .iter()
        .enumerate()
        .map(|(at, variable)| {
            let comma = if at == 0 { "" } else { ", " };
            (format!("{comma}{}: {{:?}}", variable.name), rust::field(&variable.name))
        })
        .unzip();
    quote! {
        impl<X: Externs> chart::Chart for Machine<X> {
            type Shape = Shape;
            type Event = Event;
            type Output = Output;
            type Message = Message;
            type Call = Call;
            type Action = Action;
            type Externs = X;

            const TABLES: &'static chart::Tables = &TABLES;

            fn tag(event: &Event) -> u16 { #tag }
            fn core(&self) -> &chart::Core<Shape> { &self.core }
            fn core_mut(&mut self) -> &mut chart::Core<Shape> { &mut self.core }
            fn externs_mut(&mut self) -> &mut X { &mut self.externs }

            fn guard(&self, transition: u16, event: ::core::option::Option<&Event>)
                -> ::core::result::Result<bool, value::Fault>
            {
                ::core::result::Result::Ok(match transition { #guards _ => true })
            }

            fn run<F: chart::Effects<Self>>(
                &mut self, fx: &mut F, block: chart::Block, event: ::core::option::Option<&Event>,
            ) -> ::core::result::Result<(), value::Fault> {
                match block { #blocks _ => {} }
                ::core::result::Result::Ok(())
            }

            fn delay(&self, timer: u16) -> ::core::result::Result<value::Duration, value::Fault> {
                ::core::result::Result::Ok(match timer { #(#delays,)* _ => value::Duration(0) })
            }

            #calls

            fn act(externs: &mut X, action: Action) { #act }

            fn to_self(message: Message) -> ::core::result::Result<Event, Message> {
                match message {
                    Message::Itself(event) => ::core::result::Result::Ok(event),
                    other => ::core::result::Result::Err(other),
                }
            }

            fn describe_context(&self, out: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
                #(::core::write!(out, #labels, self.context.#variables)?;)*
                ::core::result::Result::Ok(())
            }
        }
    }
}

fn guards(machine: &Machine) -> TokenStream {
    let exprs = Exprs { machine, otherwise: quote!(return ::core::result::Result::Ok(false)) };
    let arms = machine.transitions.iter().enumerate().filter_map(|(id, transition)| {
        let (id, guard) = (index(id), exprs.value(transition.guard.as_ref()?));
        Some(quote!(#id => #guard,))
    });
    arms.collect()
}

fn blocks(machine: &Machine) -> TokenStream {
    let transitions = machine
        .transitions
        .iter()
        .enumerate()
        .map(|(id, transition)| (quote!(Transition), id, &transition.actions));
    let entries = machine.states.iter().enumerate().map(|(id, state)| (quote!(Entry), id, &state.entry));
    let exits = machine.states.iter().enumerate().map(|(id, state)| (quote!(Exit), id, &state.exit));
    transitions
        .chain(entries)
        .chain(exits)
        .filter(|(_, _, list)| !list.is_empty())
        .map(|(kind, id, list)| {
            let (id, list) = (index(id), list.iter().map(|action| self::action(machine, action)));
            quote!(chart::Block::#kind(#id) => { #(#list)* })
        })
        .collect()
}

/// `{ field: value, … }` of a symbol or call.
fn arguments(exprs: &Exprs<'_>, fields: &[Field], args: &[Expr]) -> TokenStream {
    let list = fields.iter().zip(args).map(|(field, arg)| {
        let (name, value) = (rust::field(&field.name), exprs.value(arg));
        quote!(#name: #value)
    });
    quote!({ #(#list),* })
}

fn action(machine: &Machine, action: &Action) -> TokenStream {
    let exprs = Exprs { machine, otherwise: quote!(return ::core::result::Result::Ok(())) };
    match &action.kind {
        ActionKind::Assign { place: Place::Variable(variable), value } => {
            let (name, value) = (rust::field(&machine.context[*variable].name), exprs.value(value));
            quote!(self.context.#name = #value;)
        }
        ActionKind::Emit { output, args } => {
            let symbol = &machine.outputs[*output];
            let (variant, args) = (rust::variant(&symbol.name), arguments(&exprs, &symbol.fields, args));
            quote!(fx.emit(Output::#variant #args);)
        }
        ActionKind::Raise { event, args } => {
            let symbol = &machine.events[*event].symbol;
            let (variant, args) = (rust::variant(&symbol.name), arguments(&exprs, &symbol.fields, args));
            quote!(self.core.raise(Event::#variant #args)?;)
        }
        ActionKind::Send { to, event, args, delay, .. } => {
            let message = match to {
                Receiver::Itself | Receiver::Child(_) => {
                    let symbol = &machine.events[*event].symbol;
                    let (variant, args) =
                        (rust::variant(&symbol.name), arguments(&exprs, &symbol.fields, args));
                    quote!(Message::Itself(Event::#variant #args))
                }
                Receiver::Peer(peer) => {
                    let peer = &machine.peers[*peer];
                    let symbol = &peer.events[*event];
                    let (to, module) = (rust::variant(&peer.name), rust::field(&peer.machine));
                    let (variant, args) =
                        (rust::variant(&symbol.name), arguments(&exprs, &symbol.fields, args));
                    quote!(Message::#to(super::#module::Event::#variant #args))
                }
            };
            let delay = match delay {
                Some(delay) => {
                    let delay = exprs.value(delay);
                    quote!(::core::option::Option::Some(#delay))
                }
                None => quote!(::core::option::Option::None),
            };
            quote!(fx.send(#message, #delay);)
        }
        ActionKind::Call { action, args } => {
            let function = &machine.actions[*action];
            let variant = rust::variant(&function.name);
            let args = arguments(&exprs, &rust::params(&function.params), args);
            // An argument may ask an extern guard, so it is evaluated before the externs are borrowed.
            quote!(let action = Action::#variant #args; fx.act(&mut self.externs, action);)
        }
        ActionKind::Log(text) => {
            let text = exprs.value(text);
            quote!(fx.log(#text);)
        }
        _ => TokenStream::new(),
    }
}

/// The calls that activities make. A machine without activities has no call to return.
fn calls(machine: &Machine) -> TokenStream {
    let exprs =
        Exprs { machine, otherwise: quote!(return ::core::result::Result::Err(value::Fault::Undelivered)) };
    let arms = machine.activities.iter().enumerate().filter_map(|(id, activity)| {
        let function = &machine.services[activity.runs.service()?].function;
        let variant = rust::variant(&function.name);
        let args = arguments(&exprs, &rust::params(&function.params), &activity.args);
        let id = index(id);
        Some(quote!(#id => Call::#variant #args))
    });
    quote! {
        fn call(&self, activity: u16) -> ::core::result::Result<Call, value::Fault> {
            ::core::result::Result::Ok(match activity {
                #(#arms,)*
                _ => return ::core::result::Result::Err(value::Fault::Undelivered),
            })
        }
    }
}

/// A pattern of a call's fields, and the names that it binds: the spec's names could hide ours.
fn bound(params: &[(Option<String>, Type)]) -> (TokenStream, Vec<Ident>) {
    let fields: Vec<Ident> = rust::params(params).iter().map(|param| rust::field(&param.name)).collect();
    let bound: Vec<Ident> = (0..fields.len()).map(|at| format_ident!("argument{at}")).collect();
    (quote!({ #(#fields: #bound),* }), bound)
}

/// Services as one future type: each call fills one of the options.
fn services(machine: &Machine) -> TokenStream {
    let slots: Vec<Ident> = (0..machine.services.len()).map(|at| format_ident!("service{at}")).collect();
    let arms = machine.services.iter().zip(&slots).map(|(service, slot)| {
        let (variant, method) = (rust::variant(&service.function.name), rust::field(&service.function.name));
        let (pattern, args) = bound(&service.function.params);
        let report = (!service.streams.is_empty()).then(|| {
            let comma = (!args.is_empty()).then(|| quote!(,));
            quote!(#comma report)
        });
        quote!(Call::#variant #pattern => #slot = ::core::option::Option::Some(self.externs.#method(#(#args),* #report)))
    });
    let outcomes = machine.services.iter().map(outcome_name);
    let body = if machine.services.is_empty() {
        quote! {
            match call {}
            #[allow(unreachable_code)]
            async { ::core::future::pending().await }
        }
    } else {
        quote! {
            #(let mut #slots = ::core::option::Option::None;)*
            match call { #(#arms),* }
            async move {
                #(if let ::core::option::Option::Some(future) = #slots {
                    let outcome: #outcomes = future.await;
                    return outcome.into();
                })*
                ::core::future::pending().await
            }
        }
    };
    quote! {
        impl<X: Externs> chart::Services for Machine<X> {
            fn invoke<R: chart::Report<Event>>(&mut self, call: Call, report: R)
                -> impl ::core::future::Future<Output = Event> + ::core::marker::Send + 'static
            {
                #body
            }
        }
    }
}
