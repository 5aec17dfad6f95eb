//! First pass: everything that is declared, by name and by scope.

use std::collections::BTreeMap;

use super::{Analysis, Declaration, DeclarationId, Kind};
use std::rc::Rc;

use crate::{
    Span,
    syntax::ast::{
        self, Action, ActionKind, DataParam, Extern, ExternFn, Field, File, Machine, Member, MemberKind,
        Name, State, StateKeyword, Symbol, SystemItem, Variable,
    },
};

/// Members that `use` may add to one machine, counted with repetition: fragments may use fragments.
pub(super) const SPLICE_LIMIT: usize = 20_000;

/// Names to what they stand for.
pub(super) type Names = BTreeMap<String, DeclarationId>;

/// What the names in a machine mean, fragments included; or in a fragment that nobody uses.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The machine or fragment.
    pub(super) owner: DeclarationId,
    pub(super) events: Names,
    pub(super) outputs: Names,
    pub(super) types: Names,
    pub(super) guards: Names,
    pub(super) actions: Names,
    pub(super) services: Names,
    pub(super) messages: Names,
    /// Peers and children: whose events `send` may name.
    pub(super) partners: BTreeMap<String, (DeclarationId, String)>,
    /// In document order; the root first.
    pub(super) states: Vec<StateNode>,
    /// States by name, ascending.
    pub(super) named: BTreeMap<String, Vec<usize>>,
}

/// A state's place in the tree.
#[derive(Debug, Default)]
pub(super) struct StateNode {
    pub(super) name: String,
    pub(super) id: DeclarationId,
    pub(super) parent: usize,
    pub(super) children: Vec<usize>,
    /// Its last descendant.
    pub(super) last: usize,
    /// Its parameters and fields; of the root, the machine's parameters and context.
    pub(super) data: Names,
    /// Its declaration.
    pub(super) span: Span,
}

/// Walks members with those of fragments in their place.
pub(super) struct Splicer<'f> {
    files: &'f [File],
    open: Vec<&'f str>,
    left: usize,
}

impl<'f> Splicer<'f> {
    pub(super) fn new(files: &'f [File]) -> Self {
        Self { files, open: Vec::new(), left: SPLICE_LIMIT }
    }

    /// The members of a fragment, once inside itself at most.
    pub(super) fn enter(&mut self, name: &str) -> Option<&'f [Rc<Member>]> {
        let fragment =
            self.files.iter().flat_map(|file| &file.fragments).find(|known| known.name.text == name)?;
        if self.open.contains(&fragment.name.text.as_str()) || self.left < fragment.members.len() {
            return None;
        }
        self.left -= fragment.members.len();
        self.open.push(&fragment.name.text);
        Some(&fragment.members)
    }

    pub(super) fn leave(&mut self) {
        self.open.pop();
    }
}

/// Declares everything.
pub(super) fn declare(analysis: &mut Analysis, files: &[File]) {
    for fragment in files.iter().flat_map(|file| &file.fragments) {
        let text = format!("fragment {}", fragment.name.text);
        let full = whole(analysis, fragment.name.span);
        let doc = documentation(analysis, fragment.name.span);
        plain(analysis, Kind::Fragment, &fragment.name, full, &doc, text, None);
    }
    for machine in files.iter().flat_map(|file| &file.machines) {
        let full = whole(analysis, machine.name.span);
        let text = format!("{}{}", heading(machine), parameters(analysis, &machine.params));
        let owner = plain(analysis, Kind::Machine, &machine.name, full, &machine.doc, text, None);
        let scope = Declarer::new(analysis, files, owner).scope(&machine.params, &machine.members, full);
        analysis.scopes.push(scope);
    }
    // What nobody uses is still read.
    for fragment in files.iter().flat_map(|file| &file.fragments) {
        let Some(owner) = analysis.declared.get(&fragment.name.span).copied() else { continue };
        let full = analysis.declarations.get(owner).map_or(fragment.name.span, |known| known.full);
        let scope = Declarer::new(analysis, files, owner).scope(&[], &fragment.members, full);
        analysis.scopes.push(scope);
    }
    for system in files.iter().flat_map(|file| &file.systems) {
        let text = format!("system {}", system.name.text);
        let full = whole(analysis, system.name.span);
        let owner = plain(analysis, Kind::System, &system.name, full, &system.doc, text, None);
        for item in &system.items {
            let (kind, name, text) = match item {
                SystemItem::Actor { name, machine, family, .. } => {
                    let of = |family: &Field| {
                        let ty = analysis.sources.quote(family.ty.span);
                        format!("[{}: {ty}]", family.name.text)
                    };
                    let family = family.as_ref().map_or(String::new(), of);
                    (Kind::Actor, name, format!("actor {}{family}: {}", name.text, machine.text))
                }
                SystemItem::External { name, .. } => {
                    (Kind::External, name, format!("external {}", name.text))
                }
                SystemItem::Wire { .. } => continue,
            };
            let actor = plain(analysis, kind, name, name.span, "", text, Some(owner));
            if let SystemItem::Actor { family: Some(family), .. } = item {
                let text = format!("{}: {}", family.name.text, analysis.sources.quote(family.ty.span));
                let full = family.name.span.to(family.ty.span);
                plain(analysis, Kind::Parameter, &family.name, full, "", text, Some(actor));
            }
        }
    }
}

/// `strict machine M`.
fn heading(machine: &Machine) -> String {
    let strict = if machine.strict { "strict " } else { "" };
    let nondeterministic = if machine.nondeterministic { "nondeterministic " } else { "" };
    format!("{strict}{nondeterministic}machine {}", machine.name.text)
}

/// From a name to the brace that ends its body, which the text has: it was made to balance.
fn whole(analysis: &Analysis, name: Span) -> Span {
    let text =
        analysis.sources.get(name.file).and_then(|source| source.text.get(name.end as usize..)).unwrap_or("");
    let mut depth = 0_usize;
    for (at, token) in super::place::tokens(text) {
        match token {
            "{" => depth += 1,
            "}" if depth <= 1 => return Span { end: name.end + (at + token.len()) as u32, ..name },
            "}" => depth -= 1,
            _ => {}
        }
    }
    name
}

/// The documentation on the lines before a name's line; the AST has none for fragments.
fn documentation(analysis: &Analysis, name: Span) -> String {
    let text = analysis.sources.get(name.file).and_then(|source| source.text.get(..name.start as usize));
    let above = text.unwrap_or("").lines().rev().skip(1).map(str::trim);
    let mut lines: Vec<&str> = above.map_while(|line| line.strip_prefix("///")).map(str::trim).collect();
    lines.reverse();
    lines.join("\n")
}

/// `(a: Int, b: Text = "x")`, or nothing.
fn parameters(analysis: &Analysis, params: &[DataParam]) -> String {
    let shown: Vec<String> = params
        .iter()
        .map(|param| {
            let default = param
                .default
                .as_ref()
                .map_or(String::new(), |value| format!(" = {}", analysis.sources.quote(value.span)));
            format!("{}: {}{default}", param.name.text, analysis.sources.quote(param.ty.span))
        })
        .collect();
    if shown.is_empty() { String::new() } else { format!("({})", shown.join(", ")) }
}

fn plain(
    analysis: &mut Analysis,
    kind: Kind,
    name: &Name,
    full: Span,
    doc: &str,
    text: String,
    container: Option<DeclarationId>,
) -> DeclarationId {
    let (name, span) = (name.text.clone(), name.span);
    analysis.declare(Declaration { kind, name, span, full, doc: doc.to_owned(), text, container })
}

struct Declarer<'a, 'f> {
    analysis: &'a mut Analysis,
    splicer: Splicer<'f>,
    scope: Scope,
}

impl<'a, 'f> Declarer<'a, 'f> {
    fn new(analysis: &'a mut Analysis, files: &'f [File], owner: DeclarationId) -> Self {
        Self { analysis, splicer: Splicer::new(files), scope: Scope { owner, ..Scope::default() } }
    }

    fn scope(mut self, params: &[DataParam], members: &'f [Rc<Member>], span: Span) -> Scope {
        let owner = self.scope.owner;
        let name = self.analysis.declarations.get(owner).map_or(String::new(), |known| known.name.clone());
        self.scope.states.push(StateNode { name, id: owner, span, ..StateNode::default() });
        self.data(0, params);
        self.members(members, 0);
        self.close(0);
        self.scope
    }

    fn close(&mut self, state: usize) {
        let last = self.scope.states.len() - 1;
        if let Some(node) = self.scope.states.get_mut(state) {
            node.last = last;
        }
    }

    fn plain(&mut self, kind: Kind, name: &Name, full: Span, doc: &str, text: String) -> DeclarationId {
        let owner = Some(self.scope.owner);
        plain(self.analysis, kind, name, full, doc, text, owner)
    }

    fn members(&mut self, members: &'f [Rc<Member>], state: usize) {
        for member in members {
            self.member(member, state);
        }
    }

    fn member(&mut self, member: &'f Member, state: usize) {
        match &member.kind {
            MemberKind::Input(symbols) => self.symbols(symbols, Kind::Event),
            MemberKind::Internals(symbols) => self.symbols(symbols, Kind::Internal),
            MemberKind::Output(symbols) => self.symbols(symbols, Kind::Output),
            MemberKind::Context(variables) => self.context(variables, state),
            MemberKind::Externs(externs) => externs.iter().for_each(|item| self.external(item)),
            MemberKind::Peer { name, machine } => {
                let text = format!("peer {}: {}", name.text, machine.text);
                let id = self.plain(Kind::Peer, name, member.span, &member.doc, text);
                self.scope.partners.insert(name.text.clone(), (id, machine.text.clone()));
            }
            MemberKind::Initial { actions, .. } | MemberKind::Entry(actions) | MemberKind::Exit(actions) => {
                self.actions(actions);
            }
            MemberKind::State(inner) => self.state(inner, member, state),
            MemberKind::History(history) => {
                let deep = if history.deep { "deep " } else { "" };
                let text = format!("{deep}history {}", history.name.text);
                self.node(&history.name, Kind::History, member, text, state);
                self.actions(&history.actions);
            }
            MemberKind::Transition(transition) => self.actions(&transition.actions),
            MemberKind::Do { what, id: Some(id), .. } => {
                let text = format!("do {} as {}", what.text, id.text);
                self.partner(id, what, text);
            }
            MemberKind::Use(name) => {
                if let Some(members) = self.splicer.enter(&name.text) {
                    self.members(members, state);
                    self.splicer.leave();
                }
            }
            MemberKind::Limits(_)
            | MemberKind::Do { id: None, .. }
            | MemberKind::Defer(_)
            | MemberKind::Return(_)
            | MemberKind::Example { .. }
            | MemberKind::Property(_)
            | MemberKind::Migrate { .. } => {}
        }
    }

    fn symbols(&mut self, symbols: &[Rc<Symbol>], kind: Kind) {
        for symbol in symbols {
            let full =
                symbol.fields.last().map_or(symbol.name.span, |field| symbol.name.span.to(field.ty.span));
            let text = format!("{}{}", symbol.name.text, self.fields_text(&symbol.fields));
            let id = self.plain(kind, &symbol.name, full, &symbol.doc, text);
            for field in &symbol.fields {
                let text = self.typed(&field.name, &field.ty);
                plain(
                    self.analysis,
                    Kind::Field,
                    &field.name,
                    field.name.span.to(field.ty.span),
                    "",
                    text,
                    Some(id),
                );
            }
            let names = if kind == Kind::Output { &mut self.scope.outputs } else { &mut self.scope.events };
            names.entry(symbol.name.text.clone()).or_insert(id);
        }
    }

    fn fields_text(&self, fields: &[Field]) -> String {
        let shown: Vec<String> = fields.iter().map(|field| self.typed(&field.name, &field.ty)).collect();
        if shown.is_empty() { String::new() } else { format!("({})", shown.join(", ")) }
    }

    fn typed(&self, name: &Name, ty: &ast::Type) -> String {
        format!("{}: {}", name.text, self.analysis.sources.quote(ty.span))
    }

    fn context(&mut self, variables: &[Rc<Variable>], state: usize) {
        for variable in variables {
            let full = variable.name.span.to(variable.initial.span);
            let initial = self.analysis.sources.quote(variable.initial.span);
            let text = format!("{} = {initial}", self.typed(&variable.name, &variable.ty));
            let container = self.scope.states.get(state).map(|node| node.id);
            let id =
                plain(self.analysis, Kind::Variable, &variable.name, full, &variable.doc, text, container);
            self.datum(state, &variable.name, id);
        }
    }

    fn data(&mut self, state: usize, params: &[DataParam]) {
        for param in params {
            let text = self.typed(&param.name, &param.ty);
            let container = self.scope.states.get(state).map(|node| node.id);
            let full = param.name.span.to(param.ty.span);
            let id = plain(self.analysis, Kind::Parameter, &param.name, full, "", text, container);
            self.datum(state, &param.name, id);
        }
    }

    fn datum(&mut self, state: usize, name: &Name, id: DeclarationId) {
        if let Some(node) = self.scope.states.get_mut(state) {
            node.data.entry(name.text.clone()).or_insert(id);
        }
    }

    fn external(&mut self, item: &Extern) {
        let (kind, function, tail) = match item {
            Extern::Type(name) => {
                let id = self.plain(Kind::Type, name, name.span, "", format!("type {}", name.text));
                self.scope.types.entry(name.text.clone()).or_insert(id);
                return;
            }
            Extern::Guard(function) => (Kind::Guard, function, String::new()),
            Extern::Action(function) => (Kind::Action, function, String::new()),
            Extern::Service { function, streams, successes, failures } => {
                let list = |lead: &str, names: &[Name]| {
                    let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
                    if names.is_empty() { String::new() } else { format!(" {lead} {}", names.join(" | ")) }
                };
                let tail = list("streams", streams) + &list("->", successes) + &list("!", failures);
                (Kind::Service, function, tail)
            }
        };
        let word = match kind {
            Kind::Guard => "guard",
            Kind::Action => "action",
            _ => "service",
        };
        let text = format!("{word} {}{}{tail}", function.name.text, self.arguments(function));
        let full =
            function.params.last().map_or(function.name.span, |(_, ty)| function.name.span.to(ty.span));
        let id = self.plain(kind, &function.name, full, &function.doc, text);
        for (name, ty) in &function.params {
            if let Some(name) = name {
                let text = self.typed(name, ty);
                plain(self.analysis, Kind::Argument, name, name.span.to(ty.span), "", text, Some(id));
            }
        }
        let names = match kind {
            Kind::Guard => &mut self.scope.guards,
            Kind::Action => &mut self.scope.actions,
            _ => &mut self.scope.services,
        };
        names.entry(function.name.text.clone()).or_insert(id);
    }

    fn arguments(&self, function: &ExternFn) -> String {
        let shown: Vec<String> = function
            .params
            .iter()
            .map(|(name, ty)| match name {
                Some(name) => self.typed(name, ty),
                None => self.analysis.sources.quote(ty.span),
            })
            .collect();
        format!("({})", shown.join(", "))
    }

    fn state(&mut self, state: &'f State, member: &'f Member, parent: usize) {
        let keyword = match state.keyword {
            StateKeyword::State => "state",
            StateKeyword::Parallel => "parallel",
            StateKeyword::Region => "region",
            StateKeyword::Final => "final",
        };
        let accept = if state.accept { "accept " } else { "" };
        let label = state.label.as_ref().map_or(String::new(), |label| format!(" \"{label}\""));
        let params = parameters(self.analysis, &state.params);
        let tags: String = state.tags.iter().map(|tag| format!(" #{}", tag.name)).collect();
        let text = format!("{accept}{keyword} {}{params}{label}{tags}", state.name.text);
        let node = self.node(&state.name, Kind::State, member, text, parent);
        self.data(node, &state.params);
        self.members(&state.members, node);
        self.close(node);
    }

    fn node(&mut self, name: &Name, kind: Kind, member: &Member, text: String, parent: usize) -> usize {
        let container = self.scope.states.get(parent).map(|node| node.id);
        let id = plain(self.analysis, kind, name, member.span, &member.doc, text, container);
        let node = self.scope.states.len();
        let name = name.text.clone();
        self.scope.named.entry(name.clone()).or_default().push(node);
        self.scope.states.push(StateNode {
            name,
            id,
            parent,
            last: node,
            span: member.span,
            ..StateNode::default()
        });
        if let Some(parent) = self.scope.states.get_mut(parent) {
            parent.children.push(node);
        }
        node
    }

    fn actions(&mut self, actions: &[Action]) {
        for action in actions {
            match &action.kind {
                ActionKind::Send { event, id: Some(id), .. } => {
                    let text = format!("send … {} … as {}", event.text, id.text);
                    if let Some(known) = self.scope.messages.get(&id.text).copied() {
                        self.analysis.used(id.span, [known]);
                    } else {
                        let declared = self.plain(Kind::Message, id, id.span, "", text);
                        self.scope.messages.insert(id.text.clone(), declared);
                    }
                }
                ActionKind::Spawn { machine, id: Some(id), .. } => {
                    let text = format!("spawn {} as {}", machine.text, id.text);
                    self.partner(id, machine, text);
                }
                ActionKind::If { arms, otherwise } => {
                    arms.iter().for_each(|(_, actions)| self.actions(actions));
                    self.actions(otherwise);
                }
                ActionKind::For { body, .. } => self.actions(body),
                _ => {}
            }
            if let Some(undo) = &action.undo {
                self.actions(std::slice::from_ref(undo));
            }
        }
    }

    /// A child. Started in several places under one name, it is one child: the first place declares it.
    fn partner(&mut self, id: &Name, machine: &Name, text: String) {
        if let Some((known, _)) = self.scope.partners.get(&id.text) {
            let known = *known;
            self.analysis.used(id.span, [known]);
            return;
        }
        let declared = self.plain(Kind::Child, id, id.span, "", text);
        self.scope.partners.insert(id.text.clone(), (declared, machine.text.clone()));
    }
}
