//! `migrate from "…" { … }`: old names are taken as they stand, new ones have to be there.

use super::{near, resolve::resolve};
use crate::{
    Code, Diagnostic,
    model::{Addressed, Machine, Migration, Place, StateId},
    syntax::ast::{self, MovedKind},
    table::ByName,
};

pub(super) fn migration(
    from: &ast::Name,
    moved: &[ast::Moved],
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Migration {
    fingerprint(from, machine, diagnostics);
    let mut migration = Migration {
        from: from.text.clone(),
        states: Vec::new(),
        values: Vec::new(),
        events: Vec::new(),
        children: Vec::new(),
        peers: Vec::new(),
        messages: Vec::new(),
        undos: Vec::new(),
        span: from.span,
    };
    let (mut old, mut new) = (ByName::default(), ByName::default());
    let side = |kind: MovedKind, path: &ast::Path| format!("{kind:?} {}", path.text());
    for item in moved {
        let is_taken = item.to.as_ref().is_some_and(|to| new.insert(side(item.kind, to), ()).is_some());
        if old.insert(side(item.kind, &item.from), ()).is_some() || is_taken {
            let span = item.to.as_ref().map_or(item.from.span, |to| item.from.span.to(to.span));
            diagnostics.push(
                Diagnostic::new(Code::BadMigration, span, "one of these names stands on this side already")
                    .help("each old name goes to one new name, and each new name comes from one old one"),
            );
            continue;
        }
        let mut names = Names { machine, diagnostics };
        // What is not there is told, and the row then drops: nothing is made of a spec with errors.
        let to = item.to.as_ref();
        match item.kind {
            MovedKind::State => {
                let state = to.and_then(|to| resolve(to, 0, machine, names.diagnostics));
                migration.states.push((item.from.text(), state));
            }
            MovedKind::Context => {
                migration.values.push((item.from.text(), to.and_then(|to| names.place(to))));
            }
            MovedKind::Event => {
                migration.events.push((addressed(&item.from), to.and_then(|to| names.event(to))));
            }
            MovedKind::Child | MovedKind::Peer | MovedKind::Message | MovedKind::Undo => {
                let name = to.and_then(|to| names.name(item.kind, to));
                let rows = match item.kind {
                    MovedKind::Child => &mut migration.children,
                    MovedKind::Peer => &mut migration.peers,
                    MovedKind::Message => &mut migration.messages,
                    _ => &mut migration.undos,
                };
                rows.push((item.from.text(), name));
            }
        }
    }
    migration
}

fn fingerprint(from: &ast::Name, machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let found = if from.text.len() != 16 || !from.text.chars().all(is_hex) {
        Some((
            format!("\"{}\" is no fingerprint", from.text),
            "a fingerprint is 16 of the digits 0-9 and a-f; `statechart diff OLD NEW --format migration` tells that of the old version",
        ))
    } else if machine.migrations.iter().any(|known| known.from == from.text) {
        Some((
            format!("there are two migrations from \"{}\"", from.text),
            "join them: one migration says everything about one earlier version",
        ))
    } else {
        None
    };
    if let Some((message, help)) = found {
        diagnostics.push(Diagnostic::new(Code::BadMigration, from.span, message).help(help));
    }
}

/// `EVENT` is the machine's own, `worker.EVENT` that of a peer or child.
fn addressed(path: &ast::Path) -> Addressed {
    match path.names.as_slice() {
        [to, event, ..] => (to.text.clone(), event.text.clone()),
        [event] => ("self".to_owned(), event.text.clone()),
        [] => Addressed::default(),
    }
}

/// The names of this version.
struct Names<'a> {
    machine: &'a Machine,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Names<'_> {
    fn unknown(&mut self, code: Code, path: &ast::Path, what: &str, known: &[&str], otherwise: &str) {
        let text = path.text();
        let help = near(&text, known.iter().copied(), self.diagnostics.len())
            .unwrap_or_else(|| otherwise.to_owned());
        self.diagnostics
            .push(Diagnostic::new(code, path.span, format!("unknown {what} `{text}`")).help(help));
    }

    /// A variable, a parameter of the machine, or data of a state by its path.
    fn place(&mut self, to: &ast::Path) -> Option<Place> {
        let machine = self.machine;
        let (name, around) = to.names.split_last()?;
        let local = |state: StateId| {
            machine.locals.iter().position(|local| local.state == state && local.name == name.text)
        };
        let found = if around.is_empty() {
            let variable = machine.index.variables.get(&name.text).map(|variable| Place::Variable(*variable));
            variable.or_else(|| local(0).map(Place::Local))
        } else {
            let path = ast::Path { names: around.to_vec(), span: to.span };
            local(resolve(&path, 0, machine, self.diagnostics)?).map(Place::Local)
        };
        if found.is_none() {
            let mut known: Vec<&str> = Vec::new();
            machine.context.iter().for_each(|variable| known.push(&variable.name));
            self.unknown(
                Code::UnknownVariable,
                to,
                "variable",
                &known,
                "on the right stands a variable of this version's context, or `state.name` of data of a state",
            );
        }
        found
    }

    fn event(&mut self, to: &ast::Path) -> Option<Addressed> {
        let machine = self.machine;
        let (receiver, event) = addressed(to);
        let peer = machine.peers.iter().find(|peer| peer.name == receiver).map(|peer| &peer.events);
        let child =
            || machine.children.iter().find(|child| child.name == receiver).map(|child| &child.events);
        let mut known: Vec<&str> = Vec::new();
        if receiver == "self" {
            machine.events.iter().for_each(|event| known.push(&event.symbol.name));
        } else if let Some(events) = peer.or_else(child) {
            events.iter().for_each(|symbol| known.push(&symbol.name));
        } else {
            machine.peers.iter().for_each(|peer| known.push(&peer.name));
            machine.children.iter().for_each(|child| known.push(&child.name));
            self.unknown(
                Code::UnknownPeer,
                to,
                "receiver of",
                &known,
                "it is a peer or child of this version",
            );
            return None;
        }
        if !known.contains(&event.as_str()) {
            self.unknown(
                Code::UnknownEvent,
                to,
                "event",
                &known,
                "on the right stands an event of this version",
            );
            return None;
        }
        Some((receiver, event))
    }

    fn name(&mut self, kind: MovedKind, to: &ast::Path) -> Option<String> {
        let machine = self.machine;
        let mut known: Vec<&str> = Vec::new();
        let (code, what) = match kind {
            MovedKind::Child => {
                machine.children.iter().for_each(|row| known.push(&row.name));
                (Code::UnknownPeer, "child")
            }
            MovedKind::Peer => {
                machine.peers.iter().for_each(|row| known.push(&row.name));
                (Code::UnknownPeer, "peer")
            }
            MovedKind::Message => {
                machine.sends.iter().for_each(|row| known.push(&row.name));
                (Code::UnknownMessage, "message")
            }
            _ => {
                machine.undos.iter().for_each(|row| known.push(&row.text));
                (Code::BadMigration, "undo")
            }
        };
        let text = to.text();
        if known.contains(&text.as_str()) {
            return Some(text);
        }
        self.unknown(
            code,
            to,
            what,
            &known,
            &format!("on the right stands the name of a {what} of this version"),
        );
        None
    }
}
