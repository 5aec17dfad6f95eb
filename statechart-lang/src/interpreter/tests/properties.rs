//! What holds for every chart and every word: random charts, checked against the definition of a legal
//! configuration, against the record of what was left, and against a second run of the same word.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    chart::chart,
    random::{Random, assert_legal, random_machine, random_word},
};
use crate::{
    interpreter::{Answers, Cause, Interpreter, Session, StepReport, run},
    model::{Machine, StateKind, UndoId},
};

/// What a property is told of each item: the interpreter before and after, and the steps between.
struct Seen<'a, 'm> {
    machine: &'m Machine,
    before: &'a Interpreter<'m, Answers>,
    after: &'a Interpreter<'m, Answers>,
    reports: &'a [StepReport],
    text: &'a str,
}

/// Runs random words on random charts.
fn for_all(charts: usize, mut holds: impl FnMut(&Seen<'_, '_>)) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..charts {
        let (machine, text) = random_machine(&mut random);
        let word = random_word(&mut random, &machine, 12);
        let mut session = Session::new(&machine);
        let mut before = session.interpreter().clone();
        let reports: Vec<StepReport> = session.start(&word.start).into_iter().map(|row| row.report).collect();
        holds(&Seen {
            machine: &machine,
            before: &before,
            after: session.interpreter(),
            reports: &reports,
            text: &text,
        });
        for item in &word.items {
            before = session.interpreter().clone();
            let reports: Vec<StepReport> = session.apply(item).into_iter().map(|row| row.report).collect();
            let after = session.interpreter();
            holds(&Seen { machine: &machine, before: &before, after, reports: &reports, text: &text });
        }
    }
}

#[test]
fn configurations_are_legal() {
    for_all(500, |seen| assert_legal(seen.machine, &seen.after.configuration(), seen.text));
}

#[test]
fn runs_repeat() {
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    for _ in 0..200 {
        let (machine, text) = random_machine(&mut random);
        let word = random_word(&mut random, &machine, 12);
        let first = run(&machine, &word);
        assert_eq!(first, run(&machine, &word), "{text}");
        assert!(!first.table().is_empty() && !first.json().is_empty());
    }
}

#[test]
fn what_was_entered_and_not_left_is_active() {
    for_all(300, |seen| {
        let mut active = seen.before.configuration();
        for report in seen.reports {
            // Within a step exits and entries alternate by microstep; the balance of both is what counts.
            let mut balance: BTreeMap<usize, i32> = BTreeMap::new();
            report.entered.iter().for_each(|&state| *balance.entry(state).or_default() += 1);
            report.exited.iter().for_each(|&state| *balance.entry(state).or_default() -= 1);
            for (state, change) in balance {
                match change {
                    1 => assert!(active.insert(state), "{}", seen.text),
                    -1 => assert!(active.remove(&state), "{}", seen.text),
                    0 => {}
                    other => panic!("s{state} entered {other} times more than left in\n{}", seen.text),
                }
            }
        }
        assert_eq!(active, seen.after.configuration(), "{}", seen.text);
    });
}

#[test]
fn data_live_as_long_as_their_states() {
    let mut met = 0;
    for_all(400, |seen| {
        let active = seen.after.configuration();
        let wanted: BTreeSet<usize> = (0..seen.machine.locals.len())
            .filter(|&local| active.contains(&seen.machine.locals[local].state))
            .collect();
        let found: BTreeSet<usize> = seen.after.data().map(|(local, _)| local).collect();
        assert_eq!(found, wanted, "{}", seen.text);
        met += found.len();
    });
    assert!(met > 500, "only {met} data were met");
}

/// The states below one that a history state of it records.
fn inside(machine: &Machine, active: &BTreeSet<usize>, history: usize) -> Vec<usize> {
    let row = &machine.states[history];
    let is_deep = row.kind == StateKind::History { deep: true };
    let is_meant = |state: &usize| {
        let inner = &machine.states[*state];
        if is_deep { inner.children.is_empty() } else { inner.parent == row.parent }
    };
    let below = active.iter().filter(|state| machine.is_descendant(**state, row.parent));
    below.copied().filter(is_meant).collect()
}

#[test]
fn history_records_what_is_left_and_restores_it() {
    let (mut recorded, mut restored) = (0, 0);
    for_all(1_500, |seen| {
        // With one transition in all, what is inside a state cannot change before that is left.
        let [report] = seen.reports else { return };
        if report.cause == Cause::Start {
            return;
        }
        let [transition] = report.transitions[..] else { return };
        let (machine, transition) = (seen.machine, &seen.machine.transitions[transition]);
        let (before, after) = (seen.before.configuration(), seen.after.configuration());
        let stored: BTreeMap<usize, &[usize]> = seen.after.histories().collect();
        for (history, row) in machine.states.iter().enumerate() {
            if !matches!(row.kind, StateKind::History { .. }) {
                continue;
            }
            if report.exited.contains(&row.parent) {
                assert_eq!(
                    stored.get(&history).copied(),
                    Some(inside(machine, &before, history).as_slice()),
                    "s{history} of\n{}",
                    seen.text
                );
                recorded += 1;
            }
            if transition.targets == [history]
                && let Some(states) = stored.get(&history)
            {
                assert_eq!(inside(machine, &after, history), *states, "s{history} of\n{}", seen.text);
                restored += 1;
            }
        }
    });
    assert!(recorded > 100 && restored > 20, "{recorded} records, {restored} restored");
}

#[test]
fn a_named_message_is_under_way_once() {
    let mut met = 0;
    for_all(600, |seen| {
        let names: Vec<String> =
            seen.after.snapshot().messages.into_iter().filter_map(|message| message.id).collect();
        let unique: BTreeSet<&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{}", seen.text);
        met += names.len();
    });
    assert!(met > 50, "only {met} named messages were met");
}

#[test]
fn compensation_runs_backwards() {
    let machine = chart(
        "C r -> a
           A a
             on A / D1 undo U1
             on B / D2 undo U2; D3 undo U3
             on C / compensate
             on D / commit",
    );
    let mut random = Random(0xA076_1D64_78BD_642F);
    for _ in 0..200 {
        let mut interpreter = Interpreter::new(&machine);
        interpreter.start();
        let mut stack: Vec<&str> = Vec::new();
        for _ in 0..12 {
            let name = random.of(&["A", "B", "C", "D"]);
            let event = machine.event(name).unwrap();
            let report = interpreter.step(crate::interpreter::Input::Event { event, args: vec![] });
            let outputs: Vec<&str> = report.outputs.iter().map(|signal| signal.name.as_str()).collect();
            let wanted: Vec<&str> = match name {
                "A" => {
                    stack.push("U1");
                    vec!["D1"]
                }
                "B" => {
                    stack.extend(["U2", "U3"]);
                    vec!["D2", "D3"]
                }
                "C" => stack.drain(..).rev().collect(),
                _ => {
                    stack.clear();
                    vec![]
                }
            };
            assert_eq!(outputs, wanted);
            let waiting: Vec<UndoId> = interpreter.undos().map(|(undo, _)| undo).collect();
            assert_eq!(waiting.len(), stack.len());
        }
    }
}

#[test]
fn the_longest_expression_fits_the_stack() {
    use super::chart::{expr, int};
    use crate::model::{ActionKind, BinaryOp, ExprKind, Type};
    let mut machine = chart("C r -> a\n  A a\n    on X / n+1");
    let mut sum = int(1);
    for _ in 0..1_000 {
        sum = expr(ExprKind::Binary(BinaryOp::Add, Box::new(sum), Box::new(int(1))), Type::Int);
    }
    machine.transitions[0].actions[0].kind =
        ActionKind::Assign { place: crate::model::Place::Variable(0), value: sum };
    let run = super::run_word(&machine, "X");
    assert_eq!(run.rows[1].report.changes[0].to_string(), "n: 0 → 1001");
}
