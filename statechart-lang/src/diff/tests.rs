//! Pairing and searching, on small machines.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Diff, How, Kind, PAIR_LIMIT};
use crate::model::Model;
use crate::{MapLoader, compile};

fn model(body: &str) -> Model {
    let compiled = compile("m.sc", &MapLoader::from([("m.sc", format!("machine M {{ {body} }}"))]));
    compiled.model.unwrap_or_else(|| panic!("{body}\n{:?}", compiled.diagnostics))
}

/// Old and new paths of pairs that are not simply the same.
fn pairs(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (model(old), model(new));
    let diff = Diff::new(&old.machines[0], &new.machines[0]);
    let told = diff.pairing.states.iter().filter(|pair| pair.how != How::Same).map(|pair| {
        let how = if pair.how == How::Moved { "moved" } else { "renamed" };
        format!("{how} {} {}", diff.old.states[pair.old].path, diff.new.states[pair.new].path)
    });
    told.collect()
}

#[test]
fn states_are_paired_by_place_then_name_then_likeness() {
    let flat = "input { A B } initial x state x { on A -> y } state y { on B -> x }";
    let rows: [(&str, &str, &[&str]); 6] = [
        (flat, flat, &[]),
        (flat, "input { A B } initial x state x { on A -> why } state why { on B -> x }", &["renamed y why"]),
        // Nothing in common: one is gone, one is new.
        (flat, "input { A B } initial x state x { on A -> zzz } final zzz", &[]),
        // Moved into a new state; what is in it follows.
        (
            flat,
            "input { A B } initial p state p { initial x state x { on A -> y } state y { on B -> x } }",
            &["moved x p.x", "moved y p.y"],
        ),
        // The state around was renamed: what is in it is where it was.
        (
            "input { A } initial outer state outer { initial x state x { on A -> y } state y { on A -> x } }",
            "input { A } initial outside state outside { initial x state x { on A -> y } state y { on A -> x } }",
            // Names that only one state has come before likeness.
            &["renamed outer outside", "moved outer.x outside.x", "moved outer.y outside.y"],
        ),
        // The same name twice: no guess from the name alone.
        (
            "input { A } initial p state p { initial s state s { on A -> q } } state q { initial s state s { on A -> p } }",
            "input { A } initial p state p { initial s state s { on A -> q } } state q { initial s state s { on A -> p } }",
            &[],
        ),
    ];
    for (old, new, told) in rows {
        let found = pairs(old, new);
        assert_eq!(found, told, "{new}");
    }
}

#[test]
fn every_change_of_a_transition_is_told() {
    let base = "input { A(n: Int) B } output { O } context { x: Int = 0 } initial s \
                state s { on A [event.n > 1] -> t / x := 1  on B -> t } state t { on A -> s }";
    let rows = [
        ("[event.n > 1]", "[event.n > 2]", "guard: event.n > 1 → event.n > 2"),
        ("-> t / x := 1", "-> s / x := 1", "target: t → s"),
        ("x := 1", "x := 2", "actions: x := 1 → x := 2"),
        ("initial s state", "initial t state", "initial: s → t"),
        ("state t {", "state t { entry / emit O", "entry: none → emit O"),
        ("state t {", "accept state t {", "accept: false → true"),
        ("x: Int = 0", "x: Int = 1", "initial: 0 → 1"),
        ("A(n: Int)", "A(n: Int, m: Bool)", "field m: new, Bool"),
    ];
    let old = model(base);
    for (from, to, told) in rows {
        assert!(base.contains(from), "{from}");
        let new = model(&base.replacen(from, to, 1));
        let diff = Diff::new(&old.machines[0], &new.machines[0]);
        let details: Vec<&String> = diff.changes.iter().flat_map(|change| &change.details).collect();
        assert!(details.iter().any(|detail| detail.contains(told)), "{to}: {:?}", diff.changes);
        assert!(diff.changes.iter().all(|change| change.kind == Kind::Changed), "{to}: {:?}", diff.changes);
    }
}

#[test]
fn the_order_of_transitions_is_told_where_it_differs() {
    let base = "input { A B } initial s state s { on A -> t on B -> s } state t { on A -> s }";
    let turned = "input { A B } initial s state s { on B -> s on A -> t } state t { on A -> s }";
    let (old, new) = (model(base), model(turned));
    let diff = Diff::new(&old.machines[0], &new.machines[0]);
    assert!(
        diff.changes.iter().any(|change| change.details.iter().any(|detail| detail.starts_with("order:")))
    );
    assert_eq!(diff.search(PAIR_LIMIT).outside, None);
}

/// Old, new, the shortest word.
#[test]
fn the_shortest_word_is_found() {
    let chain = |last: &str| {
        format!(
            "input {{ A B }} output {{ O P }} initial a state a {{ on A -> b on B -> a }} state b {{ on A -> c }} state c {{ on A -> a / emit {last} }}"
        )
    };
    let timed = |span: &str| {
        format!(
            "input {{ A }} output {{ O }} initial a state a {{ on A -> b }} state b {{ after {span} -> a / emit O }}"
        )
    };
    let guarded = |guard: &str| {
        format!(
            "input {{ A(n: Int, t: Text) }} output {{ O }} initial a state a {{ on A [{guard}] / emit O }}"
        )
    };
    let extern_guarded = |guard: &str| {
        format!(
            "input {{ A B }} output {{ O }} extern {{ guard f() guard g() }} initial a state a {{ on A [{guard}] / emit O on B }}"
        )
    };
    let rows = [
        (chain("O"), chain("P"), Some("A A A")),
        (timed("5s"), timed("6s"), Some("A after 5s")),
        (guarded("event.n > 7"), guarded("event.n > 8"), Some("A(n: 8, t: \"\")")),
        (guarded("event.n > 7 and event.t == \"x\""), guarded("event.n > 7"), Some("A(n: 8, t: \"\")")),
        (guarded("event.n + 1 > 8"), guarded("event.n > 7"), None),
        (extern_guarded("f()"), extern_guarded("g()"), Some("A[f]")),
        (extern_guarded("f() and g()"), extern_guarded("f() and not g()"), Some("A[f]")),
        (extern_guarded("f() or f()"), extern_guarded("f()"), None),
    ];
    for (old, new, word) in rows {
        let (before, after) = (model(&old), model(&new));
        let search = Diff::new(&before.machines[0], &after.machines[0]).search(PAIR_LIMIT);
        assert!(!search.limited, "{new}");
        assert_eq!(search.outside.as_ref().map(|witness| witness.word.as_str()), word, "{old}\n{new}");
    }
}

#[test]
fn the_start_itself_may_differ() {
    let with = |value: &str| {
        format!(
            "input {{ A }} output {{ O(n: Int) }} initial a state a {{ entry / emit O({value}) on A -> a }}"
        )
    };
    let (old, new) = (model(&with("1")), model(&with("2")));
    let search = Diff::new(&old.machines[0], &new.machines[0]).search(PAIR_LIMIT);
    assert_eq!(search.outside.map(|witness| witness.word), Some("ε".to_owned()));
}

#[test]
fn a_counter_meets_the_limit_and_that_is_told() {
    let body = "input { A } context { n: Int = 0 } initial a state a { on A / n := n + 1 }";
    let (old, new) = (model(body), model(&body.replace("state a", "state a \"counts\"")));
    let search = Diff::new(&old.machines[0], &new.machines[0]).search(50);
    assert!(search.limited && search.pairs == 50 && search.outside.is_none(), "{search:?}");
}

#[test]
fn what_is_the_same_is_not_searched() {
    let body = "input { A } context { n: Int = 0 } initial a state a(k: Int = 1) { on A / n := n + 1 }";
    let (old, new) = (model(body), model(&body.replace("on A", "\n  // again\n  on A")));
    let search = Diff::new(&old.machines[0], &new.machines[0]).search(50);
    assert!(search.same && search.pairs == 0 && !search.limited, "{search:?}");
    let new = model(&body.replace("initial a ", "initial a(2) "));
    assert!(!Diff::new(&old.machines[0], &new.machines[0]).search(50).same);
}

#[test]
fn what_a_strict_machine_refuses_is_seen() {
    let body = "input { A B } initial a state a { on A }";
    let (old, mut new) = (model(body), model(body));
    new.machines[0].strict = true;
    let search = Diff::new(&old.machines[0], &new.machines[0]).search(PAIR_LIMIT);
    let witness = search.outside.unwrap();
    assert_eq!((witness.word.as_str(), witness.old.refused, witness.new.refused), ("B", false, true));
}

#[test]
fn removed_states_are_drawn_where_they_were() {
    let old =
        model("input { A } initial p state p { initial x state x { on A -> y } state y { on A -> x } }");
    let new = model("input { A } initial p state p { initial x state x { on A -> x } }");
    let diff = Diff::new(&old.machines[0], &new.machines[0]);
    let dot = diff.dot(&crate::diagram::Options::default());
    let removed = dot.lines().position(|line| line.contains("\"p.y (removed)\" [")).unwrap();
    let frame = dot.lines().position(|line| line.contains("subgraph \"cluster_1\"")).unwrap();
    assert!(frame < removed, "{dot}");
    assert_eq!(dot.matches("#c0392b").count(), 2, "the state and its transition: {dot}");
    assert_eq!(dot, Diff::new(&old.machines[0], &new.machines[0]).dot(&crate::diagram::Options::default()));
}

#[test]
fn everything_that_a_snapshot_holds_is_drafted() {
    let old = model(
        "input { GO OLD(n: Int) QUIET } extern { action book(Int) action release(Int) }
         initial a
         state a(at: Text = \"\") { context { seen: Int = 1 } initial w state w { defer OLD on GO -> c } }
         state c { on GO / book(1) undo release(1) on QUIET -> d }
         state d { initial e state e { on GO -> c } }",
    );
    let new = model(
        "input { GO NEW(n: Int) LOUD } extern { action book(Int) action free(Int) }
         initial a
         state a(place: Text = \"\") {
           context { looked: Int = 1 }
           initial w state w { initial w1 state w1 { defer NEW on GO -> c } }
         }
         state c { on GO / book(1) undo free(1) on LOUD -> x }
         state x { initial d state d { initial e state e { on GO -> c } } }",
    );
    let draft = Diff::new(&old.machines[0], &new.machines[0]).migration().unwrap();
    for wanted in [
        "  a.w -> a.w.w1  // a.w holds states now\n",
        "  d -> x.d\n",
        "  context a.at -> a.place",
        "  context a.seen -> a.looked",
        "  event OLD -> NEW  // a guess: the only new one of its kind\n",
        "  undo \"release(1)\" -> \"free(1)\"",
    ] {
        assert!(draft.contains(wanted), "{wanted}\n{draft}");
    }
    assert!(!draft.contains("QUIET"), "nothing keeps it: {draft}");
}
