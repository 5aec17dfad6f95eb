//! What waits, and what a strict machine refuses.

use super::{compiled::machine, run_word};
use crate::interpreter::{Outcome, Verdict, Word, run_explained};

#[test]
fn what_is_raised_is_never_deferred() {
    let machine = machine(
        "machine M { input { GO X } output { O } initial o
           state o { on X / emit O  initial w  state w { on GO / raise X  defer X } } }",
    );
    // From outside it waits; raised inside, the `defer` lets it pass to the state around.
    let run = run_explained(&machine, &Word::parse("X GO", &machine).unwrap());
    assert_eq!(run.rows[1].report.outcome, Outcome::Deferred);
    assert_eq!(run.outputs(), ["O"]);
    let verdicts: Vec<Verdict> = run.rows[2]
        .report
        .selections
        .iter()
        .flat_map(|selection| selection.candidates.iter().map(|candidate| candidate.verdict.clone()))
        .collect();
    assert_eq!(verdicts, [Verdict::Taken, Verdict::Passes, Verdict::Taken]);
}

#[test]
fn a_refusal_names_the_event_and_where_it_was_met() {
    let machine = machine(
        "strict machine M { input { A B C } initial w
           state w { defer A defer B on C -> x }
           state x { on B on C -> w } }",
    );
    let run = run_word(&machine, "A B C");
    assert_eq!(run.verdict(), "rejected at 3: A is unhandled in x; ends in x");
}
