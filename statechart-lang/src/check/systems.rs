//! Pass 6: systems, against the machines that they compose.

use crate::{
    Code, Diagnostic,
    model::{Actor, External, Field, Machine, System, Wire},
    syntax::ast::{self, SystemItem},
};

use super::{Declared, args, declare, known::Known, near};

/// Resolves actors and wires.
pub(super) fn check(
    ast: &ast::System,
    machines: &[Machine],
    all: &[Known],
    diagnostics: &mut Vec<Diagnostic>,
) -> System {
    let mut system = System {
        name: ast.name.text.clone(),
        doc: ast.doc.clone(),
        label: ast.label.clone().unwrap_or_else(|| ast.name.text.clone()),
        actors: Vec::new(),
        externals: Vec::new(),
        wires: Vec::new(),
        span: ast.name.span,
    };
    let mut declared = Declared::new("actor or external");
    for name in parties(ast) {
        declared.add(name, diagnostics);
    }
    for item in &ast.items {
        match item {
            SystemItem::Actor { name, family, machine, args } => {
                // Both lists have the machines in the same order.
                let mut found = machines.iter().zip(all);
                let Some((run, known)) = found.find(|(run, _)| run.name == machine.text) else {
                    diagnostics.push(declare::unknown_machine(machine, all, diagnostics.len()));
                    continue;
                };
                let family = family.as_ref().map(|field| Field {
                    name: field.name.text.clone(),
                    ty: declare::ty(&field.ty, run, diagnostics),
                });
                let args = args::actor(machine, args, family.as_ref(), run, known, diagnostics);
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
            // Both ends are looked at, whatever the first is.
            if !(party(from, ast, diagnostics) & party(to, ast, diagnostics)) {
                continue;
            }
            let mut carried = Vec::new();
            for message in messages {
                travels(message, to, &system, machines, diagnostics);
                carried.push(message.text.clone());
            }
            system.wires.push(Wire {
                from: from.text.clone(),
                to: to.text.clone(),
                messages: carried,
                label: label.clone(),
                tags: tags.clone(),
            });
        }
    }
    system
}

/// The names of actors and externals.
fn parties(system: &ast::System) -> Vec<&ast::Name> {
    let mut names = Vec::new();
    for item in &system.items {
        match item {
            SystemItem::Actor { name, .. } | SystemItem::External { name, .. } => names.push(name),
            SystemItem::Wire { .. } => {}
        }
    }
    names
}

/// Whether a name is declared; what is wrong with its declaration is reported there.
fn party(name: &ast::Name, system: &ast::System, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let known = parties(system);
    let found = known.iter().any(|known| known.text == name.text);
    if !found {
        let help = near(&name.text, known.iter().map(|name| name.text.as_str()), diagnostics.len())
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
