//! A draft of `migrate from "…" { … }`.

use super::likeness::name_likeness;
use super::{How, Pairing};
use crate::model::walk::each_list;
use crate::model::{Action, ActionKind, Machine, Receiver, StateId, StateKind, Symbol, UndoKind};

/// What a renamed variable or event needs, in percent.
const LEAST_LIKENESS: u32 = 50;

/// What the new version has to say, or nothing when a snapshot depends on nothing that differs. Comments say what is left
/// to decide.
pub(super) fn draft(old: &Machine, new: &Machine, pairing: &Pairing) -> Option<String> {
    let fingerprint = old.fingerprint();
    if fingerprint == new.fingerprint() {
        return None;
    }
    let mut lines = Vec::new();
    states(old, new, pairing, &mut lines);
    variables(old, new, &mut lines);
    data(old, new, pairing, &mut lines);
    waiting(old, new, &mut lines);
    let body: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    Some(format!("migrate from \"{fingerprint}\" {{\n{body}}}\n"))
}

fn states(old: &Machine, new: &Machine, pairing: &Pairing, lines: &mut Vec<String>) {
    // What the rows say so far: old path, new path.
    let mut said: Vec<(String, String)> = Vec::new();
    for pair in pairing.states.iter().filter(|pair| pair.old > 0) {
        let (Some(before), Some(after)) = (old.states.get(pair.old), new.states.get(pair.new)) else {
            continue;
        };
        let target = leaf(old, new, pair.old, pair.new).and_then(|id| new.states.get(id)).unwrap_or(after);
        if before.path != target.path || follows(&said, &before.path) != target.path {
            let doubt = match pair.how {
                How::Guessed(percent) => format!("  // a guess: {percent} % alike"),
                _ if target.path != after.path => format!("  // {} holds states now", after.path),
                How::Same | How::Moved => String::new(),
            };
            lines.push(format!("{} -> {}{doubt}", before.path, target.path));
            said.push((before.path.clone(), target.path.clone()));
        }
    }
    for (id, state) in old.states.iter().enumerate().filter(|(id, _)| pairing.new_of(*id).is_none()) {
        if id > 0 && !old.is_history(id) {
            lines.push(format!(
                "// {} is gone: say where a snapshot in it goes on, or it is refused",
                state.path
            ));
        }
    }
}

/// Where a path comes to by the rows of the states around it.
fn follows(said: &[(String, String)], path: &str) -> String {
    let around = said.iter().filter_map(|(from, to)| {
        let rest = path.strip_prefix(from.as_str())?;
        (rest.is_empty() || rest.starts_with('.')).then(|| (from.len(), format!("{to}{rest}")))
    });
    around.max_by_key(|(length, _)| *length).map_or_else(|| path.to_owned(), |(_, now)| now)
}

/// Where a leaf goes that has become a compound state: what it enters first. Regions start by themselves.
fn leaf(old: &Machine, new: &Machine, before: StateId, after: StateId) -> Option<StateId> {
    let was_leaf = old.states.get(before)?.kind == StateKind::Atomic;
    let mut at = after;
    while was_leaf && new.states.get(at)?.kind == StateKind::Compound {
        // An initial lies inside its state, and a history below the state that it is of.
        at = *new.states.get(at)?.initial.first().filter(|target| **target > at)?;
    }
    (!new.is_history(at)).then_some(at)
}

fn variables(old: &Machine, new: &Machine, lines: &mut Vec<String>) {
    let rows = |machine: &Machine| -> Vec<(String, String)> {
        machine.context.iter().map(|variable| (variable.name.clone(), variable.ty.to_string())).collect()
    };
    let renames = Renames::of(&rows(old), &rows(new), "type ");
    lines.extend(
        renames.guessed.iter().map(|(from, to, why)| format!("context {from} -> {to}  // a guess: {why}")),
    );
    lines.extend(renames.gone.iter().map(|name| format!("// the value of {name} is dropped")));
    lines.extend(renames.fresh.iter().map(|name| format!("// {name} begins with its initial value")));
    for variable in &old.context {
        let now = new.context.iter().find(|other| other.name == variable.name);
        if let Some(now) = now.filter(|now| now.ty != variable.ty) {
            lines.push(format!(
                "// {} was {} and is {}: its value has to be of that type, or the snapshot is refused",
                variable.name, variable.ty, now.ty
            ));
        }
    }
}

/// Parameters and fields of states that are still there, and of the machine.
fn data(old: &Machine, new: &Machine, pairing: &Pairing, lines: &mut Vec<String>) {
    let rows = |machine: &Machine, state: StateId| -> Vec<(String, String)> {
        let locals = machine.locals.iter().filter(|local| local.state == state);
        locals.map(|local| (local.name.clone(), local.ty.to_string())).collect()
    };
    let within = |machine: &Machine, state: StateId, name: &str| match machine.states.get(state) {
        Some(row) if state > 0 => format!("{}.{name}", row.path),
        _ => name.to_owned(),
    };
    for pair in &pairing.states {
        let renames = Renames::of(&rows(old, pair.old), &rows(new, pair.new), "type ");
        for (from, to, why) in &renames.guessed {
            let (from, to) = (within(old, pair.old, from), within(new, pair.new, to));
            lines.push(format!("context {from} -> {to}  // a guess: {why}"));
        }
        for name in &renames.gone {
            lines.push(format!("// the value of {} is dropped", within(old, pair.old, name)));
        }
        let needed = new.locals.iter().filter(|local| local.state == pair.new && local.initial.is_none());
        for local in needed.filter(|local| renames.fresh.contains(&local.name)) {
            let name = within(new, pair.new, &local.name);
            lines.push(format!(
                "// {name} has no default: say what it was, or a snapshot in its state is refused"
            ));
        }
    }
}

/// What may wait in a snapshot by name: deferred events, delayed messages, children, undos.
fn waiting(old: &Machine, new: &Machine, lines: &mut Vec<String>) {
    let alphabet = |machine: &Machine| -> Vec<Symbol> {
        machine.events.iter().map(|event| event.symbol.clone()).collect()
    };
    let waits = waits(old);
    let told = |to: Receiver, symbols: &[Symbol]| -> Vec<Symbol> {
        let ids = waits.iter().filter(|(receiver, _)| *receiver == to).map(|(_, event)| *event);
        let mut ids: Vec<usize> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| symbols.get(id).cloned()).collect()
    };
    let own = alphabet(old);
    events("", (&told(Receiver::Itself, &own), &own), &alphabet(new), lines);
    let children = |machine: &Machine| -> Vec<(String, String)> {
        machine.children.iter().map(|child| (child.name.clone(), child.machine.clone())).collect()
    };
    said("child", &children(old), &children(new), "machine ", lines);
    let peers = |machine: &Machine| -> Vec<(String, String)> {
        machine.peers.iter().map(|peer| (peer.name.clone(), peer.machine.clone())).collect()
    };
    said("peer", &peers(old), &peers(new), "machine ", lines);
    for (id, before) in old.children.iter().enumerate() {
        if let Some(after) = new.children.iter().find(|after| after.name == before.name) {
            let told = told(Receiver::Child(id), &before.events);
            events(&format!("{}.", before.name), (&told, &before.events), &after.events, lines);
        }
    }
    for (id, before) in old.peers.iter().enumerate() {
        if let Some(after) = new.peers.iter().find(|after| after.name == before.name) {
            let told = told(Receiver::Peer(id), &before.events);
            events(&format!("{}.", before.name), (&told, &before.events), &after.events, lines);
        }
    }
    let messages = |machine: &Machine| -> Vec<(String, String)> {
        machine.sends.iter().map(|send| (send.name.clone(), String::new())).collect()
    };
    said("message", &messages(old), &messages(new), "its kind", lines);
    let undos = |machine: &Machine| -> Vec<(String, String)> {
        let args = |args: &[crate::model::Type]| args.iter().map(|ty| format!("{ty}, ")).collect();
        machine.undos.iter().map(|undo| (format!("{:?}", undo.text), args(&undo.args))).collect()
    };
    said("undo", &undos(old), &undos(new), "its kind", lines);
}

/// Events that a snapshot may hold: who gets them, and which.
fn waits(machine: &Machine) -> Vec<(Receiver, usize)> {
    fn sent(actions: &[Action], waits: &mut Vec<(Receiver, usize)>) {
        for action in actions {
            match &action.kind {
                ActionKind::Send { to, event, .. } => waits.push((*to, *event)),
                ActionKind::If { arms, otherwise } => {
                    arms.iter().for_each(|(_, body)| sent(body, waits));
                    sent(otherwise, waits);
                }
                ActionKind::For { body, .. } => sent(body, waits),
                _ => {}
            }
        }
    }
    let deferred = machine.states.iter().flat_map(|state| &state.defer);
    let mut waits: Vec<(Receiver, usize)> = deferred.map(|event| (Receiver::Itself, *event)).collect();
    each_list(machine, &mut |actions| sent(actions, &mut waits));
    waits.extend(machine.undos.iter().filter_map(|undo| match undo.kind {
        UndoKind::Send(to, event) => Some((to, event)),
        _ => None,
    }));
    waits
}

/// Of one receiver: the old ones that may wait, and all old ones; the new ones.
fn events(of: &str, (old, all): (&[Symbol], &[Symbol]), new: &[Symbol], lines: &mut Vec<String>) {
    let rows = |symbols: &[Symbol]| -> Vec<(String, String)> {
        let fields = |symbol: &Symbol| -> String {
            symbol.fields.iter().map(|field| format!("{}: {}, ", field.name, field.ty)).collect()
        };
        symbols.iter().map(|symbol| (symbol.name.clone(), fields(symbol))).collect()
    };
    // A new name is one that no old event has.
    let is_fresh = |symbol: &&Symbol| !all.iter().any(|other| other.name == symbol.name);
    let kept = |symbol: &&Symbol| old.iter().any(|other| other.name == symbol.name);
    let new: Vec<Symbol> = new.iter().filter(|symbol| is_fresh(symbol) || kept(symbol)).cloned().collect();
    let mut renames = Renames::of(&rows(old), &rows(&new), "its kind");
    let spelt = |name: &str| format!("{of}{}", quoted(name));
    for (from, to, _) in &mut renames.guessed {
        (*from, *to) = (spelt(from), spelt(to));
    }
    renames.gone.iter_mut().for_each(|name| *name = spelt(name));
    renames.tell("event", lines);
}

/// A symbol as a spec writes it.
fn quoted(name: &str) -> String {
    let is_digits = name.chars().all(|c| c.is_ascii_digit());
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_digits || is_name { name.to_owned() } else { format!("'{name}'") }
}

fn said(kind: &str, old: &[(String, String)], new: &[(String, String)], of: &str, lines: &mut Vec<String>) {
    Renames::of(old, new, of).tell(kind, lines);
}

/// Names of the old version that the new one does not have, and what they probably are.
#[derive(Default)]
struct Renames {
    /// Old name, new name, why.
    guessed: Vec<(String, String, String)>,
    gone: Vec<String>,
    fresh: Vec<String>,
}

impl Renames {
    /// Of names with what has to be equal; `of` says what that is.
    fn of(old: &[(String, String)], new: &[(String, String)], of: &str) -> Self {
        let missing = |rows: &[(String, String)], name: &str| !rows.iter().any(|(known, _)| known == name);
        let mut fresh: Vec<&(String, String)> = new.iter().filter(|(name, _)| missing(old, name)).collect();
        let gone: Vec<&(String, String)> = old.iter().filter(|(name, _)| missing(new, name)).collect();
        let mut renames = Self::default();
        for (name, kind) in &gone {
            let alone = gone.iter().filter(|(_, other)| other == kind).count() == 1;
            match renamed(name, kind, alone, &fresh, of) {
                Some((index, why)) => {
                    renames.guessed.push((name.clone(), fresh.remove(index).0.clone(), why));
                }
                None => renames.gone.push(name.clone()),
            }
        }
        renames.fresh = fresh.into_iter().map(|(name, _)| name.clone()).collect();
        renames
    }

    /// Rows of a kind of names without which a snapshot that holds them is refused.
    fn tell(&self, kind: &str, lines: &mut Vec<String>) {
        for (from, to, why) in &self.guessed {
            lines.push(format!("{kind} {from} -> {to}  // a guess: {why}"));
        }
        for name in &self.gone {
            lines.push(format!(
                "// {kind} {name} is gone: a snapshot that holds one is refused; `{kind} {name} -> none` drops it"
            ));
        }
    }
}

/// Which of the new names this one probably is, and why: its name is alike, or it is the only one of its kind.
fn renamed(
    name: &str,
    kind: &str,
    alone: bool,
    fresh: &[&(String, String)],
    of: &str,
) -> Option<(usize, String)> {
    let of_kind: Vec<usize> =
        (0..fresh.len()).filter(|&index| fresh.get(index).is_some_and(|(_, other)| other == kind)).collect();
    let alike = |index: usize| fresh.get(index).map_or(0, |(other, _)| name_likeness(name, other));
    let best = of_kind.iter().copied().max_by_key(|&index| (alike(index), usize::MAX - index))?;
    if alike(best) >= LEAST_LIKENESS {
        return Some((best, format!("{} % alike", alike(best))));
    }
    // `type `, of a kind with a name, or `its kind`.
    let of = if of.ends_with(' ') { format!("{of}{kind}") } else { of.to_owned() };
    (of_kind.len() == 1 && alone).then(|| (best, format!("the only new one of {of}")))
}
