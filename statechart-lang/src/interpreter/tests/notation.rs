//! Actions and expressions of the short notation of [`super::chart`].
//!
//! ```text
//! OUT  OUT(x)  OUT undo BACK        emit, with a value, with what `compensate` emits
//! ^iY  @Z  @Z+5 as id  cancel id    raise, send self, after 5 s and under a name, forget it
//! n+1  x := TERM  !act  bad         count, assign, call, fault
//! if COND { … } else { … }          COND: in s, TERM<TERM, bad, or a guard of the world
//! for 1,2,3 { … }                   binds `i`
//! spawn w  stop w  w!PING           children
//! compensate  commit
//! ```
//! A TERM is a number, `n`, data of a state around, `i`, `result` or `bad`.

use super::chart::{child, event, expr, function, int, symbol};
use crate::{
    Span,
    model::{
        Action, ActionKind, BinaryOp, Expr, ExprKind, Literal, Machine, Place, Receiver, SendName, StateId,
        Type, Undo, UndoKind,
    },
};

/// Splits outside of brackets; parts are trimmed, empty ones left out.
pub(super) fn split(text: &str, at: char) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|c: char| {
        depth += i32::from("([{".contains(c)) - i32::from(")]}".contains(c));
        depth == 0 && c == at
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// `A; B; C`.
pub(super) fn actions(machine: &mut Machine, state: StateId, text: &str) -> Vec<Action> {
    split(text, ';').into_iter().flat_map(|text| action(machine, state, text)).collect()
}

fn action(machine: &mut Machine, state: StateId, text: &str) -> Vec<Action> {
    if let Some((done, undo)) = text.split_once(" undo ") {
        let output = output(machine, undo, false);
        machine.undos.push(Undo {
            kind: UndoKind::Emit(output),
            args: Vec::new(),
            text: undo.to_owned(),
            span: Span::default(),
        });
        let undo = machine.undos.len() - 1;
        let mut both = action(machine, state, done);
        both.push(made(ActionKind::Push { undo, args: Vec::new() }, text));
        return both;
    }
    let kind = one(machine, state, text);
    vec![made(kind, text)]
}

fn made(kind: ActionKind, text: &str) -> Action {
    Action { kind, text: text.to_owned(), span: Span::default() }
}

fn one(machine: &mut Machine, state: StateId, text: &str) -> ActionKind {
    if let Some(name) = text.strip_prefix('^') {
        ActionKind::Raise { event: event(machine, name), args: Vec::new() }
    } else if let Some(sent) = text.strip_prefix('@') {
        let (sent, id) = sent.split_once(" as ").map_or((sent, None), |(sent, id)| (sent, Some(id)));
        let (name, seconds) = sent.split_once('+').unwrap_or((sent, ""));
        let event = event(machine, name);
        let delay = seconds.parse::<i64>().ok();
        let delay = delay.map(|s| expr(ExprKind::Literal(Literal::Duration(s * 1_000_000)), Type::Duration));
        let id = id.map(|id| send_name(machine, id));
        ActionKind::Send { to: Receiver::Itself, event, args: Vec::new(), delay, id }
    } else if let Some((name, _)) = text.split_once('!').filter(|(name, _)| !name.is_empty()) {
        let to = Receiver::Child(child(machine, name));
        ActionKind::Send { to, event: 0, args: Vec::new(), delay: None, id: None }
    } else if let Some(name) = text.strip_prefix('!') {
        machine.actions.push(function(name, 0));
        ActionKind::Call { action: machine.actions.len() - 1, args: Vec::new() }
    } else if let Some(rest) = text.strip_prefix("if ") {
        let (test, blocks) = rest.split_once('{').unwrap();
        let (then, otherwise) = blocks.split_once("} else {").unwrap_or((blocks, ""));
        let arm =
            (condition(machine, state, test.trim()), actions(machine, state, then.trim_end_matches('}')));
        ActionKind::If {
            arms: vec![arm],
            otherwise: actions(machine, state, otherwise.trim_end_matches('}')),
        }
    } else if let Some(rest) = text.strip_prefix("for ") {
        let (items, body) = rest.split_once('{').unwrap();
        let items = split(items, ',').into_iter().map(|item| term(machine, state, item)).collect();
        let list = expr(ExprKind::List(items), Type::List(Box::new(Type::Int)));
        let body = actions(machine, state, body.strip_suffix('}').unwrap());
        ActionKind::For { item: 0, index: None, list, body }
    } else {
        simple(machine, state, text)
    }
}

fn simple(machine: &mut Machine, state: StateId, text: &str) -> ActionKind {
    if let Some((name, value)) = text.split_once(":=") {
        let value = term(machine, state, value.trim());
        let place = match term(machine, state, name.trim()).kind {
            ExprKind::Local(local) => Place::Local(local),
            _ => Place::Variable(0),
        };
        return ActionKind::Assign { place, value };
    }
    match text.split_once(' ').unwrap_or((text, "")) {
        ("cancel", id) => ActionKind::Cancel(send_name(machine, id)),
        ("spawn", name) => ActionKind::Spawn { child: child(machine, name), args: Vec::new() },
        ("stop", name) => ActionKind::Stop(child(machine, name)),
        ("compensate", _) => ActionKind::Compensate,
        ("commit", _) => ActionKind::Commit,
        ("n+1", _) => {
            let sum = ExprKind::Binary(BinaryOp::Add, Box::new(counter()), Box::new(int(1)));
            ActionKind::Assign { place: Place::Variable(0), value: expr(sum, Type::Int) }
        }
        ("bad", _) => ActionKind::Assign { place: Place::Variable(0), value: bad() },
        _ => {
            let (name, arg) = text.trim_end_matches(')').split_once('(').unwrap_or((text, ""));
            let args: Vec<Expr> = split(arg, ',').into_iter().map(|arg| term(machine, state, arg)).collect();
            ActionKind::Emit { output: output(machine, name, !args.is_empty()), args }
        }
    }
}

fn send_name(machine: &mut Machine, name: &str) -> usize {
    machine.sends.iter().position(|send| send.name == name).unwrap_or_else(|| {
        machine.sends.push(SendName { name: name.to_owned(), span: Span::default() });
        machine.sends.len() - 1
    })
}

fn output(machine: &mut Machine, name: &str, has_value: bool) -> usize {
    machine.outputs.iter().position(|output| output.name == name).unwrap_or_else(|| {
        let fields = if has_value { vec![("v", Type::Int)] } else { Vec::new() };
        machine.outputs.push(symbol(name, fields));
        machine.outputs.len() - 1
    })
}

pub(super) fn condition(machine: &mut Machine, state: StateId, text: &str) -> Expr {
    let boolean = |kind| expr(kind, Type::Bool);
    if let Some(name) = text.strip_prefix("in ") {
        boolean(ExprKind::In(machine.state(name).unwrap()))
    } else if let Some((left, right)) = text.split_once('<') {
        let (left, right) = (term(machine, state, left), term(machine, state, right));
        boolean(ExprKind::Binary(BinaryOp::Less, Box::new(left), Box::new(right)))
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

/// The name is looked up from the inside out, as a spec's is.
pub(super) fn term(machine: &Machine, state: StateId, text: &str) -> Expr {
    let mut around = Some(state);
    while let Some(at) = around {
        let row = &machine.states[at];
        if let Some(&local) = row.locals.iter().find(|&&local| machine.locals[local].name == text) {
            return expr(ExprKind::Local(local), Type::Int);
        }
        around = (at != 0).then_some(row.parent);
    }
    match text {
        "n" => counter(),
        "i" => expr(ExprKind::Binding(0), Type::Int),
        "result" => expr(ExprKind::Result, Type::Int),
        "bad" => bad(),
        number => int(number.parse().unwrap_or_else(|_| panic!("`{number}` is no term"))),
    }
}

fn counter() -> Expr {
    expr(ExprKind::Variable(0), Type::Int)
}

fn bad() -> Expr {
    expr(ExprKind::Binary(BinaryOp::Divide, Box::new(int(1)), Box::new(int(0))), Type::Int)
}
