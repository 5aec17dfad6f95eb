//! The situations of a machine and the steps between them, breadth first, as far as a limit allows.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    relevance::relevant,
    target::{Criterion, Target, met},
};
use crate::{
    diff::samples,
    interpreter::{
        Address, Answers, Cause, Claim, Decision, Fault, Item, ItemKind, Outcome, Part, Row, Session, Value,
        Verdict, event_text,
    },
    model::{EventId, Machine, TransitionId, walk::reads_the_clock},
};

/// Most situations that a search looks at, unless it is told otherwise.
pub const SITUATION_LIMIT: usize = 10_000;
/// After so many situations a search that has met every target stops: more would only shorten the words.
const ENOUGH: usize = 200;
/// Most steps that a search tries, over all.
const STEP_LIMIT: usize = 500_000;
/// Most timers and messages that one step may set off; they may take ten times as many transitions.
const STORM_LIMIT: usize = 100;

/// A step from a situation.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) to: usize,
    /// Positions of the targets that it meets.
    pub(super) meets: Vec<usize>,
    /// As a word holds it.
    pub(super) text: String,
}

/// What was seen of a transition that was looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// How often its guard was false, and true.
    pub(super) guard: [u64; 2],
    /// Another one always came first: which, and in how many steps.
    pub(super) lost_to: BTreeMap<Claim, u64>,
    /// Enabled, but preempted by another region's.
    pub(super) preempted_by: BTreeMap<TransitionId, u64>,
}

/// What was found. Node 0 is the machine before its start.
pub(super) struct Graph {
    /// The steps out of each situation.
    pub(super) nodes: Vec<Vec<Edge>>,
    /// No situation was left out.
    pub(super) whole: bool,
    pub(super) seen: BTreeMap<TransitionId, Seen>,
    /// Every target of any criterion that was met.
    pub(super) met: BTreeSet<Target>,
}

struct Search<'m> {
    machine: &'m Machine,
    by_pairs: bool,
    index: BTreeMap<Target, usize>,
    left: BTreeSet<usize>,
    relevant: Vec<bool>,
    with_clock: bool,
    known: BTreeMap<String, usize>,
    /// The machine in each situation, and the transition taken last. They go when the situation has been looked at.
    open: Vec<Option<(Session<'m>, Option<TransitionId>)>>,
    limit: usize,
    graph: Graph,
}

pub(super) fn explore(machine: &Machine, criterion: Criterion, targets: &[Target], limit: usize) -> Graph {
    let graph = Graph { nodes: vec![Vec::new()], whole: true, seen: BTreeMap::new(), met: BTreeSet::new() };
    let mut search = Search {
        machine,
        by_pairs: criterion == Criterion::Pairs,
        index: targets.iter().enumerate().map(|(at, target)| (*target, at)).collect(),
        left: (0..targets.len()).collect(),
        relevant: relevant(machine),
        with_clock: reads_the_clock(machine),
        known: BTreeMap::new(),
        open: vec![None],
        limit: limit.max(1),
        graph,
    };
    search.run();
    search.graph
}

impl<'m> Search<'m> {
    fn run(&mut self) {
        let letters: Vec<Item> =
            samples::letters(self.machine, self.machine).0.into_iter().map(|letter| letter.old).collect();
        for answers in samples::answers(self.machine, self.machine) {
            let mut session = Session::new(self.machine).at_most(STORM_LIMIT, 10 * STORM_LIMIT).explaining();
            let rows = session.start(&answers);
            let text = answers.to_string();
            self.add(0, session, None, &rows, text);
        }
        let (mut at, mut steps) = (1, 0);
        while let Some(place) = self.open.get_mut(at) {
            let Some((session, last)) = place.take() else { break };
            if self.left.is_empty() && at > ENOUGH || steps > STEP_LIMIT {
                self.graph.whole = false;
                return;
            }
            let offered: BTreeSet<EventId> =
                session.interpreter().offers().into_iter().map(|offer| offer.event).collect();
            // Once a step has asked no extern guard, other answers make the same step.
            let mut indifferent: Option<(EventId, Vec<Value>)> = None;
            for item in letters.iter().cloned().chain(local_items(&session)) {
                if let ItemKind::Event { event, args } = &item.kind {
                    let is_same = indifferent.as_ref().is_some_and(|(of, with)| of == event && with == args);
                    if is_same || !offered.contains(event) {
                        continue;
                    }
                }
                steps += 1;
                let mut next = session.clone();
                let rows = next.apply(&item);
                if let ItemKind::Event { event, args } = &item.kind
                    && !self.machine.guards.is_empty()
                    && !rows.iter().any(|row| self.asks_outside(row))
                {
                    indifferent = Some((*event, args.clone()));
                }
                let text = format!("{}{}", spelt(self.machine, &item), item.answers);
                self.add(at, next, last, &rows, text);
            }
            at += 1;
        }
    }

    /// Adds a step, and the situation that it leads to where that is new.
    fn add(
        &mut self,
        from: usize,
        session: Session<'m>,
        mut last: Option<TransitionId>,
        rows: &[Row],
        text: String,
    ) {
        let mut targets = Vec::new();
        for row in rows {
            targets.extend(met(self.machine, &row.report, &mut last));
            self.note(row);
        }
        self.graph.met.extend(targets.iter().copied());
        let meets: BTreeSet<usize> =
            targets.iter().filter_map(|target| self.index.get(target).copied()).collect();
        for target in &meets {
            self.left.remove(target);
        }
        if is_runaway(rows) {
            self.graph.whole = false;
            return;
        }
        let relevant = &self.relevant;
        let mut key = session
            .interpreter()
            .situation_of(self.with_clock, &|variable| relevant.get(variable).copied().unwrap_or(true));
        if self.by_pairs {
            key.push_str(&format!(" {last:?}"));
        }
        let fresh = self.graph.nodes.len();
        let to = match self.known.get(&key) {
            Some(&to) => to,
            None if fresh > self.limit => {
                self.graph.whole = false;
                return;
            }
            None => {
                self.known.insert(key, fresh);
                self.graph.nodes.push(Vec::new());
                self.open.push(Some((session, last)));
                fresh
            }
        };
        let meets: Vec<usize> = meets.into_iter().collect();
        let Some(edges) = self.graph.nodes.get_mut(from) else { return };
        let is_known = edges.iter().any(|edge| edge.to == to && edge.meets == meets);
        if !is_known && (to != from || !meets.is_empty()) {
            edges.push(Edge { to, meets, text });
        }
    }

    /// Keeps what became of the candidates, for those that are never taken.
    fn note(&mut self, row: &Row) {
        for selection in &row.report.selections {
            for candidate in &selection.candidates {
                let Claim::Transition(id) = candidate.what else { continue };
                let seen = self.graph.seen.entry(id).or_default();
                match &candidate.verdict {
                    Verdict::Lost { to, .. } => *seen.lost_to.entry(*to).or_default() += 1,
                    Verdict::Preempted { by, .. } => *seen.preempted_by.entry(*by).or_default() += 1,
                    Verdict::Overruled { by, .. } => *seen.lost_to.entry(*by).or_default() += 1,
                    _ => {}
                }
            }
        }
        for guard in &row.report.guards {
            let seen = self.graph.seen.entry(guard.transition).or_default();
            if let Some(count) = seen.guard.get_mut(usize::from(guard.value == Ok(true))) {
                *count += 1;
            }
        }
    }

    /// Whether an answer of an extern guard may have mattered: one was asked, or actions may ask one.
    fn asks_outside(&self, row: &Row) -> bool {
        if row.report.selections.iter().any(|selection| selection.decision == Decision::Taken)
            && samples::asks_outside_in_actions(self.machine)
        {
            return true;
        }
        let parts = row.report.selections.iter().flat_map(|selection| &selection.candidates);
        parts.filter_map(|candidate| candidate.guard.as_ref()).any(is_outside)
    }
}

fn is_outside(part: &Part) -> bool {
    part.extern_guard.is_some() || part.parts.iter().any(is_outside)
}

/// Whether a machine kept itself busy beyond a limit: what it would do next is of no interest.
fn is_runaway(rows: &[Row]) -> bool {
    rows.iter().any(|row| {
        let is_storm = row.report.cause == Cause::Clock && row.report.outcome == Outcome::Unhandled;
        is_storm || row.report.faults().any(|fault| matches!(fault, Fault::Microsteps { .. }))
    })
}

/// What depends on the situation: waiting for what is due next, and the completion of each child that runs.
fn local_items(session: &Session<'_>) -> Vec<Item> {
    let interpreter = session.interpreter();
    let item =
        |kind, text| Item { to: Address::default(), kind, answers: Answers::default(), text, column: 1 };
    let mut items = Vec::new();
    if interpreter.next_due_us().is_some() {
        items.push(item(ItemKind::Elapse, "after".to_owned()));
    }
    for (child, _) in interpreter.children() {
        let Some(row) = interpreter.machine().children.get(child) else { continue };
        let result = row.result.as_ref().map(|ty| Value::default_of(ty, "result"));
        items.push(item(ItemKind::Done { child, result }, format!("done({})", row.name)));
    }
    items
}

/// An item as a word holds it, fields that have their default left out.
fn spelt(machine: &Machine, item: &Item) -> String {
    let ItemKind::Event { event, args } = &item.kind else { return item.text.clone() };
    let Some(symbol) = machine.events.get(*event).map(|row| &row.symbol) else { return item.text.clone() };
    let given = symbol.fields.iter().zip(args);
    let given = given.filter(|(field, value)| **value != Value::default_of(&field.ty, &field.name));
    event_text(&symbol.name, given)
}
