//! Entering states: W3C computeEntrySet and enterStates.

use super::{
    Block, Chart, Configuration as _, Core, Cue, Effects, Kind, Queue as _, Set, SetOf,
    complete::complete_parent,
    engine::{next_generation, raise_fault, run, set},
    select::last,
};
use crate::value::Duration;

/// What a microstep enters.
#[derive(Default)]
pub(super) struct Entry<S> {
    states: S,
    /// Compound states whose default targets are taken (W3C statesForDefaultEntry).
    defaults: S,
    /// History states whose default content runs: for each parent the last one that had nothing stored (W3C
    /// defaultHistoryContent).
    histories: S,
    /// History states whose default targets are taken: once each, so that histories that name each other end.
    followed: S,
}

impl<S: Set> Entry<S> {
    /// W3C addDescendantStatesToEnter.
    pub(super) fn add_descendants<C: Chart>(&mut self, core: &Core<C::Shape>, state: u16) {
        let Some(row) = C::TABLES.state(state) else { return };
        match row.kind {
            Kind::History { slot, .. } => {
                let recorded = core.histories.as_ref().get(usize::from(slot)).copied().flatten();
                if let Some(recorded) = recorded {
                    for state in recorded.iter() {
                        self.add_descendants::<C>(core, state);
                    }
                    for state in recorded.iter() {
                        self.add_ancestors::<C>(core, state, row.parent);
                    }
                } else if !self.followed.contains(state) {
                    self.followed.insert(state);
                    for &sibling in C::TABLES.state(row.parent).map_or(&[][..], |parent| parent.histories) {
                        self.histories.remove(sibling);
                    }
                    self.histories.insert(state);
                    self.add_all::<C>(core, row.initial, row.parent);
                }
            }
            Kind::Compound => {
                self.states.insert(state);
                self.defaults.insert(state);
                self.add_all::<C>(core, row.initial, state);
            }
            Kind::Parallel => {
                self.states.insert(state);
                self.add_regions::<C>(core, state);
            }
            Kind::Atomic | Kind::Final => self.states.insert(state),
        }
    }

    /// Targets, then what lies between them and the state that they are targets of.
    fn add_all<C: Chart>(&mut self, core: &Core<C::Shape>, targets: &[u16], ancestor: u16) {
        for &target in targets {
            self.add_descendants::<C>(core, target);
        }
        for &target in targets {
            self.add_ancestors::<C>(core, target, ancestor);
        }
    }

    /// W3C addAncestorStatesToEnter: up to, and without, the domain.
    pub(super) fn add_ancestors<C: Chart>(&mut self, core: &Core<C::Shape>, state: u16, domain: u16) {
        let mut child = state;
        while let Some(row) = C::TABLES.state(child) {
            let parent = row.parent;
            if parent == domain || parent == child {
                break;
            }
            self.states.insert(parent);
            if C::TABLES.state(parent).is_some_and(|row| row.kind == Kind::Parallel) {
                self.add_regions::<C>(core, parent);
            }
            child = parent;
        }
        // A root of regions is its own `<parallel>`: left by a transition of one region, all are entered again.
        if domain == 0 && C::TABLES.state(0).is_some_and(|row| row.kind == Kind::Parallel) {
            self.add_regions::<C>(core, 0);
        }
    }

    /// Default-enters the children of a parallel state in which nothing is entered yet.
    fn add_regions<C: Chart>(&mut self, core: &Core<C::Shape>, parallel: u16) {
        for region in children::<C>(parallel) {
            if !self.states.any_in(region, last::<C>(region)) {
                self.add_descendants::<C>(core, region);
            }
        }
    }
}

/// W3C enterStates: in document order; `done` events are raised as final states are entered.
pub(super) fn enter<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, entry: &Entry<SetOf<C>>) {
    for state in entry.states.iter() {
        if machine.core().active.contains(state) {
            continue;
        }
        machine.core_mut().active.insert(state);
        fx.entered(state);
        let Some(row) = C::TABLES.state(state) else { continue };
        if row.data {
            machine.enter_data(fx, state);
        }
        if row.entry {
            run(machine, fx, Block::Entry(state), Cue::None);
        }
        for timer in row.timers.0..row.timers.0 + row.timers.1 {
            arm_timer(machine, fx, timer);
        }
        if row.initial_acts && entry.defaults.contains(state) {
            run(machine, fx, Block::Initial(state), Cue::None);
        }
        for &history in row.histories {
            let acts = C::TABLES.state(history).is_some_and(|row| row.initial_acts);
            if acts && entry.histories.contains(history) {
                run(machine, fx, Block::Initial(history), Cue::None);
            }
        }
        if row.activities.1 > 0 {
            // The queue holds every state with activities once, so it cannot be full.
            let _ = machine.core_mut().entered.push(state);
        }
        if row.kind == Kind::Final {
            complete_parent(machine, fx, state);
        }
    }
}

/// Arms a timer for the span that its expression says; a fault in that is raised instead.
pub(super) fn arm_timer<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, timer: u16) {
    match machine.delay(timer) {
        Ok(after) => arm(machine, fx, timer, after),
        Err(fault) => raise_fault(machine, fx, fault),
    }
}

/// Arms a timer, under a new generation.
fn arm<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, timer: u16, after: Duration) {
    let core = machine.core_mut();
    let generation = next_generation(core);
    set(core.timers.as_mut(), timer, generation);
    let deadline = core.now.0.saturating_add(after.0.max(0));
    set(core.deadlines.as_mut(), timer, deadline);
    fx.arm(timer, generation, after);
}

/// The states directly below a state.
pub(super) fn children<C: Chart>(state: u16) -> impl Iterator<Item = u16> {
    let end = last::<C>(state);
    let mut next = state + 1;
    ::core::iter::from_fn(move || {
        (next <= end).then(|| {
            let child = next;
            next = last::<C>(child) + 1;
            child
        })
    })
    .filter(|&child| C::TABLES.state(child).is_some_and(|row| !matches!(row.kind, Kind::History { .. })))
}
