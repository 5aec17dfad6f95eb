//! The step for an event, resolved when the chart is compiled.
//!
//! ```text
//! (leaf, event) ─▶ candidates, inner states first ─▶ what is left, done, entered ─▶ one arm of a match
//! ```
//!
//! In a chart without parallel states one leaf stands for the whole configuration, so which transitions an event
//! can enable, and what each of them leaves and enters, is known here. An arm evaluates everything that can fault
//! before it changes anything: a fault leaves the machine as it was, and the engine takes the whole step with its
//! rules for faults. What an arm cannot say in straight lines is left to the engine from the start: see
//! [`Take::of`] and [`resolve`].

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{
    fast_block::{self, Arm},
    fast_table::Table,
    rust,
};
use crate::model::{EventId, Machine, StateId, StateKind, Transition, TransitionId, Trigger, names};

/// Most pieces of code, counted as states left and entered and actions done, that arms may hold together. A chart
/// beyond it is left to the engine: the code would grow with its square.
const PIECE_LIMIT: usize = 4_000;

/// The generated step, and how it holds the leaf.
pub(super) struct Fast {
    /// See `chart::Nesting::STRIDE`.
    pub(super) stride: u32,
    /// `Chart::event`.
    pub(super) event: TokenStream,
}

/// What an event does in a leaf: candidates in order, and what happens where none of them holds.
pub(super) struct Cell {
    pub(super) candidates: Vec<(TransitionId, Does)>,
    pub(super) otherwise: Otherwise,
}

/// What a candidate does when its guard holds.
pub(super) enum Does {
    Take(Take),
    Ignore,
    /// The engine knows.
    Engine,
}

/// What happens when no guard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    Unhandled,
    /// The engine knows: the event is deferred.
    Engine,
    /// An unguarded candidate always holds.
    Never,
}

/// What a transition leaves, and what it enters, from one leaf.
pub(super) struct Take {
    /// Inner states first.
    pub(super) exits: Vec<StateId>,
    /// Outer states first.
    pub(super) entries: Vec<StateId>,
    /// The leaf that is active afterwards.
    pub(super) leaf: StateId,
}

/// The resolved step of a machine, unless it has nothing to resolve.
pub(super) fn fast(machine: &Machine) -> Option<Fast> {
    if machine.states.len() < 2 || machine.events.is_empty() {
        return None;
    }
    if machine.states.iter().any(|state| state.kind == StateKind::Parallel) {
        return None;
    }
    let mut cells = BTreeMap::new();
    for leaf in (1..machine.states.len()).filter(|leaf| is_steady(machine, *leaf)) {
        for event in 0..machine.events.len() {
            cells.insert((leaf, event), resolve(machine, leaf, event));
        }
    }
    let pieces: usize = cells.values().map(pieces).sum();
    if cells.is_empty() || pieces > PIECE_LIMIT {
        return None;
    }
    let table = Table::of(machine, &cells);
    // A machine whose table is not a shift holds the first cell of its leaf's row.
    let events = machine.events.len() as u32;
    let stride = table.as_ref().map_or(events, Table::stride);
    let cell = if stride == events {
        quote!(self.core.held() + tag)
    } else {
        let (stride, events) = (Literal::u32_unsuffixed(stride), Literal::u32_unsuffixed(events));
        quote!(self.core.held() / #stride * #events + tag)
    };
    let names = cell_names(machine, cells.keys());
    let held = cells.keys().map(|(leaf, _)| *leaf).collect::<BTreeSet<_>>().into_iter().map(|leaf| {
        let (name, held) = (leaf_name(machine, leaf), Literal::u32_unsuffixed(leaf as u32 * stride));
        quote!(const #name: u32 = #held;)
    });
    let arms = arms(machine, &cells);
    // Deferred events are looked at after every step.
    let defers = machine.states.iter().any(|state| !state.defer.is_empty());
    let free = defers.then(|| {
        quote! {
            if !self.core.is_free() {
                return chart::engine::unresolved(self, fx, event);
            }
        }
    });
    let table = table.map(|table| table.code());
    let event = quote! {
        #[inline(always)]
        fn event<F: chart::Effects<Self>>(&mut self, fx: &mut F, event: Event) -> chart::Outcome {
            #free
            let tag = <Self as chart::Chart>::tag(&event) as u32;
            #table
            // Leaves as the machine holds them, and leaves with events.
            #(#held)*
            #(#names)*
            match #cell {
                #(#arms)*
                _ => {}
            }
            chart::engine::unresolved(self, fx, event)
        }
    };
    Some(Fast { stride, event })
}

/// The constants that cells are matched by.
fn cell_names<'a>(
    machine: &'a Machine,
    cells: impl Iterator<Item = &'a (StateId, EventId)> + 'a,
) -> impl Iterator<Item = TokenStream> + 'a {
    cells.map(|&(leaf, event)| {
        let cell = Literal::u32_unsuffixed((leaf * machine.events.len() + event) as u32);
        let name = cell_name(machine, leaf, event);
        quote!(const #name: u32 = #cell;)
    })
}

fn cell_name(machine: &Machine, leaf: StateId, event: EventId) -> Ident {
    // Words are joined by one underscore, so two set the names apart.
    let event = names::snake(&machine.events[event].symbol.name).to_uppercase();
    format_ident!("{}__{event}", leaf_name(machine, leaf))
}

/// The constant of a leaf as the machine holds it.
pub(super) fn leaf_name(machine: &Machine, leaf: StateId) -> Ident {
    format_ident!("{}", names::snake(&machine.states[leaf].path).to_uppercase())
}

/// Whether a machine can rest in the leaf and nothing but an event moves it on: no eventless transition looks at
/// every step, and the machine is not done.
fn is_steady(machine: &Machine, leaf: StateId) -> bool {
    let row = &machine.states[leaf];
    let at_rest = match row.kind {
        StateKind::Atomic => true,
        // Entering a final state of the root ends the machine.
        StateKind::Final => row.parent != 0,
        _ => false,
    };
    let waits = |state: StateId| {
        machine.states[state].transitions.iter().all(|id| machine.transitions[*id].trigger != Trigger::Always)
    };
    at_rest && ancestors(machine, leaf).all(waits)
}

/// The state, its parent, and so on to the root.
fn ancestors(machine: &Machine, state: StateId) -> impl Iterator<Item = StateId> + '_ {
    std::iter::successors(Some(state), |state| (*state != 0).then(|| machine.states[*state].parent))
}

/// W3C selectTransitions for one leaf: walking outward, the first enabled transition or `defer` wins.
fn resolve(machine: &Machine, leaf: StateId, event: EventId) -> Cell {
    let mut candidates = Vec::new();
    for state in ancestors(machine, leaf) {
        for &id in &machine.states[state].transitions {
            let transition = &machine.transitions[id];
            if !matches!(&transition.trigger, Trigger::Events(events) if events.contains(&event)) {
                continue;
            }
            if !transition.guard.as_ref().is_none_or(fast_block::is_plain) {
                return Cell { candidates, otherwise: Otherwise::Engine };
            }
            let does = if transition.ignore {
                Does::Ignore
            } else {
                Take::of(machine, leaf, transition).map_or(Does::Engine, Does::Take)
            };
            candidates.push((id, does));
            if transition.guard.is_none() {
                return Cell { candidates, otherwise: Otherwise::Never };
            }
        }
        if machine.states[state].defer.contains(&event) {
            return Cell { candidates, otherwise: Otherwise::Engine };
        }
    }
    Cell { candidates, otherwise: Otherwise::Unhandled }
}

impl Take {
    /// Where the transition leads from the leaf; `None` where the engine has to find out, or has more to do than an
    /// arm can: timers, activities, data, history, completion, what was raised, eventless transitions.
    fn of(machine: &Machine, leaf: StateId, transition: &Transition) -> Option<Self> {
        if !transition.passes.is_empty() {
            return None;
        }
        let take = match transition.targets[..] {
            [] => Self { exits: Vec::new(), entries: Vec::new(), leaf },
            [target] => {
                let exits =
                    ancestors(machine, leaf).take_while(|state| *state != transition.domain).collect();
                let entries = entries(machine, transition.domain, target)?;
                let leaf = *entries.last()?;
                Self { exits, entries, leaf }
            }
            _ => return None,
        };
        let plain = |state: &StateId| {
            let row = &machine.states[*state];
            row.timers.is_empty()
                && row.activities.is_empty()
                && row.locals.is_empty()
                && row.histories.is_empty()
        };
        let calm = take.exits.iter().chain(&take.entries).all(plain);
        let rests = machine.states[take.leaf].kind == StateKind::Atomic || take.entries.is_empty();
        (calm && rests && is_steady(machine, take.leaf) && Arm::fits(machine, &take, transition))
            .then_some(take)
    }
}

/// W3C computeEntrySet for one target: down to it, then along default targets to a leaf.
fn entries(machine: &Machine, domain: StateId, target: StateId) -> Option<Vec<StateId>> {
    let mut entries = Vec::new();
    let (mut from, mut to) = (domain, target);
    loop {
        if !machine.is_descendant(to, from) {
            return None;
        }
        let path: Vec<StateId> = ancestors(machine, to).take_while(|state| *state != from).collect();
        entries.extend(path.into_iter().rev());
        let row = &machine.states[to];
        match row.kind {
            StateKind::Atomic | StateKind::Final => return Some(entries),
            StateKind::Compound if row.initial_actions.is_empty() && row.initial_passes.is_empty() => {
                let [initial] = row.initial[..] else { return None };
                (from, to) = (to, initial);
            }
            _ => return None,
        }
    }
}

/// How much code a cell is.
fn pieces(cell: &Cell) -> usize {
    let takes = cell.candidates.iter().map(|(_, does)| match does {
        Does::Take(take) => 1 + take.exits.len() + take.entries.len(),
        Does::Ignore | Does::Engine => 1,
    });
    takes.sum()
}

/// The arms of the match; cells that do the same share one.
fn arms(machine: &Machine, cells: &BTreeMap<(StateId, EventId), Cell>) -> Vec<TokenStream> {
    let mut bodies: Vec<(String, TokenStream, Vec<Ident>)> = Vec::new();
    for (&(leaf, event), cell) in cells {
        let body = body(machine, cell);
        let (text, name) = (body.to_string(), cell_name(machine, leaf, event));
        match bodies.iter_mut().find(|(known, _, _)| *known == text) {
            Some((_, _, names)) => names.push(name),
            None => bodies.push((text, body, vec![name])),
        }
    }
    bodies.into_iter().map(|(_, body, names)| quote!(#(#names)|* => { #body })).collect()
}

fn unhandled_body() -> TokenStream {
    quote! {
        fx.unhandled(&event);
        return chart::Outcome::Unhandled;
    }
}

/// One candidate after the other. Falling off the end leaves the event to the engine.
fn body(machine: &Machine, cell: &Cell) -> TokenStream {
    let mut body = match cell.otherwise {
        Otherwise::Unhandled => unhandled_body(),
        Otherwise::Engine | Otherwise::Never => TokenStream::new(),
    };
    for (id, does) in cell.candidates.iter().rev() {
        let does = match does {
            Does::Take(take) => Arm::code(machine, *id, take),
            Does::Ignore => quote!(return chart::Outcome::Ignored;),
            Does::Engine => TokenStream::new(),
        };
        body = match &machine.transitions[*id].guard {
            None => does,
            Some(guard) => {
                let guard = fast_block::guard(machine, guard);
                quote! {
                    match #guard {
                        ::core::result::Result::Ok(true) => { #does }
                        ::core::result::Result::Ok(false) => { #body }
                        ::core::result::Result::Err(_) => {}
                    }
                }
            }
        };
    }
    if cell.candidates.iter().any(|(id, does)| fast_block::asks_time(machine, *id, does)) {
        body = quote! {
            let now = fx.now();
            self.core.set_now(now);
            #body
        };
    }
    body
}
