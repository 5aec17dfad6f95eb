//! History, initial content, data of states, what final states return, child machines (notes 7 to 9).

use super::probe::*;
use crate::chart::{Block, Outcome, Queue as _, Tables, Trigger};

/// ```text
/// 0 root ─ 1 a ─ 2 a1, 3 a2, 4 history -> a2, 5 deep history
///        └ 6 out
/// ```
struct Histories;
impl Plan for Histories {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 6, &[6]),
            compound("a", 0, 5, &[2]).with_on(&[on(D, &[0])]).with_histories(&[4, 5]).with_initial_acts(),
            atomic("a1", 1, 2).with_on(&[on(B, &[1])]).with_exit(),
            atomic("a2", 1, 3),
            history(1, 4, false, 0, &[3]).with_initial_acts(),
            history(1, 5, true, 1, &[2]),
            atomic("out", 0, 6).with_on(&[on(A, &[2]), on(B, &[4]), on(C, &[3])]),
        ],
        &[
            go(1, 0, &[6], "leave"),
            go(2, 1, &[3], "next"),
            go(6, 0, &[4], "back"),
            go(6, 0, &[1], "in"),
            go(6, 0, &[5], "deep"),
        ],
    );
    fn ops(block: Block) -> &'static [Op] {
        match block {
            Block::Initial(1) => &[Op::Say("initial")],
            Block::Initial(4) => &[Op::Say("default")],
            _ => &[],
        }
    }
}

#[test]
fn history_restores_what_was_left_and_its_default_runs_once() {
    let mut run = Run::<Histories>::start();
    // Nothing stored: the default's content, not the initial's (387, 388, 580).
    assert_eq!(run.event(A), "-out back +a default +a2");
    assert_eq!(run.event(D), "-a2 -a leave +out");
    assert_eq!(run.event(C), "-out in +a initial +a1");
    assert_eq!(run.event(D), "-a1 -a leave +out");
    // Stored: neither content (579).
    assert_eq!(run.event(A), "-out back +a +a1");
    assert_eq!(run.event(B), "-a1 next +a2");
    assert_eq!(run.event(D), "-a2 -a leave +out");
    assert_eq!(run.event(B), "-out deep +a +a2");
    assert_eq!(run.leaves(), "a2");
}

/// ```text
/// 0 root ─ 1 idle
///        ├ 2 busy: data; spawns child 0
///        └ 3 end (final): returns
/// ```
struct Parent;
impl Plan for Parent {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 3, &[1]).with_on(&[(Trigger::Fault, &[3])]),
            atomic("idle", 0, 1).with_on(&[on(A, &[0])]),
            atomic("busy", 0, 2).with_data().with_entry().with_on(&[
                (Trigger::ChildDone(0), &[1]),
                on(B, &[2]),
                on(C, &[4]),
            ]),
            ending("end", 0, 3).with_return(),
        ],
        &[
            go(1, 0, &[2], "go"),
            go(2, 0, &[3], "done"),
            go(2, 2, &[], "stop"),
            go(0, 0, &[], "failed:"),
            go(2, 0, &[2], "again"),
        ],
    );
    fn ops(block: Block) -> &'static [Op] {
        match block {
            Block::Entry(2) => &[Op::Spawn(0), Op::Spawn(1)],
            Block::Transition(2) => &[Op::Stop(0)],
            _ => &[],
        }
    }
}

#[test]
fn a_child_completes_fails_or_is_stopped() {
    let mut run = Run::<Parent>::start_with(7);
    assert_eq!(run.event(A), "-idle go +busy data busy spawn 0(7) spawn 1(7)");
    // Started anew: the one before is stopped first, and what it reports is stale.
    assert_eq!(run.event(C), "-busy again +busy data busy end 0 spawn 0(7) end 1 spawn 1(7)");
    assert_eq!(run.machine.left, [2]);
    assert_eq!(run.child_failed(0), "!child failed:(child)");
    assert_eq!((run.child_done(0, Some(1)).as_str(), run.outcome), ("", Outcome::Stale));
    assert_eq!(run.event(B), "stop");
    assert_eq!(run.event(C), "-busy again +busy data busy spawn 0(7) end 1 spawn 1(7)");
    // What still runs ends with the machine.
    assert_eq!(run.child_done(0, Some(5)), "-busy done(5) +end end 1");
    assert_eq!(run.machine.left, [2, 2, 2]);
    let core = crate::chart::Chart::core(&run.machine);
    assert!(core.is_done() && core.internal.is_empty());
    assert_eq!(core.result(), Some(&7));
}
