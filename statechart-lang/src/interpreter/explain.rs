//! Why: for each time the machine looked for transitions, what became of every candidate.
//!
//! A selection is recorded by [`Interpreter::select`] itself, from the answers that it got and the decision that it
//! made; only the parts of a guard are evaluated again, for which guards have to be pure. Nothing is recorded
//! unless [`Interpreter::explaining`] asks for it.

use super::{
    EXPLANATION_LIMIT, Fault, Interpreter, Preemption, Value, World,
    engine::Detail,
    eval::Current,
    select::{Asked, Cue, Disposition, outward},
};
use crate::{
    Span,
    diagnostic::nearest,
    model::{BinaryOp, EventId, Expr, ExprKind, StateId, TransitionId, Trigger},
};

/// One time the machine looked for transitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// What it looked for, for people: `COIN(value: 1)`, `always`, `after 30s`, `done(work)`, `fault`.
    pub cue: String,
    /// Where that came from.
    pub origin: Origin,
    /// What became of it.
    pub decision: Decision,
    /// Paths of the active leaf states, in document order.
    pub leaves: Vec<String>,
    /// Whatever an active state says about the cue, inner states first, in document order of the leaves.
    pub candidates: Vec<Candidate>,
    /// Transitions of states that are not active and would be set off by the event; only where nothing was.
    pub elsewhere: Vec<TransitionId>,
    /// An event of a similar name that an active state reacts to; only where nothing was set off.
    pub similar: Option<EventId>,
}

/// Where that came from which a machine looks for transitions for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// The step's own event, timer or fault.
    #[default]
    Step,
    /// Nothing: eventless transitions are looked at first at every turn of a macrostep.
    Eventless,
    /// The internal queue: a raised event, a completion or a fault.
    Internal,
    /// An event that was deferred before.
    Recalled,
}

/// What became of a cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// At least one transition is taken.
    Taken,
    /// Kept for a state that wants it.
    Deferred,
    /// A bare `on` settles it.
    Ignored,
    /// Nobody wants it.
    Nothing,
}

/// What an active state says about a cue.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The state that says it.
    pub state: StateId,
    /// What it says.
    pub what: Claim,
    /// What became of that.
    pub verdict: Verdict,
    /// The guard with its parts, where it was asked.
    pub guard: Option<Part>,
}

/// A declaration that may answer a cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A transition.
    Transition(TransitionId),
    /// A `defer` of the state.
    Defer,
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The transition is taken.
    Taken,
    /// The `defer` keeps the event.
    Defers,
    /// The `defer` lets the event pass: it was raised inside, and only events from outside are deferred.
    Passes,
    /// The bare `on` settles the event.
    Ignores,
    /// Another one comes first in every leaf that this one could have been reached from; it was not asked.
    Lost {
        /// The state of the other one.
        state: StateId,
        /// The other one.
        to: Claim,
    },
    /// A bare `on` or `defer` that another region's transition or `defer` makes void.
    Overruled {
        /// The state of the other one.
        state: StateId,
        /// The other one.
        by: Claim,
    },
    /// The guard is false.
    False,
    /// The guard faulted, which counts as false and raises `fault`.
    Faulted(Fault),
    /// Enabled, but another region's transition leaves a state that this one would leave as well.
    Preempted {
        /// The one that it lost to.
        by: TransitionId,
        /// What this one would have left.
        exits: Vec<StateId>,
        /// What the other one leaves.
        by_exits: Vec<StateId>,
    },
}

/// A part of a guard with its value. Constants are no parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Where it stands.
    pub span: Span,
    /// The extern guard that it asks, as an index into [`Machine::guards`](crate::model::Machine::guards).
    pub extern_guard: Option<usize>,
    /// What it is worth; nothing when an `and`, `or` or `??` had decided before.
    pub value: Option<Result<Value, Fault>>,
    /// Its operands.
    pub parts: Vec<Self>,
}

impl<W: World> Interpreter<'_, W> {
    /// Records in [`StepReport::selections`](super::StepReport::selections), from now on, why transitions were taken
    /// or not. Parts of guards are asked once more for that. After [`EXPLANATION_LIMIT`] of them the rest is only
    /// counted, in [`StepReport::unexplained`](super::StepReport::unexplained).
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.detail = Detail::Explained;
        self.explain_anew();
        self
    }

    /// [`EXPLANATION_LIMIT`] more selections may be recorded: a machine that keeps itself busy must not fill the memory
    /// with the reasons for it.
    pub(super) fn explain_anew(&mut self) {
        self.explanations_left = EXPLANATION_LIMIT;
    }

    /// Adds what a selection decided to the report; `preempted` is what lost to another region.
    pub(super) fn explain(
        &mut self,
        cue: Cue,
        current: Current<'_>,
        may_wait: bool,
        asked: &Asked,
        preempted: &[Preemption],
        disposition: &Disposition,
    ) {
        let origin = match cue {
            Cue::Always => Origin::Eventless,
            Cue::Timer(_) | Cue::ChildDone(_) => Origin::Step,
            Cue::Done(_) => Origin::Internal,
            Cue::Event(_) | Cue::Fault => self.origin,
        };
        let decision = match disposition {
            Disposition::Take(_) => Decision::Taken,
            Disposition::Ignore => Decision::Ignored,
            Disposition::Defer => Decision::Deferred,
            Disposition::Nothing => Decision::Nothing,
        };
        if origin == Origin::Recalled && decision == Decision::Deferred {
            // It goes on waiting, which the step that deferred it has explained.
            return;
        }
        let mut candidates = self.candidates(cue, may_wait, asked);
        if candidates.is_empty() && matches!(cue, Cue::Always | Cue::Done(_)) {
            // Nobody waits for it, and nobody has to.
            return;
        }
        if self.explanations_left == 0 {
            self.report.unexplained += 1;
            return;
        }
        self.explanations_left -= 1;
        let taken = match disposition {
            Disposition::Take(taken) => taken.as_slice(),
            _ => &[],
        };
        self.settle_verdicts(&mut candidates, taken, preempted, decision);
        for candidate in &mut candidates {
            if let Claim::Transition(id) = candidate.what
                && asked.answers.contains_key(&id)
            {
                let guard = self.machine.transitions.get(id).and_then(|transition| transition.guard.as_ref());
                candidate.guard = guard.map(|guard| self.part(guard, current));
            }
        }
        let (elsewhere, similar) = match cue {
            Cue::Event(event) if decision == Decision::Nothing => {
                (self.elsewhere(event), self.similar(event))
            }
            _ => (Vec::new(), None),
        };
        let leaves = self.leaves();
        let cue = self.cue_text(cue, current);
        self.report.selections.push(Selection {
            cue,
            origin,
            decision,
            leaves,
            candidates,
            elsewhere,
            similar,
        });
    }

    /// Everything that active states declare for the cue, with its verdict as seen from its leaves.
    fn candidates(&self, cue: Cue, may_wait: bool, asked: &Asked) -> Vec<Candidate> {
        let chosen = &asked.chosen;
        let mut found: Vec<Candidate> = Vec::new();
        for leaf in self.leaf_states() {
            let mut winner: Option<(StateId, Claim)> = None;
            for state in outward(self.machine, leaf) {
                let Some(row) = self.machine.states.get(state) else { break };
                for &(_, id) in self.plan.reactions(state, cue) {
                    let what = Claim::Transition(id);
                    let verdict = match (winner, asked.answers.get(&id)) {
                        (Some((state, to)), _) => Verdict::Lost { state, to },
                        (None, Some(Err(fault))) => Verdict::Faulted(*fault),
                        (None, Some(Ok(false)) | None) => Verdict::False,
                        (None, Some(Ok(true))) if chosen.get(&state).is_some_and(|taken| *taken != id) => {
                            let to = chosen.get(&state).map_or(what, |taken| Claim::Transition(*taken));
                            Verdict::Lost { state, to }
                        }
                        (None, Some(Ok(true))) => {
                            winner = Some((state, what));
                            let ignores =
                                self.machine.transitions.get(id).is_some_and(|transition| transition.ignore);
                            if ignores { Verdict::Ignores } else { Verdict::Taken }
                        }
                    };
                    note(&mut found, state, what, verdict);
                }
                if matches!(cue, Cue::Event(event) if row.defer.contains(&event)) {
                    let verdict = match winner {
                        Some((state, to)) => Verdict::Lost { state, to },
                        None if !may_wait => Verdict::Passes,
                        None => {
                            winner = Some((state, Claim::Defer));
                            Verdict::Defers
                        }
                    };
                    note(&mut found, state, Claim::Defer, verdict);
                }
            }
        }
        found
    }

    /// What the regions decide together: preemption, and what a transition or `defer` of one makes void in another.
    fn settle_verdicts(
        &self,
        candidates: &mut [Candidate],
        taken: &[TransitionId],
        preempted: &[Preemption],
        decision: Decision,
    ) {
        let deferring = candidates.iter().find(|candidate| candidate.verdict == Verdict::Defers);
        let deferring = deferring.map(|candidate| (candidate.state, Claim::Defer));
        let first_taken = taken.first().map(|&id| (self.source(id), Claim::Transition(id)));
        for candidate in candidates {
            let ruler = match (&candidate.verdict, decision) {
                (Verdict::Defers | Verdict::Ignores, Decision::Taken) => first_taken,
                (Verdict::Ignores, Decision::Deferred) => deferring,
                _ => None,
            };
            if let Some((state, by)) = ruler {
                candidate.verdict = Verdict::Overruled { state, by };
            }
            if candidate.verdict == Verdict::Taken
                && let Claim::Transition(id) = candidate.what
                && let Some(lost) = preempted.iter().find(|lost| lost.transition == id)
            {
                candidate.verdict = Verdict::Preempted {
                    by: lost.by,
                    exits: self.exit_set(id).iter().collect(),
                    by_exits: self.exit_set(lost.by).iter().collect(),
                };
            }
        }
    }

    /// Transitions outside the configuration that this event would set off.
    fn elsewhere(&self, event: EventId) -> Vec<TransitionId> {
        let waits = |transition: &crate::model::Transition| {
            !self.configuration.contains(transition.source)
                && matches!(&transition.trigger, Trigger::Events(events) if events.contains(&event))
        };
        let transitions = self.machine.transitions.iter().enumerate();
        transitions.filter(|(_, transition)| waits(transition)).map(|(id, _)| id).collect()
    }

    /// The event that may have been meant: its name is close, and an active state has a transition for it.
    fn similar(&self, event: EventId) -> Option<EventId> {
        let name_of = |event: EventId| self.machine.events.get(event).map(|row| row.symbol.name.as_str());
        let sources = self.configuration.iter().filter_map(|state| self.machine.states.get(state));
        let transitions = sources.flat_map(|state| &state.transitions);
        let events = transitions.filter_map(|&id| match &self.machine.transitions.get(id)?.trigger {
            Trigger::Events(events) => Some(events),
            _ => None,
        });
        let name = nearest(name_of(event)?, events.flatten().filter_map(|&event| name_of(event)))?;
        self.machine.event(name)
    }

    fn cue_text(&self, cue: Cue, current: Current<'_>) -> String {
        match cue {
            Cue::Always => "always".to_owned(),
            Cue::Fault => "fault".to_owned(),
            Cue::Timer(timer) => self.timer_text(timer),
            Cue::Done(state) => {
                format!("done({})", self.machine.states.get(state).map_or("", |row| row.path.as_str()))
            }
            Cue::ChildDone(child) => {
                format!("done({})", self.machine.children.get(child).map_or("", |row| row.name.as_str()))
            }
            Cue::Event(_) => match current {
                Current::Event(event) => self.signal(event.event, &event.args).to_string(),
                _ => String::new(),
            },
        }
    }

    /// An expression with the value of each operand. The nesting is that of the source, which is bounded.
    fn part(&mut self, expr: &Expr, current: Current<'_>) -> Part {
        let value = self.scope(current).eval(expr);
        let mut parts = Vec::new();
        // What comes first decides whether the rest is evaluated.
        let mut before: Option<Result<Value, Fault>> = None;
        for operand in expr.operands() {
            let is_asked = match (&expr.kind, &before) {
                (_, None) => true,
                (_, Some(Err(_))) => false,
                (ExprKind::Binary(BinaryOp::And, ..), Some(Ok(first))) => first.is_true(),
                (ExprKind::Binary(BinaryOp::Or, ..), Some(Ok(first))) => !first.is_true(),
                (ExprKind::Default(..), Some(Ok(first))) => *first == Value::None,
                _ => true,
            };
            let part = if is_asked {
                self.part(operand, current)
            } else {
                Part { span: operand.span, extern_guard: None, value: None, parts: Vec::new() }
            };
            before = part.value.clone().or(before);
            add_part(&mut parts, part, operand, expr.span);
        }
        Part { span: expr.span, extern_guard: extern_guard(expr), value: Some(value), parts }
    }
}

/// A candidate may be reached from several leaves; that which says most stands.
fn note(found: &mut Vec<Candidate>, state: StateId, what: Claim, verdict: Verdict) {
    match found.iter_mut().find(|known| known.state == state && known.what == what) {
        Some(known) => {
            if matches!(known.verdict, Verdict::Lost { .. }) {
                known.verdict = verdict;
            }
        }
        None => found.push(Candidate { state, what, verdict, guard: None }),
    }
}

/// Constants are no parts, and what stands for its only operand (`!= none` is `not (… == none)`) gives way to it.
fn add_part(parts: &mut Vec<Part>, part: Part, expr: &Expr, outer: Span) {
    if matches!(expr.kind, ExprKind::Literal(_) | ExprKind::None) {
        return;
    }
    if part.span == outer {
        parts.extend(part.parts);
    } else {
        parts.push(part);
    }
}

fn extern_guard(expr: &Expr) -> Option<usize> {
    match expr.kind {
        ExprKind::Guard(guard, _) => Some(guard),
        _ => None,
    }
}
