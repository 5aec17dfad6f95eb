//! One macrostep over static tables, after the W3C SCXML algorithm (Appendix D, "mainEventLoop").
//!
//! ```text
//! input ─▶ disposition ─▶ microstep ─▶ (always | internal queue)* ─▶ start activities ─▶ recall deferred
//!           select, preempt  exit, act, enter
//! ```

use super::{
    Bits, Block, Chart, Configuration as _, Core, Effects, Input, Kind, Outcome, Pending, Queue, Shape,
    Trigger,
    core::{Internal, WORDS},
    select::{Disposition, dispose, is_descendant, last},
};
use crate::value::Fault;

/// Marks the generation of an activity that has reported its result while its state is still active.
const FINISHED: u32 = 1 << 31;

/// Enters the initial configuration and runs to completion.
pub fn start<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    machine.core_mut().now = fx.now();
    let mut entry = Bits::default();
    add_descendants::<C>(0, &mut entry);
    enter(machine, fx, entry);
    complete(machine, fx);
    recall(machine, fx);
}

/// Runs one input to completion, then the deferred events that it set free.
pub fn step<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, input: Input<C::Event>) -> Outcome {
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
            let taken = react(machine, fx, Trigger::Timer(timer), None);
            complete(machine, fx);
            if taken { Outcome::Taken } else { Outcome::Ignored }
        }
        Input::Fault(fault) => {
            fx.fault(fault);
            let taken = react(machine, fx, Trigger::Fault, None);
            complete(machine, fx);
            if taken { Outcome::Taken } else { Outcome::Ignored }
        }
    };
    recall(machine, fx);
    outcome
}

/// An external event: taken, deferred, ignored or reported as unhandled.
fn external<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, pending: Pending<C::Event>) -> Outcome {
    let trigger = Trigger::Event(C::tag(&pending.event));
    let outcome = match dispose(machine, fx, trigger, Some(&pending.event)) {
        Disposition::Take(enabled) => {
            microstep(machine, fx, enabled.as_slice(), Some(&pending.event));
            Outcome::Taken
        }
        Disposition::Ignore => Outcome::Ignored,
        Disposition::Nothing => {
            fx.unhandled(&pending.event);
            Outcome::Unhandled
        }
        Disposition::Defer => {
            if machine.core_mut().deferred.push(pending).is_err() {
                let limit = <<C::Shape as Shape>::Deferred as Queue<Pending<C::Event>>>::LIMIT;
                raise_fault(machine, fx, Fault::DeferredFull { limit: limit as u32 });
            }
            Outcome::Deferred
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
        let Some(pending) = machine.core().deferred.get(position).cloned() else { return };
        if pending
            .origin
            .is_some_and(|(activity, generation)| !is_current(machine.core(), activity, generation))
        {
            machine.core_mut().deferred.take(position);
            continue;
        }
        let trigger = Trigger::Event(C::tag(&pending.event));
        match dispose(machine, fx, trigger, Some(&pending.event)) {
            Disposition::Defer => {
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
                microstep(machine, fx, enabled.as_slice(), Some(&pending.event));
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
        if react(machine, fx, Trigger::Always, None) {
            continue;
        }
        let Some(next) = machine.core_mut().internal.pop() else { break };
        match &next {
            Internal::Event(event) => {
                let trigger = Trigger::Event(C::tag(event));
                if !react(machine, fx, trigger, Some(event)) {
                    fx.unhandled(event);
                }
            }
            Internal::Done(state) => {
                react(machine, fx, Trigger::Done(*state), None);
            }
            Internal::Fault(_) => {
                react(machine, fx, Trigger::Fault, None);
            }
        }
    }
}

/// Takes what the trigger enables, if anything.
fn react<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    trigger: Trigger,
    event: Option<&C::Event>,
) -> bool {
    match dispose(machine, fx, trigger, event) {
        Disposition::Take(enabled) => {
            microstep(machine, fx, enabled.as_slice(), event);
            true
        }
        // An internal event is never deferred; an explicit ignore settles it.
        Disposition::Ignore => matches!(trigger, Trigger::Event(_)),
        Disposition::Defer | Disposition::Nothing => false,
    }
}

/// W3C microstep: all exits, children first; then all transition bodies; then all entries.
fn microstep<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    enabled: &[u16],
    event: Option<&C::Event>,
) {
    let rows =
        || enabled.iter().filter_map(|&index| Some((index, C::TABLES.transitions.get(usize::from(index))?)));
    let mut leaving = Bits::<WORDS>::default();
    for (_, row) in rows().filter(|(_, row)| !row.targets.is_empty()) {
        for state in machine.core().active().filter(|&state| is_descendant::<C>(state, row.domain)) {
            leaving.insert(state);
        }
    }
    exit(machine, fx, leaving, event);
    for (index, row) in rows() {
        fx.took(index);
        if row.acts {
            run(machine, fx, Block::Transition(index), event);
        }
    }
    let mut entry = Bits::default();
    for (_, row) in rows() {
        for &target in row.targets {
            add_descendants::<C>(target, &mut entry);
        }
        for &target in row.targets {
            add_ancestors::<C>(target, row.domain, &mut entry);
        }
    }
    enter(machine, fx, entry);
}

/// W3C exitStates: in reverse document order, a state leaving the configuration only after its own exit list.
fn exit<C: Chart, F: Effects<C>>(
    machine: &mut C,
    fx: &mut F,
    leaving: Bits<WORDS>,
    event: Option<&C::Event>,
) {
    let mut next =
        leaving.previous(u16::try_from(C::TABLES.states.len()).unwrap_or(u16::MAX).saturating_sub(1));
    while let Some(state) = next {
        if let Some(row) = C::TABLES.states.get(usize::from(state)) {
            if row.exit {
                run(machine, fx, Block::Exit(state), event);
            }
            for timer in row.timers.0..row.timers.0 + row.timers.1 {
                if cell(machine.core().timers.as_ref(), timer) != 0 {
                    set(machine.core_mut().timers.as_mut(), timer, 0);
                    fx.disarm(timer);
                }
            }
            for activity in row.activities.0..row.activities.0 + row.activities.1 {
                end_activity(machine, fx, activity);
            }
            if row.activities.1 > 0 {
                forget_entered(machine.core_mut(), state);
            }
        }
        machine.core_mut().active.remove(state);
        fx.exited(state);
        next = state.checked_sub(1).and_then(|below| leaving.previous(below));
    }
}

/// W3C enterStates: in document order; `done` events are raised as final states are entered.
fn enter<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, entry: Bits<WORDS>) {
    for state in entry.iter() {
        if machine.core().active.contains(state) {
            continue;
        }
        machine.core_mut().active.insert(state);
        fx.entered(state);
        let Some(row) = C::TABLES.states.get(usize::from(state)) else { continue };
        if row.entry {
            run(machine, fx, Block::Entry(state), None);
        }
        for timer in row.timers.0..row.timers.0 + row.timers.1 {
            match machine.delay(timer) {
                Ok(after) => {
                    let generation = next_generation(machine.core_mut());
                    set(machine.core_mut().timers.as_mut(), timer, generation);
                    fx.arm(timer, generation, after);
                }
                Err(fault) => raise_fault(machine, fx, fault),
            }
        }
        if row.activities.1 > 0 {
            // The queue holds every state with activities once, so it cannot be full.
            let _ = machine.core_mut().entered.push(state);
        }
        if row.kind == Kind::Final {
            complete_parent(machine, fx, row.parent);
        }
    }
}

/// Raises `done` for the parent of a final state, then for a parallel grandparent whose regions are all done.
fn complete_parent<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, parent: u16) {
    if parent == 0 {
        machine.core_mut().done = true;
        stop_all(machine, fx);
        return;
    }
    raise_internal(machine, fx, Internal::Done(parent));
    let Some(grandparent) = C::TABLES.states.get(usize::from(parent)).map(|row| row.parent) else { return };
    let is_parallel =
        C::TABLES.states.get(usize::from(grandparent)).is_some_and(|row| row.kind == Kind::Parallel);
    if is_parallel && is_final::<C>(machine.core(), grandparent) {
        if grandparent == 0 {
            machine.core_mut().done = true;
            stop_all(machine, fx);
        } else {
            raise_internal(machine, fx, Internal::Done(grandparent));
        }
    }
}

/// W3C isInFinalState.
fn is_final<C: Chart>(core: &Core<C::Shape>, state: u16) -> bool {
    let Some(row) = C::TABLES.states.get(usize::from(state)) else { return false };
    match row.kind {
        Kind::Compound => children::<C>(state).any(|child| {
            core.active.contains(child)
                && C::TABLES.states.get(usize::from(child)).is_some_and(|row| row.kind == Kind::Final)
        }),
        Kind::Parallel => children::<C>(state).all(|child| is_final::<C>(core, child)),
        Kind::Atomic | Kind::Final => false,
    }
}

/// A machine that is done runs nothing more: its timers and activities end.
fn stop_all<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    for timer in 0..C::TABLES.timers.len() as u16 {
        if cell(machine.core().timers.as_ref(), timer) != 0 {
            set(machine.core_mut().timers.as_mut(), timer, 0);
            fx.disarm(timer);
        }
    }
    for activity in 0..C::TABLES.activities.len() as u16 {
        end_activity(machine, fx, activity);
    }
    while machine.core_mut().entered.pop().is_some() {}
}

/// Activities start at the end of the macrostep, in entry order, only where their state is still active.
fn start_activities<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F) {
    while let Some(state) = machine.core_mut().entered.pop() {
        let Some(row) = C::TABLES.states.get(usize::from(state)) else { continue };
        for activity in row.activities.0..row.activities.0 + row.activities.1 {
            match machine.call(activity) {
                Ok(call) => {
                    let generation = next_generation(machine.core_mut());
                    set(machine.core_mut().activities.as_mut(), activity, generation);
                    fx.start(activity, generation, call);
                }
                Err(fault) => raise_fault(machine, fx, fault),
            }
        }
    }
}

/// W3C addDescendantStatesToEnter.
fn add_descendants<C: Chart>(state: u16, entry: &mut Bits<WORDS>) {
    entry.insert(state);
    let Some(row) = C::TABLES.states.get(usize::from(state)) else { return };
    match row.kind {
        Kind::Compound => {
            for &target in row.initial {
                add_descendants::<C>(target, entry);
            }
            for &target in row.initial {
                add_ancestors::<C>(target, state, entry);
            }
        }
        Kind::Parallel => {
            for child in children::<C>(state) {
                if !entry.any_in(child, last::<C>(child)) {
                    add_descendants::<C>(child, entry);
                }
            }
        }
        Kind::Atomic | Kind::Final => {}
    }
}

/// W3C addAncestorStatesToEnter: up to, and without, the domain.
fn add_ancestors<C: Chart>(state: u16, domain: u16, entry: &mut Bits<WORDS>) {
    let mut child = state;
    while let Some(row) = C::TABLES.states.get(usize::from(child)) {
        let parent = row.parent;
        if parent == domain || parent == child {
            return;
        }
        entry.insert(parent);
        if C::TABLES.states.get(usize::from(parent)).is_some_and(|row| row.kind == Kind::Parallel) {
            for region in children::<C>(parent) {
                if !entry.any_in(region, last::<C>(region)) {
                    add_descendants::<C>(region, entry);
                }
            }
        }
        child = parent;
    }
}

fn children<C: Chart>(state: u16) -> impl Iterator<Item = u16> {
    let end = last::<C>(state);
    let mut next = state + 1;
    ::core::iter::from_fn(move || {
        (next <= end).then(|| {
            let child = next;
            next = last::<C>(child) + 1;
            child
        })
    })
}

fn run<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, block: Block, event: Option<&C::Event>) {
    if let Err(fault) = machine.run(fx, block, event) {
        raise_fault(machine, fx, fault);
    }
}

/// A fault is reported, and raised as an internal event when the queue has room for it.
pub(super) fn raise_fault<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, fault: Fault) {
    fx.fault(fault);
    let _ = machine.core_mut().internal.push(Internal::Fault(fault));
}

fn raise_internal<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, item: Internal<C::Event>) {
    if machine.core_mut().internal.push(item).is_err() {
        fx.fault(Fault::QueueFull { limit: super::core::INTERNAL_LIMIT as u32 });
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

/// Forgets an activity, and cancels it unless it has reported its result.
fn end_activity<C: Chart, F: Effects<C>>(machine: &mut C, fx: &mut F, activity: u16) {
    let held = cell(machine.core().activities.as_ref(), activity);
    set(machine.core_mut().activities.as_mut(), activity, 0);
    if held != 0 && held & FINISHED == 0 {
        fx.stop(activity);
    }
}

/// Whether the state that started the activity has stayed active since, the activity ended or not.
fn is_current<S: Shape>(core: &Core<S>, activity: u16, generation: u32) -> bool {
    generation != 0 && cell(core.activities.as_ref(), activity) & !FINISHED == generation
}

/// Zero means "not running" and the top bit "has reported its result", so neither is given out.
fn next_generation<S: Shape>(core: &mut Core<S>) -> u32 {
    core.generation = if core.generation + 1 < FINISHED { core.generation + 1 } else { 1 };
    core.generation
}

fn cell(cells: &[u32], index: u16) -> u32 {
    cells.get(usize::from(index)).copied().unwrap_or(0)
}

fn set(cells: &mut [u32], index: u16, value: u32) {
    if let Some(cell) = cells.get_mut(usize::from(index)) {
        *cell = value;
    }
}
