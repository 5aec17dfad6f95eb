//! `statechart why`: what became of every candidate, for people and for programs.
#![allow(clippy::unwrap_used)]

mod common;

use common::statechart;

/// Each word brings out another verdict.
const WORDS: [(&str, &str, &str); 10] = [
    ("taken_and_raised", "vault.sc", "COIN(value: 3)[trusted] PUSH"),
    ("guard_false_with_its_parts", "vault.sc", "COIN(value: 4)"),
    ("guard_not_answered", "vault.sc", "COIN(value: 3)"),
    ("guard_faulted", "vault.sc", "SPLIT(parts: 0)"),
    ("inner_before_outer", "vault.sc", "RESET PUSH"),
    ("deferred_and_recalled", "vault.sc", "PUSH COIN(value: 3)[trusted]"),
    ("ignored_and_unhandled", "vault.sc", "KNOCK COIN(value: 9) COIN"),
    (
        "eventless",
        "vault.sc",
        "COIN(value: 2) COIN(value: -1) COIN(value: 101) COIN(value: 2) COIN(value: 2)",
    ),
    ("preempted", "rivals.sc", "GO STOP"),
    ("overruled", "rivals.sc", "STOP GO"),
];

#[test]
fn every_verdict_is_told() {
    for (name, spec, word) in WORDS {
        let ran = statechart(&["why", spec, "--word", word]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        assert!(!ran.out.contains('\u{1b}'), "{name}: colours in a pipe");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/why" }, {
            insta::assert_snapshot!(name, format!("{spec}: {word}\n\n{}", ran.out));
        });
    }
    let all: String =
        WORDS.iter().map(|(_, spec, word)| statechart(&["why", spec, "--word", word]).out).collect();
    let verdicts = [
        "taken",
        "lost",
        "guard false",
        "guard faulted",
        "preempted",
        "deferred",
        "ignored",
        "overruled",
        "unhandled",
    ];
    for verdict in verdicts {
        assert!(all.contains(&format!("─ {verdict}")), "no word of this test brings out `{verdict}`");
    }
}

#[test]
fn the_steps_of_every_actor_are_explained() {
    let word = "shop.BUY(\"tea\", \"EU\") shop.BUY(\"salt\", \"EU\") shop.BUY(\"milk\", \"US\")";
    let ran = statechart(&["why", "market.sc", "--system", "Market", "--word", word]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/why" }, {
        insta::assert_snapshot!("actors_of_a_system", ran.out);
    });
    // The only system is meant, and programs read it, too.
    let ran = statechart(&["why", "market.sc", "--json", "--word", "bank.PAY"]);
    let runs: Vec<serde_json::Value> = serde_json::from_str(&ran.out).unwrap();
    let steps = runs[0]["steps"].as_array().unwrap();
    assert_eq!((&steps[2]["machine"], &steps[2]["symbol"]), (&"bank".into(), &"PAY".into()), "{}", ran.out);
    assert_eq!(statechart(&["why", "market.sc", "--system", "Fair", "--word", "bank.PAY"]).code, 2);
}

#[test]
fn programs_read_the_same_as_json() {
    let ran = statechart(&["why", "rivals.sc", "--json", "--word", "GO", "--word", "STOP GO"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let runs: Vec<serde_json::Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(runs.len(), 2);
    let candidates = &runs[0]["steps"][1]["selections"][0]["candidates"];
    assert_eq!(candidates[0]["verdict"], "taken");
    assert_eq!(candidates[0]["line"], 8);
    assert_eq!(candidates[1]["verdict"], "preempted");
    assert_eq!(candidates[1]["text"], "GO -> won_right");
    assert_eq!(candidates[1]["collision"].as_array().unwrap().len(), 5, "{candidates}");
    assert_eq!(runs[1]["steps"][2]["selections"][0]["candidates"][1]["verdict"], "overruled");
}

#[test]
fn mistakes_in_words_are_told() {
    let ran = statechart(&["why", "vault.sc", "--word", "CON", "--word", "PUSH PULL"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("did you mean `COIN`"), "{}", ran.err);
    assert_eq!(statechart(&["why", "vault.sc"]).code, 2);
}
