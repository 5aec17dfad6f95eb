//! One macrostep (W3C Appendix D: mainEventLoop): an input, what it sets off inside, activities, deferred events.
//!
//! ```text
//! input ─▶ select ─▶ microstep ─▶ (always | internal queue)* ─▶ start activities ─▶ recall deferred
//! ```

use super::{
    Effect, Fault, Input, Interpreter, Origin, Outcome, Unhandled, World,
    engine::{Deferred, Internal},
    eval::{Current, Occurrence},
    select::{Cue, Disposition},
};
use crate::model::{ActivityId, Invoked};

impl<W: World> Interpreter<'_, W> {
    /// Runs one input to completion, then the deferred events that it set free.
    pub(super) fn perform(&mut self, input: Input) -> Outcome {
        if self.done {
            return Outcome::Done;
        }
        let outcome = match input {
            Input::Event { event, args } => self.external(Occurrence { event, args }, None),
            Input::Report { activity, generation, event, args, last } => {
                if self.activities.get(&activity) != Some(&generation) {
                    return Outcome::Stale;
                }
                if last {
                    self.activities.remove(&activity);
                    self.finished.insert(activity, generation);
                }
                // Kept for a result as well: should it be deferred, it is dropped with its state.
                self.external(Occurrence { event, args }, Some((activity, generation)))
            }
            Input::Elapsed { timer, generation } => {
                if self.timers.get(&timer) != Some(&generation) {
                    return Outcome::Stale;
                }
                self.timers.remove(&timer);
                self.clock.disarm(timer);
                self.signal_step(Cue::Timer(timer), Current::Nothing)
            }
            Input::ChildDone { child, generation, result } => {
                if self.children.get(&child) != Some(&generation) {
                    return Outcome::Stale;
                }
                self.children.remove(&child);
                self.signal_step(Cue::ChildDone(child), Current::Done(result.as_ref()))
            }
            Input::ChildFailed { child, generation } => {
                if self.children.get(&child) != Some(&generation) {
                    return Outcome::Stale;
                }
                self.children.remove(&child);
                self.fault_step(Fault::Child)
            }
            Input::Fault(fault) => self.fault_step(fault),
        };
        self.recall();
        outcome
    }

    /// A fault from outside is looked at before any eventless transition, as an event from outside is.
    fn fault_step(&mut self, fault: Fault) -> Outcome {
        self.tell(|_| Effect::Fault(fault));
        self.signal_step(Cue::Fault, Current::Fault(fault))
    }

    /// What is no event of Σ: it is taken or of no use, never deferred and never unhandled.
    fn signal_step(&mut self, cue: Cue, current: Current<'_>) -> Outcome {
        let taken = self.react(cue, current);
        self.run_to_completion();
        if taken { Outcome::Taken } else { Outcome::Ignored }
    }

    /// W3C mainEventLoop, from the external event on: taken, deferred, ignored or reported.
    fn external(&mut self, event: Occurrence, origin: Option<(ActivityId, u32)>) -> Outcome {
        let current = Current::Event(&event);
        let outcome = match self.select(Cue::Event(event.event), current, true) {
            Disposition::Take(enabled) => {
                self.microstep(&enabled, current);
                Outcome::Taken
            }
            Disposition::Ignore => Outcome::Ignored,
            Disposition::Nothing => {
                self.unhandled(&event);
                Outcome::Unhandled
            }
            Disposition::Defer => {
                let limit = self.machine.limits.deferred;
                if self.deferred.len() < limit as usize {
                    self.deferred.push_back(Deferred { event, origin });
                    Outcome::Deferred
                } else {
                    self.raise_fault(Fault::DeferredFull { limit });
                    Outcome::Dropped
                }
            }
        };
        self.run_to_completion();
        outcome
    }

    /// The rest of a macrostep (W3C mainEventLoop, inner loop); then activities start, and once more from
    /// the top when evaluating their arguments raised a fault.
    pub(super) fn run_to_completion(&mut self) {
        let mut turns_left = self.machine.limits.microsteps;
        loop {
            self.settle(&mut turns_left);
            self.start_activities();
            if self.done || self.internal.is_empty() {
                self.turns = 0;
                return;
            }
        }
    }

    /// Eventless transitions first, then the internal queue, until both are exhausted.
    fn settle(&mut self, turns_left: &mut u32) {
        while !self.done {
            if *turns_left == 0 {
                self.internal.clear();
                let limit = self.machine.limits.microsteps;
                self.tell(|_| Effect::Fault(Fault::Microsteps { limit }));
                return;
            }
            // Every turn counts, so that a fault raised by the guard of an `always` cannot go on for ever.
            *turns_left -= 1;
            self.origin = Origin::Internal;
            if self.react(Cue::Always, Current::Nothing) {
                continue;
            }
            match self.internal.pop_front() {
                Some(Internal::Event(event)) => {
                    if !self.react(Cue::Event(event.event), Current::Event(&event)) {
                        self.unhandled(&event);
                    }
                }
                Some(Internal::Done(state, result)) => {
                    self.react(Cue::Done(state), Current::Done(result.as_ref()));
                }
                Some(Internal::Fault(fault)) => {
                    self.react(Cue::Fault, Current::Fault(fault));
                }
                None => return,
            }
        }
    }

    /// Takes what the cue enables, if anything. What was raised is never deferred; an explicit ignore settles it.
    fn react(&mut self, cue: Cue, current: Current<'_>) -> bool {
        match self.select(cue, current, false) {
            Disposition::Take(enabled) => {
                self.microstep(&enabled, current);
                true
            }
            Disposition::Ignore => matches!(cue, Cue::Event(_)),
            Disposition::Defer | Disposition::Nothing => false,
        }
    }

    /// Runs the oldest event that is no longer deferred, again and again, before external ones.
    pub(super) fn recall(&mut self) {
        let mut position = 0;
        // Every turn moves on or takes an event out; none is put back, so the loop ends with the events.
        while !self.done {
            self.origin = Origin::Recalled;
            let Some(waiting) = self.deferred.get(position).cloned() else { break };
            let is_stale = waiting.origin.is_some_and(|(activity, generation)| {
                self.activities.get(&activity).or_else(|| self.finished.get(&activity)) != Some(&generation)
            });
            if is_stale {
                self.deferred.remove(position);
                continue;
            }
            let current = Current::Event(&waiting.event);
            let disposition = self.select(Cue::Event(waiting.event.event), current, true);
            if disposition == Disposition::Defer {
                position += 1;
                // A guard that was asked on the way may have faulted.
                if !self.internal.is_empty() {
                    self.run_to_completion();
                }
                continue;
            }
            self.deferred.remove(position);
            if self.tells() {
                let signal = self.signal(waiting.event.event, &waiting.event.args);
                self.report.recalled.push(signal);
            }
            match disposition {
                Disposition::Take(enabled) => self.microstep(&enabled, current),
                Disposition::Nothing => self.unhandled(&waiting.event),
                Disposition::Ignore | Disposition::Defer => {}
            }
            self.run_to_completion();
            position = 0;
        }
    }

    /// Activities start in entry order (W3C: statesToInvoke); states that were left again are not in the list any
    /// more.
    fn start_activities(&mut self) {
        let machine = self.machine;
        for state in std::mem::take(&mut self.entered) {
            for &activity in machine.states.get(state).map_or(&[][..], |row| &row.activities) {
                self.start_activity(activity);
            }
        }
    }

    pub(super) fn start_activity(&mut self, activity: ActivityId) {
        let machine = self.machine;
        let Some(row) = machine.activities.get(activity) else { return };
        let args = match self.scope(Current::Nothing).all(&row.args) {
            Ok(args) => args,
            Err(fault) => return self.raise_fault(fault),
        };
        self.finished.remove(&activity);
        let generation = match row.runs {
            Invoked::Service(_) => {
                let generation = self.next_generation();
                self.tell(|_| {
                    let service = machine.runs(activity).to_owned();
                    Effect::Start { activity, generation, service, args }
                });
                generation
            }
            Invoked::Child(child) => self.spawn(child, args),
        };
        self.activities.insert(activity, generation);
        if self.tells() {
            self.report.started.push(activity);
        }
    }

    fn unhandled(&mut self, event: &Occurrence) {
        if self.tells() {
            let unhandled =
                Unhandled { signal: self.signal(event.event, &event.args), leaves: self.leaves() };
            self.report.unhandled.push(unhandled);
        }
    }
}
