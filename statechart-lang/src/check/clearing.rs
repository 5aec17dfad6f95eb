//! What may be set to none while a state stays active, or between a guard and the actions behind it.
//!
//! All of it follows from where lists of actions stand, so it is computed once, up and down the tree of states.

use super::{
    effects::{cleared, lasting},
    facts::FactSet,
    types,
};
use crate::{
    Span,
    model::{Action, ActionKind, Machine, Place, StateId, StateKind},
    table::ById,
};

/// For each state, the optionals that may lose their value.
#[derive(Clone, Default)]
pub(super) struct Clearing {
    /// By the state's exit list.
    exits: Vec<FactSet>,
    /// By exit lists of the state and everything inside it.
    exits_inside: Vec<FactSet>,
    /// By regions beside the state or beside a state around it.
    pub(super) beside: Vec<FactSet>,
    /// In the same microstep as a transition of the state, by transitions of other states.
    together: Vec<FactSet>,
    /// While the state is active.
    pub(super) meanwhile: Vec<FactSet>,
    /// Whether a parallel state is around it.
    under: Vec<bool>,
    /// Where a variable is set to none, for messages.
    pub(super) example: ById<Span>,
}

fn of(list: &[Action], known: &FactSet) -> FactSet {
    let mut gone = FactSet::default();
    cleared(&mut gone, list, known);
    gone.keep_variables();
    gone
}

fn add(sets: &mut [FactSet], at: usize, more: &FactSet) {
    sets[at].add(more);
}

impl Clearing {
    /// Reads the lists of a typed machine.
    pub(super) fn of(machine: &Machine) -> Self {
        let count = machine.states.len();
        let empty = || vec![FactSet::default(); count];
        let nothing = FactSet::default();
        // What the transitions of a state do, and everything that is done inside it.
        let (mut reactions, mut all) = (empty(), empty());
        let (mut exits, mut exits_inside) = (empty(), empty());
        // What happens while a state stays: at the innermost state that does; and what does not leave its inside either.
        let (mut stays, mut around) = (empty(), empty());
        for (id, state) in machine.states.iter().enumerate() {
            exits[id] = of(&state.exit, &nothing);
            exits_inside[id].clone_from(&exits[id]);
            let entry = of(&state.entry, &nothing);
            // Content of a history runs in its parent.
            let owner = if machine.is_history(id) { state.parent } else { id };
            let initial = of(&state.initial_actions, &nothing);
            add(&mut stays, owner, &initial);
            add(&mut all, owner, &initial);
            add(&mut all, id, &entry);
            let left = exits[id].clone();
            add(&mut all, id, &left);
            if id != 0 {
                add(&mut stays, state.parent, &entry);
                add(&mut stays, state.parent, &left);
            }
        }
        for transition in &machine.transitions {
            let guard = transition.guard.as_ref().map(|guard| types::facts(guard, true)).unwrap_or_default();
            let done = of(&transition.actions, &lasting(guard).into());
            if done.is_empty() {
                continue;
            }
            add(&mut reactions, transition.source, &done);
            add(&mut all, transition.source, &done);
            add(&mut stays, transition.domain, &done);
            if transition.targets.is_empty() {
                add(&mut around, transition.source, &done);
            }
        }
        // Upward: children come after their parent.
        let mut holds_regions = vec![false; count];
        for (id, state) in machine.states.iter().enumerate() {
            holds_regions[id] = state.kind == StateKind::Parallel;
        }
        for id in (1..count).rev() {
            let parent = machine.states[id].parent;
            for sets in [&mut all, &mut exits_inside, &mut stays] {
                let inner = std::mem::take(&mut sets[id]);
                add(sets, parent, &inner);
                sets[id] = inner;
            }
            if holds_regions[id] {
                holds_regions[parent] = true;
            }
        }
        // Downward.
        let (mut beside, mut above, mut up) = (empty(), empty(), reactions.clone());
        let mut under = vec![false; count];
        for (id, state) in machine.states.iter().enumerate() {
            if id != 0 {
                let outer = up[state.parent].clone();
                add(&mut up, id, &outer);
                let outer = around[state.parent].clone();
                add(&mut around, id, &outer);
                let outer = beside[state.parent].clone();
                add(&mut beside, id, &outer);
                under[id] = under[state.parent] || machine.states[state.parent].kind == StateKind::Parallel;
                above[id] = if machine.states[state.parent].kind == StateKind::Parallel {
                    up[state.parent].clone()
                } else {
                    above[state.parent].clone()
                };
            }
            if state.kind == StateKind::Parallel {
                siblings(&state.children, &all, &mut beside);
            }
        }
        let mut together = Vec::with_capacity(count);
        for id in 0..count {
            let mut set = beside[id].clone();
            set.add(&above[id]);
            if holds_regions[id] {
                for child in &machine.states[id].children {
                    set.add(&all[*child]);
                }
            }
            together.push(set);
        }
        let mut meanwhile = stays;
        for id in 0..count {
            add(&mut meanwhile, id, &around[id]);
            add(&mut meanwhile, id, &beside[id]);
        }
        Self { exits, exits_inside, beside, together, meanwhile, under, example: examples(machine) }
    }

    /// What other transitions of the same microstep may set to none.
    pub(super) fn together(&self, source: StateId) -> &FactSet {
        &self.together[source]
    }

    /// What a transition's actions may not rely on although its guard saw it: lists that run in between. `domain` is
    /// that of a transition that goes somewhere.
    pub(super) fn lost(&self, machine: &Machine, source: StateId, domain: Option<StateId>) -> FactSet {
        let Some(together) = self.together.get(source) else { return FactSet::default() };
        let mut lost = together.clone();
        let leaves = match domain {
            Some(domain) => Some(domain),
            // Another region's transition may leave everything around it.
            None => self.under[source].then_some(0),
        };
        if let Some(domain) = leaves {
            lost.add(&self.exits_inside[source]);
            let mut state = source;
            while state != domain && state != 0 {
                lost.add(&self.exits[state]);
                state = machine.states[state].parent;
            }
        }
        lost
    }
}

/// For each region, what the others may do.
fn siblings(regions: &[StateId], all: &[FactSet], beside: &mut [FactSet]) {
    let mut before = FactSet::default();
    for &region in regions {
        add(beside, region, &before);
        before.add(&all[region]);
    }
    let mut after = FactSet::default();
    for &region in regions.iter().rev() {
        add(beside, region, &after);
        after.add(&all[region]);
    }
}

/// The first action that sets each variable to none.
fn examples(machine: &Machine) -> ById<Span> {
    let mut found = ById::default();
    for state in &machine.states {
        for list in [&state.entry, &state.exit, &state.initial_actions] {
            first(list, &mut found);
        }
    }
    for transition in &machine.transitions {
        first(&transition.actions, &mut found);
    }
    found
}

fn first(list: &[Action], found: &mut ById<Span>) {
    for action in list {
        match &action.kind {
            ActionKind::Assign { place: Place::Variable(at), .. }
                if !of(std::slice::from_ref(action), &FactSet::default()).is_empty() =>
            {
                found.or_insert(*at, action.span);
            }
            ActionKind::If { arms, otherwise } => {
                for (_, block) in arms {
                    first(block, found);
                }
                first(otherwise, found);
            }
            ActionKind::For { body, .. } => first(body, found),
            _ => {}
        }
    }
}
