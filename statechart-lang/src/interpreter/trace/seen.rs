//! What a step shows, sorted, in the words of the runtime: of the record and of the interpreter alike.

use std::collections::BTreeMap;

use super::{
    log::What,
    replay::Category,
    steps::Step,
    text::{debug, without_times},
};
use crate::{
    interpreter::{Effect, Interpreter, Outcome, Signal, StepReport, World, value::duration_text},
    model::{Field, Machine, StateId, Symbol, TransitionId, names},
};

/// Lines by what they are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen(BTreeMap<Category, Vec<String>>);

impl Seen {
    fn add(&mut self, category: Category, line: String) {
        self.0.entry(category).or_default().push(line);
    }

    pub(super) fn of(&self, category: Category) -> &[String] {
        self.0.get(&category).map_or(&[], Vec::as_slice)
    }

    /// The first category in which two differ.
    pub(super) fn differs(&self, other: &Self) -> Option<Category> {
        Category::ALL.into_iter().find(|category| self.of(*category) != other.of(*category))
    }

    /// Whether everything in it is the beginning of what is in the other.
    pub(super) fn begins(&self, other: &Self) -> bool {
        Category::ALL.into_iter().all(|category| other.of(category).starts_with(self.of(category)))
    }

    /// In how many categories two are the same: which of several differences is the nearest.
    pub(super) fn likeness(&self, other: &Self) -> usize {
        Category::ALL.into_iter().filter(|category| self.of(*category) == other.of(*category)).count()
    }

    /// What was recorded. Times are left out where the machine reads its clock; the root is no state that a word
    /// enters or leaves.
    pub(super) fn recorded(machine: &Machine, step: &Step<'_>, timeless: bool) -> Self {
        let mut seen = Self::default();
        let is_root = |state: &str| machine.states.first().is_some_and(|root| root.path == state);
        let timed = |text: &str| if timeless { without_times(text) } else { text.to_owned() };
        let span = |span_us: i64| if timeless { "_".to_owned() } else { duration_text(span_us) };
        for record in &step.records {
            let (category, line) = match &record.what {
                What::Entered { state } | What::Exited { state } if is_root(state) => continue,
                What::Transition { text, from } => (Category::Transitions, format!("{from}: {text}")),
                What::Entered { state } => (Category::Entered, state.clone()),
                What::Exited { state } => (Category::Exited, state.clone()),
                What::Output { text } => (Category::Outputs, timed(text)),
                What::Message { text, delay_us } => {
                    let delay = delay_us.map_or_else(String::new, |delay| format!(" in {}", span(delay)));
                    (Category::Messages, format!("{}{delay}", timed(text)))
                }
                What::ServiceStarted { service } => (Category::Services, format!("start {service}")),
                What::ServiceCancelled { service } => (Category::Cancelled, format!("cancel {service}")),
                What::ChildStarted { child } => (Category::Children, format!("start {child}")),
                What::ChildStopped { child } => (Category::Stopped, format!("stop {child}")),
                What::TimerArmed { state, after_us } => {
                    (Category::Timers, format!("{state} for {}", span(*after_us)))
                }
                What::Unhandled { name } => (Category::Unhandled, name.clone()),
                What::Deferred => (Category::Deferred, "the event".to_owned()),
                What::Fault { kind } => (Category::Faults, kind.clone()),
                What::Log { text } => (Category::Logs, text.clone()),
                _ => continue,
            };
            seen.add(category, line);
        }
        seen
    }

    /// What the interpreter did.
    pub(super) fn replayed(machine: &Machine, report: &StepReport, timeless: bool) -> Self {
        let mut seen = Self::default();
        let path = |state: StateId| machine.states.get(state).map_or("?", |row| row.path.as_str()).to_owned();
        let timed = |text: String| if timeless { without_times(&text) } else { text };
        let span = |span_us: i64| if timeless { "_".to_owned() } else { duration_text(span_us) };
        for &id in &report.transitions {
            seen.add(Category::Transitions, transition(machine, id));
        }
        let is_root = |state: StateId| path(state) == path(0);
        for &state in report.entered.iter().filter(|state| !is_root(**state)) {
            seen.add(Category::Entered, path(state));
        }
        for &state in report.exited.iter().filter(|state| !is_root(**state)) {
            seen.add(Category::Exited, path(state));
        }
        for unhandled in &report.unhandled {
            seen.add(Category::Unhandled, unhandled.signal.name.clone());
        }
        if report.outcome == Outcome::Deferred {
            seen.add(Category::Deferred, "the event".to_owned());
        }
        for effect in &report.effects {
            let (category, line) = match effect {
                Effect::Emit(signal) => {
                    (Category::Outputs, timed(debug(signal, fields(&machine.outputs, &signal.name))))
                }
                Effect::Send { peer, message, delay_us, .. } => {
                    let delay = delay_us.map_or_else(String::new, |delay| format!(" in {}", span(delay)));
                    (Category::Messages, format!("{}{delay}", timed(sent(machine, peer.as_deref(), message))))
                }
                Effect::Start { service, .. } => (Category::Services, format!("start {service}")),
                Effect::Stop { service, .. } => {
                    // One that was left in the step that would have started it never starts.
                    seen.settle(Category::Services, Category::Cancelled, "cancel", service);
                    continue;
                }
                Effect::Spawn { id, .. } => (Category::Children, format!("start {id}")),
                Effect::StopChild { id, .. } => {
                    seen.settle(Category::Children, Category::Stopped, "stop", id);
                    continue;
                }
                Effect::Arm { timer, after_us, .. } => {
                    let state = machine.timers.get(*timer).map_or(0, |row| row.state);
                    (Category::Timers, format!("{} for {}", path(state), span(*after_us)))
                }
                Effect::Fault(fault) => (Category::Faults, fault.kind().to_owned()),
                Effect::Log(text) => (Category::Logs, text.clone()),
                Effect::Raise(_) | Effect::Cancel { .. } | Effect::Disarm { .. } | Effect::Act { .. } => {
                    continue;
                }
            };
            seen.add(category, line);
        }
        seen
    }

    /// A start of the same step is taken back; else what ran is ended.
    fn settle(&mut self, starts: Category, ends: Category, verb: &str, name: &str) {
        let start = format!("start {name}");
        if let Some(lines) = self.0.get_mut(&starts)
            && let Some(at) = lines.iter().rposition(|line| *line == start)
        {
            lines.remove(at);
        } else {
            self.add(ends, format!("{verb} {name}"));
        }
    }
}

/// `idle: on GO -> busy`, as the generated tables have it.
fn transition(machine: &Machine, id: TransitionId) -> String {
    let source = machine.transitions.get(id).and_then(|row| machine.states.get(row.source));
    let source = source.map_or("?", |row| if row.path.is_empty() { &row.name } else { &row.path });
    format!("{source}: {}", machine.transition_text(id))
}

fn fields<'m>(symbols: &'m [Symbol], name: &str) -> &'m [Field] {
    symbols.iter().find(|symbol| symbol.name == name).map_or(&[], |symbol| &symbol.fields)
}

/// `Peer(Go { job: 1 })`, as the generated message has it.
fn sent(machine: &Machine, to: Option<&str>, message: &Signal) -> String {
    let Some(to) = to else {
        let own = machine.events.iter().find(|event| event.symbol.name == message.name);
        return format!("Itself({})", debug(message, own.map_or(&[], |event| &event.symbol.fields)));
    };
    if let Some(peer) = machine.peers.iter().find(|peer| peer.name == to) {
        return format!("{}({})", names::pascal(to), debug(message, fields(&peer.events, &message.name)));
    }
    let child = machine.children.iter().find(|child| child.name == to);
    let fields = child.map_or(&[][..], |child| fields(&child.events, &message.name));
    format!("Child{}({})", names::pascal(to), debug(message, fields))
}

/// The timers of a state that are armed, with their generations.
pub(super) fn armed<W: World>(interpreter: &Interpreter<'_, W>, state: &str) -> Vec<(usize, u32)> {
    let machine = interpreter.machine();
    let is_of = |timer: usize| {
        let owner = machine.timers.get(timer).and_then(|row| machine.states.get(row.state));
        owner.is_some_and(|row| row.path == state)
    };
    interpreter.timers().filter(|(timer, _)| is_of(*timer)).collect()
}
