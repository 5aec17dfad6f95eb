//! What one step did, as data: nothing of it has been performed.

use std::fmt;

use super::{Fault, Selection, Value, value::duration_text};
use crate::model::{ActivityId, ChildId, Field, StateId, TimerId, TransitionId};

/// Everything about one step: the macrostep of its event and those of the deferred events it set free.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepReport {
    /// What set it off, for people: `COIN(value: 1)`, `after 30s`, `start`.
    pub event: String,
    /// What set it off.
    pub cause: Cause,
    /// What became of the event.
    pub outcome: Outcome,
    /// The virtual clock, in microseconds; constant during the step.
    pub time_us: i64,
    /// Paths of the active leaf states before, in document order.
    pub before: Vec<String>,
    /// Paths of the active leaf states after, in document order.
    pub after: Vec<String>,
    /// The transitions taken, in order.
    pub transitions: Vec<TransitionId>,
    /// The guards asked, in order. Those of `always` are asked again at every turn of the macrostep.
    pub guards: Vec<GuardValue>,
    /// Enabled transitions that lost to another region's.
    pub preempted: Vec<Preemption>,
    /// States left, in order.
    pub exited: Vec<StateId>,
    /// States entered, in order.
    pub entered: Vec<StateId>,
    /// The output symbols, in order; [`Signal`] displays as `NAME(field: value)`.
    pub outputs: Vec<Signal>,
    /// Every effect, the outputs included, in order: what is left to perform.
    pub effects: Vec<Effect>,
    /// Variables whose value differs after the step, in order of declaration; then data of active states, as
    /// `state.name`.
    pub changes: Vec<Change>,
    /// The activities that the step started, in order.
    pub started: Vec<ActivityId>,
    /// Deferred events that ran at the end of the step, in order.
    pub recalled: Vec<Signal>,
    /// Events that nothing enabled, deferred or ignored: the step's own, raised and recalled ones.
    pub unhandled: Vec<Unhandled>,
    /// Why transitions were taken or not, in order; only of an interpreter that is asked to explain.
    pub selections: Vec<Selection>,
    /// How many more there were than an interpreter explains.
    pub unexplained: usize,
}

impl StepReport {
    /// The faults among the effects.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Fault(fault) => Some(*fault),
            _ => None,
        })
    }
}

/// What set a step off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cause {
    /// The machine was started.
    #[default]
    Start,
    /// An event from outside.
    Event,
    /// A message that the machine had sent itself.
    Message,
    /// The report of an activity.
    Activity(ActivityId),
    /// A timer elapsed.
    Timer(TimerId),
    /// A child machine completed.
    Child(ChildId),
    /// A fault from outside, such as an undelivered message or a child that failed.
    Fault,
    /// The machine was stopped.
    Stop,
    /// A snapshot was restored.
    Restored,
    /// Time passed in which nothing was due; only rows of a run have it.
    Clock,
}

/// What became of the event of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    /// At least one transition was taken.
    #[default]
    Taken,
    /// A state declares that it ignores the event, or a timer's guard said no.
    Ignored,
    /// Kept for a state that wants it.
    Deferred,
    /// To be deferred, and lost: as many are already as may be, which is a fault.
    Dropped,
    /// Nothing enables, defers or ignores it. In a `strict` machine this is an error.
    Unhandled,
    /// It came from an activity or timer that has ended since.
    Stale,
    /// The machine is done.
    Done,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Taken => "taken",
            Self::Ignored => "ignored",
            Self::Deferred => "deferred",
            Self::Dropped => "dropped",
            Self::Unhandled => "unhandled",
            Self::Stale => "stale",
            Self::Done => "done",
        })
    }
}

/// A guard that was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardValue {
    /// Whose guard it is.
    pub transition: TransitionId,
    /// As the spec spells it, without brackets.
    pub text: String,
    /// Its value; a fault counts as false.
    pub value: Result<bool, Fault>,
}

/// An enabled transition that lost because it would leave a state that another one leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preemption {
    /// The one that lost.
    pub transition: TransitionId,
    /// The one that it lost to.
    pub by: TransitionId,
}

/// A variable with its value before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The variable.
    pub name: String,
    /// Before.
    pub old: Value,
    /// After.
    pub new: Value,
}

impl fmt::Display for Change {
    /// `attempts: 0 → 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} → {}", self.name, self.old, self.new)
    }
}

/// A symbol with the values of its fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signal {
    /// As the spec spells it.
    pub name: String,
    /// Names and values, in the order of declaration.
    pub fields: Vec<(String, Value)>,
}

impl fmt::Display for Signal {
    /// `NAME` or `NAME(field: value, …)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (index, (name, value)) in self.fields.iter().enumerate() {
            write!(f, "{}{name}: {value}", if index == 0 { "(" } else { ", " })?;
        }
        if self.fields.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

/// An event that nothing enabled, deferred or ignored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unhandled {
    /// The event.
    pub signal: Signal,
    /// Paths of the leaf states that were active then, in document order: a step may have gone on before it.
    pub leaves: Vec<String>,
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.signal.fmt(f)
    }
}

/// One effect of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// `emit`.
    Emit(Signal),
    /// `raise`: the event joined the internal queue.
    Raise(Signal),
    /// `send`. A message to the machine itself is kept by the interpreter's clock.
    Send {
        /// The name of the peer or child; `None` for `self`.
        peer: Option<String>,
        /// What is sent.
        message: Signal,
        /// After how many microseconds; `None` for at once.
        delay_us: Option<i64>,
        /// Its name, where it has one: it replaces what is under way by that name.
        id: Option<String>,
    },
    /// `cancel`: the delayed message of that name, if any is under way, is to be forgotten.
    Cancel {
        /// The message's name.
        id: String,
    },
    /// `spawn`, or the `do` of a machine: a child is to be started.
    Spawn {
        /// Which child.
        child: ChildId,
        /// To be given back when it completes.
        generation: u32,
        /// The child's name.
        id: String,
        /// The machine's name.
        machine: String,
        /// Values for its parameters, in order.
        args: Vec<Value>,
    },
    /// `stop`, or the state of a `do` was left: a running child is to be stopped.
    StopChild {
        /// Which child.
        child: ChildId,
        /// The child's name.
        id: String,
    },
    /// `do`: a service is to be started.
    Start {
        /// Which activity.
        activity: ActivityId,
        /// To be given back with its result.
        generation: u32,
        /// The service's name.
        service: String,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// The state of a running activity was left: it is to be cancelled.
    Stop {
        /// Which activity.
        activity: ActivityId,
        /// The service's name.
        service: String,
    },
    /// `after`: a timer was armed.
    Arm {
        /// Which timer.
        timer: TimerId,
        /// To be given back when it has elapsed.
        generation: u32,
        /// How long it runs, in microseconds.
        after_us: i64,
    },
    /// The state of an armed timer was left.
    Disarm {
        /// Which timer.
        timer: TimerId,
    },
    /// An extern action.
    Act {
        /// Its name.
        name: String,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// `log`: a line for people.
    Log(String),
    /// A fault was raised.
    Fault(Fault),
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emit(signal) => write!(f, "emit {signal}"),
            Self::Raise(signal) => write!(f, "raise {signal}"),
            Self::Send { peer, message, delay_us, id } => {
                write!(f, "send {} {message}", peer.as_deref().unwrap_or("self"))?;
                if let Some(delay_us) = delay_us {
                    write!(f, " delay {}", duration_text(*delay_us))?;
                }
                id.as_ref().map_or(Ok(()), |id| write!(f, " as {id}"))
            }
            Self::Cancel { id } => write!(f, "cancel {id}"),
            Self::Spawn { id, machine, args, .. } => {
                call(f, "spawn ", machine, args)?;
                write!(f, " as {id}")
            }
            Self::StopChild { id, .. } => write!(f, "stop {id}"),
            Self::Start { service, args, .. } => call(f, "do ", service, args),
            Self::Stop { service, .. } => write!(f, "stop {service}"),
            Self::Arm { after_us, .. } => write!(f, "arm {}", duration_text(*after_us)),
            Self::Disarm { .. } => f.write_str("disarm"),
            Self::Act { name, args } => call(f, "", name, args),
            Self::Log(text) => write!(f, "log {}", Value::Text(text.clone())),
            Self::Fault(fault) => write!(f, "fault {}: {fault}", fault.kind()),
        }
    }
}

fn call(f: &mut fmt::Formatter<'_>, keyword: &str, name: &str, args: &[Value]) -> fmt::Result {
    write!(f, "{keyword}{name}(")?;
    for (index, arg) in args.iter().enumerate() {
        write!(f, "{}{arg}", if index == 0 { "" } else { ", " })?;
    }
    f.write_str(")")
}

/// A symbol's name and the values of its fields.
pub(super) fn signal_of(name: &str, fields: &[Field], args: &[Value]) -> Signal {
    let fields = fields.iter().zip(args).map(|(field, value)| (field.name.clone(), value.clone())).collect();
    Signal { name: name.to_owned(), fields }
}
