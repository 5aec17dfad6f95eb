//! [`Interpreter`]: a running machine, and what it is made of.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{
    Cause, Change, Closed, Effect, Fault, Input, Origin, Outcome, StepReport, Value, World,
    clock::Clock,
    entry_set::EntrySet,
    eval::{Current, Occurrence, Scope},
    plan::Plan,
    report::{Signal, signal_of},
    state_set::StateSet,
    ways::Choices,
};
use crate::model::{ActivityId, ChildId, EventId, LocalId, Machine, StateId, TimerId, UndoId};

/// An entry of the internal queue.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Internal {
    Event(Occurrence),
    /// The completion of a state, with what its final state returned.
    Done(StateId, Option<Value>),
    Fault(Fault),
}

/// A deferred event, with the activity and generation that reported it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deferred {
    pub(super) event: Occurrence,
    pub(super) origin: Option<(ActivityId, u32)>,
}

/// How much reports say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Nothing: no text and no list is made.
    Quiet,
    /// What happened.
    Full,
    /// What happened, and why.
    Explained,
}

/// A machine that is running. Cloning it forks the run.
#[derive(Debug, Clone)]
pub struct Interpreter<'m, W = Closed> {
    pub(super) machine: &'m Machine,
    pub(super) plan: Arc<Plan>,
    pub(super) world: W,
    pub(super) configuration: StateSet,
    pub(super) context: Vec<Value>,
    /// Data of states, by [`LocalId`]; nothing while the state is not active.
    pub(super) data: Vec<Option<Value>>,
    /// Values for parameters of states that are about to be entered.
    pub(super) staged: Vec<(LocalId, Value)>,
    /// What `for` loops bind.
    pub(super) bindings: Vec<Value>,
    /// How many turns the `for`s of the macrostep have taken.
    pub(super) turns: u32,
    /// For history states whose parent has been left: what was active (W3C historyValue).
    pub(super) history: BTreeMap<StateId, Vec<StateId>>,
    pub(super) internal: VecDeque<Internal>,
    pub(super) deferred: VecDeque<Deferred>,
    /// What `compensate` will run, the latest last.
    pub(super) undo: Vec<(UndoId, Vec<Value>)>,
    /// States whose activities start when the macrostep ends, in entry order.
    pub(super) entered: Vec<StateId>,
    /// Generations of what is armed and of what runs.
    pub(super) timers: BTreeMap<TimerId, u32>,
    pub(super) activities: BTreeMap<ActivityId, u32>,
    pub(super) children: BTreeMap<ChildId, u32>,
    /// Generations of what has reported its result while its state is still active.
    pub(super) finished: BTreeMap<ActivityId, u32>,
    pub(super) generation: u32,
    pub(super) clock: Clock,
    pub(super) done: bool,
    pub(super) result: Option<Value>,
    pub(super) started: bool,
    /// The step under way.
    pub(super) report: StepReport,
    pub(super) detail: Detail,
    /// Where the event under way came from; only explanations ask.
    pub(super) origin: Origin,
    /// How many selections may still be explained.
    pub(super) explanations_left: usize,
    /// What a nondeterministic machine takes where it may take several transitions; the first, where nobody chooses.
    pub(super) choices: Option<Choices>,
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
            plan: Arc::new(Plan::new(machine)),
            world,
            configuration: StateSet::default(),
            context,
            data: vec![None; machine.locals.len()],
            staged: Vec::new(),
            bindings: vec![Value::None; machine.bindings.len()],
            turns: 0,
            history: BTreeMap::new(),
            internal: VecDeque::new(),
            deferred: VecDeque::new(),
            undo: Vec::new(),
            entered: Vec::new(),
            timers: BTreeMap::new(),
            activities: BTreeMap::new(),
            children: BTreeMap::new(),
            finished: BTreeMap::new(),
            generation: 0,
            clock: Clock::default(),
            done: false,
            result: None,
            started: false,
            report: StepReport::default(),
            detail: Detail::Full,
            origin: Origin::default(),
            explanations_left: 0,
            choices: None,
        }
    }

    /// The same machine with its clock set: microseconds since 1970 UTC.
    #[must_use]
    pub fn at(mut self, time_us: i64) -> Self {
        self.clock.time_us = time_us;
        self
    }

    /// The same machine with values for its parameters, in their order. Missing ones take their default, else that of
    /// their type; spare ones are dropped. Without effect once the machine is started.
    #[must_use]
    pub fn with_params(mut self, values: Vec<Value>) -> Self {
        if !self.started {
            let machine = self.machine;
            let locals = machine.states.first().map_or(&[][..], |root| &root.locals);
            let params = locals.iter().filter(|&&id| machine.locals.get(id).is_some_and(|local| local.param));
            self.staged = params.copied().zip(values).collect();
        }
        self
    }

    /// The same machine with values for some of its parameters; see [`Interpreter::with_params`].
    #[must_use]
    pub fn with_some_params(mut self, values: Vec<(LocalId, Value)>) -> Self {
        if !self.started {
            self.staged = values;
        }
        self
    }

    /// The same machine; its reports hold nothing but cause, outcome and time from now on, which spares making them.
    /// Effects are lost with them: for searches that are after configurations.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.detail = Detail::Quiet;
        self
    }

    /// Enters the initial configuration and runs to completion (W3C interpret). Call it once, before the
    /// first step; again it does nothing.
    pub fn start(&mut self) -> StepReport {
        let before = self.begin(Cause::Start, |_| "start".to_owned());
        if self.started {
            return self.finish(Outcome::Ignored, &before);
        }
        self.started = true;
        self.enter_data(0);
        for (index, variable) in self.machine.context.iter().enumerate() {
            match self.scope(Current::Nothing).eval(&variable.initial) {
                Ok(value) => {
                    if let Some(place) = self.context.get_mut(index) {
                        *place = value;
                    }
                }
                Err(fault) => self.raise_fault(fault),
            }
        }
        // What a variable starts with is no change.
        let before = self.before();
        let mut entry = EntrySet::default();
        entry.add_descendants(self.machine, &self.history, 0);
        self.enter_states(&entry);
        self.run_to_completion();
        self.recall();
        self.finish(Outcome::Taken, &before)
    }

    /// Runs one input to completion, then the deferred events that it set free.
    pub fn step(&mut self, input: Input) -> StepReport {
        let cause = match &input {
            Input::Event { .. } => Cause::Event,
            Input::Report { activity, .. } => Cause::Activity(*activity),
            Input::Elapsed { timer, .. } => Cause::Timer(*timer),
            Input::ChildDone { child, .. } => Cause::Child(*child),
            Input::ChildFailed { .. } | Input::Fault(_) => Cause::Fault,
        };
        self.step_because(cause, input)
    }

    pub(super) fn step_because(&mut self, cause: Cause, mut input: Input) -> StepReport {
        self.complete_args(&mut input);
        let before = self.begin(cause, |interpreter| interpreter.input_text(&input));
        let outcome = self.perform(input);
        self.finish(outcome, &before)
    }

    /// The same step without a report, as [`Interpreter::quiet`] has it for all.
    pub fn step_quiet(&mut self, mut input: Input) -> Outcome {
        let detail = std::mem::replace(&mut self.detail, Detail::Quiet);
        self.complete_args(&mut input);
        self.origin = Origin::Step;
        let outcome = self.perform(input);
        self.detail = detail;
        outcome
    }

    /// What an expression sees at this point of the step.
    pub(super) fn scope<'a>(&'a mut self, current: Current<'a>) -> Scope<'a, W> {
        Scope {
            machine: self.machine,
            context: &self.context,
            data: &self.data,
            bindings: &self.bindings,
            configuration: &self.configuration,
            current,
            now_us: self.clock.time_us,
            world: &mut self.world,
        }
    }

    /// Whether anybody reads the report.
    pub(super) fn tells(&self) -> bool {
        self.detail != Detail::Quiet
    }

    /// Adds an effect to the report.
    pub(super) fn tell(&mut self, effect: impl FnOnce(&Self) -> Effect) {
        if self.tells() {
            let effect = effect(self);
            self.report.effects.push(effect);
        }
    }

    /// A fault is reported, and raised when the queue has room for it.
    pub(super) fn raise_fault(&mut self, fault: Fault) {
        self.tell(|_| Effect::Fault(fault));
        if self.may_raise() {
            self.internal.push_back(Internal::Fault(fault));
        }
    }

    /// The completion of a state joins the internal queue where some `on done` waits for it.
    pub(super) fn raise_done(&mut self, state: StateId, result: Option<Value>) {
        if !self.plan.awaited().contains(state) {
            return;
        }
        if self.internal.len() < self.internal_room() {
            self.internal.push_back(Internal::Done(state, result));
        } else {
            let limit = self.machine.limits.internal;
            self.tell(|_| Effect::Fault(Fault::QueueFull { limit }));
        }
    }

    /// Whether one event or fault more may wait. Completions do not count, so that regions which finish together
    /// leave room.
    pub(super) fn may_raise(&self) -> bool {
        let limit = self.machine.limits.internal as usize;
        let raised = || self.internal.iter().filter(|entry| !matches!(entry, Internal::Done(..))).count();
        self.internal.len() < limit || (self.internal.len() < self.internal_room() && raised() < limit)
    }

    /// The queue holds what may be raised, and one completion of each state that is waited for.
    fn internal_room(&self) -> usize {
        self.machine.limits.internal as usize + self.plan.completions()
    }

    pub(super) fn next_generation(&mut self) -> u32 {
        // Zero stands for "not running" in the other engine, so it is never given out here either.
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.generation
    }

    /// Opens a report; returns the context and the data as they are, for [`Interpreter::finish`].
    pub(super) fn begin(&mut self, cause: Cause, event: impl FnOnce(&Self) -> String) -> Before {
        self.origin = Origin::Step;
        self.report = StepReport { cause, time_us: self.clock.time_us, ..StepReport::default() };
        if self.tells() {
            self.report.event = event(self);
            self.report.before = self.leaves();
        }
        self.before()
    }

    fn before(&self) -> Before {
        if self.tells() {
            Before { context: self.context.clone(), data: self.data.clone() }
        } else {
            Before::default()
        }
    }

    pub(super) fn finish(&mut self, outcome: Outcome, before: &Before) -> StepReport {
        self.report.outcome = outcome;
        if self.tells() {
            self.report.changes = self.changes(before);
            self.report.after = self.leaves();
        }
        std::mem::take(&mut self.report)
    }

    /// Variables, then data of active states, whose value is another one than before.
    fn changes(&self, before: &Before) -> Vec<Change> {
        let variables = self.machine.context.iter().zip(before.context.iter().zip(&self.context));
        let variables = variables.map(|(variable, (old, new))| (variable.name.clone(), old, new));
        let locals = self.machine.locals.iter().zip(before.data.iter().zip(&self.data));
        let locals = locals.filter_map(|(local, (old, new))| {
            let owner = self.machine.states.get(local.state).filter(|_| local.state != 0);
            let name = owner.map_or_else(|| local.name.clone(), |row| format!("{}.{}", row.name, local.name));
            Some((name, old.as_ref().unwrap_or(&Value::None), new.as_ref()?))
        });
        let changed = variables.chain(locals).filter(|(_, old, new)| old != new);
        changed.map(|(name, old, new)| Change { name, old: old.clone(), new: new.clone() }).collect()
    }

    /// One value a field: missing ones by default, spare ones dropped.
    pub(super) fn complete_args(&self, input: &mut Input) {
        let (Input::Event { event, args } | Input::Report { event, args, .. }) = input else { return };
        let fields = self.machine.events.get(*event).map_or(&[][..], |row| &row.symbol.fields);
        args.truncate(fields.len());
        args.extend(fields.iter().skip(args.len()).map(|field| Value::default_of(&field.ty, &field.name)));
    }

    pub(super) fn input_text(&self, input: &Input) -> String {
        match input {
            Input::Event { event, args } | Input::Report { event, args, .. } => {
                self.signal(*event, args).to_string()
            }
            Input::Elapsed { timer, .. } => self.timer_text(*timer),
            Input::ChildDone { child, result, .. } => {
                let name = self.machine.children.get(*child).map_or("", |child| &child.name);
                match result {
                    Some(result) => format!("done({name}, result: {result})"),
                    None => format!("done({name})"),
                }
            }
            Input::ChildFailed { .. } => format!("fault {}", Fault::Child.kind()),
            Input::Fault(fault) => format!("fault {}", fault.kind()),
        }
    }

    /// An event with its fields, for people.
    pub(super) fn signal(&self, event: EventId, args: &[Value]) -> Signal {
        let row = self.machine.events.get(event);
        row.map_or_else(Signal::default, |row| signal_of(&row.symbol.name, &row.symbol.fields, args))
    }

    /// The timer as the spec spells it: `after 30s`.
    pub(super) fn timer_text(&self, timer: TimerId) -> String {
        let row = self.machine.timers.get(timer).and_then(|row| self.machine.transitions.get(row.transition));
        row.map_or_else(|| "after".to_owned(), |transition| transition.pattern.clone())
    }
}

/// The extended state before a step.
#[derive(Debug, Default)]
pub(super) struct Before {
    context: Vec<Value>,
    data: Vec<Option<Value>>,
}
