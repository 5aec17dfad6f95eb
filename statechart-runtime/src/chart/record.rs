//! Effects as data: what a step does, written down instead of done. Needs the feature `alloc`.

use ::core::fmt;
use alloc::{string::String, vec::Vec};

use super::{Chart, Effects, Input, Outcome};
use crate::value::{Duration, Fault, Text, Time};

/// One effect as data, as [`Recorder`] keeps it.
pub enum Effect<C: Chart> {
    /// See [`Effects::emit`].
    Emit(C::Output),
    /// See [`Effects::send`].
    Send(C::Message, Option<Duration>, Option<u16>),
    /// See [`Effects::cancel`].
    Cancel(u16),
    /// See [`Effects::spawn`].
    Spawn {
        /// Which child.
        child: u16,
        /// To be given back when it ends.
        generation: u32,
        /// The machine and its arguments.
        spawn: C::Spawn,
    },
    /// See [`Effects::stop_child`].
    StopChild(u16),
    /// See [`Effects::start`].
    Start {
        /// Which activity.
        activity: u16,
        /// To be given back with its result.
        generation: u32,
        /// The service and its arguments.
        call: C::Call,
    },
    /// See [`Effects::stop`].
    Stop(u16),
    /// See [`Effects::arm`].
    Arm {
        /// Which timer.
        timer: u16,
        /// To be given back when it has elapsed.
        generation: u32,
        /// How long it runs.
        after: Duration,
    },
    /// See [`Effects::disarm`].
    Disarm(u16),
    /// See [`Effects::act`]; recorded, not performed.
    Act(C::Action),
    /// See [`Effects::log`].
    Log(Text),
    /// See [`Effects::fault`].
    Fault(Fault),
}

// Written out: a derive would ask that the machine itself be `Debug`, and it holds the user's externs.
impl<C: Chart> fmt::Debug for Effect<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emit(output) => f.debug_tuple("Emit").field(output).finish(),
            Self::Send(message, delay, id) => {
                f.debug_tuple("Send").field(message).field(delay).field(id).finish()
            }
            Self::Cancel(id) => f.debug_tuple("Cancel").field(id).finish(),
            Self::Spawn { child, generation, spawn } => f
                .debug_struct("Spawn")
                .field("child", child)
                .field("generation", generation)
                .field("spawn", spawn)
                .finish(),
            Self::StopChild(child) => f.debug_tuple("StopChild").field(child).finish(),
            Self::Start { activity, generation, call } => f
                .debug_struct("Start")
                .field("activity", activity)
                .field("generation", generation)
                .field("call", call)
                .finish(),
            Self::Stop(activity) => f.debug_tuple("Stop").field(activity).finish(),
            Self::Arm { timer, generation, after } => f
                .debug_struct("Arm")
                .field("timer", timer)
                .field("generation", generation)
                .field("after", after)
                .finish(),
            Self::Disarm(timer) => f.debug_tuple("Disarm").field(timer).finish(),
            Self::Act(action) => f.debug_tuple("Act").field(action).finish(),
            Self::Log(text) => f.debug_tuple("Log").field(text).finish(),
            Self::Fault(fault) => f.debug_tuple("Fault").field(fault).finish(),
        }
    }
}

/// Keeps what a step does instead of doing it: steps become pure, which is what tests want.
pub struct Recorder<C: Chart> {
    /// The time that the machine sees; set it as the test wants.
    pub now: Time,
    /// The effects since [`Recorder::default`], oldest first.
    pub effects: Vec<Effect<C>>,
    /// The indices of the transitions taken.
    pub taken: Vec<u16>,
}

impl<C: Chart> fmt::Debug for Recorder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("now", &self.now)
            .field("effects", &self.effects)
            .field("taken", &self.taken)
            .finish()
    }
}

impl<C: Chart> Default for Recorder<C> {
    fn default() -> Self {
        Self { now: Time::default(), effects: Vec::new(), taken: Vec::new() }
    }
}

impl<C: Chart> Recorder<C> {
    /// The outputs among the effects.
    pub fn outputs(&self) -> impl Iterator<Item = &C::Output> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Emit(output) => Some(output),
            _ => None,
        })
    }
}

impl<C: Chart> Effects<C> for Recorder<C> {
    fn now(&mut self) -> Time {
        self.now
    }
    fn emit(&mut self, output: C::Output) {
        self.effects.push(Effect::Emit(output));
    }
    fn send(&mut self, message: C::Message, delay: Option<Duration>, id: Option<u16>) {
        self.effects.push(Effect::Send(message, delay, id));
    }
    fn cancel(&mut self, id: u16) {
        self.effects.push(Effect::Cancel(id));
    }
    fn spawn(&mut self, child: u16, generation: u32, spawn: C::Spawn) {
        self.effects.push(Effect::Spawn { child, generation, spawn });
    }
    fn stop_child(&mut self, child: u16) {
        self.effects.push(Effect::StopChild(child));
    }
    fn start(&mut self, activity: u16, generation: u32, call: C::Call) {
        self.effects.push(Effect::Start { activity, generation, call });
    }
    fn stop(&mut self, activity: u16) {
        self.effects.push(Effect::Stop(activity));
    }
    fn arm(&mut self, timer: u16, generation: u32, after: Duration) {
        self.effects.push(Effect::Arm { timer, generation, after });
    }
    fn disarm(&mut self, timer: u16) {
        self.effects.push(Effect::Disarm(timer));
    }
    fn act(&mut self, _externs: &mut C::Externs, action: C::Action) {
        self.effects.push(Effect::Act(action));
    }
    fn log(&mut self, text: Text) {
        self.effects.push(Effect::Log(text));
    }
    fn fault(&mut self, fault: Fault) {
        self.effects.push(Effect::Fault(fault));
    }
    fn unhandled(&mut self, _event: &C::Event) {}
    fn took(&mut self, transition: u16) {
        self.taken.push(transition);
    }
}

/// What one step of a machine did: for callers without a runtime.
pub struct Step<C: Chart> {
    /// What became of the event.
    pub outcome: Outcome,
    /// The active leaf states, in document order, as the spec spells them.
    pub states: Vec<&'static str>,
    /// The output symbols, in order.
    pub outputs: Vec<C::Output>,
    /// Every effect, the outputs included, in order: what is left to perform.
    pub effects: Vec<Effect<C>>,
}

impl<C: Chart> fmt::Debug for Step<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("outcome", &self.outcome)
            .field("states", &self.states)
            .field("outputs", &self.outputs)
            .field("effects", &self.effects)
            .finish()
    }
}

impl<C: Chart> Step<C> {
    /// Runs one step on a recorder and collects what it did.
    pub fn record(machine: &mut C, now: Time, input: Option<Input<C::Event, C::Returned>>) -> Self {
        let mut recorder = Recorder { now, ..Recorder::default() };
        // A machine that no one started yet enters its initial configuration first.
        if machine.core().active().next().is_none() && !machine.core().is_done() {
            machine.start(&mut recorder);
        }
        let outcome = input.map_or(Outcome::Taken, |input| machine.step(&mut recorder, input));
        Self {
            outcome,
            states: C::TABLES.leaves(machine.core().active()).map(|state| state.name).collect(),
            outputs: recorder.outputs().cloned().collect(),
            effects: recorder.effects,
        }
    }

    /// The active leaves joined by `, `.
    #[must_use]
    pub fn path(&self) -> String {
        self.states.join(", ")
    }
}
