//! Timers and messages on the virtual clock.

use super::{chart::chart, run_word, trace};
use crate::interpreter::{FIRING_LIMIT, Input, Interpreter, Outcome};

#[test]
fn timers_are_armed_on_entry_only() {
    let machine = chart(
        "C r -> c
           C c -> a
             after 10 -> late / LATE
             internal on INNER -> b
             on AGAIN -> c
             on STAY / STAY
             A a
             A b
           A late",
    );
    // Neither child nor targetless transitions arm it anew; re-entry does.
    for (word, leaves) in [
        ("+6s INNER +3s STAY", "c.b"),
        ("+6s INNER STAY +4s", "late"),
        ("+6s AGAIN +6s", "c.a"),
        ("+6s AGAIN +10s", "late"),
        ("after", "late"),
        ("after after", "late"),
    ] {
        assert_eq!(trace(&machine, word).0.last().unwrap(), leaves, "{word}");
    }
}

#[test]
fn ties_fire_in_arming_order_each_at_its_time() {
    let machine = chart(
        "C r -> a
           A a
             on X / @LATE+10; @EARLY+5; @TIE+10
             on LATE / L
             on EARLY / E
             on TIE / T
             after 10 / TIMER",
    );
    let run = run_word(&machine, "X +10s");
    assert_eq!(run.outputs(), ["E", "TIMER", "L", "T"]);
    let rows: Vec<(usize, bool, i64, &str)> =
        run.rows.iter().map(|row| (row.n, row.triggered, row.report.time_us, row.symbol.as_str())).collect();
    assert_eq!(
        rows[2..],
        [
            (2, false, 5_000_000, "self: EARLY"),
            (2, true, 10_000_000, "after 10s"),
            (2, true, 10_000_000, "self: LATE"),
            (2, true, 10_000_000, "self: TIE"),
        ]
    );
}

#[test]
fn a_timer_of_no_length_is_a_later_macrostep() {
    let machine = chart(
        "C r -> a
           A a
             on X -> b
           A b
             after 0 -> c / TIMER
             always ? n<1 / ALWAYS; n+1; ^iE
             on iE / INTERNAL
           A c",
    );
    let (states, outputs) = trace(&machine, "X");
    assert_eq!(states, ["a", "b", "c"]);
    assert_eq!(outputs, "ALWAYS INTERNAL TIMER");
}

#[test]
fn a_left_state_disarms_and_a_late_elapse_is_stale() {
    let machine = chart(
        "C r -> a
           A a
             after 10 -> b
             on X -> c
           A b
           A c",
    );
    let mut interpreter = Interpreter::new(&machine);
    interpreter.start();
    assert_eq!(interpreter.agenda(), [(10_000_000, "after 10s".to_owned())]);
    interpreter.step(Input::Event { event: 0, args: vec![] });
    assert!(interpreter.agenda().is_empty());
    let report = interpreter.step(Input::Elapsed { timer: 0, generation: 1 });
    assert_eq!((report.outcome, interpreter.leaves()), (Outcome::Stale, vec!["c".to_owned()]));
}

#[test]
fn a_machine_that_keeps_setting_itself_off_is_stopped() {
    let machine = chart(
        "C r -> a
           A a
             on X / @X",
    );
    let mut interpreter = Interpreter::new(&machine);
    interpreter.start();
    interpreter.step(Input::Event { event: 0, args: vec![] });
    let advance = interpreter.advance(0);
    assert!(advance.limit_reached);
    assert_eq!(advance.steps.len(), FIRING_LIMIT);
}
