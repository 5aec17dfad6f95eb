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

use super::{
    fast_arms::arms,
    fast_block::{self, Arm},
    fast_displaced::Displaced,
    fast_table::{CELL_LIMIT, Table},
    template::Rust,
};
use crate::model::{EventId, Machine, StateId, StateKind, Transition, TransitionId, Trigger, names};
use crate::table::Ids;

/// Most pieces of code, counted as states left and entered and actions done, that arms may hold together. A chart
/// beyond it is left to the engine: the code would grow with its square.
const PIECE_LIMIT: usize = 4_000;

/// How a machine without parallel states holds its leaf, and the step that knows it.
pub(super) struct Fast {
    /// `chart::Nesting`.
    pub(super) nesting: Rust,
    /// `Chart::event`, unless there is nothing to resolve.
    pub(super) event: Option<Rust>,
}

/// The numbers that a machine holds its states by: see `chart::Nesting`.
pub(super) struct Ranks {
    /// By number; `None` before the start.
    states: Vec<Option<StateId>>,
    /// The number of each state.
    numbers: Vec<u32>,
    /// The number before the start.
    unstarted: u32,
    /// How many of them are leaves that a step resolves.
    pub(super) steady: usize,
    /// How many of them a machine can rest in, the time before its start included.
    pub(super) resting: usize,
    pub(super) stride: u32,
    /// The bits of the field that count.
    pub(super) mask: u32,
}

impl Ranks {
    fn of(machine: &Machine) -> Self {
        let (mut steady, mut leaves, mut inner) = (Vec::new(), Vec::new(), Vec::new());
        for (id, state) in machine.states.iter().enumerate() {
            match state.kind {
                _ if is_steady(machine, id) => steady.push(Some(id)),
                StateKind::Atomic | StateKind::Final => leaves.push(Some(id)),
                _ => inner.push(Some(id)),
            }
        }
        let (count, resting) = (steady.len(), steady.len() + leaves.len() + 1);
        let mut states = steady;
        states.append(&mut leaves);
        states.push(None);
        states.append(&mut inner);
        let mut numbers = vec![0; machine.states.len()];
        for (number, state) in (0..).zip(&states) {
            if let Some(number_of) = state.and_then(|state| numbers.get_mut(state)) {
                *number_of = number;
            }
        }
        let unstarted = resting as u32 - 1;
        Self { states, numbers, unstarted, steady: count, resting, stride: 1, mask: u32::MAX }
    }

    /// The leaves in which a machine rests until an event comes.
    pub(super) fn steady(&self) -> Vec<StateId> {
        let mut steady = Vec::new();
        for state in self.states.iter().take(self.steady) {
            steady.extend(*state);
        }
        steady
    }

    /// Lets the field keep bits above a shift, where the shifts of all states leave room for that: what a step stores
    /// is then what it has shifted.
    pub(super) fn ignore_high_bits(&mut self) {
        if self.states.len().saturating_sub(1) as u32 * self.stride < 64 {
            self.mask = 63;
        }
    }

    /// The states in the order of their numbers.
    pub(super) fn states(&self) -> &[Option<StateId>] {
        &self.states
    }

    /// The state as it is held.
    pub(super) fn held(&self, state: StateId) -> u32 {
        self.numbers.get(state).copied().unwrap_or(0) * self.stride
    }

    fn nesting(&self, machine: &Machine) -> Rust {
        let stride = self.stride;
        let (mut states, mut held) = (Rust::new(), Rust::new());
        for state in &self.states {
            match state {
                Some(state) => states.item(state),
                None => states.item(&rust!(::core::primitive::u16::MAX)),
            }
        }
        for state in 0..machine.states.len() {
            held.item(&self.held(state));
        }
        let unstarted = self.unstarted * self.stride;
        let mask = self.mask;
        rust! {
            impl chart::Nesting for Shape {
                const TABLES: &'static chart::Tables = &TABLES;
                const STRIDE: u32 = #stride;
                const STATES: &'static [u16] = &[#states];
                const HELD: &'static [u32] = &[#held];
                const UNSTARTED: u32 = #unstarted;
                const MASK: u32 = #mask;
            }
        }
    }
}

/// What an event does in a leaf: candidates in order, and what happens where none of them holds.
pub(super) struct Cell {
    pub(super) candidates: Vec<(TransitionId, Does)>,
    pub(super) otherwise: Otherwise,
}

/// By leaf, then by event; nothing of states in which a machine does not rest.
pub(super) type Cells = Vec<Vec<Cell>>;

/// What a candidate does when its guard holds.
pub(super) enum Does {
    Take(Take),
    Ignore,
    /// The engine knows.
    Engine,
}

/// What happens when no guard holds.
#[derive(Clone, Copy, PartialEq, Eq)]
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

/// The resolved step of a machine; `None` where regions run in parallel.
pub(super) fn fast(machine: &Machine) -> Option<Fast> {
    if machine.states.iter().any(|state| state.kind == StateKind::Parallel) {
        return None;
    }
    let mut ranks = Ranks::of(machine);
    if ranks.resting * machine.events.len() > CELL_LIMIT {
        return Some(Fast { event: displaced(machine, &ranks), nesting: ranks.nesting(machine) });
    }
    let mut cells: Cells = Vec::new();
    machine.states.iter().for_each(|_| cells.push(Vec::new()));
    let (mut takes, mut pieces) = (false, 0);
    for leaf in ranks.steady() {
        for event in 0..machine.events.len() {
            let cell = resolve(machine, leaf, event);
            takes |= cell.candidates.iter().any(|(_, does)| matches!(does, Does::Take(_)));
            pieces += self::pieces(&cell);
            cells[leaf].push(cell);
        }
    }
    // A macrostep without any turn is a fault; the engine says so.
    let turns = machine.limits.microsteps > 0;
    if !turns || !takes || pieces > PIECE_LIMIT {
        return Some(Fast { nesting: ranks.nesting(machine), event: None });
    }
    let table = Table::of(machine, &cells, &mut ranks);
    let event = event(machine, &cells, &ranks, table.as_ref());
    Some(Fast { nesting: ranks.nesting(machine), event: Some(event) })
}

/// `Chart::event`.
fn event(machine: &Machine, cells: &Cells, ranks: &Ranks, table: Option<&Table>) -> Rust {
    let mut leaves = Rust::new();
    for leaf in ranks.steady() {
        let (name, held) = (leaf_name(machine, leaf), ranks.held(leaf));
        leaves.push(rust!(const #name: u32 = #held;));
    }
    let arms = arms(machine, cells, ranks);
    // Deferred events are looked at after every step.
    let defers = machine.states.iter().any(|state| !state.defer.is_empty());
    let free = defers.then(|| {
        rust! {
            if !self.core.is_free() {
                return chart::engine::unresolved(self, fx, event);
            }
        }
    });
    let table = table.map(|table| table.code(ranks));
    rust! {
        #[inline(always)]
        fn event<F: chart::Effects<Self>>(&mut self, fx: &mut F, event: Event) -> chart::Outcome {
            #free
            let held = self.core.held();
            #table
            // Leaves as the machine holds them.
            #leaves
            match &event {
                #arms
                _ => {}
            }
            chart::engine::unresolved(self, fx, event)
        }
    }
}

/// The step of a large machine: what only changes the state is in a table without the cells in which nothing happens,
/// and the engine does the rest.
fn displaced(machine: &Machine, ranks: &Ranks) -> Option<Rust> {
    if machine.limits.microsteps == 0 {
        return None;
    }
    let steady = ranks.steady();
    let (mut rows, mut count) = (Vec::new(), 0);
    for leaf in &steady {
        let mut wanted = Ids::default();
        for state in ancestors(machine, *leaf) {
            let row = &machine.states[state];
            let mut want = |events: &[EventId]| events.iter().for_each(|event| _ = wanted.insert(*event));
            want(&row.defer);
            for id in &row.transitions {
                if let Trigger::Events(events) = &machine.transitions[*id].trigger {
                    want(events);
                }
            }
        }
        count += wanted.len();
        if count > CELL_LIMIT {
            return None;
        }
        let mut row: Vec<(EventId, Cell)> = Vec::new();
        for event in wanted.all() {
            row.push((event, resolve(machine, *leaf, event)));
        }
        rows.push(row);
    }
    let table = Displaced::of(machine, &steady, &rows, ranks)?.code();
    let defers = machine.states.iter().any(|state| !state.defer.is_empty());
    let free = defers.then(|| rust!(&&self.core.is_free()));
    Some(rust! {
        #[inline(always)]
        fn event<F: chart::Effects<Self>>(&mut self, fx: &mut F, event: Event) -> chart::Outcome {
            // Nobody asks which transition is taken, so it need not be known.
            if !fx.watches() #free {
                #table
            }
            chart::engine::unresolved(self, fx, event)
        }
    })
}

/// The constant of a leaf as the machine holds it.
pub(super) fn leaf_name(machine: &Machine, leaf: StateId) -> Rust {
    Rust::from_text(names::snake(&machine.states[leaf].path).to_uppercase())
}

/// Whether a machine can rest in the leaf and nothing but an event moves it on: no eventless transition looks at
/// every step, and the machine is not done.
fn is_steady(machine: &Machine, leaf: StateId) -> bool {
    let row = &machine.states[leaf];
    if leaf == 0 {
        return false;
    }
    let at_rest = match row.kind {
        StateKind::Atomic => true,
        // Entering a final state of the root ends the machine.
        StateKind::Final => row.parent != 0,
        _ => false,
    };
    for state in ancestors(machine, leaf) {
        for id in &machine.states[state].transitions {
            if machine.transitions[*id].trigger == Trigger::Always {
                return false;
            }
        }
    }
    at_rest
}

/// The state, its parent, and so on to the root.
fn ancestors(machine: &Machine, state: StateId) -> Vec<StateId> {
    let mut ancestors = below(machine, 0, state);
    ancestors.push(0);
    ancestors
}

/// The state, its parent, and so on, as long as they lie inside another.
fn below(machine: &Machine, outer: StateId, state: StateId) -> Vec<StateId> {
    let (mut path, mut at) = (Vec::new(), state);
    while at != outer && at != 0 {
        path.push(at);
        at = machine.states[at].parent;
    }
    path
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
                let exits = below(machine, transition.domain, leaf);
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

impl Take {
    /// How many states are left and entered, with the transition between them.
    pub(super) fn hooks(&self) -> usize {
        self.exits.len() + 1 + self.entries.len()
    }

    /// Their indices, in the order in which they are told.
    pub(super) fn path(&self, id: TransitionId) -> Vec<usize> {
        let mut path = self.exits.clone();
        path.push(id);
        path.extend_from_slice(&self.entries);
        path
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
        let path = below(machine, from, to);
        for state in path.iter().rev() {
            entries.push(*state);
        }
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
    let mut pieces = 0;
    for (_, does) in &cell.candidates {
        pieces += match does {
            Does::Take(take) => 1 + take.exits.len() + take.entries.len(),
            Does::Ignore | Does::Engine => 1,
        };
    }
    pieces
}
