//! Both engines behind one interface: what a step did, in the interpreter's terms.

use std::collections::{BTreeMap, BTreeSet};

use statechart_lang::{
    interpreter::{self, Answers, Cause, Effect, Interpreter, Outcome, Signal, Value},
    model::Machine,
};
use statechart_runtime::{
    chart::{self, Chart, Effects, Input},
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
pub trait Glue: Chart<Externs = Answered> + 'static {
    /// A machine before its start.
    fn fresh() -> Self;
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
        #[derive(Debug, Clone)]
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
}

/// A machine in both engines.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The spec's path.
    pub spec: &'static str,
    /// The machine's name.
    pub machine: &'static str,
    compiled: fn() -> Box<dyn Engine>,
}

impl Pair {
    /// A machine of a spec.
    #[must_use]
    pub fn of<M: Glue>(spec: &'static str, machine: &'static str) -> Self {
        Self { spec, machine, compiled: || Box::new(Compiled::<M>::new()) }
    }

    /// Compiled to Rust.
    #[must_use]
    pub fn compiled(&self) -> Box<dyn Engine> {
        (self.compiled)()
    }
}

/// Interpreted.
#[derive(Debug)]
pub struct Interpreted<'m> {
    engine: Interpreter<'m, Answers>,
    generations: BTreeMap<usize, Vec<u32>>,
}

impl<'m> Interpreted<'m> {
    /// A machine before its start.
    #[must_use]
    pub fn new(machine: &'m Machine) -> Self {
        Self { engine: Interpreter::with_world(machine, Answers::default()), generations: BTreeMap::new() }
    }

    /// The running interpreter.
    #[must_use]
    pub fn engine(&self) -> &Interpreter<'m, Answers> {
        &self.engine
    }

    fn did(&mut self, report: interpreter::StepReport) -> Did {
        for effect in &report.effects {
            if let Effect::Start { activity, generation, .. } = effect {
                self.generations.entry(*activity).or_default().push(*generation);
            }
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
                .collect(),
            unhandled: report.unhandled,
            active: self.engine.configuration(),
            context: self.engine.context().to_vec(),
            done: self.engine.is_done(),
            accepts: self.engine.accepts(),
            time_us: self.engine.time_us(),
        }
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
            Ask::Fault => self.engine.step(interpreter::Input::Fault(interpreter::Fault::Undelivered)),
            Ask::Elapse => self.engine.elapse()?,
        };
        debug_assert!(!matches!(report.cause, Cause::Clock));
        Some(self.did(report))
    }

    fn runs(&self) -> BTreeMap<usize, usize> {
        self.generations.iter().map(|(activity, runs)| (*activity, runs.len())).collect()
    }
}

/// Compiled, with a clock of its own.
struct Compiled<M: Glue> {
    machine: M,
    time_us: i64,
    sequence: u64,
    agenda: Vec<Due<M>>,
    generations: BTreeMap<usize, Vec<u32>>,
}

struct Due<M: Glue> {
    time_us: i64,
    sequence: u64,
    what: What<M>,
}

enum What<M: Glue> {
    Timer { timer: u16, generation: u32 },
    Message(M::Event),
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
    Send(M::Event, i64),
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
        // Not yet in the interpreter's terms; no compared step meets one.
        other => unreachable!("{other}"),
    }
}

impl<M: Glue> Effects<M> for Notes<M> {
    fn now(&mut self) -> Time {
        self.now
    }
    fn emit(&mut self, output: M::Output) {
        self.effects.push(Effect::Emit(M::output_signal(&output)));
    }
    fn send(&mut self, message: M::Message, delay: Option<value::Duration>, _id: Option<u16>) {
        let (peer, signal) = M::message(&message);
        self.effects.push(Effect::Send {
            peer,
            message: signal,
            delay_us: delay.map(|delay| delay.0),
            id: None,
        });
        if let Ok(event) = M::to_self(message) {
            self.agenda.push(Change::Send(event, delay.map_or(0, |delay| delay.0)));
        }
    }
    fn cancel(&mut self, _id: u16) {}
    fn spawn(&mut self, _child: u16, _generation: u32, _spawn: M::Spawn) {}
    fn stop_child(&mut self, _child: u16) {}
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
    fn new() -> Self {
        Self {
            machine: M::fresh(),
            time_us: 0,
            sequence: 0,
            agenda: Vec::new(),
            generations: BTreeMap::new(),
        }
    }

    fn perform(&mut self, input: Option<Input<M::Event, M::Returned>>) -> Did {
        let mut notes = Notes {
            now: Time(self.time_us),
            effects: Vec::new(),
            unhandled: Vec::new(),
            transitions: Vec::new(),
            exited: Vec::new(),
            entered: Vec::new(),
            agenda: Vec::new(),
        };
        let outcome = match input {
            None => {
                self.machine.start(&mut notes);
                chart::Outcome::Taken
            }
            Some(input) => self.machine.step(&mut notes, input),
        };
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
                Change::Send(event, after_us) => (after_us, What::Message(event)),
            };
            self.agenda.push(Due { time_us: self.time_us.saturating_add(after_us.max(0)), sequence, what });
        }
        let done = self.machine.core().is_done();
        if done {
            self.agenda.clear();
        }
        for effect in &notes.effects {
            if let Effect::Start { activity, generation, .. } = effect {
                self.generations.entry(*activity).or_default().push(*generation);
            }
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
            Ask::Fault => Input::Fault(value::Fault::Undelivered),
            Ask::Elapse => {
                let first =
                    self.agenda.iter().enumerate().min_by_key(|(_, due)| (due.time_us, due.sequence))?;
                let due = self.agenda.remove(first.0);
                self.time_us = self.time_us.max(due.time_us);
                match due.what {
                    What::Timer { timer, generation } => Input::Elapsed { timer, generation },
                    What::Message(event) => Input::Event(event),
                }
            }
        };
        Some(self.perform(Some(input)))
    }

    fn runs(&self) -> BTreeMap<usize, usize> {
        self.generations.iter().map(|(activity, runs)| (*activity, runs.len())).collect()
    }
}
