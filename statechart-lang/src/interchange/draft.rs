//! A machine on its way to text: what both importers build. The writer finds paths for its states, drops
//! transitions that can never be taken (the language calls them errors), and lays the text out.

use std::{collections::BTreeSet, fmt::Write as _};

use super::names::{self, Names};
use crate::model::names::pascal;

/// How wide a line may be before its actions get lines of their own.
const WIDTH: usize = 100;

#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) doc: Vec<String>,
    /// `id: Int = 0`.
    pub(super) params: Vec<String>,
    pub(super) inputs: Vec<DraftSymbol>,
    pub(super) internals: Vec<DraftSymbol>,
    pub(super) outputs: Vec<DraftSymbol>,
    /// `parent: Door`: who is sent to.
    pub(super) peers: Vec<String>,
    /// `n: Int = 0`, with comments before it.
    pub(super) context: Vec<String>,
    /// Lines of the `extern` block.
    pub(super) externs: Vec<String>,
    /// `internal: 64`.
    pub(super) limits: Vec<String>,
    /// The root first; parents before their children.
    pub(super) states: Vec<DraftState>,
}

/// A symbol: its name, and `name: Type` of each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DraftSymbol {
    pub(super) name: String,
    pub(super) fields: Vec<String>,
    pub(super) doc: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum DraftKind {
    #[default]
    State,
    Parallel,
    Final,
    History {
        deep: bool,
    },
}

#[derive(Debug, Clone, Default)]
pub(super) struct DraftState {
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) doc: Vec<String>,
    pub(super) tags: String,
    pub(super) kind: DraftKind,
    pub(super) accept: bool,
    pub(super) parent: usize,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(super) enum Item {
    /// `initial a, b / actions`; for a history state what follows its name.
    Initial(Vec<usize>, Vec<String>),
    /// `entry / …`, `exit / …`: the keyword and the actions.
    Actions(&'static str, Vec<String>),
    Transition(DraftTransition),
    /// A whole line: `do M as m`, `return e`.
    Line(String),
    /// `// not carried over: …`.
    Comment(String),
}

#[derive(Debug, Clone, Default)]
pub(super) struct DraftTransition {
    pub(super) on: On,
    pub(super) guard: Option<String>,
    pub(super) targets: Vec<usize>,
    /// `-> self`.
    pub(super) itself: bool,
    pub(super) internal: bool,
    pub(super) actions: Vec<String>,
    pub(super) doc: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) enum On {
    #[default]
    Always,
    /// A duration, or an expression in parentheses.
    After(String),
    Any(Vec<Atom>),
}

/// One thing that sets a transition off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    /// By name.
    Event(String),
    Done(usize),
    DoneChild(String),
    Fault,
}

impl Draft {
    /// Adds a state under a name that is legal and free; returns its index.
    pub(super) fn add(&mut self, parent: usize, wanted: &str, paths: &mut Names, state: DraftState) -> usize {
        let base = names::identifier(wanted, "s");
        let prefix = self.path(parent).map_or(String::new(), |path| format!("{path}."));
        let mut name = base.clone();
        let mut number = 2_u32;
        while !paths.take(&format!("{prefix}{name}")) {
            name = format!("{base}_{number}");
            number += 1;
        }
        let label = state.label.or_else(|| (name != wanted && !wanted.is_empty()).then(|| wanted.to_owned()));
        self.states.push(DraftState { name, label, parent, ..state });
        self.states.len() - 1
    }

    /// Names in Rust, of paths of states.
    pub(super) fn paths() -> Names {
        Names::new(pascal)
    }

    pub(super) fn is_below(&self, state: usize, ancestor: usize) -> bool {
        let mut at = state;
        while at != 0 {
            at = self.states[at].parent;
            if at == ancestor {
                return true;
            }
        }
        false
    }

    /// Whether two states can be active at once.
    pub(super) fn are_together(&self, one: usize, other: usize) -> bool {
        if one == other || self.is_below(one, other) || self.is_below(other, one) {
            return true;
        }
        let mut around = one;
        while around != 0 {
            around = self.states[around].parent;
            if self.is_below(other, around) {
                break;
            }
        }
        self.states[around].kind == DraftKind::Parallel
    }

    /// The path from below the root; none for the root.
    pub(super) fn path(&self, state: usize) -> Option<String> {
        if state == 0 {
            return None;
        }
        let name = &self.states[state].name;
        Some(match self.path(self.states[state].parent) {
            Some(path) => format!("{path}.{name}"),
            None => name.clone(),
        })
    }

    /// The shortest spelling that means `target` where it stands inside `from`.
    pub(super) fn reference(&self, from: usize, target: usize) -> String {
        let mut spelling = self.states[target].name.clone();
        let mut at = target;
        while self.resolve(from, &spelling) != Some(target) {
            at = self.states[at].parent;
            if at == 0 {
                break;
            }
            spelling = format!("{}.{spelling}", self.states[at].name);
        }
        spelling
    }

    /// How the language resolves a path: outward from the innermost scope, the direct child before the others.
    fn resolve(&self, from: usize, path: &str) -> Option<usize> {
        let mut parts = path.split('.');
        let first = parts.next()?;
        let mut scope = from;
        let start = loop {
            let inside: Vec<usize> = (1..self.states.len())
                .filter(|id| self.states[*id].name == first && self.is_below(*id, scope))
                .collect();
            let direct: Vec<usize> =
                inside.iter().copied().filter(|id| self.states[*id].parent == scope).collect();
            match (inside.as_slice(), direct.as_slice()) {
                ([one], _) | (_, [one]) => break *one,
                ([], _) if scope == 0 => return None,
                ([], _) => scope = self.states[scope].parent,
                _ => return None,
            }
        };
        parts.try_fold(start, |at, name| {
            (1..self.states.len()).find(|id| self.states[*id].parent == at && self.states[*id].name == name)
        })
    }

    /// Children in order, without history states.
    pub(super) fn children(&self, state: usize) -> Vec<usize> {
        (1..self.states.len())
            .filter(|id| {
                self.states[*id].parent == state
                    && !matches!(self.states[*id].kind, DraftKind::History { .. })
            })
            .collect()
    }

    /// Whether `done` can be raised for a state.
    pub(super) fn can_complete(&self, state: usize) -> bool {
        let children = self.children(state);
        match self.states[state].kind {
            DraftKind::Parallel => {
                !children.is_empty() && children.iter().all(|child| self.can_complete(*child))
            }
            DraftKind::State => children.iter().any(|child| self.states[*child].kind == DraftKind::Final),
            DraftKind::Final | DraftKind::History { .. } => false,
        }
    }

    /// Drops what can never be taken: for one trigger, everything after an unguarded transition, and a guard that
    /// has been asked before.
    pub(super) fn prune(&mut self) {
        for state in &mut self.states {
            let mut seen: Vec<(Option<Atom>, Option<String>)> = Vec::new();
            state.items.retain_mut(|item| {
                let Item::Transition(transition) = item else { return true };
                let guard = transition.guard.clone();
                let mut fresh = |atom: Option<Atom>| {
                    let dead = seen
                        .iter()
                        .any(|(known, before)| *known == atom && (before.is_none() || *before == guard));
                    if !dead {
                        seen.push((atom, guard.clone()));
                    }
                    !dead
                };
                match &mut transition.on {
                    On::After(_) => true,
                    On::Always => fresh(None),
                    On::Any(atoms) => {
                        atoms.retain(|atom| fresh(Some(atom.clone())));
                        !atoms.is_empty()
                    }
                }
            });
        }
    }

    /// The machine as text; returns where each state begins.
    pub(super) fn write(&self, out: &mut String) -> Vec<(usize, usize)> {
        let mut starts = vec![(out.len(), 0)];
        for line in &self.doc {
            let _ = writeln!(out, "/// {line}");
        }
        let params =
            if self.params.is_empty() { String::new() } else { format!("({})", self.params.join(", ")) };
        let label = self.label.as_ref().map_or(String::new(), |label| format!(" {}", names::text(label)));
        let _ = writeln!(out, "machine {}{params}{label} {{", self.name);
        for (keyword, symbols) in
            [("input", &self.inputs), ("internal", &self.internals), ("output", &self.outputs)]
        {
            write_symbols(keyword, symbols, out);
        }
        for peer in &self.peers {
            let _ = writeln!(out, "  peer {peer}");
        }
        block("context", &self.context, out);
        block("extern", &self.externs, out);
        block("limits", &self.limits, out);
        if let Some(root) = self.states.first() {
            self.write_items(0, root, 1, out);
        }
        for child in self.inner(0) {
            self.write_state(child, 1, out, &mut starts);
        }
        out.push_str("}\n");
        starts
    }

    /// All children, history states included, in order.
    fn inner(&self, state: usize) -> Vec<usize> {
        (1..self.states.len()).filter(|id| self.states[*id].parent == state).collect()
    }

    fn write_state(&self, id: usize, depth: usize, out: &mut String, starts: &mut Vec<(usize, usize)>) {
        starts.push((out.len(), id));
        let state = &self.states[id];
        let indent = "  ".repeat(depth);
        if depth == 1 || !self.inner(id).is_empty() {
            out.push('\n');
        }
        for line in &state.doc {
            let _ = writeln!(out, "{indent}/// {line}");
        }
        let region = self.states[state.parent].kind == DraftKind::Parallel;
        let keyword = match state.kind {
            DraftKind::History { deep: false } => "history",
            DraftKind::History { deep: true } => "deep history",
            DraftKind::Final => "final",
            _ if region => "region",
            DraftKind::Parallel => "parallel",
            DraftKind::State => "state",
        };
        let accept = if state.accept { "accept " } else { "" };
        let label = state.label.as_ref().map_or(String::new(), |label| format!(" {}", names::text(label)));
        let _ = write!(out, "{indent}{accept}{keyword} {}{label}{}", state.name, state.tags);
        if matches!(state.kind, DraftKind::History { .. }) {
            if let Some(Item::Initial(targets, actions)) = state.items.first()
                && !targets.is_empty()
            {
                let targets: Vec<String> =
                    targets.iter().map(|target| self.reference(state.parent, *target)).collect();
                let _ = write!(out, " -> {}", targets.join(", "));
                write_actions(actions, depth, out);
            }
            out.push('\n');
            return;
        }
        let inner = self.inner(id);
        let is_said = |item: &Item| !matches!(item, Item::Actions(_, actions) if actions.is_empty());
        if !state.items.iter().any(is_said) && inner.is_empty() {
            out.push('\n');
            return;
        }
        out.push_str(" {\n");
        self.write_items(id, state, depth + 1, out);
        for child in inner {
            self.write_state(child, depth + 1, out, starts);
        }
        let _ = writeln!(out, "{indent}}}");
    }

    fn write_items(&self, id: usize, state: &DraftState, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        for item in &state.items {
            match item {
                Item::Comment(text) => {
                    let _ = writeln!(out, "{indent}// not carried over: {}", text.replace(['\n', '\r'], " "));
                }
                Item::Line(line) => {
                    let _ = writeln!(out, "{indent}{line}");
                }
                Item::Initial(targets, actions) => {
                    let targets: Vec<String> =
                        targets.iter().map(|target| self.reference(id, *target)).collect();
                    let _ = write!(out, "{indent}initial {}", targets.join(", "));
                    write_actions(actions, depth, out);
                    out.push('\n');
                }
                Item::Actions(keyword, actions) => {
                    if !actions.is_empty() {
                        let _ = write!(out, "{indent}{keyword}");
                        write_actions(actions, depth, out);
                        out.push('\n');
                    }
                }
                Item::Transition(transition) => self.write_transition(id, transition, depth, out),
            }
        }
    }

    fn write_transition(&self, id: usize, transition: &DraftTransition, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        let mut tail = String::new();
        if let Some(guard) = &transition.guard {
            let _ = write!(tail, " [{}]", self.placed(id, guard));
        }
        if transition.itself {
            tail.push_str(" -> self");
        } else if !transition.targets.is_empty() {
            let targets: Vec<String> =
                transition.targets.iter().map(|target| self.reference(id, *target)).collect();
            let _ = write!(tail, " -> {}", targets.join(", "));
        }
        for head in self.heads(id, transition) {
            for line in &transition.doc {
                let _ = writeln!(out, "{indent}/// {line}");
            }
            let internal = if transition.internal { "internal " } else { "" };
            let _ = write!(out, "{indent}{internal}{head}{tail}");
            write_actions(&transition.actions, depth, out);
            out.push('\n');
        }
    }

    /// A guard with the states that it names, as they are spelt where it stands.
    fn placed(&self, id: usize, guard: &str) -> String {
        let parts = guard.split(PLACE).enumerate().map(|(number, part)| match part.parse::<usize>() {
            Ok(state) if number % 2 == 1 && state < self.states.len() => self.reference(id, state),
            _ => part.to_owned(),
        });
        parts.collect()
    }

    /// `on A | B`, `on done(x)`: what does not stand with others gets a line of its own.
    fn heads(&self, id: usize, transition: &DraftTransition) -> Vec<String> {
        let atoms = match &transition.on {
            On::Always => return vec!["always".to_owned()],
            On::After(span) => return vec![format!("after {span}")],
            On::Any(atoms) => atoms,
        };
        let mut seen = BTreeSet::new();
        let events: Vec<String> = atoms
            .iter()
            .filter_map(|atom| match atom {
                Atom::Event(name) if seen.insert(name) => Some(names::symbol(name)),
                _ => None,
            })
            .collect();
        let mut heads = Vec::new();
        if !events.is_empty() {
            heads.push(format!("on {}", events.join(" | ")));
        }
        for atom in atoms {
            match atom {
                Atom::Event(_) => {}
                Atom::Fault => heads.push("on fault".to_owned()),
                Atom::Done(state) if *state == id => heads.push("on done".to_owned()),
                Atom::Done(state) => heads.push(format!("on done({})", self.reference(id, *state))),
                Atom::DoneChild(child) => heads.push(format!("on done({child})")),
            }
        }
        heads
    }
}

/// What a guard holds around the number of a state, until it is known where the guard stands.
const PLACE: char = '\u{1}';

/// A state in a guard.
pub(super) fn place(state: usize) -> String {
    format!("{PLACE}{state}{PLACE}")
}

fn write_symbols(keyword: &str, symbols: &[DraftSymbol], out: &mut String) {
    if symbols.is_empty() {
        return;
    }
    let spelt: Vec<String> = symbols
        .iter()
        .map(|symbol| {
            let fields = if symbol.fields.is_empty() {
                String::new()
            } else {
                format!("({})", symbol.fields.join(", "))
            };
            format!("{}{fields}", names::symbol(&symbol.name))
        })
        .collect();
    let line = spelt.join(" ");
    if line.len() <= WIDTH && symbols.iter().all(|symbol| symbol.doc.is_none()) {
        let _ = writeln!(out, "  {keyword} {{ {line} }}");
        return;
    }
    let _ = writeln!(out, "  {keyword} {{");
    for (symbol, spelt) in symbols.iter().zip(spelt) {
        if let Some(doc) = &symbol.doc {
            let _ = writeln!(out, "    /// {doc}");
        }
        let _ = writeln!(out, "    {spelt}");
    }
    out.push_str("  }\n");
}

fn block(keyword: &str, lines: &[String], out: &mut String) {
    match lines {
        [] => {}
        [one] if !one.starts_with("//") => {
            let _ = writeln!(out, "  {keyword} {{ {one} }}");
        }
        lines => {
            let _ = writeln!(out, "  {keyword} {{");
            for line in lines {
                let _ = writeln!(out, "    {line}");
            }
            out.push_str("  }\n");
        }
    }
}

/// ` / a, b`, on lines of their own where the line would be too long.
fn write_actions(actions: &[String], depth: usize, out: &mut String) {
    if actions.is_empty() {
        return;
    }
    let start = out.rfind('\n').map_or(0, |at| at + 1);
    let line: usize = out.len() - start + actions.iter().map(|action| action.len() + 2).sum::<usize>();
    if line <= WIDTH {
        let _ = write!(out, " / {}", actions.join(", "));
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let _ = write!(out, "\n{indent}/ {}", actions.join(&format!(",\n{indent}  ")));
}
