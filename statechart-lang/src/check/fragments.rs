//! `use Fragment`: its members take the place of the `use`, before anything is resolved.
//!
//! What belongs to a machine (alphabets, externs, peers) goes to the machine, wherever the `use` stands; what the machine
//! says in the same words itself is said once. Spans stay those of the fragment, so that a mistake in it is
//! reported there, and once.

use std::borrow::Cow;

use super::{near, report_duplicates};
use crate::{
    Code, Diagnostic, Sources,
    syntax::ast::{self, MemberKind},
    table::ByName,
};

/// Most members that fragments may add to one machine.
const MEMBER_LIMIT: usize = 200_000;

/// Deepest nesting that states and fragments may come to; that of one file is bounded by its brackets.
const DEPTH_LIMIT: usize = 64;

/// Every machine, its fragments spliced in.
pub(super) fn splice<'a>(
    files: &'a [ast::File],
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Cow<'a, ast::Machine>> {
    let fragments = || files.iter().flat_map(|file| &file.fragments);
    report_duplicates(fragments().map(|fragment| &fragment.name), "fragment", diagnostics);
    let mut known = ByName::default();
    for fragment in fragments() {
        known.or_insert(&fragment.name.text, fragment);
    }
    let mut used = ByName::default();
    let machines = files
        .iter()
        .flat_map(|file| &file.machines)
        .map(|machine| {
            if !uses(&machine.members) {
                return Cow::Borrowed(machine);
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
            machine.members.iter().for_each(|member| declared(member, sources, &mut splice.said));
            let mut members = splice.members(&machine.members, 0);
            members.append(&mut splice.hoisted);
            Cow::Owned(ast::Machine { members, ..head(machine) })
        })
        .collect();
    // A file of fragments alone is there to be imported.
    if let Some(main) = files.first().filter(|file| !file.machines.is_empty()) {
        for fragment in main.fragments.iter().filter(|fragment| !used.contains(&fragment.name.text)) {
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

/// Everything of a machine but its members.
fn head(machine: &ast::Machine) -> ast::Machine {
    ast::Machine {
        name: machine.name.clone(),
        doc: machine.doc.clone(),
        params: machine.params.clone(),
        label: machine.label.clone(),
        tags: machine.tags.clone(),
        strict: machine.strict,
        nondeterministic: machine.nondeterministic,
        members: Vec::new(),
    }
}

fn uses(members: &[ast::Member]) -> bool {
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
    let fields: Vec<String> = symbol
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.name.text, sources.quote(field.ty.span)))
        .collect();
    (format!("{space} {}", symbol.name.text), format!("{kind}({})", fields.join(", ")))
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
    let params: Vec<String> = function
        .params
        .iter()
        .map(|(name, ty)| {
            let name = name.as_ref().map_or("", |name| &name.text);
            format!("{name}: {}", sources.quote(ty.span))
        })
        .collect();
    let mut said = format!("{kind}({})", params.join(", "));
    if let ast::Extern::Service { streams, successes, failures, .. } = item {
        for (mark, names) in [("streams", streams), ("->", successes), ("!", failures)] {
            let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            said.push_str(&format!(" {mark} {}", names.join(" | ")));
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
    hoisted: Vec<ast::Member>,
    /// Fragments that are being taken over, the outermost first.
    open: Vec<&'a str>,
    used: &'b mut ByName<()>,
    added: usize,
    too_large: bool,
}

impl<'a> Splice<'a, '_> {
    fn members(&mut self, members: &[ast::Member], depth: usize) -> Vec<ast::Member> {
        let mut out = Vec::with_capacity(members.len());
        self.splice(members, depth, &mut out);
        out
    }

    fn splice(&mut self, members: &[ast::Member], depth: usize, out: &mut Vec<ast::Member>) {
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
                    let mut copy = ast::State { members: Vec::new(), ..shallow(state) };
                    copy.members = self.members(&state.members, depth + 1);
                    self.keep(
                        ast::Member {
                            doc: member.doc.clone(),
                            kind: MemberKind::State(copy),
                            span: member.span,
                        },
                        depth,
                        out,
                    );
                }
                _ => self.keep(member.clone(), depth, out),
            }
        }
    }

    /// Takes a fragment's members over.
    fn take(&mut self, name: &ast::Name, depth: usize, out: &mut Vec<ast::Member>) {
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
            let chain = self.open.join("` uses `");
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
    fn keep(&mut self, mut member: ast::Member, depth: usize, out: &mut Vec<ast::Member>) {
        if self.open.is_empty() {
            out.push(member);
            return;
        }
        self.added += 1;
        if self.added > MEMBER_LIMIT {
            return;
        }
        let (sources, said) = (self.sources, &mut self.said);
        // Variables of a fragment that a state uses are data of that state, where the machine has none such.
        let to_machine = depth == 0 || !matches!(member.kind, MemberKind::Context(_));
        let mut fresh = |(key, words): (String, String)| {
            if said.get(&key) == Some(&words) {
                return false;
            }
            if to_machine {
                said.or_insert(key, words);
            }
            true
        };
        let (empty, machines) = match &mut member.kind {
            MemberKind::Input(list) => {
                list.retain(|item| fresh(symbol("event", "input", item, sources)));
                (list.is_empty(), true)
            }
            MemberKind::Internals(list) => {
                list.retain(|item| fresh(symbol("event", "internal", item, sources)));
                (list.is_empty(), true)
            }
            MemberKind::Output(list) => {
                list.retain(|item| fresh(symbol("output", "", item, sources)));
                (list.is_empty(), true)
            }
            MemberKind::Context(list) => {
                list.retain(|item| fresh(variable(item, sources)));
                (list.is_empty(), false)
            }
            MemberKind::Externs(list) => {
                list.retain(|item| fresh(external(item, sources)));
                (list.is_empty(), true)
            }
            MemberKind::Peer { name, machine } => {
                (!fresh((format!("peer {}", name.text), machine.text.clone())), true)
            }
            _ => (false, false),
        };
        match (empty, machines && depth > 0) {
            (true, _) => {}
            (false, true) => self.hoisted.push(member),
            (false, false) => out.push(member),
        }
    }
}

/// A state without its members.
fn shallow(state: &ast::State) -> ast::State {
    ast::State {
        keyword: state.keyword,
        accept: state.accept,
        name: state.name.clone(),
        params: state.params.clone(),
        label: state.label.clone(),
        tags: state.tags.clone(),
        members: Vec::new(),
    }
}
