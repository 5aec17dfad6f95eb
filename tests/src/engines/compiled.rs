//! A machine compiled to Rust, with a clock of its own.

use std::collections::BTreeMap;

use statechart_lang::interpreter::{self, Answers, Effect, Outcome, Signal, Value};
use statechart_runtime::{
    chart::{self, Effects, Input, Receiver},
    snapshot,
    value::{self, Time},
};

use super::{Answered, Ask, Did, Engine, Glue, generation, note};

/// Compiled, with a clock of its own.
pub(super) struct Compiled<M: Glue> {
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
        value::Fault::TextTooLong => Told::TextTooLong,
        value::Fault::NoValue => Told::NoValue,
        value::Fault::QueueFull { limit } => Told::QueueFull { limit },
        value::Fault::DeferredFull { limit } => Told::DeferredFull { limit },
        value::Fault::Microsteps { limit } => Told::Microsteps { limit },
        value::Fault::Turns { limit } => Told::Turns { limit },
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
    pub(super) fn new(params: &[Value]) -> Self {
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
                chart::Outcome::Dropped => Outcome::Dropped,
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
            Ask::Halt => {
                let mut notes = self.notes();
                let was_done = self.machine.core().is_done();
                self.machine.halt(&mut notes);
                let outcome = if was_done { chart::Outcome::Done } else { chart::Outcome::Taken };
                return Some(self.did(notes, outcome));
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
