//! `fixtures/ok/`: specs without any diagnostic. `fixtures/err/`: what is said about each kind of mistake.
//!
//! A new fixture needs no code; its snapshot is made by `INSTA_UPDATE=always cargo test` and read before it is
//! kept.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{collections::BTreeMap, fs, path::Path};

use statechart_lang::{Code, Compiled, MapLoader, compile};
use statechart_tests::{compiled, files, stem, with_examples};

#[test]
fn ok_fixtures_and_specs_have_no_diagnostics() {
    for directory in ["tests/fixtures/ok", "specs", "specs/templates"] {
        for path in files(directory, "sc") {
            let compiled = compiled(&path);
            assert!(compiled.diagnostics.is_empty(), "{}", compiled.render(false));
            assert!(compiled.model.is_some());
        }
    }
}

/// Compiled under its bare name, so that snapshots are the same everywhere.
fn bare(path: &Path) -> Compiled {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    with_examples(compile(&name, &MapLoader::from([(name.clone(), text)])))
}

#[test]
fn diagnostics_of_the_err_fixtures() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/err");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in files("tests/fixtures/err", "sc") {
        let compiled = bare(&path);
        assert!(!compiled.diagnostics.is_empty(), "{} has no mistake", path.display());
        settings.bind(|| insta::assert_snapshot!(stem(&path), compiled.render(false)));
    }
}

#[test]
fn every_code_has_a_fixture() {
    let mut shown: BTreeMap<Code, Vec<String>> = BTreeMap::new();
    for path in files("tests/fixtures/err", "sc") {
        for diagnostic in bare(&path).diagnostics {
            shown.entry(diagnostic.code).or_default().push(stem(&path));
        }
    }
    let missing: Vec<String> = Code::ALL
        .iter()
        .filter(|code| !shown.contains_key(code))
        .map(|code| format!("{code} {}", code.title()))
        .collect();
    assert!(missing.is_empty(), "no fixture in tests/fixtures/err shows {missing:#?}");
}

/// Every diagnostic points into its file and says what to do.
#[test]
fn every_diagnostic_is_whole() {
    for path in files("tests/fixtures/err", "sc") {
        let compiled = bare(&path);
        for diagnostic in &compiled.diagnostics {
            let source = compiled.sources.get(diagnostic.primary.span.file).unwrap();
            let (start, end) = (diagnostic.primary.span.start as usize, diagnostic.primary.span.end as usize);
            assert!(start <= end && source.text.get(start..end).is_some(), "{diagnostic:?}");
            let tells = diagnostic.help.is_some() || !diagnostic.primary.text.is_empty();
            assert!(tells, "{}: {} does not say what to do", stem(&path), diagnostic.message);
        }
    }
}
