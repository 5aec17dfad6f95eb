//! Lists of actions.

use super::{
    data, declare,
    effects::assigned,
    facts::FactSet,
    near,
    react::React,
    scope::{Fact, Scope},
    types,
};
use crate::{
    Code, Diagnostic, Span,
    model::{Action, ActionKind, ExprKind, Field, Place, Receiver, Type, Undo, UndoKind},
    syntax::ast,
};

/// Most `for`s inside one another: each multiplies what one step does.
const LOOP_LIMIT: usize = 4;

impl React<'_> {
    /// Types a list of actions; assignments narrow what follows them. Gives back what holds at its end.
    pub(super) fn actions(&mut self, actions: &[ast::Action], mut scope: Scope) -> (Vec<Action>, FactSet) {
        let mut typed = Vec::with_capacity(actions.len());
        for action in actions {
            let made = |kind| Action { kind, text: action.text.clone(), span: action.span };
            match &action.kind {
                ast::ActionKind::If { arms, otherwise } => {
                    let kind = self.choice(arms, otherwise, &mut scope);
                    typed.push(made(kind));
                }
                ast::ActionKind::For { item, index, list, body } => {
                    let kind = self.each(item, index.as_ref(), list, body, &mut scope);
                    typed.extend(kind.map(made));
                }
                kind => {
                    let Some(kind) = self.action(kind, &scope) else { continue };
                    assigned(&kind, &mut scope.facts);
                    typed.push(made(kind));
                }
            }
            if let Some(undo) = &action.undo {
                typed.extend(self.undo(action, undo, &scope));
            }
        }
        (typed, scope.facts)
    }

    /// `if`: each condition narrows its own block, and its opposite what comes after.
    fn choice(
        &mut self,
        arms: &[(ast::Expr, Vec<ast::Action>)],
        otherwise: &[ast::Action],
        scope: &mut Scope,
    ) -> ActionKind {
        let mut outcomes: Vec<FactSet> = Vec::new();
        let mut typed = Vec::with_capacity(arms.len());
        let mut rest = scope.clone();
        for (condition, block) in arms {
            let condition = self.typed(condition, &Type::Bool, &rest);
            let mut inside = rest.clone();
            inside.facts.extend(types::facts(&condition, true));
            let (block, after) = self.actions(block, inside);
            outcomes.push(after);
            rest.facts.extend(types::facts(&condition, false));
            typed.push((condition, block));
        }
        let (otherwise, after) = self.actions(otherwise, rest);
        scope.facts = after;
        outcomes.iter().for_each(|outcome| scope.facts.keep(outcome));
        ActionKind::If { arms: typed, otherwise }
    }

    /// `for`: the body runs any number of times, so it may rely on nothing that it changes itself.
    fn each(
        &mut self,
        item: &ast::Name,
        index: Option<&ast::Name>,
        list: &ast::Expr,
        body: &[ast::Action],
        scope: &mut Scope,
    ) -> Option<ActionKind> {
        if scope.loops == LOOP_LIMIT {
            self.report(
                Diagnostic::new(Code::TooLarge, item.span, format!("more than {LOOP_LIMIT} `for`s inside one another"))
                    .help("each multiplies what a step does: let events go through the outer lists, or use an extern action"),
            );
            return None;
        }
        let list = types::operand(list, scope, self.machine, self.diagnostics);
        let item_ty = match &list.ty {
            Type::List(item) => (**item).clone(),
            _ => {
                if !matches!(list.kind, ExprKind::Error) {
                    self.report(
                        Diagnostic::new(
                            Code::Mismatch,
                            list.span,
                            format!("expected a list, found {}", list.ty),
                        )
                        .label("`for` goes through a list")
                        .help("write `for item in list { … }` with a value of type [T]"),
                    );
                }
                Type::Unknown
            }
        };
        if index.is_some_and(|index| index.text == item.text) {
            self.report(
                Diagnostic::new(Code::Duplicate, item.span, format!("`{}` is bound twice", item.text))
                    .help("give the item and its position different names"),
            );
        }
        let mut inside = Scope { loops: scope.loops + 1, ..scope.clone() };
        let mut bound = |name: &ast::Name, ty: Type| {
            let id = self.machine.bindings.len();
            self.machine.bindings.push(Field { name: name.text.clone(), ty });
            inside.bindings.push(id);
            id
        };
        let item_id = bound(item, item_ty.clone());
        let index = index.map(|index| bound(index, Type::Int));
        let mut changed = FactSet::default();
        self.changes(body, scope, &mut changed);
        inside.facts.drop(&changed);
        let (body, after) = self.actions(body, inside);
        scope.facts.keep(&after);
        if item_ty == Type::Unknown {
            return None;
        }
        Some(ActionKind::For { item: item_id, index, list, body })
    }

    /// What a list assigns, wherever in it.
    fn changes(&self, actions: &[ast::Action], scope: &Scope, changed: &mut FactSet) {
        for action in actions {
            match &action.kind {
                ast::ActionKind::Assign { variable, .. } => {
                    if let Some(local) = data::local(&variable.text, scope, self.machine) {
                        changed.insert(Fact::Local(local));
                    } else if let Some(at) = self.machine.index.variables.get(&variable.text) {
                        changed.insert(Fact::Variable(*at));
                    }
                }
                ast::ActionKind::If { arms, otherwise } => {
                    for (_, block) in arms {
                        self.changes(block, scope, changed);
                    }
                    self.changes(otherwise, scope, changed);
                }
                ast::ActionKind::For { body, .. } => self.changes(body, scope, changed),
                _ => {}
            }
        }
    }

    fn action(&mut self, kind: &ast::ActionKind, scope: &Scope) -> Option<ActionKind> {
        Some(match kind {
            ast::ActionKind::Assign { variable, value } => {
                let Some((place, ty)) = self.place(variable, scope) else {
                    types::typed(value, None, scope, self.machine, self.diagnostics);
                    return None;
                };
                ActionKind::Assign { place, value: self.typed(value, &ty, scope) }
            }
            ast::ActionKind::Emit { output, args } => {
                let at = self.output(output)?;
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
            ast::ActionKind::Send { peer, event, args, delay, id } => {
                let (to, at, fields) = self.receiver(peer.as_ref(), event)?;
                if let (Some(id), None) = (id, delay) {
                    self.report(
                        Diagnostic::new(Code::Misplaced, id.span, "only a delayed message has a name")
                            .label("it leaves at once: nothing is left to cancel")
                            .help(format!("write `delay 5s as {}`, or leave the name out", id.text)),
                    );
                }
                let sends = &self.machine.sends;
                let id = id.as_ref().and_then(|id| sends.iter().position(|send| send.name == id.text));
                ActionKind::Send {
                    to,
                    event: at,
                    args: self.bind(&event.text, args, &fields, event.span, scope),
                    delay: delay.as_ref().map(|delay| self.typed(delay, &Type::Duration, scope)),
                    id: id.filter(|_| delay.is_some()),
                }
            }
            ast::ActionKind::Cancel(name) => {
                let found = self.machine.sends.iter().position(|send| send.name == name.text);
                if found.is_none() {
                    let known = self.machine.sends.iter().map(|send| send.name.as_str());
                    let help = near(&name.text, known, self.diagnostics.len()).unwrap_or_else(|| {
                        format!("give a delayed message that name: `send … delay 5s as {}`", name.text)
                    });
                    self.report(
                        Diagnostic::new(
                            Code::UnknownMessage,
                            name.span,
                            format!("no message is sent as `{}`", name.text),
                        )
                        .help(help),
                    );
                }
                ActionKind::Cancel(found?)
            }
            ast::ActionKind::Spawn { machine, args, id } => {
                let args = self.bind_machine(&machine.text, args, machine.span, scope);
                ActionKind::Spawn { child: self.child_of(machine, id.as_ref())?, args }
            }
            ast::ActionKind::Stop(id) => ActionKind::Stop(self.child(id)?),
            ast::ActionKind::Compensate => ActionKind::Compensate,
            ast::ActionKind::Commit => ActionKind::Commit,
            ast::ActionKind::Log(text) => ActionKind::Log(self.typed(text, &Type::Text, scope)),
            ast::ActionKind::Call { action, args } => {
                let at = self.extern_action(action)?;
                let fields = parameters(&self.machine.actions[at].params);
                ActionKind::Call {
                    action: at,
                    args: self.bind(&action.text, args, &fields, action.span, scope),
                }
            }
            // Lists of their own: see `actions`.
            ast::ActionKind::If { .. } | ast::ActionKind::For { .. } => return None,
        })
    }

    /// What an assignment changes, and its type.
    fn place(&mut self, name: &ast::Name, scope: &Scope) -> Option<(Place, Type)> {
        if scope.bindings.iter().any(|id| self.machine.bindings[*id].name == name.text) {
            self.report(
                Diagnostic::new(
                    Code::UnknownVariable,
                    name.span,
                    format!("`{}` is bound by a `for` and cannot be assigned", name.text),
                )
                .help("assign a variable of the context, or data of a state"),
            );
            return None;
        }
        if let Some(local) = data::local(&name.text, scope, self.machine) {
            return Some((Place::Local(local), self.machine.locals[local].ty.clone()));
        }
        if let Some(&at) = self.machine.index.variables.get(&name.text) {
            return Some((Place::Variable(at), self.machine.context[at].ty.clone()));
        }
        let known = types::names(scope, self.machine);
        let help = near(&name.text, known, self.diagnostics.len())
            .unwrap_or_else(|| format!("declare it: `context {{ {}: Int = 0 }}`", name.text));
        self.report(
            Diagnostic::new(Code::UnknownVariable, name.span, format!("unknown variable `{}`", name.text))
                .help(help),
        );
        None
    }

    fn output(&mut self, output: &ast::Name) -> Option<usize> {
        let found = self.machine.index.outputs.get(&output.text).copied();
        if found.is_none() {
            let known = self.machine.outputs.iter().map(|output| output.name.as_str());
            let help = near(&output.text, known, self.diagnostics.len())
                .unwrap_or_else(|| format!("declare it: `output {{ {} }}`", output.text));
            self.report(
                Diagnostic::new(
                    Code::UnknownOutput,
                    output.span,
                    format!("undeclared output `{}`", output.text),
                )
                .help(help),
            );
        }
        found
    }

    fn extern_action(&mut self, action: &ast::Name) -> Option<usize> {
        let found = self.machine.actions.iter().position(|known| known.name == action.text);
        if found.is_none() {
            let known = self.machine.actions.iter().map(|action| action.name.as_str());
            let help = near(&action.text, known, self.diagnostics.len()).unwrap_or_else(|| {
                format!("declare it: `extern {{ action {}(…) }}`; an assignment is written `:=`", action.text)
            });
            self.report(
                Diagnostic::new(
                    Code::UnknownExtern,
                    action.span,
                    format!("unknown action `{}`", action.text),
                )
                .help(help),
            );
        }
        found
    }

    /// Who gets a message, and which of its events: the machine itself, a peer or a child.
    fn receiver(
        &mut self,
        peer: Option<&ast::Name>,
        event: &ast::Name,
    ) -> Option<(Receiver, usize, Vec<Field>)> {
        let Some(name) = peer else {
            let at = declare::event(event, self.machine, self.diagnostics)?;
            return Some((Receiver::Itself, at, self.machine.events[at].symbol.fields.clone()));
        };
        let machine = &*self.machine;
        let peer = machine.peers.iter().position(|known| known.name == name.text);
        let child = machine.children.iter().position(|known| known.name == name.text);
        let (to, of, events) = match (peer, child) {
            (Some(at), _) => (Receiver::Peer(at), &machine.peers[at].machine, &machine.peers[at].events),
            (None, Some(at)) => {
                (Receiver::Child(at), &machine.children[at].machine, &machine.children[at].events)
            }
            (None, None) => {
                let known = machine
                    .peers
                    .iter()
                    .map(|peer| peer.name.as_str())
                    .chain(machine.children.iter().map(|child| child.name.as_str()));
                let help = near(&name.text, known, self.diagnostics.len())
                    .unwrap_or_else(|| format!("declare it: `peer {}: Machine`", name.text));
                self.report(
                    Diagnostic::new(Code::UnknownPeer, name.span, format!("unknown peer `{}`", name.text))
                        .help(help),
                );
                return None;
            }
        };
        let Some(at) = events.iter().position(|known| known.name == event.text) else {
            let known = events.iter().map(|event| event.name.as_str());
            let help = near(&event.text, known, self.diagnostics.len())
                .unwrap_or_else(|| format!("declare it in the input of `{of}`"));
            let message = format!("`{of}` has no input `{}`", event.text);
            self.report(Diagnostic::new(Code::UnknownEvent, event.span, message).help(help));
            return None;
        };
        let fields = events[at].fields.clone();
        Some((to, at, fields))
    }

    /// `… undo back(args)`: a push behind the action, its arguments evaluated then.
    fn undo(&mut self, action: &ast::Action, undo: &ast::Action, scope: &Scope) -> Option<Action> {
        if let ast::ActionKind::If { .. }
        | ast::ActionKind::For { .. }
        | ast::ActionKind::Compensate
        | ast::ActionKind::Commit = action.kind
        {
            self.bad_undo(
                action.span,
                "this cannot be undone as one action",
                "put the `undo` behind the action inside it",
            );
            return None;
        }
        let (kind, args) = match &undo.kind {
            ast::ActionKind::Send { delay: Some(_), .. } | ast::ActionKind::Send { id: Some(_), .. } => {
                self.bad_undo(undo.span, "an undo sends at once", "leave the delay and the name out");
                return None;
            }
            ast::ActionKind::Call { .. }
            | ast::ActionKind::Emit { .. }
            | ast::ActionKind::Raise { .. }
            | ast::ActionKind::Send { .. } => match self.action(&undo.kind, scope)? {
                ActionKind::Call { action, args } => (UndoKind::Call(action), args),
                ActionKind::Emit { output, args } => (UndoKind::Emit(output), args),
                ActionKind::Raise { event, args } => (UndoKind::Raise(event), args),
                ActionKind::Send { to, event, args, .. } => (UndoKind::Send(to, event), args),
                _ => return None,
            },
            _ => {
                self.bad_undo(
                    undo.span,
                    "this cannot be kept to be run later",
                    "an undo is an extern action, `emit`, `raise` or `send`; raise an event where more has to be done",
                );
                return None;
            }
        };
        let id = self.machine.undos.len();
        self.machine.undos.push(Undo {
            kind,
            args: args.iter().map(|arg| arg.ty.clone()).collect(),
            text: undo.text.clone(),
            span: undo.span,
        });
        Some(Action {
            kind: ActionKind::Push { undo: id, args },
            text: format!("undo {}", undo.text),
            span: undo.span,
        })
    }

    fn bad_undo(&mut self, span: Span, message: &str, help: &str) {
        self.report(Diagnostic::new(Code::BadUndo, span, message).help(help));
    }
}

/// Extern parameters as fields.
pub(super) fn parameters(params: &[(Option<String>, Type)]) -> Vec<Field> {
    params
        .iter()
        .enumerate()
        .map(|(at, (name, ty))| Field {
            name: name.clone().unwrap_or_else(|| format!("argument {}", at + 1)),
            ty: ty.clone(),
        })
        .collect()
}
