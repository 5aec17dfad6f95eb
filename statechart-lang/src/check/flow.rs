//! Which optionals hold a value while a state is active: those that every way into it establishes.
//!
//! A greatest fixpoint. It starts by assuming that every optional holds a value everywhere and takes
//! back what some transition contradicts; typing is repeated with what is left until nothing changes.

use std::collections::BTreeSet;

use super::{react::holds_value, scope::Fact, types};
use crate::model::{Action, ActionKind, Machine, StateId, StateKind, Transition, Type};

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
        self.enter(machine, 0, &[0], start);
        for transition in &machine.transitions {
            self.take(machine, transition);
        }
        *self != before
    }

    fn take(&mut self, machine: &Machine, transition: &Transition) {
        let mut holding = self.inside(transition.source);
        if let Some(guard) = &transition.guard {
            holding.extend(types::facts(guard, true));
        }
        let moves = !transition.targets.is_empty();
        if moves {
            for state in descendants(machine, transition.domain) {
                keep_only_surviving(&mut holding, &machine.states[state].exit);
            }
        }
        perform(&mut holding, &transition.actions);
        holding.retain(|fact| matches!(fact, Fact::Variable(_)));
        // What stays active no longer holds what this transition may set to none.
        let mut cleared = cleared(&transition.actions);
        if moves {
            for state in descendants(machine, transition.domain) {
                cleared.extend(self::cleared(&machine.states[state].exit));
                cleared.extend(self::cleared(&machine.states[state].entry));
            }
        }
        for state in 0..machine.states.len() {
            let exited = moves && machine.is_descendant(state, transition.domain);
            if !exited {
                self.inside[state].retain(|fact| !cleared.contains(fact));
            }
        }
        if moves {
            self.enter(machine, transition.domain, &transition.targets, holding);
        }
    }

    /// Intersects what holds on the way in with what each entered state assumed.
    fn enter(&mut self, machine: &Machine, domain: StateId, targets: &[StateId], mut holding: Set) {
        for state in entered(machine, domain, targets) {
            self.on_entry[state].retain(|fact| holding.contains(fact));
            perform(&mut holding, &machine.states[state].entry);
            self.inside[state].retain(|fact| holding.contains(fact));
        }
    }
}

fn descendants(machine: &Machine, state: StateId) -> impl Iterator<Item = StateId> + use<> {
    state + 1..machine.states.get(state).map_or(0, |row| row.last + 1)
}

/// The effect of a list of actions on what holds.
fn perform(holding: &mut Set, actions: &[Action]) {
    for action in actions {
        if let ActionKind::Assign { variable, value } = &action.kind {
            if holds_value(value, holding) {
                holding.insert(Fact::Variable(*variable));
            } else {
                holding.remove(&Fact::Variable(*variable));
            }
        }
    }
}

/// An exit list that may run: what it clears no longer holds.
fn keep_only_surviving(holding: &mut Set, actions: &[Action]) {
    let cleared = cleared(actions);
    holding.retain(|fact| !cleared.contains(fact));
}

/// Variables that a list may leave without a value.
fn cleared(actions: &[Action]) -> Set {
    let mut cleared = Set::new();
    for action in actions {
        if let ActionKind::Assign { variable, value } = &action.kind {
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
        while state != domain && machine.states[state].parent != domain && machine.states[state].parent != state {
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
        StateKind::Atomic | StateKind::Final => {}
    }
}

fn regions(machine: &Machine, state: StateId, set: &mut BTreeSet<StateId>) {
    for &region in &machine.states[state].children {
        if set.range(region..=machine.states[region].last).next().is_none() {
            down(machine, region, set);
        }
    }
}
