//! The machine itself, and the leaf functions that the engine calls back.

use super::{
    Options,
    actions::{self, arguments, child_variant},
    children, data,
    fast::{Fast, fast},
    items::outcome_name,
    rust,
    template::Rust,
};
use crate::model::{Action, ActionKind, Expr, Machine, Model, State, StateKind, Transition, Trigger, Type};
use crate::table::Ids;

pub(super) fn hooks(model: &Model, machine: &Machine, options: Options) -> Rust {
    let own = own(machine);
    let fast = fast(machine);
    let chart = chart(machine, fast.as_ref());
    // What is left of a timer is told by the time at which it was armed.
    let deadlines = if options.snapshots() { machine.timers.len() } else { 0 };
    let shape = shape(machine, rust::reads_now(&chart) || deadlines > 0, deadlines, fast.as_ref());
    let services = services(machine);
    let launch = children::launch(model, machine, options);
    rust! { #shape #own #chart #services #launch }
}

/// Sizes of the machine's queues.
fn shape(machine: &Machine, reads_now: bool, deadlines: usize, fast: Option<&Fast>) -> Rust {
    let defers = machine.states.iter().any(|state| !state.defer.is_empty());
    let deferred = if defers { machine.limits.deferred as usize } else { 0 };
    let entered = machine.states.iter().filter(|state| !state.activities.is_empty()).count();
    let timers = machine.timers.len();
    // A timer's deadline counts from the time of its step.
    let reads_now = reads_now || !machine.timers.is_empty();
    let activities = machine.activities.len();
    let children = machine.children.len();
    let histories = machine.states.iter().filter(|row| matches!(row.kind, StateKind::History { .. })).count();
    let (raised, awaited) = (raised_limit(machine), awaited(machine).len());
    let internal = raised + awaited;
    let raised = (awaited > 0).then(|| rust!(const RAISED: usize = #raised;));
    let returned = data::returned_type(machine);
    let (undo, undos) = if machine.undos.is_empty() {
        (rust!(()), 0)
    } else {
        (rust!(chart::Undo<Action, Output, Event, Message>), machine.limits.undo)
    };
    let words = machine.states.len().div_ceil(64).max(1);
    let set = rust!(chart::Bits<#words>);
    let (configuration, nesting) = match fast {
        None => (set.clone(), None),
        Some(fast) => (rust!(chart::Leaf<Self>), Some(&fast.nesting)),
    };
    rust! {
        #nesting

        /// Sizes of the machine's queues.
        #[derive(Debug, Clone, Copy)]
        pub struct Shape;

        impl chart::Shape for Shape {
            type Event = Event;
            type Returned = #returned;
            type Undo = #undo;
            type Configuration = #configuration;
            type Set = #set;
            type Internal = chart::Ring<chart::Internal<Event, #returned>, #internal>;
            type Deferred = chart::Ring<chart::Pending<Event>, #deferred>;
            type Entered = chart::Ring<u16, #entered>;
            type Timers = chart::Cells<#timers>;
            type Deadlines = chart::Cells<#deadlines, i64>;
            type Activities = chart::Cells<#activities>;
            type Children = chart::Cells<#children>;
            type Histories = chart::Cells<#histories, chart::Recorded>;
            type Undos = chart::Ring<#undo, #undos>;
            #raised
            const READS_NOW: bool = #reads_now;
        }
    }
}

/// States that some `on done` names.
pub(super) fn awaited(machine: &Machine) -> Ids {
    let mut awaited = Ids::default();
    for transition in &machine.transitions {
        if let Trigger::Done(state) = transition.trigger {
            awaited.insert(state);
        }
    }
    awaited
}

/// How many raised events and faults may wait at once. A chart that raises nothing and reacts to no fault has the faults
/// of one step at most.
fn raised_limit(machine: &Machine) -> usize {
    let limit = machine.limits.internal as usize;
    let is_eventful = |row: &State| {
        matches!(row.kind, StateKind::Parallel | StateKind::Final)
            || !(row.locals.is_empty() && row.timers.is_empty() && row.activities.is_empty())
    };
    let reacts = |row: &Transition| matches!(row.trigger, Trigger::Always | Trigger::Fault);
    let mut raises = !(machine.undos.is_empty() && machine.children.is_empty());
    // A step runs each list and asks each guard once at most, and may find no room for what is deferred. Starting adds
    // nothing: the checker has computed the context.
    let mut faults = 1;
    let mut count = |actions: &[Action]| {
        faults += usize::from(!actions.is_empty());
        raises_events(actions)
    };
    for row in &machine.states {
        raises |= is_eventful(row) | count(&row.entry) | count(&row.exit) | count(&row.initial_actions);
    }
    let mut guards = 0;
    for row in &machine.transitions {
        guards += usize::from(row.guard.is_some());
        raises |= reacts(row) | count(&row.actions);
    }
    let faults = faults + guards;
    if raises { limit } else { faults.min(limit) }
}

fn raises_events(actions: &[Action]) -> bool {
    actions.iter().any(|action| match &action.kind {
        ActionKind::Raise { .. } | ActionKind::Compensate => true,
        ActionKind::If { arms, otherwise } => {
            arms.iter().any(|(_, body)| raises_events(body)) || raises_events(otherwise)
        }
        ActionKind::For { body, .. } => raises_events(body),
        _ => false,
    })
}

/// Whether the machine has a `for`, whose turns are counted.
fn has_loops(machine: &Machine) -> bool {
    !machine.bindings.is_empty()
}

/// The machine, and what its users call without a runtime.
fn own(machine: &Machine) -> Rust {
    let doc = format!("A running `{}`.", machine.name);
    let (params, takes, gives) = if data::has_params(machine) {
        (rust!(/** The machine's parameters. */ pub params: Params,), rust!(params: Params,), rust!(params,))
    } else {
        (Rust::new(), Rust::new(), Rust::new())
    };
    let (data, no_data) = if data::has_data(machine) {
        let fields = rust! {
            /// Data of the active states.
            pub data: Data,
            staged: Staged,
        };
        (fields, rust!(data: Data::default(), staged: Staged::default(),))
    } else {
        (Rust::new(), Rust::new())
    };
    let (turns, no_turns) =
        if has_loops(machine) { (rust!(turns: u32,), rust!(turns: 0,)) } else { Default::default() };
    let result = machine.result.as_ref().map(|ty| {
        let ty = rust::ty(ty);
        rust! {
            /// What the machine returned, once it is done.
            pub fn result(&self) -> ::core::option::Option<&#ty> {
                match self.core.result() {
                    ::core::option::Option::Some(Returned::Machine(result)) => ::core::option::Option::Some(result),
                    _ => ::core::option::Option::None,
                }
            }
        }
    });
    rust! {
        #[doc = #doc]
        pub struct Machine<X> {
            #params
            /// The extended state.
            pub context: Context,
            #data
            /// The user's guards, actions and services.
            pub externs: X,
            #turns
            core: chart::Core<Shape>,
        }

        impl<X: Externs> Machine<X> {
            /// A machine before its first step.
            pub fn new(#takes externs: X) -> Self {
                Self { #gives context: Context::default(), #no_data externs, #no_turns core: chart::Core::default() }
            }

            #result

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

fn chart(machine: &Machine, fast: Option<&Fast>) -> Rust {
    let event = fast.and_then(|fast| fast.event.as_ref());
    let mut tags = Rust::new();
    for (id, event) in machine.events.iter().enumerate() {
        let variant = rust::variant(&event.symbol.name);
        tags.push(rust!(Event::#variant { .. } => #id,));
    }
    let tag = if tags.is_empty() { rust!(match *event {}) } else { rust!(match event { #tags }) };
    let guards = guards(machine);
    let guards = (!guards.is_empty()).then(|| {
        rust! {
            fn guard(&self, transition: u16, cue: chart::CueOf<'_, Self>)
                -> ::core::result::Result<bool, value::Fault>
            {
                ::core::result::Result::Ok(match transition { #guards _ => true })
            }
        }
    });
    let blocks = actions::blocks(machine);
    let blocks = (!blocks.is_empty()).then(|| {
        rust! {
            fn run<F: chart::Effects<Self>>(
                &mut self, fx: &mut F, block: chart::Block, cue: chart::CueOf<'_, Self>,
            ) -> ::core::result::Result<(), value::Fault> {
                match block { #blocks _ => {} }
                ::core::result::Result::Ok(())
            }
        }
    });
    let exprs = data::fallible(machine);
    let mut delays = Rust::new();
    for (id, timer) in machine.timers.iter().enumerate() {
        let after = exprs.value(&timer.after);
        delays.push(rust!(#id => #after,));
    }
    let delays = (!delays.is_empty()).then(|| {
        rust! {
            fn delay(&self, timer: u16) -> ::core::result::Result<value::Duration, value::Fault> {
                ::core::result::Result::Ok(match timer { #delays _ => value::Duration(0) })
            }
        }
    });
    let calls = calls(machine);
    let mut acts = Rust::new();
    for action in &machine.actions {
        let (variant, method) = (rust::variant(&action.name), rust::field(&action.name));
        let (pattern, args) = bound(&action.params);
        acts.push(rust!(Action::#variant #pattern => Externs::#method(externs, #args),));
    }
    let mut described = Rust::new();
    let mut describe = |name: &str, of: &str| {
        let comma = if described.is_empty() { "" } else { ", " };
        let (text, name, of) = (format!("{comma}{name}: {{:?}}"), rust::field(name), Rust::from_text(of));
        described.push(rust!(::core::write!(out, #text, self.#of.#name)?;));
    };
    machine.params().for_each(|param| describe(&param.name, "params"));
    machine.context.iter().for_each(|variable| describe(&variable.name, "context"));
    described.push(data::describe(machine));
    let described = (!described.is_empty()).then(|| {
        rust! {
            fn describe_context(&self, out: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
                #described
                ::core::result::Result::Ok(())
            }
        }
    });
    let turns = has_loops(machine).then(|| {
        rust! {
            fn turns(&mut self) -> ::core::option::Option<&mut u32> {
                ::core::option::Option::Some(&mut self.turns)
            }
        }
    });
    let (returned, spawn) = (data::returned_type(machine), children::spawn_type(machine));
    let (data, child) = (data::hooks(machine), children::hook(machine));
    let mut receivers = Rust::new();
    for (id, child) in machine.children.iter().enumerate() {
        let variant = child_variant(&child.name);
        receivers.push(rust!(Message::#variant(_) => chart::Receiver::Child(#id),));
    }
    let peers = (!machine.peers.is_empty()).then(|| rust!(_ => chart::Receiver::Peer,));
    rust! {
        impl<X: Externs> chart::Chart for Machine<X> {
            type Shape = Shape;
            type Event = Event;
            type Output = Output;
            type Message = Message;
            type Call = Call;
            type Action = Action;
            type Returned = #returned;
            type Spawn = #spawn;
            type Externs = X;

            const TABLES: &'static chart::Tables = &TABLES;

            fn tag(event: &Event) -> u16 { #tag }
            fn core(&self) -> &chart::Core<Shape> { &self.core }
            fn core_mut(&mut self) -> &mut chart::Core<Shape> { &mut self.core }
            fn externs_mut(&mut self) -> &mut X { &mut self.externs }

            #guards
            #blocks
            #delays
            #calls
            #child
            #data
            #turns

            fn act(externs: &mut X, action: Action) { match action { #acts } }

            #event

            fn to_self(message: Message) -> ::core::result::Result<Event, Message> {
                match message {
                    Message::Itself(event) => ::core::result::Result::Ok(event),
                    other => ::core::result::Result::Err(other),
                }
            }

            fn receiver(message: &Message) -> chart::Receiver {
                match message {
                    Message::Itself(_) => chart::Receiver::Itself,
                    #receivers
                    #peers
                }
            }

            #described
        }
    }
}

/// Guards. What a transition passes to its targets must be computable as well: a fault there is one of the guard.
fn guards(machine: &Machine) -> Rust {
    let mut arms = Rust::new();
    for (id, transition) in machine.transitions.iter().enumerate() {
        let exprs = data::fallible(machine).of(transition);
        let mut passes = Rust::new();
        for pass in &transition.passes {
            for arg in &pass.args {
                if arg.can_fault() {
                    let value = exprs.value(arg);
                    passes.push(rust!(let _ = #value;));
                }
            }
        }
        let guard = transition.guard.as_ref().map(|guard| exprs.value(guard));
        arms.push(match (guard, passes.is_empty()) {
            (None, true) => continue,
            (Some(guard), true) => rust!(#id => #guard,),
            (None, false) => rust!(#id => { #passes true }),
            (Some(guard), false) => rust!(#id => (#guard) && { #passes true },),
        });
    }
    arms
}

/// Whether a transition has a guard in the tables.
pub(super) fn is_guarded(transition: &Transition) -> bool {
    transition.guard.is_some() || transition.passes.iter().any(|pass| pass.args.iter().any(Expr::can_fault))
}

/// The calls that activities make.
fn calls(machine: &Machine) -> Option<Rust> {
    let exprs = data::fallible(machine);
    let mut calls = Rust::new();
    for (id, activity) in machine.activities.iter().enumerate() {
        let Some(service) = activity.runs.service() else { continue };
        let function = &machine.services[service].function;
        let variant = rust::variant(&function.name);
        let args = arguments(&exprs, &rust::params(&function.params), &activity.args);
        calls.push(rust!(#id => Call::#variant #args,));
    }
    (!calls.is_empty()).then(|| {
        rust! {
            fn call(&self, activity: u16) -> ::core::result::Result<Call, value::Fault> {
                ::core::result::Result::Ok(match activity {
                    #calls
                    _ => return ::core::result::Result::Err(value::Fault::Undelivered),
                })
            }
        }
    })
}

/// A pattern of a call's fields, and the names that it binds: the spec's names could hide ours.
fn bound(params: &[(Option<String>, Type)]) -> (Rust, Rust) {
    let (mut pattern, mut bound) = (Rust::new(), Rust::new());
    for (at, param) in rust::params(params).iter().enumerate() {
        let (field, name) = (rust::field(&param.name), Rust::from_text(format!("argument{at}")));
        bound.item(&name);
        pattern.push(rust!(#field: #name,));
    }
    (rust!({ #pattern }), bound)
}

/// Services as one future type: each call fills one of the options.
fn services(machine: &Machine) -> Rust {
    let (mut slots, mut arms, mut outcomes) = (Rust::new(), Rust::new(), Rust::new());
    for (at, service) in machine.services.iter().enumerate() {
        let (slot, outcome) = (Rust::from_text(format!("service{at}")), outcome_name(service));
        let (variant, method) = (rust::variant(&service.function.name), rust::field(&service.function.name));
        let (pattern, args) = bound(&service.function.params);
        let report = (!service.streams.is_empty()).then(|| rust!(report));
        slots.push(rust!(let mut #slot = ::core::option::Option::None;));
        arms.push(rust! {
            Call::#variant #pattern =>
                #slot = ::core::option::Option::Some(Externs::#method(&mut self.externs, #args #report)),
        });
        outcomes.push(rust! {
            if let ::core::option::Option::Some(future) = #slot {
                let outcome: #outcome = future.await;
                return outcome.into();
            }
        });
    }
    let body = if machine.services.is_empty() {
        rust! {
            match call {}
            #[allow(unreachable_code)]
            async { ::core::future::pending().await }
        }
    } else {
        rust! {
            #slots
            match call { #arms }
            async move {
                #outcomes
                ::core::future::pending().await
            }
        }
    };
    rust! {
        impl<X: Externs> chart::Services for Machine<X> {
            fn invoke<R: chart::Report<Event>>(&mut self, call: Call, report: R)
                -> impl ::core::future::Future<Output = Event> + ::core::marker::Send + 'static
            {
                #body
            }
        }
    }
}
