//! Leaving states: W3C exitStates.

use super::{
    Bits, Block, Chart, Configuration as _, Core, Cue, CueOf, Effects, Kind, Queue as _, Set as _, SetOf,
    Shape,
    complete::{end, end_activity},
    core::WORDS,
    engine::{cell, run, set},
    select::{is_descendant, last},
};

/// W3C exitStates, first half: every history of a state that will be left, before any exit action.
pub(super) fn record_histories<C: Chart>(machine: &mut C, leaving: SetOf<C>) {
    for state in leaving.iter() {
        let Some(row) = C::TABLES.state(state) else { continue };
        for history in row.histories.iter().filter_map(|&history| C::TABLES.state(history)) {
            let Kind::History { deep, slot } = history.kind else { continue };
            let mut recorded = Bits::<WORDS>::default();
            for active in machine.core().active().filter(|&active| is_descendant::<C>(active, state)) {
                let Some(row) = C::TABLES.state(active) else { continue };
                let is_leaf = matches!(row.kind, Kind::Atomic | Kind::Final);
                if if deep { is_leaf } else { row.parent == state } {
                    recorded.insert(active);
                }
            }
            set(machine.core_mut().histories.as_mut(), slot, Some(recorded));
        }
    }
}

/// W3C exitStates: in reverse document order, a state leaving the configuration only after its own exit list.
pub(super) fn exit<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    leaving: SetOf<C>,
    cue: CueOf<'_, C>,
) {
    let mut next = leaving.previous(last::<C>(0));
    while let Some(state) = next {
        leave(machine, fx, state, cue);
        fx.exited(state);
        next = state.checked_sub(1).and_then(|below| leaving.previous(below));
    }
}

/// W3C exitInterpreter: the exit lists of everything active, then the end. Where the machine has come to stays
/// readable, so its states and their data are kept.
#[cold]
pub(super) fn conclude<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    let mut active = SetOf::<C>::default();
    for state in machine.core().active() {
        active.insert(state);
    }
    let mut next = active.previous(last::<C>(0));
    while let Some(state) = next {
        leave(machine, fx, state, Cue::None);
        next = state.checked_sub(1).and_then(|below| active.previous(below));
    }
    for state in active.iter() {
        machine.core_mut().active.insert(state);
    }
    end(machine, fx);
}

fn leave<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, state: u16, cue: CueOf<'_, C>) {
    if let Some(row) = C::TABLES.state(state) {
        if row.exit {
            run(machine, fx, Block::Exit(state), cue);
        }
        for timer in row.timers.0..row.timers.0 + row.timers.1 {
            disarm(machine, fx, timer);
        }
        for activity in row.activities.0..row.activities.0 + row.activities.1 {
            end_activity(machine, fx, activity);
        }
        if row.activities.1 > 0 {
            forget_entered(machine.core_mut(), state);
        }
    }
    machine.core_mut().active.remove(state);
}

pub(super) fn disarm<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, timer: u16) {
    if cell(machine.core().timers.as_ref(), timer) != 0 {
        set(machine.core_mut().timers.as_mut(), timer, 0);
        fx.disarm(timer);
    }
}

fn forget_entered<S: Shape>(core: &mut Core<S>, state: u16) {
    let mut position = 0;
    while let Some(&entered) = core.entered.get(position) {
        if entered == state {
            core.entered.take(position);
        } else {
            position += 1;
        }
    }
}
