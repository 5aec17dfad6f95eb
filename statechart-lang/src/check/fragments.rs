//! `use Fragment`: its members take the place of the `use`, before anything is resolved.
//!
//! What belongs to a machine (alphabets, externs, peers) goes to the machine, wherever the `use` stands; what the machine
//! says in the same words itself is said once. Spans stay those of the fragment, so that a mistake in it is
//! reported there, and once.

use std::rc::Rc;

use super::{Declared, near};
use crate::{
    Code, Diagnostic, Sources,
    source::joined,
    syntax::ast::{self, MemberKind},
    table::ByName,
};

/// Most members that fragments may add to one machine.
const MEMBER_LIMIT: usize = 200_000;

/// Deepest nesting that states and fragments may come to; that of one file is bounded by its brackets.
const DEPTH_LIMIT: usize = 64;

/// Every machine, its fragments spliced in.
pub(super) fn splice(
    files: &[ast::File],
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ast::Machine> {
    let (mut declared, mut known) = (Declared::new("fragment"), ByName::default());
    for file in files {
        for fragment in &file.fragments {
            declared.add(&fragment.name, diagnostics);
            known.or_insert(&fragment.name.text, fragment);
        }
    }
    let (mut machines, mut used) = (Vec::new(), ByName::default());
    for file in files {
        for machine in &file.machines {
            if !uses(&machine.members) {
                machines.push(with(machine, machine.members.clone()));
                continue;
            }
            let mut splice = Splice {
                known: &known,
                sources,
                diagnostics,
                said: ByName::default(),
                hoisted: Vec::new(),
                open: Vec::new(),
                used: &mut used,
                added: 0,
                too_large: false,
            };
            machine.members.iter().for_each(|member| self::declared(member, sources, &mut splice.said));
            let mut members = splice.members(&machine.members, 0);
            members.append(&mut splice.hoisted);
            machines.push(with(machine, members));
        }
    }
    // A file of fragments alone is there to be imported.
    if let Some(main) = files.first().filter(|file| !file.machines.is_empty()) {
        for fragment in &main.fragments {
            if used.contains(&fragment.name.text) {
                continue;
            }
            diagnostics.push(
                Diagnostic::new(
                    Code::Unused,
                    fragment.name.span,
                    format!("fragment `{}` is never used", fragment.name.text),
                )
                .help("take it over with `use`, or remove it"),
            );
        }
    }
    machines
}

/// A machine with these members.
fn with(machine: &ast::Machine, members: Vec<Rc<ast::Member>>) -> ast::Machine {
    ast::Machine {
        name: machine.name.clone(),
        doc: machine.doc.clone(),
        params: Rc::clone(&machine.params),
        label: machine.label.clone(),
        tags: machine.tags.clone(),
        strict: machine.strict,
        nondeterministic: machine.nondeterministic,
        members,
    }
}

fn uses(members: &[Rc<ast::Member>]) -> bool {
    members.iter().any(|member| match &member.kind {
        MemberKind::Use(_) => true,
        MemberKind::State(state) => uses(&state.members),
        _ => false,
    })
}

/// Notes what a member declares, by kind and name, in words that can be compared.
fn declared(member: &ast::Member, sources: &Sources, said: &mut ByName<String>) {
    let mut say = |(key, words): (String, String)| _ = said.insert(key, words);
    match &member.kind {
        MemberKind::Input(list) => list.iter().for_each(|item| say(symbol("event", "input", item, sources))),
        MemberKind::Internals(list) => {
            list.iter().for_each(|item| say(symbol("event", "internal", item, sources)));
        }
        MemberKind::Output(list) => list.iter().for_each(|item| say(symbol("output", "", item, sources))),
        MemberKind::Context(list) => list.iter().for_each(|item| say(variable(item, sources))),
        MemberKind::Externs(list) => list.iter().for_each(|item| say(external(item, sources))),
        MemberKind::Peer { name, machine } => say((format!("peer {}", name.text), machine.text.clone())),
        _ => {}
    }
}

fn symbol(space: &str, kind: &str, symbol: &ast::Symbol, sources: &Sources) -> (String, String) {
    let mut fields = Vec::new();
    for field in &symbol.fields {
        fields.push(format!("{}: {}", field.name.text, sources.quote(field.ty.span)));
    }
    (format!("{space} {}", symbol.name.text), format!("{kind}({})", joined(&fields, ", ")))
}

fn variable(variable: &ast::Variable, sources: &Sources) -> (String, String) {
    let (ty, initial) = (sources.quote(variable.ty.span), sources.quote(variable.initial.span));
    (format!("variable {}", variable.name.text), format!("{ty} = {initial}"))
}

fn external(item: &ast::Extern, sources: &Sources) -> (String, String) {
    let (kind, function) = match item {
        ast::Extern::Type(name) => return (format!("type {}", name.text), String::new()),
        ast::Extern::Guard(function) => ("guard", function),
        ast::Extern::Action(function) => ("action", function),
        ast::Extern::Service { function, .. } => ("service", function),
    };
    let mut params = Vec::new();
    for (name, ty) in &function.params {
        let name = name.as_ref().map_or("", |name| &name.text);
        params.push(format!("{name}: {}", sources.quote(ty.span)));
    }
    let mut said = format!("{kind}({})", joined(&params, ", "));
    if let ast::Extern::Service { streams, successes, failures, .. } = item {
        for (mark, names) in [("streams", streams), ("->", successes), ("!", failures)] {
            said.push_str(&format!(" {mark}"));
            names.iter().for_each(|name| said.push_str(&format!(" | {}", name.text)));
        }
    }
    (format!("extern {}", function.name.text), said)
}

struct Splice<'a, 'b> {
    known: &'b ByName<&'a ast::Fragment>,
    sources: &'b Sources,
    diagnostics: &'b mut Vec<Diagnostic>,
    /// What the machine declares so far.
    said: ByName<String>,
    /// Declarations of fragments that states use.
    hoisted: Vec<Rc<ast::Member>>,
    /// Fragments that are being taken over, the outermost first.
    open: Vec<&'a str>,
    used: &'b mut ByName<()>,
    added: usize,
    too_large: bool,
}

impl<'a> Splice<'a, '_> {
    fn members(&mut self, members: &[Rc<ast::Member>], depth: usize) -> Vec<Rc<ast::Member>> {
        let mut out = Vec::with_capacity(members.len());
        self.splice(members, depth, &mut out);
        out
    }

    fn splice(&mut self, members: &[Rc<ast::Member>], depth: usize, out: &mut Vec<Rc<ast::Member>>) {
        let mut here = ByName::default();
        for member in members {
            match &member.kind {
                MemberKind::Use(name) => {
                    if let Some(first) = here.insert(&name.text, name.span) {
                        self.diagnostics.push(
                            Diagnostic::new(
                                Code::Duplicate,
                                name.span,
                                format!("fragment `{}` is used twice", name.text),
                            )
                            .label("used again here")
                            .also(first, "used first here")
                            .help("remove one of them"),
                        );
                        continue;
                    }
                    self.take(name, depth, out);
                }
                MemberKind::State(state) => {
                    let members = self.members(&state.members, depth + 1);
                    let kind = MemberKind::State(copy(state, members));
                    let member = ast::Member { doc: member.doc.clone(), kind, span: member.span };
                    self.keep(&Rc::new(member), depth, out);
                }
                _ => self.keep(member, depth, out),
            }
        }
    }

    /// Takes a fragment's members over.
    fn take(&mut self, name: &ast::Name, depth: usize, out: &mut Vec<Rc<ast::Member>>) {
        let Some(&fragment) = self.known.get(&name.text) else {
            let help = near(&name.text, self.known.keys().map(String::as_str), self.diagnostics.len())
                .unwrap_or_else(|| {
                    format!("declare it: `fragment {} {{ … }}`, or import its file", name.text)
                });
            self.diagnostics.push(
                Diagnostic::new(Code::UnknownPeer, name.span, format!("unknown fragment `{}`", name.text))
                    .help(help),
            );
            return;
        };
        let key = fragment.name.text.as_str();
        self.used.insert(key, ());
        if self.open.contains(&key) {
            let chain = joined(&self.open, "` uses `");
            self.diagnostics.push(
                Diagnostic::new(Code::Recursive, name.span, format!("fragment `{chain}` uses `{key}` again"))
                    .label("this would never end")
                    .help("remove one `use` of the circle"),
            );
            return;
        }
        if depth > DEPTH_LIMIT || self.too_large {
            self.refuse(name);
            return;
        }
        self.open.push(key);
        self.splice(&fragment.members, depth, out);
        self.open.pop();
        if self.added > MEMBER_LIMIT {
            self.refuse(name);
        }
    }

    fn refuse(&mut self, name: &ast::Name) {
        if !std::mem::replace(&mut self.too_large, true) {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::TooLarge,
                    name.span,
                    format!("fragments add more than {MEMBER_LIMIT} members, or nest deeper than {DEPTH_LIMIT} states"),
                )
                .help("use fewer fragments inside fragments"),
            );
        }
    }

    /// Puts a member where it belongs; of a fragment's declarations only those that are not there yet.
    fn keep(&mut self, member: &Rc<ast::Member>, depth: usize, out: &mut Vec<Rc<ast::Member>>) {
        if self.open.is_empty() {
            out.push(Rc::clone(member));
            return;
        }
        self.added += 1;
        if self.added > MEMBER_LIMIT {
            return;
        }
        let (sources, said) = (self.sources, &mut self.said);
        // Variables of a fragment that a state uses are data of that state, where the machine has none such.
        let to_machine = depth == 0 || !matches!(member.kind, MemberKind::Context(_));
        let mut is_fresh = |(key, words): (String, String)| {
            if said.get(&key) == Some(&words) {
                return false;
            }
            if to_machine {
                said.or_insert(key, words);
            }
            true
        };
        let mut symbols = |list: &[Rc<ast::Symbol>], space, kind| {
            let mut fresh = list.to_vec();
            fresh.retain(|item| is_fresh(symbol(space, kind, item, sources)));
            fresh
        };
        let kind = match &member.kind {
            MemberKind::Input(list) => MemberKind::Input(symbols(list, "event", "input")),
            MemberKind::Internals(list) => MemberKind::Internals(symbols(list, "event", "internal")),
            MemberKind::Output(list) => MemberKind::Output(symbols(list, "output", "")),
            MemberKind::Context(list) => {
                let mut fresh = list.clone();
                fresh.retain(|item| is_fresh(variable(item, sources)));
                MemberKind::Context(fresh)
            }
            MemberKind::Externs(list) => {
                let mut fresh = list.clone();
                fresh.retain(|item| is_fresh(external(item, sources)));
                MemberKind::Externs(fresh)
            }
            MemberKind::Peer { name, machine } => {
                if !is_fresh((format!("peer {}", name.text), machine.text.clone())) {
                    return;
                }
                MemberKind::Peer { name: name.clone(), machine: machine.clone() }
            }
            _ => {
                out.push(Rc::clone(member));
                return;
            }
        };
        let is_empty = match &kind {
            MemberKind::Input(list) | MemberKind::Internals(list) | MemberKind::Output(list) => {
                list.is_empty()
            }
            MemberKind::Context(list) => list.is_empty(),
            MemberKind::Externs(list) => list.is_empty(),
            _ => false,
        };
        let is_of_machine = depth > 0 && !matches!(kind, MemberKind::Context(_));
        let member = Rc::new(ast::Member { doc: member.doc.clone(), kind, span: member.span });
        match (is_empty, is_of_machine) {
            (true, _) => {}
            (false, true) => self.hoisted.push(member),
            (false, false) => out.push(member),
        }
    }
}

/// A state with these members.
fn copy(state: &ast::State, members: Vec<Rc<ast::Member>>) -> ast::State {
    ast::State {
        keyword: state.keyword,
        accept: state.accept,
        name: state.name.clone(),
        params: Rc::clone(&state.params),
        label: state.label.clone(),
        tags: state.tags.clone(),
        members,
    }
}
