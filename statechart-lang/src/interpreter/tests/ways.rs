//! Runs of machines that may take either of two transitions.

use super::{compiled::machine, run_word};
use crate::{
    MapLoader, compile,
    interpreter::{Claim, Outcome, Verdict, WAY_LIMIT, Word, run_explained},
};

const ENDS_IN_AB: &str = "nondeterministic machine EndsInAB {
  input { A B }
  initial any
  state any { on A -> any on B -> any on A -> a }
  state a { on B -> ab on A -> lost }
  accept state ab { on A | B -> lost }
  state lost { on A | B }
  example \"A B\" -> ab
  example \"B B A\" -> a
}";

/// Every word up to a length.
fn words(length: usize) -> Vec<String> {
    (0..=length)
        .flat_map(|length| {
            (0..1_u32 << length).map(move |bits| {
                let symbol = |at| if bits >> at & 1 == 1 { "A" } else { "B" };
                (0..length).map(symbol).collect::<Vec<_>>().join(" ")
            })
        })
        .collect()
}

#[test]
fn a_word_is_accepted_where_some_way_through_it_is() {
    let machine = machine(ENDS_IN_AB);
    for word in words(6) {
        let run = run_word(&machine, &word);
        assert_eq!(run.is_accepted(), word.ends_with("A B"), "{word}");
        assert_eq!(run.rows.len(), word.split_whitespace().count() + 1, "{word}");
        // Where none is, every first transition is taken.
        if !run.is_accepted() {
            assert_eq!(run.leaves, ["any"], "{word}");
        }
    }
    let run = run_word(&machine, "A A B");
    assert_eq!(run.states(), ["any", "any", "a", "ab"]);
    assert!(!run.more_ways);
    assert_eq!(run_word(&machine, "A B A").verdict(), "rejected: any does not accept");
}

#[test]
fn choices_of_one_step_are_tried_together() {
    // One event, eventless transitions behind it: which way to go is asked three times in a step.
    let machine = machine(
        "nondeterministic machine Chain {
          input { GO } output { X(n: Int) }
          context { n: Int = 0 }
          initial a
          state a { on GO -> b / n := 2 * n on GO -> b / n := 2 * n + 1 }
          state b { always -> c / n := 2 * n always -> c / n := 2 * n + 1 }
          state c { always [n < 9] -> d / emit X(2 * n) always [n < 9] -> d / emit X(2 * n + 1) }
          state d { always [n == 2] -> e }
          accept state e
        }",
    );
    let run = run_word(&machine, "GO");
    assert!(run.is_accepted());
    assert_eq!(run.outputs(), ["X(n: 4)"], "the first of the two that are accepted");
}

#[test]
fn a_strict_machine_refuses_what_no_way_takes() {
    let machine = machine(
        "strict nondeterministic machine Fork {
          input { GO LEFT RIGHT }
          initial a
          state a { on GO -> left on GO -> right }
          accept state left { on LEFT }
          accept state right { on RIGHT }
        }",
    );
    assert!(run_word(&machine, "GO LEFT").accepted);
    let run = run_word(&machine, "GO RIGHT RIGHT");
    assert!(run.accepted);
    assert_eq!(run.leaves, ["right"]);
    let run = run_word(&machine, "GO LEFT RIGHT");
    assert_eq!((run.accepted, run.rejected_at), (false, Some(3)));
    assert_eq!(run.rows[3].report.outcome, Outcome::Unhandled);
}

#[test]
fn more_ways_than_can_be_followed_are_told_of() {
    let machine = machine(
        "nondeterministic machine Many {
          input { A }
          context { n: Int = 0 }
          initial a
          state a { on A / n := 2 * n on A / n := 2 * n + 1 on A [n < 0] -> b }
          accept state b
        }",
    );
    let run = run_word(&machine, &"A ".repeat(9));
    assert!(!run.more_ways, "{} ways", 1 << 9);
    let run = run_word(&machine, &"A ".repeat(12));
    assert!(run.more_ways && !run.is_accepted());
    assert!(run.verdict().contains(&WAY_LIMIT.to_string()), "{}", run.verdict());
}

#[test]
fn examples_may_take_any_way() {
    let compiled = |text: &str| {
        let mut compiled = compile("ab.sc", &MapLoader::from([("ab.sc", text)]));
        compiled.check_examples();
        compiled
    };
    let found = compiled(ENDS_IN_AB);
    assert!(found.diagnostics.is_empty(), "{}", found.render(false));
    let found = compiled(&ENDS_IN_AB.replace("\"A B\" -> ab", "\"A B B\" -> ab"));
    assert!(found.render(false).contains("does not lead to ab"), "{}", found.render(false));
}

#[test]
fn what_was_not_chosen_is_said_to_have_lost() {
    let machine = machine(ENDS_IN_AB);
    let run = run_explained(&machine, &Word::parse("A B", &machine).unwrap());
    let candidates = &run.rows[1].report.selections[0].candidates;
    let verdicts: Vec<&Verdict> = candidates.iter().map(|candidate| &candidate.verdict).collect();
    let Claim::Transition(taken) = candidates[1].what else { panic!("no transition") };
    let lost = Verdict::Lost { state: candidates[0].state, to: Claim::Transition(taken) };
    assert_eq!(verdicts, [&lost, &Verdict::Taken]);
}
