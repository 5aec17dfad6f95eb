//! Pass 6: systems, against the machines that they compose.

use crate::{
    Code, Diagnostic,
    model::{Actor, External, Field, Machine, System, Wire},
    syntax::ast::{self, SystemItem},
};

use super::{args, declare, near};

/// Resolves actors and wires.
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
