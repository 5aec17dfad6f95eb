//! The places where implementers of statecharts go wrong, one machine each. The numbers are those of the
//! W3C SCXML conformance tests.

use super::{chart::chart, run_word, trace};
use crate::interpreter::{Answers, Cause, Effect, Fault, Input, Interpreter, Outcome, Value};

/// A machine, and rows of: word, the leaves after its last symbol, its output word.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

const CASES: &[Case] = &[
    (
        "403a: the innermost state wins, then document order",
        "C r -> p
           on X -> c / OUTER
           C p -> a
             on X -> b / MIDDLE
             A a
               on X ? no -> b / FIRST
               on X ? yes -> b / SECOND
               on X -> b / THIRD
             A b
           A c",
        &[
            ("X[yes]", "p.b", "SECOND"),
            ("X", "p.b", "THIRD"),
            ("X X", "p.b", "THIRD MIDDLE"),
            ("X X[no]", "p.b", "THIRD MIDDLE"),
        ],
    ),
    (
        "403b: a transition of a common ancestor is taken once for all regions",
        "C r -> p
           P p
             on X / ONCE
             C q -> a
               A a
             C s -> b
               A b",
        &[("X", "p.q.a, p.s.b", "ONCE")],
    ),
    (
        "403c: regions that leave the same states conflict, the first stays; a targetless one never conflicts",
        "C r -> p
           P p
             C q -> a
               A a
                 on X -> out / Q
                 on Y / QY
             C s -> b
               A b
                 on X -> c / S
                 on Y -> out / SY
               A c
           A out",
        &[("X", "out", "Q"), ("Y", "out", "QY SY")],
    ),
    (
        "403c: in a conflict the inner source preempts the outer one",
        "C r -> p
           P p
             on X -> p2 / OUTER
             C q -> a
               A a
             C s -> b
               A b
                 on X -> c / INNER
               A c
           A p2",
        &[("X", "p.q.a, p.s.c", "INNER")],
    ),
    (
        "504: the domain is never parallel, so a transition between regions resets all of them",
        "C r -> p
           P p
             C q -> a
               A a
                 on X -> d
                 on GO -> a2
               A a2
                 on X -> d
             C s -> c
               A c
                 on GO -> c2
               A c2
               A d
             C t -> e
               A e
                 on GO -> e2
               A e2",
        &[("GO", "p.q.a2, p.s.c2, p.t.e2", ""), ("GO X", "p.q.a, p.s.d, p.t.e", "")],
    ),
    (
        "505, 506, 533: internal keeps a compound source active, and only a compound one",
        "C r -> c
           C c -> a
             entry / IN
             exit / OUT
             internal on I -> b / T
             on E -> b / T
             internal on SELF -> c / T
             A a
               internal on LEAF -> a / T
               entry / A
             A b
           P unused
             C u -> v
               A v",
        &[
            ("I", "c.b", "IN A T"),
            ("E", "c.b", "IN A OUT T IN"),
            ("SELF", "c.a", "IN A OUT T IN A"),
            ("LEAF", "c.a", "IN A T A"),
        ],
    ),
    (
        "404, 405, 406: all exits children first, all bodies in document order, all entries parents first",
        "C r -> p
           P p
             exit / xp
             C q -> a
               exit / xq
               A a
                 exit / xa
                 on X -> p2 / t1
             C s -> b
               exit / xs
               A b
                 exit / xb
                 on X / t2
           P p2
             entry / np2
             C q2 -> a2
               entry / nq2
               A a2
                 entry / na2
             C s2 -> b2
               entry / ns2
               A b2
                 entry / nb2",
        &[("X", "p2.q2.a2, p2.s2.b2", "xb xs xa xq xp t1 t2 np2 nq2 na2 ns2 nb2")],
    ),
    (
        "409: a state leaves the configuration only after its own exit list",
        "C r -> c
           C c -> a
             exit / ^iOUT
             A a
               on X -> d
           A d
             on iOUT ? in d / LATE
             entry / D",
        &[("X", "d", "D LATE")],
    ),
    (
        "411, 412, 364, 413: deep and several initial targets; parents are entered first",
        "C r -> b2,d2
           P p
             entry / P
             C b -> b1
               entry / B
               A b1
               A b2
                 entry / B2
             C d -> d1
               C d0 -> d2
                 A d2
                   entry / D2
               A d1",
        &[("", "p.b.b2, p.d.d0.d2", "P B B2 D2")],
    ),
    (
        "a target in one region enters the other regions by default, several targets one each",
        "C r -> off
           A off
             on ONE -> b2
             on TWO -> b2,d2
           P p
             C b -> b1
               A b1
               A b2
             C d -> d1
               A d1
               A d2",
        &[("ONE", "p.b.b2, p.d.d1", ""), ("TWO", "p.b.b2, p.d.d2", "")],
    ),
    (
        "372, 570, 416, 417: done follows the final's entry, the parallel's done its last region's",
        "C r -> p
           P p
             done p -> end / P
             done q / Q
             done s / S
             C q -> a
               A a
                 on X -> f
               F f
                 entry / F
             C s -> b
               A b
                 on Y -> g
               F g
           A end",
        &[("X", "p.q.f, p.s.b", "F Q"), ("X Y", "end", "F Q S P"), ("Y X", "end", "S F Q P")],
    ),
    (
        "419, 421, 423: eventless first, then internal, then external",
        "C r -> a
           A a
             on X -> b / ^iONE; ^iTWO
           A b
             always ? n<1 / ALWAYS; n+1
             on iONE / ONE; @X
             on iTWO / TWO
             on X -> c / EXTERNAL
           A c",
        &[("X", "c", "ALWAYS ONE TWO EXTERNAL")],
    ),
    (
        "189: a message to itself is external, behind everything internal",
        "C r -> a
           A a
             on X / @MINE; ^iRAISED
             on MINE / SENT
             on iRAISED / RAISED",
        &[("X", "a", "RAISED SENT")],
    ),
    (
        "159: a fault aborts its own list only, earlier effects stand; guards that fault are false",
        "C r -> a
           A a
             fault / FAULT
             on X -> b / BEFORE; bad; NEVER
             on Y ? bad -> b / NEVER
             on Y / OTHER
           A b
             fault / FAULT
             entry / ENTERED",
        &[("X", "b", "BEFORE ENTERED FAULT"), ("Y", "a", "OTHER FAULT")],
    ),
    (
        "defer keeps an event for a state that wants it; a transition beats defer; deferred go before external",
        "C r -> busy
           A busy
             defer REQ,OTHER
             on OTHER ? want / WANTED
             on FREE -> idle
           A idle
             on REQ -> busy / SERVED
             on OTHER / OTHER",
        &[
            ("REQ REQ FREE", "busy", "SERVED"),
            ("REQ REQ FREE FREE", "busy", "SERVED SERVED"),
            ("OTHER[want]", "busy", "WANTED"),
            ("OTHER REQ FREE", "busy", "OTHER SERVED"),
            ("REQ OTHER FREE", "busy", "SERVED"),
        ],
    ),
    (
        "an event that any region takes is consumed, though another defers it",
        "C r -> p
           P p
             C q -> a
               A a
                 defer X
                 on GO -> a2
               A a2
                 on X / LATE
             C s -> b
               A b
                 on X -> b2 / TAKEN
               A b2",
        &[("X GO", "p.q.a2, p.s.b2", "TAKEN"), ("X X GO", "p.q.a2, p.s.b2", "TAKEN LATE")],
    ),
    (
        "a targetless transition on the root is tried last, a targeted one leaves everything",
        "C r -> a
           on X / ROOT
           on Y -> b
           A a
             on X ? mine / MINE
             exit / LEFT
           A b",
        &[("X", "a", "ROOT"), ("X[mine]", "a", "MINE"), ("Y", "b", "LEFT")],
    ),
];

#[test]
fn subtleties() {
    for (title, text, rows) in CASES {
        let machine = chart(text);
        for (word, leaves, outputs) in *rows {
            let (states, output) = trace(&machine, word);
            assert_eq!(states.last().unwrap(), leaves, "{title}: leaves after `{word}`");
            assert_eq!(&output, outputs, "{title}: outputs of `{word}`");
        }
    }
}

#[test]
fn exits_are_seen_by_in() {
    // 409: while `a` runs its exit list, `a` is active and its child is not.
    let machine = chart(
        "C r -> c
           C c -> a
             A a
               exit / A
               on X -> d
             exit / C
           A d",
    );
    let mut interpreter = Interpreter::new(&machine);
    interpreter.start();
    let report = interpreter.step(Input::Event { event: 0, args: vec![] });
    let names: Vec<&str> = report.exited.iter().map(|&id| machine.states[id].name.as_str()).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(report.entered, [machine.state("d").unwrap()]);
}

#[test]
fn activities_start_at_the_end_and_late_reports_are_dropped() {
    let machine = chart(
        "C r -> a
           A a
             do load
             always -> b
           A b
             do save
             on SAVE_OK -> c
             on LEAVE -> c
           A c
             do load
             on LOAD_OK / LOADED
             on BACK -> b",
    );
    // 422: `a` was left within the macrostep, so its activity never started.
    let mut interpreter = Interpreter::new(&machine);
    let report = interpreter.start();
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    assert_eq!(effects, ["do save()"]);
    assert_eq!(report.started, [1]);
    let Some(Effect::Start { generation: first, .. }) = report.effects.first() else { panic!("{report:?}") };
    // 252: cancelled on exit; what it reports afterwards is dropped, also when it runs anew.
    let event = |name: &str| Input::Event { event: machine.event(name).unwrap(), args: vec![] };
    let report = interpreter.step(event("LEAVE"));
    assert_eq!(
        report.effects.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["stop save", "do load()"]
    );
    interpreter.step(event("BACK"));
    let late = Input::Report {
        activity: 1,
        generation: *first,
        event: machine.event("SAVE_OK").unwrap(),
        args: vec![],
        last: true,
    };
    let report = interpreter.step(late);
    assert_eq!((report.outcome, interpreter.leaves()), (Outcome::Stale, vec!["b".to_owned()]));
    // The word that names an outcome reports it, so that there is nothing left to stop.
    let run = run_word(&machine, "SAVE_OK LOAD_OK");
    assert_eq!(run.outputs(), ["LOADED"]);
    assert_eq!(run.rows[1].report.cause, Cause::Activity(1));
    assert!(!run.rows[1].report.effects.iter().any(|effect| matches!(effect, Effect::Stop { .. })));
}

#[test]
fn unhandled_is_reported_and_leaves_the_state() {
    let text = "*C r -> a
                  A a
                    on IGNORED
                    on X / ^iNOBODY
                    on Y -> a";
    let mut machine = chart(text);
    crate::interpreter::tests::chart::event(&mut machine, "NEVER");
    let run = run_word(&machine, "IGNORED NEVER X Y");
    let outcomes: Vec<Outcome> = run.rows.iter().map(|row| row.report.outcome).collect();
    use Outcome::{Ignored, Taken, Unhandled};
    assert_eq!(outcomes, [Taken, Ignored, Unhandled, Taken, Taken]);
    let notes: Vec<String> = run.rows.iter().map(super::super::run::Row::note).collect();
    assert_eq!(notes, ["", "ignored", "unhandled", "unhandled iNOBODY", ""]);
    assert!(run.accepted);
    machine.strict = true;
    let run = run_word(&machine, "IGNORED NEVER Y");
    assert_eq!((run.accepted, run.rejected_at), (false, Some(2)));
    assert_eq!(run.verdict(), "rejected at 2: NEVER is unhandled in a; ends in a");
}

#[test]
fn limits_are_faults() {
    let raises = vec!["^iE"; 17].join(";");
    let machine = chart(&format!(
        "C r -> a
           A a
             on X / {raises}
             on iE / E
             defer LATER
             on FREE -> b
             on LOOP -> c
             on SPIN -> d
           A b
             on LATER / L
           A c
             always -> c
           A d
             always ? bad -> d"
    ));
    // The seventeenth is refused, and so is the fault that says so: the queue has no room for it.
    let run = run_word(&machine, "X");
    assert_eq!(run.outputs().len(), 16);
    assert_eq!(run.rows[1].report.faults().collect::<Vec<_>>(), [Fault::QueueFull { limit: 16 }]);
    // Completions have room of their own, those that nobody waits for need none.
    let regions: String = (0..20)
        .map(|at| format!("region r{at} {{ initial x state x {{ on GO -> f / raise I }} final f }}\n"))
        .collect();
    let crowd = super::compiled::machine(&format!(
        "machine Many {{ input {{ GO }} internal {{ I }} output {{ ALL FIRST }} initial p on I
           parallel p {{ on done -> over / emit ALL on done(r0) / emit FIRST {regions} }} final over }}"
    ));
    let run = run_word(&crowd, "GO");
    assert_eq!(run.rows[1].report.faults().collect::<Vec<_>>(), [Fault::QueueFull { limit: 16 }; 4]);
    assert_eq!((run.outputs().len(), run.rows[1].report.after.as_slice()), (2, &["over".to_owned()][..]));

    let run = run_word(&machine, &format!("{} FREE", "LATER ".repeat(65)));
    assert_eq!(run.rows[65].report.faults().collect::<Vec<_>>(), [Fault::DeferredFull { limit: 64 }]);
    assert_eq!(run.rows[65].report.outcome, Outcome::Dropped);
    assert_eq!(run.outputs().len(), 64);
    for word in ["LOOP", "SPIN"] {
        let run = run_word(&machine, word);
        assert_eq!(run.rows[1].report.faults().last(), Some(Fault::Microsteps { limit: 1_000 }), "{word}");
    }
}

#[test]
fn a_final_state_of_the_root_ends_the_machine() {
    let machine = chart(
        "C r -> a
           A a
             do load
             on X -> f / @X+5
             after 30 / NEVER
           F f
             entry / F",
    );
    let run = run_word(&machine, "X X after 60s");
    assert!(run.accepted && run.acceptor);
    let notes: Vec<String> = run.rows.iter().map(|row| row.note()).collect();
    assert_eq!(notes, ["", "", "done", "nothing elapsed"]);
    assert_eq!(run.outputs(), ["F"]);
}

#[test]
fn reports_say_why() {
    let machine = chart(
        "C r -> p
           P p
             C q -> a
               A a
                 on X ? ready -> out
                 on X ? n<1 -> out / n+1
             C s -> b
               A b
                 on X -> out
           A out",
    );
    let mut interpreter = Interpreter::with_world(&machine, Answers::default());
    interpreter.start();
    let report = interpreter.step(Input::Event { event: 0, args: vec![Value::Int(1)] });
    let guards: Vec<(&str, bool)> =
        report.guards.iter().map(|guard| (guard.text.as_str(), guard.value == Ok(true))).collect();
    assert_eq!(guards, [("ready", false), ("n<1", true)]);
    assert_eq!(report.transitions, [1]);
    assert_eq!((report.preempted[0].transition, report.preempted[0].by), (2, 1));
    assert_eq!(report.changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["n: 0 → 1"]);
    assert_eq!(
        (report.before, report.after),
        (vec!["p.q.a".to_owned(), "p.s.b".to_owned()], vec!["out".to_owned()])
    );
    assert_eq!(report.event, "X");
}
