//! [`Session`]: a machine that is fed a word item by item, each item giving rows of a run.

use super::{
    Answers, Cause, FIRING_LIMIT, Input, Interpreter, Item, ItemKind, Outcome, Row, Snapshot, SnapshotError,
    StepReport, Value, value::duration_text,
};
use crate::model::Machine;

/// A machine that is fed a word item by item. Cloning it forks it.
///
/// An event that a running activity may report counts as that activity's report; extern guards that the
/// word does not answer are false. After each item everything that is due at once happens: messages
/// that the machine sent itself, timers of no length.
#[derive(Debug, Clone)]
pub struct Session<'m> {
    interpreter: Interpreter<'m, Answers>,
    /// How many items were applied.
    n: usize,
}

impl<'m> Session<'m> {
    /// A session in which the machine has not been started; its clock stands at 0.
    #[must_use]
    pub fn new(machine: &'m Machine) -> Self {
        Self { interpreter: Interpreter::with_world(machine, Answers::default()), n: 0 }
    }

    /// The same session with values for the machine's parameters; see [`Interpreter::with_params`].
    #[must_use]
    pub fn with_params(mut self, values: Vec<Value>) -> Self {
        self.interpreter = self.interpreter.with_params(values);
        self
    }

    /// A session that goes on where the snapshot was taken, and what is to be done anew; see
    /// [`Interpreter::restore`].
    ///
    /// # Errors
    /// When the snapshot does not fit the machine.
    pub fn restore(machine: &'m Machine, snapshot: &Snapshot) -> Result<(Self, StepReport), SnapshotError> {
        let (interpreter, report) = Interpreter::restore(machine, Answers::default(), snapshot)?;
        Ok((Self { interpreter, n: 0 }, report))
    }

    /// The same session; its reports say why transitions were taken or not, see [`Interpreter::explaining`].
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.interpreter = self.interpreter.explaining();
        self
    }

    /// The machine as it stands.
    #[must_use]
    pub fn interpreter(&self) -> &Interpreter<'m, Answers> {
        &self.interpreter
    }

    /// Starts the machine. Call it once, before the first item.
    pub fn start(&mut self, answers: &Answers) -> Vec<Row> {
        self.interpreter.world_mut().clone_from(answers);
        let report = self.interpreter.start();
        let mut rows = vec![row(self.interpreter.machine(), 0, None, report)];
        self.triggered(0, &mut rows);
        rows
    }

    /// Applies one item and what it sets off at once.
    pub fn apply(&mut self, item: &Item) -> Vec<Row> {
        self.n += 1;
        let (machine, n) = (self.interpreter.machine(), self.n);
        let mut rows = Vec::new();
        self.interpreter.world_mut().clone_from(&item.answers);
        match &item.kind {
            ItemKind::Event { event, args } => {
                let (event, args) = (*event, args.clone());
                let input = match self.interpreter.reporter(event) {
                    Some((activity, generation, last)) => {
                        Input::Report { activity, generation, event, args, last }
                    }
                    None => Input::Event { event, args },
                };
                let report = self.interpreter.step(input);
                rows.push(row(machine, n, Some(&item.text), report));
            }
            ItemKind::Done { child, result } => {
                let running = self.interpreter.children().find(|(running, _)| running == child);
                // Zero is never given out: where no such child runs, the report is stale.
                let generation = running.map_or(0, |(_, generation)| generation);
                let input = Input::ChildDone { child: *child, generation, result: result.clone() };
                let report = self.interpreter.step(input);
                rows.push(row(machine, n, Some(&item.text), report));
            }
            ItemKind::Advance { span_us } => {
                self.triggered(*span_us, &mut rows);
                match rows.first_mut() {
                    Some(row) => row.triggered = false,
                    None => {
                        let symbol = format!("after {}", duration_text(*span_us));
                        rows.push(self.idle(symbol, Outcome::Ignored));
                    }
                }
            }
            ItemKind::Elapse => match self.interpreter.elapse() {
                Some(report) => rows.push(row(machine, n, None, report)),
                None => rows.push(self.idle(item.text.clone(), Outcome::Ignored)),
            },
        }
        self.triggered(0, &mut rows);
        rows
    }

    /// Lets time pass and adds a row for each timer and message that is due.
    fn triggered(&mut self, span_us: i64, rows: &mut Vec<Row>) {
        let advance = self.interpreter.advance(span_us);
        let (machine, n) = (self.interpreter.machine(), self.n);
        rows.extend(
            advance.steps.into_iter().map(|report| Row { triggered: true, ..row(machine, n, None, report) }),
        );
        if advance.limit_reached {
            let symbol = format!("more than {FIRING_LIMIT} timers and messages at once");
            rows.push(self.idle(symbol, Outcome::Unhandled));
        }
    }

    /// Time passed and nothing was due.
    fn idle(&self, symbol: String, outcome: Outcome) -> Row {
        let leaves = self.interpreter.leaves();
        let report = StepReport {
            event: symbol.clone(),
            cause: Cause::Clock,
            outcome,
            time_us: self.interpreter.time_us(),
            before: leaves.clone(),
            after: leaves,
            ..StepReport::default()
        };
        row(self.interpreter.machine(), self.n, Some(&symbol), report)
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
