//! Where the wires of a system and the messages of its machines disagree.

use crate::{
    Code, Diagnostic,
    model::{Action, ActionKind, Event, Machine, Receiver, System, UndoKind},
    syntax::ast::{self, SystemItem},
};

/// Says which messages have no wire, and which wires have no messages.
pub(super) fn wiring(
    ast: &ast::System,
    system: &System,
    machines: &[Machine],
    diagnostics: &mut Vec<Diagnostic>,
) {
    missing_wires(system, machines, diagnostics);
    for item in &ast.items {
        if let SystemItem::Wire { from, to, messages, .. } = item {
            for message in messages {
                never_sent(message, from, to, system, machines, diagnostics);
            }
        }
    }
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
