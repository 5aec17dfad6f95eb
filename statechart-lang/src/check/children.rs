//! What a machine names beside its states: the machines that it starts, its delayed messages, what `done` carries.

use super::{declare, known::Known, scope::Scope, states::Places, types};
use crate::{
    Code, Diagnostic, Span,
    model::{Child, ExternFn, Invoked, Machine, SendName, StateId, StateKind, Type, names},
    syntax::ast::{self, ActionKind, MemberKind},
    table::{ByName, Ids},
};

/// Whether `done` can be raised for a state.
pub(super) fn can_complete(machine: &Machine, state: StateId) -> bool {
    let row = &machine.states[state];
    match row.kind {
        StateKind::Compound => {
            row.children.iter().any(|child| machine.states[*child].kind == StateKind::Final)
        }
        StateKind::Parallel => row.children.iter().all(|child| can_complete(machine, *child)),
        StateKind::Atomic | StateKind::Final | StateKind::History { .. } => false,
    }
}

/// What the `done` of every state carries: one type, if all its final states return it.
pub(super) fn results(machine: &mut Machine, places: &Places<'_>) {
    for state in 0..machine.states.len() {
        if machine.states[state].kind != StateKind::Compound {
            continue;
        }
        let mut common: Option<Type> = None;
        let mut agree = true;
        let finals: Vec<StateId> = machine.states[state].children.clone();
        for end in finals {
            if machine.states[end].kind != StateKind::Final {
                continue;
            }
            let returned = places.members[end].iter().find_map(|member| match &member.kind {
                MemberKind::Return(value) => Some(value),
                _ => None,
            });
            let Some(value) = returned else {
                agree = false;
                break;
            };
            let scope = Scope { state: end, ..Scope::default() };
            // Mistakes in it are reported when it is typed for good.
            let found = types::typed(value, None, &scope, machine, &mut Vec::new()).ty;
            let joined = match common.take() {
                None => Some(found),
                Some(known) => join(known, found),
            };
            agree = joined.is_some();
            common = joined;
            if !agree {
                break;
            }
        }
        let result = common.filter(|ty| agree && *ty != Type::Unknown);
        if state == 0 {
            machine.result.clone_from(&result);
        }
        machine.states[state].result = result;
    }
}

/// The type that holds values of both: `T?` beside `T` or `none`.
fn join(a: Type, b: Type) -> Option<Type> {
    match (a, b) {
        (a, b) if a == b => Some(a),
        (Type::Unknown, Type::Optional(inner)) | (Type::Optional(inner), Type::Unknown) => {
            Some(Type::Optional(inner))
        }
        (Type::Unknown, other) | (other, Type::Unknown) => Some(Type::Optional(Box::new(other))),
        (Type::Optional(inner), other) | (other, Type::Optional(inner)) if *inner == other => {
            Some(Type::Optional(inner))
        }
        _ => None,
    }
}

/// A machine that is to be started, as an action or activity names it.
struct Start<'a> {
    machine: &'a ast::Name,
    id: Option<&'a ast::Name>,
}

/// Collects children and named messages, in document order.
pub(super) fn collect(
    machine: &mut Machine,
    places: &Places<'_>,
    all: &[Known],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (mut starts, mut sends) = (Vec::new(), Vec::new());
    for members in &places.members {
        for member in *members {
            match &member.kind {
                MemberKind::Do { what, id, .. } => {
                    let service = machine.services.iter().any(|known| known.function.name == what.text);
                    if !service && all.iter().any(|known| known.name == what.text) {
                        starts.push(Start { machine: what, id: id.as_ref() });
                    }
                }
                MemberKind::Entry(list) | MemberKind::Exit(list) => walk(list, &mut starts, &mut sends),
                MemberKind::Initial { actions, .. } => walk(actions, &mut starts, &mut sends),
                MemberKind::History(history) => walk(&history.actions, &mut starts, &mut sends),
                MemberKind::Transition(transition) => walk(&transition.actions, &mut starts, &mut sends),
                _ => {}
            }
        }
    }
    let mut known: ByName<(&str, Span)> = ByName::default();
    for start in starts {
        let target = start.machine;
        let Some(found) = all.iter().find(|machine| machine.name == target.text) else {
            diagnostics.push(declare::unknown_machine(target, all, diagnostics.len()));
            continue;
        };
        let name = start.id.map_or_else(|| names::snake(&target.text), |id| id.text.clone());
        let span = start.id.map_or(target.span, |id| id.span);
        if let Some((other, first)) = known.get(&name) {
            if *other != target.text {
                diagnostics.push(
                    Diagnostic::new(
                        Code::Duplicate,
                        span,
                        format!("child `{name}` is `{other}` and `{}`", target.text),
                    )
                    .also(*first, format!("`{other}` here"))
                    .help("give one of them another name: `as other`"),
                );
            }
            continue;
        }
        if let Some(peer) = machine.peers.iter().find(|peer| peer.name == name) {
            diagnostics.push(
                Diagnostic::new(Code::Duplicate, span, format!("`{name}` is a peer and a child"))
                    .also(peer.span, "the peer")
                    .help("give the child another name: `as other`"),
            );
        }
        known.insert(name.clone(), (target.text.as_str(), span));
        machine.children.push(Child {
            name,
            machine: target.text.clone(),
            params: found.params.clone(),
            events: found.inputs.clone(),
            result: found.result.clone(),
            span,
        });
    }
    let mut spelt = declare::Spelt::new(names::pascal, "children");
    for child in &machine.children {
        spelt.add(&child.name, child.span, diagnostics);
    }
    names_of_rust(machine, diagnostics);
    let (mut seen, mut spelt) = (ByName::default(), declare::Spelt::new(names::pascal, "messages"));
    for name in sends {
        if seen.insert(&name.text, ()).is_none() {
            spelt.add(&name.text, name.span, diagnostics);
            machine.sends.push(SendName { name: name.text.clone(), span: name.span });
        }
    }
}

/// Names that the generated Rust makes for children, beside those that the machine declares.
fn names_of_rust(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let mut collision = |message: String, child: &Child, span: Span, other: &str| {
        let found = Diagnostic::new(Code::Collision, child.span, message);
        diagnostics.push(found.also(span, other).help("rename one of them"));
    };
    for child in &machine.children {
        let variant = format!("Child{}", names::pascal(&child.name));
        if let Some(peer) = machine.peers.iter().find(|peer| names::pascal(&peer.name) == variant) {
            let message = format!(
                "messages for the child `{}` and the peer `{}` are both `{variant}` in Rust",
                child.name, peer.name
            );
            collision(message, child, peer.span, "the peer");
        }
    }
    let mut kinds = ByName::default();
    let mut externs: Vec<&ExternFn> = Vec::new();
    machine.guards.iter().for_each(|guard| externs.push(guard));
    machine.actions.iter().for_each(|action| externs.push(action));
    machine.services.iter().for_each(|service| externs.push(&service.function));
    for child in &machine.children {
        if kinds.insert(&child.machine, ()).is_some() {
            continue;
        }
        let supplier = format!("spawn_{}", names::snake(&child.machine));
        if let Some(function) = externs.iter().find(|function| names::snake(&function.name) == supplier) {
            let message = format!(
                "the extern `{}` and what supplies a child `{}` are both `{supplier}` in Rust",
                function.name, child.machine
            );
            collision(message, child, function.span, "the extern");
        }
    }
}

fn walk<'a>(list: &'a [ast::Action], starts: &mut Vec<Start<'a>>, sends: &mut Vec<&'a ast::Name>) {
    for action in list {
        match &action.kind {
            ActionKind::Spawn { machine, id, .. } => starts.push(Start { machine, id: id.as_ref() }),
            ActionKind::Send { id: Some(id), .. } => sends.push(id),
            ActionKind::If { arms, otherwise } => {
                for (_, block) in arms {
                    walk(block, starts, sends);
                }
                walk(otherwise, starts, sends);
            }
            ActionKind::For { body, .. } => walk(body, starts, sends),
            _ => {}
        }
    }
}

/// `do Machine` inside that machine would start one inside the other without end. `spawn` may: an action decides
/// each time.
pub(super) fn circles(machines: &[Machine], diagnostics: &mut Vec<Diagnostic>) {
    // Which machines each runs, and where it says so.
    let mut runs: Vec<Vec<(usize, Span)>> = Vec::new();
    for machine in machines {
        let mut row = Vec::new();
        for activity in &machine.activities {
            let Invoked::Child(child) = activity.runs else { continue };
            let Some(child) = machine.children.get(child) else { continue };
            if let Some(at) = machines.iter().position(|machine| machine.name == child.machine) {
                row.push((at, activity.span));
            }
        }
        runs.push(row);
    }
    for (at, machine) in machines.iter().enumerate() {
        for (first, span) in &runs[at] {
            let (mut seen, mut open) = (Ids::default(), vec![*first]);
            while let Some(next) = open.pop() {
                if seen.insert(next) {
                    open.extend(runs[next].iter().map(|(next, _)| *next));
                }
            }
            if seen.contains(at) {
                diagnostics.push(
                    Diagnostic::new(
                        Code::Recursive,
                        *span,
                        format!("`{}` runs `{}` inside itself", machine.name, machine.name),
                    )
                    .label("each one would start another")
                    .help("start it with `spawn` in an action that says when"),
                );
            }
        }
    }
}
