//! `statechart run --interactive`, driven through a pipe.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Ran, specs, statechart_in};

/// A session with the specification in a directory of its own, so that `save` writes there.
fn session(spec: &str, lines: &str) -> (Ran, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::copy(specs().join(spec), directory.path().join(spec)).unwrap();
    (statechart_in(directory.path(), &["run", spec, "--interactive"], lines), directory)
}

#[test]
fn a_whole_session() {
    let lines = "COIN(value: 2)\nPUSH\nanswer trusted\n1\nwhy\nundo\nword\nCOIN(1)[not trusted]\n:show\n";
    let (ran, _directory) = session("vault.sc", lines);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains("\n> "), "no colours and no prompt in a pipe");
    insta::assert_snapshot!("session", ran.out);
}

#[test]
fn help_is_a_table() {
    let (ran, _directory) = session("vault.sc", "help\n");
    let commands: Vec<&str> = ran.out.lines().skip_while(|line| !line.contains("1 … n ")).collect();
    assert!(commands.len() > 10, "{}", ran.out);
    let table = commands.iter().take_while(|line| !line.starts_with("A command may"));
    assert!(table.clone().all(|line| line.starts_with("  ")), "{}", ran.out);
}

#[test]
fn time_passes_on_request() {
    let (ran, _directory) =
        session("kettle.sc", "ON\nON\n+10s\nafter\n+4s\nafter\nundo\nafter\nafter 2m\nON\n");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    insta::assert_snapshot!("time", ran.out);
}

#[test]
fn what_is_not_understood_is_told_and_passed_over() {
    // Line, what is said about it.
    let rows = [
        ("CON", "did you mean `COIN`"),
        ("99", "no event 99"),
        ("0", "no event 0"),
        (":nonsense", "`nonsense` is no command"),
        ("undo", "nothing to undo"),
        ("answer nobody", "no extern guard"),
        ("save a:b", "cannot be the name of a word"),
        ("COIN(value: \"x\")", "no value of type Int"),
    ];
    for (line, said) in rows {
        let (ran, _directory) = session("vault.sc", &format!("{line}\nKNOCK\n"));
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
        assert!(ran.out.contains("KNOCK: stays in"), "{line}: the next line is read\n{}", ran.out);
        assert_eq!(ran.code, 1, "{line}: a script is told");
    }
    let long = format!("{}\nKNOCK\n", "x".repeat(200_000));
    let (ran, _directory) = session("vault.sc", &long);
    assert!(ran.err.contains("longer than 64 KiB") && ran.out.contains("KNOCK: stays in"), "{}", ran.err);
}

#[test]
fn words_are_saved_and_run_again() {
    let lines = "answer trusted\nCOIN(value: 3)\nanswer\nPUSH\nsave there and back\nrestart\nsave\n";
    let (ran, directory) = session("vault.sc", lines);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let saved = std::fs::read_to_string(directory.path().join("vault.words")).unwrap();
    assert_eq!(saved, "there and back: COIN(value: 3)[trusted] PUSH\nε\n");
    let again = statechart_in(directory.path(), &["run", "vault.sc", "vault.words"], "");
    assert!(again.out.contains("there and back:") && again.out.contains("LIGHT(share: 1)"), "{}", again.out);

    std::fs::write(directory.path().join("mine.words"), "first: KNOCK").unwrap();
    let arguments = ["run", "vault.sc", "mine.words", "-i", "--word", "KNOCK RESET"];
    let ran = statechart_in(directory.path(), &arguments, "save second\nquit\nPUSH\n");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let saved = std::fs::read_to_string(directory.path().join("mine.words")).unwrap();
    assert_eq!(saved, "first: KNOCK\nsecond: KNOCK RESET\n");
}

#[test]
fn events_may_be_named_like_commands() {
    let (ran, _directory) = session("names.sc", "show\n1\n:1\n:undo\n:show\n:word\n");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.ends_with("show 1\n"), "{}", ran.out);
}

#[test]
fn the_end_of_the_input_is_an_end() {
    for lines in ["", "KNOCK", "quit\n", "# a comment\n\n"] {
        let (ran, _directory) = session("vault.sc", lines);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{lines:?}");
    }
}

#[test]
fn the_actors_of_a_system_are_stepped() {
    let lines =
        "shop.BUY(\"tea\", \"EU\")\nbank.AUDIT\n+5s\nat bank\nafter\nat\n1\nundo\nwhy\nshop.CLOSE\n1\nword\n";
    let (ran, _directory) = session("market.sc", lines);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    insta::assert_snapshot!("actors", ran.out);
    // What it says was played is a word of the system.
    let word = ran.out.lines().last().unwrap();
    let again = statechart_in(&specs(), &["run", "market.sc", "--word", word], "");
    assert!(again.out.contains("CLINK"), "{}\n{}", again.out, again.err);

    for (line, said) in [
        ("at nobody", "no actor `nobody` runs"),
        ("99", "no event 99"),
        ("BUY", "does not say which actor"),
        ("shop.BYE", "`BYE` is no input symbol of `Shop`"),
    ] {
        let (ran, _directory) = session("market.sc", &format!("{line}\nbank.PAY\n"));
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
        assert!(ran.out.contains("bank: PAY: stays in quiet") && ran.code == 1, "{line}: {}", ran.out);
    }
    let (ran, _directory) = session("kettle.sc", "at kettle\n");
    assert!(ran.err.contains("one machine runs"), "{}", ran.err);
}
