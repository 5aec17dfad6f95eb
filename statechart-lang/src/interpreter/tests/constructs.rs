//! History, default content, data of states, blocks, finals with data, undo, named messages, children.

use super::{chart::chart, run_word, trace};
use crate::interpreter::{Effect, Fault, Input, Interpreter, Outcome, Value};

/// A machine, and rows of: word, the leaves after its last symbol, its output word.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

const CASES: &[Case] = &[
    (
        "387: nothing stored, so the default; 388: deep restores leaves, shallow the child with its default",
        "C r -> out
           A out
             on SHALLOW -> h
             on DEEP -> d
             on IN -> p
           C p -> a
             on OUT -> out
             H h -> b
             D d -> b2
             A a
               on GO -> b2
             C b -> b1
               A b1
                 on GO -> b2
               A b2
                 on GO -> a",
        &[
            ("SHALLOW", "p.b.b1", ""),
            ("DEEP", "p.b.b2", ""),
            ("IN OUT SHALLOW", "p.a", ""),
            ("IN GO OUT SHALLOW", "p.b.b1", ""),
            ("IN GO OUT DEEP", "p.b.b2", ""),
            // 580: a record is made anew each time.
            ("IN GO GO OUT DEEP", "p.a", ""),
            ("DEEP OUT IN OUT DEEP", "p.a", ""),
        ],
    ),
    (
        "579: default history content runs after the parent's entry, and only when nothing is stored",
        "C r -> out
           A out
             on H -> h
           C p -> a / INITIAL
             entry / P
             H h -> b / DEFAULT
             A a
               entry / A
             A b
               entry / B
             on OUT -> out
             on AGAIN -> p",
        &[
            ("H", "p.b", "P DEFAULT B"),
            ("H OUT H", "p.b", "P DEFAULT B P B"),
            ("H AGAIN", "p.a", "P DEFAULT B P INITIAL A"),
            ("H AGAIN OUT H", "p.a", "P DEFAULT B P INITIAL A P A"),
        ],
    ),
    (
        "409: the record is made before any exit list runs, of all that is left at once",
        "C r -> p
           P p
             D d -> l1, m1
             C l -> l1
               H hl -> l1
               A l1
                 on GO -> l2
               A l2
             C m -> m1
               A m1
                 on GO -> m2
                 on HL -> l1
               A m2
             on OUT -> out
           A out
             on BACK -> d
             on HL -> hl",
        &[
            ("OUT BACK", "p.l.l1, p.m.m1", ""),
            ("GO OUT BACK", "p.l.l2, p.m.m2", ""),
            // A history in one region enters the others by default.
            ("GO OUT HL", "p.l.l2, p.m.m1", ""),
        ],
    ),
    (
        "a history of a parallel state restores its regions; without a default it enters all of them",
        "C r -> out
           A out
             on H -> h
             on D -> d
           P p
             H h
             D d
             C l -> l1
               A l1
                 on GO -> l2
               A l2
             C m -> m1
               A m1
                 on GO -> m2
               A m2
             on OUT -> out",
        &[
            ("H", "p.l.l1, p.m.m1", ""),
            ("H GO OUT H", "p.l.l1, p.m.m1", ""),
            ("H GO OUT D", "p.l.l2, p.m.m2", ""),
        ],
    ),
    (
        "a history as a target from inside its parent: only leaving the parent makes a record",
        "C r -> p
           C p -> a
             H h -> b
             exit / XP
             on BACK -> h
             internal on STAY -> h
             A a
               exit / XA
               on SELF -> h
             A b",
        &[
            ("SELF", "p.b", "XA"),
            ("STAY", "p.b", "XA"),
            ("BACK", "p.a", "XA XP"),
            ("STAY BACK STAY", "p.b", "XA XP"),
            ("BACK SELF", "p.a", "XA XP XA"),
        ],
    ),
    (
        "an initial may lead to a history: the first time by default, then to where it was",
        "C r -> out
           A out
             on IN -> p
           C p -> h
             H h -> b
             A a
             A b
               on GO -> a
             on OUT -> out",
        &[("IN", "p.b", ""), ("IN GO OUT IN", "p.a", "")],
    ),
    (
        "9: entry, then initial content, then the children; content only by default; several initial states",
        "C r -> p / R
           C p -> a1, b2 / INITIAL
             entry / P
             P q
               entry / Q
               C a -> a1 / NOT
                 A a1
                   entry / A1
               C b -> b1 / NOT
                 A b1
                 A b2
                   entry / B2
             on DIRECT -> b1",
        &[
            ("", "p.q.a.a1, p.q.b.b2", "R P INITIAL Q A1 B2"),
            ("DIRECT", "p.q.a.a1, p.q.b.b1", "R P INITIAL Q A1 B2 P Q NOT A1"),
        ],
    ),
    (
        "data are set before entry, read by everything inside, gone with the state",
        "C r -> a
           A a
             on GO -> s(7)
           C s(x,y=2) -> t(x)
             data z=y
             entry / IN(x); IN(y); IN(z); z := x
             exit / OUT(x)
             on AGAIN -> s(z,x) / BODY(x)
             on LEAVE -> a / BODY(z)
             A t(u)
               entry / T(u)
               on SET / x := 9; T(x)",
        &[
            ("GO", "s.t", "IN(v: 7) IN(v: 2) IN(v: 2) T(v: 7)"),
            ("GO SET LEAVE", "a", "IN(v: 7) IN(v: 2) IN(v: 2) T(v: 7) T(v: 9) OUT(v: 9) BODY(v: 7)"),
            (
                "GO AGAIN",
                "s.t",
                "IN(v: 7) IN(v: 2) IN(v: 2) T(v: 7) OUT(v: 7) BODY(v: 7) IN(v: 7) IN(v: 7) IN(v: 7) T(v: 7)",
            ),
        ],
    ),
    (
        "a fault in a pass means not enabled, in a default zero; both are raised",
        "C r -> a
           A a
             on GO -> s(bad) / NEVER
             on GO -> s(3) / SECOND
             on BAD -> s2
             fault / FAULT
           A s(x)
             entry / X(x)
             fault / FAULT
           A s2(x=bad)
             entry / X(x)
             fault / FAULT",
        &[("GO", "s", "SECOND X(v: 3) FAULT"), ("BAD", "s2", "X(v: 0) FAULT")],
    ),
    (
        "if takes the first arm that holds, for goes through a list once; a fault ends the whole list",
        "C r -> a
           A a
             on IF / if n<1 { YES; n+1 } else { NO }; AFTER
             on FOR / for 1,2,3 { ITEM(i); n := i }; AFTER
             on BAD / for 1,2 { ITEM(i); if i<2 { bad }; NEVER }; NEVER
             fault / FAULT",
        &[
            ("IF IF", "a", "YES AFTER NO AFTER"),
            ("FOR", "a", "ITEM(v: 1) ITEM(v: 2) ITEM(v: 3) AFTER"),
            ("BAD", "a", "ITEM(v: 1) FAULT"),
        ],
    ),
    (
        "372: done carries what the final state returned, computed after its entry list",
        "C r -> p
           C p -> a
             A a
               on X -> f
               on Y -> g
             F f
               entry / n := 5
               return n
             F g
               return bad
             done p -> end / GOT(result)
             fault / FAULT
           F end
             return n",
        // The fault is looked at first: it was raised before the completion.
        &[("X", "end", "GOT(v: 5)"), ("Y", "end", "FAULT GOT(v: 0)")],
    ),
    (
        "compensate runs backwards what was done since the last commit; a fault leaves the rest",
        "C r -> a
           A a
             on STEP / A undo UA; B undo UB
             on KEEP / commit
             on BACK / compensate; END
             on FAIL / A undo UA; bad",
        &[
            ("STEP BACK", "a", "A B UB UA END"),
            ("STEP KEEP STEP BACK BACK", "a", "A B A B UB UA END END"),
            ("FAIL BACK", "a", "A UA END"),
            ("KEEP BACK", "a", "END"),
        ],
    ),
    (
        "a named message is under way once: another replaces it, cancel forgets it",
        "C r -> a
           A a
             on SEND / @X+5 as id
             on OTHER / @Y+2 as id
             on NOT / cancel id
             on X / GOT
             on Y / GOTY",
        &[
            ("SEND +4s SEND +4s", "a", ""),
            ("SEND +4s SEND +5s", "a", "GOT"),
            ("SEND OTHER +9s", "a", "GOTY"),
            ("SEND NOT NOT +9s", "a", ""),
        ],
    ),
];

#[test]
fn constructs() {
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
fn children_run_until_they_are_done_or_stopped() {
    let machine = chart(
        "C r -> a
           A a
             on SPAWN / spawn w
             on STOP / stop w
             on PING / w!PING
             on IN -> b
             childdone w / DONE(result)
             fault / FAULT
           A b
             run w
             childdone w -> f
             on OUT -> a
             fault / FAULT
           F f
             return 1",
    );
    let effects = |word: &str| -> Vec<String> {
        let run = run_word(&machine, word);
        run.rows.iter().flat_map(|row| &row.report.effects).map(ToString::to_string).collect()
    };
    // A second spawn under the same id replaces the first; a message to a child that does not run is a fault.
    assert_eq!(
        effects("SPAWN SPAWN PING STOP STOP PING"),
        [
            "spawn Worker() as w",
            "stop w",
            "spawn Worker() as w",
            "send w PING",
            "stop w",
            "fault undelivered: a message could not be delivered",
            "emit FAULT",
        ]
    );
    assert_eq!(effects("SPAWN done(w, result: 42)"), ["spawn Worker() as w", "emit DONE(v: 42)"]);
    assert_eq!(effects("SPAWN done(w) PING").last().unwrap(), "emit FAULT");
    // A `do` starts at the end of the macrostep and ends with its state; done, there is nothing left to stop.
    assert_eq!(effects("IN OUT"), ["spawn Worker() as w", "stop w"]);
    assert_eq!(effects("IN done(w)"), ["spawn Worker() as w"]);
    // One that runs when the machine is done is stopped.
    let run = run_word(&machine, "done(w) SPAWN IN");
    assert_eq!(run.rows[1].report.outcome, Outcome::Stale);

    let mut interpreter = Interpreter::new(&machine);
    interpreter.start();
    let spawn = |interpreter: &mut Interpreter<'_>| {
        let event = machine.event("SPAWN").unwrap();
        let report = interpreter.step(Input::Event { event, args: vec![] });
        let spawned = report.effects.into_iter().rev().find_map(|effect| match effect {
            Effect::Spawn { generation, .. } => Some(generation),
            _ => None,
        });
        spawned.unwrap()
    };
    let first = spawn(&mut interpreter);
    let second = spawn(&mut interpreter);
    let late =
        interpreter.step(Input::ChildDone { child: 0, generation: first, result: Some(Value::Int(1)) });
    assert_eq!(late.outcome, Outcome::Stale);
    let failed = interpreter.step(Input::ChildFailed { child: 0, generation: second });
    assert_eq!(failed.faults().collect::<Vec<_>>(), [Fault::Child]);
    assert_eq!(failed.outputs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["FAULT"]);
    assert_eq!(interpreter.children().count(), 0);
}

#[test]
fn the_end_of_a_machine_ends_its_children_and_returns() {
    let machine = chart(
        "C r -> a
           A a
             on SPAWN / spawn w; spawn v
             on END -> f
           F f
             return n",
    );
    let mut interpreter = Interpreter::new(&machine);
    interpreter.start();
    interpreter.step(Input::Event { event: 0, args: vec![] });
    assert_eq!((interpreter.children().count(), interpreter.result()), (2, None));
    let report = interpreter.step(Input::Event { event: 1, args: vec![] });
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    assert_eq!(effects, ["stop w", "stop v"]);
    assert_eq!((interpreter.is_done(), interpreter.result()), (true, Some(&Value::Int(0))));
}

#[test]
fn limits_are_those_of_the_spec() {
    let mut machine = chart(
        "C r -> a
           A a
             on RAISE / ^iE; ^iE; ^iE
             on UNDO / A undo B; A undo B; A undo B
             on LOOP -> b
             on iE / E
             defer LATER
           A b
             always -> b",
    );
    machine.limits = crate::model::Limits { internal: 2, deferred: 1, microsteps: 9, undo: 2 };
    let faults = |word: &str| -> Vec<Fault> {
        run_word(&machine, word).rows.iter().flat_map(|row| row.report.faults()).collect()
    };
    assert_eq!(faults("RAISE"), [Fault::QueueFull { limit: 2 }]);
    assert_eq!(faults("UNDO"), [Fault::UndoFull { limit: 2 }]);
    assert_eq!(faults("LATER LATER"), [Fault::DeferredFull { limit: 1 }]);
    assert_eq!(faults("LOOP"), [Fault::Microsteps { limit: 9 }]);
    let kinds: Vec<&str> = faults("RAISE").into_iter().map(Fault::kind).collect();
    assert_eq!(kinds, ["queue_full"]);
}

#[test]
fn parameters_of_the_machine_are_there_from_the_start() {
    let mut machine = chart(
        "C r(id,size=3) -> a
           entry / IN(id); IN(size)
           A a
             on X / OUT(id)",
    );
    machine.context[0].initial = super::notation::term(&machine, 0, "id");
    for (params, wanted) in [(vec![Value::Int(5), Value::Int(6), Value::Int(7)], "5 6"), (vec![], "0 3")] {
        let mut interpreter = Interpreter::new(&machine).with_params(params);
        let report = interpreter.start();
        let values: Vec<String> =
            report.outputs.iter().map(|signal| signal.fields[0].1.to_string()).collect();
        assert_eq!(values.join(" "), wanted);
        let id = wanted.split(' ').next().unwrap();
        assert_eq!(interpreter.context()[0].to_string(), id);
        let report = interpreter.step(Input::Event { event: 0, args: vec![] });
        assert_eq!(report.outputs[0].to_string(), format!("OUT(v: {id})"));
    }
}

#[test]
fn quiet_steps_lead_to_the_same_place() {
    let machine = chart(
        "C r -> a
           A a
             on X ? n<3 -> b / OUT; n+1; ^iE
             on iE / E
           A b
             on X -> a
             always ? n<2 -> a",
    );
    let mut loud = Interpreter::new(&machine);
    let mut quiet = Interpreter::new(&machine).quiet();
    let mut half = Interpreter::new(&machine);
    loud.start();
    half.start();
    assert_eq!(quiet.start().after, Vec::<String>::new());
    for _ in 0..9 {
        let input = Input::Event { event: 0, args: vec![] };
        let report = loud.step(input.clone());
        let silent = quiet.step(input.clone());
        assert_eq!((silent.outcome, silent.effects.len()), (report.outcome, 0));
        assert_eq!(half.step_quiet(input), report.outcome);
        assert_eq!(loud.leaves(), quiet.leaves());
        assert_eq!((loud.leaves(), loud.context()), (half.leaves(), half.context()));
    }
    assert!(!half.step(Input::Event { event: 0, args: vec![] }).after.is_empty());
}
