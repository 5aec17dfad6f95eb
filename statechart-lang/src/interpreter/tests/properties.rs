//! What holds for every chart and every word: random charts, checked against the definition of a legal
//! configuration and against a second run of the same word.

use std::fmt::Write;

use super::chart::chart;
use crate::{
    interpreter::{Interpreter, Item, ItemKind, Word, run},
    model::{Machine, StateKind},
};

/// A small generator of pseudo-random numbers (xorshift), so that every failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// A random chart over the events A, B, C and the internal event `iI`.
fn random_chart(random: &mut Random) -> String {
    let mut states: Vec<(usize, char)> = vec![(0, 'C')];
    grow(random, 0, 'C', &mut states);
    let mut text = String::new();
    for (at, &(depth, kind)) in states.iter().enumerate() {
        let margin = "  ".repeat(depth);
        let initial = if kind == 'C' { format!(" -> s{}", at + 1) } else { String::new() };
        let accept = if random.below(5) == 0 { "*" } else { "" };
        writeln!(text, "{margin}{accept}{kind} s{at}{initial}").unwrap();
        writeln!(text, "{margin}  entry / E{at}").unwrap();
        writeln!(text, "{margin}  exit / X{at}").unwrap();
        if kind == 'F' || at == 0 {
            continue;
        }
        if random.below(6) == 0 {
            writeln!(text, "{margin}  defer {}", ["A", "B", "C"][random.below(3)]).unwrap();
        }
        for _ in 0..random.below(3) {
            let internal = if random.below(4) == 0 { "internal " } else { "" };
            let trigger = ["on A", "on B", "on C", "on A,B", "on iI", "after 5", "always"][random.below(7)];
            let target = if random.below(4) == 0 {
                String::new()
            } else {
                format!("-> s{}", 1 + random.below(states.len() - 1))
            };
            // An eventless transition that is always enabled would never end.
            let guard =
                ["", "? n<3", "? yes", "? bad"][if trigger == "always" { 1 } else { random.below(4) }];
            // Only what C itself does not set off may send C, or it would never end.
            let sent = if matches!(trigger, "on A" | "on B" | "after 5") { "/ n+1; @C" } else { "/ U" };
            // An eventless transition counts, so that its guard ends it.
            let choices = if trigger == "always" { 2 } else { 5 };
            let action = ["/ T; n+1", "/ n+1; ^iI", sent, "/ bad", "/ n+1"][random.below(choices)];
            let internal = if trigger.starts_with("on") { internal } else { "" };
            writeln!(text, "{margin}  {internal}{trigger} {guard} {target} {action}").unwrap();
        }
    }
    text
}

fn grow(random: &mut Random, depth: usize, kind: char, states: &mut Vec<(usize, char)>) {
    for _ in 0..2 + random.below(2) {
        let child = match random.below(8) {
            _ if depth > 2 => 'A',
            0 | 1 => 'C',
            2 => 'P',
            3 if kind == 'C' => 'F',
            _ => 'A',
        };
        states.push((depth + 1, child));
        if matches!(child, 'C' | 'P') {
            grow(random, depth + 1, child, states);
        }
    }
}

/// W3C "legal configuration": the root, one child of each active compound state, all of a parallel one, and
/// the parent of every active state.
fn assert_legal(machine: &Machine, interpreter: &Interpreter<'_, crate::interpreter::Answers>, text: &str) {
    let active = interpreter.configuration();
    assert!(active.contains(&0), "{text}");
    for &state in &active {
        let row = &machine.states[state];
        assert!(active.contains(&row.parent), "{text}\n{active:?}");
        let children = row.children.iter().filter(|child| active.contains(child)).count();
        let wanted = match row.kind {
            StateKind::Compound => 1,
            StateKind::Parallel => row.children.len(),
            StateKind::Atomic | StateKind::Final | StateKind::History { .. } => 0,
        };
        assert_eq!(children, wanted, "{} of\n{text}\n{active:?}", row.path);
    }
}

#[test]
fn configurations_stay_legal_and_runs_repeat() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..400 {
        let text = random_chart(&mut random);
        let mut machine = chart(&text);
        let events: Vec<usize> =
            ["A", "B", "C"].iter().map(|name| super::chart::event(&mut machine, name)).collect();
        let items: Vec<Item> = (0..12)
            .map(|_| {
                let kind = match random.below(5) {
                    0 => ItemKind::Advance { span_us: 3_000_000 },
                    1 => ItemKind::Elapse,
                    _ => ItemKind::Event { event: events[random.below(3)], args: vec![] },
                };
                let mut answers = crate::interpreter::Answers::default();
                answers.0.insert("yes".to_owned(), random.below(2) == 0);
                Item { kind, answers, text: "item".to_owned(), column: 1 }
            })
            .collect();
        let word = Word { items, ..Word::default() };
        let first = run(&machine, &word);
        assert_eq!(first, run(&machine, &word), "{text}");
        assert!(!first.table().is_empty() && !first.json().is_empty());
        // Entries and exits are told apart by their outputs: what was entered and not left is active.
        let mut interpreter = Interpreter::with_world(&machine, word.start.clone());
        let mut reports = vec![interpreter.start()];
        for item in &word.items {
            interpreter.world_mut().clone_from(&item.answers);
            match &item.kind {
                ItemKind::Event { event, .. } => {
                    let input = crate::interpreter::Input::Event { event: *event, args: vec![] };
                    reports.push(interpreter.step(input));
                }
                ItemKind::Advance { span_us } => reports.extend(interpreter.advance(*span_us).steps),
                ItemKind::Done { .. } => unreachable!("no chart here has children"),
                ItemKind::Elapse => reports.extend(interpreter.elapse()),
            }
            assert_legal(&machine, &interpreter, &text);
        }
        let mut active = std::collections::BTreeSet::new();
        for report in &reports {
            // Within a step exits and entries alternate by microstep; the balance of both is what counts.
            let mut balance: std::collections::BTreeMap<usize, i32> = std::collections::BTreeMap::new();
            report.entered.iter().for_each(|&state| *balance.entry(state).or_default() += 1);
            report.exited.iter().for_each(|&state| *balance.entry(state).or_default() -= 1);
            for (state, change) in balance {
                match change {
                    1 => assert!(active.insert(state), "{text}"),
                    -1 => assert!(active.remove(&state), "{text}"),
                    0 => {}
                    other => panic!("s{state} entered {other} times more than left in\n{text}"),
                }
            }
        }
        assert_eq!(active, interpreter.configuration(), "{text}");
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
