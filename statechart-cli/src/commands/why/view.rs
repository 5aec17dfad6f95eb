//! What `why` says, in words, the same for people and for programs.

use serde::Serialize;
use statechart_lang::interpreter::{
    Candidate, Cause, Claim, Decision, Effect, Origin, Outcome, Part, Row, Run, Selection, Verdict, Word,
};
use statechart_lang::model::{Machine, Model, StateId, TransitionId};
use statechart_lang::{Sources, Span};

/// What explanations quote from.
pub(crate) struct View<'a> {
    pub(crate) model: &'a Model,
    /// The machine, where one is run and no system; that of a row is another one where a child took the step.
    pub(crate) machine: Option<&'a Machine>,
    pub(crate) sources: &'a Sources,
}

/// The machine that took a step, and what its explanation quotes from.
struct Told<'a> {
    machine: &'a Machine,
    sources: &'a Sources,
}

/// A run, explained.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    pub(super) machine: String,
    /// What the word is called in its file.
    pub(super) name: Option<String>,
    pub(super) word: String,
    pub(super) verdict: String,
    pub(super) accepted: bool,
    pub(super) steps: Vec<Step>,
}

/// One step of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(super) n: usize,
    /// Whether it follows from an earlier step of the same item, by a timer or a message.
    pub(super) triggered: bool,
    /// The child that took it, its name behind those of the children around it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) machine: String,
    pub(super) symbol: String,
    pub(super) outcome: String,
    /// Why nothing was looked for.
    pub(super) note: Option<String>,
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
    pub(super) outputs: Vec<String>,
    /// Everything that leaves the machine, the outputs included, in order.
    pub(super) effects: Vec<String>,
    pub(super) changes: Vec<String>,
    pub(super) faults: Vec<String>,
    pub(super) selections: Vec<Choice>,
    /// How many more there were than are explained.
    pub(super) unexplained: usize,
}

/// One time the machine looked for transitions.
#[derive(Debug, Serialize)]
pub(crate) struct Choice {
    pub(super) cue: String,
    pub(super) origin: &'static str,
    pub(super) decision: &'static str,
    pub(super) states: Vec<String>,
    pub(super) candidates: Vec<Weighed>,
    /// Why nothing came of it.
    pub(super) reason: Option<String>,
    /// What other states do with the event.
    pub(super) elsewhere: Vec<Declared>,
    pub(super) did_you_mean: Option<String>,
}

/// A declaration and where it stands.
#[derive(Debug, Serialize)]
pub(crate) struct Declared {
    pub(super) state: String,
    pub(super) text: String,
    pub(super) file: String,
    pub(super) line: u32,
}

/// A candidate with its verdict.
#[derive(Debug, Serialize)]
pub(crate) struct Weighed {
    #[serde(flatten)]
    pub(super) declared: Declared,
    pub(super) verdict: &'static str,
    pub(super) reason: Option<String>,
    /// States that both this one and what preempted it would leave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) collision: Vec<String>,
    pub(super) guard: Option<Worth>,
}

/// A part of a guard with its value.
#[derive(Debug, Serialize)]
pub(crate) struct Worth {
    pub(super) text: String,
    /// `null` when it was not evaluated.
    pub(super) value: Option<String>,
    pub(super) note: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<Worth>,
}

/// What nobody outside sees is told in other places: timers, raised events, faults.
pub(crate) fn is_outside(effect: &Effect) -> bool {
    !matches!(effect, Effect::Arm { .. } | Effect::Disarm { .. } | Effect::Raise(_) | Effect::Fault(_))
}

impl View<'_> {
    pub(crate) fn explained(&self, name: Option<&str>, word: &Word, run: &Run) -> Explained {
        Explained {
            machine: run.machine.clone(),
            name: name.map(|name| name.trim_end_matches(':').to_owned()),
            word: run.word.clone(),
            verdict: run.verdict(),
            accepted: run.accepted,
            steps: run.rows.iter().map(|row| self.step(Some(word), row)).collect(),
        }
    }

    /// One step; `word` is asked what it answers, where it is known.
    pub(crate) fn step(&self, word: Option<&Word>, row: &Row) -> Step {
        // A row is named after its machine; one that nobody took has nothing to explain.
        let nobody = Machine::default();
        let machine = self.model.machine(&row.of).or(self.machine).unwrap_or(&nobody);
        Told { machine, sources: self.sources }.step_of(word, row)
    }
}

impl Told<'_> {
    fn step_of(&self, word: Option<&Word>, row: &Row) -> Step {
        let report = &row.report;
        let is_answered = |guard: usize| {
            let name = self.machine.guards.get(guard).map(|guard| guard.name.as_str());
            let (Some(name), Some(word)) = (name, word) else { return true };
            let answers = match row.n.checked_sub(1) {
                Some(item) => word.items.get(item).map(|item| &item.answers),
                None => Some(&word.start),
            };
            answers.is_some_and(|answers| answers.0.contains_key(name))
        };
        Step {
            n: row.n,
            triggered: row.triggered,
            machine: row.path.clone(),
            symbol: row.symbol.clone(),
            outcome: report.outcome.to_string(),
            note: self.note(row),
            before: report.before.clone(),
            after: report.after.clone(),
            outputs: report.outputs.iter().map(ToString::to_string).collect(),
            effects: report
                .effects
                .iter()
                .filter(|effect| is_outside(effect))
                .map(ToString::to_string)
                .collect(),
            changes: report.changes.iter().map(ToString::to_string).collect(),
            faults: report.faults().map(|fault| format!("fault {}: {fault}", fault.kind())).collect(),
            unexplained: report.unexplained,
            selections: report
                .selections
                .iter()
                .map(|selection| self.choice(selection, &is_answered))
                .collect(),
        }
    }

    fn note(&self, row: &Row) -> Option<String> {
        let text = match (row.report.outcome, row.report.cause) {
            (Outcome::Stale, _) => "the activity or timer that it belongs to has ended since",
            (Outcome::Dropped, _) => "as many events are deferred as `limits` allows, so it was lost",
            (Outcome::Done, _) => "the machine has reached its end and takes nothing more",
            (Outcome::Ignored, Cause::Clock) => "no timer and no message is due then",
            (Outcome::Unhandled, Cause::Clock) => "it was stopped here: it keeps setting itself off at once",
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn choice(&self, selection: &Selection, is_answered: &dyn Fn(usize) -> bool) -> Choice {
        let is_event = !matches!(selection.origin, Origin::Eventless);
        let reason = (selection.decision == Decision::Nothing && is_event).then(|| {
            let why = if selection.candidates.is_empty() {
                "no active state has a transition for it, defers it or ignores it"
            } else {
                "no guard of a candidate holds"
            };
            why.to_owned()
        });
        let similar = selection.similar.and_then(|event| self.machine.events.get(event));
        Choice {
            cue: selection.cue.clone(),
            origin: match selection.origin {
                Origin::Step => "step",
                Origin::Eventless => "eventless",
                Origin::Internal => "internal",
                Origin::Recalled => "recalled",
            },
            decision: match selection.decision {
                Decision::Taken => "taken",
                Decision::Deferred => "deferred",
                Decision::Ignored => "ignored",
                Decision::Nothing => "nothing",
            },
            states: selection.leaves.clone(),
            candidates: selection
                .candidates
                .iter()
                .map(|candidate| self.weighed(candidate, &selection.cue, is_answered))
                .collect(),
            reason,
            elsewhere: selection.elsewhere.iter().map(|&id| self.transition(id)).collect(),
            did_you_mean: similar.map(|event| event.symbol.name.clone()),
        }
    }

    fn weighed(&self, candidate: &Candidate, cue: &str, is_answered: &dyn Fn(usize) -> bool) -> Weighed {
        let mut collision = Vec::new();
        let (verdict, reason) = match &candidate.verdict {
            Verdict::Taken => ("taken", None),
            Verdict::Defers => ("deferred", Some("kept until a state wants it".to_owned())),
            Verdict::Passes => {
                ("no defer", Some("it was raised inside: only events from outside are deferred".to_owned()))
            }
            Verdict::Ignores => ("ignored", Some("a bare `on` settles it".to_owned())),
            Verdict::Lost { state, to } => ("lost", Some(self.lost(candidate, *state, *to))),
            Verdict::Overruled { state, by } => {
                ("overruled", Some(format!("{} comes first in another region", self.claim(*state, *by))))
            }
            Verdict::False => ("guard false", None),
            Verdict::Faulted(fault) => {
                // The values for a target's parameters are evaluated with the guard.
                let guard_holds =
                    candidate.guard.as_ref().is_none_or(|part| matches!(part.value, Some(Ok(_))));
                let verdict = if guard_holds { "arguments faulted" } else { "guard faulted" };
                (verdict, Some(format!("{fault}; it counts as false, and raises `fault`")))
            }
            Verdict::Preempted { by, exits, by_exits } => {
                let common = exits.iter().filter(|state| by_exits.contains(state));
                collision = common.map(|&state| self.path(state)).collect();
                let other = self.machine.transitions.get(*by).map_or(0, |transition| transition.source);
                let winner = self.claim(other, Claim::Transition(*by));
                let reason = format!("by {winner}: both would leave {}", collision.join(", "));
                ("preempted", Some(reason))
            }
        };
        let declared = match candidate.what {
            Claim::Transition(id) => self.transition(id),
            Claim::Defer => {
                let name = cue.split('(').next().unwrap_or(cue);
                let span = self.machine.states.get(candidate.state).map(|state| state.span);
                self.declared(candidate.state, format!("defer {name}"), span.unwrap_or_default())
            }
        };
        let guard = candidate.guard.as_ref().map(|part| self.worth(part, is_answered));
        Weighed { declared, verdict, reason, collision, guard }
    }

    fn lost(&self, candidate: &Candidate, state: StateId, to: Claim) -> String {
        let winner = self.claim(state, to);
        match (candidate.state == state, candidate.what) {
            (true, Claim::Defer) => format!("{winner} beats a `defer` of the same state"),
            // Of a nondeterministic machine: the run takes the way that is accepted.
            (true, Claim::Transition(id)) if matches!(to, Claim::Transition(other) if other > id) => {
                format!("this way through the word takes {winner}")
            }
            (true, Claim::Transition(_)) => format!("{winner} stands before it"),
            (false, _) => format!("{winner} comes first, its state lies further in"),
        }
    }

    /// A declaration of a state, in a sentence.
    fn claim(&self, state: StateId, claim: Claim) -> String {
        match claim {
            Claim::Transition(id) => {
                format!("`{}` of {}", self.machine.transition_text(id), self.path(state))
            }
            Claim::Defer => format!("the `defer` of {}", self.path(state)),
        }
    }

    fn transition(&self, id: TransitionId) -> Declared {
        let transition = self.machine.transitions.get(id);
        let source = transition.map_or(0, |transition| transition.source);
        let span = transition.map(|transition| transition.span).unwrap_or_default();
        self.declared(source, self.machine.transition_text(id), span)
    }

    fn declared(&self, state: StateId, text: String, span: Span) -> Declared {
        let file = self.sources.get(span.file).map_or_else(String::new, |source| source.path.clone());
        Declared { state: self.path(state), text, file, line: self.sources.line(span) }
    }

    fn path(&self, state: StateId) -> String {
        self.machine.states.get(state).map_or_else(String::new, |state| state.path.clone())
    }

    fn worth(&self, part: &Part, is_answered: &dyn Fn(usize) -> bool) -> Worth {
        let asks = part.extern_guard.filter(|guard| part.value.is_some() && !is_answered(*guard));
        let note = match (asks.and_then(|guard| self.machine.guards.get(guard)), &part.value) {
            (Some(guard), _) => Some(format!("the word does not answer it; write `[{}]`", guard.name)),
            (None, None) => Some("not asked".to_owned()),
            (None, Some(_)) => None,
        };
        Worth {
            text: self.sources.quote(part.span),
            value: part.value.as_ref().map(|value| match value {
                Ok(value) => value.to_string(),
                Err(fault) => format!("fault {}", fault.kind()),
            }),
            note,
            parts: part.parts.iter().map(|part| self.worth(part, is_answered)).collect(),
        }
    }
}
