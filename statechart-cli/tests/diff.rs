//! `statechart diff`: what differs, the word that tells two versions apart, the picture, the migration.
#![allow(clippy::unwrap_used)]

mod common;

use common::{specs, statechart, statechart_in};

/// A specification made of another one by replacing a part of its text.
fn changed(spec: &str, from: &str, to: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(specs().join(spec)).unwrap();
    assert!(text.contains(from), "{spec} has no {from:?}");
    let path = directory.path().join("new.sc");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let path = path.to_string_lossy().into_owned();
    (directory, path)
}

#[test]
fn everything_about_two_versions() {
    for (name, format) in [("text", "text"), ("json", "json"), ("dot", "dot"), ("migration", "migration")] {
        let ran = statechart(&["diff", "door_old.sc", "door_new.sc", "--format", format]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}");
        assert!(!ran.out.contains('\u{1b}'), "{name}: colours in a pipe");
        insta::with_settings!({ omit_expression => true, snapshot_path => "snapshots/diff", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, ran.out);
        });
    }
}

/// What is replaced in `vault.sc`, the word that tells it, a part of what is said.
const WORDS: [(&str, &str, &str, &str); 7] = [
    // An output's value, behind a guard with two conditions.
    ("emit LIGHT(share)", "emit LIGHT(share + 1)", "COIN(value: 3)[trusted]", "emit LIGHT(share: 2)"),
    // A boundary of a guard that only its constant shows.
    ("event.value > 100", "event.value > 99", "COIN(value: 100)[trusted]", "door"),
    // What is unhandled is seen.
    ("    on KNOCK\n", "", "KNOCK", "unhandled"),
    // Deferral is seen by what is recalled.
    ("      defer PUSH\n", "      on PUSH\n", "PUSH COIN(value: 2)[trusted]", "door"),
    // Eventless transitions.
    ("[paid > 5]", "[paid > 4]", "COIN(value: 4) COIN(value: 0)", ""),
    ("price: Int = 3", "price: Int = 2", "", "LIGHT"),
    ("state jammed { on PUSH }", "state jammed { on PUSH -> closed }", "", "closed"),
];

#[test]
fn the_word_tells_the_two_apart() {
    for (from, to, _, said) in WORDS {
        let (_directory, new) = changed("vault.sc", from, to);
        let ran = statechart(&["diff", "vault.sc", &new, "--format", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let diff: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let behaviour = &diff["behaviour"];
        let found = if behaviour["outside"].is_null() { &behaviour["inside"] } else { &behaviour["outside"] };
        let word = found["word"].as_str().unwrap_or_else(|| panic!("{to}: no word\n{}", ran.out));
        assert!(ran.out.contains(said), "{to}: {}", ran.out);
        // The word does what it is said to do: the two runs differ.
        let run = |spec: &str| statechart(&["run", spec, "--word", word]).out;
        assert_ne!(run("vault.sc"), run(&new), "{to}: {word}");
    }
}

#[test]
fn no_word_is_found_where_there_is_none() {
    let ran = statechart(&["diff", "vault.sc", "vault.sc", "--exit-code"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("nothing differs") && ran.out.contains("the same machine: no word tells them apart"),
        "{}",
        ran.out
    );

    let (_directory, new) = changed("vault.sc", "machine Vault {", "machine Vault \"A label\" {");
    let ran = statechart(&["diff", "vault.sc", &new, "--exit-code"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("label: Vault → A label"), "{}", ran.out);
    assert!(ran.out.contains("no word over the inputs tried"), "{}", ran.out);
}

#[test]
fn a_search_that_stops_early_proves_nothing() {
    let (_directory, new) = changed("vault.sc", "machine Vault {", "machine Vault \"A label\" {");
    let ran = statechart(&["diff", "vault.sc", &new, "--limit", "1"]);
    assert!(ran.out.contains("which proves nothing: the search stopped at its limit of 1"), "{}", ran.out);
}

#[test]
fn the_draft_of_a_migration_can_be_put_into_the_new_version() {
    let draft = statechart(&["diff", "door_old.sc", "door_new.sc", "--format", "migration"]).out;
    let (_directory, new) = changed("door_new.sc", "  initial shut\n", &format!("  initial shut\n{draft}"));
    let ran = statechart(&["check", &new]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);

    let none = statechart(&["diff", "door_old.sc", "door_old.sc", "--format", "migration", "--exit-code"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""));
    assert!(none.err.contains("no migration is needed"), "{}", none.err);
}

#[test]
fn mistakes_are_told() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a.sc"), "machine A { input { X } initial b }").unwrap();
    std::fs::write(directory.path().join("b.sc"), "machine B {").unwrap();
    let ran = statechart_in(directory.path(), &["diff", "a.sc", "b.sc"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("a.sc:") && ran.err.contains("b.sc:"), "the mistakes of both: {}", ran.err);
    assert_eq!(statechart(&["diff", "vault.sc", "nowhere.sc"]).code, 2);
    assert_eq!(statechart(&["diff", "vault.sc", "door_new.sc", "--machine", "Vault"]).code, 2);
}
