//! Which optionals hold a value while a state is active: those that every way into it establishes.
//!
//! A greatest fixpoint. It starts by assuming that every optional holds a value everywhere and takes
//! back what some transition contradicts; typing is repeated with what is left until nothing changes.
//! Initial content, histories and other regions are ways in too.

use std::rc::Rc;

use super::{
    clearing::Clearing,
    effects::{holds_value, perform},
    entry::entry,
    facts::FactSet,
    scope::{Fact, Scope},
    types,
};
use crate::{
    Span,
    model::{Machine, StateId, StateKind, Transition, Type, Variable},
    table::ById,
};

/// Most pairs of a state and an optional that are looked at. Beyond, nothing is assumed: each value is tested or
/// defaulted where it is read.
const FACT_LIMIT: usize = 4_000_000;

/// The edge that does not establish a variable, for each state and variable.
#[derive(Clone, Default)]
pub(super) struct Blame(Vec<ById<(Span, &'static str)>>);

impl Blame {
    fn add(&mut self, state: StateId, variable: usize, edge: Span, why: &'static str) {
        while self.0.len() <= state {
            self.0.push(ById::default());
        }
        self.0[state].or_insert(variable, (edge, why));
    }

    /// Where and why a variable may be none in a state.
    pub(super) fn of(&self, state: StateId, variable: usize) -> Option<(Span, &'static str)> {
        self.0.get(state)?.get(&variable).copied()
    }
}

/// Variables of the context that have something in common.
fn variables(machine: &Machine, have: fn(&Variable) -> bool) -> FactSet {
    let mut set = FactSet::default();
    for (at, variable) in machine.context.iter().enumerate() {
        if have(variable) {
            set.insert(Fact::Variable(at));
        }
    }
    set
}

/// For each state, what holds before its entry list and after it.
#[derive(Clone, Default)]
pub(super) struct Facts {
    on_entry: Vec<FactSet>,
    inside: Vec<FactSet>,
    clearing: Clearing,
    blame: Rc<Blame>,
}

impl Facts {
    /// Every optional variable, in every state.
    pub(super) fn everything(machine: &Machine) -> Self {
        let all = variables(machine, |variable| matches!(variable.ty, Type::Optional(_)));
        let count = machine.states.len();
        let all = if all.len().saturating_mul(count) > FACT_LIMIT { FactSet::default() } else { all };
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
    pub(super) fn on_entry(&self, state: StateId) -> FactSet {
        self.on_entry.get(state).cloned().unwrap_or_default()
    }

    /// What a transition's actions may not rely on although its guard saw it.
    pub(super) fn lost(&self, machine: &Machine, source: StateId, domain: Option<StateId>) -> FactSet {
        self.clearing.lost(machine, source, domain)
    }

    /// Takes back what may be set to none while a state is active.
    pub(super) fn clear(&mut self, machine: &Machine) {
        self.clearing = Clearing::of(machine);
        for state in 0..self.inside.len() {
            let gone = std::mem::take(&mut self.clearing.meanwhile[state]);
            if !gone.is_empty() {
                for fact in gone.iter().filter(|fact| self.inside[state].contains(fact)) {
                    if let Fact::Variable(at) = fact
                        && let Some(span) = self.clearing.example.get(at)
                    {
                        let why = "set to none here, which may happen while the state is active";
                        Rc::make_mut(&mut self.blame).add(state, *at, *span, why);
                    }
                }
                self.inside[state].drop(&gone);
            }
            let beside = &self.clearing.beside[state];
            self.on_entry[state].drop(beside);
        }
    }

    /// Takes back what the typed machine contradicts; `true` when anything changed.
    pub(super) fn shrink(&mut self, machine: &Machine) -> bool {
        let before = (self.on_entry.clone(), self.inside.clone());
        let start = variables(machine, |variable| holds_value(&variable.initial, &FactSet::default()));
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
        holding.drop(&lost);
        perform(&mut holding, &transition.actions);
        // What other regions do may come behind these.
        holding.drop(self.clearing.together(source));
        holding.keep_variables();
        self.enter(machine, transition.domain, &transition.targets, holding, Some(transition.span), changed);
    }

    /// Intersects what holds on the way in with what each entered state assumed (W3C: enterStates).
    fn enter(
        &mut self,
        machine: &Machine,
        domain: StateId,
        targets: &[StateId],
        mut holding: FactSet,
        edge: Option<Span>,
        changed: &mut Vec<StateId>,
    ) {
        let entered = entry(machine, domain, targets);
        // Parents of histories: instead of the default, anything inside them may be entered.
        let mut restored = ById::default();
        for history in entered.histories.all() {
            restored.or_insert(machine.states[history].parent, Vec::new()).push(history);
        }
        let mut open: Option<(StateId, FactSet)> = None;
        // A parent that is not entered itself is active already.
        let mut already = restored.ascending();
        already.retain(|parent| !entered.states.contains(*parent));
        for parent in already {
            self.restore(machine, parent, &restored, &mut holding, &mut open, edge, changed);
        }
        for state in entered.states.all() {
            if let Some((last, before)) = &open
                && state > *last
            {
                holding.keep(before);
                open = None;
            }
            self.arrive(machine, state, &mut holding, edge, changed);
            if entered.by_default.contains(state) {
                perform(&mut holding, &machine.states[state].initial_actions);
            }
            if restored.contains(&state) {
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
        restored: &ById<Vec<StateId>>,
        holding: &mut FactSet,
        open: &mut Option<(StateId, FactSet)>,
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
        mut holding: FactSet,
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
        holding: &mut FactSet,
        edge: Option<Span>,
        changed: &mut Vec<StateId>,
    ) {
        self.on_entry[state].keep(holding);
        perform(holding, &machine.states[state].entry);
        let mut gone = self.inside[state].clone();
        gone.drop(holding);
        if !gone.is_empty() {
            for fact in gone.iter() {
                if let Fact::Variable(at) = fact {
                    let (edge, why) = match edge {
                        Some(edge) => (edge, "this way in does not give it a value"),
                        None => (machine.context[*at].span, "none at the start"),
                    };
                    Rc::make_mut(&mut self.blame).add(state, *at, edge, why);
                }
            }
            self.inside[state].keep(holding);
            changed.push(state);
        }
    }
}
