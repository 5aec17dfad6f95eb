//! Values for parameters of states. The language computes them before anything is left and sets them when the state is
//! entered; a parameter is a variable of the whole document here, which the exit actions and the content of the
//! transition may still read. So content comes first, and what it would change for the values is put aside before it.

use std::collections::BTreeSet;

use super::{super::defaulted, Out};
use crate::model::{
    Action, ActionKind, Expr, ExprKind, LocalId, Machine, Pass, Place, StateId, Transition, walk::each_part,
};

impl Out<'_> {
    /// What a transition does, and the data of the states that it enters.
    pub(super) fn content(&mut self, transition: &Transition) {
        let given = given(self.machine, &transition.passes);
        let aside = aside(transition, &given);
        self.late_values(transition, &given);
        for (local, arg) in given.iter().filter(|(local, _)| aside.contains(local)) {
            let value = self.expr(arg);
            self.assign(self.ids.next(*local), value);
        }
        self.actions(&transition.actions);
        for (local, arg) in &given {
            if aside.contains(local) {
                self.assign(self.ids.local(*local), self.ids.next(*local));
            } else if !matches!(arg.kind, ExprKind::Local(same) if same == *local) {
                let value = self.expr(arg);
                self.assign(self.ids.local(*local), value);
            }
        }
        self.defaults(transition);
    }

    /// Values of an `initial` or a history: nothing is left on this way, and the states are not active.
    pub(super) fn passes(&mut self, passes: &[Pass]) {
        for (local, arg) in given(self.machine, passes) {
            let value = self.expr(arg);
            self.assign(self.ids.local(local), value);
        }
    }

    /// Parameters that the transition passes nothing to get their defaults.
    fn defaults(&mut self, transition: &Transition) {
        let machine = self.machine;
        for local in defaulted(machine, transition) {
            let Some(row) = machine.locals.get(local) else { continue };
            let Some(initial) = &row.initial else { continue };
            let reads_fields = reads(initial, &|expr| match expr.kind {
                ExprKind::Local(read) => machine
                    .locals
                    .get(read)
                    .is_some_and(|read| !read.param && machine.is_descendant(read.state, transition.domain)),
                _ => false,
            });
            if reads_fields {
                self.notes.lost(format!(
                    "the default of `{}` of `{}` is computed before the data around it are set",
                    row.name, machine.states[row.state].path
                ));
            }
            let value = self.expr(initial);
            self.assign(self.ids.local(local), value);
        }
    }

    /// Notes values that depend on what happens while states are left, which is before the content.
    fn late_values(&mut self, transition: &Transition, given: &[(LocalId, &Expr)]) {
        let machine = self.machine;
        let left = |state: &StateId| machine.is_descendant(*state, transition.domain);
        let mut written = Vec::new();
        for state in (1..machine.states.len()).filter(left) {
            places(&machine.states[state].exit, &mut written);
        }
        let is_late = given.iter().any(|(_, arg)| {
            reads(arg, &|expr| match expr.kind {
                ExprKind::Variable(variable) => written.contains(&Place::Variable(variable)),
                ExprKind::Local(local) => written.contains(&Place::Local(local)),
                ExprKind::In(state) => left(&state),
                _ => false,
            })
        });
        if is_late {
            self.notes.lost(format!(
                "a value that a transition of `{}` passes is computed after the exit actions, which change it",
                machine.states[transition.source].path
            ));
        }
    }
}

/// Values that are passed, by parameter.
fn given<'p>(machine: &Machine, passes: &'p [Pass]) -> Vec<(LocalId, &'p Expr)> {
    let of = |pass: &'p Pass| {
        let locals = machine.states.get(pass.state).map_or(Vec::new(), |state| state.locals.clone());
        let params = locals.into_iter().filter(|id| machine.locals.get(*id).is_some_and(|local| local.param));
        params.zip(&pass.args).collect::<Vec<_>>()
    };
    passes.iter().flat_map(of).collect()
}

/// Parameters whose new values are computed before the content: it, or a value before them, changes what they are
/// computed from.
fn aside(transition: &Transition, given: &[(LocalId, &Expr)]) -> BTreeSet<LocalId> {
    let mut written = Vec::new();
    places(&transition.actions, &mut written);
    let mut found = BTreeSet::new();
    for &(local, arg) in given {
        let is_changed = reads(arg, &|expr| match expr.kind {
            ExprKind::Variable(variable) => written.contains(&Place::Variable(variable)),
            ExprKind::Local(read) => written.contains(&Place::Local(read)),
            _ => false,
        });
        if is_changed {
            found.insert(local);
        }
        written.push(Place::Local(local));
    }
    found
}

/// Every parameter whose value is put aside by some transition.
pub(super) fn every_aside(machine: &Machine) -> BTreeSet<LocalId> {
    let of = |transition: &Transition| aside(transition, &given(machine, &transition.passes));
    machine.transitions.iter().flat_map(of).collect()
}

fn reads(expr: &Expr, what: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    each_part(expr, &mut |part| found |= what(part));
    found
}

/// What actions assign to.
fn places(actions: &[Action], out: &mut Vec<Place>) {
    for action in actions {
        match &action.kind {
            ActionKind::Assign { place, .. } => out.push(*place),
            ActionKind::If { arms, otherwise } => {
                arms.iter().for_each(|(_, body)| places(body, out));
                places(otherwise, out);
            }
            ActionKind::For { body, .. } => places(body, out),
            _ => {}
        }
    }
}
