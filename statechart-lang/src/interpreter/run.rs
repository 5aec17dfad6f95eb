//! Runs: what a machine does with a word, one row a step.

use super::{
    Answers, Cause, Interpreter, Outcome, Session, Stage, StepReport, Word,
    ways::{self, WAY_LIMIT, Way},
};
use crate::model::{Machine, StateId, StateKind};

/// What a machine did with a word, or several machines that run together.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The name of the machine or system.
    pub machine: String,
    /// The word as it was written.
    pub word: String,
    /// One row a step: the start, then each item of the word with what it set off.
    pub rows: Vec<Row>,
    /// The word is in the machine's language: the last configuration accepts and no strict machine met a
    /// symbol that it has no use for.
    pub accepted: bool,
    /// Whether acceptance means anything: some state is marked `accept`, or the machine can be done.
    pub acceptor: bool,
    /// Position of the item, from 1, at which a strict machine met what it has no use for; 0 is the start.
    pub rejected_at: Option<usize>,
    /// A nondeterministic machine has more ways through the word than were looked at.
    pub more_ways: bool,
    /// Paths of the active leaf states at the end, in document order.
    pub leaves: Vec<String>,
}

/// One step of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Position of the item in the word, from 1; 0 is the start. Steps that an item sets off, by timers and
    /// messages to the machine itself, have the item's number.
    pub n: usize,
    /// Whether it follows from an earlier row of the same item, by a timer or a message.
    pub triggered: bool,
    /// Which machine took it: the actor and the children on the way, joined by dots; empty for a machine that runs by
    /// itself.
    pub path: String,
    /// That machine's name.
    pub of: String,
    /// That machine is strict.
    pub strict: bool,
    /// The event as it was written; for a step that time sets off, the timer or message.
    pub symbol: String,
    /// The transitions taken, as the spec spells them.
    pub transitions: Vec<String>,
    /// The guards of the transitions taken, as the spec spells them.
    pub guards: Vec<String>,
    /// Everything else about the step.
    pub report: StepReport,
    /// Messages that nobody gets, and why.
    pub undelivered: Vec<String>,
}

impl Row {
    /// What is out of the ordinary, for people: `unhandled`, `deferred`, `recalled B`, `fault overflow`.
    #[must_use]
    pub fn note(&self) -> String {
        let mut notes = Vec::new();
        match (self.report.outcome, self.report.cause) {
            (Outcome::Taken, _) => {}
            (_, Cause::Clock) if self.report.outcome == Outcome::Unhandled => {
                notes.push("stopped here".to_owned())
            }
            (Outcome::Stale, Cause::Clock) => notes.push("no such machine runs".to_owned()),
            (_, Cause::Clock) => notes.push("nothing elapsed".to_owned()),
            (outcome, _) => notes.push(outcome.to_string()),
        }
        let own = usize::from(self.report.outcome == Outcome::Unhandled && self.report.cause != Cause::Clock);
        notes.extend(self.report.recalled.iter().map(|signal| format!("recalled {signal}")));
        notes.extend(self.report.unhandled.iter().skip(own).map(|signal| format!("unhandled {signal}")));
        notes.extend(self.report.faults().map(|fault| format!("fault {}", fault.kind())));
        notes.extend(self.undelivered.iter().cloned());
        notes.join(", ")
    }

    /// Whether the machine is strict and rejects here.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.strict && self.is_error()
    }

    /// Whether a strict machine rejects here.
    pub(super) fn is_error(&self) -> bool {
        if self.report.cause == Cause::Stop {
            return false;
        }
        let too_late = self.report.outcome == Outcome::Done && self.report.cause != Cause::Clock;
        self.report.outcome == Outcome::Unhandled || too_late || !self.report.unhandled.is_empty()
    }
}

/// Runs a word from the machine's start, on a clock that stands at 0, its children not run; see [`Stage::run`] for
/// those that are.
#[must_use]
pub fn run(machine: &Machine, word: &Word) -> Run {
    Stage::alone(machine).run(word)
}

/// The same run, whose reports say why transitions were taken or not; see
/// [`Interpreter::explaining`](super::Interpreter::explaining).
#[must_use]
pub fn run_explained(machine: &Machine, word: &Word) -> Run {
    Stage::alone(machine).explaining().run(word)
}

pub(super) fn run_on(stage: &Stage<'_>, word: &Word) -> Run {
    let is_good = |session: &Session<'_>| !has_acceptor(session) || accepts(session);
    let Way { session, rows, more } = ways::best(stage, word, &is_good);
    let rejected_at = rows.iter().find(|row| row.is_refused()).map(|row| row.n);
    Run {
        machine: stage.name().to_owned(),
        word: word.text.clone(),
        rows,
        accepted: rejected_at.is_none() && accepts(&session),
        acceptor: has_acceptor(&session),
        rejected_at,
        more_ways: more,
        leaves: session.leaves(),
    }
}

fn machines<'s, 'm>(session: &'s Session<'m>) -> impl Iterator<Item = &'s Interpreter<'m, Answers>> {
    session.system().actors().map(|(_, machine)| machine)
}

fn has_acceptor(session: &Session<'_>) -> bool {
    machines(session).any(|machine| is_acceptor(machine.machine()))
}

/// Of several actors those that can refuse a word have to accept it.
fn accepts(session: &Session<'_>) -> bool {
    let acceptor = has_acceptor(session);
    machines(session).filter(|machine| !acceptor || is_acceptor(machine.machine())).all(Interpreter::accepts)
}

/// Whether acceptance means anything: some state is marked `accept`, or the machine can be done, for its root has a
/// final state or each of its regions has. Any other machine accepts what it does not refuse.
#[must_use]
pub fn is_acceptor(machine: &Machine) -> bool {
    machine.states.iter().any(|state| state.accept) || may_complete(machine, 0)
}

/// Whether the final states are there that W3C isInFinalState asks for.
fn may_complete(machine: &Machine, state: StateId) -> bool {
    let Some(row) = machine.states.get(state) else { return false };
    let is_final =
        |child: &StateId| machine.states.get(*child).is_some_and(|row| row.kind == StateKind::Final);
    match row.kind {
        StateKind::Compound => row.children.iter().any(is_final),
        StateKind::Parallel => {
            !row.children.is_empty() && row.children.iter().all(|&child| may_complete(machine, child))
        }
        StateKind::Atomic | StateKind::Final | StateKind::History { .. } => false,
    }
}

impl Run {
    /// λ̄: the output word, each symbol with its fields.
    #[must_use]
    pub fn outputs(&self) -> Vec<String> {
        self.rows.iter().flat_map(|row| &row.report.outputs).map(ToString::to_string).collect()
    }

    /// δ̄: the configuration after the start and after each step, active leaves joined by `, `.
    #[must_use]
    pub fn states(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.report.after.join(", ")).collect()
    }

    /// What became of the word, in one line.
    #[must_use]
    pub fn verdict(&self) -> String {
        let more = if self.more_ways && !self.is_accepted() {
            format!("; there are more than the {WAY_LIMIT} ways through the word that were looked at")
        } else {
            String::new()
        };
        format!("{}{more}", self.verdict_of_way())
    }

    fn verdict_of_way(&self) -> String {
        let end = if self.leaves.is_empty() { "no state".to_owned() } else { self.leaves.join(", ") };
        let rejecting =
            self.rejected_at.and_then(|at| self.rows.iter().find(|row| row.n == at && row.is_error()));
        match (rejecting, self.acceptor, self.accepted) {
            (Some(row), ..) => {
                let (name, leaves) = match row.report.unhandled.first() {
                    Some(unhandled) => (unhandled.signal.name.as_str(), &unhandled.leaves),
                    None => (row.symbol.as_str(), &row.report.before),
                };
                format!("rejected at {}: {name} is unhandled in {}; ends in {end}", row.n, leaves.join(", "))
            }
            (None, true, true) => format!("accepted in {end}"),
            (None, true, false) => format!("rejected: {end} does not accept"),
            (None, false, _) => format!("ends in {end}"),
        }
    }
}
