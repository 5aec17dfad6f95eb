//! What the machine looks like between two lines.

use statechart_lang::interpreter::{Claim, Offer, Outcome, Row};
use statechart_lang::model::{Machine, StateId, StateKind, TransitionId, Trigger};

use super::player::{Player, spelt};
use crate::commands::why;
use crate::style::{Style, paint};
use crate::tree::Tree;

/// What a terminal shows before a line is read.
pub(super) const PROMPT: &str = "\u{1b}[1m> \u{1b}[0m";

pub(super) fn welcome(machine: &Machine) -> String {
    format!(
        "{}: choose an event by number or write one; `help` says what else\n",
        paint(Style::Bold, &machine.name)
    )
}

/// What the steps of a line did, one line each.
pub(super) fn rows(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let report = &row.report;
        let place = if report.before == report.after {
            format!("stays in {}", report.after.join(", "))
        } else {
            format!("{} → {}", report.before.join(", "), report.after.join(", "))
        };
        let mut parts = vec![place];
        parts.extend(report.effects.iter().filter(|effect| why::is_outside(effect)).map(ToString::to_string));
        parts.extend(report.changes.iter().map(ToString::to_string));
        let note = row.note();
        if !note.is_empty() {
            parts.push(paint(Style::Red, &note));
        }
        let mark = if row.triggered { "  then " } else { "" };
        let child = if row.path.is_empty() { String::new() } else { format!("{}: ", row.path) };
        let line = parts.join("; ").split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("{mark}{child}{}: {line}\n", paint(Style::Bold, &row.symbol)));
    }
    text
}

/// Everything about the machine as it stands.
pub(super) fn situation(player: &Player<'_>) -> String {
    let (machine, interpreter) = (player.machine(), player.session().interpreter());
    let mut text = states(player).render();
    let context: Vec<String> =
        interpreter.variables().map(|(name, value)| one_line(&format!("{name} = {value}"))).collect();
    let deferred: Vec<String> =
        interpreter.deferred().iter().map(|signal| one_line(&signal.to_string())).collect();
    let waiting: Vec<String> =
        interpreter.waiting().iter().map(|(what, after)| one_line(&format!("{what} (in {after})"))).collect();
    let data = interpreter.data().filter_map(|(local, value)| {
        let row = machine.locals.get(local)?;
        let state = machine.states.get(row.state)?;
        Some(one_line(&format!("{}.{} = {value}", state.path, row.name)))
    });
    let running: Vec<(String, String)> = player
        .session()
        .system()
        .children()
        .map(|(path, child)| {
            let shown = format!("{path}: {} in {}", child.machine().name, child.leaves().join(", "));
            (path, shown)
        })
        .collect();
    // Those that are not run are told all the same.
    let untold = player.children().into_iter().filter_map(|child| machine.children.get(child));
    let untold = untold.filter(|child| running.iter().all(|(path, _)| *path != child.name));
    let children = untold.map(|child| format!("{}: {}", child.name, child.machine));
    let children: Vec<String> = children.chain(running.iter().map(|(_, shown)| shown.clone())).collect();
    let history = interpreter.histories().filter_map(|(history, stored)| {
        let stored: Vec<&str> =
            stored.iter().filter_map(|&state| Some(machine.states.get(state)?.path.as_str())).collect();
        Some(format!("{} = {}", machine.states.get(history)?.path, stored.join(" and ")))
    });
    let undos = interpreter.undos().filter_map(|(undo, _)| Some(one_line(&machine.undos.get(undo)?.text)));
    let lists = [
        ("time", vec![interpreter.uptime()]),
        ("context", context),
        ("data", data.collect()),
        ("running", interpreter.running()),
        ("children", children),
        ("history", history.collect()),
        ("undo", undos.collect()),
        ("deferred", deferred),
        ("waiting", waiting),
        (
            "answers",
            Some(spelt(player.held_answers())).filter(|answers| !answers.is_empty()).into_iter().collect(),
        ),
    ];
    for (name, items) in lists.iter().filter(|(_, items)| !items.is_empty()) {
        text.push_str(&format!("{:<9} {}\n", format!("{name}:"), items.join(", ")));
    }
    if interpreter.is_done() {
        text.push_str("the machine has reached its end; `undo` or `restart` goes on from before\n");
    }
    text.push_str(&menu(player));
    text
}

pub(super) fn answers(player: &Player<'_>) -> String {
    let answers = spelt(player.held_answers());
    if answers.is_empty() {
        "extern guards are answered with false\n".to_owned()
    } else {
        format!("extern guards are answered {answers} from now on, others with false\n")
    }
}

/// The states as a tree; what lies in a state that is not active is folded.
fn states(player: &Player<'_>) -> Tree {
    branch(player, 0)
}

/// As deep as states are nested, which the language limits.
fn branch(player: &Player<'_>, id: StateId) -> Tree {
    let machine = player.machine();
    let Some(state) = machine.states.get(id) else { return Tree::default() };
    let is_active = player.session().interpreter().is_in(id);
    let mut name = state.name.clone();
    if state.label != state.name {
        name.push_str(&format!(" \"{}\"", one_line(&state.label)));
    }
    if state.kind == StateKind::Final {
        name.push_str(" (final)");
    }
    if state.accept {
        name.push_str(" (accept)");
    }
    let mut line = if is_active {
        paint(Style::Green, &format!("● {name}"))
    } else {
        paint(Style::Dim, &format!("○ {name}"))
    };
    if !is_active && !state.children.is_empty() {
        line.push_str(" …");
    }
    let mut tree = Tree::new(line);
    for &child in state.children.iter().filter(|child| is_active && **child > id) {
        tree.push(branch(player, child));
    }
    tree
}

/// The events that the active states speak of, by number.
fn menu(player: &Player<'_>) -> String {
    let machine = player.machine();
    let offers = player.offers();
    let names: Vec<String> = offers.iter().map(|offer| signature(machine, offer)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (number, (offer, name)) in (1..).zip(offers.iter().zip(&names)) {
        let gap = " ".repeat(width - name.chars().count().min(width));
        let line = format!("{number:>3}  {}{gap}  {}", paint(Style::Cyan, name), meaning(player, offer));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for (number, child) in (offers.len() + 1..).zip(player.children()) {
        let name = machine.children.get(child).map_or("", |child| child.name.as_str());
        let waits = |id: &&TransitionId| {
            machine.transitions.get(**id).is_some_and(|row| {
                row.trigger == Trigger::ChildDone(child) && player.session().interpreter().is_in(row.source)
            })
        };
        let ids: Vec<TransitionId> = (0..machine.transitions.len()).collect();
        let meaning: Vec<String> = ids.iter().filter(waits).map(|id| transition(machine, *id)).collect();
        let name = paint(Style::Cyan, &format!("done({name})"));
        text.push_str(format!("{number:>3}  {name}  {}", one_line(&meaning.join("; "))).trim_end());
        text.push('\n');
    }
    if offers.is_empty() && !player.session().interpreter().is_done() {
        text.push_str("no active state waits for an event of the input alphabet\n");
    }
    text
}

/// `EVENT(field: Type)`.
fn signature(machine: &Machine, offer: &Offer) -> String {
    let Some(event) = machine.events.get(offer.event) else { return String::new() };
    let fields: Vec<String> =
        event.symbol.fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
    if fields.is_empty() {
        event.symbol.name.clone()
    } else {
        format!("{}({})", event.symbol.name, fields.join(", "))
    }
}

/// What the active states declare for an event.
fn meaning(player: &Player<'_>, offer: &Offer) -> String {
    let machine = player.machine();
    let claims = offer.claims.iter().map(|(state, claim)| match claim {
        Claim::Defer => format!("{} defers it", path(machine, *state)),
        Claim::Transition(id) => transition(machine, *id),
    });
    let mut parts: Vec<String> = claims.collect();
    parts.extend(offer.reporter.iter().map(|service| format!("{service} may report it")));
    let is_plain = machine.events.get(offer.event).is_some_and(|event| event.symbol.fields.is_empty());
    if is_plain && player.outlook(offer.event) == Some(Outcome::Unhandled) {
        parts.push(paint(Style::Yellow, "not enabled now"));
    }
    one_line(&parts.join("; "))
}

/// `state [guard] → target`.
fn transition(machine: &Machine, id: TransitionId) -> String {
    let Some(transition) = machine.transitions.get(id) else { return String::new() };
    let guard = transition.guard_text.as_ref().map_or_else(String::new, |guard| format!(" [{guard}]"));
    let targets: Vec<&str> = transition.targets.iter().map(|&target| path(machine, target)).collect();
    let what = match (transition.ignore, targets.is_empty()) {
        (true, _) => "ignores it".to_owned(),
        (false, true) => "acts".to_owned(),
        (false, false) => format!("→ {}", targets.join(", ")),
    };
    format!("{}{guard} {what}", path(machine, transition.source))
}

fn path(machine: &Machine, state: StateId) -> &str {
    machine.states.get(state).map_or("", |state| state.path.as_str())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
