//! What is declared and never used.

use std::collections::BTreeSet;

use crate::{
    Code, Diagnostic,
    model::{
        Action, ActionKind, EventId, Expr, ExprKind, LocalId, Machine, Pass, Place, PropertyKind, Receiver,
        StateId, Trigger, UndoKind,
    },
};

/// Everything that a machine's expressions and actions mention.
#[derive(Default)]
struct Mentioned {
    variables: BTreeSet<usize>,
    locals: BTreeSet<LocalId>,
    guards: BTreeSet<usize>,
    actions: BTreeSet<usize>,
    outputs: BTreeSet<usize>,
    raised: BTreeSet<EventId>,
    peers: BTreeSet<usize>,
    compensates: Option<crate::Span>,
}

impl Mentioned {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Variable(at) => {
                self.variables.insert(*at);
            }
            ExprKind::Local(id) => {
                self.locals.insert(*id);
            }
            ExprKind::Guard(at, _) => {
                self.guards.insert(*at);
            }
            _ => {}
        }
        for part in expr.operands() {
            self.expr(part);
        }
    }

    fn exprs<'a>(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn passes(&mut self, machine: &Machine, state: StateId, passes: &[Pass]) {
        for pass in passes {
            // `-> self` that keeps its values uses none of them.
            let kept = pass.state == state
                && pass
                    .args
                    .iter()
                    .all(|arg| matches!(arg.kind, ExprKind::Local(id) if machine.locals[id].state == state));
            if !kept {
                self.exprs(&pass.args);
            }
        }
    }

    fn send(&mut self, to: Receiver, event: usize) {
        match to {
            Receiver::Peer(peer) => {
                self.peers.insert(peer);
            }
            Receiver::Itself => {
                self.raised.insert(event);
            }
            Receiver::Child(_) => {}
        }
    }

    fn list(&mut self, actions: &[Action]) {
        for action in actions {
            match &action.kind {
                ActionKind::Assign { place, value } => {
                    match place {
                        Place::Variable(variable) => self.variables.insert(*variable),
                        Place::Local(local) => self.locals.insert(*local),
                    };
                    self.expr(value);
                }
                ActionKind::Emit { output, args } => {
                    self.outputs.insert(*output);
                    self.exprs(args);
                }
                ActionKind::Raise { event, args } => {
                    self.raised.insert(*event);
                    self.exprs(args);
                }
                ActionKind::Send { to, event, args, delay, .. } => {
                    self.send(*to, *event);
                    self.exprs(args.iter().chain(delay));
                }
                ActionKind::Spawn { args, .. } | ActionKind::Push { args, .. } => self.exprs(args),
                ActionKind::Call { action, args } => {
                    self.actions.insert(*action);
                    self.exprs(args);
                }
                ActionKind::If { arms, otherwise } => {
                    for (condition, block) in arms {
                        self.expr(condition);
                        self.list(block);
                    }
                    self.list(otherwise);
                }
                ActionKind::For { list, body, .. } => {
                    self.expr(list);
                    self.list(body);
                }
                ActionKind::Compensate => {
                    self.compensates.get_or_insert(action.span);
                }
                ActionKind::Log(text) => self.expr(text),
                ActionKind::Cancel(_) | ActionKind::Stop(_) | ActionKind::Commit => {}
            }
        }
    }

    fn machine(&mut self, machine: &Machine) {
        for (id, state) in machine.states.iter().enumerate() {
            self.list(&state.entry);
            self.list(&state.exit);
            self.list(&state.initial_actions);
            self.passes(machine, id, &state.initial_passes);
            self.exprs(&state.returns);
        }
        for transition in &machine.transitions {
            self.list(&transition.actions);
            self.exprs(&transition.guard);
            self.passes(machine, transition.source, &transition.passes);
        }
        for activity in &machine.activities {
            self.exprs(&activity.args);
        }
        for timer in &machine.timers {
            self.expr(&timer.after);
        }
        for local in &machine.locals {
            self.exprs(&local.initial);
        }
        for undo in &machine.undos {
            match undo.kind {
                UndoKind::Call(action) => {
                    self.actions.insert(action);
                }
                UndoKind::Emit(output) => {
                    self.outputs.insert(output);
                }
                UndoKind::Raise(event) => {
                    self.raised.insert(event);
                }
                UndoKind::Send(to, event) => self.send(to, event),
            }
        }
        for property in &machine.properties {
            if let PropertyKind::Invariant { holds, .. } = &property.kind {
                self.expr(holds);
            }
        }
    }
}

/// Says what a sound machine declares and does not use.
pub(super) fn unused(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let mut mentioned = Mentioned::default();
    mentioned.machine(machine);
    let mut handled: BTreeSet<EventId> = BTreeSet::new();
    let mut targets: BTreeSet<StateId> = BTreeSet::new();
    for transition in &machine.transitions {
        if let Trigger::Events(events) = &transition.trigger {
            handled.extend(events);
        }
        targets.extend(&transition.targets);
    }
    for state in &machine.states {
        targets.extend(&state.initial);
    }
    let services: BTreeSet<usize> =
        machine.activities.iter().filter_map(|activity| activity.runs.service()).collect();

    let mut report = |span, what: &str, name: &str, why: &str| {
        diagnostics.push(
            Diagnostic::new(Code::Unused, span, format!("{what} `{name}` {why}"))
                .help("use it, or remove it"),
        );
    };
    for (id, event) in machine.events.iter().enumerate() {
        if !handled.contains(&id) {
            report(event.symbol.span, "event", &event.symbol.name, "is never handled");
        } else if event.internal && !mentioned.raised.contains(&id) {
            report(event.symbol.span, "internal event", &event.symbol.name, "is never raised");
        }
    }
    for (_, output) in machine.outputs.iter().enumerate().filter(|(id, _)| !mentioned.outputs.contains(id)) {
        report(output.span, "output", &output.name, "is never emitted");
    }
    for (_, variable) in
        machine.context.iter().enumerate().filter(|(id, _)| !mentioned.variables.contains(id))
    {
        report(variable.span, "variable", &variable.name, "is never used");
    }
    for (_, local) in machine.locals.iter().enumerate().filter(|(id, _)| !mentioned.locals.contains(id)) {
        let what = if local.param { "parameter" } else { "field" };
        report(local.span, what, &local.name, "is never used");
    }
    for (_, guard) in machine.guards.iter().enumerate().filter(|(id, _)| !mentioned.guards.contains(id)) {
        report(guard.span, "guard", &guard.name, "is never used");
    }
    for (_, action) in machine.actions.iter().enumerate().filter(|(id, _)| !mentioned.actions.contains(id)) {
        report(action.span, "action", &action.name, "is never used");
    }
    for (_, service) in machine.services.iter().enumerate().filter(|(id, _)| !services.contains(id)) {
        report(service.function.span, "service", &service.function.name, "is never used");
    }
    for (_, peer) in machine.peers.iter().enumerate().filter(|(id, _)| !mentioned.peers.contains(id)) {
        report(peer.span, "peer", &peer.name, "is never sent to");
    }
    for (id, state) in machine.states.iter().enumerate() {
        if machine.is_history(id) && !targets.contains(&id) {
            report(state.span, "history", &state.name, "is no target of anything");
        }
    }
    match (mentioned.compensates, machine.undos.first()) {
        (Some(span), None) => diagnostics.push(
            Diagnostic::new(Code::NothingToUndo, span, "nothing in this machine can be undone")
                .help("write `action(…) undo back(…)` where something is done, or remove `compensate`"),
        ),
        (None, Some(undo)) => diagnostics.push(
            Diagnostic::new(Code::NothingToUndo, undo.span, "this undo is never run")
                .label("the machine has no `compensate`")
                .help("add `/ compensate` where things go wrong, or remove the undo"),
        ),
        _ => {}
    }
}
