//! From a chart to a finite automaton over Σ.
//!
//! A chart with a context is no finite automaton: something must be left out, and every answer names what.
//!
//! * [`Abstraction::Control`] forgets the context, data of states and fields of events. A guard that asks for them may
//!   hold or not, independently each time; what asks only for states (`in(s)`) is asked. Delays are forgotten too: any
//!   armed timer may be the next to elapse. The automaton accepts every word that the chart may accept for some
//!   payload, extern answers and timing, and perhaps more: it **over-approximates**.
//! * [`Abstraction::Context`] keeps the context and the clock and is exact for events without payload: fields hold the
//!   default of their type. Extern guards may answer either way. It ends only where finitely many configurations are
//!   reachable; the limit says so.
//!
//! In both, a machine without accepting states accepts what it does not refuse, and time may pass between two symbols, so
//! timers and delayed messages of the machine to itself are ε-edges. Deferred events and
//! messages under way are part of a configuration; a bound on them leaves words out.
//! Reports of services are symbols of Σ like any other; the completion of a child is the symbol `done(id)`.

use std::collections::{BTreeMap, VecDeque};

use super::{Alphabet, FormalError, Nfa, Read, StateIndex, choice::with_choices};
use crate::{
    interpreter::{Input, Interpreter, Outcome, Value, World, is_acceptor},
    model::{
        Action, ActionKind, BinaryOp, EventId, Expr, ExprKind, ExternFn, Literal, Machine, Receiver, Type,
        UnaryOp,
    },
};

/// What is kept of a machine when it becomes an automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abstraction {
    /// States, history, deferred and raised events; nothing that has a value.
    Control,
    /// Everything; events carry default payloads.
    Context,
}

impl Abstraction {
    /// One line for people: what an answer means.
    #[must_use]
    pub fn caption(self) -> &'static str {
        match self {
            Self::Control => {
                "control abstraction: context, payloads and delays ignored, so the language over-approximates"
            }
            Self::Context => {
                "context kept: exact for events with default payloads, any answers of extern guards and any pauses"
            }
        }
    }
}

/// Most ways through one step: each guard that is left open doubles them.
const BRANCH_LIMIT: usize = 4_096;

/// The automaton of a machine under an abstraction: a state a configuration, Σ as alphabet. Every event that
/// waits is kept; [`Reading`](super::Reading) bounds them.
///
/// # Errors
/// [`FormalError::TooLarge`] with more configurations than `limit`, or with more ways through one step than 4,096.
pub fn automaton(machine: &Machine, abstraction: Abstraction, limit: usize) -> Result<Nfa, FormalError> {
    explore(machine, abstraction, limit, usize::MAX).map(|read| read.nfa)
}

/// The same with at most so many events that wait.
pub(super) fn explore(
    machine: &Machine,
    abstraction: Abstraction,
    limit: usize,
    waiting: usize,
) -> Result<Read, FormalError> {
    let asking = with_choices(machine);
    let machine = asking.as_ref().unwrap_or(machine);
    let reduced;
    let machine = match abstraction {
        Abstraction::Control => {
            reduced = without_values(machine);
            &reduced
        }
        Abstraction::Context => machine,
    };
    Exploration::new(machine, abstraction, limit, waiting).run()
}

/// Σ of a machine: its input events, and `done(id)` for each child.
#[must_use]
pub fn alphabet(machine: &Machine) -> Alphabet {
    let events = machine.events.iter().filter(|event| !event.internal).map(|event| event.symbol.name.clone());
    let children = machine.children.iter().map(|child| format!("done({})", child.name));
    Alphabet::new(events.chain(children))
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

/// Breadth first through the configurations.
struct Exploration<'m> {
    machine: &'m Machine,
    abstraction: Abstraction,
    limit: usize,
    /// Most deferred events and messages under way of a configuration.
    waiting: usize,
    /// A configuration had more.
    is_cut: bool,
    /// Whether some configurations do not accept.
    acceptor: bool,
    nfa: Nfa,
    /// What tells configurations apart, as text, and the state that stands for it.
    known: BTreeMap<String, StateIndex>,
    open: VecDeque<(StateIndex, Interpreter<'m, Script>)>,
}

impl<'m> Exploration<'m> {
    fn new(machine: &'m Machine, abstraction: Abstraction, limit: usize, waiting: usize) -> Self {
        let nfa = Nfa::new(alphabet(machine));
        let acceptor = is_acceptor(machine);
        Self {
            machine,
            abstraction,
            limit,
            waiting,
            is_cut: false,
            acceptor,
            nfa,
            known: BTreeMap::new(),
            open: VecDeque::new(),
        }
    }

    fn run(mut self) -> Result<Read, FormalError> {
        let fresh = Interpreter::with_world(self.machine, Script::default()).quiet();
        let starts = ways(&fresh, |interpreter| {
            interpreter.start();
            Some(())
        })?;
        for start in starts {
            if let Some(state) = self.visit(start)? {
                self.nfa.start(state);
            }
        }
        let events: Vec<EventId> = (0..self.machine.events.len())
            .filter(|event| self.machine.events.get(*event).is_some_and(|event| !event.internal))
            .collect();
        while let Some((from, interpreter)) = self.open.pop_front() {
            for (symbol, &event) in events.iter().enumerate() {
                let next = ways(&interpreter, |interpreter| self.take(interpreter, event))?;
                self.edges(from, Some(symbol), next)?;
            }
            for (child, _) in self.machine.children.iter().enumerate() {
                let Some((_, generation)) = interpreter.children().find(|(id, _)| *id == child) else {
                    continue;
                };
                let next = ways(&interpreter, |interpreter| {
                    interpreter.step(Input::ChildDone { child, generation, result: None });
                    Some(())
                })?;
                self.edges(from, Some(events.len() + child), next)?;
            }
            for next in self.passing(&interpreter)? {
                self.edges(from, None, next)?;
            }
        }
        Ok(Read { nfa: self.nfa, is_cut: self.is_cut })
    }

    /// One symbol; `None` where the machine rejects it.
    fn take(&self, interpreter: &mut Interpreter<'m, Script>, event: EventId) -> Option<()> {
        let input = match interpreter.reporter(event) {
            Some((activity, generation, last)) => {
                Input::Report { activity, generation, event, args: Vec::new(), last }
            }
            None => Input::Event { event, args: Vec::new() },
        };
        let outcome = interpreter.step_quiet(input);
        // Unmatched symbols reject in a strict machine, else nothing moves.
        let rejected = matches!(outcome, Outcome::Unhandled | Outcome::Done) && self.machine.strict;
        (!rejected).then_some(())
    }

    /// What the passing of time may do.
    fn passing(
        &self,
        interpreter: &Interpreter<'m, Script>,
    ) -> Result<Vec<Vec<Interpreter<'m, Script>>>, FormalError> {
        let mut all = Vec::new();
        if self.abstraction == Abstraction::Control {
            for (timer, generation) in interpreter.timers().collect::<Vec<_>>() {
                all.push(ways(interpreter, |interpreter| {
                    interpreter.step(Input::Elapsed { timer, generation });
                    Some(())
                })?);
            }
        }
        if interpreter.next_due_us().is_some() {
            all.push(ways(interpreter, |interpreter| interpreter.elapse().map(|_| ()))?);
        }
        Ok(all)
    }

    fn edges(
        &mut self,
        from: StateIndex,
        symbol: Option<usize>,
        next: Vec<Interpreter<'m, Script>>,
    ) -> Result<(), FormalError> {
        for interpreter in next {
            let Some(to) = self.visit(interpreter)? else { continue };
            match symbol {
                Some(symbol) => self.nfa.edge(from, symbol, to),
                None => self.nfa.epsilon(from, to),
            }
        }
        Ok(())
    }

    /// The state of a configuration; none where too many events wait in it.
    fn visit(&mut self, interpreter: Interpreter<'m, Script>) -> Result<Option<StateIndex>, FormalError> {
        let under_way = interpreter.agenda().len().saturating_sub(interpreter.timers().count());
        if interpreter.deferred().len() + under_way > self.waiting {
            self.is_cut = true;
            return Ok(None);
        }
        let key = self.key(&interpreter);
        if let Some(&state) = self.known.get(&key) {
            return Ok(Some(state));
        }
        if self.known.len() >= self.limit {
            return Err(FormalError::TooLarge { what: "the automaton of the chart", limit: self.limit });
        }
        let state = self.nfa.state(!self.acceptor || interpreter.accepts());
        self.known.insert(key, state);
        self.open.push_back((state, interpreter));
        Ok(Some(state))
    }

    /// Everything that what happens next depends on. Generations and the absolute time are left out: they only grow.
    fn key(&self, interpreter: &Interpreter<'m, Script>) -> String {
        let states: Vec<_> = interpreter.configuration().into_iter().collect();
        let history: Vec<_> = interpreter.histories().collect();
        let undo: Vec<_> = interpreter.undos().collect();
        let children: Vec<_> = interpreter.children().map(|(child, _)| child).collect();
        let running: Vec<_> = interpreter.activities().map(|(activity, _)| activity).collect();
        let now_us = interpreter.time_us();
        let mut waiting: Vec<(i64, String)> = interpreter.agenda();
        for (due_us, _) in &mut waiting {
            *due_us = if self.abstraction == Abstraction::Control { 0 } else { *due_us - now_us };
        }
        let data: Vec<_> = interpreter.data().collect();
        format!(
            "{states:?} {history:?} {undo:?} {children:?} {running:?} {waiting:?} {:?} {:?} {data:?} {}",
            interpreter.deferred(),
            interpreter.context(),
            interpreter.is_done(),
        )
    }
}

/// Every way through a step: runs it again for each combination of answers to the guards that it asks.
fn ways<'m>(
    from: &Interpreter<'m, Script>,
    step: impl Fn(&mut Interpreter<'m, Script>) -> Option<()>,
) -> Result<Vec<Interpreter<'m, Script>>, FormalError> {
    let mut scripts: Vec<Vec<bool>> = vec![Vec::new()];
    let mut found = Vec::new();
    let mut tried = 0;
    while let Some(answers) = scripts.pop() {
        tried += 1;
        if tried > BRANCH_LIMIT {
            return Err(FormalError::TooLarge {
                what: "one step, counting the ways through it,",
                limit: BRANCH_LIMIT,
            });
        }
        let mut interpreter = from.clone();
        let given = answers.len();
        *interpreter.world_mut() = Script { answers: answers.clone(), asked: 0 };
        let taken = step(&mut interpreter);
        // Beyond the script every answer was `false`; each of them may also be `true`.
        for at in given..interpreter.world_mut().asked {
            let mut more = answers.clone();
            more.resize(at, false);
            more.push(true);
            scripts.push(more);
        }
        if taken.is_some() {
            *interpreter.world_mut() = Script::default();
            found.push(interpreter);
        }
    }
    Ok(found)
}

/// The machine without anything that has a value: open guards become questions to the world, assignments go.
fn without_values(machine: &Machine) -> Machine {
    let mut reduced = machine.clone();
    reduced.guards = vec![ExternFn {
        name: "open".to_owned(),
        doc: String::new(),
        params: Vec::new(),
        span: machine.span,
    }];
    reduced.context.clear();
    reduced.locals.clear();
    for transition in &mut reduced.transitions {
        transition.passes.clear();
        if let Some(guard) = &mut transition.guard {
            *guard = open(guard);
        }
        transition.actions = control(&transition.actions);
    }
    for state in &mut reduced.states {
        state.locals.clear();
        state.initial_passes.clear();
        state.returns = None;
        for list in [&mut state.entry, &mut state.exit, &mut state.initial_actions] {
            *list = control(list);
        }
    }
    for timer in &mut reduced.timers {
        timer.after = Expr {
            kind: ExprKind::Literal(Literal::Duration(0)),
            ty: Type::Duration,
            span: timer.after.span,
        };
    }
    for activity in &mut reduced.activities {
        activity.args.clear();
    }
    reduced
}

/// A condition with everything that asks for a value made a question; what asks for states stays.
fn open(expr: &Expr) -> Expr {
    let kind = match &expr.kind {
        ExprKind::In(state) => ExprKind::In(*state),
        ExprKind::Literal(literal) => ExprKind::Literal(literal.clone()),
        ExprKind::Unary(UnaryOp::Not, inner) => ExprKind::Unary(UnaryOp::Not, Box::new(open(inner))),
        ExprKind::Binary(operator @ (BinaryOp::And | BinaryOp::Or), left, right) => {
            ExprKind::Binary(*operator, Box::new(open(left)), Box::new(open(right)))
        }
        _ => ExprKind::Guard(0, Vec::new()),
    };
    Expr { kind, ty: Type::Bool, span: expr.span }
}

/// The actions that decide what happens next.
fn control(actions: &[Action]) -> Vec<Action> {
    actions
        .iter()
        .filter_map(|action| Some(Action { kind: steering(&action.kind)?, ..action.clone() }))
        .collect()
}

fn steering(kind: &ActionKind) -> Option<ActionKind> {
    Some(match kind {
        ActionKind::Raise { event, .. } => ActionKind::Raise { event: *event, args: Vec::new() },
        ActionKind::Send { to: Receiver::Itself, event, id, .. } => {
            ActionKind::Send { to: Receiver::Itself, event: *event, args: Vec::new(), delay: None, id: *id }
        }
        ActionKind::Cancel(id) => ActionKind::Cancel(*id),
        ActionKind::Spawn { child, .. } => ActionKind::Spawn { child: *child, args: Vec::new() },
        ActionKind::Stop(child) => ActionKind::Stop(*child),
        ActionKind::If { arms, otherwise } => ActionKind::If {
            arms: arms.iter().map(|(condition, block)| (open(condition), control(block))).collect(),
            otherwise: control(otherwise),
        },
        // How often a loop turns depends on a list; what it does may happen once or not at all.
        ActionKind::For { list, body, .. } => {
            ActionKind::If { arms: vec![(open(list), control(body))], otherwise: Vec::new() }
        }
        ActionKind::Push { undo, .. } => ActionKind::Push { undo: *undo, args: Vec::new() },
        ActionKind::Compensate => ActionKind::Compensate,
        ActionKind::Commit => ActionKind::Commit,
        ActionKind::Assign { .. }
        | ActionKind::Emit { .. }
        | ActionKind::Send { .. }
        | ActionKind::Call { .. }
        | ActionKind::Log(_) => return None,
    })
}
