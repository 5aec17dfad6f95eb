//! [`Session`]: machines that are fed a word item by item, each item giving rows of a run.

use super::{
    Answers, Cause, FIRING_LIMIT, Input, Interpreter, Item, ItemKind, Outcome, Row, Snapshot, SnapshotError,
    Stage, StepReport, System, SystemStep, WORK_LIMIT, value::duration_text, ways::Choices,
};
use crate::model::Machine;

/// Machines that are fed a word item by item. Cloning it forks it.
///
/// An event that a running activity may report counts as that activity's report; extern guards that the
/// word does not answer are false. After each item everything that is due at once happens: messages
/// that machines sent, timers of no length.
#[derive(Debug, Clone)]
pub struct Session<'m> {
    system: System<'m>,
    /// How many items were applied.
    n: usize,
    firing_limit: usize,
    work_limit: usize,
}

impl<'m> Session<'m> {
    /// A session in which the machine has not been started; its clock stands at 0. Its children are not run; see
    /// [`Stage::session`] for those that are.
    #[must_use]
    pub fn new(machine: &'m Machine) -> Self {
        Stage::alone(machine).session()
    }

    pub(super) fn of(system: System<'m>) -> Self {
        Self { system, n: 0, firing_limit: FIRING_LIMIT, work_limit: WORK_LIMIT }
    }

    /// A session that goes on where the snapshot was taken, and what is to be done anew; see
    /// [`Interpreter::restore`].
    ///
    /// # Errors
    /// When the snapshot does not fit the machine.
    pub fn restore(machine: &'m Machine, snapshot: &Snapshot) -> Result<(Self, StepReport), SnapshotError> {
        let (system, step) = System::restore_alone(machine, snapshot)?;
        Ok((Self::of(system), step.report))
    }

    /// The same session; its reports say why transitions were taken or not, see [`Interpreter::explaining`].
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.system = self.system.explaining();
        self
    }

    /// The same session with other limits: so many timers and messages at most are let through for one item, instead
    /// of [`FIRING_LIMIT`], and they take so many transitions at most, instead of [`WORK_LIMIT`].
    #[must_use]
    pub fn at_most(mut self, firings: usize, transitions: usize) -> Self {
        self.firing_limit = firings;
        self.work_limit = transitions;
        self
    }

    /// The outermost machine as it stands; of several actors the first.
    ///
    /// # Panics
    /// As [`System::root`].
    #[must_use]
    pub fn interpreter(&self) -> &Interpreter<'m, Answers> {
        self.system.root()
    }

    /// Says which transitions the machine takes where it may take several, from now on; gives back what was said before.
    pub(super) fn choose(&mut self, choices: Option<Choices>) -> Option<Choices> {
        self.system.root_mut().and_then(|root| std::mem::replace(&mut root.choices, choices))
    }

    /// Everything that runs.
    #[must_use]
    pub fn system(&self) -> &System<'m> {
        &self.system
    }

    /// Starts what runs from the beginning. Call it once, before the first item.
    pub fn start(&mut self, answers: &Answers) -> Vec<Row> {
        self.system.answer(answers);
        self.system.explain_anew();
        self.system.begin();
        let mut rows = Vec::new();
        self.triggered(0, &mut rows);
        numbered(rows)
    }

    /// Applies one item and what it sets off at once.
    pub fn apply(&mut self, item: &Item) -> Vec<Row> {
        self.n += 1;
        let mut rows = Vec::new();
        self.system.answer(&item.answers);
        self.system.explain_anew();
        self.system.summon(&item.to);
        if self.system.is_busy() {
            self.triggered(0, &mut rows);
        }
        match &item.kind {
            ItemKind::Event { event, args } => {
                let (event, args) = (*event, args.clone());
                let reporter = self.system.at(&item.to).and_then(|machine| machine.reporter(event));
                let input = match reporter {
                    Some((activity, generation, last)) => {
                        Input::Report { activity, generation, event, args, last }
                    }
                    None => Input::Event { event, args },
                };
                self.enter(item, input, &mut rows);
            }
            ItemKind::Done { child, result } => {
                let running = self.system.at(&item.to);
                let running =
                    running.and_then(|machine| machine.children().find(|(running, _)| running == child));
                // Zero is never given out: where no such child runs, the report is stale.
                let generation = running.map_or(0, |(_, generation)| generation);
                self.system.dismiss(&item.to, *child);
                let input = Input::ChildDone { child: *child, generation, result: result.clone() };
                self.enter(item, input, &mut rows);
            }
            ItemKind::Advance { span_us } => {
                self.triggered(*span_us, &mut rows);
                if rows.is_empty() {
                    let symbol = format!("after {}", duration_text(*span_us));
                    rows.push(self.idle(symbol, Outcome::Ignored));
                }
            }
            ItemKind::Elapse => {
                let due_us = self.system.next_due_us();
                match due_us.and_then(|due_us| self.system.next_step(due_us)) {
                    Some(step) => rows.push(self.row(None, step)),
                    None => rows.push(self.idle(item.text.clone(), Outcome::Ignored)),
                }
            }
        }
        self.triggered(0, &mut rows);
        numbered(rows)
    }

    /// An input for the machine that the item is for.
    fn enter(&mut self, item: &Item, input: Input, rows: &mut Vec<Row>) {
        match self.system.enter(&item.to, input) {
            Some(step) => rows.push(self.row(Some(item), step)),
            // It has ended, or never started.
            None => rows.push(self.idle(item.text.clone(), Outcome::Stale)),
        }
    }

    /// Lets time pass and adds a row for each step that is due.
    fn triggered(&mut self, span_us: i64, rows: &mut Vec<Row>) {
        let until_us = self.system.time_us().saturating_add(span_us);
        let (mut fired, mut work) = (0, 0);
        while let Some(step) = self.system.next_step(until_us) {
            fired += 1;
            work += step.report.transitions.len();
            rows.push(self.row(None, step));
            let over = match (fired >= self.firing_limit, work >= self.work_limit) {
                (true, _) => Some(format!("more than {} timers and messages at once", self.firing_limit)),
                (_, true) => Some(format!("more than {} transitions at once", self.work_limit)),
                _ => None,
            };
            let is_more =
                self.system.is_busy() || self.system.next_due_us().is_some_and(|due| due <= until_us);
            if let Some(symbol) = over.filter(|_| is_more) {
                rows.push(self.idle(symbol, Outcome::Unhandled));
                return;
            }
        }
        // Nothing more is due: only the clock moves, and messages to others leave.
        self.system.set_time(until_us);
    }

    /// Time passed and nothing was due.
    fn idle(&self, symbol: String, outcome: Outcome) -> Row {
        let leaves = self.leaves();
        let report = StepReport {
            event: symbol.clone(),
            cause: Cause::Clock,
            outcome,
            time_us: self.system.time_us(),
            before: leaves.clone(),
            after: leaves,
            ..StepReport::default()
        };
        Row { n: self.n, symbol, report, ..Row::default() }
    }

    /// Paths of the active leaf states of the outermost machines, in document order; those of actors behind their
    /// names.
    #[must_use]
    pub fn leaves(&self) -> Vec<String> {
        let of = |(name, machine): (&str, &Interpreter<'m, Answers>)| -> Vec<String> {
            let leaves = machine.leaves();
            if name.is_empty() { leaves } else { vec![format!("{name}: {}", leaves.join(", "))] }
        };
        self.system.actors().flat_map(of).collect()
    }

    fn row(&self, item: Option<&Item>, step: SystemStep) -> Row {
        let SystemStep { path, machine: of, report, undelivered } = step;
        let symbol = match (item, report.cause) {
            // Where the machine is named in a column of its own, it need not stand before its symbol.
            (Some(item), _) if path.is_empty() => item.text.clone(),
            (None, Cause::Message) => format!("self: {}", report.event),
            (Some(_) | None, _) => report.event.clone(),
        };
        let machine = self.system.known(&of);
        let rows = || report.transitions.iter().filter_map(|&id| Some((id, machine?.transitions.get(id)?)));
        Row {
            n: self.n,
            triggered: true,
            transitions: rows().filter_map(|(id, _)| Some(machine?.transition_text(id))).collect(),
            guards: rows().filter_map(|(_, transition)| transition.guard_text.clone()).collect(),
            strict: machine.is_some_and(|machine| machine.strict),
            path,
            of,
            symbol,
            report,
            undelivered,
        }
    }
}

/// The first row stands for the item, the others follow from it.
fn numbered(mut rows: Vec<Row>) -> Vec<Row> {
    for (at, row) in rows.iter_mut().enumerate() {
        row.triggered = at > 0;
    }
    rows
}
