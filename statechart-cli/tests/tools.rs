//! What the tools say about machines is true of random charts: explanations tell what happened, and a word that tells
//! two versions apart does so.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::unwrap_used)]

use std::{fs, path::Path};

use random::Random;
use statechart_lang::{
    Loader, MapLoader, compile,
    diagram::Options,
    diff::Diff,
    interpreter::{Cause, Claim, Outcome, Row, Run, Session, Stage, Verdict, Word, run},
    model::{Machine, Model, TransitionId},
};

#[path = "../../tests/src/random.rs"]
mod random;

/// Reads from the disk.
struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

/// Charts that the checker accepts and that come to rest, with their texts.
fn charts(count: usize) -> Vec<(String, Model)> {
    let mut found = Vec::new();
    for seed in 0.. {
        let text = random::chart("Chart", seed);
        if let Some(model) = compiled(&text)
            && comes_to_rest(&model.machines[0], &mut Random(seed))
        {
            found.push((text, model));
        }
        if found.len() == count {
            break;
        }
    }
    found
}

/// Whether a few words end in no livelock and no storm of messages: those are right, but slow.
fn comes_to_rest(machine: &Machine, random: &mut Random) -> bool {
    (0..3).all(|_| {
        let word = random_word(machine, random);
        let mut session = Session::new(machine).at_most(20, 200);
        let mut rows = session.start(&word.start);
        // One item at a time, so that a chart that does not come to rest is given up early.
        let busy = |rows: &[Row]| {
            rows.iter().any(|row| {
                row.report.transitions.len() > 50
                    || (row.report.cause == Cause::Clock && row.report.outcome == Outcome::Unhandled)
            })
        };
        for item in &word.items {
            if busy(&rows) {
                return false;
            }
            rows = session.apply(item);
        }
        !busy(&rows)
    })
}

fn compiled(text: &str) -> Option<Model> {
    compile("chart.sc", &MapLoader::from([("chart.sc", text)])).model
}

/// A word of events with default fields, and of time passing.
fn random_word(machine: &Machine, random: &mut Random) -> Word {
    let inputs: Vec<&str> = machine
        .events
        .iter()
        .filter(|event| !event.internal)
        .map(|event| event.symbol.name.as_str())
        .collect();
    let items: Vec<String> = (0..12)
        .map(|_| match random.below(inputs.len() + 1) {
            at if at < inputs.len() => inputs[at].to_owned(),
            _ => "after".to_owned(),
        })
        .collect();
    Word::parse(&items.join(" "), machine).unwrap()
}

fn check_explanation(stage: &Stage<'_>, word: &Word) {
    let (plain, explained) = (stage.run(word), stage.clone().explaining().run(word));
    for row in explained.rows.iter().filter(|row| row.report.unexplained == 0) {
        let selections = &row.report.selections;
        let verdicts = |wanted: fn(&Verdict) -> bool| -> Vec<TransitionId> {
            let candidates = selections.iter().flat_map(|selection| &selection.candidates);
            let mut ids: Vec<TransitionId> = candidates
                .filter(|candidate| wanted(&candidate.verdict))
                .filter_map(|candidate| match candidate.what {
                    Claim::Transition(id) => Some(id),
                    Claim::Defer => None,
                })
                .collect();
            ids.sort_unstable();
            ids
        };
        let mut taken = row.report.transitions.clone();
        taken.sort_unstable();
        assert_eq!(verdicts(|verdict| *verdict == Verdict::Taken), taken, "{}: {row:#?}", word.text);
        let mut preempted: Vec<TransitionId> =
            row.report.preempted.iter().map(|lost| lost.transition).collect();
        preempted.sort_unstable();
        let told = verdicts(|verdict| matches!(verdict, Verdict::Preempted { .. }));
        assert_eq!(told, preempted, "{}: {row:#?}", word.text);
        for candidate in selections.iter().flat_map(|selection| &selection.candidates) {
            let value = candidate.guard.as_ref().and_then(|part| part.value.clone());
            match (&candidate.verdict, value) {
                (Verdict::Lost { .. }, value) => assert_eq!(value, None, "what lost was not asked"),
                (Verdict::False, Some(value)) => assert!(value.is_ok_and(|value| !value.is_true())),
                (Verdict::Taken | Verdict::Ignores | Verdict::Preempted { .. }, Some(value)) => {
                    assert!(value.is_ok_and(|value| value.is_true()));
                }
                _ => {}
            }
        }
    }
    // To explain changes nothing.
    let without = |row: Row| {
        let mut row = row;
        row.report.selections.clear();
        row.report.unexplained = 0;
        row
    };
    let told = Run { rows: explained.rows.into_iter().map(without).collect(), ..explained };
    assert_eq!(told, plain, "{}", word.text);
}

#[test]
fn explanations_tell_what_happened() {
    let mut random = Random(7);
    for (_, model) in charts(40) {
        for _ in 0..6 {
            check_explanation(
                &Stage::of(&model, &model.machines[0]),
                &random_word(&model.machines[0], &mut random),
            );
        }
    }
}

#[test]
fn the_words_of_every_spec_are_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut seen = 0;
    for directory in ["specs", "specs/templates", "specs/concept", "tests/fixtures/ok"] {
        for entry in fs::read_dir(root.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "words") {
                continue;
            }
            let spec = path.with_extension("sc").to_string_lossy().into_owned();
            let model = compile(&spec, &Disk).model.unwrap();
            // The last one may start those before it.
            let stage = Stage::of(&model, model.own_machines().last().unwrap());
            let text = fs::read_to_string(&path).unwrap();
            for named in stage.words(&text).unwrap() {
                check_explanation(&stage, &named.word);
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "only {seen} words were found, so this test has stopped looking");
}

/// The text with two of its targets exchanged.
fn turned(text: &str, random: &mut Random) -> Option<String> {
    let places: Vec<(usize, &str)> = text
        .match_indices("-> ")
        .map(|(at, arrow)| {
            (at + arrow.len(), text[at + arrow.len()..].split_whitespace().next().unwrap_or(""))
        })
        .collect();
    if places.is_empty() {
        return None;
    }
    let (first, second) = (places[random.below(places.len())], places[random.below(places.len())]);
    let (first, second) = if first.0 < second.0 { (first, second) } else { (second, first) };
    if first.1 == second.1 {
        return None;
    }
    let between = &text[first.0 + first.1.len()..second.0];
    Some(format!(
        "{}{}{between}{}{}",
        &text[..first.0],
        second.1,
        first.1,
        &text[second.0 + second.1.len()..]
    ))
}

#[test]
fn a_version_does_not_differ_from_itself() {
    for (text, model) in charts(25) {
        let diff = Diff::new(&model.machines[0], &model.machines[0]);
        assert_eq!(diff.changes, [], "{text}");
        assert_eq!(diff.migration(), None, "{text}");
        let search = diff.search(60);
        assert_eq!((&search.outside, &search.inside), (&None, &None), "{text}");
    }
}

#[test]
fn words_tell_apart_what_they_are_said_to() {
    let mut random = Random(11);
    let (mut told, mut found) = (0, 0);
    for (text, old) in charts(60) {
        let Some((changed, new)) = turned(&text, &mut random)
            .and_then(|text| Some((compiled(&text)?, text)))
            .map(|(new, text)| (text, new))
        else {
            continue;
        };
        let (before, after) = (&old.machines[0], &new.machines[0]);
        let diff = Diff::new(before, after);
        told += usize::from(!diff.changes.is_empty());
        assert!(diff.dot(&Options::default()).starts_with("digraph"));
        let search = diff.search(60);
        let Some(witness) = search.outside.or(search.inside) else { continue };
        found += 1;
        let rows = |machine: &Machine| {
            let rows = run(machine, &Word::parse(&witness.word, machine).unwrap()).rows;
            let seen = rows.into_iter().map(|row| {
                let effects: Vec<String> = row.report.effects.iter().map(ToString::to_string).collect();
                (row.report.after, effects, row.report.unhandled)
            });
            seen.collect::<Vec<_>>()
        };
        assert_ne!(rows(before), rows(after), "`{}` does not tell apart\n{text}\n{changed}", witness.word);
    }
    assert!(
        told >= 12 && found >= 6,
        "{told} pairs differ and {found} are told apart: too few to test anything"
    );
}
