//! The internal queue, faults, timers and activities (notes 12 to 15), and the limits.

use super::probe::*;
use crate::{
    chart::{Block, Core, Input, Outcome, Tables, Trigger},
    value::Fault,
};

/// ```text
/// 0 root ─ 1 start, 2 mid, 3 end, 4 trap
/// ```
struct Queues;
impl Plan for Queues {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 5, &[1]).with_on(&[(Trigger::Fault, &[5])]),
            atomic("start", 0, 1).with_on(&[on(A, &[0]), on(B, &[6]), on(C, &[8]), on(D, &[9])]),
            atomic("mid", 0, 2)
                .with_on(&[(Trigger::Always, &[1]), on(B, &[2]), on(C, &[3])])
                .with_activity(0),
            atomic("end", 0, 3)
                .with_on(&[on(B, &[4]), (Trigger::Timer(0), &[7])])
                .with_timer(0)
                .with_activity(1),
            atomic("loop", 0, 4).with_on(&[(Trigger::Always, &[10])]),
            atomic("flood", 0, 5).with_on(&[(Trigger::Always, &[11])]).with_entry(),
        ],
        &[
            go(1, 0, &[2], "start:A"),
            go(2, 0, &[3], "mid:always").guarded(),
            go(2, 2, &[], "mid:B"),
            go(2, 2, &[], "mid:C"),
            go(3, 3, &[], "end:B"),
            go(0, 0, &[], "fault"),
            go(1, 1, &[], "start:B"),
            go(3, 0, &[3], "end:after"),
            go(1, 0, &[4], "start:C"),
            go(1, 0, &[5], "start:D"),
            go(4, 0, &[4], "loop"),
            go(5, 5, &[], "flood").guarded(),
        ],
    );
    fn guard(transition: u16, var: i64, _core: &Core<Sizes>) -> Result<bool, Fault> {
        match transition {
            1 => Ok(var == 2),
            11 => Err(Fault::DivisionByZero),
            _ => Ok(true),
        }
    }
    fn ops(block: Block) -> &'static [Op] {
        const FLOOD: [Op; 17] = [Op::Raise(B); 17];
        match block {
            Block::Transition(0) => &[Op::Raise(B), Op::Raise(C)],
            Block::Transition(2) => &[Op::Set(2)],
            Block::Transition(6) => &[Op::Raise(A), Op::Fail, Op::Set(7)],
            Block::Entry(5) => &FLOOD,
            _ => &[],
        }
    }
}

#[test]
fn eventless_before_internal_before_external() {
    let mut run = Run::<Queues>::start();
    // B is raised before C; the eventless transition that B enables runs before C (419, 421); C is then
    // unmatched, and reported (423). The activity of `mid` never starts: its state was left before the
    // macrostep ended (422), that of `end` starts last.
    assert_eq!(run.event(A), "-start start:A +mid mid:B -mid mid:always +end arm 0 ?C do 1");
    assert_eq!(run.outcome, Outcome::Taken);
}

#[test]
fn a_fault_aborts_its_block_only() {
    let mut run = Run::<Queues>::start();
    // What came before the fault stands: A was raised, and runs before the fault does (159, 376).
    assert_eq!(
        run.event(B),
        "start:B !overflow -start start:A +mid fault mid:B -mid mid:always +end arm 0 ?C do 1"
    );
    assert_eq!(run.machine.var, 2);
}

#[test]
fn limits_end_a_macrostep() {
    let mut run = Run::<Queues>::start();
    let told = run.event(C);
    assert_eq!(
        told.matches("loop").count() - told.matches("+loop").count() - told.matches("-loop").count(),
        50
    );
    assert!(told.ends_with("+loop !microsteps"), "{told}");
    // Sixteen raised events fit; the seventeenth aborts the entry list. The guard faults again whenever
    // it is looked at, its own fault included: the limit ends that too.
    let mut run = Run::<Queues>::start();
    let told = run.event(D);
    assert!(told.starts_with("-start start:D +flood !queue_full !division_by_zero ?B"), "{told}");
    assert!(told.ends_with("!division_by_zero fault !microsteps"), "{told}");
    assert_eq!(told.matches("?B").count(), 16, "{told}");
    assert_eq!(told.matches("!division_by_zero").count(), 50, "{told}");
}

/// Two regions that finish together; nobody waits for the first.
struct Crowd;
impl Plan for Crowd {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 8, &[1]).with_on(&[(Trigger::Fault, &[4])]),
            parallel("p", 0, 7).with_on(&[(Trigger::Done(1), &[3])]).awaited(),
            compound("q", 1, 4, &[3]),
            atomic("q1", 2, 3).with_on(&[on(A, &[0])]),
            ending("q2", 2, 4),
            compound("r", 1, 7, &[6]).with_on(&[(Trigger::Done(5), &[2])]).awaited(),
            atomic("r1", 5, 6).with_on(&[on(A, &[1])]),
            ending("r2", 5, 7),
            atomic("over", 0, 8),
        ],
        &[
            go(3, 2, &[4], "q:A"),
            go(6, 5, &[7], "r:A"),
            go(5, 5, &[], "r:done"),
            go(1, 0, &[8], "p:done"),
            go(0, 0, &[], "fault"),
        ],
    );
    fn ops(block: Block) -> &'static [Op] {
        const FILL: [Op; 17] = [Op::Raise(D); 17];
        match block {
            Block::Transition(0) => &FILL,
            Block::Transition(2) => &[Op::Raise(C), Op::Raise(C)],
            _ => &[],
        }
    }
}

#[test]
fn a_completion_finds_room_beside_what_was_raised() {
    let mut run = Run::<Crowd>::start();
    let told = run.event(A);
    // Sixteen of the seventeen fit, and so do the two completions that somebody waits for, but not the fault.
    assert!(told.starts_with("-r1 -q1 q:A !queue_full r:A +q2 +r2 ?D"), "{told}");
    assert_eq!(told.matches("?D").count(), 16, "{told}");
    assert!(told.ends_with("?D r:done -r2 -r -q2 -q -p p:done +over ?C ?C"), "{told}");
}

#[test]
fn a_timer_belongs_to_one_stay() {
    let mut run = Run::<Queues>::start();
    run.event(A);
    // Not re-armed by a transition within the state, re-armed by re-entry.
    assert_eq!(run.event(B), "end:B");
    assert_eq!(run.elapsed(0), "stop 1 -end end:after +end arm 0 do 1");
    assert_eq!(run.outcome, Outcome::Taken);
    let stale = run.step(Input::Elapsed { timer: 0, generation: 1 });
    assert_eq!((stale.as_str(), run.outcome), ("", Outcome::Stale));
    assert_eq!(run.elapsed(3), "");
    assert_eq!(run.outcome, Outcome::Stale);
}

#[test]
fn an_outside_fault_is_raised() {
    let mut run = Run::<Queues>::start();
    assert_eq!(run.step(Input::Fault(Fault::Undelivered)), "!undelivered fault");
}

/// A service in a compound state whose substates differ in what they do with its events.
struct Served;
impl Plan for Served {
    const TABLES: &'static Tables = &tables(
        &[
            compound("root", 0, 4, &[1]).with_on(&[(Trigger::Fault, &[4])]),
            compound("s", 0, 3, &[2]).with_on(&[on(B, &[0]), on(D, &[5])]).with_activity(0),
            atomic("s1", 1, 2).with_on(&[on(C, &[1])]).with_defer(&[A]),
            atomic("s2", 1, 3).with_on(&[on(A, &[2])]),
            atomic("idle", 0, 4).with_on(&[on(A, &[3])]),
        ],
        &[
            go(1, 0, &[4], "s:B"),
            go(2, 1, &[3], "s1:C"),
            go(3, 3, &[], "s2:A"),
            go(4, 4, &[], "idle:A"),
            go(0, 0, &[], "fault"),
            go(1, 0, &[1], "s:D"),
        ],
    );
}

#[test]
fn a_result_lives_as_long_as_its_state() {
    // Each row: whether it is the last, the events after it, what they lead to, the outcome of a second
    // report of the same generation.
    let rows: &[(bool, &[u16], &str, Outcome)] = &[
        // Deferred, then wanted within the state.
        (true, &[C], "-s1 s1:C +s2 s2:A", Outcome::Stale),
        (false, &[C], "-s1 s1:C +s2 s2:A", Outcome::Taken),
        // Deferred, then its state is left: dropped (252), though `idle` would want it. An activity that
        // has ended is not cancelled.
        (true, &[B], "-s1 -s s:B +idle", Outcome::Stale),
        (false, &[B], "-s1 stop 0 -s s:B +idle", Outcome::Stale),
        // Left and entered again: a new generation.
        (true, &[D], "-s1 -s s:D +s +s1 do 0", Outcome::Stale),
    ];
    for (last, events, told, again) in rows {
        let mut run = Run::<Served>::start();
        let generation = run.generation(0);
        assert_eq!(run.report(0, A, *last), "");
        assert_eq!(run.outcome, Outcome::Deferred);
        for event in *events {
            assert_eq!(run.event(*event), *told, "last: {last}");
        }
        run.step(Input::Report { activity: 0, generation, event: Event(A, 0), last: true });
        assert_eq!(run.outcome, *again, "last: {last}, {events:?}");
    }
}

#[test]
fn a_fault_of_a_services_arguments_is_raised() {
    let run = Run::<Served>::start_with(-1);
    assert_eq!(run.told(), "+root +s +s1 !division_by_zero fault");
}
