//! Charts as automata, against runs of the interpreter.
#![allow(clippy::unwrap_used)]

use super::{Abstraction, FormalError, Operation, STATE_LIMIT, automaton};
use crate::{
    MapLoader, compile,
    interpreter::{Input, Interpreter, Outcome},
    model::Machine,
};

fn machine(spec: &str) -> Machine {
    let compiled = compile("main.sc", &MapLoader::from([("main.sc", spec)]));
    assert!(!compiled.has_errors(), "{}", compiled.render(false));
    compiled.model.unwrap().machines.remove(0)
}

fn regex(machine: &Machine, abstraction: Abstraction) -> String {
    let dfa = automaton(machine, abstraction, 1_000).unwrap().determinize(1_000).unwrap();
    dfa.regex(10_000).unwrap().text(dfa.alphabet())
}

const TURNSTILE: &str = "strict machine Turnstile {
    input { COIN PUSH }
    context { coins: Int = 0 }
    initial locked
    accept state locked { on COIN -> open / coins := coins + 1  on PUSH }
    state open { on COIN  on PUSH [coins < 3] -> locked }
}";

#[test]
fn the_context_is_ignored_or_kept() {
    let machine = machine(TURNSTILE);
    assert_eq!(regex(&machine, Abstraction::Control), "(PUSH|COIN COIN* PUSH)*");
    // With the context the third coin is swallowed for good, and `PUSH` on it is no word.
    let dfa =
        automaton(&machine, Abstraction::Context, 1_000).unwrap().determinize(1_000).unwrap().minimize();
    let round = [0, 1];
    let rounds = |count: usize| round.iter().copied().cycle().take(2 * count);
    assert!(dfa.accepts(rounds(2)));
    assert!(!dfa.accepts(rounds(3)));
}

/// Both of two edges count, and of three with guards those that hold.
#[test]
fn a_nondeterministic_machine_has_all_its_edges() {
    let ends = "nondeterministic strict machine Ends { input { A B } initial any
        state any { on A -> any  on B -> any  on A -> a }
        state a { on B -> ab }
        accept state ab }";
    for abstraction in [Abstraction::Control, Abstraction::Context] {
        let dfa = automaton(&machine(ends), abstraction, 1_000).unwrap().determinize(1_000).unwrap();
        for word in 0..64_usize {
            for length in 0..=6 {
                let symbols: Vec<usize> = (0..length).map(|at| word >> at & 1).collect();
                assert_eq!(dfa.accepts(symbols.iter().copied()), symbols.ends_with(&[0, 1]), "{symbols:?}");
            }
        }
    }
    let three = "nondeterministic strict machine Three { input { A } context { n: Int = 0 } initial s
        state s { on A [n > 0] -> one  on A [n == 0] -> two  on A [n < 1] -> three  always [n > 5] -> one }
        accept state one
        accept state two { on A -> two / n := 1 }
        accept state three { on * -> s } }";
    // Which guards hold is kept: the first never does. Both others are taken.
    let dfa = automaton(&machine(three), Abstraction::Context, 1_000).unwrap().determinize(1_000).unwrap();
    for (length, accepted) in [(0, false), (1, true), (2, true), (3, true)] {
        assert_eq!(dfa.accepts(std::iter::repeat_n(0, length)), accepted, "{length}");
    }
}

#[test]
fn a_counter_without_end_meets_the_limit() {
    let machine = machine(
        "machine Counter { input { UP } context { n: Int = 0 } initial on_ accept state on_ { on UP / n := n + 1 } }",
    );
    let error = automaton(&machine, Abstraction::Context, 100).unwrap_err();
    assert_eq!(error, FormalError::TooLarge { what: "the automaton of the chart", limit: 100 });
    assert_eq!(regex(&machine, Abstraction::Control), "UP*");
}

#[test]
fn the_exact_automaton_accepts_what_the_interpreter_accepts() {
    for spec in [
        TURNSTILE,
        "machine Regions { input { A B C } initial p
            parallel p {
                region x { initial a  state a { on A -> b }  accept state b { on B -> a  defer C } }
                region y { initial c  state c { on A [in(b)] -> d  on C -> d }  state d { on B -> c } }
            } }",
        "strict machine Past { input { GO BACK SWAP } initial inner
            state inner { initial l  history h
                accept state l { on SWAP -> r }  state r { on SWAP -> l }  on GO -> out }
            state out { on BACK -> inner.h } }",
    ] {
        let machine = machine(spec);
        let dfa =
            automaton(&machine, Abstraction::Context, 1_000).unwrap().determinize(1_000).unwrap().minimize();
        let symbols = dfa.alphabet().len();
        for length in 0..=7u32 {
            for number in 0..symbols.pow(length) {
                let word: Vec<usize> = (0..length).map(|at| number / symbols.pow(at) % symbols).collect();
                let mut interpreter = Interpreter::new(&machine).quiet();
                interpreter.start();
                let mut sound = true;
                for &event in &word {
                    let outcome = interpreter.step_quiet(Input::Event { event, args: Vec::new() });
                    sound &= !(machine.strict && outcome == Outcome::Unhandled);
                }
                let wanted = sound && interpreter.accepts();
                assert_eq!(dfa.accepts(word.iter().copied()), wanted, "{word:?} on {spec}");
            }
        }
    }
}

#[test]
fn the_control_language_holds_the_exact_one() {
    let machine = machine(TURNSTILE);
    let [control, exact] = [Abstraction::Control, Abstraction::Context]
        .map(|abstraction| automaton(&machine, abstraction, 1_000).unwrap().determinize(1_000).unwrap());
    assert_eq!(exact.excess(&control, STATE_LIMIT).unwrap(), None);
    let more = control.product(&exact, Operation::Difference, STATE_LIMIT).unwrap();
    assert!(!more.is_void());
}

#[test]
fn time_passes_between_symbols() {
    let machine = machine(
        "strict machine Slow { input { GO } initial a
            state a { after 5s -> b }  accept state b { on GO -> a } }",
    );
    for abstraction in [Abstraction::Control, Abstraction::Context] {
        assert_eq!(regex(&machine, abstraction), "GO*");
    }
}

#[test]
fn pictures_leave_the_dead_state_out() {
    let machine = machine(TURNSTILE);
    let dfa =
        automaton(&machine, Abstraction::Control, 1_000).unwrap().determinize(1_000).unwrap().minimize();
    assert_eq!(dfa.table(), "2 states, 2 symbols\n→*q0  PUSH → q0  COIN → q1\n  q1  PUSH → q0  COIN → q1\n");
    assert!(dfa.dot("t").contains("q0 [shape=doublecircle]"), "{}", dfa.dot("t"));
}
