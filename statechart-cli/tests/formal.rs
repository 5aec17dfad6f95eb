//! Runs in other forms, coverage, words that cover, journals, and languages with their limits, through the binary.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{specs, statechart, statechart_in};

const TURNSTILE: &str = "../../../specs/turnstile.sc";

#[test]
fn runs_as_csv_quote_what_they_must() {
    let ran =
        statechart(&["run", "courier.sc", "--word", "ORDER(weight: 500)", "--word", "ε", "--format", "csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[0],
        "word,n,triggered,machine,before,symbol,guard,after,outputs,effects,context,note,accepted"
    );
    assert_eq!(
        lines[2],
        "ORDER(weight: 500),1,false,,idle,ORDER(weight: 500),event.weight > 100,idle,\"FAILED(reason: \"\"too heavy\"\")\",,,,true"
    );
    assert_eq!(lines[3], "ε,0,false,,,start,,idle,,,,,true");
    assert_eq!(lines.len(), 4);
}

#[test]
fn several_runs_are_one_flowchart() {
    let ran = statechart(&["run", TURNSTILE, "--word", "COIN", "--word", "PUSH", "--format", "mermaid"]);
    assert_eq!(ran.code, 1, "the first is not accepted");
    assert!(ran.out.starts_with("flowchart LR\n  subgraph w0[\"COIN\"]\n"), "{}", ran.out);
    assert!(ran.out.contains("w0q0 -->|\"COIN / UNLOCK; coins: 0 → 1\"| w0q1"), "{}", ran.out);
    assert!(ran.out.contains("w1q1[[\"locked\"]]"), "{}", ran.out);
}

#[test]
fn coverage_as_table_json_and_picture() {
    let directory = tempfile::tempdir().unwrap();
    let picture = directory.path().join("covered.dot");
    let picture = picture.to_str().unwrap();
    let ran =
        statechart(&["run", TURNSTILE, "--word", "COIN PUSH", "--coverage", "--coverage-diagram", picture]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("transitions   50.0%  2 of 4"), "{}", ran.out);
    assert!(ran.out.contains("  0  line 11  locked: PUSH  (missing)"), "{}", ran.out);
    let dot = fs::read_to_string(picture).unwrap();
    assert!(dot.starts_with("digraph") && dot.contains("green is covered"), "{dot}");

    let ran = statechart(&["run", "vault.sc", "--word", "CODE", "--coverage", "--json"]);
    assert_ne!(ran.code, 0, "no such event: {}", ran.out);
    let ran = statechart(&["run", "vault.sc", "--word", "COIN(value: 4)", "--coverage", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let guards = found["guards"]["targets"].as_array().unwrap();
    assert_eq!(guards.len(), found["guards"]["of"].as_u64().unwrap() as usize);
    let was_false =
        guards.iter().filter(|row| row["value"] == false && row["count"].as_u64() > Some(0)).count();
    assert!(was_false > 0 && found["words"] == 1, "{found}");
}

/// What `cover` writes is a file of words that `run` reads, and that covers what it says.
#[test]
fn words_that_cover_do_cover() {
    let directory = tempfile::tempdir().unwrap();
    let words = directory.path().join("made.words");
    let words = words.to_str().unwrap();
    for (spec, criterion, code) in [
        (TURNSTILE, "transitions", 0),
        ("courier.sc", "guards", 0),
        ("courier.sc", "transitions", 0),
        ("vault.sc", "states", 0),
        ("../../../specs/datastore.sc", "transitions", 1),
        ("../../../specs/producer.sc", "transitions", 0),
    ] {
        let made = statechart(&["cover", spec, "--criteria", criterion, "-o", words]);
        assert_eq!(
            made.code,
            code,
            "{spec} {criterion}: {}\n{}",
            made.err,
            fs::read_to_string(words).unwrap()
        );
        let ran = statechart(&["run", spec, words, "--coverage", "--json"]);
        let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let (covered, of) = (&found[criterion]["covered"], &found[criterion]["of"]);
        let text = fs::read_to_string(words).unwrap();
        assert!(text.contains(&format!(": {covered} of {of} {criterion} covered")), "{spec} {found}\n{text}");
        assert_eq!(covered == of, code == 0, "{spec} {text}");
    }
    let made = statechart(&["cover", "../../../specs/datastore.sc", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    assert!(found["missing"][0]["why"].as_str().unwrap().contains("has no symbol in a word"), "{found}");
}

#[test]
fn a_journal_agrees_until_it_is_changed() {
    let ran = statechart(&["trace", "courier.jsonl", "courier.sc"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("of `van` agree"), "{}", ran.out);

    let directory = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(specs().join("courier.jsonl")).unwrap();
    fs::write(directory.path().join("changed.jsonl"), text.replacen("}, stops: 1 }", "}, stops: 9 }", 1))
        .unwrap();
    fs::write(directory.path().join("broken.jsonl"), format!("{text}nonsense\n")).unwrap();
    fs::copy(specs().join("courier.sc"), directory.path().join("courier.sc")).unwrap();
    let trace = |arguments: &[&str]| statechart_in(directory.path(), arguments, "");
    let ran = trace(&["trace", "changed.jsonl", "courier.sc"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("differs in its outputs"), "{}", ran.out);
    assert!(ran.out.contains("recorded: Delivered") && ran.out.contains("stops: 9 }"), "{}", ran.out);
    assert!(ran.out.contains("replayed: Delivered") && ran.out.contains("stops: 1 }"), "{}", ran.out);
    let ran = trace(&["trace", "changed.jsonl", "courier.sc", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&found["agrees"], &found["differs_in"]), (&false.into(), &"outputs".into()), "{found}");

    let ran = trace(&["trace", "broken.jsonl", "courier.sc"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("in the journal `broken.jsonl`: line ") && ran.err.contains("no inspection event"),
        "{}",
        ran.err
    );
    let ran = trace(&["trace", "changed.jsonl", "courier.sc", "--actor", "lorry"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("has no actor `lorry`; it declares van"), "{}", ran.err);
    let ran = trace(&["trace", "changed.jsonl", "courier.sc", "--param", "id=3"]);
    assert!(ran.err.contains("`Courier` has no parameter `id`; it takes none"), "{}", ran.err);
}

#[test]
fn languages_stop_at_their_limits() {
    for (arguments, why) in [
        (&["language", TURNSTILE, "--count", "200"][..], "the number of words needs more than 128 bits"),
        (
            &["language", TURNSTILE, "--count", "4000000000"],
            "counting the words needs more than 200000000 steps",
        ),
        (&["language", TURNSTILE, "--regex", "--limit", "3"], "needs more than 3 symbols and operators"),
        (
            &["language", TURNSTILE, "--min-dfa", "--abstraction", "context", "--limit", "50"],
            "more than 50 states",
        ),
        (&["language", TURNSTILE, "--regex", "--format", "dot"], "add `--min-dfa`"),
    ] {
        let ran = statechart(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}");
        assert!(ran.err.contains(why), "{arguments:?}: {}", ran.err);
    }
}

/// Specifications that defer have an automaton in no time, and it says what was left out.
#[test]
fn charts_that_defer_are_bounded() {
    for spec in ["producer", "consumer_dynamic", "platform"] {
        let spec = format!("../../../specs/{spec}.sc");
        let ran = statechart(&["minimize", &spec, "--strict", "--waiting", "1", "--format", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let caption = found["abstraction"].as_str().unwrap();
        assert!(caption.contains("over-approximates"), "{caption}");
        assert!(
            caption.contains("at most 1 waiting event: words that make more wait are left out"),
            "{caption}"
        );
        assert!(ran.err.contains(caption), "{}", ran.err);
    }
}
