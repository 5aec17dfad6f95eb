//! [`Interpreter`]: one macrostep after another (W3C Appendix D: interpret, mainEventLoop).
//!
//! ```text
//! input ─▶ select ─▶ microstep ─▶ (always | internal queue)* ─▶ start activities ─▶ recall deferred
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Cause, Change, Closed, DEFERRED_LIMIT, Effect, Fault, INTERNAL_LIMIT, MICROSTEP_LIMIT, Origin, Outcome,
    StepReport, Value, World,
    clock::Clock,
    eval::{Occurrence, Scope},
    microstep::{add_descendants, signal_of},
    report::Signal,
    select::{Cue, Disposition},
};
use crate::model::{ActivityId, EventId, Machine, StateId, StateKind, TimerId};

/// What a step may be asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// An event from outside. Missing arguments take the defaults of their types, spare ones are dropped.
    Event {
        /// Which event.
        event: EventId,
        /// The values of its fields, in order.
        args: Vec<Value>,
    },
    /// An event that a running activity reports. Stale when the activity has been cancelled or started
    /// anew since.
    Report {
        /// Which activity.
        activity: ActivityId,
        /// As given by [`Effect::Start`].
        generation: u32,
        /// What it reports.
        event: EventId,
        /// The values of its fields, in order.
        args: Vec<Value>,
        /// Whether the activity ends with this event; `false` for an item of a stream.
        last: bool,
    },
    /// A timer elapsed, for callers with a clock of their own. Stale when disarmed or armed anew since.
    Elapsed {
        /// Which timer.
        timer: TimerId,
        /// As given by [`Effect::Arm`].
        generation: u32,
    },
    /// A fault from outside, such as [`Fault::Undelivered`].
    Fault(Fault),
}

/// An entry of the internal queue.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Internal {
    Event(Occurrence),
    Done(StateId),
    Fault,
}

/// A deferred event, with the activity and generation that reported it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deferred {
    pub(super) event: Occurrence,
    origin: Option<(ActivityId, u32)>,
}

/// A machine that is running. Cloning it forks the run.
#[derive(Debug, Clone)]
pub struct Interpreter<'m, W = Closed> {
    pub(super) machine: &'m Machine,
    pub(super) world: W,
    pub(super) configuration: BTreeSet<StateId>,
    pub(super) context: Vec<Value>,
    pub(super) internal: VecDeque<Internal>,
    pub(super) deferred: VecDeque<Deferred>,
    /// States whose activities start when the macrostep ends, in entry order.
    pub(super) entered: Vec<StateId>,
    /// Generations of what is armed and of what runs.
    pub(super) timers: BTreeMap<TimerId, u32>,
    pub(super) activities: BTreeMap<ActivityId, u32>,
    /// Generations of what has reported its result while its state is still active.
    pub(super) finished: BTreeMap<ActivityId, u32>,
    generation: u32,
    pub(super) clock: Clock,
    pub(super) done: bool,
    started: bool,
    /// The step under way.
    pub(super) report: StepReport,
    /// Whether reports say why.
    pub(super) explains: bool,
    /// Where the event under way came from; only explanations ask.
    pub(super) origin: Origin,
}

impl<'m> Interpreter<'m> {
    /// A machine that has not been started, in a world in which every extern guard is false.
    #[must_use]
    pub fn new(machine: &'m Machine) -> Self {
        Self::with_world(machine, Closed)
    }
}

impl<'m, W: World> Interpreter<'m, W> {
    /// A machine that has not been started, in the given world. Its clock stands at 0.
    #[must_use]
    pub fn with_world(machine: &'m Machine, world: W) -> Self {
        let context =
            machine.context.iter().map(|variable| Value::default_of(&variable.ty, &variable.name)).collect();
        Self {
            machine,
            world,
            configuration: BTreeSet::new(),
            context,
            internal: VecDeque::new(),
            deferred: VecDeque::new(),
            entered: Vec::new(),
            timers: BTreeMap::new(),
            activities: BTreeMap::new(),
            finished: BTreeMap::new(),
            generation: 0,
            clock: Clock::default(),
            done: false,
            started: false,
            report: StepReport::default(),
            explains: false,
            origin: Origin::default(),
        }
    }

    /// The same machine with its clock set: microseconds since 1970 UTC.
    #[must_use]
    pub fn at(mut self, time_us: i64) -> Self {
        self.clock.time_us = time_us;
        self
    }

    /// Enters the initial configuration and runs to completion (W3C interpret). Call it once, before the
    /// first step; again it does nothing.
    pub fn start(&mut self) -> StepReport {
        self.begin("start".to_owned(), Cause::Start);
        if self.started {
            return self.finish(Outcome::Ignored, &[]);
        }
        self.started = true;
        for (index, variable) in self.machine.context.iter().enumerate() {
            match self.scope(None).eval(&variable.initial) {
                Ok(value) => {
                    if let Some(place) = self.context.get_mut(index) {
                        *place = value;
                    }
                }
                Err(fault) => self.raise_fault(fault),
            }
        }
        let context = self.context.clone();
        let mut entry = BTreeSet::new();
        add_descendants(self.machine, 0, &mut entry);
        self.enter_states(&entry);
        self.run_to_completion();
        self.recall();
        self.finish(Outcome::Taken, &context)
    }

    /// Runs one input to completion, then the deferred events that it set free.
    pub fn step(&mut self, input: Input) -> StepReport {
        match input {
            Input::Event { event, args } => {
                let event = self.occurrence(event, args);
                self.event_step(Cause::Event, event, None)
            }
            Input::Report { activity, generation, event, args, last } => {
                let event = self.occurrence(event, args);
                self.event_step(Cause::Activity(activity), event, Some((generation, last)))
            }
            Input::Elapsed { timer, generation } => self.timer_step(timer, generation),
            Input::Fault(fault) => {
                self.begin(format!("fault {}", fault.kind()), Cause::Fault);
                let context = self.context.clone();
                if self.done {
                    return self.finish(Outcome::Done, &context);
                }
                // Looked at before any eventless transition, as an event from outside is.
                self.report.effects.push(Effect::Fault(fault));
                let taken = self.react(Cue::Fault, None);
                self.run_to_completion();
                self.recall();
                self.finish(if taken { Outcome::Taken } else { Outcome::Ignored }, &context)
            }
        }
    }

    /// An event from outside; `reported` is the generation of the activity that reports it, and whether
    /// the activity ends with it.
    pub(super) fn event_step(
        &mut self,
        cause: Cause,
        event: Occurrence,
        reported: Option<(u32, bool)>,
    ) -> StepReport {
        self.begin(self.signal(&event).to_string(), cause);
        let context = self.context.clone();
        if self.done {
            return self.finish(Outcome::Done, &context);
        }
        let mut origin = None;
        if let (Cause::Activity(activity), Some((generation, last))) = (cause, reported) {
            if self.activities.get(&activity) != Some(&generation) {
                return self.finish(Outcome::Stale, &context);
            }
            if last {
                self.activities.remove(&activity);
                self.finished.insert(activity, generation);
            }
            // Kept for a result as well: should it be deferred, it is dropped with its state.
            origin = Some((activity, generation));
        }
        let outcome = self.external(event, origin);
        self.recall();
        self.finish(outcome, &context)
    }

    /// A timer has elapsed.
    pub(super) fn timer_step(&mut self, timer: TimerId, generation: u32) -> StepReport {
        self.begin(self.timer_text(timer), Cause::Timer(timer));
        let context = self.context.clone();
        if self.done {
            return self.finish(Outcome::Done, &context);
        }
        if self.timers.get(&timer) != Some(&generation) {
            return self.finish(Outcome::Stale, &context);
        }
        self.timers.remove(&timer);
        self.clock.disarm(timer);
        let taken = self.react(Cue::Timer(timer), None);
        self.run_to_completion();
        self.recall();
        self.finish(if taken { Outcome::Taken } else { Outcome::Ignored }, &context)
    }

    /// W3C mainEventLoop, from the external event on: taken, deferred, ignored or reported.
    fn external(&mut self, event: Occurrence, origin: Option<(ActivityId, u32)>) -> Outcome {
        let outcome = match self.select(Cue::Event(event.event), Some(&event)) {
            Disposition::Take(enabled) => {
                self.microstep(&enabled, Some(&event));
                Outcome::Taken
            }
            Disposition::Ignore => Outcome::Ignored,
            Disposition::Nothing => {
                self.unhandled(&event);
                Outcome::Unhandled
            }
            Disposition::Defer => {
                if self.deferred.len() < DEFERRED_LIMIT {
                    self.deferred.push_back(Deferred { event, origin });
                } else {
                    self.raise_fault(Fault::DeferredFull { limit: DEFERRED_LIMIT as u32 });
                }
                Outcome::Deferred
            }
        };
        self.run_to_completion();
        outcome
    }

    /// The rest of a macrostep (W3C mainEventLoop, inner loop); then activities start, and once more from
    /// the top when evaluating their arguments raised a fault.
    fn run_to_completion(&mut self) {
        let mut turns_left = MICROSTEP_LIMIT;
        loop {
            self.settle(&mut turns_left);
            self.start_activities();
            if self.done || self.internal.is_empty() {
                return;
            }
        }
    }

    /// Eventless transitions first, then the internal queue, until both are exhausted.
    fn settle(&mut self, turns_left: &mut u32) {
        while !self.done {
            if *turns_left == 0 {
                self.internal.clear();
                self.report.effects.push(Effect::Fault(Fault::Microsteps { limit: MICROSTEP_LIMIT }));
                return;
            }
            // Every turn counts, so that a fault raised by the guard of an `always` cannot go on for ever.
            *turns_left -= 1;
            self.origin = Origin::Internal;
            if self.react(Cue::Always, None) {
                continue;
            }
            match self.internal.pop_front() {
                Some(Internal::Event(event)) => {
                    if !self.react(Cue::Event(event.event), Some(&event)) {
                        self.unhandled(&event);
                    }
                }
                Some(Internal::Done(state)) => {
                    self.react(Cue::Done(state), None);
                }
                Some(Internal::Fault) => {
                    self.react(Cue::Fault, None);
                }
                None => return,
            }
        }
    }

    /// Takes what the cue enables, if anything. An internal event is never deferred; an explicit ignore
    /// settles it.
    fn react(&mut self, cue: Cue, event: Option<&Occurrence>) -> bool {
        match self.select(cue, event) {
            Disposition::Take(enabled) => {
                self.microstep(&enabled, event);
                true
            }
            Disposition::Ignore => matches!(cue, Cue::Event(_)),
            Disposition::Defer | Disposition::Nothing => false,
        }
    }

    /// Runs the oldest event that is no longer deferred, again and again, before external ones.
    fn recall(&mut self) {
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
            let disposition = self.select(Cue::Event(waiting.event.event), Some(&waiting.event));
            if disposition == Disposition::Defer {
                position += 1;
                // A guard that was asked on the way may have faulted.
                if !self.internal.is_empty() {
                    self.run_to_completion();
                }
                continue;
            }
            self.deferred.remove(position);
            self.report.recalled.push(self.signal(&waiting.event));
            match disposition {
                Disposition::Take(enabled) => self.microstep(&enabled, Some(&waiting.event)),
                Disposition::Nothing => self.unhandled(&waiting.event),
                Disposition::Ignore | Disposition::Defer => {}
            }
            self.run_to_completion();
            position = 0;
        }
    }

    /// Activities start in entry order; states that were left again are not in the list any more.
    fn start_activities(&mut self) {
        let machine = self.machine;
        for state in std::mem::take(&mut self.entered) {
            let activities = machine.states.get(state).map_or(&[][..], |row| &row.activities);
            for &activity in activities {
                let Some(row) = machine.activities.get(activity) else { continue };
                match self.scope(None).all(&row.args) {
                    Ok(args) => {
                        let generation = self.next_generation();
                        self.finished.remove(&activity);
                        self.activities.insert(activity, generation);
                        self.report.started.push(activity);
                        let service = self.service_name(activity);
                        self.report.effects.push(Effect::Start { activity, generation, service, args });
                    }
                    Err(fault) => self.raise_fault(fault),
                }
            }
        }
    }

    /// A fault is reported, and raised when the queue has room for it.
    pub(super) fn raise_fault(&mut self, fault: Fault) {
        self.report.effects.push(Effect::Fault(fault));
        if self.internal.len() < INTERNAL_LIMIT {
            self.internal.push_back(Internal::Fault);
        }
    }

    /// The completion of a state joins the internal queue.
    pub(super) fn raise_done(&mut self, state: StateId) {
        if self.internal.len() < INTERNAL_LIMIT {
            self.internal.push_back(Internal::Done(state));
        } else {
            self.report.effects.push(Effect::Fault(Fault::QueueFull { limit: INTERNAL_LIMIT as u32 }));
        }
    }

    fn unhandled(&mut self, event: &Occurrence) {
        let signal = self.signal(event);
        self.report.unhandled.push(signal);
    }

    pub(super) fn next_generation(&mut self) -> u32 {
        // Zero stands for "not running" in the other engine, so it is never given out here either.
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.generation
    }

    /// What an expression sees at this point of the step.
    pub(super) fn scope<'a>(&'a mut self, event: Option<&'a Occurrence>) -> Scope<'a, W> {
        Scope {
            machine: self.machine,
            context: &self.context,
            configuration: &self.configuration,
            event,
            now_us: self.clock.time_us,
            world: &mut self.world,
        }
    }

    fn begin(&mut self, event: String, cause: Cause) {
        self.origin = Origin::Step;
        self.report = StepReport {
            event,
            cause,
            time_us: self.clock.time_us,
            before: self.leaves(),
            ..StepReport::default()
        };
    }

    fn finish(&mut self, outcome: Outcome, before: &[Value]) -> StepReport {
        let changed = self.machine.context.iter().zip(before.iter().zip(&self.context));
        self.report.changes = changed
            .filter(|(_, (old, new))| old != new)
            .map(|(variable, (old, new))| Change {
                name: variable.name.clone(),
                old: old.clone(),
                new: new.clone(),
            })
            .collect();
        self.report.outcome = outcome;
        self.report.after = self.leaves();
        std::mem::take(&mut self.report)
    }

    fn occurrence(&self, event: EventId, mut args: Vec<Value>) -> Occurrence {
        let fields = self.machine.events.get(event).map_or(&[][..], |row| &row.symbol.fields);
        args.truncate(fields.len());
        args.extend(fields.iter().skip(args.len()).map(|field| Value::default_of(&field.ty, &field.name)));
        Occurrence { event, args }
    }

    /// An event with its fields, for people.
    pub(super) fn signal(&self, event: &Occurrence) -> Signal {
        self.machine
            .events
            .get(event.event)
            .map_or_else(Signal::default, |row| signal_of(&row.symbol.name, &row.symbol.fields, &event.args))
    }

    /// The timer as the spec spells it: `after 30s`.
    pub(super) fn timer_text(&self, timer: TimerId) -> String {
        let row = self.machine.timers.get(timer).and_then(|row| self.machine.transitions.get(row.transition));
        row.map_or_else(|| "after".to_owned(), |transition| transition.pattern.clone())
    }

    pub(super) fn service_name(&self, activity: ActivityId) -> String {
        self.machine.runs(activity).to_owned()
    }

    /// The active leaves, in document order.
    pub(super) fn leaf_states(&self) -> Vec<StateId> {
        let is_leaf = |state: &StateId| {
            let kind = self.machine.states.get(*state).map(|row| row.kind);
            matches!(kind, Some(StateKind::Atomic | StateKind::Final))
        };
        self.configuration.iter().copied().filter(is_leaf).collect()
    }
}
