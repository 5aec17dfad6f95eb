//! Pass 3: transitions, actions, activities and deferral, with typed expressions.

use super::{
    declare,
    flow::Facts,
    scope::{Fact, Scope},
    states::{self, Places},
    types,
};
use crate::{
    Code, Diagnostic, Sources, Span,
    diagnostic::nearest,
    model::{
        Action, ActionKind, Activity, Expr, ExprKind, Field, Invoked, Machine, Place, Receiver, StateId,
        StateKind, Timer, Transition, Trigger, Type,
    },
    syntax::ast::{self, AlternativeKind, MemberKind},
};

/// Fills in everything that reacts. The machine's declarations and states are taken as they are.
pub(super) fn react(
    shell: &Machine,
    places: &Places<'_>,
    facts: &Facts,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Machine {
    let mut machine = shell.clone();
    for (state, members) in places.members.iter().enumerate() {
        let inside = Scope { state, facts: facts.inside(state), ..Scope::default() };
        let mut react =
            React { machine: &mut machine, sources, diagnostics, state, facts: inside.facts.clone() };
        for member in *members {
            match &member.kind {
                MemberKind::Entry(actions) => {
                    let scope = Scope { facts: facts.on_entry(state), ..inside.clone() };
                    let typed = react.actions(actions, scope);
                    react.machine.states[state].entry.extend(typed);
                }
                MemberKind::Exit(actions) => {
                    let typed = react.actions(actions, inside.clone());
                    react.machine.states[state].exit.extend(typed);
                }
                MemberKind::Transition(transition) => react.transition(transition, member, &inside),
                MemberKind::Do { what, args, .. } => react.activity(what, args, member.span, &inside),
                MemberKind::Defer(pattern) => {
                    if let Some((Trigger::Events(events), _)) = react.pattern(pattern) {
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
    machine
}

struct React<'a> {
    machine: &'a mut Machine,
    sources: &'a Sources,
    diagnostics: &'a mut Vec<Diagnostic>,
    state: StateId,
    facts: std::collections::BTreeSet<Fact>,
}

impl React<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn typed(&mut self, expr: &ast::Expr, want: &Type, scope: &Scope) -> Expr {
        types::typed(expr, Some(want), scope, self.machine, self.diagnostics)
    }

    fn transition(&mut self, ast: &ast::Transition, member: &ast::Member, inside: &Scope) {
        let id = self.machine.transitions.len();
        let mut scope = Scope { state: self.state, facts: self.facts.clone(), ..Scope::default() };
        let trigger = match &ast.trigger {
            ast::Trigger::Always => Some(Trigger::Always),
            ast::Trigger::After(span) => {
                let after = self.typed(span, &Type::Duration, inside);
                let timer = self.machine.timers.len();
                self.machine.timers.push(Timer { state: self.state, after, transition: id });
                self.machine.states[self.state].timers.push(timer);
                Some(Trigger::Timer(timer))
            }
            ast::Trigger::On(pattern) => self.pattern(pattern).map(|(trigger, wildcard)| {
                if let Trigger::Events(events) = &trigger {
                    scope.events.clone_from(events);
                    scope.wildcard = wildcard;
                }
                trigger
            }),
        };
        let guard = ast.guard.as_ref().map(|guard| self.typed(guard, &Type::Bool, &scope));
        if let Some(guard) = &guard {
            scope.facts.extend(types::facts(guard, true));
        }
        let targets = self.targets(ast.target.as_ref());
        let actions = self.actions(&ast.actions, scope);
        let Some(trigger) = trigger else { return };
        let ignore =
            ast.target.is_none() && ast.actions.is_empty() && matches!(ast.trigger, ast::Trigger::On(_));
        let internal = ast.internal
            && self.machine.states[self.state].kind == StateKind::Compound
            && targets.iter().all(|target| self.machine.is_descendant(*target, self.state));
        if ast.internal && !internal {
            self.report(
                Diagnostic::new(Code::Misplaced, ast.head, "this transition cannot be internal")
                    .help("`internal on` belongs to a compound state and goes to states inside it"),
            );
        }
        let domain = domain(self.machine, self.state, &targets, internal);
        self.machine.transitions.push(Transition {
            source: self.state,
            trigger,
            pattern: ast.pattern.clone(),
            guard,
            guard_text: ast.guard.as_ref().map(|guard| self.sources.quote(guard.span)),
            targets,
            passes: Vec::new(),
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
                        states::resolve(&place.path, self.state, self.machine, self.diagnostics)
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

    /// The trigger of an `on`, and whether it has a wildcard.
    fn pattern(&mut self, pattern: &[ast::Alternative]) -> Option<(Trigger, bool)> {
        let mut events = Vec::new();
        let mut wildcard = false;
        let mut other = None;
        let mut sound = true;
        for alternative in pattern {
            let before = events.len();
            match &alternative.kind {
                AlternativeKind::Any => {
                    wildcard = true;
                    events.extend(
                        (0..self.machine.events.len()).filter(|id| !self.machine.events[*id].internal),
                    );
                }
                AlternativeKind::Prefix(prefix) => {
                    wildcard = true;
                    events.extend(
                        (0..self.machine.events.len())
                            .filter(|id| self.machine.events[*id].symbol.name.starts_with(prefix)),
                    );
                    if events.len() == before {
                        self.report(
                            Diagnostic::new(
                                Code::UnknownEvent,
                                alternative.span,
                                format!("no event starts with `{prefix}`"),
                            )
                            .help("declare one, or mend the prefix"),
                        );
                        sound = false;
                    }
                }
                AlternativeKind::Symbol(name) => {
                    let name = ast::Name { text: name.clone(), span: alternative.span };
                    match declare::event(&name, self.machine, self.diagnostics) {
                        Some(event) => events.push(event),
                        None => sound = false,
                    }
                }
                AlternativeKind::Fault => other = Some(Trigger::Fault),
                AlternativeKind::Done(path) => {
                    let state = match path {
                        Some(path) => states::resolve(path, self.state, self.machine, self.diagnostics),
                        None => Some(self.state),
                    };
                    match state {
                        Some(state) => {
                            self.completes(state, alternative.span);
                            other = Some(Trigger::Done(state));
                        }
                        None => sound = false,
                    }
                }
            }
        }
        if other.is_some() && pattern.len() > 1 {
            let span = pattern.first().map_or(Span::default(), |first| first.span);
            self.report(
                Diagnostic::new(Code::Misplaced, span, "`done` and `fault` stand alone")
                    .help("give each its own `on`"),
            );
            return None;
        }
        if !sound {
            return None;
        }
        let mut seen = std::collections::BTreeSet::new();
        events.retain(|event| seen.insert(*event));
        Some((other.unwrap_or(Trigger::Events(events)), wildcard))
    }

    /// `done` needs a final state: inside a compound state, in every region of a parallel one.
    fn completes(&mut self, state: StateId, span: Span) {
        if !can_complete(self.machine, state) {
            let name = self.machine.states[state].name.clone();
            self.report(
                Diagnostic::new(Code::NeverDone, span, format!("`{name}` never completes"))
                    .help("add a `final` state inside it, in every region where it is parallel"),
            );
        }
    }

    fn activity(&mut self, service: &ast::Name, args: &[ast::Arg], span: Span, scope: &Scope) {
        let Some(at) = self.machine.services.iter().position(|known| known.function.name == service.text)
        else {
            let known = self.machine.services.iter().map(|service| service.function.name.as_str());
            let help = match nearest(&service.text, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it: `extern {{ service {}() -> SUCCESS ! FAILURE }}`", service.text),
            };
            self.report(
                Diagnostic::new(
                    Code::UnknownExtern,
                    service.span,
                    format!("unknown service `{}`", service.text),
                )
                .help(help),
            );
            return;
        };
        let fields = parameters(&self.machine.services[at].function.params);
        let args = self.bind(&service.text, args, &fields, service.span, scope);
        let id = self.machine.activities.len();
        self.machine.activities.push(Activity { state: self.state, runs: Invoked::Service(at), args, span });
        self.machine.states[self.state].activities.push(id);
    }

    /// Types a list of actions; assignments narrow what follows them.
    fn actions(&mut self, actions: &[ast::Action], mut scope: Scope) -> Vec<Action> {
        let mut typed = Vec::with_capacity(actions.len());
        for action in actions {
            let Some(kind) = self.action(&action.kind, &scope) else { continue };
            if let ActionKind::Assign { place: Place::Variable(variable), value } = &kind {
                let fact = Fact::Variable(*variable);
                if holds_value(value, &scope.facts) {
                    scope.facts.insert(fact);
                } else {
                    scope.facts.remove(&fact);
                }
            }
            typed.push(Action { kind, text: action.text.clone(), span: action.span });
        }
        typed
    }

    fn action(&mut self, kind: &ast::ActionKind, scope: &Scope) -> Option<ActionKind> {
        Some(match kind {
            ast::ActionKind::Assign { variable, value } => {
                let found = self.machine.context.iter().position(|known| known.name == variable.text);
                let Some(at) = found else {
                    let known = self.machine.context.iter().map(|variable| variable.name.as_str());
                    let help = match nearest(&variable.text, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("declare it: `context {{ {}: Int = 0 }}`", variable.text),
                    };
                    self.report(
                        Diagnostic::new(
                            Code::UnknownVariable,
                            variable.span,
                            format!("unknown variable `{}`", variable.text),
                        )
                        .help(help),
                    );
                    types::typed(value, None, scope, self.machine, self.diagnostics);
                    return None;
                };
                let ty = self.machine.context[at].ty.clone();
                ActionKind::Assign { place: Place::Variable(at), value: self.typed(value, &ty, scope) }
            }
            ast::ActionKind::Emit { output, args } => {
                let Some(at) = self.machine.outputs.iter().position(|known| known.name == output.text) else {
                    let known = self.machine.outputs.iter().map(|output| output.name.as_str());
                    let help = match nearest(&output.text, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("declare it: `output {{ {} }}`", output.text),
                    };
                    self.report(
                        Diagnostic::new(
                            Code::UnknownOutput,
                            output.span,
                            format!("undeclared output `{}`", output.text),
                        )
                        .help(help),
                    );
                    return None;
                };
                let fields = self.machine.outputs[at].fields.clone();
                ActionKind::Emit {
                    output: at,
                    args: self.bind(&output.text, args, &fields, output.span, scope),
                }
            }
            ast::ActionKind::Raise { event, args } => {
                let at = declare::event(event, self.machine, self.diagnostics)?;
                let fields = self.machine.events[at].symbol.fields.clone();
                ActionKind::Raise {
                    event: at,
                    args: self.bind(&event.text, args, &fields, event.span, scope),
                }
            }
            ast::ActionKind::Send { peer, event, args, delay, .. } => {
                self.send(peer.as_ref(), event, args, delay.as_ref(), scope)?
            }
            ast::ActionKind::Cancel(_)
            | ast::ActionKind::Spawn { .. }
            | ast::ActionKind::Stop(_)
            | ast::ActionKind::If { .. }
            | ast::ActionKind::For { .. }
            | ast::ActionKind::Compensate
            | ast::ActionKind::Commit => return None,
            ast::ActionKind::Log(text) => ActionKind::Log(self.typed(text, &Type::Text, scope)),
            ast::ActionKind::Call { action, args } => {
                let Some(at) = self.machine.actions.iter().position(|known| known.name == action.text) else {
                    let known = self.machine.actions.iter().map(|action| action.name.as_str());
                    let help = match nearest(&action.text, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!(
                            "declare it: `extern {{ action {}(…) }}`; an assignment is written `:=`",
                            action.text
                        ),
                    };
                    self.report(
                        Diagnostic::new(
                            Code::UnknownExtern,
                            action.span,
                            format!("unknown action `{}`", action.text),
                        )
                        .help(help),
                    );
                    return None;
                };
                let fields = parameters(&self.machine.actions[at].params);
                ActionKind::Call {
                    action: at,
                    args: self.bind(&action.text, args, &fields, action.span, scope),
                }
            }
        })
    }

    fn send(
        &mut self,
        peer: Option<&ast::Name>,
        event: &ast::Name,
        args: &[ast::Arg],
        delay: Option<&ast::Expr>,
        scope: &Scope,
    ) -> Option<ActionKind> {
        let (to, event_id, fields) = match peer {
            None => {
                let at = declare::event(event, self.machine, self.diagnostics)?;
                (Receiver::Itself, at, self.machine.events[at].symbol.fields.clone())
            }
            Some(peer) => {
                let Some(at) = self.machine.peers.iter().position(|known| known.name == peer.text) else {
                    let known = self.machine.peers.iter().map(|peer| peer.name.as_str());
                    let help = match nearest(&peer.text, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("declare it: `peer {}: Machine`", peer.text),
                    };
                    self.report(
                        Diagnostic::new(
                            Code::UnknownPeer,
                            peer.span,
                            format!("unknown peer `{}`", peer.text),
                        )
                        .help(help),
                    );
                    return None;
                };
                let known = &self.machine.peers[at];
                let Some(event_id) = known.events.iter().position(|known| known.name == event.text) else {
                    let help =
                        match nearest(&event.text, known.events.iter().map(|event| event.name.as_str())) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!("declare it in the input of `{}`", known.machine),
                        };
                    let message = format!("`{}` has no input `{}`", known.machine, event.text);
                    self.report(Diagnostic::new(Code::UnknownEvent, event.span, message).help(help));
                    return None;
                };
                (Receiver::Peer(at), event_id, known.events[event_id].fields.clone())
            }
        };
        Some(ActionKind::Send {
            to,
            event: event_id,
            args: self.bind(&event.text, args, &fields, event.span, scope),
            delay: delay.map(|delay| self.typed(delay, &Type::Duration, scope)),
            id: None,
        })
    }

    /// Arguments to fields: by position, then by name; an optional field may be left out.
    fn bind(
        &mut self,
        what: &str,
        args: &[ast::Arg],
        fields: &[Field],
        span: Span,
        scope: &Scope,
    ) -> Vec<Expr> {
        let mut bound: Vec<Option<Expr>> = fields.iter().map(|_| None).collect();
        let mut sound = true;
        for (at, arg) in args.iter().enumerate() {
            let position = match &arg.name {
                None => Some(at).filter(|at| *at < fields.len()),
                Some(name) => fields.iter().position(|field| field.name == name.text),
            };
            let Some(position) = position else {
                sound = false;
                let (span, message) = match &arg.name {
                    Some(name) => (name.span, format!("`{what}` has no field `{}`", name.text)),
                    None => (
                        arg.value.span,
                        format!("`{what}` takes {}, {} given", super::arguments(fields.len()), args.len()),
                    ),
                };
                let names: Vec<String> =
                    fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
                let help = if names.is_empty() {
                    "it takes none".to_owned()
                } else {
                    format!("it takes ({})", names.join(", "))
                };
                self.report(Diagnostic::new(Code::Arguments, span, message).help(help));
                continue;
            };
            let typed = self.typed(&arg.value, &fields[position].ty, scope);
            if bound[position].replace(typed).is_some() {
                sound = false;
                self.report(
                    Diagnostic::new(
                        Code::Arguments,
                        arg.value.span,
                        format!("`{}` is given twice", fields[position].name),
                    )
                    .help("remove one of them; what has no name is taken in order"),
                );
            }
        }
        let missing: Vec<&str> = fields
            .iter()
            .zip(&bound)
            .filter(|(field, value)| value.is_none() && !matches!(field.ty, Type::Optional(_)))
            .map(|(field, _)| field.name.as_str())
            .collect();
        if sound && !missing.is_empty() {
            self.report(
                Diagnostic::new(Code::Arguments, span, format!("`{what}` lacks {}", missing.join(", ")))
                    .help("give a value for each field, in order or as `name: value`"),
            );
        }
        bound
            .into_iter()
            .zip(fields)
            .map(|(value, field)| {
                value.unwrap_or_else(|| Expr { kind: ExprKind::None, ty: field.ty.clone(), span })
            })
            .collect()
    }
}

fn parameters(params: &[(Option<String>, Type)]) -> Vec<Field> {
    params
        .iter()
        .enumerate()
        .map(|(at, (name, ty))| Field {
            name: name.clone().unwrap_or_else(|| format!("argument {}", at + 1)),
            ty: ty.clone(),
        })
        .collect()
}

/// Whether a value assigned to an optional is not none.
pub(super) fn holds_value(value: &Expr, facts: &std::collections::BTreeSet<Fact>) -> bool {
    match &value.kind {
        ExprKind::Wrap(_) => true,
        ExprKind::Variable(at) => facts.contains(&Fact::Variable(*at)),
        ExprKind::Field { name, .. } => facts.contains(&Fact::Field(name.clone())),
        _ => !matches!(value.ty, Type::Optional(_)),
    }
}

/// Whether `done` can be raised for a state.
fn can_complete(machine: &Machine, state: StateId) -> bool {
    let row = &machine.states[state];
    match row.kind {
        StateKind::Compound => {
            row.children.iter().any(|child| machine.states[*child].kind == StateKind::Final)
        }
        StateKind::Parallel => row.children.iter().all(|child| can_complete(machine, *child)),
        StateKind::Atomic | StateKind::Final | StateKind::History { .. } => false,
    }
}

/// W3C getTransitionDomain: the innermost compound state (or the root) around the source and all targets;
/// the source itself for an internal transition.
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
