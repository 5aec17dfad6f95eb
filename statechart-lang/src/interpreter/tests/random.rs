//! Random charts and words in the short notation.

use std::fmt::Write;

use super::chart::{chart, event};
use crate::{
    interpreter::{Answers, Item, ItemKind, Value, Word},
    model::{Machine, StateKind},
};

/// A small generator of pseudo-random numbers (xorshift), so that every failure can be repeated.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    pub(super) fn of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

/// A random chart over the events A, B, C and the internal event `iI`, and its text.
pub(super) fn random_machine(random: &mut Random) -> (Machine, String) {
    let text = random_chart(random);
    let mut machine = chart(&text);
    for name in ["A", "B", "C"] {
        event(&mut machine, name);
    }
    (machine, text)
}

fn random_chart(random: &mut Random) -> String {
    let mut states: Vec<(usize, char)> = vec![(0, 'C')];
    grow(random, 0, 'C', &mut states);
    let mut text = String::new();
    for (at, &(depth, kind)) in states.iter().enumerate() {
        let margin = "  ".repeat(depth);
        let initial = match kind {
            'C' if random.below(3) == 0 => format!(" -> s{} / I{at}", at + 1),
            'C' => format!(" -> s{}", at + 1),
            _ => String::new(),
        };
        let accept = if random.below(5) == 0 { "*" } else { "" };
        if matches!(kind, 'H' | 'D') {
            writeln!(text, "{margin}{kind} s{at}").unwrap();
            continue;
        }
        let params = if has_data(at) { "(x=n)" } else { "" };
        writeln!(text, "{margin}{accept}{kind} s{at}{params}{initial}").unwrap();
        let shown = if has_data(at) { format!("E{at}; GOT{at}(x)") } else { format!("E{at}") };
        writeln!(text, "{margin}  entry / {shown}").unwrap();
        writeln!(text, "{margin}  exit / X{at}").unwrap();
        if kind == 'F' {
            writeln!(text, "{margin}  return {}", random.of(&["n", "7", "bad"])).unwrap();
        }
        if kind == 'F' || at == 0 {
            continue;
        }
        match random.below(12) {
            0 | 1 => writeln!(text, "{margin}  defer {}", random.of(&["A", "B", "C"])).unwrap(),
            2 => writeln!(text, "{margin}  run w").unwrap(),
            3 => writeln!(text, "{margin}  do load").unwrap(),
            4 => writeln!(text, "{margin}  data y=x").unwrap_or(()),
            _ => {}
        }
        text = text.replace("data y=x", if has_data(at) { "data y=x" } else { "data y=n" });
        for _ in 0..random.below(4) {
            transition(random, &mut text, &margin, at, kind, states.len());
        }
    }
    text
}

/// Every third state has a parameter; whoever enters it may leave it out.
fn has_data(state: usize) -> bool {
    state % 3 == 2
}

fn transition(random: &mut Random, text: &mut String, margin: &str, at: usize, kind: char, count: usize) {
    let internal = if random.below(4) == 0 { "internal " } else { "" };
    let done = format!("done s{at}");
    let triggers =
        ["on A", "on B", "on C", "on A,B", "on iI", "after 5", "always", "fault", "childdone w", &done];
    let trigger = random.of(&triggers[..if kind == 'A' { 9 } else { 10 }]);
    let target = match random.below(5) {
        0 => String::new(),
        choice => {
            let target = 1 + random.below(count - 1);
            let pass = if has_data(target) && choice == 1 { random.of(&["(n)", "(4)", "(bad)"]) } else { "" };
            format!("-> s{target}{pass}")
        }
    };
    // An eventless transition that is always enabled would never end.
    let guard = if trigger == "always" { "? n<3" } else { random.of(&["", "? n<3", "? yes", "? bad"]) };
    let calm = [
        "T; n+1",
        "n+1; ^iI",
        "n+1",
        "if n<2 { ONE; n+1 } else { TWO }",
        "for 1,2 { LOOP(i) }; n+1",
        "DO undo UN; n+1",
        "n+1; compensate",
        "commit; U",
        "cancel m",
        "cancel k",
        "spawn w",
        "stop w",
        "w!PING; SENT",
        "DO undo UN; bad; NEVER",
        "bad",
    ];
    // Only what C itself does not set off may send C, or it would never end.
    let sending = ["n+1; @C", "@C+7 as m", "@A+6 as k", "U"];
    let action = match trigger {
        // An eventless transition counts, so that its guard ends it.
        "always" => random.of(&calm[..3]),
        // What a fault sets off does not fault.
        "fault" => random.of(&calm[..3]),
        "on A" | "on B" | "after 5" if random.below(3) == 0 => random.of(&sending),
        _ => random.of(&calm),
    };
    let internal = if trigger.starts_with("on") { internal } else { "" };
    writeln!(text, "{margin}  {internal}{trigger} {guard} {target} / {action}").unwrap();
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
    if depth > 0 && random.below(2) == 0 {
        states.push((depth + 1, if random.below(2) == 0 { 'H' } else { 'D' }));
    }
}

/// A random word for such a machine.
pub(super) fn random_word(random: &mut Random, machine: &Machine, length: usize) -> Word {
    let events: Vec<usize> =
        ["A", "B", "C", "LOAD_OK"].iter().filter_map(|name| machine.event(name)).collect();
    let items = (0..length).map(|_| {
        let kind = match random.below(7) {
            0 => ItemKind::Advance { span_us: 3_000_000 },
            1 => ItemKind::Elapse,
            2 if !machine.children.is_empty() => ItemKind::Done { child: 0, result: Some(Value::Int(8)) },
            _ => ItemKind::Event { event: events[random.below(events.len())], args: vec![] },
        };
        let mut answers = Answers::default();
        answers.0.insert("yes".to_owned(), random.below(2) == 0);
        Item { to: crate::interpreter::Address::default(), kind, answers, text: "item".to_owned(), column: 1 }
    });
    Word { items: items.collect(), ..Word::default() }
}

/// W3C "legal configuration": the root, one child of each active compound state, all of a parallel one, and
/// the parent of every active state. History states are never active.
pub(super) fn assert_legal(machine: &Machine, active: &std::collections::BTreeSet<usize>, text: &str) {
    assert!(active.contains(&0), "{text}");
    for &state in active {
        let row = &machine.states[state];
        assert!(active.contains(&row.parent), "{text}\n{active:?}");
        let children = row.children.iter().filter(|child| active.contains(child)).count();
        let wanted = match row.kind {
            StateKind::Compound => 1,
            StateKind::Parallel => row.children.len(),
            StateKind::Atomic | StateKind::Final => 0,
            StateKind::History { .. } => panic!("{} is active in\n{text}", row.path),
        };
        assert_eq!(children, wanted, "{} of\n{text}\n{active:?}", row.path);
    }
}
