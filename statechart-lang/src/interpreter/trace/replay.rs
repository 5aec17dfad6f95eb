//! A journal through the interpreter: each step's input again, and what comes of it beside what was recorded.

use std::fmt;

use super::{
    Log,
    seen::{Seen, armed},
    steps::{Life, Opener, Step, lives},
    text::{arguments, returned},
};
use crate::{
    interpreter::{Fault, Input, Interpreter, LocalValue, StepReport, Value, World},
    model::{Machine, walk::reads_the_clock},
};

/// Most combinations of answers of extern guards that are tried for one step.
pub const ANSWER_LIMIT: usize = 4_096;

/// What a step can differ in, in the order in which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Transitions taken.
    Transitions,
    /// States left.
    Exited,
    /// States entered.
    Entered,
    /// Outputs emitted.
    Outputs,
    /// Messages sent.
    Messages,
    /// Services started.
    Services,
    /// Services cancelled.
    Cancelled,
    /// Children started.
    Children,
    /// Children stopped.
    Stopped,
    /// Timers armed.
    Timers,
    /// Events that nothing wants.
    Unhandled,
    /// Whether the event was deferred.
    Deferred,
    /// Faults raised.
    Faults,
    /// Lines of `log`.
    Logs,
}

impl Category {
    /// All of them.
    pub(super) const ALL: [Self; 14] = [
        Self::Transitions,
        Self::Exited,
        Self::Entered,
        Self::Outputs,
        Self::Messages,
        Self::Services,
        Self::Cancelled,
        Self::Children,
        Self::Stopped,
        Self::Timers,
        Self::Unhandled,
        Self::Deferred,
        Self::Faults,
        Self::Logs,
    ];
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transitions => "transitions",
            Self::Exited => "states left",
            Self::Entered => "states entered",
            Self::Outputs => "outputs",
            Self::Messages => "messages",
            Self::Services => "services started",
            Self::Cancelled => "services cancelled",
            Self::Children => "children started",
            Self::Stopped => "children stopped",
            Self::Timers => "timers armed",
            Self::Unhandled => "unhandled events",
            Self::Deferred => "deferred",
            Self::Faults => "faults",
            Self::Logs => "log lines",
        })
    }
}

/// What became of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// How many steps agree, the starts included.
    pub steps: usize,
    /// How many steps were not compared to their end because the actor failed in them or the journal ends in them.
    pub torn: usize,
    /// How many records of the actor were read.
    pub records: usize,
    /// Times were left out of the comparison: the machine reads its clock.
    pub timeless: bool,
    /// How it ended.
    pub ending: Ending,
}

/// How a replay ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// At the end of the journal.
    Agrees {
        /// Paths of the active leaf states there.
        leaves: Vec<String>,
    },
    /// At the first step that differs.
    Differs(Box<Difference>),
    /// Where the journal cannot be followed any further; up to there it agrees.
    Stopped {
        /// The line of the journal.
        line: usize,
        /// Why.
        why: String,
    },
}

/// The first step that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which step, from 1; the start is the first.
    pub step: usize,
    /// The line of the journal at which it begins.
    pub line: usize,
    /// The actor's number of that record.
    pub sequence: u64,
    /// What set it off, for people.
    pub event: String,
    /// Paths of the active leaf states before it.
    pub before: Vec<String>,
    /// What differs.
    pub category: Category,
    /// What was recorded of that.
    pub recorded: Vec<String>,
    /// What the specification does.
    pub replayed: Vec<String>,
    /// The specification asked extern guards in it, and no answers lead to what was recorded.
    pub asked: bool,
}

/// Answers open guards by a script and counts the questions.
#[derive(Debug, Clone, Default)]
struct Script {
    answers: Vec<bool>,
    asked: usize,
}

impl World for Script {
    fn guard(&mut self, _name: &str, _args: &[Value]) -> bool {
        let answer = self.answers.get(self.asked).copied().unwrap_or(false);
        self.asked += 1;
        answer
    }
}

/// Replays what an actor did; of several of one name, one after the other. `params` are values of the machine's
/// parameters; the others have their defaults.
#[must_use]
pub fn replay(machine: &Machine, log: &Log, actor: &str, params: &[LocalValue]) -> Replay {
    let lives = lives(log, actor);
    let mut found = Replay {
        steps: 0,
        torn: 0,
        records: lives.iter().map(|life| life.records).sum(),
        timeless: reads_the_clock(machine),
        ending: Ending::Stopped { line: 0, why: format!("the journal holds nothing of `{actor}`") },
    };
    let mut before = 0;
    for life in &lives {
        found.ending = relive(machine, life, before, params, &mut found);
        if !matches!(found.ending, Ending::Agrees { .. }) {
            break;
        }
        before += life.steps.len();
    }
    found
}

/// Replays one life, behind so many steps of others.
fn relive(
    machine: &Machine,
    life: &Life<'_>,
    before: usize,
    params: &[LocalValue],
    found: &mut Replay,
) -> Ending {
    let fresh = || Interpreter::with_world(machine, Script::default()).with_some_params(params.to_vec());
    let mut interpreter = fresh();
    let mut is_lost = false;
    for (at, step) in life.steps.iter().enumerate() {
        if matches!(step.opener, Opener::Start) {
            interpreter = fresh();
            is_lost = false;
        }
        if step.is_torn {
            // Nobody knows how far it came, so nothing can be said of what follows in the same life.
            found.torn += 1;
            is_lost = true;
            continue;
        }
        if is_lost {
            continue;
        }
        interpreter = interpreter.at(step.first.time_us);
        match follow(&interpreter, step, found.timeless) {
            Ok(Some(next)) => {
                interpreter = next;
                // What it sends itself comes back as recorded events.
                interpreter.forget_messages();
                found.steps += 1;
            }
            Ok(None) => found.torn += 1,
            Err(Trouble::Stop(why)) => return Ending::Stopped { line: step.first.line, why },
            Err(Trouble::Differs(mut difference)) => {
                difference.step = before + at + 1;
                return Ending::Differs(difference);
            }
        }
    }
    match &life.stopped {
        Some((line, why)) => Ending::Stopped { line: *line, why: why.clone() },
        None => Ending::Agrees { leaves: interpreter.leaves() },
    }
}

enum Trouble {
    Stop(String),
    Differs(Box<Difference>),
}

/// Runs a step with all answers of extern guards, until one does what was recorded. None where the journal ends in the
/// step and some answers lead to what is there.
fn follow<'m>(
    interpreter: &Interpreter<'m, Script>,
    step: &Step<'_>,
    timeless: bool,
) -> Result<Option<Interpreter<'m, Script>>, Trouble> {
    let machine = interpreter.machine();
    let recorded = Seen::recorded(machine, step, timeless);
    let inputs = inputs(interpreter, step).map_err(Trouble::Stop)?;
    let mut nearest: Option<(usize, Seen, StepReport)> = None;
    let (mut tried, mut asked, mut is_begun) = (0, false, false);
    for input in inputs {
        let mut scripts: Vec<Vec<bool>> = vec![Vec::new()];
        while let Some(answers) = scripts.pop() {
            tried += 1;
            if tried > ANSWER_LIMIT {
                return Err(Trouble::Stop(format!(
                    "more than {ANSWER_LIMIT} combinations of answers of extern guards would have to be tried"
                )));
            }
            let mut next = interpreter.clone();
            let given = answers.len();
            *next.world_mut() = Script { answers: answers.clone(), asked: 0 };
            let report = match &input {
                Attempt::Start => next.start(),
                Attempt::Halt => next.halt(),
                Attempt::Input(input) => next.step(input.clone()),
            };
            let questions = next.world_mut().asked;
            *next.world_mut() = Script::default();
            asked |= questions > 0;
            // Beyond the script every answer was `false`; each of them may also be `true`.
            for at in (given..questions).rev() {
                let mut more = answers.clone();
                more.resize(at, false);
                more.push(true);
                scripts.push(more);
            }
            let replayed = Seen::replayed(machine, &report, timeless);
            if replayed == recorded || replayed.differs(&recorded).is_none() {
                return Ok(Some(next));
            }
            is_begun |= step.may_be_cut && recorded.begins(&replayed);
            let likeness = replayed.likeness(&recorded);
            if nearest.as_ref().is_none_or(|(best, ..)| likeness > *best) {
                nearest = Some((likeness, replayed, report));
            }
        }
    }
    if is_begun {
        return Ok(None);
    }
    let (replayed, report) = nearest.map(|(_, seen, report)| (seen, report)).unwrap_or_default();
    let category = recorded.differs(&replayed).unwrap_or(Category::Transitions);
    Err(Trouble::Differs(Box::new(Difference {
        step: 0,
        line: step.first.line,
        sequence: step.first.sequence,
        event: report.event,
        before: interpreter.leaves(),
        category,
        recorded: recorded.of(category).to_vec(),
        replayed: replayed.of(category).to_vec(),
        asked,
    })))
}

/// What a step is run by.
enum Attempt {
    Start,
    Halt,
    Input(Input),
}

/// What set the step off, as the interpreter takes it. Of several timers of a state any may be the one.
fn inputs(interpreter: &Interpreter<'_, Script>, step: &Step<'_>) -> Result<Vec<Attempt>, String> {
    let machine = interpreter.machine();
    Ok(match &step.opener {
        Opener::Start => vec![Attempt::Start],
        Opener::Halt => vec![Attempt::Halt],
        Opener::Event { name, text, service } => {
            let event = machine.event(name).ok_or_else(|| {
                format!(
                    "`{}` has no event `{name}`: the journal is of another machine or version",
                    machine.name
                )
            })?;
            let row = machine.events.get(event).map(|row| &row.symbol);
            let args = match row {
                Some(symbol) => arguments(text, symbol).map_err(|why| {
                    format!("`{text}` is not the event `{name}` of the specification: {why}")
                })?,
                None => Vec::new(),
            };
            let reporter = interpreter.activities().find(|(activity, _)| match service {
                Some(service) => machine.runs(*activity) == service,
                // An item of a stream; what else comes from outside.
                None => {
                    let runs = machine.activities.get(*activity).and_then(|row| row.runs.service());
                    runs.and_then(|service| machine.services.get(service))
                        .is_some_and(|service| service.streams.contains(&event))
                }
            });
            vec![Attempt::Input(match reporter {
                Some((activity, generation)) => {
                    Input::Report { activity, generation, event, args, last: service.is_some() }
                }
                None => Input::Event { event, args },
            })]
        }
        Opener::Timer { state } => {
            let armed = armed(interpreter, state);
            if armed.is_empty() {
                // What an interpreter makes of a timer that is not armed: nothing.
                vec![Attempt::Input(Input::Elapsed { timer: usize::MAX, generation: 0 })]
            } else {
                armed
                    .into_iter()
                    .map(|(timer, generation)| Attempt::Input(Input::Elapsed { timer, generation }))
                    .collect()
            }
        }
        Opener::ChildDone { child, result } => {
            let (child, generation) = running(interpreter, child)?;
            let ty = machine.children.get(child).and_then(|row| row.result.as_ref());
            let result = match (result, ty) {
                (Some(text), Some(ty)) => Some(
                    returned(text, ty)
                        .map_err(|why| format!("`{text}` is not what the child returns: {why}"))?,
                ),
                _ => None,
            };
            vec![Attempt::Input(Input::ChildDone { child, generation, result })]
        }
        Opener::ChildFailed { child } => {
            let (child, generation) = running(interpreter, child)?;
            vec![Attempt::Input(Input::ChildFailed { child, generation })]
        }
        Opener::Fault { kind } => {
            let fault = match kind.as_str() {
                "service_panicked" => Fault::ServicePanicked,
                _ => Fault::Undelivered,
            };
            vec![Attempt::Input(Input::Fault(fault))]
        }
    })
}

/// A child by its name, and the generation under which it runs; zero, which is never given out, where it does not.
fn running(interpreter: &Interpreter<'_, Script>, name: &str) -> Result<(usize, u32), String> {
    let machine = interpreter.machine();
    let child = machine.children.iter().position(|child| child.name == name).ok_or_else(|| {
        format!("`{}` has no child `{name}`: the journal is of another machine or version", machine.name)
    })?;
    let generation = interpreter.children().find(|(running, _)| *running == child);
    Ok((child, generation.map_or(0, |(_, generation)| generation)))
}
