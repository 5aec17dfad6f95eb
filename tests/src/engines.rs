//! Both engines behind one interface: what a step did, in the interpreter's terms.

use std::collections::{BTreeMap, BTreeSet};

use statechart_lang::{
    interpreter::{self, Answers, Cause, Effect, Interpreter, Outcome, Signal, Value},
    model::Machine,
};
use statechart_runtime::{
    chart::{self, Chart, Effects, Input, Receiver},
    snapshot::{self, Pending, Restorable, SnapshotError},
    value::{self, Time},
};

/// The externs of every compiled machine: guards answer by name, actions and services do nothing.
#[derive(Debug, Clone, Default)]
pub struct Answered(pub Answers);

impl Answered {
    /// The answer of a guard; false where nobody says.
    #[must_use]
    pub fn answer(&self, name: &str) -> bool {
        self.0.0.get(name).copied().unwrap_or(false)
    }
}

/// What the build script writes for each compiled machine.
pub trait Glue: Restorable + Chart<Externs = Answered> + 'static {
    /// A machine before its start, with values for its parameters.
    fn fresh(params: &[Value]) -> Self;
    /// Parameters of the machine and data of active states, by their index in the model.
    fn data_values(&self) -> Vec<(usize, Value)>;
    /// Arguments of a child that is to be started.
    fn spawn_args(spawn: &Self::Spawn) -> Vec<Value>;
    /// What a child returned.
    fn child_result(child: usize, result: Option<&Value>) -> Option<Self::Returned>;
    /// What the machine returned.
    fn result_value(&self) -> Option<Value>;
    /// The machine that a snapshot is of.
    ///
    /// # Errors
    /// What is wrong with the snapshot.
    fn revived(snapshot: &snapshot::Snapshot, now: Time) -> Result<(Self, Pending), SnapshotError>;
    /// The event with this index of the model.
    fn event(id: usize, args: &[Value]) -> Self::Event;
    /// An event in the interpreter's terms.
    fn event_signal(event: &Self::Event) -> Signal;
    /// An output in the interpreter's terms.
    fn output_signal(output: &Self::Output) -> Signal;
    /// The peer, and what is sent to it.
    fn message(message: &Self::Message) -> (Option<String>, Signal);
    /// A service's name and arguments.
    fn call_of(call: &Self::Call) -> (String, Vec<Value>);
    /// An action's name and arguments.
    fn action_of(action: &Self::Action) -> (String, Vec<Value>);
    /// The context in order of declaration.
    fn context_values(&self) -> Vec<Value>;
    /// Whether the configuration accepts.
    fn accepting(&self) -> bool;
}

/// A spec's value as Rust's.
pub trait FromValue {
    /// The value; a value of another type is a mistake of the test.
    fn from_value(value: &Value) -> Self;
}

/// Rust's value as a spec's.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

macro_rules! values {
    ($($variant:ident $ty:ty: |$inner:ident| $from:expr, |$outer:ident| $to:expr;)*) => {$(
        impl FromValue for $ty {
            fn from_value(value: &Value) -> Self {
                let Value::$variant($inner) = value else { panic!("{value} is no {}", stringify!($variant)) };
                $from
            }
        }
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                let $outer = self;
                Value::$variant($to)
            }
        }
    )*};
}

values! {
    Int i64: |v| *v, |v| *v;
    Float f64: |v| *v, |v| *v;
    Bool bool: |v| *v, |v| *v;
    Text value::Text: |v| value::Text::from(v.clone()), |v| v.to_string();
    Time value::Time: |v| value::Time(*v), |v| v.0;
    Duration value::Duration: |v| value::Duration(*v), |v| v.0;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Self {
        (*value != Value::None).then(|| T::from_value(value))
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::None, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Self {
        let Value::List(items) = value else { panic!("{value} is no list") };
        items.iter().map(T::from_value).collect()
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}

/// An extern type as a name that stands for its value: no more than a spec may ask of it.
#[macro_export]
macro_rules! token {
    ($name:ident) => {
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);
        impl FromValue for $name {
            fn from_value(value: &Value) -> Self {
                let Value::Token(name) = value else { panic!("{value} is no token") };
                Self(name.clone())
            }
        }
        impl ToValue for $name {
            fn to_value(&self) -> Value {
                Value::Token(self.0.clone())
            }
        }
    };
}

/// Everything that a step did and left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Did {
    /// What became of the event.
    pub outcome: Outcome,
    /// Indices of the transitions taken.
    pub transitions: Vec<usize>,
    /// States left, in order.
    pub exited: Vec<usize>,
    /// States entered, in order.
    pub entered: Vec<usize>,
    /// Effects in order; what is raised inside the machine is not one.
    pub effects: Vec<Effect>,
    /// Events that nobody wanted.
    pub unhandled: Vec<Signal>,
    /// The active states.
    pub active: BTreeSet<usize>,
    /// The extended state.
    pub context: Vec<Value>,
    /// Parameters of the machine and data of active states.
    pub data: Vec<(usize, Value)>,
    /// What the machine returned.
    pub result: Option<Value>,
    /// Whether the machine has ended.
    pub done: bool,
    /// Whether the configuration accepts.
    pub accepts: bool,
    /// The clock.
    pub time_us: i64,
}

/// What both engines are asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// An event from outside.
    Event(usize, Vec<Value>),
    /// A report of an activity's run: 0 the latest, 1 the one before.
    Report {
        /// Which activity.
        activity: usize,
        /// Which of its runs.
        back: usize,
        /// What it reports.
        event: usize,
        /// The event's fields.
        args: Vec<Value>,
        /// Whether it ends with this event.
        last: bool,
    },
    /// A child completes, or fails: 0 the latest of that index, 1 the one before.
    Child {
        /// Which child.
        child: usize,
        /// Which of its runs.
        back: usize,
        /// What it returns.
        result: Option<Value>,
        /// Whether it fails instead.
        fails: bool,
    },
    /// A message was not delivered.
    Fault,
    /// The next timer or message to itself.
    Elapse,
}

/// One of the two engines.
pub trait Engine {
    /// Enters the initial configuration.
    fn start(&mut self, answers: &Answers) -> Did;
    /// Does what is asked; `None` when nothing is due ever.
    fn ask(&mut self, ask: &Ask, answers: &Answers) -> Option<Did>;
    /// How often each activity was started.
    fn runs(&self) -> BTreeMap<usize, usize>;
    /// How often each child was started.
    fn spawns(&self) -> BTreeMap<usize, usize>;
    /// The machine as JSON.
    fn snapshot(&self) -> String;
    /// Goes on from JSON, of this or of the other engine.
    ///
    /// # Errors
    /// What is wrong with it.
    fn restore(&mut self, json: &str, answers: &Answers) -> Result<Did, String>;
}

/// A machine in both engines.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The spec's path.
    pub spec: &'static str,
    /// The machine's name.
    pub machine: &'static str,
    compiled: fn(&[Value]) -> Box<dyn Engine>,
}

impl Pair {
    /// A machine of a spec.
    #[must_use]
    pub fn of<M: Glue>(spec: &'static str, machine: &'static str) -> Self {
        Self { spec, machine, compiled: |params| Box::new(Compiled::<M>::new(params)) }
    }

    /// Compiled to Rust.
    #[must_use]
    pub fn compiled(&self, params: &[Value]) -> Box<dyn Engine> {
        (self.compiled)(params)
    }
}

/// Interpreted.
#[derive(Debug)]
pub struct Interpreted<'m> {
    machine: &'m Machine,
    engine: Interpreter<'m, Answers>,
    generations: BTreeMap<usize, Vec<u32>>,
    spawned: BTreeMap<usize, Vec<u32>>,
}

impl<'m> Interpreted<'m> {
    /// A machine before its start.
    #[must_use]
    pub fn new(machine: &'m Machine, params: &[Value]) -> Self {
        let engine = Interpreter::with_world(machine, Answers::default()).with_params(params.to_vec());
        Self { machine, engine, generations: BTreeMap::new(), spawned: BTreeMap::new() }
    }

    /// The running interpreter.
    #[must_use]
    pub fn engine(&self) -> &Interpreter<'m, Answers> {
        &self.engine
    }

    fn did(&mut self, report: interpreter::StepReport) -> Did {
        for effect in &report.effects {
            note(effect, &mut self.generations, &mut self.spawned);
        }
        Did {
            outcome: report.outcome,
            transitions: report.transitions,
            exited: report.exited,
            entered: report.entered,
            effects: report
                .effects
                .into_iter()
                .filter(|effect| !matches!(effect, Effect::Raise(_)))
                .map(|effect| match effect {
                    Effect::Spawn { child, generation, id, args, .. } => {
                        Effect::Spawn { child, generation, id, machine: String::new(), args }
                    }
                    other => other,
                })
                .collect(),
            unhandled: report.unhandled,
            active: self.engine.configuration(),
            context: self.engine.context().to_vec(),
            data: self.engine.data().map(|(local, value)| (local, value.clone())).collect(),
            result: self.engine.result().cloned(),
            done: self.engine.is_done(),
            accepts: self.engine.accepts(),
            time_us: self.engine.time_us(),
        }
    }
}

/// Remembers generations that are given out.
fn note(
    effect: &Effect,
    activities: &mut BTreeMap<usize, Vec<u32>>,
    children: &mut BTreeMap<usize, Vec<u32>>,
) {
    match effect {
        Effect::Start { activity, generation, .. } => {
            activities.entry(*activity).or_default().push(*generation);
        }
        Effect::Spawn { child, generation, .. } => children.entry(*child).or_default().push(*generation),
        _ => {}
    }
}

/// The generation of a run that is `back` runs old; one that was never given out where there is none.
fn generation(generations: &BTreeMap<usize, Vec<u32>>, activity: usize, back: usize) -> u32 {
    generations.get(&activity).and_then(|runs| runs.iter().rev().nth(back)).copied().unwrap_or(u32::MAX >> 1)
}

impl Engine for Interpreted<'_> {
    fn start(&mut self, answers: &Answers) -> Did {
        self.engine.world_mut().clone_from(answers);
        let report = self.engine.start();
        self.did(report)
    }

    fn ask(&mut self, ask: &Ask, answers: &Answers) -> Option<Did> {
        self.engine.world_mut().clone_from(answers);
        let report = match ask {
            Ask::Event(event, args) => {
                self.engine.step(interpreter::Input::Event { event: *event, args: args.clone() })
            }
            Ask::Report { activity, back, event, args, last } => {
                let generation = generation(&self.generations, *activity, *back);
                let (activity, event, last) = (*activity, *event, *last);
                self.engine.step(interpreter::Input::Report {
                    activity,
                    generation,
                    event,
                    args: args.clone(),
                    last,
                })
            }
            Ask::Child { child, back, result, fails } => {
                let (child, generation) = (*child, generation(&self.spawned, *child, *back));
                self.engine.step(if *fails {
                    interpreter::Input::ChildFailed { child, generation }
                } else {
                    interpreter::Input::ChildDone { child, generation, result: result.clone() }
                })
            }
            Ask::Fault => self.engine.step(interpreter::Input::Fault(interpreter::Fault::Undelivered)),
            Ask::Elapse => self.engine.elapse()?,
        };
        debug_assert!(!matches!(report.cause, Cause::Clock));
        Some(self.did(report))
    }

    fn runs(&self) -> BTreeMap<usize, usize> {
        self.generations.iter().map(|(activity, runs)| (*activity, runs.len())).collect()
    }

    fn spawns(&self) -> BTreeMap<usize, usize> {
        self.spawned.iter().map(|(child, runs)| (*child, runs.len())).collect()
    }

    fn snapshot(&self) -> String {
        self.engine.snapshot().to_json()
    }

    fn restore(&mut self, json: &str, answers: &Answers) -> Result<Did, String> {
        let time_us = self.engine.time_us();
        let read = interpreter::Snapshot::from_json(json).map_err(|error| error.to_string())?;
        let (engine, report) = Interpreter::restore_at(self.machine, answers.clone(), &read, time_us)
            .map_err(|error| error.to_string())?;
        self.engine = engine;
        Ok(self.did(report))
    }
}

/// Compiled, with a clock of its own.
struct Compiled<M: Glue> {
    machine: M,
    time_us: i64,
    sequence: u64,
    agenda: Vec<Due<M>>,
    generations: BTreeMap<usize, Vec<u32>>,
    spawned: BTreeMap<usize, Vec<u32>>,
}

struct Due<M: Glue> {
    time_us: i64,
    sequence: u64,
    what: What<M>,
}

enum What<M: Glue> {
    Timer { timer: u16, generation: u32 },
    Message(M::Message, Option<u16>),
}

/// Writes down what a step does, in the interpreter's terms.
struct Notes<M: Glue> {
    now: Time,
    effects: Vec<Effect>,
    unhandled: Vec<Signal>,
    transitions: Vec<usize>,
    exited: Vec<usize>,
    entered: Vec<usize>,
    /// What joins or leaves the agenda, in order.
    agenda: Vec<Change<M>>,
}

enum Change<M: Glue> {
    Arm { timer: u16, generation: u32, after_us: i64 },
    Disarm(u16),
    Send(M::Message, i64, Option<u16>),
    Cancel(u16),
}

fn fault(fault: value::Fault) -> interpreter::Fault {
    use interpreter::Fault as Told;
    match fault {
        value::Fault::Overflow => Told::Overflow,
        value::Fault::DivisionByZero => Told::DivisionByZero,
        value::Fault::NonFinite => Told::NonFinite,
        value::Fault::QueueFull { limit } => Told::QueueFull { limit },
        value::Fault::DeferredFull { limit } => Told::DeferredFull { limit },
        value::Fault::Microsteps { limit } => Told::Microsteps { limit },
        value::Fault::Undelivered => Told::Undelivered,
        value::Fault::ServicePanicked => Told::ServicePanicked,
        value::Fault::UndoFull { limit } => Told::UndoFull { limit },
        value::Fault::Child => Told::Child,
    }
}

impl<M: Glue> Effects<M> for Notes<M> {
    fn now(&mut self) -> Time {
        self.now
    }
    fn emit(&mut self, output: M::Output) {
        self.effects.push(Effect::Emit(M::output_signal(&output)));
    }
    fn send(&mut self, message: M::Message, delay: Option<value::Duration>, id: Option<u16>) {
        let (peer, signal) = M::message(&message);
        self.effects.push(Effect::Send {
            peer,
            message: signal,
            delay_us: delay.map(|delay| delay.0),
            id: id.map(|id| M::TABLES.sends[usize::from(id)].to_owned()),
        });
        if let Some(id) = id {
            self.agenda.push(Change::Cancel(id));
        }
        // What has no delay and is for somebody else has left.
        if delay.is_some() || M::receiver(&message) == Receiver::Itself {
            self.agenda.push(Change::Send(message, delay.map_or(0, |delay| delay.0), id));
        }
    }
    fn cancel(&mut self, id: u16) {
        self.effects.push(Effect::Cancel { id: M::TABLES.sends[usize::from(id)].to_owned() });
        self.agenda.push(Change::Cancel(id));
    }
    fn spawn(&mut self, child: u16, generation: u32, spawn: M::Spawn) {
        let (child, id) = (usize::from(child), M::TABLES.children[usize::from(child)].to_owned());
        let args = M::spawn_args(&spawn);
        // The machine's name stands in the spec, not in the tables.
        self.effects.push(Effect::Spawn { child, generation, id, machine: String::new(), args });
    }
    fn stop_child(&mut self, child: u16) {
        let (child, id) = (usize::from(child), M::TABLES.children[usize::from(child)].to_owned());
        self.effects.push(Effect::StopChild { child, id });
    }
    fn start(&mut self, activity: u16, generation: u32, call: M::Call) {
        let (service, args) = M::call_of(&call);
        self.effects.push(Effect::Start { activity: activity.into(), generation, service, args });
    }
    fn stop(&mut self, activity: u16) {
        let service = M::TABLES.activities[usize::from(activity)].name.to_owned();
        self.effects.push(Effect::Stop { activity: activity.into(), service });
    }
    fn arm(&mut self, timer: u16, generation: u32, after: value::Duration) {
        self.effects.push(Effect::Arm { timer: timer.into(), generation, after_us: after.0 });
        self.agenda.push(Change::Arm { timer, generation, after_us: after.0 });
    }
    fn disarm(&mut self, timer: u16) {
        self.effects.push(Effect::Disarm { timer: timer.into() });
        self.agenda.push(Change::Disarm(timer));
    }
    fn act(&mut self, _externs: &mut Answered, action: M::Action) {
        let (name, args) = M::action_of(&action);
        self.effects.push(Effect::Act { name, args });
    }
    fn log(&mut self, text: value::Text) {
        self.effects.push(Effect::Log(text.to_string()));
    }
    fn fault(&mut self, raised: value::Fault) {
        self.effects.push(Effect::Fault(fault(raised)));
    }
    fn unhandled(&mut self, event: &M::Event) {
        self.unhandled.push(M::event_signal(event));
    }
    fn took(&mut self, transition: u16) {
        self.transitions.push(transition.into());
    }
    fn exited(&mut self, state: u16) {
        self.exited.push(state.into());
    }
    fn entered(&mut self, state: u16) {
        self.entered.push(state.into());
    }
}

impl<M: Glue> Compiled<M> {
    fn new(params: &[Value]) -> Self {
        Self {
            machine: M::fresh(params),
            time_us: 0,
            sequence: 0,
            agenda: Vec::new(),
            generations: BTreeMap::new(),
            spawned: BTreeMap::new(),
        }
    }

    fn notes(&self) -> Notes<M> {
        Notes {
            now: Time(self.time_us),
            effects: Vec::new(),
            unhandled: Vec::new(),
            transitions: Vec::new(),
            exited: Vec::new(),
            entered: Vec::new(),
            agenda: Vec::new(),
        }
    }

    fn perform(&mut self, input: Option<Input<M::Event, M::Returned>>) -> Did {
        let mut notes = self.notes();
        let outcome = match input {
            None => {
                self.machine.start(&mut notes);
                chart::Outcome::Taken
            }
            Some(input) => self.machine.step(&mut notes, input),
        };
        self.did(notes, outcome)
    }

    /// The next thing that the machine itself sees.
    fn next(&mut self) -> Option<Due<M>> {
        let is_own = |due: &Due<M>| match &due.what {
            What::Timer { .. } => true,
            What::Message(message, _) => M::receiver(message) == Receiver::Itself,
        };
        let own = self.agenda.iter().enumerate().filter(|(_, due)| is_own(due));
        let (first, _) = own.min_by_key(|(_, due)| (due.time_us, due.sequence))?;
        Some(self.agenda.remove(first))
    }

    fn did(&mut self, notes: Notes<M>, outcome: chart::Outcome) -> Did {
        for change in notes.agenda {
            self.sequence += 1;
            let sequence = self.sequence;
            let (after_us, what) = match change {
                Change::Disarm(timer) => {
                    self.disarm(timer);
                    continue;
                }
                Change::Arm { timer, generation, after_us } => {
                    self.disarm(timer);
                    (after_us, What::Timer { timer, generation })
                }
                Change::Send(message, after_us, id) => (after_us, What::Message(message, id)),
                Change::Cancel(id) => {
                    self.agenda
                        .retain(|due| !matches!(due.what, What::Message(_, Some(named)) if named == id));
                    continue;
                }
            };
            self.agenda.push(Due { time_us: self.time_us.saturating_add(after_us.max(0)), sequence, what });
        }
        let done = self.machine.core().is_done();
        if done {
            self.agenda.clear();
        }
        for effect in &notes.effects {
            note(effect, &mut self.generations, &mut self.spawned);
        }
        Did {
            outcome: match outcome {
                chart::Outcome::Taken => Outcome::Taken,
                chart::Outcome::Ignored => Outcome::Ignored,
                chart::Outcome::Deferred => Outcome::Deferred,
                chart::Outcome::Unhandled => Outcome::Unhandled,
                chart::Outcome::Stale => Outcome::Stale,
                chart::Outcome::Done => Outcome::Done,
            },
            transitions: notes.transitions,
            exited: notes.exited,
            entered: notes.entered,
            effects: notes.effects,
            unhandled: notes.unhandled,
            active: self.machine.core().active().map(usize::from).collect(),
            context: self.machine.context_values(),
            data: self.machine.data_values(),
            result: self.machine.result_value(),
            done,
            accepts: self.machine.accepting(),
            time_us: self.time_us,
        }
    }

    fn disarm(&mut self, timer: u16) {
        self.agenda.retain(|due| !matches!(due.what, What::Timer { timer: armed, .. } if armed == timer));
    }
}

impl<M: Glue> Engine for Compiled<M> {
    fn start(&mut self, answers: &Answers) -> Did {
        self.machine.externs_mut().0.clone_from(answers);
        self.perform(None)
    }

    fn ask(&mut self, ask: &Ask, answers: &Answers) -> Option<Did> {
        self.machine.externs_mut().0.clone_from(answers);
        let input = match ask {
            Ask::Event(event, args) => Input::Event(<M as Glue>::event(*event, args)),
            Ask::Report { activity, back, event, args, last } => Input::Report {
                activity: *activity as u16,
                generation: generation(&self.generations, *activity, *back),
                event: <M as Glue>::event(*event, args),
                last: *last,
            },
            Ask::Child { child, back, result, fails } => {
                let generation = generation(&self.spawned, *child, *back);
                let (index, result) = (*child as u16, M::child_result(*child, result.as_ref()));
                if *fails {
                    Input::ChildFailed { child: index, generation }
                } else {
                    Input::ChildDone { child: index, generation, result }
                }
            }
            Ask::Fault => Input::Fault(value::Fault::Undelivered),
            Ask::Elapse => {
                let due = self.next()?;
                self.time_us = self.time_us.max(due.time_us);
                match due.what {
                    What::Timer { timer, generation } => Input::Elapsed { timer, generation },
                    What::Message(message, _) => Input::Event(M::to_self(message).ok()?),
                }
            }
        };
        Some(self.perform(Some(input)))
    }

    fn runs(&self) -> BTreeMap<usize, usize> {
        self.generations.iter().map(|(activity, runs)| (*activity, runs.len())).collect()
    }

    fn spawns(&self) -> BTreeMap<usize, usize> {
        self.spawned.iter().map(|(child, runs)| (*child, runs.len())).collect()
    }

    fn snapshot(&self) -> String {
        let now = Time(self.time_us);
        let mut taken = snapshot::take(&self.machine, now).expect("tokens can be written");
        let mut waiting: Vec<&Due<M>> = self.agenda.iter().collect();
        waiting.sort_by_key(|due| (due.time_us, due.sequence));
        for due in waiting {
            let What::Message(message, id) = &due.what else { continue };
            // What has left for others by now waits no more.
            if M::receiver(message) == Receiver::Itself || due.time_us > self.time_us {
                let left = value::Duration(due.time_us - self.time_us);
                taken
                    .messages
                    .push(snapshot::message::<M>(message, left, *id).expect("tokens can be written"));
            }
        }
        taken.to_json()
    }

    fn restore(&mut self, json: &str, answers: &Answers) -> Result<Did, String> {
        let read = snapshot::Snapshot::from_json(json).map_err(|error| error.to_string())?;
        let (machine, pending) = M::revived(&read, Time(self.time_us)).map_err(|error| error.to_string())?;
        self.machine = machine;
        self.machine.externs_mut().0.clone_from(answers);
        self.agenda.clear();
        let mut notes = self.notes();
        snapshot::resume(&mut self.machine, &pending, &mut notes).map_err(|error| error.to_string())?;
        Ok(self.did(notes, chart::Outcome::Taken))
    }
}
