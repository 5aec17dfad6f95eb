//! Pass 4: what is legal and probably not meant, and edges that cannot be told apart.

use std::collections::{BTreeMap, BTreeSet};

use super::flow;
use crate::{
    Code, Diagnostic,
    model::{
        Action, ActionKind, EventId, Expr, ExprKind, Invoked, Machine, Place, Receiver, StateId, StateKind,
        Transition, Trigger,
    },
};

/// Runs every lint on a sound machine.
pub(super) fn lint(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    unreachable(machine, diagnostics);
    unhandled_outcomes(machine, diagnostics);
    no_way_out(machine, diagnostics);
    livelock(machine, diagnostics);
    unused(machine, diagnostics);
}

/// What a transition reacts to, one entry an event.
fn triggers(transition: &Transition) -> Vec<Trigger> {
    match &transition.trigger {
        Trigger::Events(events) => events.iter().map(|event| Trigger::Events(vec![*event])).collect(),
        other => vec![other.clone()],
    }
}

/// Two transitions of one state on one event, the first of which always wins.
pub(super) fn nondeterministic(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    if machine.nondeterministic {
        return;
    }
    for state in &machine.states {
        // Trigger, and the guard that would have to differ.
        let mut earlier: Vec<(Trigger, &Transition)> = Vec::new();
        for id in &state.transitions {
            let transition = &machine.transitions[*id];
            if matches!(transition.trigger, Trigger::Timer(_)) {
                continue;
            }
            let wildcard = transition.pattern.contains('*');
            for trigger in triggers(transition) {
                let rival = earlier.iter().find(|(known, rival)| {
                    *known == trigger && (rival.guard.is_none() || rival.guard_text == transition.guard_text)
                });
                if let Some((_, rival)) = rival
                    && !wildcard
                {
                    let event = match &trigger {
                        Trigger::Events(events) => events
                            .first()
                            .and_then(|event| machine.events.get(*event))
                            .map_or(String::new(), |event| format!("`{}`", event.symbol.name)),
                        _ => format!("`{}`", transition.pattern),
                    };
                    diagnostics.push(
                        Diagnostic::new(
                            Code::Nondeterministic,
                            transition.span,
                            format!("`{}` has two transitions on {event} and nothing tells them apart", state.name),
                        )
                        .label(format!("never taken on {event}: the one above is enabled first"))
                        .also(rival.span, if rival.guard.is_none() { "always enabled" } else { "has the same guard" })
                        .help("guard the first, or remove one; `nondeterministic machine` keeps both for diagrams and languages"),
                    );
                    break;
                }
                earlier.push((trigger, transition));
            }
        }
    }
}

/// States that some sequence of events can make active, guards taken as true.
fn reachable(machine: &Machine) -> BTreeSet<StateId> {
    let mut reached = BTreeSet::new();
    let mut fresh: Vec<StateId> = flow::entered(machine, 0, &machine.states[0].initial).into_iter().collect();
    fresh.push(0);
    if machine.states[0].kind == StateKind::Parallel {
        for region in &machine.states[0].children {
            fresh.extend(flow::entered(machine, 0, &[*region]));
        }
    }
    while let Some(state) = fresh.pop() {
        if !reached.insert(state) {
            continue;
        }
        for id in &machine.states[state].transitions {
            let transition = &machine.transitions[*id];
            if !transition.targets.is_empty() {
                fresh.extend(flow::entered(machine, transition.domain, &transition.targets));
            }
        }
    }
    reached
}

fn unreachable(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let reached = reachable(machine);
    for (id, state) in machine.states.iter().enumerate() {
        // The outermost unreachable state says it all.
        if !reached.contains(&id) && reached.contains(&state.parent) {
            diagnostics.push(
                Diagnostic::new(
                    Code::Unreachable,
                    state.span,
                    format!("state `{}` is never entered", state.name),
                )
                .label("no transition leads here")
                .help("add a transition to it, or remove it"),
            );
        }
    }
}

/// Whether a state reacts to an event or defers it.
fn reacts(machine: &Machine, state: StateId, event: EventId) -> bool {
    let row = &machine.states[state];
    row.defer.contains(&event)
        || row.transitions.iter().any(|id| {
            matches!(&machine.transitions[*id].trigger, Trigger::Events(events) if events.contains(&event))
        })
}

/// Whether an event is handled while a state is active: inside it, around it, or in a region beside it.
fn handled(machine: &Machine, state: StateId, event: EventId) -> bool {
    if (state..=machine.states[state].last).any(|inside| reacts(machine, inside, event)) {
        return true;
    }
    let mut at = state;
    while at != 0 {
        at = machine.states[at].parent;
        let row = &machine.states[at];
        let beside =
            row.kind == StateKind::Parallel && (at..=row.last).any(|state| reacts(machine, state, event));
        if beside || reacts(machine, at, event) {
            return true;
        }
    }
    false
}

fn unhandled_outcomes(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    for activity in &machine.activities {
        let Invoked::Service(service) = activity.runs else { continue };
        let service = &machine.services[service];
        let missing: Vec<&str> = service
            .outcomes()
            .chain(service.streams.iter().copied())
            .filter(|event| !handled(machine, activity.state, *event))
            .map(|event| machine.events[event].symbol.name.as_str())
            .collect();
        if !missing.is_empty() {
            let state = &machine.states[activity.state].name;
            diagnostics.push(
                Diagnostic::new(
                    Code::Unhandled,
                    activity.span,
                    format!(
                        "`{state}` does not handle {} of `{}`",
                        missing.join(", "),
                        service.function.name
                    ),
                )
                .also(service.function.span, "declared here")
                .help(format!(
                    "add `on {} -> …`, or a bare `on {}` to ignore it",
                    missing.join(" | "),
                    missing[0]
                )),
            );
        }
    }
}

fn no_way_out(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    if machine.transitions.is_empty() {
        return;
    }
    for (id, state) in machine.states.iter().enumerate() {
        if state.kind != StateKind::Atomic || state.accept {
            continue;
        }
        let (mut at, mut reacts) = (id, false);
        loop {
            reacts |= !machine.states[at].transitions.is_empty() || machine.states[at].accept;
            if at == 0 || reacts {
                break;
            }
            at = machine.states[at].parent;
        }
        if !reacts {
            diagnostics.push(
                Diagnostic::new(
                    Code::NoWayOut,
                    state.span,
                    format!("nothing ever leaves state `{}`", state.name),
                )
                .help("add a transition, or say what it means: `final` or `accept state`"),
            );
        }
    }
}

/// Eventless transitions without a guard that lead back to where they began.
fn livelock(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let eventless = |state: StateId| {
        machine.states[state]
            .transitions
            .iter()
            .map(|id| &machine.transitions[*id])
            .find(|transition| transition.trigger == Trigger::Always && transition.guard.is_none())
    };
    for (start, state) in machine.states.iter().enumerate() {
        let Some(first) = eventless(start) else { continue };
        let mut seen = BTreeSet::new();
        let mut next = Some(first);
        while let Some(transition) = next {
            if transition.targets.is_empty() || transition.targets == [start] {
                diagnostics.push(
                    Diagnostic::new(
                        Code::Livelock,
                        first.span,
                        format!("`{}` runs eventless transitions for ever", state.name),
                    )
                    .label("enabled again each time it has been taken")
                    .help("add a guard that becomes false, or wait for an event"),
                );
                break;
            }
            let entered = flow::entered(machine, transition.domain, &transition.targets);
            next = entered
                .iter()
                .rev()
                .find_map(|state| eventless(*state))
                .filter(|next| seen.insert(next.source));
        }
    }
}

/// Everything that the machine's expressions and actions mention.
#[derive(Default)]
struct Mentioned {
    variables: BTreeSet<usize>,
    guards: BTreeSet<usize>,
    actions: BTreeSet<usize>,
    outputs: BTreeSet<usize>,
    raised: BTreeSet<EventId>,
    peers: BTreeSet<usize>,
}

impl Mentioned {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Variable(at) => {
                self.variables.insert(*at);
            }
            ExprKind::Guard(at, args) => {
                self.guards.insert(*at);
                args.iter().for_each(|arg| self.expr(arg));
            }
            ExprKind::Unary(_, inner)
            | ExprKind::IsNone(inner)
            | ExprKind::Wrap(inner)
            | ExprKind::Unwrap(inner)
            | ExprKind::Len(inner) => self.expr(inner),
            ExprKind::Binary(_, left, right)
            | ExprKind::Default(left, right)
            | ExprKind::Index(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            _ => {}
        }
    }

    fn list(&mut self, actions: &[Action]) {
        for action in actions {
            match &action.kind {
                ActionKind::Assign { place, value } => {
                    if let Place::Variable(variable) = place {
                        self.variables.insert(*variable);
                    }
                    self.expr(value);
                }
                ActionKind::Emit { output, args } => {
                    self.outputs.insert(*output);
                    args.iter().for_each(|arg| self.expr(arg));
                }
                ActionKind::Raise { event, args } => {
                    self.raised.insert(*event);
                    args.iter().for_each(|arg| self.expr(arg));
                }
                ActionKind::Send { to, event, args, delay, .. } => {
                    match to {
                        Receiver::Peer(peer) => self.peers.insert(*peer),
                        Receiver::Itself => self.raised.insert(*event),
                        Receiver::Child(_) => false,
                    };
                    args.iter().chain(delay).for_each(|arg| self.expr(arg));
                }
                ActionKind::Call { action, args } => {
                    self.actions.insert(*action);
                    args.iter().for_each(|arg| self.expr(arg));
                }
                ActionKind::Log(text) => self.expr(text),
                _ => {}
            }
        }
    }
}

fn unused(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let mut mentioned = Mentioned::default();
    for state in &machine.states {
        mentioned.list(&state.entry);
        mentioned.list(&state.exit);
    }
    let mut handled: BTreeMap<EventId, ()> = BTreeMap::new();
    for transition in &machine.transitions {
        mentioned.list(&transition.actions);
        if let Some(guard) = &transition.guard {
            mentioned.expr(guard);
        }
        if let Trigger::Events(events) = &transition.trigger {
            handled.extend(events.iter().map(|event| (*event, ())));
        }
    }
    let mut services = BTreeSet::new();
    for activity in &machine.activities {
        if let Invoked::Service(service) = activity.runs {
            services.insert(service);
        }
        activity.args.iter().for_each(|arg| mentioned.expr(arg));
    }
    for timer in &machine.timers {
        mentioned.expr(&timer.after);
    }

    let mut report = |span, what: &str, name: &str, why: &str| {
        diagnostics.push(
            Diagnostic::new(Code::Unused, span, format!("{what} `{name}` {why}"))
                .help("use it, or remove it"),
        );
    };
    for (id, event) in machine.events.iter().enumerate() {
        if !handled.contains_key(&id) {
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
}
