//! Pass 5: systems, against the machines that they compose.

use crate::{
    Code, Diagnostic,
    model::{Action, ActionKind, Actor, Event, External, Field, Machine, Receiver, System, UndoKind, Wire},
    syntax::ast::{self, SystemItem},
};

use super::{args, declare, near};

/// Resolves actors and wires; says where wiring and messages disagree.
pub(super) fn check(ast: &ast::System, machines: &[Machine], diagnostics: &mut Vec<Diagnostic>) -> System {
    let mut system = System {
        name: ast.name.text.clone(),
        doc: ast.doc.clone(),
        label: ast.label.clone().unwrap_or_else(|| ast.name.text.clone()),
        actors: Vec::new(),
        externals: Vec::new(),
        wires: Vec::new(),
        span: ast.name.span,
    };
    let names = ast.items.iter().filter_map(|item| match item {
        SystemItem::Actor { name, .. } | SystemItem::External { name, .. } => Some(name),
        SystemItem::Wire { .. } => None,
    });
    super::report_duplicates(names, "actor or external", diagnostics);
    for item in &ast.items {
        match item {
            SystemItem::Actor { name, family, machine, args } => {
                let Some(known) = machines.iter().find(|known| known.name == machine.text) else {
                    diagnostics.push(declare::unknown_machine(machine, machines, diagnostics.len()));
                    continue;
                };
                let family = family.as_ref().map(|field| Field {
                    name: field.name.text.clone(),
                    ty: declare::ty(&field.ty, known, diagnostics),
                });
                let args = args::actor(machine, args, family.as_ref(), known, diagnostics);
                system.actors.push(Actor {
                    name: name.text.clone(),
                    machine: machine.text.clone(),
                    args,
                    family,
                });
            }
            SystemItem::External { name, label } => system.externals.push(External {
                name: name.text.clone(),
                label: label.clone().unwrap_or_else(|| name.text.clone()),
            }),
            SystemItem::Wire { .. } => {}
        }
    }
    for item in &ast.items {
        if let SystemItem::Wire { from, to, label, tags, messages } = item {
            let sound = [from, to].into_iter().filter(|end| party(end, ast, diagnostics)).count() == 2;
            if !sound {
                continue;
            }
            for message in messages {
                travels(message, to, &system, machines, diagnostics);
            }
            system.wires.push(Wire {
                from: from.text.clone(),
                to: to.text.clone(),
                messages: messages.iter().map(|message| message.text.clone()).collect(),
                label: label.clone(),
                tags: tags.clone(),
            });
        }
    }
    missing_wires(&system, machines, diagnostics);
    for item in &ast.items {
        if let SystemItem::Wire { from, to, messages, .. } = item {
            for message in messages {
                never_sent(message, from, to, &system, machines, diagnostics);
            }
        }
    }
    system
}

/// Whether a name is declared; what is wrong with its declaration is reported there.
fn party(name: &ast::Name, system: &ast::System, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let known = || {
        system.items.iter().filter_map(|item| match item {
            SystemItem::Actor { name, .. } | SystemItem::External { name, .. } => Some(name.text.as_str()),
            SystemItem::Wire { .. } => None,
        })
    };
    let found = known().any(|known| known == name.text);
    if !found {
        let help = near(&name.text, known(), diagnostics.len())
            .unwrap_or_else(|| format!("declare it: `actor {0}: Machine` or `external {0}`", name.text));
        diagnostics.push(
            Diagnostic::new(
                Code::UnknownPeer,
                name.span,
                format!("unknown actor or external `{}`", name.text),
            )
            .help(help),
        );
    }
    found
}

/// A message on a wire must be an input of the machine at its end.
fn travels(
    message: &ast::Name,
    to: &ast::Name,
    system: &System,
    machines: &[Machine],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(actor) = system.actors.iter().find(|actor| actor.name == to.text) else { return };
    let Some(machine) = machines.iter().find(|machine| machine.name == actor.machine) else { return };
    if machine.events.iter().any(|event| !event.internal && event.symbol.name == message.text) {
        return;
    }
    let inputs =
        machine.events.iter().filter(|event| !event.internal).map(|event| event.symbol.name.as_str());
    let help = near(&message.text, inputs, diagnostics.len()).unwrap_or_else(|| {
        format!("declare it in the input of `{}`, or make it a label in quotes", machine.name)
    });
    diagnostics.push(
        Diagnostic::new(
            Code::UnknownEvent,
            message.span,
            format!("`{}` has no input `{}`", machine.name, message.text),
        )
        .help(help),
    );
}

/// Every `send` to a peer needs a wire between two actors of those machines.
fn missing_wires(system: &System, machines: &[Machine], diagnostics: &mut Vec<Diagnostic>) {
    for actor in &system.actors {
        let Some(machine) = machines.iter().find(|machine| machine.name == actor.machine) else { continue };
        for action in every_action(machine) {
            let ActionKind::Send { to: Receiver::Peer(peer), event, .. } = &action.kind else { continue };
            let peer = &machine.peers[*peer];
            let message = &peer.events[*event].name;
            let wired = system.wires.iter().any(|wire| {
                wire.from == actor.name
                    && wire.messages.contains(message)
                    && system.actors.iter().any(|to| to.name == wire.to && to.machine == peer.machine)
            });
            if !wired {
                diagnostics.push(
                    Diagnostic::new(
                        Code::Wiring,
                        action.span,
                        format!(
                            "`{}` sends `{message}` to `{}`, but system `{}` has no such wire",
                            actor.name, peer.machine, system.name
                        ),
                    )
                    .also(system.span, "the system")
                    .help(format!("add `{} -> … : {message}`", actor.name)),
                );
            }
        }
    }
}

/// A message on a wire between two actors that the first of them has nothing to do with: it sends it to no such machine,
/// nor is it an event or output of its own, which the code around it may pass on, nor does a service bring it.
fn never_sent(
    message: &ast::Name,
    from: &ast::Name,
    to: &ast::Name,
    system: &System,
    machines: &[Machine],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let machine_of = |name: &ast::Name| {
        let actor = system.actors.iter().find(|actor| actor.name == name.text)?;
        machines.iter().find(|machine| machine.name == actor.machine)
    };
    let (Some(sender), Some(receiver)) = (machine_of(from), machine_of(to)) else { return };
    let takes = |event: &Event| !event.internal && event.symbol.name == message.text;
    let Some(taken) = receiver.events.iter().position(takes) else { return };
    let mut own = sender.events.iter().map(|event| &event.symbol).chain(&sender.outputs);
    let mut services = receiver.services.iter();
    let is_brought = services
        .any(|service| service.outcomes().chain(service.streams.iter().copied()).any(|event| event == taken));
    if is_brought || own.any(|symbol| symbol.name == message.text) {
        return;
    }
    let is_message = |to: Receiver, event: usize| {
        let (machine, events) = match to {
            Receiver::Itself => return false,
            Receiver::Peer(peer) => (&sender.peers[peer].machine, &sender.peers[peer].events),
            Receiver::Child(child) => (&sender.children[child].machine, &sender.children[child].events),
        };
        *machine == receiver.name && events[event].name == message.text
    };
    let acts = every_action(sender).into_iter().any(|action| match &action.kind {
        ActionKind::Send { to, event, .. } => is_message(*to, *event),
        _ => false,
    });
    let undoes = sender.undos.iter().any(|undo| match &undo.kind {
        UndoKind::Send(to, event) => is_message(*to, *event),
        _ => false,
    });
    if !acts && !undoes {
        diagnostics.push(
            Diagnostic::new(
                Code::Wiring,
                message.span,
                format!(
                    "system `{}` wires `{}` from `{}` to `{}`, but `{}` never sends it there",
                    system.name, message.text, from.text, to.text, sender.name
                ),
            )
            .also(sender.span, "the machine that should send it")
            .help(format!("remove it from the wire, or send it to a `peer … : {}`", receiver.name)),
        );
    }
}

/// Every action of a machine, those inside `if` and `for` as well.
fn every_action(machine: &Machine) -> Vec<&Action> {
    fn walk<'a>(list: &'a [Action], out: &mut Vec<&'a Action>) {
        for action in list {
            out.push(action);
            match &action.kind {
                ActionKind::If { arms, otherwise } => {
                    arms.iter().for_each(|(_, block)| walk(block, out));
                    walk(otherwise, out);
                }
                ActionKind::For { body, .. } => walk(body, out),
                _ => {}
            }
        }
    }
    let mut out = Vec::new();
    for state in &machine.states {
        for list in [&state.entry, &state.exit, &state.initial_actions] {
            walk(list, &mut out);
        }
    }
    machine.transitions.iter().for_each(|transition| walk(&transition.actions, &mut out));
    out
}
