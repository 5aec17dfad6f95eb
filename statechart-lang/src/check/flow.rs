//! Which optionals hold a value while a state is active: those that every way into it establishes.
//!
//! A greatest fixpoint. It starts by assuming that every optional holds a value everywhere and takes
//! back what some transition contradicts; typing is repeated with what is left until nothing changes.
//! Initial content, histories and other regions are ways in too.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    actions::{holds_value, perform},
    clearing::{Clearing, Set},
    entry::entry,
    scope::{Fact, Scope},
    types,
};
use crate::{
    Span,
    model::{Machine, StateId, StateKind, Transition, Type},
};

/// Most pairs of a state and an optional that are looked at. Beyond, nothing is assumed: each value is tested or
/// defaulted where it is read.
const FACT_LIMIT: usize = 4_000_000;

/// The edge that does not establish a variable, for each state and variable.
#[derive(Debug, Clone, Default)]
pub(super) struct Blame(BTreeMap<(StateId, usize), (Span, &'static str)>);

impl Blame {
    fn add(&mut self, state: StateId, variable: usize, edge: Span, why: &'static str) {
        self.0.entry((state, variable)).or_insert((edge, why));
    }

    /// Where and why a variable may be none in a state.
    pub(super) fn of(&self, state: StateId, variable: usize) -> Option<(Span, &'static str)> {
        self.0.get(&(state, variable)).copied()
    }
}

/// For each state, what holds before its entry list and after it.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    on_entry: Vec<Set>,
    inside: Vec<Set>,
    clearing: Clearing,
    blame: Rc<Blame>,
}

impl Facts {
    /// Every optional variable, in every state.
    pub(super) fn everything(machine: &Machine) -> Self {
        let all: Set = machine
            .context
            .iter()
            .enumerate()
            .filter(|(_, variable)| matches!(variable.ty, Type::Optional(_)))
            .map(|(at, _)| Fact::Variable(at))
            .collect();
        let count = machine.states.len();
        let all = if all.len().saturating_mul(count) > FACT_LIMIT { Set::new() } else { all };
        Self { on_entry: vec![all.clone(); count], inside: vec![all; count], ..Self::default() }
    }

    /// Whether there is anything to know.
    pub(super) fn any(&self) -> bool {
        self.inside.iter().any(|set| !set.is_empty())
    }

    /// The surroundings of what a state declares.
    pub(super) fn scope(&self, state: StateId) -> Scope {
        let facts = self.inside.get(state).cloned().unwrap_or_default();
        Scope { state, facts, blame: Rc::clone(&self.blame), ..Scope::default() }
    }

    /// What holds when the state's entry list begins.
    pub(super) fn on_entry(&self, state: StateId) -> Set {
        self.on_entry.get(state).cloned().unwrap_or_default()
    }

    /// What a transition's actions may not rely on although its guard saw it.
    pub(super) fn lost(&self, machine: &Machine, source: StateId, domain: Option<StateId>) -> Set {
        self.clearing.lost(machine, source, domain)
    }

    /// Takes back what may be set to none while a state is active.
    pub(super) fn clear(&mut self, machine: &Machine) {
        self.clearing = Clearing::of(machine);
        for state in 0..self.inside.len() {
            let gone = std::mem::take(&mut self.clearing.meanwhile[state]);
            if !gone.is_empty() {
                for fact in gone.iter().filter(|fact| self.inside[state].contains(*fact)) {
                    if let Fact::Variable(at) = fact
                        && let Some(span) = self.clearing.example.get(at)
                    {
                        let why = "set to none here, which may happen while the state is active";
                        Rc::make_mut(&mut self.blame).add(state, *at, *span, why);
                    }
                }
                self.inside[state].retain(|fact| !gone.contains(fact));
            }
            let beside = &self.clearing.beside[state];
            self.on_entry[state].retain(|fact| !beside.contains(fact));
        }
    }

    /// Takes back what the typed machine contradicts; `true` when anything changed.
    pub(super) fn shrink(&mut self, machine: &Machine) -> bool {
        let before = (self.on_entry.clone(), self.inside.clone());
        let start: Set = machine
            .context
            .iter()
            .enumerate()
            .filter(|(_, variable)| holds_value(&variable.initial, &Set::new()))
            .map(|(at, _)| Fact::Variable(at))
            .collect();
        let mut changed = Vec::new();
        self.enter(machine, 0, &[0], start, None, &mut changed);
        // Every transition once, then again those of states that have lost something: what a state loses, the
        // states after it lose too.
        for transition in &machine.transitions {
            self.take(machine, transition, &mut changed);
        }
        while let Some(state) = changed.pop() {
            for id in &machine.states[state].transitions {
                self.take(machine, &machine.transitions[*id], &mut changed);
            }
        }
        (self.on_entry.as_slice(), self.inside.as_slice()) != (before.0.as_slice(), before.1.as_slice())
    }

    fn take(&mut self, machine: &Machine, transition: &Transition, changed: &mut Vec<StateId>) {
        if transition.targets.is_empty() {
            return;
        }
        let source = transition.source;
        let mut holding = self.inside[source].clone();
        if let Some(guard) = &transition.guard {
            holding.extend(types::facts(guard, true));
        }
        let lost = self.lost(machine, source, Some(transition.domain));
        holding.retain(|fact| !lost.contains(fact));
        perform(&mut holding, &transition.actions);
        // What other regions do may come behind these.
        let beside = self.clearing.together(source);
        holding.retain(|fact| matches!(fact, Fact::Variable(_)) && !beside.contains(fact));
        self.enter(machine, transition.domain, &transition.targets, holding, Some(transition.span), changed);
    }

    /// Intersects what holds on the way in with what each entered state assumed (W3C: enterStates).
    fn enter(
        &mut self,
        machine: &Machine,
        domain: StateId,
        targets: &[StateId],
        mut holding: Set,
        edge: Option<Span>,
        changed: &mut Vec<StateId>,
    ) {
        let entered = entry(machine, domain, targets);
        // Parents of histories: instead of the default, anything inside them may be entered.
        let mut restored: BTreeMap<StateId, Vec<StateId>> = BTreeMap::new();
        for &history in &entered.histories {
            restored.entry(machine.states[history].parent).or_default().push(history);
        }
        let mut open: Option<(StateId, Set)> = None;
        // A parent that is not entered itself is active already.
        let already: Vec<StateId> =
            restored.keys().copied().filter(|parent| !entered.states.contains(parent)).collect();
        for parent in already {
            self.restore(machine, parent, &restored, &mut holding, &mut open, edge, changed);
        }
        for &state in &entered.states {
            if let Some((last, before)) = &open
                && state > *last
            {
                holding.retain(|fact| before.contains(fact));
                open = None;
            }
            self.arrive(machine, state, &mut holding, edge, changed);
            if entered.by_default.contains(&state) {
                perform(&mut holding, &machine.states[state].initial_actions);
            }
            if restored.contains_key(&state) {
                self.restore(machine, state, &restored, &mut holding, &mut open, edge, changed);
            }
        }
    }

    /// Everything that the histories of a parent may restore, and their default content.
    #[expect(clippy::too_many_arguments, reason = "one step of `enter`, with its state")]
    fn restore(
        &mut self,
        machine: &Machine,
        parent: StateId,
        restored: &BTreeMap<StateId, Vec<StateId>>,
        holding: &mut Set,
        open: &mut Option<(StateId, Set)>,
        edge: Option<Span>,
        changed: &mut Vec<StateId>,
    ) {
        for &history in restored.get(&parent).map_or(&[][..], Vec::as_slice) {
            let deep = machine.states[history].kind == StateKind::History { deep: true };
            if deep {
                for &child in &machine.states[parent].children {
                    self.anywhere(machine, child, holding.clone(), edge, changed);
                }
            } else if machine.states[parent].kind == StateKind::Compound {
                for &child in &machine.states[parent].children {
                    self.enter(machine, parent, &[child], holding.clone(), edge, changed);
                }
            }
            if open.is_none() {
                *open = Some((machine.states[parent].last, holding.clone()));
            }
            perform(holding, &machine.states[history].initial_actions);
        }
    }

    /// A deep history enters any state inside; other regions are seen to by what they may clear.
    fn anywhere(
        &mut self,
        machine: &Machine,
        state: StateId,
        mut holding: Set,
        edge: Option<Span>,
        changed: &mut Vec<StateId>,
    ) {
        self.arrive(machine, state, &mut holding, edge, changed);
        for &child in &machine.states[state].children {
            self.anywhere(machine, child, holding.clone(), edge, changed);
        }
    }

    /// One state of the way in.
    fn arrive(
        &mut self,
        machine: &Machine,
        state: StateId,
        holding: &mut Set,
        edge: Option<Span>,
        changed: &mut Vec<StateId>,
    ) {
        self.on_entry[state].retain(|fact| holding.contains(fact));
        perform(holding, &machine.states[state].entry);
        let gone: BTreeSet<Fact> =
            self.inside[state].iter().filter(|fact| !holding.contains(*fact)).cloned().collect();
        if !gone.is_empty() {
            for fact in &gone {
                if let Fact::Variable(at) = fact {
                    let (edge, why) = match edge {
                        Some(edge) => (edge, "this way in does not give it a value"),
                        None => (machine.context[*at].span, "none at the start"),
                    };
                    Rc::make_mut(&mut self.blame).add(state, *at, edge, why);
                }
            }
            self.inside[state].retain(|fact| !gone.contains(fact));
            changed.push(state);
        }
    }
}
