//! Runs: what a machine does with a word, one row a step.

use super::{
    Answers, Cause, FIRING_LIMIT, Input, Interpreter, ItemKind, Outcome, StepReport, Word,
    value::duration_text,
};
use crate::model::{Machine, StateKind};

/// What a machine did with a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The machine's name.
    pub machine: String,
    /// The word as it was written.
    pub word: String,
    /// One row a step: the start, then each item of the word with what it set off.
    pub rows: Vec<Row>,
    /// The word is in the machine's language: the last configuration accepts and no strict machine met a
    /// symbol that it has no use for.
    pub accepted: bool,
    /// Whether acceptance means anything: some state is marked `accept`, or the root has a final state.
    pub acceptor: bool,
    /// Position of the item, from 1, at which a strict machine met what it has no use for; 0 is the start.
    pub rejected_at: Option<usize>,
    /// Paths of the active leaf states at the end, in document order.
    pub leaves: Vec<String>,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Position of the item in the word, from 1; 0 is the start. Steps that an item sets off, by timers and
    /// messages to the machine itself, have the item's number.
    pub n: usize,
    /// Whether it follows from an earlier row of the same item, by a timer or a message.
    pub triggered: bool,
    /// The event as it was written; for a step that time sets off, the timer or message.
    pub symbol: String,
    /// The transitions taken, as the spec spells them.
    pub transitions: Vec<String>,
    /// The guards of the transitions taken, as the spec spells them.
    pub guards: Vec<String>,
    /// Everything else about the step.
    pub report: StepReport,
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
            (_, Cause::Clock) => notes.push("nothing elapsed".to_owned()),
            (outcome, _) => notes.push(outcome.to_string()),
        }
        let own = usize::from(self.report.outcome == Outcome::Unhandled && self.report.cause != Cause::Clock);
        notes.extend(self.report.recalled.iter().map(|signal| format!("recalled {signal}")));
        notes.extend(self.report.unhandled.iter().skip(own).map(|signal| format!("unhandled {signal}")));
        notes.extend(self.report.faults().map(|fault| format!("fault {}", fault.kind())));
        notes.join(", ")
    }

    /// Whether a strict machine rejects here.
    fn is_error(&self) -> bool {
        let too_late = self.report.outcome == Outcome::Done && self.report.cause != Cause::Clock;
        self.report.outcome == Outcome::Unhandled || too_late || !self.report.unhandled.is_empty()
    }
}

/// Runs a word from the machine's start, on a clock that stands at 0.
///
/// An event that a running activity may report counts as that activity's report; extern guards that the
/// word does not answer are false. After each item everything that is due at once happens: messages
/// that the machine sent itself, timers of no length.
#[must_use]
pub fn run(machine: &Machine, word: &Word) -> Run {
    let mut interpreter = Interpreter::with_world(machine, word.start.clone());
    let mut rows = Vec::new();
    let start = interpreter.start();
    rows.push(row(machine, 0, None, start));
    triggered(&mut interpreter, 0, 0, &mut rows);
    for (n, item) in (1..).zip(&word.items) {
        interpreter.world_mut().clone_from(&item.answers);
        match &item.kind {
            ItemKind::Event { event, args } => {
                let (event, args) = (*event, args.clone());
                let input = match interpreter.reporter(event) {
                    Some((activity, generation, last)) => {
                        Input::Report { activity, generation, event, args, last }
                    }
                    None => Input::Event { event, args },
                };
                let report = interpreter.step(input);
                rows.push(row(machine, n, Some(&item.text), report));
            }
            ItemKind::Advance { span_us } => {
                let first = rows.len();
                triggered(&mut interpreter, n, *span_us, &mut rows);
                match rows.get_mut(first) {
                    Some(row) => row.triggered = false,
                    None => {
                        let symbol = format!("after {}", duration_text(*span_us));
                        rows.push(idle(&interpreter, n, symbol, Outcome::Ignored));
                    }
                }
            }
            ItemKind::Elapse => match interpreter.elapse() {
                Some(report) => rows.push(row(machine, n, None, report)),
                None => rows.push(idle(&interpreter, n, item.text.clone(), Outcome::Ignored)),
            },
        }
        triggered(&mut interpreter, n, 0, &mut rows);
    }
    let rejected_at = rows.iter().find(|row| machine.strict && row.is_error()).map(|row| row.n);
    Run {
        machine: machine.name.clone(),
        word: word.text.clone(),
        rows,
        accepted: rejected_at.is_none() && interpreter.accepts(),
        acceptor: is_acceptor(machine),
        rejected_at,
        leaves: interpreter.leaves(),
    }
}

fn is_acceptor(machine: &Machine) -> bool {
    machine.states.iter().any(|state| state.accept || (state.kind == StateKind::Final && state.parent == 0))
}

/// Lets time pass and adds a row for each timer and message that is due.
fn triggered(interpreter: &mut Interpreter<'_, Answers>, n: usize, span_us: i64, rows: &mut Vec<Row>) {
    let advance = interpreter.advance(span_us);
    let machine = interpreter.machine();
    rows.extend(
        advance.steps.into_iter().map(|report| Row { triggered: true, ..row(machine, n, None, report) }),
    );
    if advance.limit_reached {
        let symbol = format!("more than {FIRING_LIMIT} timers and messages at once");
        rows.push(idle(interpreter, n, symbol, Outcome::Unhandled));
    }
}

fn row(machine: &Machine, n: usize, symbol: Option<&str>, report: StepReport) -> Row {
    let symbol = match (symbol, report.cause) {
        (Some(symbol), _) => symbol.to_owned(),
        (None, Cause::Message) => format!("self: {}", report.event),
        (None, _) => report.event.clone(),
    };
    let transitions = report.transitions.iter().map(|&id| machine.transition_text(id)).collect();
    let guards =
        report.transitions.iter().filter_map(|&id| machine.transitions.get(id)?.guard_text.clone()).collect();
    Row { n, triggered: false, symbol, transitions, guards, report }
}

/// Time passed and nothing was due.
fn idle(interpreter: &Interpreter<'_, Answers>, n: usize, symbol: String, outcome: Outcome) -> Row {
    let leaves = interpreter.leaves();
    let report = StepReport {
        event: symbol.clone(),
        cause: Cause::Clock,
        outcome,
        time_us: interpreter.time_us(),
        before: leaves.clone(),
        after: leaves,
        ..StepReport::default()
    };
    row(interpreter.machine(), n, Some(&symbol), report)
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
        let end = if self.leaves.is_empty() { "no state".to_owned() } else { self.leaves.join(", ") };
        let rejecting =
            self.rejected_at.and_then(|at| self.rows.iter().find(|row| row.n == at && row.is_error()));
        match (rejecting, self.acceptor, self.accepted) {
            (Some(row), ..) => {
                let name = row
                    .report
                    .unhandled
                    .first()
                    .map_or_else(|| row.symbol.clone(), |signal| signal.name.clone());
                format!(
                    "rejected at {}: {name} is unhandled in {}; ends in {end}",
                    row.n,
                    row.report.before.join(", ")
                )
            }
            (None, true, true) => format!("accepted in {end}"),
            (None, true, false) => format!("rejected: {end} does not accept"),
            (None, false, _) => format!("ends in {end}"),
        }
    }
}
