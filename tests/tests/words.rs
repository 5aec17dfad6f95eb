//! The `.words` beside each spec: what every word does, as a table that a user reads and reviews, and that
//! together they take every transition.
//!
//! To add a word, add a line to the file, run `INSTA_UPDATE=always cargo test -p statechart-tests --test words`, and
//! read what the snapshot says.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use statechart_lang::{
    Code,
    interpreter::{Fault, Input, Interpreter, NamedWord, Stage, Value},
    model::{Machine, Model},
};
use statechart_tests::{compiled, files, model, stem, workspace};

/// The specs with words: the platform's, the templates, the concepts, the examples.
fn specs() -> Vec<PathBuf> {
    let directories = ["specs", "specs/templates", "specs/concept", "examples/specs"];
    let specs = directories.iter().flat_map(|directory| files(directory, "sc"));
    specs.filter(|path| model(path).own_machines().next().is_some()).collect()
}

fn machine(model: &Model) -> &Machine {
    model.own_machines().next().unwrap()
}

fn words(path: &Path, stage: &Stage<'_>) -> Vec<NamedWord> {
    let words = path.with_extension("words");
    let text = fs::read_to_string(&words)
        .unwrap_or_else(|error| panic!("{}: {error}; every spec has words beside it", words.display()));
    stage.words(&text).unwrap_or_else(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}:\n{}", words.display(), errors.join("\n"))
    })
}

/// The fixtures with words: a family of constructs each.
fn fixtures() -> Vec<PathBuf> {
    files("tests/fixtures/ok", "sc")
        .into_iter()
        .filter(|path| path.with_extension("words").exists())
        .collect()
}

#[test]
fn tables_of_the_fixtures() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/words");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut shown = 0;
    for path in fixtures() {
        let model = model(&path);
        // The last one may start those before it.
        let stage = Stage::of(&model, model.own_machines().last().unwrap());
        let mut text = String::new();
        for named in words(&path, &stage) {
            let name = named.name.as_deref().unwrap_or("-");
            let _ = writeln!(text, "{name}: {}\n{}", named.word.text, stage.run(&named.word).table());
        }
        settings.bind(|| insta::assert_snapshot!(format!("ok_{}", stem(&path)), text));
        shown += 1;
    }
    assert!(shown >= 8, "{shown} fixtures have words");
}

#[test]
fn tables_of_the_words() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/words");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in specs() {
        let model = model(&path);
        let stage = Stage::of(&model, machine(&model));
        let mut text = String::new();
        for named in words(&path, &stage) {
            let name = named.name.as_deref().unwrap_or("-");
            let _ = writeln!(text, "{name}: {}\n{}", named.word.text, stage.run(&named.word).table());
        }
        let below = path.parent().unwrap().strip_prefix(workspace()).unwrap();
        let directory = below.to_string_lossy().replace("specs/", "").replace("/specs", "");
        let name = if directory == "specs" { stem(&path) } else { format!("{directory}_{}", stem(&path)) };
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}

/// What keeps the words of anybody's crate as snapshots.
#[test]
fn words_of_the_templates() {
    statechart_lang::assert_words!("../specs/templates");
}

/// A file that is imported by two paths is one file there, too.
#[test]
#[cfg(unix)]
fn words_beside_a_file_with_two_names() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let lamp = "machine Lamp { input { SWITCH } initial dark state dark { on SWITCH -> lit } accept state lit { on SWITCH -> dark } }";
    fs::write(path("lamp.sc"), lamp).unwrap();
    std::os::unix::fs::symlink("lamp.sc", path("light.sc")).unwrap();
    let room = "import \"lamp.sc\" import \"light.sc\"
machine Room { input { ENTER } peer lamp: Lamp initial dark state dark { on ENTER / send lamp SWITCH } }";
    fs::write(path("twice_imported.sc"), room).unwrap();
    fs::write(path("twice_imported.words"), "ENTER ENTER\n").unwrap();
    statechart_lang::assert_words!(directory.path());
}

/// δ̄(q₀, ε) = q₀ and λ̄(q₀, ε) = ε; whether ε is a word of the language is whether q₀ accepts.
#[test]
fn the_empty_word_stays_at_the_start() {
    let model = model(&workspace().join("specs/turnstile.sc"));
    let stage = Stage::of(&model, machine(&model));
    for text in ["", "ε", "\"\""] {
        let run = stage.run(&stage.word(text).unwrap());
        assert_eq!((run.states(), run.outputs(), run.accepted), (vec!["locked".to_owned()], vec![], true));
    }
    let run = stage.run(&stage.word("PUSH COIN COIN PUSH").unwrap());
    assert_eq!(run.states(), ["locked", "locked", "unlocked", "unlocked", "locked"]);
    assert_eq!(run.outputs(), ["ALARM", "UNLOCK", "LOCK"]);
}

/// An undelivered message has no symbol in a word; the job that it was about ends, so that nobody waits for it.
#[test]
fn an_undelivered_message_fails_its_job() {
    let model = model(&workspace().join("specs/coordinator.sc"));
    let machine = machine(&model);
    let mut coordinator = Interpreter::new(machine);
    coordinator.start();
    let topic = || Value::Text("BTC-USD".to_owned());
    let request = vec![topic(), Value::Int(1), Value::Token("job1".to_owned())];
    for (name, args) in [("REQUEST_CREATE_TOPIC", request), ("CREATE_TOPIC_SUCCESS", vec![topic()])] {
        coordinator.step(Input::Event { event: machine.event(name).unwrap(), args });
    }
    assert_eq!(coordinator.leaves(), ["notifyingActors"]);
    let report = coordinator.step(Input::Fault(Fault::Undelivered));
    assert_eq!(report.after, ["error"]);
    let effects: Vec<String> = report.effects.iter().map(ToString::to_string).collect();
    let failed = r#"fail_job(job1, "a peer was not told: undelivered")"#;
    assert!(effects.iter().any(|effect| effect == failed), "{effects:?}");
}

/// Transitions that no word can take, with the reason.
const NEVER_TAKEN: [(&str, &str, &str); 9] = [
    // An undelivered message is the runtime's to report; a word has no symbol for it.
    ("Datastore", "fault -> error", "undelivered message"),
    ("Coordinator", "fault -> error", "undelivered message"),
    (
        "Coordinator",
        "NOTIFY_FAILURE -> error",
        "only a topic without a job has no one to fail, and it is not waited for",
    ),
    // A word has no symbol for it either.
    ("Sorter", "fault -> ready", "a child that fails"),
    // Where two edges are possible the interpreter takes the first.
    ("ConceptProducer", "PUBLISH_FAILURE -> error", "second of two edges"),
    ("ConceptProducer", "CREATE_TOPIC_FAILURE -> error", "second of two edges"),
    ("ConceptCoordinator", "CREATE_TOPIC_FAILURE -> error", "second of two edges"),
    ("ConceptConsumerFixed", "PROCESS_FAILURE -> error", "second of two edges"),
    ("ConceptConsumerDynamic", "PROCESS_FAILURE -> error", "second of two edges"),
];

#[test]
fn words_take_every_transition() {
    let mut missing = Vec::new();
    let mut excused: BTreeSet<(String, String)> = BTreeSet::new();
    for path in specs() {
        let model = model(&path);
        let machine = machine(&model);
        let stage = Stage::of(&model, machine);
        let mut taken = BTreeSet::new();
        for named in words(&path, &stage) {
            for row in stage.run(&named.word).rows {
                taken.extend(row.report.transitions);
            }
        }
        for (id, transition) in machine.transitions.iter().enumerate() {
            let text = machine.transition_text(id);
            let state = &machine.states[transition.source].path;
            if transition.ignore || taken.contains(&id) {
                continue;
            }
            if NEVER_TAKEN.iter().any(|(name, excuse, _)| *name == machine.name && *excuse == text) {
                excused.insert((machine.name.clone(), text));
            } else {
                missing.push(format!("{}:{} {state}: {text}", path.display(), transition.line));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "no word takes\n{}\nadd a word to the .words beside the spec",
        missing.join("\n")
    );
    let stale: Vec<_> = NEVER_TAKEN
        .iter()
        .filter(|(name, text, _)| !excused.contains(&((*name).to_owned(), (*text).to_owned())))
        .collect();
    assert!(stale.is_empty(), "these are taken, or gone: {stale:#?}");
}

/// The worked example: 0123 from s0 with x = 0 visits s0 s0 s1 s2 s3 and counts one stay.
#[test]
fn the_quadruple_reads_0123() {
    let model = model(&workspace().join("specs/templates/quadruple.sc"));
    let machine = machine(&model);
    let stage = Stage::of(&model, machine);
    let run = stage.run(&stage.word("0123").unwrap());
    assert_eq!(run.states(), ["s0", "s0", "s1", "s2", "s3"]);
    let changes: Vec<String> =
        run.rows.iter().flat_map(|row| &row.report.changes).map(ToString::to_string).collect();
    assert_eq!(changes, ["x: 0 → 1"]);
    assert!(!run.accepted, "s3 does not accept");
}

/// The first sketches cannot be decided, and the checker says so; their error is a trap, and it says that too.
#[test]
fn the_concepts_show_their_defects() {
    for path in files("specs/concept", "sc") {
        let found: BTreeMap<Code, usize> =
            compiled(&path).diagnostics.iter().fold(BTreeMap::new(), |mut found, diagnostic| {
                *found.entry(diagnostic.code).or_default() += 1;
                found
            });
        assert_eq!(found, BTreeMap::from([(Code::NoWayOut, 1)]), "{}", path.display());
        let decided = fs::read_to_string(&path).unwrap().replacen("nondeterministic machine", "machine", 1);
        let loader = statechart_lang::MapLoader::from([("decided.sc", decided)]);
        let compiled = statechart_lang::compile("decided.sc", &loader);
        let undecided =
            compiled.diagnostics.iter().filter(|found| found.code == Code::Nondeterministic).count();
        assert_eq!(undecided, if stem(&path) == "producer" { 2 } else { 1 }, "{}", compiled.render(false));
    }
}

/// In every version of the documents nothing led to `publishingDynamic`; the checker finds such a state.
#[test]
fn a_state_without_a_way_in_is_found() {
    let text = fs::read_to_string(workspace().join("specs/producer.sc")).unwrap();
    let broken =
        text.lines().filter(|line| !line.contains("-> publishingDynamic")).collect::<Vec<_>>().join("\n");
    let coordinator = fs::read_to_string(workspace().join("specs/coordinator.sc")).unwrap();
    let consumer = fs::read_to_string(workspace().join("specs/consumer_dynamic.sc")).unwrap();
    let loader = statechart_lang::MapLoader::from([
        ("producer.sc", broken),
        ("coordinator.sc", coordinator),
        ("consumer_dynamic.sc", consumer),
    ]);
    let compiled = statechart_lang::compile("producer.sc", &loader);
    let found: Vec<&str> = compiled
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code == Code::Unreachable)
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert_eq!(found, ["state `publishingDynamic` is never entered"], "{}", compiled.render(false));
}
