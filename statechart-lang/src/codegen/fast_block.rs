//! One arm of a resolved step: what can fault first, then everything that changes something.

use super::{
    actions::{call, message, option, output},
    data,
    expr::Exprs,
    fast::{Does, Take, leaf_name},
    rust,
    template::Rust,
};
use crate::{
    model::{
        Action, ActionKind, BinaryOp, Expr, ExprKind, Literal, Machine, Place, Receiver, Transition,
        TransitionId, Type, names,
    },
    table::ById,
};

/// The guard as a `Result<bool, Fault>`.
pub(super) fn guard(machine: &Machine, guard: &Expr) -> Rust {
    let exprs = exprs(machine);
    let guard = exprs.value(guard);
    rust! {
        (|| -> ::core::result::Result<bool, value::Fault> {
            let cue: chart::CueOf<'_, Self> = chart::Cue::Event(&event);
            ::core::result::Result::Ok(#guard)
        })()
    }
}

/// Whether an arm can evaluate the expression in front of the step.
pub(super) fn is_plain(expr: &Expr) -> bool {
    let kind = matches!(
        &expr.kind,
        ExprKind::Literal(_)
            | ExprKind::None
            | ExprKind::Variable(_)
            | ExprKind::Field { .. }
            | ExprKind::EventName
            | ExprKind::Now
            | ExprKind::In(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Default(..)
            | ExprKind::IsNone(_)
            | ExprKind::Wrap(_)
            | ExprKind::Unwrap(_)
            | ExprKind::List(_)
            | ExprKind::Index(..)
            | ExprKind::Len(_)
            | ExprKind::Guard(..)
    );
    kind && expr.operands().into_iter().all(is_plain)
}

/// Whether the expression holds one like this.
pub(super) fn holds(expr: &Expr, like: &dyn Fn(&ExprKind) -> bool) -> bool {
    like(&expr.kind) || expr.operands().into_iter().any(|operand| holds(operand, like))
}

/// Whether a candidate's guard or actions ask for the time.
pub(super) fn asks_time(machine: &Machine, id: TransitionId, does: &Does) -> bool {
    let transition = &machine.transitions[id];
    let asks = |expr: &Expr| holds(expr, &|kind| matches!(kind, ExprKind::Now));
    if transition.guard.as_ref().is_some_and(asks) {
        return true;
    }
    let Does::Take(take) = does else { return false };
    for (_, actions) in blocks(machine, take, transition) {
        if actions.iter().any(|action| operands(action).unwrap_or_default().into_iter().any(asks)) {
            return true;
        }
    }
    false
}

fn exprs(machine: &Machine) -> Exprs<'_> {
    // The engine meets it again, with its own way out.
    data::fallible(machine)
}

/// The expressions of an action, where an arm can do it at all.
fn operands(action: &Action) -> Option<Vec<&Expr>> {
    match &action.kind {
        ActionKind::Assign { place: Place::Variable(_), value } => Some(vec![value]),
        ActionKind::Emit { args, .. } | ActionKind::Call { args, .. } => Some(parts(args, None)),
        ActionKind::Send { to: Receiver::Itself | Receiver::Peer(_), args, delay, .. } => {
            Some(parts(args, delay.as_ref()))
        }
        ActionKind::Cancel(_) => Some(Vec::new()),
        ActionKind::Log(text) => Some(vec![text]),
        _ => None,
    }
}

/// The arguments and the delay of an action.
fn parts<'a>(args: &'a [Expr], delay: Option<&'a Expr>) -> Vec<&'a Expr> {
    let mut parts: Vec<&Expr> = Vec::new();
    for arg in args {
        parts.push(arg);
    }
    parts.extend(delay);
    parts
}

/// The blocks that a step runs, in order.
fn blocks<'m>(machine: &'m Machine, take: &Take, transition: &'m Transition) -> Vec<(Step, &'m [Action])> {
    let mut blocks = Vec::new();
    for state in &take.exits {
        blocks.push((Step::Exit, machine.states[*state].exit.as_slice()));
    }
    blocks.push((Step::Take, transition.actions.as_slice()));
    for state in &take.entries {
        blocks.push((Step::Enter, machine.states[*state].entry.as_slice()));
    }
    blocks
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Exit,
    Take,
    Enter,
}

/// What a variable is in the middle of an arm.
enum Value {
    /// In a local of that name.
    Made(Rust),
    /// What it was (in a local, or in the context), and a number that is yet to be added: several in a row are
    /// added at once. They overflow together exactly when one of them would.
    Sum(Option<Rust>, i64),
}

/// An arm being made.
pub(super) struct Arm<'m> {
    machine: &'m Machine,
    exprs: Exprs<'m>,
    /// Evaluations, which may fault.
    tries: Rust,
    /// The locals among them that the changes use.
    results: Rust,
    /// Changes, which cannot fault.
    changes: Rust,
    variables: ById<Value>,
    locals: usize,
}

impl<'m> Arm<'m> {
    /// Whether straight lines can do what the transition does.
    pub(super) fn fits(machine: &Machine, take: &Take, transition: &Transition) -> bool {
        let mut called = false;
        blocks(machine, take, transition).into_iter().all(|(step, actions)| {
            actions.iter().all(|action| {
                let Some(operands) = operands(action) else { return false };
                let fits = operands.iter().all(|expr| {
                    // The configuration changes under way.
                    let moves = holds(expr, &|kind| matches!(kind, ExprKind::In(_)));
                    // An action may change what a guard answers.
                    let changes = called && holds(expr, &|kind| matches!(kind, ExprKind::Guard(..)));
                    // An entry list knows no event.
                    let strange = step == Step::Enter && holds(expr, &is_event);
                    is_plain(expr) && !(moves || changes || strange)
                });
                called |= matches!(action.kind, ActionKind::Call { .. });
                fits
            })
        })
    }

    /// The body of the arm. Falling off its end leaves the event to the engine.
    pub(super) fn code(machine: &'m Machine, id: TransitionId, take: &Take) -> Rust {
        let mut path = Vec::new();
        for index in &take.path(id) {
            path.push(rust!(#index));
        }
        Self::make_body(machine, id, take, path, &leaf_name(machine, take.leaf))
    }

    /// The body for leaves that differ in what is left and entered only: that is in `path` and `next` by then.
    pub(super) fn shape(machine: &'m Machine, id: TransitionId, take: &Take) -> Rust {
        let mut path = Vec::new();
        for at in 0..take.hooks() {
            path.push(rust!(path[#at]));
        }
        Self::make_body(machine, id, take, path, &rust!(next))
    }

    fn make_body(machine: &'m Machine, id: TransitionId, take: &Take, path: Vec<Rust>, leaf: &Rust) -> Rust {
        let mut arm = Self {
            machine,
            exprs: exprs(machine),
            tries: Rust::new(),
            results: Rust::new(),
            changes: Rust::new(),
            variables: ById::default(),
            locals: 0,
        };
        for ((step, actions), index) in blocks(machine, take, &machine.transitions[id]).into_iter().zip(path)
        {
            match step {
                Step::Enter => arm.changes.push(rust!(fx.entered(#index);)),
                Step::Take => arm.changes.push(rust!(fx.took(#index);)),
                Step::Exit => {}
            }
            for action in actions {
                arm.action(action);
            }
            if step == Step::Exit {
                arm.changes.push(rust!(fx.exited(#index);));
            }
        }
        if !take.entries.is_empty() {
            arm.changes.push(rust!(self.core.hold(#leaf);));
        }
        arm.finish()
    }

    fn finish(mut self) -> Rust {
        for variable in self.variables.ascending() {
            let made = self.make(variable);
            let name = rust::field(&self.machine.context[variable].name);
            self.changes.push(rust!(self.context.#name = #made;));
            self.results.item(&made);
        }
        let Self { tries, results, changes, .. } = self;
        if tries.is_empty() {
            return rust! {
                #changes
                return chart::Outcome::Taken;
            };
        }
        rust! {
            let tried = (|| -> ::core::result::Result<_, value::Fault> {
                let cue: chart::CueOf<'_, Self> = chart::Cue::Event(&event);
                #tries
                ::core::result::Result::Ok((#results))
            })();
            if let ::core::result::Result::Ok((#results)) = tried {
                #changes
                return chart::Outcome::Taken;
            }
        }
    }

    fn action(&mut self, action: &Action) {
        match &action.kind {
            ActionKind::Assign { place: Place::Variable(variable), value } => self.assign(*variable, value),
            ActionKind::Emit { output: of, args } => {
                let parts = parts(args, None);
                self.read(&parts);
                let output = output(&self.exprs, *of, args);
                let output = self.value("output", output, &parts);
                self.changes.push(rust!(fx.emit(#output);));
            }
            ActionKind::Send { to, event, args, delay, id } => {
                let parts = parts(args, delay.as_ref());
                self.read(&parts);
                let message = message(&self.exprs, *to, *event, args);
                let message = self.value("message", message, &parts[..args.len()]);
                let after = option(delay.as_ref().map(|delay| self.exprs.value(delay)));
                let after = self.value("delay", after, &parts[args.len()..]);
                let id = option(id.map(|id| rust!(#id)));
                self.changes.push(rust!(fx.send(#message, #after, #id);));
            }
            ActionKind::Cancel(id) => {
                self.changes.push(rust!(fx.cancel(#id);));
            }
            ActionKind::Call { action, args } => {
                let parts = parts(args, None);
                self.read(&parts);
                let call = call(&self.exprs, *action, args);
                let call = self.value("action", call, &parts);
                self.changes.push(rust!(fx.act(&mut self.externs, #call);));
            }
            ActionKind::Log(text) => {
                self.read(&[text]);
                let code = self.exprs.value(text);
                let text = self.value("text", code, &[text]);
                self.changes.push(rust!(fx.log(#text);));
            }
            // `fits` lets nothing else in.
            _ => {}
        }
    }

    fn assign(&mut self, variable: usize, value: &Expr) {
        if let Some(by) = step_of(variable, value) {
            let next = match self.variables.get(&variable) {
                None => Value::Sum(None, by),
                Some(Value::Made(name)) => Value::Sum(Some(name.clone()), by),
                Some(Value::Sum(base, before)) => match before.checked_add(by) {
                    Some(sum) if before.signum() == by.signum() => Value::Sum(base.clone(), sum),
                    _ => Value::Sum(Some(self.make(variable)), by),
                },
            };
            self.variables.insert(variable, next);
            return;
        }
        self.read(&[value]);
        let value = self.exprs.value(value);
        let row = &self.machine.context[variable];
        let (name, ty) = (self.local(&names::snake(&row.name)), rust::ty(&row.ty));
        // With its type: `none` and an empty list do not tell theirs.
        self.tries.push(rust!(let #name: #ty = #value;));
        self.exprs.fresh.insert(variable, name.clone());
        self.variables.insert(variable, Value::Made(name));
    }

    /// Sees to it that every variable that the expressions read is what it is by now.
    fn read(&mut self, exprs: &[&Expr]) {
        for variable in self.variables.ascending() {
            let reads = |kind: &ExprKind| matches!(kind, ExprKind::Variable(read) if *read == variable);
            let is_pending = matches!(self.variables.get(&variable), Some(Value::Sum(..)));
            if is_pending && exprs.iter().any(|expr| holds(expr, &reads)) {
                self.make(variable);
            }
        }
    }

    /// The local that holds a variable's value by now.
    fn make(&mut self, variable: usize) -> Rust {
        let (base, by) = match self.variables.get(&variable) {
            Some(Value::Made(name)) => return name.clone(),
            Some(Value::Sum(base, by)) => (base.clone(), *by),
            None => (None, 0),
        };
        let field = rust::field(&self.machine.context[variable].name);
        let base = base.map_or_else(|| rust!(self.context.#field), |name| rust!(#name));
        let size = rust::long(by.checked_abs().unwrap_or(i64::MAX));
        let method = if by < 0 { rust!(minus) } else { rust!(plus) };
        let name = self.local(&names::snake(&self.machine.context[variable].name));
        self.tries.push(rust!(let #name = value::Arithmetic::#method(#base, #size)?;));
        self.exprs.fresh.insert(variable, name.clone());
        self.variables.insert(variable, Value::Made(name.clone()));
        name
    }

    /// What an effect is given: written where it is used if there is nothing to evaluate.
    fn value(&mut self, name: &str, value: Rust, args: &[&Expr]) -> Rust {
        if args.iter().all(|arg| matches!(arg.kind, ExprKind::Literal(_) | ExprKind::None)) {
            return value;
        }
        let name = self.local(name);
        self.tries.push(rust!(let #name = #value;));
        self.results.item(&name);
        name
    }

    fn local(&mut self, name: &str) -> Rust {
        self.locals += 1;
        Rust::from_text(format!("{name}_{}", self.locals))
    }
}

fn is_event(kind: &ExprKind) -> bool {
    matches!(kind, ExprKind::Field { .. } | ExprKind::EventName)
}

/// The number in `variable := variable + number`, which may be subtracted, too.
fn step_of(variable: usize, value: &Expr) -> Option<i64> {
    let ExprKind::Binary(operator, left, right) = &value.kind else { return None };
    let reads = |expr: &Expr| matches!(expr.kind, ExprKind::Variable(read) if read == variable);
    let number = |expr: &Expr| match expr.kind {
        // The least number has no opposite.
        ExprKind::Literal(Literal::Int(number)) if number != i64::MIN => Some(number),
        _ => None,
    };
    if value.ty != Type::Int {
        return None;
    }
    match operator {
        BinaryOp::Add if reads(left) => number(right),
        BinaryOp::Add if reads(right) => number(left),
        BinaryOp::Subtract if reads(left) => number(right).map(|number| -number),
        _ => None,
    }
}
