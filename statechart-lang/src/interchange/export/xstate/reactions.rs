//! Transitions and their guards.

use serde_json::{Value, json};

use super::{
    Out,
    members::{Keyed, Members, one_or_several},
};
use crate::model::{BinaryOp, Expr, ExprKind, Literal, StateId, StateKind, Transition, Trigger, UnaryOp};

impl Out<'_> {
    pub(super) fn reactions(&mut self, id: StateId, out: &mut Members) {
        let (mut on, mut after): (Keyed, Keyed) = Default::default();
        let (mut done, mut always) = (Vec::new(), Vec::new());
        let put = |list: &mut Keyed, key: String, members: Members| match list
            .iter_mut()
            .find(|(known, _)| *known == key)
        {
            Some((_, several)) => several.push(members),
            None => list.push((key, vec![members])),
        };
        let transitions = self.machine.states[id].transitions.clone();
        for transition in transitions {
            let Some(transition) = self.machine.transitions.get(transition) else { continue };
            self.beside_regions(transition);
            match &transition.trigger {
                Trigger::Always => always.push(self.transition(transition)),
                Trigger::Events(events) => {
                    for event in events {
                        let Some(event) = self.machine.events.get(*event) else { continue };
                        let members = self.transition(transition);
                        put(&mut on, event.symbol.name.clone(), members);
                    }
                }
                Trigger::Timer(timer) => {
                    let Some(timer) = self.machine.timers.get(*timer) else { continue };
                    let key = match timer.after.kind {
                        #[allow(clippy::cast_precision_loss)] // A span of microseconds.
                        ExprKind::Literal(Literal::Duration(us)) if us % 1_000 != 0 => {
                            (us as f64 / 1_000.0).to_string()
                        }
                        ExprKind::Literal(Literal::Duration(us)) => (us / 1_000).to_string(),
                        _ => {
                            let name = transition.pattern.trim_start_matches("after").trim().to_owned();
                            self.notes.lost(format!(
                                "the delay `{name}` is computed: implement it under that name"
                            ));
                            name
                        }
                    };
                    let members = self.transition(transition);
                    put(&mut after, key, members);
                }
                Trigger::Done(state) if *state == id => done.push(self.transition(transition)),
                Trigger::Done(state) => {
                    let members = self.transition(transition);
                    put(&mut on, format!("xstate.done.state.{}", self.id(*state)), members);
                }
                Trigger::ChildDone(child) => {
                    let name = self.machine.children.get(*child).map_or("", |child| child.name.as_str());
                    let members = self.transition(transition);
                    put(&mut on, format!("xstate.done.actor.{name}"), members);
                }
                Trigger::Fault => self.notes.lost("`on fault`: XState stops at an error"),
            }
        }
        for (name, list) in [("on", on), ("after", after)] {
            if !list.is_empty() {
                let mut members = Members::default();
                for (key, several) in list {
                    members.0.push((key, one_or_several(several)));
                }
                out.object(name, members);
            }
        }
        for (name, list) in [("onDone", done), ("always", always)] {
            if !list.is_empty() {
                out.0.push((name.to_owned(), one_or_several(list)));
            }
        }
    }

    /// Names what a state does with an event beside its regions: XState asks it only when none of them does anything.
    fn beside_regions(&mut self, transition: &Transition) {
        let machine = self.machine;
        let is_parallel =
            |state: StateId| machine.states.get(state).is_some_and(|state| state.kind == StateKind::Parallel);
        let in_region = |inner: StateId| {
            let around = |state: &StateId| {
                machine.is_descendant(inner, *state)
                    && (*state == transition.source || machine.is_descendant(*state, transition.source))
            };
            (0..machine.states.len()).filter(|state| is_parallel(*state)).any(|state| around(&state))
        };
        let is_shared = |other: &Trigger| match (other, &transition.trigger) {
            (Trigger::Events(one), Trigger::Events(two)) => one.iter().any(|event| two.contains(event)),
            (Trigger::Done(one), Trigger::Done(two)) => one == two,
            _ => false,
        };
        let beside = machine.transitions.iter().find(|other| {
            other.source != transition.source
                && (other.targets.is_empty() || transition.targets.is_empty())
                && is_shared(&other.trigger)
                && in_region(other.source)
                && !transition.guard.as_ref().is_some_and(|guard| excludes(guard, other.source))
        });
        if let Some(beside) = beside {
            let path = |state: StateId| machine.states.get(state).map_or("", |state| state.path.as_str());
            let name = if transition.source == 0 { &machine.name } else { path(transition.source) };
            self.notes.lost(format!(
                "`{}` of `{name}` is taken beside that of `{}` here; XState takes it only where no region has one",
                transition.pattern,
                path(beside.source)
            ));
        }
    }

    fn transition(&mut self, transition: &Transition) -> Members {
        let mut out = Members::default();
        let targets: Vec<Value> =
            transition.targets.iter().map(|target| format!("#{}", self.id(*target)).into()).collect();
        out.values("target", targets);
        if let Some(guard) = &transition.guard {
            let guard = self.guard(guard, transition.guard_text.as_deref().unwrap_or_default());
            out.raw("guard", &guard.to_string());
        }
        // Values that are passed are set last: the actions see those of the state that is left.
        let mut actions = self.actions(&transition.actions);
        actions.extend(self.passes(&transition.passes));
        actions.extend(self.defaults(transition));
        out.values("actions", actions);
        if !transition.doc.is_empty() {
            out.text("description", &transition.doc);
        }
        if transition.targets.is_empty() || transition.internal {
            return out;
        }
        let inside = |target: &StateId| {
            *target == transition.source || self.machine.is_descendant(*target, transition.source)
        };
        if transition.targets.iter().all(inside) && transition.source != 0 {
            out.raw("reenter", "true");
        }
        // W3C's domain is never parallel, XState's may be.
        let mut domain = self.machine.states[transition.source].parent;
        while domain != 0
            && !transition.targets.iter().all(|target| self.machine.is_descendant(*target, domain))
        {
            domain = self.machine.states[domain].parent;
        }
        if domain != transition.domain && transition.source != 0 {
            self.notes.lost(format!(
                "a transition of `{}` leaves all of `{}` here and stays in it in XState",
                self.machine.states[transition.source].path, self.machine.states[domain].path
            ));
        }
        out
    }

    /// A guard: what JavaScript must implement by name, the rest as objects.
    fn guard(&mut self, guard: &Expr, text: &str) -> Value {
        match &guard.kind {
            ExprKind::Binary(operator @ (BinaryOp::And | BinaryOp::Or), left, right)
                if self.is_plain(left) && self.is_plain(right) =>
            {
                let name = if *operator == BinaryOp::And { "and" } else { "or" };
                let guards = vec![self.guard(left, ""), self.guard(right, "")];
                json!({ "type": name, "guards": guards })
            }
            ExprKind::Unary(UnaryOp::Not, inner) if self.is_plain(inner) => {
                json!({ "type": "not", "guards": [self.guard(inner, "")] })
            }
            ExprKind::In(state) => {
                json!({ "type": "stateIn", "params": { "stateId": format!("#{}", self.id(*state)) } })
            }
            ExprKind::Guard(guard, args) if self.is_named_guard(args) => {
                let Some(function) = self.machine.guards.get(*guard) else { return Value::Null };
                let names = function.params.iter().enumerate();
                let names = names
                    .map(|(at, (name, _))| name.clone().unwrap_or_else(|| format!("argument{}", at + 1)));
                match self.params(names, args.iter()) {
                    Some(params) if !params.is_empty() => json!({ "type": function.name, "params": params }),
                    _ => function.name.as_str().into(),
                }
            }
            _ => {
                self.notes.lost(format!("the guard `{text}` is an expression: implement it under that name"));
                text.into()
            }
        }
    }

    fn is_named_guard(&self, args: &[Expr]) -> bool {
        args.iter().all(|arg| self.value(arg).is_some())
    }

    /// Whether a guard can be said without an expression.
    fn is_plain(&self, guard: &Expr) -> bool {
        match &guard.kind {
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, left, right) => {
                self.is_plain(left) && self.is_plain(right)
            }
            ExprKind::Unary(UnaryOp::Not, inner) => self.is_plain(inner),
            ExprKind::In(_) => true,
            ExprKind::Guard(_, args) => self.is_named_guard(args),
            _ => false,
        }
    }
}

/// Whether a guard is false where a state does something: `… and not (in(state) …)`.
fn excludes(guard: &Expr, state: StateId) -> bool {
    match &guard.kind {
        ExprKind::Binary(BinaryOp::And, left, right) => excludes(left, state) || excludes(right, state),
        ExprKind::Unary(UnaryOp::Not, inner) => asks_for(inner, state),
        _ => false,
    }
}

fn asks_for(guard: &Expr, state: StateId) -> bool {
    match &guard.kind {
        ExprKind::Binary(BinaryOp::Or | BinaryOp::And, left, right) => {
            asks_for(left, state) || asks_for(right, state)
        }
        ExprKind::In(inside) => *inside == state,
        _ => false,
    }
}
