//! What ends and what starts around a configuration: `done`, activities, child machines.

use super::{
    Chart, Configuration as _, Core, Effects, Internal, Kind, Queue as _, Shape,
    engine::{FINISHED, cell, next_generation, raise_fault, set},
    enter::children,
    exit::disarm,
};
use crate::value::Fault;

/// Raises `done` for the parent of a final state, then for a parallel grandparent whose regions are all done. The
/// machine that is done itself is concluded behind the microstep.
pub(super) fn complete_parent<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, state: u16) {
    let Some(row) = C::TABLES.state(state) else { return };
    let parent = row.parent;
    let returned = if row.returns { machine.returned(fx, state) } else { None };
    if parent == 0 {
        let core = machine.core_mut();
        core.result = returned;
        core.done = true;
        return;
    }
    raise_done(machine, fx, parent, returned);
    let Some(grandparent) = C::TABLES.state(parent).map(|row| row.parent) else { return };
    let is_parallel = C::TABLES.state(grandparent).is_some_and(|row| row.kind == Kind::Parallel);
    if is_parallel && is_final::<C>(machine.core(), grandparent) {
        if grandparent == 0 {
            machine.core_mut().done = true;
        } else {
            raise_done(machine, fx, grandparent, None);
        }
    }
}

/// The completion of a state joins the internal queue where somebody waits for it.
fn raise_done<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    state: u16,
    returned: Option<C::Returned>,
) {
    if !C::TABLES.state(state).is_some_and(|row| row.awaited) {
        return;
    }
    if machine.core_mut().internal.push(Internal::Done(state, returned)).is_err() {
        fx.fault(Core::<C::Shape>::queue_full());
    }
}

/// W3C isInFinalState.
fn is_final<C: Chart>(core: &Core<C::Shape>, state: u16) -> bool {
    let Some(row) = C::TABLES.state(state) else { return false };
    match row.kind {
        Kind::Compound => children::<C>(state).any(|child| {
            core.active.contains(child) && C::TABLES.state(child).is_some_and(|row| row.kind == Kind::Final)
        }),
        Kind::Parallel => children::<C>(state).all(|child| is_final::<C>(core, child)),
        Kind::Atomic | Kind::Final | Kind::History { .. } => false,
    }
}

/// A machine that is done runs nothing more: its timers, activities and children end, what it has raised or deferred
/// is void.
pub(super) fn end<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    machine.core_mut().done = true;
    for timer in 0..C::TABLES.timers.len() as u16 {
        disarm(machine, fx, timer);
    }
    for activity in 0..C::TABLES.activities.len() as u16 {
        end_activity(machine, fx, activity);
    }
    for child in 0..C::TABLES.children.len() as u16 {
        stop_child(machine, fx, child);
    }
    while machine.core_mut().entered.pop().is_some() {}
    while machine.core_mut().internal.pop().is_some() {}
    while machine.core_mut().deferred.pop().is_some() {}
}

/// Activities start at the end of the macrostep, in entry order, only where their state is still active.
pub(super) fn start_activities<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    while let Some(state) = machine.core_mut().entered.pop() {
        let Some(row) = C::TABLES.state(state) else { continue };
        for activity in row.activities.0..row.activities.0 + row.activities.1 {
            start_activity(machine, fx, activity);
        }
    }
}

/// Starts a service or a child machine; a fault in its arguments is raised instead.
pub(super) fn start_activity<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, activity: u16) {
    let started = match child_of::<C>(activity) {
        Some(child) => machine.child(activity).map(|call| {
            spawn(machine, fx, child, call);
            let generation = machine.core().generation;
            set(machine.core_mut().activities.as_mut(), activity, generation);
        }),
        None => machine.call(activity).map(|call| {
            let generation = next_generation(machine.core_mut());
            set(machine.core_mut().activities.as_mut(), activity, generation);
            fx.start(activity, generation, call);
        }),
    };
    if let Err(fault) = started {
        raise_fault(machine, fx, fault);
    }
}

/// Forgets an activity. A service is cancelled unless it has reported its result; a child machine is stopped if it
/// is still the one that the activity started.
pub(super) fn end_activity<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, activity: u16) {
    let held = cell(machine.core().activities.as_ref(), activity);
    if held == 0 {
        return;
    }
    set(machine.core_mut().activities.as_mut(), activity, 0);
    match child_of::<C>(activity) {
        Some(child) if cell(machine.core().children.as_ref(), child) == held => {
            stop_child(machine, fx, child);
        }
        Some(_) => {}
        None if held & FINISHED == 0 => fx.stop(activity),
        None => {}
    }
}

fn child_of<C: Chart>(activity: u16) -> Option<u16> {
    C::TABLES.activities.get(usize::from(activity)).and_then(|row| row.child)
}

/// Whether the state that started the activity has stayed active since, the activity ended or not.
pub(super) fn is_current<S: Shape>(core: &Core<S>, activity: u16, generation: u32) -> bool {
    generation != 0 && cell(core.activities.as_ref(), activity) & !FINISHED == generation
}

/// `spawn`: starts a child machine, under a new generation; the one that ran there before is stopped.
pub fn spawn<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, child: u16, spawn: C::Spawn) {
    stop_child(machine, fx, child);
    let generation = next_generation(machine.core_mut());
    set(machine.core_mut().children.as_mut(), child, generation);
    fx.spawn(child, generation, spawn);
}

/// `stop`: stops a child machine, if it runs.
pub fn stop_child<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, child: u16) {
    if cell(machine.core().children.as_ref(), child) != 0 {
        set(machine.core_mut().children.as_mut(), child, 0);
        fx.stop_child(child);
    }
}

/// `send` to a child: whether it runs.
///
/// # Errors
/// [`Fault::Undelivered`] when it does not.
pub fn running<C: Chart>(machine: &C, child: u16) -> Result<(), Fault> {
    machine.core().child(child).map(drop).ok_or(Fault::Undelivered)
}
