//! What an editor shows about the name under the pointer.

use super::{Analysis, Declaration, Kind};
use crate::{FileId, Span, model::names};

/// Most declarations that one text shows: an event field may be that of many events.
const SHOWN: usize = 8;

impl Analysis {
    /// The name at an offset and what it stands for, as Markdown.
    #[must_use]
    pub fn hover(&self, file: FileId, offset: u32) -> Option<(Span, String)> {
        if let Some((span, known)) = self.at(file, offset) {
            let texts: Vec<String> = known.iter().take(SHOWN).map(|known| self.describe(known)).collect();
            return Some((span, texts.join("\n\n---\n\n")));
        }
        let (span, word) = self.word_at(file, offset)?;
        let text = KEYWORDS.iter().find(|(known, _)| *known == word).map(|(_, text)| *text)?;
        Some((span, format!("`{word}`: {text}")))
    }

    /// A declaration as Markdown: itself, where it is, its documentation, its name in Rust.
    #[must_use]
    pub fn describe(&self, known: &Declaration) -> String {
        let mut text = format!("```sc\n{}\n```\n\n{}", known.text, known.kind.word());
        if let Some(container) = known.container.and_then(|id| self.declarations.get(id)) {
            text.push_str(&format!(" of {} `{}`", container.kind.word(), container.name));
        }
        if let Some(rust) = rust(known) {
            text.push_str(&format!(", in Rust `{rust}`"));
        }
        if !known.doc.is_empty() {
            text.push_str("\n\n");
            text.push_str(&known.doc);
        }
        text
    }

    /// The word at an offset.
    pub(super) fn word_at(&self, file: FileId, offset: u32) -> Option<(Span, &str)> {
        let text = &self.sources.get(file)?.text;
        let before = text.get(..offset as usize)?;
        let after = text.get(offset as usize..)?;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let start = before.trim_end_matches(word).len();
        let end = text.len() - after.trim_start_matches(word).len();
        let span = Span { file, start: start as u32, end: end as u32 };
        text.get(start..end).filter(|word| !word.is_empty()).map(|word| (span, word))
    }
}

/// What code beside the spec calls it.
fn rust(known: &Declaration) -> Option<String> {
    let name = &known.name;
    Some(match known.kind {
        Kind::Machine => format!("mod {}", names::snake(name)),
        Kind::Event => format!("Event::{}", names::pascal(name)),
        Kind::Output => format!("Output::{}", names::pascal(name)),
        Kind::Guard | Kind::Action | Kind::Service => format!("fn {}", names::snake(name)),
        Kind::Field | Kind::Argument => names::snake(name),
        _ => return None,
    })
}

/// Words of the language, and what they say.
pub(super) const KEYWORDS: &[(&str, &str)] = &[
    ("accept", "a run that ends in this state is accepted"),
    ("after", "taken when the state has been active for this long: `after 30s -> target`"),
    ("always", "taken as soon as its guard holds, without an event"),
    ("cancel", "drops a delayed message that was sent `as` this name"),
    ("commit", "forgets what `compensate` would undo"),
    ("compensate", "performs the `undo` of everything done since the last `commit`, latest first"),
    ("context", "variables, with type and initial value: `n: Int = 0`"),
    ("deep", "a history that remembers down to the innermost states"),
    ("defer", "keeps these events for the next state that wants them"),
    ("delay", "sends the message after this time"),
    ("do", "runs a service, or another machine, for as long as the state is active"),
    ("done", "the state has completed: its final state is active, or all of its regions are done"),
    ("emit", "gives an output"),
    ("entry", "performed when the state is entered"),
    ("event", "the current event: `event.field`, `event.name`"),
    ("example", "a word and the states that it leads to; checked"),
    ("exit", "performed when the state is left"),
    ("extern", "what Rust provides: types, guards, actions, services"),
    ("external", "a party outside the system"),
    ("fault", "an evaluation or a message failed; `event.kind` says how"),
    ("final", "entering it completes the parent"),
    ("for", "once for each element of a list: `for item, index in list { … }`"),
    ("fragment", "members that machines and states take over with `use`"),
    ("history", "a target that stands for what was active when the parent was left"),
    ("if", "`if condition { … } else { … }` among actions"),
    ("import", "reads another file, relative to this one"),
    ("in", "`in(state)`: whether the state is active"),
    ("initial", "what becomes active inside when nothing else is said"),
    ("input", "the events of Σ, with typed fields"),
    ("internal", "before `{`: events that only `raise` sends; before `on`: the state itself is not left"),
    ("invariant", "holds in every reachable state; checked"),
    ("limits", "sizes of the machine's queues: internal, deferred, microsteps, undo"),
    ("log", "writes a text to the log"),
    ("machine", "an automaton: alphabets, context, states"),
    ("migrate", "how a snapshot of an earlier version is read"),
    ("never", "the first symbol never comes before the second; checked"),
    ("nondeterministic", "two transitions may be enabled at once; for diagrams and languages only"),
    ("none", "no value, of a type `T?`"),
    ("now", "the time at which the step began"),
    ("on", "a transition: `on EVENT [guard] -> target / actions`; bare, it ignores the event"),
    ("output", "the symbols of Γ, with typed fields"),
    ("parallel", "all of its regions are active at once"),
    ("peer", "a machine that `send` may address"),
    ("property", "a claim about all runs; checked"),
    ("raise", "puts an event before all that wait"),
    ("region", "a part of a parallel state"),
    ("return", "the data of the `done` that a final state raises: `event.result`"),
    ("self", "as a target: leave this state and enter it again; in `send`: this machine"),
    ("send", "sends an event to a peer, a child or `self`"),
    ("service", "what Rust does while a state is active; reports with an event"),
    ("spawn", "starts a child machine"),
    ("state", "a state; with states inside, one of them is active"),
    ("stop", "stops a child"),
    ("streams", "events that a service may send before it ends"),
    ("strict", "an event that nothing handles is an error"),
    ("system", "actors, outside parties and the wires between them"),
    ("undo", "what `compensate` does to take this action back"),
    ("use", "takes over the members of a fragment"),
];
