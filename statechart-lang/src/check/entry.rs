//! Which states a transition enters.

use crate::{
    model::{Machine, StateId, StateKind},
    table::Ids,
};

/// The states that a transition enters when nothing is stored in any history (W3C: computeEntrySet).
#[derive(Default)]
pub(crate) struct Entry {
    /// In document order.
    pub(crate) states: Ids,
    /// Those whose initial is followed (W3C: statesForDefaultEntry).
    pub(crate) by_default: Ids,
    /// History states on the way: what they stored would be entered instead.
    pub(crate) histories: Ids,
}

/// What is entered below `domain` on the way to the targets.
pub(crate) fn entry(machine: &Machine, domain: StateId, targets: &[StateId]) -> Entry {
    let mut entry = Entry::default();
    entry.below(machine, domain, targets);
    if machine.states[domain].kind == StateKind::Parallel && !targets.is_empty() {
        entry.regions(machine, domain);
    }
    entry
}

impl Entry {
    fn below(&mut self, machine: &Machine, domain: StateId, targets: &[StateId]) {
        let mut effective = Vec::with_capacity(targets.len());
        for &target in targets {
            if machine.is_history(target) {
                // Its defaults are no histories; `history` sees to that.
                effective.extend(
                    machine.states[target].initial.iter().copied().filter(|id| !machine.is_history(*id)),
                );
                self.histories.insert(target);
            } else {
                effective.push(target);
            }
        }
        for &target in &effective {
            self.down(machine, target);
        }
        for &target in &effective {
            let mut state = target;
            while state != domain
                && machine.states[state].parent != domain
                && machine.states[state].parent != state
            {
                state = machine.states[state].parent;
                self.states.insert(state);
                if machine.states[state].kind == StateKind::Parallel {
                    self.regions(machine, state);
                }
            }
        }
    }

    fn down(&mut self, machine: &Machine, state: StateId) {
        self.states.insert(state);
        let row = &machine.states[state];
        match row.kind {
            StateKind::Compound => {
                self.by_default.insert(state);
                self.below(machine, state, &row.initial);
            }
            StateKind::Parallel => self.regions(machine, state),
            StateKind::Atomic | StateKind::Final | StateKind::History { .. } => {}
        }
    }

    fn regions(&mut self, machine: &Machine, state: StateId) {
        for &region in &machine.states[state].children {
            if !self.states.any_in(region, machine.states[region].last) {
                self.down(machine, region);
            }
        }
    }
}
