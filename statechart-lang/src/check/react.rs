//! Pass 3: transitions, actions, activities and deferral, with typed expressions.

use super::{
    data,
    flow::Facts,
    known::Known,
    near, resolve,
    scope::{Cue, Scope},
    states::{self, Places},
    types,
};
use crate::{
    Code, Diagnostic, Sources, Span,
    model::{
        Activity, ChildId, Expr, Invoked, Machine, Pass, StateId, StateKind, Timer, Transition, Trigger,
        Type, names,
    },
    syntax::ast::{self, MemberKind},
};

/// Fills in everything that reacts, anew. The machine's declarations and states are taken as they are.
pub(super) fn react(
    machine: &mut Machine,
    all: &[Known],
    places: &Places<'_>,
    facts: &Facts,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) {
    machine.forget_reactions();
    for (state, members) in places.members.iter().enumerate() {
        let mut react = React { machine, all, facts, sources, diagnostics, state };
        if let Some(history) = places.histories.get(&state) {
            react.history(state, history);
            continue;
        }
        let inside = facts.scope(state);
        let mut entered = Scope { facts: facts.on_entry(state), ..inside.clone() };
        let mut left = inside.clone();
        let mut initials = 0;
        for member in *members {
            match &member.kind {
                MemberKind::Entry(actions) => {
                    let (typed, after) = react.actions(actions, entered.clone());
                    entered.facts = after;
                    react.machine.states[state].entry.extend(typed);
                }
                MemberKind::Exit(actions) => {
                    let (typed, after) = react.actions(actions, left.clone());
                    left.facts = after;
                    react.machine.states[state].exit.extend(typed);
                }
                MemberKind::Initial { places, actions } => {
                    initials += 1;
                    if initials == 1 {
                        let passes = react.passes(places, &inside);
                        let (typed, _) = react.actions(actions, inside.clone());
                        react.machine.states[state].initial_passes = passes;
                        react.machine.states[state].initial_actions = typed;
                    }
                }
                MemberKind::Transition(transition) => react.transition(transition, member, &inside),
                MemberKind::Do { what, args, id } => {
                    react.activity(what, args, id.as_ref(), member.span, &inside);
                }
                MemberKind::Return(value) => react.returned(value, member.span, &inside),
                MemberKind::Defer(pattern) => {
                    if let Some((Trigger::Events(events), _)) = react.pattern(pattern) {
                        let events = react.outside_only(pattern, events, member.span);
                        react.machine.states[state].defer.extend(events);
                    } else {
                        react.report(
                            Diagnostic::new(Code::Misplaced, member.span, "only events can be deferred")
                                .help("`defer` takes event names, prefixes or `*`"),
                        );
                    }
                }
                _ => {}
            }
        }
        let row = &machine.states[state];
        if row.kind == StateKind::Final && (!row.transitions.is_empty() || !row.activities.is_empty()) {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadFinal,
                    row.span,
                    format!("final state `{}` reacts to something", row.name),
                )
                .help("a final state ends its parent: move the reaction to the parent's `on done`"),
            );
        }
    }
    inherit(machine, places);
}

/// A history without defaults goes where its parent's initial goes, and does what that does.
fn inherit(machine: &mut Machine, places: &Places<'_>) {
    for (&id, history) in places.histories.iter() {
        if history.places.is_empty() {
            let parent = &machine.states[machine.states[id].parent];
            let (actions, passes) = (parent.initial_actions.clone(), parent.initial_passes.clone());
            machine.states[id].initial_actions = actions;
            machine.states[id].initial_passes = passes;
        }
    }
}

pub(super) struct React<'a> {
    pub(super) machine: &'a mut Machine,
    /// Every machine, for those that this one starts.
    pub(super) all: &'a [Known],
    facts: &'a Facts,
    sources: &'a Sources,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
    pub(super) state: StateId,
}

impl<'a> React<'a> {
    /// At the root of a machine.
    pub(super) fn new(
        machine: &'a mut Machine,
        all: &'a [Known],
        facts: &'a Facts,
        sources: &'a Sources,
        diagnostics: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { machine, all, facts, sources, diagnostics, state: 0 }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn typed(&mut self, expr: &ast::Expr, want: &Type, scope: &Scope) -> Expr {
        types::typed(expr, Some(want), scope, self.machine, self.diagnostics)
    }

    /// What a history does when nothing is stored; it stands where its parent's initial does.
    fn history(&mut self, id: StateId, ast: &ast::History) {
        let scope = self.facts.scope(self.machine.states[id].parent);
        self.machine.states[id].initial_passes = self.passes(&ast.places, &scope);
        let (actions, _) = self.actions(&ast.actions, scope);
        self.machine.states[id].initial_actions = actions;
    }

    fn returned(&mut self, value: &ast::Expr, span: Span, inside: &Scope) {
        if self.machine.states[self.state].kind != StateKind::Final {
            self.report(
                Diagnostic::new(Code::Misplaced, span, "only a final state returns something")
                    .help("write it inside `final name { return … }`"),
            );
            return;
        }
        let parent = self.machine.states[self.state].parent;
        let want = self.machine.states[parent].result.clone();
        let value = types::typed(value, want.as_ref(), inside, self.machine, self.diagnostics);
        if self.machine.states[self.state].returns.is_some() {
            self.report(
                Diagnostic::new(Code::Duplicate, span, "a final state returns once")
                    .help("keep one `return`"),
            );
        }
        self.machine.states[self.state].returns = Some(value);
    }

    fn transition(&mut self, ast: &ast::Transition, member: &ast::Member, inside: &Scope) {
        let id = self.machine.transitions.len();
        let mut scope = inside.clone();
        let trigger = match &ast.trigger {
            ast::Trigger::Always => Some(Trigger::Always),
            ast::Trigger::After(span) => {
                let after = self.typed(span, &Type::Duration, inside);
                let timer = self.machine.timers.len();
                self.machine.timers.push(Timer { state: self.state, after, transition: id });
                self.machine.states[self.state].timers.push(timer);
                Some(Trigger::Timer(timer))
            }
            ast::Trigger::On(pattern) => {
                scope.cue = Cue::Unknown;
                self.pattern(pattern).map(|(trigger, wildcard)| {
                    scope.cue = match &trigger {
                        Trigger::Events(events) => {
                            scope.events.clone_from(events);
                            scope.wildcard = wildcard;
                            Cue::Event
                        }
                        Trigger::Done(state) => Cue::Done(self.machine.states[*state].result.clone()),
                        Trigger::ChildDone(child) => Cue::Done(self.machine.children[*child].result.clone()),
                        Trigger::Fault => Cue::Fault,
                        Trigger::Always | Trigger::Timer(_) => Cue::None,
                    };
                    trigger
                })
            }
        };
        let guard = ast.guard.as_ref().map(|guard| self.typed(guard, &Type::Bool, &scope));
        if let Some(guard) = &guard {
            scope.facts.extend(types::facts(guard, true));
        }
        let targets = self.targets(ast.target.as_ref());
        // With the guard, before anything is left.
        let passes = self.target_passes(ast.target.as_ref(), &scope);
        let internal = ast.internal
            && self.machine.states[self.state].kind == StateKind::Compound
            && targets.iter().all(|target| self.machine.is_descendant(*target, self.state));
        let domain = domain(self.machine, self.state, &targets, internal);
        let lost = self.facts.lost(self.machine, self.state, (!targets.is_empty()).then_some(domain));
        scope.facts.drop(&lost);
        let (actions, _) = self.actions(&ast.actions, scope);
        let Some(trigger) = trigger else { return };
        let ignore =
            ast.target.is_none() && ast.actions.is_empty() && matches!(ast.trigger, ast::Trigger::On(_));
        if ast.internal && !internal {
            self.report(
                Diagnostic::new(Code::Misplaced, ast.head, "this transition cannot be internal")
                    .help("`internal on` belongs to a compound state and goes to states inside it"),
            );
        }
        self.machine.transitions.push(Transition {
            source: self.state,
            trigger,
            pattern: ast.pattern.clone(),
            guard,
            guard_text: ast.guard.as_ref().map(|guard| self.sources.quote(guard.span)),
            targets,
            passes,
            internal,
            domain,
            ignore,
            actions,
            doc: member.doc.clone(),
            tags: ast.tags.clone(),
            span: ast.head,
            line: self.sources.line(ast.head),
        });
        self.machine.states[self.state].transitions.push(id);
    }

    fn targets(&mut self, target: Option<&ast::Target>) -> Vec<StateId> {
        match target {
            None => Vec::new(),
            Some(ast::Target::Itself { span, .. }) if self.state == 0 => {
                self.report(
                    Diagnostic::new(Code::RootSelf, *span, "the machine cannot be its own target")
                        .help("name the state to go to; leave the target out to run actions only"),
                );
                Vec::new()
            }
            Some(ast::Target::Itself { .. }) => vec![self.state],
            Some(ast::Target::States(paths)) => {
                let targets: Vec<StateId> = paths
                    .iter()
                    .filter_map(|place| {
                        resolve::resolve(&place.path, self.state, self.machine, self.diagnostics)
                    })
                    .collect();
                if let (Some(first), Some(last)) = (paths.first(), paths.last()) {
                    states::report_conflicts(
                        &targets,
                        first.path.span.to(last.path.span),
                        self.machine,
                        self.diagnostics,
                    );
                }
                targets
            }
        }
    }

    fn target_passes(&mut self, target: Option<&ast::Target>, scope: &Scope) -> Vec<Pass> {
        match target {
            None => Vec::new(),
            Some(ast::Target::Itself { .. }) if self.state == 0 => Vec::new(),
            Some(ast::Target::Itself { span, args }) if args.is_empty() => {
                data::kept(self.state, *span, self.machine).into_iter().collect()
            }
            Some(ast::Target::Itself { span, args }) => {
                self.pass(self.state, "self", args, *span, scope).into_iter().collect()
            }
            Some(ast::Target::States(places)) => self.passes(places, scope),
        }
    }

    /// `do service(args)`, or `do Machine(args) as id`.
    fn activity(
        &mut self,
        what: &ast::Name,
        args: &[ast::Arg],
        id: Option<&ast::Name>,
        span: Span,
        scope: &Scope,
    ) {
        let service = self.machine.services.iter().position(|known| known.function.name == what.text);
        let (runs, args) = if let Some(at) = service {
            if let Some(id) = id {
                self.report(
                    Diagnostic::new(Code::Misplaced, id.span, "a service has no name of its own")
                        .help("`as` names a machine that runs: remove it"),
                );
            }
            let fields = super::actions::parameters(&self.machine.services[at].function.params);
            (Invoked::Service(at), self.bind(&what.text, args, &fields, what.span, scope))
        } else if self.all.iter().any(|known| known.name == what.text) {
            let args = self.bind_machine(&what.text, args, what.span, scope);
            let Some(child) = self.child_of(what, id) else { return };
            (Invoked::Child(child), args)
        } else {
            let services = self.machine.services.iter().map(|service| service.function.name.as_str());
            let known = services.chain(self.all.iter().map(|machine| machine.name.as_str()));
            let help = near(&what.text, known, self.diagnostics.len()).unwrap_or_else(|| {
                format!(
                    "declare it: `extern {{ service {}() -> SUCCESS ! FAILURE }}`; a machine is imported",
                    what.text
                )
            });
            self.report(
                Diagnostic::new(Code::UnknownExtern, what.span, format!("unknown service `{}`", what.text))
                    .help(help),
            );
            return;
        };
        let id = self.machine.activities.len();
        self.machine.activities.push(Activity { state: self.state, runs, args, span });
        self.machine.states[self.state].activities.push(id);
    }

    /// The child that a `spawn` or `do` starts; unknown machines were reported when children were collected.
    pub(super) fn child_of(&self, machine: &ast::Name, id: Option<&ast::Name>) -> Option<ChildId> {
        let name = id.map_or_else(|| names::snake(&machine.text), |id| id.text.clone());
        self.machine.children.iter().position(|child| child.name == name && child.machine == machine.text)
    }

    /// A child by the name that it runs under.
    pub(super) fn child(&mut self, id: &ast::Name) -> Option<ChildId> {
        let found = self.machine.children.iter().position(|child| child.name == id.text);
        if found.is_none() {
            let known = self.machine.children.iter().map(|child| child.name.as_str());
            let help = near(&id.text, known, self.diagnostics.len())
                .unwrap_or_else(|| format!("start it: `spawn Machine(…) as {}`", id.text));
            self.report(
                Diagnostic::new(Code::UnknownPeer, id.span, format!("no child runs as `{}`", id.text))
                    .help(help),
            );
        }
        found
    }
}

/// W3C getTransitionDomain: the innermost compound state (or the root) around the source and all targets;
/// the source itself for an internal transition. A history counts as something inside its parent.
fn domain(machine: &Machine, source: StateId, targets: &[StateId], internal: bool) -> StateId {
    if targets.is_empty() || internal {
        return source;
    }
    let mut domain = source;
    loop {
        domain = machine.states[domain].parent;
        let inside = targets.iter().all(|target| machine.is_descendant(*target, domain));
        if domain == 0 || (inside && machine.states[domain].kind == StateKind::Compound) {
            return domain;
        }
    }
}
