//! Which optionals hold a value while a state is active: those that every way into it establishes.
//!
//! A greatest fixpoint. It starts by assuming that every optional holds a value everywhere and takes
//! back what some transition contradicts; typing is repeated with what is left until nothing changes.

use std::collections::BTreeSet;

use super::{react::holds_value, scope::Fact, types};
use crate::model::{Action, ActionKind, Machine, Place, State, StateId, StateKind, Transition, Type};

type Set = BTreeSet<Fact>;

/// For each state, what holds before its entry list and after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    on_entry: Vec<Set>,
    inside: Vec<Set>,
}

impl Facts {
    /// Every optional variable, in every state.
    pub(super) fn everything(machine: &Machine) -> Self {
        let all: Set = machine
            .context
            .iter()
            .enumerate()
            .filter(|(_, variable)| matches!(variable.ty, Type::Optional(_)))
            .map(|(at, _)| Fact::Variable(at))
            .collect();
        Self { on_entry: vec![all.clone(); machine.states.len()], inside: vec![all; machine.states.len()] }
    }

    /// Whether there is anything to know.
    pub(super) fn any(&self) -> bool {
        self.inside.iter().any(|set| !set.is_empty())
    }

    /// What holds while the state is active.
    pub(super) fn inside(&self, state: StateId) -> Set {
        self.inside.get(state).cloned().unwrap_or_default()
    }

    /// What holds when the state's entry list begins.
    pub(super) fn on_entry(&self, state: StateId) -> Set {
        self.on_entry.get(state).cloned().unwrap_or_default()
    }

    /// Takes back what the typed machine contradicts; `true` when anything changed.
    pub(super) fn shrink(&mut self, machine: &Machine) -> bool {
        let before = self.clone();
        let start: Set = machine
            .context
            .iter()
            .enumerate()
            .filter(|(_, variable)| holds_value(&variable.initial, &Set::new()))
            .map(|(at, _)| Fact::Variable(at))
            .collect();
        let clearing = Clearing::of(machine);
        let mut changed = Vec::new();
        self.enter(machine, 0, &[0], start, &mut changed);
        // Every transition once, then again those of states that have lost something: what a state loses, the
        // states after it lose too.
        for transition in &machine.transitions {
            self.take(machine, transition, &clearing, &mut changed);
        }
        while let Some(state) = changed.pop() {
            for id in &machine.states[state].transitions {
                self.take(machine, &machine.transitions[*id], &clearing, &mut changed);
            }
        }
        *self != before
    }

    fn take(
        &mut self,
        machine: &Machine,
        transition: &Transition,
        clearing: &Clearing,
        changed: &mut Vec<StateId>,
    ) {
        let mut holding = self.inside(transition.source);
        if let Some(guard) = &transition.guard {
            holding.extend(types::facts(guard, true));
        }
        let moves = !transition.targets.is_empty();
        if moves {
            for (_, cleared) in clearing.below(&clearing.exits, machine, transition.domain) {
                // An exit list that may run: what it clears no longer holds.
                holding.retain(|fact| !cleared.contains(fact));
            }
        }
        perform(&mut holding, &transition.actions);
        holding.retain(|fact| matches!(fact, Fact::Variable(_)));
        // What stays active no longer holds what this transition may set to none.
        let mut cleared = cleared(&transition.actions);
        if moves {
            for lists in [&clearing.exits, &clearing.entries] {
                for (_, more) in clearing.below(lists, machine, transition.domain) {
                    cleared.extend(more.iter().cloned());
                }
            }
        }
        if !cleared.is_empty() {
            for state in 0..machine.states.len() {
                let exited = moves && machine.is_descendant(state, transition.domain);
                if !exited {
                    self.keep(state, |fact| !cleared.contains(fact), changed);
                }
            }
        }
        if moves {
            self.enter(machine, transition.domain, &transition.targets, holding, changed);
        }
    }

    /// Intersects what holds on the way in with what each entered state assumed.
    fn enter(
        &mut self,
        machine: &Machine,
        domain: StateId,
        targets: &[StateId],
        mut holding: Set,
        changed: &mut Vec<StateId>,
    ) {
        for state in entered(machine, domain, targets) {
            self.on_entry[state].retain(|fact| holding.contains(fact));
            perform(&mut holding, &machine.states[state].entry);
            self.keep(state, |fact| holding.contains(fact), changed);
        }
    }

    /// Takes facts back inside a state, and notes that it has lost some.
    fn keep(&mut self, state: StateId, holds: impl Fn(&Fact) -> bool, changed: &mut Vec<StateId>) {
        let before = self.inside[state].len();
        self.inside[state].retain(holds);
        if self.inside[state].len() != before {
            changed.push(state);
        }
    }
}

/// The states whose entry or exit list may set a variable to none, in document order; most states have none.
struct Clearing {
    entries: Vec<(StateId, Set)>,
    exits: Vec<(StateId, Set)>,
}

impl Clearing {
    fn of(machine: &Machine) -> Self {
        let lists = |list: fn(&State) -> &[Action]| {
            let sets = machine.states.iter().enumerate().map(|(id, state)| (id, cleared(list(state))));
            sets.filter(|(_, set)| !set.is_empty()).collect()
        };
        Self { entries: lists(|state| &state.entry), exits: lists(|state| &state.exit) }
    }

    /// Those below a state.
    fn below<'a>(
        &self,
        lists: &'a [(StateId, Set)],
        machine: &Machine,
        domain: StateId,
    ) -> impl Iterator<Item = &'a (StateId, Set)> + use<'a> {
        let begin = lists.partition_point(|(state, _)| *state <= domain);
        let end = lists.partition_point(|(state, _)| *state <= machine.states[domain].last);
        lists.get(begin..end).unwrap_or(&[]).iter()
    }
}

/// The effect of a list of actions on what holds.
fn perform(holding: &mut Set, actions: &[Action]) {
    for action in actions {
        if let ActionKind::Assign { place: Place::Variable(variable), value } = &action.kind {
            if holds_value(value, holding) {
                holding.insert(Fact::Variable(*variable));
            } else {
                holding.remove(&Fact::Variable(*variable));
            }
        }
    }
}

/// Variables that a list may leave without a value.
fn cleared(actions: &[Action]) -> Set {
    let mut cleared = Set::new();
    for action in actions {
        if let ActionKind::Assign { place: Place::Variable(variable), value } = &action.kind {
            if holds_value(value, &Set::new()) {
                cleared.remove(&Fact::Variable(*variable));
            } else {
                cleared.insert(Fact::Variable(*variable));
            }
        }
    }
    cleared
}

/// The states that a transition enters, in document order.
pub(super) fn entered(machine: &Machine, domain: StateId, targets: &[StateId]) -> BTreeSet<StateId> {
    let mut set = BTreeSet::new();
    for &target in targets {
        down(machine, target, &mut set);
    }
    for &target in targets {
        let mut state = target;
        while state != domain
            && machine.states[state].parent != domain
            && machine.states[state].parent != state
        {
            state = machine.states[state].parent;
            set.insert(state);
            if machine.states[state].kind == StateKind::Parallel {
                regions(machine, state, &mut set);
            }
        }
    }
    set
}

fn down(machine: &Machine, state: StateId, set: &mut BTreeSet<StateId>) {
    set.insert(state);
    let row = &machine.states[state];
    match row.kind {
        StateKind::Compound => set.append(&mut entered(machine, state, &row.initial)),
        StateKind::Parallel => regions(machine, state, set),
        StateKind::Atomic | StateKind::Final | StateKind::History { .. } => {}
    }
}

fn regions(machine: &Machine, state: StateId, set: &mut BTreeSet<StateId>) {
    for &region in &machine.states[state].children {
        if set.range(region..=machine.states[region].last).next().is_none() {
            down(machine, region, set);
        }
    }
}
