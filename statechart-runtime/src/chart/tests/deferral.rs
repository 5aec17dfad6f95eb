//! Events that wait for a state that wants them.

use super::probe::*;
use crate::chart::{Chart, Outcome, Queue, Tables, Trigger};

/// ```text
/// 0 root ─ 1 busy ─ 2 b1, 3 b2     4 free     5 both (parallel) ─ 6 x, 7 y
/// ```
struct Defers;
impl Plan for Defers {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 7, &[1]).with_on(&[(Trigger::Fault, &[6])]),
            compound("busy", 0, 3, &[2]).with_on(&[on(C, &[0])]).with_defer(&[A, B]),
            atomic("b1", 1, 2).with_on(&[on(D, &[1])]),
            atomic("b2", 1, 3).with_on(&[on(A, &[2]), on(D, &[7])]),
            atomic("free", 0, 4).with_on(&[on(A, &[3]), on(B, &[4])]),
            parallel("both", 0, 7),
            atomic("x", 5, 6).with_on(&[on(B, &[8])]).with_defer(&[A]),
            atomic("y", 5, 7).with_on(&[on(A, &[5]), on(C, &[9])]).with_defer(&[B]),
        ],
        &[
            go(1, 0, &[4], "busy:C"),
            go(2, 1, &[3], "b1:D"),
            go(3, 3, &[], "b2:A"),
            go(4, 4, &[], "free:A"),
            go(4, 0, &[1], "free:B"),
            go(7, 7, &[], "y:A"),
            go(0, 0, &[], "fault"),
            go(3, 0, &[5], "b2:D"),
            go(6, 6, &[], "").ignored(),
            go(7, 0, &[4], "y:C"),
        ],
    );
}

#[test]
fn the_oldest_that_is_wanted_runs_first() {
    let mut run = Run::<Defers>::start();
    assert_eq!(run.numbered(A, 1), "");
    assert_eq!(run.outcome, Outcome::Deferred);
    run.numbered(B, 2);
    run.numbered(A, 3);
    assert_eq!(run.machine.core().deferred.len(), 3);
    // In `free` 1 runs, then 2 leads back to `busy`, where 3 is still deferred.
    assert_eq!(run.event(C), "-b1 -busy busy:C +free free:A(1) -free free:B(2) +busy +b1");
    assert_eq!(run.machine.core().deferred.len(), 1);
    // A transition of the inner state beats the outer state's defer.
    assert_eq!(run.event(D), "-b1 b1:D +b2 b2:A(3)");
    assert_eq!(run.machine.core().deferred.len(), 0);
}

#[test]
fn regions_decide_together() {
    let mut run = Run::<Defers>::start();
    run.event(D);
    assert_eq!(run.event(D), "-b2 -busy b2:D +both +x +y");
    // One region takes it: the other's defer does not keep it.
    assert_eq!(run.event(A), "y:A");
    // One region ignores it, the other defers it: kept.
    run.numbered(B, 5);
    assert_eq!(run.outcome, Outcome::Deferred);
    assert_eq!(run.event(C), "-y -x -both y:C +free -free free:B(5) +busy +b1");
}

#[test]
fn too_many_are_a_fault() {
    let mut run = Run::<Defers>::start();
    for number in 1..=3 {
        assert_eq!(run.numbered(A, number), "");
    }
    assert_eq!(run.outcome, Outcome::Deferred);
    assert_eq!(run.numbered(A, 4), "!deferred_full fault");
    assert_eq!(run.outcome, Outcome::Dropped);
    assert_eq!(run.event(C), "-b1 -busy busy:C +free free:A(1) free:A(2) free:A(3)");
}
