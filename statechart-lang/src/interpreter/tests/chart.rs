//! Machines for tests in a short notation, so that the semantics are tested without the parser.
//!
//! ```text
//! C root -> a             compound with its initial states; P parallel, A atomic, F final; * accepts
//!   A a                   children are indented by two
//!     on X ? n<3 -> b / OUT; ^iY; @Z+5; n+1; !act; bad      emit, raise, send self after 5 s, count, call, fault
//!     entry / IN
//! ```
//! Events and outputs declare themselves; events that start with `i` are internal. `do load` reports
//! `LOAD_OK` or `LOAD_ERR`.

use crate::{
    Span,
    interpreter::select,
    model::{
        Action, ActionKind, Activity, BinaryOp, Event, EventId, Expr, ExprKind, ExternFn, Field, Invoked,
        Literal, Machine, Place, Receiver, Service, State, StateId, StateKind, Symbol, Timer, Transition,
        Trigger, Type, Variable,
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
    let mut items: Vec<(StateId, &str)> = Vec::new();
    for (indent, line) in &lines {
        let depth = indent.saturating_sub(margin) / 2;
        open.truncate(depth);
        if let Some(state) = state(line, &machine, open.last().copied()) {
            let id = machine.states.len();
            if let Some(&parent) = open.last() {
                machine.states[parent].children.push(id);
            }
            for &ancestor in &open {
                machine.states[ancestor].last = id;
            }
            machine.states.push(state);
            open.push(id);
        } else {
            items.push((*open.last().unwrap(), line));
        }
    }
    for (_, line) in &lines {
        if let Some((head, initial)) = line.split_once(" -> ")
            && let Some(name) = head.trim_start_matches('*').strip_prefix("C ")
        {
            let id = machine.state(name).unwrap();
            machine.states[id].initial =
                initial.split(',').map(|name| machine.state(name).unwrap()).collect();
        }
    }
    for (state, line) in items {
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
        _ => return None,
    };
    let name = rest.split(' ').next().unwrap().to_owned();
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

fn item(machine: &mut Machine, state: StateId, line: &str) {
    let (line, actions) = line.split_once('/').unwrap_or((line, ""));
    let actions: Vec<Action> = actions
        .split(';')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| action(machine, text))
        .collect();
    let (line, targets) = line.split_once("->").unwrap_or((line, ""));
    let targets: Vec<StateId> = targets
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| machine.state(name).unwrap())
        .collect();
    let (line, guard) = line.split_once('?').unwrap_or((line, ""));
    let guard = guard.trim();
    let (line, internal) = line.strip_prefix("internal ").map_or((line, false), |line| (line, true));
    let mut words = line.split_whitespace();
    let keyword = words.next().unwrap();
    let argument = words.next().unwrap_or("");
    let trigger = match keyword {
        "entry" => return machine.states[state].entry = actions,
        "exit" => return machine.states[state].exit = actions,
        "defer" => {
            let deferred: Vec<EventId> = argument.split(',').map(|name| event(machine, name)).collect();
            return machine.states[state].defer.extend(deferred);
        }
        "do" => return activity(machine, state, argument),
        "on" => Trigger::Events(argument.split(',').map(|name| event(machine, name)).collect()),
        "always" => Trigger::Always,
        "done" => Trigger::Done(machine.state(argument).unwrap()),
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
    let condition = (!guard.is_empty()).then(|| condition(machine, guard));
    machine.transitions.push(Transition {
        source: state,
        ignore: keyword == "on" && targets.is_empty() && actions.is_empty(),
        trigger,
        pattern,
        guard: condition,
        guard_text: (!guard.is_empty()).then(|| guard.to_owned()),
        targets,
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
    machine.states[state].activities.push(machine.activities.len());
    let service = machine.services.len();
    machine.activities.push(Activity {
        state,
        runs: Invoked::Service(service),
        args: Vec::new(),
        span: Span::default(),
    });
    let function = function(name, 0);
    machine.services.push(Service {
        function,
        streams: Vec::new(),
        successes: vec![success],
        failures: vec![failure],
    });
}

fn condition(machine: &mut Machine, text: &str) -> Expr {
    let boolean = |kind| expr(kind, Type::Bool);
    if let Some(name) = text.strip_prefix("in ") {
        boolean(ExprKind::In(machine.state(name).unwrap()))
    } else if let Some(limit) = text.strip_prefix("n<") {
        boolean(ExprKind::Binary(BinaryOp::Less, Box::new(counter()), Box::new(int(limit.parse().unwrap()))))
    } else if text == "bad" {
        boolean(ExprKind::Binary(BinaryOp::Equal, Box::new(bad()), Box::new(int(1))))
    } else {
        if !machine.guards.iter().any(|guard| guard.name == text) {
            machine.guards.push(function(text, 0));
        }
        let index = machine.guards.iter().position(|guard| guard.name == text).unwrap();
        boolean(ExprKind::Guard(index, Vec::new()))
    }
}

fn action(machine: &mut Machine, text: &str) -> Action {
    let kind = if let Some(name) = text.strip_prefix('^') {
        let event = event(machine, name);
        ActionKind::Raise { event, args: Vec::new() }
    } else if let Some(sent) = text.strip_prefix('@') {
        let (name, seconds) = sent.split_once('+').unwrap_or((sent, ""));
        let event = event(machine, name);
        let delay = seconds.parse::<i64>().ok();
        let delay = delay.map(|s| expr(ExprKind::Literal(Literal::Duration(s * 1_000_000)), Type::Duration));
        ActionKind::Send { to: Receiver::Itself, event, args: Vec::new(), delay, id: None }
    } else if let Some(name) = text.strip_prefix('!') {
        machine.actions.push(function(name, 0));
        ActionKind::Call { action: machine.actions.len() - 1, args: Vec::new() }
    } else if text == "n+1" {
        let sum = ExprKind::Binary(BinaryOp::Add, Box::new(counter()), Box::new(int(1)));
        ActionKind::Assign { place: Place::Variable(0), value: expr(sum, Type::Int) }
    } else if text == "bad" {
        ActionKind::Assign { place: Place::Variable(0), value: bad() }
    } else {
        let known = machine.outputs.iter().position(|output| output.name == text);
        let output = known.unwrap_or_else(|| {
            machine.outputs.push(symbol(text, Vec::new()));
            machine.outputs.len() - 1
        });
        ActionKind::Emit { output, args: Vec::new() }
    };
    Action { kind, text: text.to_owned(), span: Span::default() }
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

fn function(name: &str, params: usize) -> ExternFn {
    let params = vec![(None, Type::Int); params];
    ExternFn { name: name.to_owned(), doc: String::new(), params, span: Span::default() }
}

pub(super) fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty, span: Span::default() }
}

pub(super) fn int(value: i64) -> Expr {
    expr(ExprKind::Literal(Literal::Int(value)), Type::Int)
}

fn counter() -> Expr {
    expr(ExprKind::Variable(0), Type::Int)
}

fn bad() -> Expr {
    expr(ExprKind::Binary(BinaryOp::Divide, Box::new(int(1)), Box::new(int(0))), Type::Int)
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
        ..Machine::default()
    }
}
