//! Second pass: what each name in use stands for, by the checker's rules of scope.

mod actions;

use super::{
    Analysis, DeclarationId, Kind, parties,
    scopes::{Scope, Splicer},
    words::{Names, Place as WordPlace, unescaped},
};
use std::rc::Rc;

use crate::{
    Span,
    syntax::ast::{
        Alternative, AlternativeKind, DataParam, Extern, Field, File, Member, MemberKind, MovedKind, Name,
        Path, Place, Property, PropertyKind, Target, Transition, Trigger, Type, TypeKind,
    },
};

/// Resolves every use of a name.
pub(super) fn walk(analysis: &mut Analysis, files: &[File]) {
    let scopes = std::mem::take(&mut analysis.scopes);
    let machines =
        files.iter().flat_map(|file| &file.machines).map(|machine| (&machine.params[..], &machine.members));
    let fragments =
        files.iter().flat_map(|file| &file.fragments).map(|fragment| (&[][..], &fragment.members));
    // In the order in which the scopes were made.
    for (scope, (params, members)) in scopes.iter().zip(machines.chain(fragments)) {
        let mut walker = Walker {
            analysis,
            scopes: &scopes,
            scope,
            splicer: Splicer::new(files),
            state: 0,
            next: 1,
            events: Vec::new(),
            bindings: Vec::new(),
        };
        walker.params(params);
        walker.members(members);
    }
    for system in files.iter().flat_map(|file| &file.systems) {
        parties::walk(analysis, &scopes, &system.items);
    }
    analysis.scopes = scopes;
}

/// A state by path, outward from a state: the nearest scope that has it.
pub(super) fn resolve(scope: &Scope, from: usize, path: &[&str]) -> Option<Vec<usize>> {
    let (first, rest) = path.split_first()?;
    let named = scope.named.get(*first)?;
    let mut around = from;
    loop {
        let node = scope.states.get(around)?;
        // Descendants follow their ancestor, up to its last.
        let inside = named
            .get(named.partition_point(|at| *at <= around)..named.partition_point(|at| *at <= node.last));
        let inside = inside.unwrap_or_default();
        let direct =
            inside.iter().find(|at| scope.states.get(**at).is_some_and(|state| state.parent == around));
        if let Some(start) = direct.or(inside.first()) {
            let mut found = vec![*start];
            for name in rest {
                let here = scope.states.get(*found.last()?)?;
                let mut below = here.children.iter().copied();
                match below.find(|at| scope.states.get(*at).is_some_and(|state| state.name == *name)) {
                    Some(at) => found.push(at),
                    None => break,
                }
            }
            return Some(found);
        }
        if around == 0 {
            return None;
        }
        around = node.parent;
    }
}

impl Analysis {
    /// The scope of a machine.
    pub(super) fn scope_of<'s>(&self, scopes: &'s [Scope], machine: &str) -> Option<&'s Scope> {
        scopes.iter().find(|scope| {
            self.declarations
                .get(scope.owner)
                .is_some_and(|owner| owner.kind == Kind::Machine && owner.name == machine)
        })
    }
}

struct Walker<'a, 'f> {
    analysis: &'a mut Analysis,
    scopes: &'a [Scope],
    scope: &'a Scope,
    splicer: Splicer<'f>,
    /// The state whose members are read.
    state: usize,
    /// The state that is read next; the first pass numbered them in the same order.
    next: usize,
    /// What may be the current event.
    events: Vec<DeclarationId>,
    bindings: Vec<(String, DeclarationId)>,
}

impl<'a, 'f> Walker<'a, 'f> {
    fn uses(&mut self, span: Span, id: Option<DeclarationId>) {
        self.analysis.used(span, id);
    }

    fn params(&mut self, params: &[DataParam]) {
        for param in params {
            self.ty(&param.ty);
            if let Some(default) = &param.default {
                self.expr(default);
            }
        }
    }

    fn members(&mut self, members: &'f [Rc<Member>]) {
        for member in members {
            self.member(member);
        }
    }

    fn member(&mut self, member: &'f Member) {
        match &member.kind {
            MemberKind::Input(symbols) | MemberKind::Internals(symbols) | MemberKind::Output(symbols) => {
                for Field { ty, .. } in symbols.iter().flat_map(|symbol| &symbol.fields) {
                    self.ty(ty);
                }
            }
            MemberKind::Context(variables) => {
                for variable in variables {
                    self.ty(&variable.ty);
                    self.expr(&variable.initial);
                }
            }
            MemberKind::Externs(externs) => externs.iter().for_each(|item| self.external(item)),
            MemberKind::Peer { machine, .. } => self.machine(machine),
            MemberKind::Limits(_) => {}
            MemberKind::Initial { places, actions } => {
                self.places(places);
                self.actions(actions);
            }
            MemberKind::State(state) => {
                let outer = std::mem::replace(&mut self.state, self.next);
                self.next += 1;
                self.params(&state.params);
                self.members(&state.members);
                self.state = outer;
            }
            MemberKind::History(history) => {
                self.next += 1;
                self.places(&history.places);
                self.actions(&history.actions);
            }
            MemberKind::Entry(actions) | MemberKind::Exit(actions) => self.actions(actions),
            MemberKind::Transition(transition) => self.transition(transition),
            MemberKind::Do { what, args, .. } => {
                let service = self.scope.services.get(&what.text).copied();
                let id = service.or_else(|| self.analysis.top(Kind::Machine, &what.text));
                self.uses(what.span, id);
                self.args(args, id);
            }
            MemberKind::Defer(pattern) => {
                self.pattern(pattern);
                self.events.clear();
            }
            MemberKind::Return(value) => self.expr(value),
            MemberKind::Use(name) => {
                let id = self.analysis.top(Kind::Fragment, &name.text);
                self.uses(name.span, id);
                if let Some(members) = self.splicer.enter(&name.text) {
                    self.members(members);
                    self.splicer.leave();
                }
            }
            MemberKind::Example { word, states } => {
                self.word(word.span);
                states.iter().for_each(|path| self.path(path));
            }
            MemberKind::Property(property) => self.property(property),
            MemberKind::Migrate { moved, .. } => {
                for moved in moved {
                    if let Some(to) = &moved.to {
                        self.moved(moved.kind, to);
                    }
                }
            }
        }
    }

    /// The names in an example's word.
    fn word(&mut self, literal: Span) {
        let (text, places) = unescaped(self.analysis.sources.text(literal));
        // Whose names are read, and what was named last: values in parentheses may name its fields.
        let (mut scope, mut of) = (Some(self.scope), Some(self.scope.owner));
        for (range, place) in Names::new(&text, 0) {
            let [Some(start), Some(end)] = [range.start, range.end].map(|at| places.get(at)) else { break };
            let span =
                Span { start: literal.start + *start as u32, end: literal.start + *end as u32, ..literal };
            let name = text.get(range.clone()).unwrap_or_default().trim_matches('\'');
            let mut rest = text.get(range.end..).unwrap_or_default().chars();
            let next = rest.find(|c| !c.is_whitespace());
            let id = match place {
                WordPlace::Symbol => {
                    let child = self.child(scope, name).filter(|_| next == Some('.'));
                    let id = match &child {
                        Some((id, _)) => Some(*id),
                        None => scope.and_then(|scope| scope.events.get(name).copied()),
                    };
                    if id.is_none() && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
                        self.analysis.joined.push((span, self.scope.owner));
                    }
                    of = id;
                    scope = match child {
                        Some((_, scope)) => scope,
                        None => Some(self.scope),
                    };
                    id
                }
                WordPlace::Answer => self.scope.guards.get(name).copied(),
                WordPlace::Child => self.child(Some(self.scope), name).map(|(id, _)| id),
                WordPlace::Inside if next == Some(':') => of.and_then(|of| self.analysis.inside(of, name)),
                WordPlace::Inside => None,
            };
            if id.is_some() {
                self.uses(span, id);
            }
        }
    }

    /// A child of a machine, and the scope of its machine.
    fn child(&self, scope: Option<&Scope>, name: &str) -> Option<(DeclarationId, Option<&'a Scope>)> {
        let (id, machine) = scope?.partners.get(name)?;
        Some((*id, self.analysis.scope_of(self.scopes, machine)))
    }

    fn external(&mut self, item: &Extern) {
        let function = match item {
            Extern::Type(_) => return,
            Extern::Guard(function) | Extern::Action(function) => function,
            Extern::Service { function, streams, successes, failures } => {
                for name in streams.iter().chain(successes).chain(failures) {
                    self.event(name.span, &name.text);
                }
                function
            }
        };
        for (_, ty) in &function.params {
            self.ty(ty);
        }
    }

    fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Named(name) => {
                // `T?` and its `T` start at one place.
                let span = Span { end: ty.span.start + name.len() as u32, ..ty.span };
                let id = self.scope.types.get(name).copied();
                self.uses(span, id);
            }
            TypeKind::List(inner) | TypeKind::Optional(inner) => self.ty(inner),
        }
    }

    fn event(&mut self, span: Span, name: &str) -> Option<DeclarationId> {
        let id = self.scope.events.get(name).copied();
        self.uses(span, id);
        id
    }

    fn machine(&mut self, name: &Name) {
        let id = self.analysis.top(Kind::Machine, &name.text);
        self.uses(name.span, id);
    }

    fn property(&mut self, property: &Property) {
        match &property.kind {
            PropertyKind::CanReach { from, to } => {
                self.path(from);
                self.path(to);
            }
            PropertyKind::LeadsTo { first, then } => {
                first.iter().chain(then).for_each(|name| self.symbol(name))
            }
            PropertyKind::Invariant { state, holds } => {
                state.iter().for_each(|path| self.path(path));
                self.expr(holds);
            }
            PropertyKind::Never { first, before } => {
                [first, before].into_iter().for_each(|name| self.symbol(name))
            }
        }
    }

    /// An event or an output, in a claim.
    fn symbol(&mut self, name: &Name) {
        let id = self.scope.events.get(&name.text).or_else(|| self.scope.outputs.get(&name.text)).copied();
        self.uses(name.span, id);
    }

    fn places(&mut self, places: &[Place]) {
        for place in places {
            let state = self.state_at(&place.path);
            self.args(&place.args, state);
        }
    }

    fn path(&mut self, path: &Path) {
        self.state_at(path);
    }

    /// The right side of a row of a migration; the left one names what was.
    fn moved(&mut self, kind: MovedKind, to: &Path) {
        let Some((name, around)) = to.names.split_last() else { return };
        match kind {
            MovedKind::State => self.path(to),
            MovedKind::Context if around.is_empty() => {
                let root = self.scope.states.first();
                let id = root.and_then(|root| root.data.get(&name.text).copied());
                self.uses(name.span, id);
            }
            MovedKind::Context => {
                let state = self.state_at(&Path { names: around.to_vec(), span: to.span });
                let node = state.and_then(|id| self.scope.states.iter().find(|node| node.id == id));
                let id = node.and_then(|node| node.data.get(&name.text).copied());
                self.uses(name.span, id);
            }
            MovedKind::Event => match around.first() {
                None => drop(self.event(name.span, &name.text)),
                Some(receiver) => {
                    let partner = self.scope.partners.get(&receiver.text);
                    self.uses(receiver.span, partner.map(|(id, _)| *id));
                    let scope = partner.and_then(|(_, machine)| self.analysis.scope_of(self.scopes, machine));
                    let id = scope.and_then(|scope| scope.events.get(&name.text).copied());
                    self.uses(name.span, id);
                }
            },
            MovedKind::Child | MovedKind::Peer => {
                let id = self.scope.partners.get(&name.text).map(|(id, _)| *id);
                self.uses(name.span, id);
            }
            MovedKind::Message => {
                let id = self.scope.messages.get(&name.text).copied();
                self.uses(name.span, id);
            }
            // Its text, which no other name depends on.
            MovedKind::Undo => {}
        }
    }

    /// A path, each of its names; the state at its end.
    fn state_at(&mut self, path: &Path) -> Option<DeclarationId> {
        let names: Vec<&str> = path.names.iter().map(|name| name.text.as_str()).collect();
        let found = resolve(self.scope, self.state, &names).unwrap_or_default();
        let ids: Vec<DeclarationId> =
            found.iter().filter_map(|at| self.scope.states.get(*at)).map(|node| node.id).collect();
        for (name, id) in path.names.iter().zip(&ids) {
            self.uses(name.span, Some(*id));
        }
        ids.get(path.names.len() - 1).copied()
    }

    fn transition(&mut self, transition: &Transition) {
        match &transition.trigger {
            Trigger::On(pattern) => self.pattern(pattern),
            Trigger::Always => {}
            Trigger::After(span) => self.expr(span),
        }
        if let Some(guard) = &transition.guard {
            self.expr(guard);
        }
        match &transition.target {
            Some(Target::Itself { args, .. }) => {
                let own = self.scope.states.get(self.state).map(|node| node.id);
                self.args(args, own);
            }
            Some(Target::States(places)) => self.places(places),
            None => {}
        }
        self.actions(&transition.actions);
        self.events.clear();
    }

    fn pattern(&mut self, pattern: &[Alternative]) {
        for alternative in pattern {
            match &alternative.kind {
                AlternativeKind::Symbol(name) => {
                    let id = self.event(alternative.span, name);
                    self.events.extend(id);
                }
                AlternativeKind::Done(Some(path)) => match path.names.as_slice() {
                    // A child, where no state has the name.
                    [name] if resolve(self.scope, self.state, &[&name.text]).is_none() => {
                        let id = self.scope.partners.get(&name.text).map(|(id, _)| *id);
                        self.uses(name.span, id);
                    }
                    _ => self.path(path),
                },
                AlternativeKind::Prefix(prefix) => {
                    self.analysis.prefixes.push((alternative.span, self.scope.owner, prefix.clone()));
                }
                AlternativeKind::Any | AlternativeKind::Done(None) | AlternativeKind::Fault => {}
            }
        }
    }
}
