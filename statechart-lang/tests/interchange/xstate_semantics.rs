//! What XState 5.33.3 does where W3C does something else: each row was run there, and must come to the same here or be
//! named as a loss with its line.

use statechart_lang::interpreter::{Answers, Input, Interpreter};

use super::{faithful, model, xstate};

/// The leaves after each symbol of a word, and what is emitted on the way: `a.x: INNER`.
fn trace(json: &str, word: &str, guards: &[&str]) -> String {
    let imported = xstate(json);
    let model = model(faithful(&imported));
    let machine = model.machine(&imported.machine).unwrap();
    let answers = guards.iter().map(|guard| ((*guard).to_owned(), true)).collect();
    let mut run = Interpreter::with_world(machine, Answers(answers));
    let mut steps = vec![run.start()];
    steps.extend(run.advance(0).steps);
    for symbol in word.split_whitespace() {
        match symbol.strip_prefix('+') {
            Some(ms) => steps.extend(run.advance(ms.parse::<i64>().unwrap() * 1_000).steps),
            None => {
                let event = machine.event(&imported.events[symbol]).unwrap();
                steps.push(run.step(Input::Event { event, args: Vec::new() }));
            }
        }
    }
    let said = steps.iter().flat_map(|step| &step.outputs).map(ToString::to_string).collect::<Vec<_>>();
    format!("{}: {}", run.leaves().join(" "), said.join(" ")).trim_end_matches([' ', ':']).to_owned()
}

/// An action that can be heard.
fn emit(name: &str) -> String {
    format!(r#"{{"type": "xstate.emit", "event": {{"type": "{name}"}}}}"#)
}

/// A configuration where `!NAME` stands for an action that emits it.
fn filled(json: &str) -> String {
    let mut out = String::new();
    for (number, part) in json.split('!').enumerate() {
        if number == 0 {
            out.push_str(part);
            continue;
        }
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        out.push_str(&emit(&part[..end]));
        out.push_str(&part[end..]);
    }
    out
}

#[test]
fn what_xstate_does_is_done() {
    for (json, word, guards, expected) in [
        // A parallel state is asked when no region has a transition.
        (
            r#"{"id": "m", "type": "parallel", "on": {"E": {"actions": !outer}}, "states": {"a": {"on": {"E": {"actions": !inner}}}, "b": {}}}"#,
            "E",
            &[][..],
            "a b: inner",
        ),
        (
            r#"{"id": "m", "type": "parallel", "on": {"E": {"actions": !outer}}, "states": {"a": {"on": {"E": {}}}, "b": {}}}"#,
            "E",
            &[],
            "a b",
        ),
        (
            r#"{"id": "m", "type": "parallel", "on": {"E": {"actions": !outer}}, "states": {"a": {"on": {"E": {"guard": "g", "actions": !inner}}}, "b": {}}}"#,
            "E",
            &[],
            "a b: outer",
        ),
        (
            r#"{"id": "m", "type": "parallel", "on": {"E": {"actions": !outer}}, "states": {"a": {"on": {"E": {"guard": "g", "actions": !inner}}}, "b": {}}}"#,
            "E",
            &["g"],
            "a b: inner",
        ),
        // So is what stands around it, and what is in one of its regions.
        (
            r#"{"id": "m", "initial": "o", "on": {"E": ".z"}, "states": {"z": {}, "o": {"type": "parallel", "states": {"p": {"type": "parallel", "on": {"E": {"actions": !p}},
                "states": {"a": {"initial": "a1", "states": {"a1": {"on": {"E": {"actions": !a}, "N": "a2"}}, "a2": {}}}, "b": {}}}, "c": {}}}}}"#,
            "E N E",
            &[],
            "o.p.a.a2 o.p.b o.c: a p",
        ),
        // `always` is asked for each region in XState as well.
        (
            r#"{"id": "m", "initial": "p", "states": {"z": {}, "p": {"type": "parallel", "on": {"E": "z"}, "states": {"a": {"initial": "a1", "states": {"a1": {"on": {"E": "a2"}}, "a2": {}}}, "b": {}}}}}"#,
            "E",
            &[],
            "p.a.a2 p.b",
        ),
        // Ends of states and timers are events to `*`.
        (
            r#"{"id": "m", "initial": "b", "states": {"b": {"initial": "x", "on": {"*": "f"}, "states": {"x": {"on": {"N": "y"}}, "y": {"type": "final"}}}, "f": {}}}"#,
            "N",
            &[],
            "f",
        ),
        (
            r#"{"id": "m", "initial": "a", "states": {"a": {"initial": "x", "after": {"1000": "b"}, "states": {"x": {"on": {"*": {}}}}}, "b": {}}}"#,
            "+1000",
            &[],
            "a.x",
        ),
        (
            r#"{"id": "m", "initial": "a", "on": {"*": {"actions": !any}}, "states": {"a": {"after": {"1000": {"guard": "g", "target": "b"}}}, "b": {}}}"#,
            "+1000",
            &[],
            "a: any",
        ),
        // A list of none says nothing; an empty object forbids.
        (
            r#"{"id": "m", "initial": "a", "on": {"F": ".b", "G": ".b"}, "states": {"a": {"on": {"F": [], "G": {}}}, "b": {}}}"#,
            "G F",
            &[],
            "b",
        ),
        // Wildcards are asked after the name.
        (
            r#"{"id": "m", "initial": "a", "states": {"a": {"on": {"E": {"guard": "g", "target": "b"}, "*": "c"}}, "b": {}, "c": {}}}"#,
            "E",
            &[],
            "c",
        ),
        (
            r#"{"id": "m", "initial": "a", "states": {"a": {"on": {"E": {"guard": "g", "target": "b"}, "*": "c"}}, "b": {}, "c": {}}}"#,
            "E",
            &["g"],
            "b",
        ),
    ] {
        assert_eq!(trace(&filled(json), word, guards), expected, "{}", xstate(&filled(json)).text);
    }
}

#[test]
fn what_only_xstate_does_is_named_with_its_line() {
    for (json, said) in [
        (
            "{\"id\": \"m\", \"type\": \"parallel\", \"states\": {\"o\": {\"initial\": \"o1\", \"states\": {\"o1\": {\"on\": {\"GO\": \"o2\"}}, \"o2\": {}}},\n\"q\": {\"type\": \"parallel\", \"states\": {\"a\": {\"initial\": \"a1\", \"states\": {\"a1\": {\"on\": {\n\"E\": \"#m.q.b.b2\"}}}}, \"b\": {\"initial\": \"b1\", \"states\": {\"b1\": {}, \"b2\": {}}}}}}}",
            "XState stays in `q` here; this leaves and enters `o` again",
        ),
        ("{\"initial\": \"a\", \"states\": {\"a\": {\n\n\"always\": {\"actions\": \"tick\"}}}}", "never end"),
        (
            "{\"initial\": \"a\", \"entry\": \"hi\", \"on\": {\n\n\"R\": {\"target\": \".b\", \"reenter\": true}}, \"states\": {\"a\": {}, \"b\": {}}}",
            "(`reenter`)",
        ),
        ("{\"initial\": \"a\", \"states\": {\"a\": {\"on\": {\n\n\"F\": null}}}}", "XState refuses"),
        (
            "{\"id\": \"m\", \"initial\": \"a\", \"states\": {\"a\": {\"on\": {\n\n\"E\": {\"target\": \"#m\"}}}}}",
            "the whole machine entered again",
        ),
        (
            "{\"type\": \"parallel\",\n\n\"output\": 7, \"states\": {\"a\": {\"initial\": \"x\", \"states\": {\"x\": {\"type\": \"final\"}}}}}",
            "the output of a machine of regions",
        ),
    ] {
        let imported = xstate(json);
        let note = imported.notes.iter().find(|note| note.text.contains(said));
        let note = note.unwrap_or_else(|| panic!("{said}: {:?}\n{}", imported.notes, imported.text));
        assert!(note.lost && note.at.line == 3, "{note:?}");
        model(&imported.text);
    }
    let imported = xstate("{\"initial\": \"a\", \"meta\": {\"x\": 1}, \"states\": {\"a\": {\"meta\": 1}}}");
    assert_eq!(imported.notes.iter().filter(|note| note.text.contains("`meta`")).count(), 2);
}

#[test]
fn timers_are_nothing_that_comes_from_outside() {
    let rows = r#"{"id": "m", "initial": "c", "states": {"c": {"after": {"1000": [{"guard": "g", "actions": "x"}, {"target": "d"}]}}, "d": {}}}"#;
    let imported = xstate(rows);
    let text = faithful(&imported);
    assert!(text.contains("internal { 'after.1000.m.c' }"), "{text}");
    assert_eq!(xstate(&rows.replace(": {", ":\n{")).text, text);
}
