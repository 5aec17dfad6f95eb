//! Which transitions are taken, and in which order states are left and entered (notes 1 to 6, 9 to 11
//! of the W3C algorithm's pitfalls; test numbers in parentheses).

use super::probe::*;
use crate::chart::{Input, Outcome, Tables, Trigger};

/// Two regions below a parallel state, next to a plain state.
///
/// ```text
/// 0 root ─ 1 p (parallel) ─ 2 l ─ 3 l1, 4 l2, 5 lend
///        │                └ 6 r ─ 7 r1, 8 r2, 9 rend
///        └ 10 out
/// ```
struct Regions;
impl Plan for Regions {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 10, &[1]),
            parallel("p", 0, 9).with_on(&[on(A, &[0]), on(D, &[7]), (Trigger::Done(1), &[10])]).awaited(),
            compound("l", 1, 5, &[3]).with_on(&[on(A, &[1]), (Trigger::Done(2), &[11])]).awaited(),
            atomic("l1", 2, 3).with_on(&[on(A, &[2, 3]), on(B, &[4]), on(C, &[6])]),
            atomic("l2", 2, 4).with_on(&[on(B, &[12]), on(D, &[14])]),
            ending("lend", 2, 5),
            compound("r", 1, 9, &[7]),
            atomic("r1", 6, 7).with_on(&[on(B, &[5]), on(C, &[8])]),
            atomic("r2", 6, 8).with_on(&[on(B, &[13]), on(A, &[9]), on(D, &[15])]),
            ending("rend", 6, 9),
            atomic("out", 0, 10),
        ],
        &[
            go(1, 0, &[10], "p:A"),
            go(2, 0, &[2], "l:A").guarded(),
            go(3, 2, &[4], "l1:A no").guarded(),
            go(3, 2, &[4], "l1:A"),
            go(3, 2, &[4], "l1:B"),
            go(7, 6, &[8], "r1:B"),
            go(3, 0, &[10], "l1:C"),
            go(1, 1, &[], "p:D"),
            go(7, 1, &[], "r1:C"),
            go(8, 0, &[8], "r2:A"),
            go(1, 0, &[10], "p:done"),
            go(1, 1, &[], "l:done"),
            go(4, 2, &[5], "l2:B"),
            go(8, 6, &[9], "r2:B"),
            go(4, 0, &[10], "l2:D"),
            go(8, 0, &[8], "r2:D"),
        ],
    );
    fn guard(
        _transition: u16,
        var: i64,
        _core: &crate::chart::Core<Sizes>,
    ) -> Result<bool, crate::value::Fault> {
        Ok(var == 1)
    }
}

#[test]
fn steps_of_two_regions() {
    // Each row: events before, the event, what happens, the leaves after.
    let rows: &[(&[u16], u16, &str, &str)] = &[
        // The innermost ancestor with an enabled transition wins, a false guard passes on to the next in
        // document order (403a); the other region's leaf finds p's, which l1's preempts (403b, 403c).
        (&[], A, "-l1 l1:A +l2", "l2 r1"),
        // Both regions move: all exits in reverse document order, then bodies, then entries (404 to 406).
        (&[], B, "-r1 -l1 l1:B r1:B +l2 +r2", "l2 r2"),
        // A targetless transition conflicts with nothing, even where the other one leaves p (503).
        (&[], C, "-r1 -r -l1 -l -p l1:C r1:C +out", "out"),
        // Enabled by both leaves, taken once; nothing is left.
        (&[], D, "p:D", "l1 r1"),
        // From a region to itself across the parallel state: the domain is the root, so that every
        // region is reset, and the one that is not targeted enters by default (504, note 10).
        (&[B], A, "-r2 -r -l2 -l -p r2:A +p +l +l1 +r +r2", "l1 r2"),
        // Neither source lies in the other: the first selected stays.
        (&[B], D, "-r2 -r -l2 -l -p l2:D +out", "out"),
        // `done` of each region after its final's entry, the parallel's after its last child's (372,
        // 570, 416, 417).
        (&[B], B, "-r2 -l2 l2:B r2:B +lend +rend l:done -rend -r -lend -l -p p:done +out", "out"),
        (&[C], A, "?A", "out"),
    ];
    for (before, event, told, leaves) in rows {
        let mut run = Run::<Regions>::start();
        assert_eq!(run.told(), "+root +p +l +l1 +r +r1");
        for event in *before {
            run.event(*event);
        }
        assert_eq!(run.event(*event), *told, "{before:?} then {event}");
        assert_eq!(run.leaves(), *leaves, "{before:?} then {event}");
    }
}

#[test]
fn a_guard_that_holds_wins_over_later_transitions() {
    let mut run = Run::<Regions>::start_with(1);
    assert_eq!(run.event(A), "-l1 l1:A no +l2");
}

/// Deep and several initial targets; internal against external transitions of a compound state.
struct Deep;
impl Plan for Deep {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 9, &[4, 8]),
            parallel("p", 0, 8),
            compound("l", 1, 5, &[3]).with_on(&[on(A, &[0]), on(B, &[1])]),
            atomic("l1", 2, 3),
            atomic("l2", 2, 4),
            atomic("l3", 2, 5).with_on(&[on(C, &[2])]),
            compound("r", 1, 8, &[7]),
            atomic("r1", 6, 7),
            atomic("r2", 6, 8),
            atomic("out", 0, 9).with_on(&[on(C, &[3]), on(D, &[4])]),
        ],
        &[
            go(2, 2, &[5], "internal"),
            go(2, 0, &[5], "external"),
            go(5, 0, &[9], "leave"),
            go(9, 0, &[8], "one region"),
            go(9, 0, &[5, 8], "two regions"),
        ],
    );
}

#[test]
fn initial_targets_and_domains() {
    let mut run = Run::<Deep>::start();
    // Deep and several initial targets (413, 576); a parent is entered before its children (411, 412).
    assert_eq!(run.told(), "+root +p +l +l2 +r +r2");
    // The source of an internal transition stays active, that of an external one does not (505, 506, 533).
    assert_eq!(run.event(A), "-l2 internal +l3");
    assert_eq!(run.event(B), "-r2 -r -l3 -l -p external +p +l +l3 +r +r1");
    run.event(C);
    assert_eq!(run.event(C), "-out one region +p +l +l1 +r +r2");
    run.event(B);
    run.event(C);
    assert_eq!(run.event(D), "-out two regions +p +l +l3 +r +r2");
}

/// A root of regions that ends when both have.
struct Ends;
impl Plan for Ends {
    const TABLES: &'static Tables = &tables(
        &[
            parallel("root", 0, 6),
            compound("l", 0, 3, &[2]),
            atomic("l1", 1, 2).with_on(&[on(A, &[0])]).with_timer(0).with_activity(0),
            ending("lend", 1, 3),
            compound("r", 0, 6, &[5]),
            atomic("r1", 4, 5).with_on(&[on(B, &[1])]).with_timer(1).with_activity(1),
            ending("rend", 4, 6),
        ],
        &[go(2, 1, &[3], "l1:A"), go(5, 4, &[6], "r1:B")],
    );
}

#[test]
fn a_machine_is_done_when_its_root_is() {
    let mut run = Run::<Ends>::start();
    assert_eq!(run.told(), "+root +l +l1 arm 0 +r +r1 arm 1 do 0 do 1");
    assert_eq!(run.event(A), "disarm 0 stop 0 -l1 l1:A +lend");
    assert!(!run.machine_is_done());
    assert_eq!(run.event(B), "disarm 1 stop 1 -r1 r1:B +rend");
    assert!(run.machine_is_done());
    assert_eq!(run.event(A), "");
    assert_eq!(run.outcome, Outcome::Done);
    assert_eq!(run.step(Input::Elapsed { timer: 1, generation: 2 }), "");
}

impl<P: Plan> Run<P> {
    fn machine_is_done(&self) -> bool {
        use crate::chart::Chart;
        self.machine.core().is_done()
    }
}
