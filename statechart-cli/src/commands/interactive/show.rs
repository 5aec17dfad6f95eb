//! What the machines look like between two lines.

use statechart_lang::interpreter::{Claim, Offer, Outcome, Row, Stage};
use statechart_lang::model::{ChildId, Machine, StateId, StateKind, TransitionId, Trigger};

use super::player::{Actor, Choice, Player, numbered};
use crate::commands::why;
use crate::style::{Style, paint};
use crate::tree::Tree;

/// What a terminal shows before a line is read.
pub(super) const PROMPT: &str = "\u{1b}[1m> \u{1b}[0m";

pub(super) fn welcome(stage: &Stage<'_>) -> String {
    format!(
        "{}: choose an event by number or write one; `help` says what else\n",
        paint(Style::Bold, stage.name())
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

/// Everything about the machine, or about each actor that is shown, as it stands.
pub(super) fn situation(player: &Player<'_>) -> String {
    let system = player.stage().system();
    let actors = player.actors();
    let time = ("time", vec![player.session().system().uptime()]);
    let answers = Some(player.held_answers().to_string()).filter(|answers| !answers.is_empty());
    let answers = ("answers", answers.into_iter().collect());
    let mut text = String::new();
    for actor in &actors {
        text.push_str(&branch(actor, 0).render());
        let mut lists = own_lists(player, actor);
        // A machine that runs by itself is all there is to tell of.
        if system.is_none() {
            lists.insert(0, time.clone());
            lists.push(answers.clone());
        }
        text.push_str(&listed(&lists));
        match (actor.interpreter.is_done(), system) {
            (false, _) => {}
            (true, Some(_)) => text.push_str(&format!("{} has reached its end\n", actor.name)),
            (true, None) => {
                text.push_str("the machine has reached its end; `undo` or `restart` goes on from before\n");
            }
        }
    }
    let Some(system) = system else { return text + &menu(player, &actors) };
    let families = system.actors.iter().filter_map(|actor| {
        let field = actor.family.as_ref()?;
        Some(format!("{}[{}: {}]", actor.name, field.name, field.ty))
    });
    let queued = player.session().system().queued();
    let queued = queued.into_iter().map(|(whose, what)| one_line(&format!("{whose}: {what}")));
    text.push_str(&listed(&[time, ("families", families.collect()), ("queued", queued.collect()), answers]));
    text.push_str(&menu(player, &actors));
    text
}

type List = (&'static str, Vec<String>);

/// A line for each list that is not empty.
fn listed(lists: &[List]) -> String {
    let full = lists.iter().filter(|(_, items)| !items.is_empty());
    full.map(|(name, items)| format!("{:<9} {}\n", format!("{name}:"), items.join(", "))).collect()
}

/// What belongs to one machine, beside its states.
fn own_lists(player: &Player<'_>, actor: &Actor<'_, '_>) -> Vec<List> {
    let (machine, interpreter) = (actor.machine(), actor.interpreter);
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
    let prefix = actor.prefix();
    let children = player.session().system().children();
    let running: Vec<(String, String)> = children
        .filter_map(|(path, child)| {
            let path = path.strip_prefix(&prefix)?.to_owned();
            let shown = format!("{path}: {} in {}", child.machine().name, child.leaves().join(", "));
            Some((path, shown))
        })
        .collect();
    // Those that are not run are told all the same.
    let untold = interpreter.children().filter_map(|(child, _)| machine.children.get(child));
    let untold = untold.filter(|child| running.iter().all(|(path, _)| *path != child.name));
    let children = untold.map(|child| format!("{}: {}", child.name, child.machine));
    let children: Vec<String> = children.chain(running.iter().map(|(_, shown)| shown.clone())).collect();
    let history = interpreter.histories().filter_map(|(history, stored)| {
        let stored: Vec<&str> =
            stored.iter().filter_map(|&state| Some(machine.states.get(state)?.path.as_str())).collect();
        Some(format!("{} = {}", machine.states.get(history)?.path, stored.join(" and ")))
    });
    let undos = interpreter.undos().filter_map(|(undo, _)| Some(one_line(&machine.undos.get(undo)?.text)));
    vec![
        ("context", context),
        ("data", data.collect()),
        ("running", interpreter.running()),
        ("children", children),
        ("history", history.collect()),
        ("undo", undos.collect()),
        ("deferred", deferred),
        ("waiting", waiting),
    ]
}

pub(super) fn answers(player: &Player<'_>) -> String {
    let answers = player.held_answers().to_string();
    if answers.is_empty() {
        "extern guards are answered with false\n".to_owned()
    } else {
        format!("extern guards are answered {answers} from now on, others with false\n")
    }
}

/// The states as a tree; what lies in a state that is not active is folded. As deep as states are nested, which the
/// language limits.
fn branch(actor: &Actor<'_, '_>, id: StateId) -> Tree {
    let Some(state) = actor.machine().states.get(id) else { return Tree::default() };
    let is_active = actor.interpreter.is_in(id);
    let mut name = state.name.clone();
    if id == 0 && !actor.name.is_empty() {
        name = format!("{}: {name}", actor.name);
    }
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
        tree.push(branch(actor, child));
    }
    tree
}

/// The events that the active states speak of, by number, and the children that may complete.
fn menu(player: &Player<'_>, actors: &[Actor<'_, '_>]) -> String {
    let rows: Vec<(&Actor<'_, '_>, Choice)> = numbered(actors).collect();
    let named = rows.iter().map(|(actor, choice)| match choice {
        Choice::Event(offer) => format!("{}{}", actor.prefix(), signature(actor.machine(), offer)),
        Choice::Done(child) => {
            let name = actor.machine().children.get(*child).map_or("", |child| child.name.as_str());
            format!("{}done({name})", actor.prefix())
        }
    });
    let names: Vec<String> = named.collect();
    let is_event = |choice: &Choice| matches!(choice, Choice::Event(_));
    let events = || rows.iter().zip(&names).filter(|((_, choice), _)| is_event(choice));
    let width = events().map(|(_, name)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (number, ((actor, choice), name)) in (1..).zip(rows.iter().zip(&names)) {
        let (gap, meaning) = match choice {
            Choice::Event(offer) => {
                (" ".repeat(width - name.chars().count().min(width)), meaning(player, actor, offer))
            }
            Choice::Done(child) => (String::new(), completion(actor, *child)),
        };
        let line = format!("{number:>3}  {}{gap}  {meaning}", paint(Style::Cyan, name));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if events().next().is_none() && actors.iter().any(|actor| !actor.interpreter.is_done()) {
        text.push_str("no active state waits for an event of the input alphabet\n");
    }
    text
}

/// What active states do when a child completes.
fn completion(actor: &Actor<'_, '_>, child: ChildId) -> String {
    let transitions = actor.machine().transitions.iter().enumerate();
    let waits = transitions
        .filter(|(_, row)| row.trigger == Trigger::ChildDone(child) && actor.interpreter.is_in(row.source));
    let meaning: Vec<String> = waits.map(|(id, _)| transition(actor.machine(), id)).collect();
    one_line(&meaning.join("; "))
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
fn meaning(player: &Player<'_>, actor: &Actor<'_, '_>, offer: &Offer) -> String {
    let machine = actor.machine();
    let claims = offer.claims.iter().map(|(state, claim)| match claim {
        Claim::Defer => format!("{} defers it", path(machine, *state)),
        Claim::Transition(id) => transition(machine, *id),
    });
    let mut parts: Vec<String> = claims.collect();
    parts.extend(offer.reporter.iter().map(|service| format!("{service} may report it")));
    let is_plain = machine.events.get(offer.event).is_some_and(|event| event.symbol.fields.is_empty());
    if is_plain && player.outlook(actor, offer.event) == Some(Outcome::Unhandled) {
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
