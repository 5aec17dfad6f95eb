//! Machines for tests in a short notation, so that the semantics are tested without the parser.
//!
//! ```text
//! C root -> a / ACTIONS   compound with its initial states and content; P parallel, A atomic, F final; * accepts
//!   A a                   children are indented by two
//!     on X ? n<3 -> b / OUT; ^iY; @Z+5; n+1; !act; bad      emit, raise, send self after 5 s, count, call, fault
//!     entry / IN
//!   H h -> a / ACTIONS    history; D deep history
//!   A s(x,y=2)            parameters, all Int; entered by `-> s(n)`; `data z=x` is a field
//!   F f                   `return x` as an item
//! ```
//! Events and outputs declare themselves; events that start with `i` are internal. `do load` reports
//! `LOAD_OK` or `LOAD_ERR`. More actions are listed in `notation`.

use super::notation::{actions, condition, split, term};
use crate::{
    Span,
    interpreter::select,
    model::{
        Activity, Child, Event, EventId, Expr, ExprKind, ExternFn, Field, Invoked, Literal, Local, Machine,
        Pass, Service, State, StateId, StateKind, Symbol, Timer, Transition, Trigger, Type, Variable,
    },
};

/// Builds a machine; a mistake in the notation panics.
pub(super) fn chart(text: &str) -> Machine {
    let mut machine = empty();
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| (line.len() - line.trim_start().len(), line.trim()))
        .collect();
    // The root stands on the line of the opening quote, so its own indent says nothing.
    let margin = lines.iter().skip(1).map(|(indent, _)| indent - 2).min().unwrap();
    // First the states, so that every name is known when the transitions come.
    let mut open: Vec<StateId> = Vec::new();
    let mut headers: Vec<(StateId, &str)> = Vec::new();
    let mut items: Vec<(StateId, &str)> = Vec::new();
    for (indent, line) in &lines {
        let depth = indent.saturating_sub(margin) / 2;
        open.truncate(depth);
        if let Some(state) = state(line, &machine, open.last().copied()) {
            let id = machine.states.len();
            let is_history = matches!(state.kind, StateKind::History { .. });
            if let Some(&parent) = open.last() {
                let row = &mut machine.states[parent];
                if is_history { row.histories.push(id) } else { row.children.push(id) }
            }
            for &ancestor in &open {
                machine.states[ancestor].last = id;
            }
            machine.states.push(state);
            headers.push((id, line));
            open.push(id);
        } else {
            items.push((*open.last().unwrap(), line));
        }
    }
    for (id, line) in &headers {
        params(&mut machine, *id, line);
    }
    for (state, line) in &items {
        if let Some((name, initial)) = line.strip_prefix("data ").and_then(|line| line.split_once('=')) {
            let initial = term(&machine, *state, initial.trim());
            local(&mut machine, *state, name.trim(), false, Some(initial));
        }
    }
    for (id, line) in headers {
        let (line, content) = line.split_once(" / ").unwrap_or((line, ""));
        if let Some((_, initial)) = line.split_once(" -> ") {
            (machine.states[id].initial, machine.states[id].initial_passes) = targets(&machine, id, initial);
            machine.states[id].initial_actions = actions(&mut machine, id, content);
        }
    }
    for (state, line) in items.into_iter().filter(|(_, line)| !line.starts_with("data ")) {
        item(&mut machine, state, line);
    }
    for id in 0..machine.transitions.len() {
        machine.transitions[id].domain = select::domain(&machine, &machine.transitions[id]).unwrap_or(0);
    }
    machine
}

fn state(line: &str, machine: &Machine, parent: Option<StateId>) -> Option<State> {
    let accept = line.starts_with('*');
    let (kind, rest) = line.trim_start_matches('*').split_once(' ')?;
    let kind = match kind {
        "C" => StateKind::Compound,
        "P" => StateKind::Parallel,
        "A" => StateKind::Atomic,
        "F" => StateKind::Final,
        "H" => StateKind::History { deep: false },
        "D" => StateKind::History { deep: true },
        _ => return None,
    };
    let name = rest.split([' ', '(']).next().unwrap().to_owned();
    let path = match parent {
        None | Some(0) => name.clone(),
        Some(parent) => format!("{}.{name}", machine.states[parent].path),
    };
    Some(State {
        label: name.clone(),
        name,
        path,
        kind,
        accept,
        parent: parent.unwrap_or(0),
        last: machine.states.len(),
        ..State::default()
    })
}

/// `s(x,y=2)`.
fn params(machine: &mut Machine, state: StateId, line: &str) {
    let header = line.split(' ').nth(1).unwrap();
    let Some((_, params)) = header.trim_end_matches(')').split_once('(') else { return };
    for param in params.split(',') {
        let (name, default) = param.split_once('=').unwrap_or((param, ""));
        let default = (!default.is_empty()).then(|| term(machine, state, default));
        local(machine, state, name, true, default);
    }
}

fn local(machine: &mut Machine, state: StateId, name: &str, param: bool, initial: Option<Expr>) {
    machine.states[state].locals.push(machine.locals.len());
    machine.locals.push(Local {
        name: name.to_owned(),
        doc: String::new(),
        ty: Type::Int,
        state,
        param,
        initial,
        span: Span::default(),
    });
}

/// `a, s(n)`.
fn targets(machine: &Machine, state: StateId, text: &str) -> (Vec<StateId>, Vec<Pass>) {
    let mut targets = Vec::new();
    let mut passes = Vec::new();
    for place in split(text, ',') {
        let (name, args) = place.trim_end_matches(')').split_once('(').unwrap_or((place, ""));
        let target = machine.state(name).unwrap_or_else(|| panic!("no state `{name}`"));
        targets.push(target);
        if !args.is_empty() {
            let args = split(args, ',').into_iter().map(|arg| term(machine, state, arg)).collect();
            passes.push(Pass { state: target, args });
        }
    }
    (targets, passes)
}

fn item(machine: &mut Machine, state: StateId, line: &str) {
    let (line, content) = line.split_once('/').unwrap_or((line, ""));
    let actions = actions(machine, state, content);
    let (line, places) = line.split_once("->").unwrap_or((line, ""));
    let (targets, passes) = targets(machine, state, places);
    let (line, guard) = line.split_once('?').unwrap_or((line, ""));
    let guard = guard.trim();
    let (line, internal) = line.strip_prefix("internal ").map_or((line, false), |line| (line, true));
    let mut words = line.split_whitespace();
    let keyword = words.next().unwrap();
    let argument = words.next().unwrap_or("");
    let trigger = match keyword {
        "entry" => return machine.states[state].entry = actions,
        "exit" => return machine.states[state].exit = actions,
        "return" => {
            let parent = machine.states[state].parent;
            machine.states[parent].result = Some(Type::Int);
            if parent == 0 {
                machine.result = Some(Type::Int);
            }
            return machine.states[state].returns = Some(term(machine, state, argument));
        }
        "defer" => {
            let deferred: Vec<EventId> = argument.split(',').map(|name| event(machine, name)).collect();
            return machine.states[state].defer.extend(deferred);
        }
        "do" => return activity(machine, state, argument),
        "run" => {
            let runs = Invoked::Child(child(machine, argument));
            return machine_activity(machine, state, runs);
        }
        "on" => Trigger::Events(argument.split(',').map(|name| event(machine, name)).collect()),
        "always" => Trigger::Always,
        "done" => Trigger::Done(machine.state(argument).unwrap()),
        "childdone" => Trigger::ChildDone(child(machine, argument)),
        "fault" => Trigger::Fault,
        "after" => Trigger::Timer(machine.timers.len()),
        other => panic!("`{other}` is no item"),
    };
    let id = machine.transitions.len();
    if let Trigger::Timer(timer) = trigger {
        let seconds: i64 = argument.parse().unwrap();
        let after = expr(ExprKind::Literal(Literal::Duration(seconds * 1_000_000)), Type::Duration);
        machine.timers.push(Timer { state, after, transition: id });
        machine.states[state].timers.push(timer);
    }
    machine.states[state].transitions.push(id);
    let pattern = if keyword == "after" { format!("after {argument}s") } else { argument.to_owned() };
    let condition = (!guard.is_empty()).then(|| condition(machine, state, guard));
    machine.transitions.push(Transition {
        source: state,
        ignore: keyword == "on" && targets.is_empty() && actions.is_empty(),
        trigger,
        pattern,
        guard: condition,
        guard_text: (!guard.is_empty()).then(|| guard.to_owned()),
        targets,
        passes,
        internal,
        actions,
        line: 1,
        ..Transition::default()
    });
}

fn activity(machine: &mut Machine, state: StateId, name: &str) {
    let outcome =
        |machine: &mut Machine, suffix: &str| event(machine, &format!("{}{suffix}", name.to_uppercase()));
    let (success, failure) = (outcome(machine, "_OK"), outcome(machine, "_ERR"));
    let service = machine.services.len();
    machine_activity(machine, state, Invoked::Service(service));
    let function = function(name, 0);
    machine.services.push(Service {
        function,
        streams: Vec::new(),
        successes: vec![success],
        failures: vec![failure],
    });
}

fn machine_activity(machine: &mut Machine, state: StateId, runs: Invoked) {
    machine.states[state].activities.push(machine.activities.len());
    machine.activities.push(Activity { state, runs, args: Vec::new(), span: Span::default() });
}

/// The child with this id, declared if need be: it takes the event `PING` and returns an Int.
pub(super) fn child(machine: &mut Machine, name: &str) -> usize {
    machine.children.iter().position(|child| child.name == name).unwrap_or_else(|| {
        machine.children.push(Child {
            name: name.to_owned(),
            machine: "Worker".to_owned(),
            params: Vec::new(),
            events: vec![symbol("PING", Vec::new())],
            result: Some(Type::Int),
            span: Span::default(),
        });
        machine.children.len() - 1
    })
}

/// The event with this name, declared if need be.
pub(super) fn event(machine: &mut Machine, name: &str) -> EventId {
    machine.event(name).unwrap_or_else(|| {
        machine.events.push(Event { symbol: symbol(name, Vec::new()), internal: name.starts_with('i') });
        machine.events.len() - 1
    })
}

pub(super) fn symbol(name: &str, fields: Vec<(&str, Type)>) -> Symbol {
    let fields = fields.into_iter().map(|(name, ty)| Field { name: name.to_owned(), ty }).collect();
    Symbol { name: name.to_owned(), doc: String::new(), fields, span: Span::default() }
}

pub(super) fn function(name: &str, params: usize) -> ExternFn {
    let params = vec![(None, Type::Int); params];
    ExternFn { name: name.to_owned(), doc: String::new(), params, span: Span::default() }
}

pub(super) fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty, span: Span::default() }
}

pub(super) fn int(value: i64) -> Expr {
    expr(ExprKind::Literal(Literal::Int(value)), Type::Int)
}

fn empty() -> Machine {
    Machine {
        name: "M".to_owned(),
        label: "M".to_owned(),
        context: vec![Variable {
            name: "n".to_owned(),
            doc: String::new(),
            ty: Type::Int,
            initial: int(0),
            span: Span::default(),
        }],
        bindings: vec![Field { name: "i".to_owned(), ty: Type::Int }],
        ..Machine::default()
    }
}
