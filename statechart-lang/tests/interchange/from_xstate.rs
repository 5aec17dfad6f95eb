//! XState configurations.

use super::{faithful, model, run, xstate};

#[test]
fn xstate_becomes_text_that_reads_like_a_spec() {
    let imported = xstate(
        r##"{
  "id": "light switch", "initial": "off", "context": {"count": 0, "who": null},
  "states": {
    "off": {"on": {"TOGGLE": {"target": "on", "guard": {"type": "and", "guards": ["mayUse", {"type": "not", "guards": [{"type": "stateIn", "params": {"stateId": "#err"}}]}]},
            "actions": [{"type": "xstate.assign", "assignment": {"count": 1}}, {"type": "track", "params": {"what": "on"}}]},
            "*": ".", "BREAK": "#err"}},
    "on": {"initial": "dim", "entry": "shine", "after": {"5000": "off"},
      "on": {"BRIGHT": ".bright", "AGAIN": {"target": "on", "reenter": true}, "STAY": {"actions": {"type": "xstate.raise", "event": {"type": "PING", "n": 1}}}},
      "states": {"dim": {"on": {"foo.*": "bright"}}, "bright": {"tags": ["loud"], "on": {"foo.bar": {}}},
                 "h": {"type": "history", "history": "deep", "target": "bright"}}},
    "broken": {"id": "err", "invoke": {"src": "repair", "id": "r", "input": {"times": 2}, "onDone": "off", "onError": {"actions": {"type": "xstate.emit", "event": {"type": "GAVE_UP"}}}},
      "type": "parallel", "states": {"x": {}, "y": {"initial": "z", "states": {"z": {"type": "final", "output": 7}}}}}
  }
}"##
        .replace("\"*\": \".\", ", "")
        .as_str(),
    );
    let text = faithful(&imported).to_owned();
    for part in [
        "machine LightSwitch \"light switch\" {",
        "    guard mayUse\n",
        "    action track(what: Text)\n",
        "    service repair(times: Int) -> 'xstate.done.actor.r' ! 'xstate.error.actor.r'\n",
        "on TOGGLE [mayUse and not in(broken)] -> on_ / count := 1, track(\"on\")",
        "on BREAK -> broken",
        "state on_ \"on\" {",
        "entry / shine\n",
        "after 5s -> off",
        "internal on BRIGHT -> bright",
        "on AGAIN -> self",
        "on STAY / raise PING(n: 1)",
        "state bright #loud {",
        "deep history h -> bright",
        "do repair(2)",
        "on 'xstate.done.actor.r' -> off",
        "on 'xstate.error.actor.r' / emit GAVE_UP",
        "return 7",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn where_xstate_and_w3c_differ_is_a_loss() {
    for (json, said) in [
        // A region that enters itself again: XState leaves the region, W3C the parallel state.
        (
            r#"{"type": "parallel", "states": {"a": {}, "p": {"type": "parallel", "entry": "in", "states": {"x": {"on": {"E": {"target": "x", "reenter": true}}}, "y": {}}}}}"#,
            "XState stays in",
        ),
        (
            r#"{"initial": "a", "states": {"a": {"on": {"E": {"actions": {"type": "xstate.assign"}}}}}}"#,
            "`assign` by a function",
        ),
        (r#"{"initial": "a", "states": {"a": {"after": {"SOON": "a"}}}}"#, "how long the delay `SOON` is"),
        (r##"{"initial": "a", "states": {"a": {"on": {"E": "#none"}}}}"##, "no such state"),
    ] {
        let imported = xstate(json);
        assert!(
            imported.notes.iter().any(|note| note.lost && note.text.contains(said) && note.at.line == 1),
            "{json}\n{:?}",
            imported.notes
        );
        model(&imported.text);
    }
}

#[test]
fn xstate_computes_where_a_text_is_code_on_the_context() {
    let imported = xstate(
        r#"{"id": "m", "initial": "a", "context": {"n": 1, "ratio": 0.5, "on": true, "user": {"age": 3}}, "delays": {"SOON": 1500},
            "states": {"a": {"after": {"SOON": "b"}, "on": {
                "INC": {"actions": {"type": "xstate.assign", "assignment": {"n": "({ context }) => context.n * 2 + 1", "ratio": "context.ratio + 1"}}},
                "GO": [{"guard": {"type": "and", "guards": ["({context}) => context.n > 3 && context.user.age === 3", {"type": "or", "guards": ["context.on"]}]}, "target": "b"}]}},
              "b": {"entry": [{"type": "xstate.emit", "event": {"type": "E", "x": 1}}, {"type": "xstate.emit", "event": {"type": "E", "y": "t"}}]}}}"#,
    );
    let text = faithful(&imported);
    for part in [
        "n := n * 2 + 1, ratio := ratio + 1.0",
        "after 1500ms -> b",
        "n > 3 and user_age == 3",
        "output { E(x: Int?, y: Text?) }",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(run(&imported, &["INC", "GO"]), ["a"]);
    assert_eq!(run(&imported, &["INC", "INC", "GO"]), ["b"]);
}

/// The text of a faithful import has these parts.
fn says(json: &str, parts: &[&str]) {
    let imported = xstate(json);
    let text = faithful(&imported);
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn fields_of_events_are_declared_by_being_read() {
    says(
        r#"{"id": "m", "initial": "a", "context": {"n": 0, "who": null, "s": "x"}, "states": {"a": {"on": {
              "INC": {"guard": "({ event }) => event.by > 2", "actions": {"type": "xstate.assign", "assignment": {"n": "({ context, event }) => context.n + event.by"}}},
              "WHO": {"actions": {"type": "xstate.assign", "assignment": {"who": "({ event }) => event.name", "s": "({ event }) => event.type"}}},
              "T": {"target": "b", "guard": "({event}) => event.v === 1"}},
              "entry": {"type": "xstate.raise", "event": {"type": "T", "v": 1}}},
            "b": {"invoke": {"src": "load", "id": "l", "onDone": {"target": "c", "actions": {"type": "xstate.assign", "assignment": {"who": "({ event }) => event.output"}}}}},
            "c": {"initial": "d", "states": {"d": {"type": "final", "output": 7}}, "onDone": {"guard": "({ event }) => event.output > 6", "actions": {"type": "xstate.assign", "assignment": {"n": "({ event }) => event.output"}}}}}}"#,
        &[
            "INC(by: Int)",
            "on INC [event.by > 2] / n := n + event.by",
            "WHO(name: Text)",
            "who := event.name, s := \"WHO\"",
            "T(v: Int)",
            "on T [event.v == 1] -> b",
            "'xstate.done.actor.l'(output_: Text)",
            "who := event.output_",
            "on done [event.result > 6] / n := event.result",
        ],
    );
    // What a sender may leave out is undefined then.
    let imported = xstate(
        r#"{"initial": "a", "states": {"a": {"entry": {"type": "xstate.raise", "event": {"type": "T"}}, "on": {"T": {"target": "b", "guard": "({event}) => event.v === 1"}}}, "b": {}}}"#,
    );
    assert!(!imported.is_faithful(), "{}", imported.text);
}

#[test]
fn wildcards_are_asked_after_names_and_the_longest_first() {
    let imported = xstate(
        r#"{"initial": "a", "context": {"n": 0}, "states": {"a": {"on": {
              "foo.bar": {"guard": "context.n > 0", "target": "b"}, "foo.*": "c", "*": "d", "foo.baz": {"actions": []}}},
            "b": {"on": {"foo.qux": {}, "else": {}}}, "c": {}, "d": {}}}"#,
    );
    for (event, state) in [("foo.bar", "c"), ("foo.baz", "a"), ("foo.qux", "c"), ("else", "d")] {
        assert_eq!(run(&imported, &[event]), [state], "{}", imported.text);
    }
}

#[test]
fn a_timer_sets_off_one_transition() {
    let imported = xstate(
        r#"{"initial": "a", "context": {"n": 0}, "states": {"a": {"after": {"1000": [
              {"guard": "context.n < 1", "actions": {"type": "xstate.assign", "assignment": {"n": "context.n + 1"}}},
              {"guard": "context.n < 5", "target": "b"}, {"target": "c"}]}, "on": {"E": {"target": "a", "reenter": true}}}, "b": {}, "c": {}}}"#,
    );
    assert_eq!(run(&imported, &["+1000"]), ["a"], "{}", imported.text);
    assert_eq!(run(&imported, &["+1000", "E", "+1000"]), ["b"], "{}", imported.text);
}

#[test]
fn data_that_are_computed_are_computed() {
    says(
        r#"{"initial": "a", "context": {"who": "bob", "n": 1}, "states": {"a": {
              "entry": [{"type": "xstate.log", "value": "({ context }) => context.who"}, {"type": "greet", "params": {"who": "({ context }) => context.who", "times": 2}},
                        {"type": "xstate.emit", "event": {"type": "HI", "n": "({ context }) => context.n + 1"}}],
              "invoke": {"src": "load", "id": "l", "input": "({ context }) => context.n"}}}}"#,
        &[
            "log who",
            "greet(who, 2)",
            "action greet(who: Text, times: Int)",
            "emit HI(n: n + 1)",
            "do load(n)",
        ],
    );
    let imported = xstate(
        r#"{"initial": "a", "states": {"a": {"entry": {"type": "greet", "params": {"who": "({ context }) => context.who.toUpperCase()"}}}}}"#,
    );
    assert!(!imported.is_faithful(), "{}", imported.text);
}

#[test]
fn configurations_of_the_version_before_and_those_that_are_written_out() {
    says(
        r##"{"id": "m", "initial": "a", "states": {
              "a": {"onEntry": "hello", "onExit": "bye", "on": {"E": {"cond": "g", "in": "#m.a", "target": "b"}}},
              "b": {"id": "m.b", "type": "final", "history": false, "data": 3, "entry": [], "transitions": [], "tags": []}}}"##,
        &["entry / hello", "exit / bye", "on E [g and in(a)] -> b", "final b {", "return 3"],
    );
    let imported = xstate(r#"{"initial": "a", "states": {"a": {"activities": ["beeping"]}}}"#);
    assert!(imported.notes.iter().any(|note| note.lost && note.text.contains("activities")));
}

#[test]
fn a_parallel_state_that_does_nothing_itself_may_be_left() {
    let imported = xstate(
        r##"{"initial": "p", "states": {"p": {"type": "parallel", "states": {
              "x": {"initial": "x1", "states": {"x1": {"on": {"E": "#y2"}}}},
              "y": {"initial": "y1", "states": {"y1": {"on": {"N": "y3"}}, "y2": {"id": "y2"}, "y3": {}}}}}}}"##,
    );
    assert_eq!(run(&imported, &["N", "E"]), ["p.x.x1", "p.y.y2"], "{}", imported.text);
}

#[test]
fn guards_take_for_true_what_ecmascript_does() {
    for (js, sc) in [
        ("context.n", "n != 0"),
        ("!context.s", "not s != \"\""),
        ("context.user", "user != none and user != \"\""),
        ("context.user != null && context.n", "user != none and n != 0"),
        ("context.user === null", "user == none"),
        ("context.user === 'bob'", "user == \"bob\""),
        ("context.id === 7", "id == 7"),
        ("context.l.length > 1", "len(l) > 1"),
        ("(context.id ?? 3) > 2", "(id ?? 3) > 2"),
        ("context.n % 2 === 0", "n % 2 == 0"),
        ("context.f / 2 < 1", "f / 2.0 < 1.0"),
        ("({ event }) => event.ok", "event.ok"),
        ("({ event }) => !event.ok && context.n > event.n", "not event.ok and n > event.n"),
    ] {
        says(
            &format!(
                r#"{{"initial": "a", "context": {{"n": 1, "s": "x", "user": null, "id": null, "l": [1], "f": 0.5}}, "states": {{"a": {{"on": {{
                   "E": {{"guard": "{js}", "target": "b"}}, "SET": {{"actions": {{"type": "xstate.assign", "assignment": {{"id": 4}}}}}}}}}}, "b": {{}}}}}}"#
            ),
            &[&format!("on E [{sc}] -> b"), "id: Int? = none"],
        );
    }
    let imported = xstate(
        r#"{"initial": "a", "context": {"n": 1}, "states": {"a": {"on": {"E": {"guard": "context.n / 2 > 1", "target": "b"}}}, "b": {}}}"#,
    );
    assert!(!imported.is_faithful(), "{}", imported.text);
}

#[test]
fn what_the_machine_returns_stands_at_its_root() {
    says(
        r#"{"initial": "a", "context": {"n": 1}, "output": "({ context }) => context.n", "states": {"a": {"on": {"E": "b"}}, "b": {"type": "final"}}}"#,
        &["return n"],
    );
    let imported = xstate(
        r#"{"initial": "a", "output": {"n": 1}, "states": {"a": {"on": {"E": "b"}}, "b": {"type": "final"}}}"#,
    );
    assert!(!imported.is_faithful(), "{}", imported.text);
    // Nobody hears of it.
    says(
        r#"{"initial": "a", "states": {"a": {"on": {"E": "b"}}, "b": {"type": "final", "output": {"n": 1}}}}"#,
        &["final b\n"],
    );
}

#[test]
fn the_end_of_a_state_has_a_name() {
    for name in ["xstate.done.state.m.a", "done.state.m.a"] {
        let imported = xstate(&format!(
            r#"{{"id": "m", "initial": "a", "states": {{"a": {{"initial": "x", "states": {{"x": {{"on": {{"F": "f"}}}}, "f": {{"type": "final"}}}}, "on": {{"{name}": "b"}}}}, "b": {{}}}}}}"#
        ));
        assert_eq!(run(&imported, &["F"]), ["b"], "{}", imported.text);
    }
}
