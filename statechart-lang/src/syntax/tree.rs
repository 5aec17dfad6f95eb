//! Pairs of the grammar to the AST. Malformed items are reported here and left out.

mod malformed;
mod states;
mod systems;

use std::rc::Rc;

use pest::iterators::{Pair, Pairs};

use super::{
    ast::{
        DataParam, Expr, Extern, ExternFn, Field, File, Fragment, Machine, Member, MemberKind, Name, State,
        StateKeyword, Symbol, Type, TypeKind, Variable,
    },
    grammar::Rule,
    recover,
    text::{trimmed, unquoted},
};
use crate::{Code, Diagnostic, FileId, Span, diagnostic::nearest, model::Tag};

/// Builds the AST of one file.
pub(super) struct Builder<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: FileId, text: &'a str, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, text, diagnostics }
    }

    pub(super) fn file(mut self, pairs: Pairs<'_, Rule>) -> File {
        let mut file = File::default();
        for pair in pairs.clone().flatten().filter(|pair| pair.as_rule() == Rule::dangling) {
            // Its own span: that of an item would leave the comment out.
            let (start, text) = (pair.as_span().start(), pair.as_str().trim_end());
            let span = Span { file: self.file, start: start as u32, end: (start + text.len()) as u32 };
            self.diagnostics.push(
                Diagnostic::new(Code::Misplaced, span, "this documentation comment documents nothing")
                    .help("put it before what it describes, or write `//` for a plain comment"),
            );
        }
        let tops = pairs.into_iter().next().map(|file| below(file, Rule::top));
        for top in tops.unwrap_or_default() {
            let (doc, item) = documented(top);
            let Some(item) = item else { continue };
            match item.as_rule() {
                Rule::import => {
                    if let Some(path) = first(item, Rule::string) {
                        let name = Name { text: self.string(&path), span: self.span(&path) };
                        file.imports.push(name);
                    }
                }
                Rule::machine => {
                    let machine = self.machine(doc, item);
                    file.machines.push(machine);
                }
                Rule::fragment => {
                    let fragment = self.fragment(item);
                    file.fragments.extend(fragment);
                }
                Rule::system => {
                    let system = self.system(doc, item);
                    file.systems.push(system);
                }
                _ => self.bad(&item),
            }
        }
        file
    }

    fn machine(&mut self, doc: String, pair: Pair<'_, Rule>) -> Machine {
        let span = self.span(&pair);
        let mut machine = Machine {
            name: Name { text: String::new(), span },
            doc,
            params: Rc::default(),
            label: None,
            tags: Vec::new(),
            strict: false,
            nondeterministic: false,
            members: Vec::new(),
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_strict => machine.strict = true,
                Rule::kw_nondeterministic => machine.nondeterministic = true,
                Rule::ident => machine.name = self.name(&part),
                Rule::data_params => machine.params = self.data_params(part),
                Rule::string => machine.label = Some(self.string(&part)),
                Rule::tag => machine.tags.push(self.tag(part)),
                Rule::body => machine.members = self.body(part),
                _ => {}
            }
        }
        machine
    }

    fn fragment(&mut self, pair: Pair<'_, Rule>) -> Option<Fragment> {
        let mut parts = pair.into_inner();
        let name = parts.find(|part| part.as_rule() == Rule::ident)?;
        let members = parts.next().map(|body| self.body(body)).unwrap_or_default();
        Some(Fragment { name: self.name(&name), members })
    }

    fn data_params(&mut self, pair: Pair<'_, Rule>) -> Rc<[DataParam]> {
        let mut params = Vec::new();
        for param in pair.into_inner() {
            let mut parts = param.into_inner();
            let (Some(name), Some(ty)) = (parts.next(), parts.next()) else { continue };
            let default = parts.next().map(|expr| self.expr(expr));
            params.push(DataParam { name: self.name(&name), ty: self.ty(ty), default });
        }
        params.into()
    }

    fn body(&mut self, pair: Pair<'_, Rule>) -> Vec<Rc<Member>> {
        let mut members: Vec<Rc<Member>> = Vec::new();
        for member in pair.into_inner() {
            let (doc, item) = documented(member);
            let Some(item) = item else { continue };
            // What starts with no word is the rest of the item before it, which then says something else than was meant.
            let span = self.span(&item);
            if item.as_rule() == Rule::bad_item {
                let text = item.as_str();
                let goes_on = !text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    || recover::follows_action(self.text, item.as_span().start(), text);
                match members.last().map(|last| &last.kind) {
                    Some(MemberKind::State(State { keyword: StateKeyword::Region, .. }))
                        if text.starts_with('(') =>
                    {
                        self.diagnostics.push(recover::data_of_region(span));
                        continue;
                    }
                    Some(MemberKind::State(_)) | None => {}
                    Some(_) if goes_on => {
                        members.pop();
                    }
                    Some(_) => {}
                }
                // Where the states begin was said, if badly: that it was not said would be one mistake too many.
                let first: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
                if first == "initial" || nearest(&first, ["initial"]).is_some() {
                    let kind = MemberKind::Initial { places: Vec::new(), actions: Vec::new() };
                    members.push(Rc::new(Member { doc: String::new(), kind, span }));
                }
            }
            if let Some(kind) = self.member(item) {
                members.push(Rc::new(Member { doc, kind, span }));
            }
        }
        members
    }

    fn member(&mut self, item: Pair<'_, Rule>) -> Option<MemberKind> {
        Some(match item.as_rule() {
            Rule::input => MemberKind::Input(self.symbols(item)),
            Rule::internals => MemberKind::Internals(self.symbols(item)),
            Rule::output => MemberKind::Output(self.symbols(item)),
            Rule::context => MemberKind::Context(self.context(item)),
            Rule::externs => MemberKind::Externs(self.externs(item)),
            Rule::peer => {
                let mut names = below(item, Rule::ident).into_iter();
                let (name, machine) = (names.next()?, names.next()?);
                MemberKind::Peer { name: self.name(&name), machine: self.name(&machine) }
            }
            Rule::limits => {
                let mut limits = Vec::new();
                for limit in below(item, Rule::limit) {
                    let mut parts = limit.into_inner();
                    let (Some(name), Some(int)) = (parts.next(), parts.next()) else { continue };
                    let number = Expr { kind: self.int(&int), span: self.span(&int) };
                    limits.push((self.name(&name), number));
                }
                MemberKind::Limits(limits)
            }
            Rule::initial => {
                MemberKind::Initial { places: self.places(item.clone()), actions: self.actions(item) }
            }
            Rule::history => MemberKind::History(self.history(item)?),
            Rule::state => MemberKind::State(self.state(StateKeyword::State, item)),
            Rule::parallel => MemberKind::State(self.state(StateKeyword::Parallel, item)),
            Rule::region => MemberKind::State(self.state(StateKeyword::Region, item)),
            Rule::final_state => MemberKind::State(self.state(StateKeyword::Final, item)),
            Rule::entry => MemberKind::Entry(self.actions(item)),
            Rule::exit => MemberKind::Exit(self.actions(item)),
            Rule::on | Rule::always | Rule::after => MemberKind::Transition(self.transition(item)?),
            Rule::activity => {
                let (mut names, mut args) = (Vec::new(), Vec::new());
                for part in item.into_inner() {
                    match part.as_rule() {
                        Rule::ident => names.push(self.name(&part)),
                        Rule::args => args = self.args(part),
                        _ => {}
                    }
                }
                let mut names = names.into_iter();
                MemberKind::Do { what: names.next()?, args, id: names.next() }
            }
            Rule::returned => MemberKind::Return(self.expr(first(item, Rule::expr)?)),
            Rule::use_fragment => MemberKind::Use(self.name(&first(item, Rule::ident)?)),
            Rule::example | Rule::property | Rule::invariant | Rule::never | Rule::migrate => {
                return self.claim(item);
            }
            Rule::defer => MemberKind::Defer(self.pattern(first(item, Rule::pattern)?)),
            _ => {
                self.bad(&item);
                return None;
            }
        })
    }

    fn symbols(&mut self, pair: Pair<'_, Rule>) -> Vec<Rc<Symbol>> {
        let mut symbols = Vec::new();
        let Some(list) = first(pair, Rule::symbols) else { return symbols };
        for item in list.into_inner() {
            let (doc, item) = documented(item);
            let Some(item) = item else { continue };
            if item.as_rule() != Rule::symbol {
                self.bad(&item);
                continue;
            }
            let mut parts = item.into_inner();
            let Some(name) = parts.next() else { continue };
            let mut fields = Vec::new();
            if let Some(list) = parts.next() {
                for field in list.into_inner() {
                    fields.extend(self.field(field));
                }
            }
            symbols.push(Rc::new(Symbol { name: self.name(&name), doc, fields }));
        }
        symbols
    }

    pub(super) fn field(&mut self, pair: Pair<'_, Rule>) -> Option<Field> {
        let mut parts = pair.into_inner();
        let (name, ty) = (parts.next()?, parts.next()?);
        Some(Field { name: self.name(&name), ty: self.ty(ty) })
    }

    fn ty(&mut self, pair: Pair<'_, Rule>) -> Type {
        let span = self.span(&pair);
        let mut kind = TypeKind::Named(String::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => kind = TypeKind::Named(part.as_str().to_owned()),
                Rule::list_ty => {
                    if let Some(inner) = part.into_inner().next() {
                        kind = TypeKind::List(Box::new(self.ty(inner)));
                    }
                }
                Rule::optional_mark => kind = TypeKind::Optional(Box::new(Type { kind, span })),
                _ => {}
            }
        }
        Type { kind, span }
    }

    fn context(&mut self, pair: Pair<'_, Rule>) -> Vec<Rc<Variable>> {
        let mut variables = Vec::new();
        for item in below(pair, Rule::variable_item) {
            let (doc, item) = documented(item);
            let Some(item) = item else { continue };
            if item.as_rule() != Rule::variable {
                self.bad(&item);
                continue;
            }
            let mut parts = item.into_inner();
            if let (Some(name), Some(ty), Some(initial)) = (parts.next(), parts.next(), parts.next()) {
                let variable =
                    Variable { name: self.name(&name), doc, ty: self.ty(ty), initial: self.expr(initial) };
                variables.push(Rc::new(variable));
            }
        }
        variables
    }

    fn externs(&mut self, pair: Pair<'_, Rule>) -> Vec<Rc<Extern>> {
        let mut externs = Vec::new();
        for item in below(pair, Rule::extern_item) {
            let (doc, item) = documented(item);
            let Some(item) = item else { continue };
            match item.as_rule() {
                Rule::extern_type => {
                    for name in below(item, Rule::ident) {
                        externs.push(Rc::new(Extern::Type(self.name(&name))));
                    }
                }
                Rule::extern_guard => {
                    externs.extend(self.function(doc, &item).map(|guard| Rc::new(Extern::Guard(guard))));
                }
                Rule::extern_action => {
                    externs.extend(self.function(doc, &item).map(|action| Rc::new(Extern::Action(action))));
                }
                Rule::service => {
                    let Some(function) = self.function(doc, &item) else { continue };
                    let (mut streams, mut successes, mut failures) = (Vec::new(), Vec::new(), Vec::new());
                    for part in item.into_inner() {
                        match part.as_rule() {
                            Rule::streams => streams = self.names(part),
                            Rule::successes => successes = self.names(part),
                            Rule::failures => failures = self.names(part),
                            _ => {}
                        }
                    }
                    externs.push(Rc::new(Extern::Service { function, streams, successes, failures }));
                }
                _ => self.bad(&item),
            }
        }
        externs
    }

    fn function(&mut self, doc: String, pair: &Pair<'_, Rule>) -> Option<ExternFn> {
        let name = first(pair.clone(), Rule::ident)?;
        let mut params = Vec::new();
        if let Some(list) = first(pair.clone(), Rule::params) {
            for param in list.into_inner() {
                let mut name = None;
                for part in param.into_inner() {
                    match part.as_rule() {
                        Rule::ident => name = Some(self.name(&part)),
                        _ => params.push((name.take(), self.ty(part))),
                    }
                }
            }
        }
        Some(ExternFn { name: self.name(&name), doc, params })
    }

    /// The names of the first `alternatives` below a pair.
    fn names(&mut self, pair: Pair<'_, Rule>) -> Vec<Name> {
        first(pair, Rule::alternatives).map(|list| self.all_names(list)).unwrap_or_default()
    }

    /// Everything directly below a pair as names.
    pub(super) fn all_names(&mut self, pair: Pair<'_, Rule>) -> Vec<Name> {
        let mut names = Vec::new();
        for name in pair.into_inner() {
            names.push(self.name(&name));
        }
        names
    }

    fn tag(&mut self, pair: Pair<'_, Rule>) -> Tag {
        let mut tag = Tag { name: String::new(), text: None };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => tag.name = part.as_str().to_owned(),
                _ => tag.text = Some(self.string(&part)),
            }
        }
        tag
    }

    pub(super) fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        Name { text: unquoted(pair.as_str().trim_end()), span: trimmed(self.text, self.span(pair)) }
    }

    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        trimmed(self.text, Span { file: self.file, start: span.start() as u32, end: span.end() as u32 })
    }

    /// The text of a string literal, escapes resolved; an unknown escape is reported.
    pub(super) fn string(&mut self, pair: &Pair<'_, Rule>) -> String {
        let raw = pair.as_str().trim_end();
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or("");
        let mut text = String::with_capacity(inner.len());
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(c @ ('"' | '\\')) => text.push(c),
                other => {
                    let shown = other.map_or(String::new(), |c| c.to_string());
                    self.diagnostics.push(
                        Diagnostic::new(
                            Code::BadLiteral,
                            self.span(pair),
                            format!("unknown escape `\\{shown}`"),
                        )
                        .help("the escapes are \\n, \\t, \\\" and \\\\"),
                    );
                }
            }
        }
        text
    }
}

/// The pairs of a rule directly below a pair.
pub(super) fn below<'i>(pair: Pair<'i, Rule>, rule: Rule) -> Vec<Pair<'i, Rule>> {
    let mut found = Vec::new();
    for part in pair.into_inner() {
        if part.as_rule() == rule {
            found.push(part);
        }
    }
    found
}

/// The first of them.
pub(super) fn first<'i>(pair: Pair<'i, Rule>, rule: Rule) -> Option<Pair<'i, Rule>> {
    pair.into_inner().find(|part| part.as_rule() == rule)
}

/// Splits leading documentation from the item that it documents.
fn documented(pair: Pair<'_, Rule>) -> (String, Option<Pair<'_, Rule>>) {
    let mut doc = String::new();
    for part in pair.into_inner() {
        if part.as_rule() != Rule::doc {
            return (doc, Some(part));
        }
        if !doc.is_empty() {
            doc.push('\n');
        }
        let mut line = part.as_str();
        while let Some(rest) = line.strip_prefix("///") {
            line = rest;
        }
        doc.push_str(line.trim());
    }
    (doc, None)
}
