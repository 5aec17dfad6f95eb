//! What may be set to none while a state stays active, or between a guard and the actions behind it.
//!
//! All of it follows from where lists of actions stand, so it is computed once, up and down the tree of states.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    actions::{cleared, lasting},
    scope::Fact,
    types,
};
use crate::{
    Span,
    model::{Action, ActionKind, Machine, Place, StateId, StateKind},
};

pub(super) type Set = BTreeSet<Fact>;

/// For each state, the optionals that may lose their value.
#[derive(Debug, Clone, Default)]
pub(super) struct Clearing {
    /// By the state's exit list.
    exits: Vec<Set>,
    /// By exit lists of the state and everything inside it.
    exits_inside: Vec<Set>,
    /// By regions beside the state or beside a state around it.
    pub(super) beside: Vec<Set>,
    /// In the same microstep as a transition of the state, by transitions of other states.
    together: Vec<Set>,
    /// While the state is active.
    pub(super) meanwhile: Vec<Set>,
    /// Whether a parallel state is around it.
    under: Vec<bool>,
    /// Where a variable is set to none, for messages.
    pub(super) example: BTreeMap<usize, Span>,
}

fn of(list: &[Action], known: &Set) -> Set {
    let mut gone = Set::new();
    cleared(&mut gone, list, known);
    gone.retain(|fact| matches!(fact, Fact::Variable(_)));
    gone
}

fn add(sets: &mut [Set], at: usize, more: &Set) {
    if !more.is_empty() {
        sets[at].extend(more.iter().cloned());
    }
}

impl Clearing {
    /// Reads the lists of a typed machine.
    pub(super) fn of(machine: &Machine) -> Self {
        let count = machine.states.len();
        let empty = || vec![Set::new(); count];
        let nothing = Set::new();
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
            let done = of(&transition.actions, &lasting(guard).collect());
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
        let mut holds_regions: Vec<bool> =
            machine.states.iter().map(|state| state.kind == StateKind::Parallel).collect();
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
        let together = (0..count)
            .map(|id| {
                let mut set = &beside[id] | &above[id];
                if holds_regions[id] {
                    for child in &machine.states[id].children {
                        set.extend(all[*child].iter().cloned());
                    }
                }
                set
            })
            .collect();
        let meanwhile = (0..count).map(|id| &(&stays[id] | &around[id]) | &beside[id]).collect();
        Self { exits, exits_inside, beside, together, meanwhile, under, example: examples(machine) }
    }

    /// What other transitions of the same microstep may set to none.
    pub(super) fn together(&self, source: StateId) -> &Set {
        &self.together[source]
    }

    /// What a transition's actions may not rely on although its guard saw it: lists that run in between. `domain` is
    /// that of a transition that goes somewhere.
    pub(super) fn lost(&self, machine: &Machine, source: StateId, domain: Option<StateId>) -> Set {
        let Some(together) = self.together.get(source) else { return Set::new() };
        let mut lost = together.clone();
        let leaves = match domain {
            Some(domain) => Some(domain),
            // Another region's transition may leave everything around it.
            None => self.under[source].then_some(0),
        };
        if let Some(domain) = leaves {
            lost.extend(self.exits_inside[source].iter().cloned());
            let mut state = source;
            while state != domain && state != 0 {
                lost.extend(self.exits[state].iter().cloned());
                state = machine.states[state].parent;
            }
        }
        lost
    }
}

/// For each region, what the others may do.
fn siblings(regions: &[StateId], all: &[Set], beside: &mut [Set]) {
    let mut before = Set::new();
    for &region in regions {
        add(beside, region, &before);
        before.extend(all[region].iter().cloned());
    }
    let mut after = Set::new();
    for &region in regions.iter().rev() {
        add(beside, region, &after);
        after.extend(all[region].iter().cloned());
    }
}

/// The first action that sets each variable to none.
fn examples(machine: &Machine) -> BTreeMap<usize, Span> {
    let mut found = BTreeMap::new();
    let lists = machine
        .states
        .iter()
        .flat_map(|state| [&state.entry, &state.exit, &state.initial_actions])
        .chain(machine.transitions.iter().map(|transition| &transition.actions));
    for list in lists {
        first(list, &mut found);
    }
    found
}

fn first(list: &[Action], found: &mut BTreeMap<usize, Span>) {
    for action in list {
        match &action.kind {
            ActionKind::Assign { place: Place::Variable(at), .. }
                if !of(std::slice::from_ref(action), &Set::new()).is_empty() =>
            {
                found.entry(*at).or_insert(action.span);
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
