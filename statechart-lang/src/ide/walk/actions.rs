//! Names in actions and expressions.

use super::Walker;
use crate::{
    ide::{Declaration, DeclarationId, Kind},
    syntax::ast::{Action, ActionKind, Arg, Expr, ExprKind},
};

impl Walker<'_, '_> {
    pub(super) fn actions(&mut self, actions: &[Action]) {
        for action in actions {
            self.action(action);
        }
    }

    fn action(&mut self, action: &Action) {
        match &action.kind {
            ActionKind::Assign { variable, value } => {
                let id = self.datum(&variable.text);
                self.uses(variable.span, id);
                self.expr(value);
            }
            ActionKind::Emit { output, args } => {
                let id = self.scope.outputs.get(&output.text).copied();
                self.uses(output.span, id);
                self.args(args, id);
            }
            ActionKind::Raise { event, args } => {
                let id = self.event(event.span, &event.text);
                self.args(args, id);
            }
            ActionKind::Send { peer, event, args, delay, id: _ } => {
                let partner = peer.as_ref().map(|peer| (peer, self.scope.partners.get(&peer.text)));
                let id = match partner {
                    None => self.scope.events.get(&event.text).copied(),
                    Some((peer, partner)) => {
                        self.uses(peer.span, partner.map(|(id, _)| *id));
                        let scope =
                            partner.and_then(|(_, machine)| self.analysis.scope_of(self.scopes, machine));
                        scope.and_then(|scope| scope.events.get(&event.text).copied())
                    }
                };
                self.uses(event.span, id);
                self.args(args, id);
                if let Some(delay) = delay {
                    self.expr(delay);
                }
            }
            ActionKind::Cancel(name) => {
                let id = self.scope.messages.get(&name.text).copied();
                self.uses(name.span, id);
            }
            ActionKind::Spawn { machine, args, id: _ } => {
                let id = self.analysis.top(Kind::Machine, &machine.text);
                self.uses(machine.span, id);
                self.args(args, id);
            }
            ActionKind::Stop(name) => {
                let id = self.scope.partners.get(&name.text).map(|(id, _)| *id);
                self.uses(name.span, id);
            }
            ActionKind::Log(value) => self.expr(value),
            ActionKind::Call { action, args } => {
                let id = self.scope.actions.get(&action.text).copied();
                self.uses(action.span, id);
                self.args(args, id);
            }
            ActionKind::If { arms, otherwise } => {
                for (condition, actions) in arms {
                    self.expr(condition);
                    self.actions(actions);
                }
                self.actions(otherwise);
            }
            ActionKind::For { item, index, list, body } => {
                self.expr(list);
                let outer = self.bindings.len();
                for name in std::iter::once(item).chain(index) {
                    let id = self.analysis.declare(Declaration {
                        kind: Kind::Binding,
                        name: name.text.clone(),
                        span: name.span,
                        full: name.span,
                        doc: String::new(),
                        text: format!("for {}", name.text),
                        container: Some(self.scope.owner),
                    });
                    self.bindings.push((name.text.clone(), id));
                }
                self.actions(body);
                self.bindings.truncate(outer);
            }
            ActionKind::Compensate | ActionKind::Commit => {}
        }
        if let Some(undo) = &action.undo {
            self.action(undo);
        }
    }

    /// Arguments, and the fields or parameters that they name.
    pub(super) fn args(&mut self, args: &[Arg], of: Option<DeclarationId>) {
        for arg in args {
            if let Some(name) = &arg.name {
                let id = of.and_then(|of| self.analysis.inside(of, &name.text));
                self.uses(name.span, id);
            }
            self.expr(&arg.value);
        }
    }

    /// A binding, a parameter or field of a state around, or a variable.
    fn datum(&self, name: &str) -> Option<DeclarationId> {
        if let Some((_, id)) = self.bindings.iter().rev().find(|(known, _)| known == name) {
            return Some(*id);
        }
        let mut around = self.state;
        loop {
            let node = self.scope.states.get(around)?;
            match node.data.get(name) {
                Some(id) => return Some(*id),
                None if around == 0 => return None,
                None => around = node.parent,
            }
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::In(path) => self.path(path),
            ExprKind::Event(field) => {
                let ids: Vec<DeclarationId> = self
                    .events
                    .iter()
                    .filter_map(|event| self.analysis.inside(*event, &field.text))
                    .collect();
                self.analysis.used(field.span, ids);
            }
            ExprKind::Reference(name) => {
                let id = self.datum(&name.text).or_else(|| self.scope.guards.get(&name.text).copied());
                self.uses(name.span, id);
            }
            ExprKind::Call(name, args) => {
                let id = self.scope.guards.get(&name.text).copied();
                self.uses(name.span, id);
                self.args(args, id);
            }
            ExprKind::Unary(_, inner) => self.expr(inner),
            ExprKind::Binary(_, left, right)
            | ExprKind::Default(left, right)
            | ExprKind::Index(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Literal(_) | ExprKind::None | ExprKind::Now | ExprKind::Error => {}
        }
    }
}
