//! One macrostep over static tables, after the W3C SCXML algorithm (Appendix D, "mainEventLoop").
//!
//! ```text
//! input ─▶ disposition ─▶ microstep ─▶ (always | internal queue)* ─▶ start activities ─▶ recall deferred
//!           select, preempt  exit, act, enter
//! ```

use super::{
    Block, Chart, Configuration as _, Core, Cue, CueOf, Effects, Input, Internal, Outcome, Pending,
    Queue as _, Receiver, SetOf, Shape, Trigger, Undo, Undoing,
    complete::{end, is_current, start_activities},
    enter::{Entry, enter},
    exit::{exit, record_histories},
    select::{Disposition, dispose, is_descendant},
    turns::forget,
};
use crate::value::Fault;

pub use super::{
    complete::{running, spawn, stop_child},
    turns::turn,
};

/// Marks the generation of an activity that has reported its result while its state is still active.
pub(crate) const FINISHED: u32 = 1 << 31;

/// Enters the initial configuration and runs to completion.
pub fn start<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    machine.core_mut().now = fx.now();
    let mut entry = Entry::<SetOf<C>>::default();
    entry.add_descendants::<C>(machine.core(), 0);
    enter(machine, fx, &entry);
    complete(machine, fx);
    recall(machine, fx);
}

/// Leaves every active state and ends the machine; see [`Chart::halt`].
pub fn halt<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    if machine.core().done {
        return;
    }
    machine.core_mut().now = fx.now();
    let mut leaving = SetOf::<C>::default();
    for state in machine.core().active() {
        leaving.insert(state);
    }
    exit(machine, fx, leaving, Cue::None);
    end(machine, fx);
    while machine.core_mut().internal.pop().is_some() {}
    while machine.core_mut().deferred.pop().is_some() {}
    // The machine's parameters stay readable.
    for state in leaving.iter().filter(|state| *state != 0) {
        if C::TABLES.state(state).is_some_and(|row| row.data) {
            machine.leave_data(state);
        }
    }
}

/// [`step`] for an event that a generated machine leaves to the engine: away from what is done often.
#[cold]
#[inline(never)]
pub fn unresolved<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, event: C::Event) -> Outcome {
    step(machine, fx, Input::Event(event))
}

/// Runs one input to completion, then the deferred events that it set free.
pub fn step<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    input: Input<C::Event, C::Returned>,
) -> Outcome {
    if machine.core().done {
        return Outcome::Done;
    }
    machine.core_mut().now = fx.now();
    let outcome = match input {
        Input::Event(event) => external(machine, fx, Pending { event, origin: None }),
        Input::Report { activity, generation, event, last } => {
            // A result ends its activity, so a second one is as late as one after the exit.
            if generation == 0 || cell(machine.core().activities.as_ref(), activity) != generation {
                return Outcome::Stale;
            }
            if last {
                // Marked, not forgotten: should the result be deferred, it is dropped with its state.
                set(machine.core_mut().activities.as_mut(), activity, generation | FINISHED);
            }
            external(machine, fx, Pending { event, origin: Some((activity, generation)) })
        }
        Input::Elapsed { timer, generation } => {
            if cell(machine.core().timers.as_ref(), timer) != generation || generation == 0 {
                return Outcome::Stale;
            }
            set(machine.core_mut().timers.as_mut(), timer, 0);
            once(machine, fx, Trigger::Timer(timer), Cue::None)
        }
        Input::Fault(fault) => {
            fx.fault(fault);
            once(machine, fx, Trigger::Fault, Cue::Fault(fault))
        }
        Input::ChildDone { child, generation, result } => {
            if !ends(machine, child, generation) {
                return Outcome::Stale;
            }
            once(machine, fx, Trigger::ChildDone(child), Cue::Done(result.as_ref()))
        }
        Input::ChildFailed { child, generation } => {
            if !ends(machine, child, generation) {
                return Outcome::Stale;
            }
            fx.fault(Fault::Child);
            once(machine, fx, Trigger::Fault, Cue::Fault(Fault::Child))
        }
    };
    recall(machine, fx);
    outcome
}

/// Marks a child as ended; `false` when it has been stopped or started anew since.
fn ends<C: Chart>(machine: &mut C, child: u16, generation: u32) -> bool {
    let current = generation != 0 && cell(machine.core().children.as_ref(), child) == generation;
    if current {
        set(machine.core_mut().children.as_mut(), child, 0);
    }
    current
}

/// What comes from outside and is no event: taken, or over.
fn once<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    trigger: Trigger,
    cue: CueOf<'_, C>,
) -> Outcome {
    let taken = react(machine, fx, trigger, cue);
    complete(machine, fx);
    if taken { Outcome::Taken } else { Outcome::Ignored }
}

/// An external event: taken, deferred, ignored or reported as unhandled.
fn external<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, pending: Pending<C::Event>) -> Outcome {
    let trigger = Trigger::Event(C::tag(&pending.event));
    let outcome = match dispose(machine, fx, trigger, Cue::Event(&pending.event), true) {
        Disposition::Take(enabled) => {
            microstep(machine, fx, enabled.as_slice(), Cue::Event(&pending.event));
            Outcome::Taken
        }
        Disposition::Ignore => Outcome::Ignored,
        Disposition::Nothing => {
            fx.unhandled(&pending.event);
            Outcome::Unhandled
        }
        Disposition::Defer => {
            if machine.core_mut().deferred.push(pending).is_err() {
                raise_fault(machine, fx, Core::<C::Shape>::deferred_full());
                Outcome::Dropped
            } else {
                Outcome::Deferred
            }
        }
    };
    complete(machine, fx);
    outcome
}

/// After a macrostep the oldest event that is no longer deferred runs, before external ones.
fn recall<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    let mut position = 0;
    // Every pass either moves on or removes one event, and none that is deferred again is looked at
    // twice in the same configuration, so the loop ends when its events do.
    let mut budget = C::TABLES.microsteps;
    while !machine.core().done && budget > 0 {
        // Its place is kept, so that what stays is moved there and back and never cloned.
        let Some(pending) = machine.core_mut().deferred.lift(position) else { return };
        if pending
            .origin
            .is_some_and(|(activity, generation)| !is_current(machine.core(), activity, generation))
        {
            machine.core_mut().deferred.take(position);
            continue;
        }
        let trigger = Trigger::Event(C::tag(&pending.event));
        match dispose(machine, fx, trigger, Cue::Event(&pending.event), true) {
            Disposition::Defer => {
                machine.core_mut().deferred.lay(position, pending);
                position += 1;
                // A guard that was looked at on the way may have faulted.
                if !machine.core().internal.is_empty() {
                    complete(machine, fx);
                    budget -= 1;
                }
                continue;
            }
            Disposition::Take(enabled) => {
                machine.core_mut().deferred.take(position);
                microstep(machine, fx, enabled.as_slice(), Cue::Event(&pending.event));
            }
            Disposition::Ignore => {
                machine.core_mut().deferred.take(position);
            }
            Disposition::Nothing => {
                machine.core_mut().deferred.take(position);
                fx.unhandled(&pending.event);
            }
        }
        complete(machine, fx);
        position = 0;
        budget -= 1;
    }
}

/// Eventless transitions first, then the internal queue, until both are exhausted; then activities,
/// and once more from the top if evaluating their arguments raised a fault.
fn complete<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    let mut left = C::TABLES.microsteps;
    loop {
        settle(machine, fx, &mut left);
        start_activities(machine, fx);
        if machine.core().done || machine.core().internal.is_empty() {
            forget(machine);
            return;
        }
    }
}

/// The macrostep's loop, without its activities; `left` is how many more passes it may take.
fn settle<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, left: &mut u32) {
    while !machine.core().done {
        if *left == 0 {
            while machine.core_mut().internal.pop().is_some() {}
            fx.fault(Fault::Microsteps { limit: C::TABLES.microsteps });
            return;
        }
        // Every pass counts, whether it takes something or not: a guard that faults while its own fault
        // is looked at would otherwise never end.
        *left -= 1;
        if react(machine, fx, Trigger::Always, Cue::None) {
            continue;
        }
        let Some(next) = machine.core_mut().internal.pop() else { break };
        match &next {
            Internal::Event(event) => {
                let trigger = Trigger::Event(C::tag(event));
                if !react(machine, fx, trigger, Cue::Event(event)) {
                    fx.unhandled(event);
                }
            }
            Internal::Done(state, returned) => {
                react(machine, fx, Trigger::Done(*state), Cue::Done(returned.as_ref()));
            }
            Internal::Fault(fault) => {
                react(machine, fx, Trigger::Fault, Cue::Fault(*fault));
            }
        }
    }
}

/// Takes what the trigger enables, if anything.
fn react<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, trigger: Trigger, cue: CueOf<'_, C>) -> bool {
    match dispose(machine, fx, trigger, cue, false) {
        Disposition::Take(enabled) => {
            microstep(machine, fx, enabled.as_slice(), cue);
            true
        }
        // An explicit ignore settles a raised event.
        Disposition::Ignore => matches!(trigger, Trigger::Event(_)),
        Disposition::Defer | Disposition::Nothing => false,
    }
}

/// W3C microstep: all exits, children first; then all transition bodies; then all entries. Parameters are evaluated
/// before anything is left, and data of what was left stays readable until something is entered.
fn microstep<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, enabled: &[u16], cue: CueOf<'_, C>) {
    let rows = || enabled.iter().filter_map(|&index| Some((index, C::TABLES.transition(index)?)));
    for (index, _) in rows().filter(|(_, row)| row.passes) {
        machine.pass(fx, index, cue);
    }
    let mut leaving = SetOf::<C>::default();
    for (_, row) in rows().filter(|(_, row)| !row.targets.is_empty()) {
        for state in machine.core().active().filter(|&state| is_descendant::<C>(state, row.domain)) {
            leaving.insert(state);
        }
    }
    if C::TABLES.histories > 0 {
        record_histories(machine, leaving);
    }
    exit(machine, fx, leaving, cue);
    for (index, row) in rows() {
        fx.took(index);
        if row.acts {
            run(machine, fx, Block::Transition(index), cue);
        }
    }
    for state in leaving.iter() {
        if C::TABLES.state(state).is_some_and(|row| row.data) {
            machine.leave_data(state);
        }
    }
    let mut entry = Entry::<SetOf<C>>::default();
    for (_, row) in rows() {
        for &target in row.targets {
            entry.add_descendants::<C>(machine.core(), target);
        }
        for &target in row.targets {
            entry.add_ancestors::<C>(machine.core(), target, row.domain);
        }
    }
    enter(machine, fx, &entry);
}

pub(super) fn run<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, block: Block, cue: CueOf<'_, C>) {
    if let Err(fault) = machine.run(fx, block, cue) {
        raise_fault(machine, fx, fault);
    }
}

/// A fault is reported, and raised as an internal event when the queue has room for it.
pub fn raise_fault<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, fault: Fault) {
    fx.fault(fault);
    let _ = machine.core_mut().queue(Internal::Fault(fault));
}

/// Arms a timer in full, as entering its state does.
#[cfg(feature = "snapshot")]
pub(crate) fn arm_timer<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, timer: u16) {
    super::enter::arm_timer(machine, fx, timer);
}

/// Starts an activity again. What it had reported and is still deferred is from then on what the new one reported.
#[cfg(feature = "snapshot")]
pub(crate) fn restart<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, activity: u16) {
    let old = cell(machine.core().activities.as_ref(), activity);
    set(machine.core_mut().activities.as_mut(), activity, 0);
    super::complete::start_activity(machine, fx, activity);
    let new = cell(machine.core().activities.as_ref(), activity);
    if old == 0 || new == 0 {
        return;
    }
    let deferred = &mut machine.core_mut().deferred;
    for _ in 0..deferred.len() {
        let Some(mut pending) = deferred.pop() else { return };
        if pending.origin == Some((activity, old)) {
            pending.origin = Some((activity, new));
        }
        // There is room for what was just taken out.
        let _ = deferred.push(pending);
    }
}

/// Runs what restoring has raised: a fault of an argument or initial.
#[cfg(feature = "snapshot")]
pub(crate) fn go_on<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    if !machine.core().internal.is_empty() {
        complete(machine, fx);
    }
}

/// The value, or the zero of its type, where the fault is raised.
pub fn or_zero<C: Chart, F: Effects<C>, T: Default>(
    machine: &mut C,
    fx: &mut F,
    value: Result<T, Fault>,
) -> T {
    value.unwrap_or_else(|fault| {
        raise_fault(machine, fx, fault);
        T::default()
    })
}

/// `compensate`: what undoes what was done, the latest first. One that faults is gone, those before it stay.
///
/// # Errors
/// The fault that one of them met.
pub fn compensate<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) -> Result<(), Fault>
where
    C::Shape: Shape<Undo = Undo<C::Action, C::Output, C::Event, C::Message>>,
{
    while let Some(undo) = machine.core_mut().pop_undo() {
        match undo.action {
            Undoing::Act(action) => fx.act(machine.externs_mut(), action),
            Undoing::Emit(output) => fx.emit(output),
            Undoing::Raise(event) => machine.core_mut().raise(event)?,
            Undoing::Send(message) => {
                if let Receiver::Child(child) = C::receiver(&message) {
                    running(machine, child)?;
                }
                fx.send(message, None, None);
            }
        }
    }
    Ok(())
}

/// Zero means "not running" and the top bit "has reported its result", so neither is given out.
pub(super) fn next_generation<S: Shape>(core: &mut Core<S>) -> u32 {
    core.generation = if core.generation + 1 < FINISHED { core.generation + 1 } else { 1 };
    core.generation
}

pub(super) fn cell(cells: &[u32], index: u16) -> u32 {
    cells.get(usize::from(index)).copied().unwrap_or(0)
}

pub(super) fn set<T>(cells: &mut [T], index: u16, value: T) {
    if let Some(cell) = cells.get_mut(usize::from(index)) {
        *cell = value;
    }
}
