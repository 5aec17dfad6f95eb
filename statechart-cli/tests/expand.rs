//! What each specification of the platform becomes in Rust, as `statechart expand` prints it: reviewed when it changes.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::statechart_in;

#[test]
fn expansions_of_the_specs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut specs: Vec<String> = std::fs::read_dir(root.join("specs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".sc"))
        .collect();
    specs.sort();
    assert!(specs.len() >= 8, "only {specs:?} were found, so this test has stopped looking");
    for spec in specs {
        let path = format!("specs/{spec}");
        let ran = statechart_in(root, &["expand", &path], "");
        assert_eq!(ran.code, 0, "{path}: {}", ran.err);
        let is_empty = ran.out.trim().is_empty();
        assert_eq!(ran.err.contains("declares no machine of its own"), is_empty, "{path}: {}", ran.err);
        assert_eq!(
            statechart_in(root, &["expand", &path], "").out,
            ran.out,
            "{path}: the same bytes every time"
        );
        let name = spec.trim_end_matches(".sc");
        insta::with_settings!({ omit_expression => true, snapshot_path => "snapshots/expand", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, ran.out);
        });
    }
}

#[test]
fn what_cannot_become_rust_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let spec = "nondeterministic machine N { input { A } initial a accept state a { on A -> a on A -> b } accept state b }
machine M { input { A } initial a state a { on A } }";
    std::fs::write(dir.path().join("n.sc"), spec).unwrap();
    let ran = statechart_in(dir.path(), &["expand", "n.sc"], "");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("error: n.sc:1: machine `N` is nondeterministic"), "{}", ran.err);
    std::fs::write(dir.path().join("s.sc"), "import \"m.sc\" system S { actor a: M }").unwrap();
    std::fs::write(dir.path().join("m.sc"), "machine M { input { A } initial a state a { on A } }").unwrap();
    let ran = statechart_in(dir.path(), &["expand", "s.sc"], "");
    assert!(ran.err.contains("declares no machine of its own"), "{}", ran.err);
}

#[test]
fn a_file_that_was_expanded_before_is_compared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("turnstile.rs").to_string_lossy().into_owned();
    let expand = |more: &[&str]| {
        statechart_in(root, &[&["expand", "specs/turnstile.sc", "-o", file.as_str()], more].concat(), "")
    };
    let absent = expand(&["--check"]);
    assert!(absent.code == 2 && absent.err.contains("cannot be read"), "{}", absent.err);
    assert_eq!(expand(&[]).code, 0);
    assert_eq!(expand(&["--check"]).code, 0);
    std::fs::write(&file, "// by hand\n").unwrap();
    let stale = expand(&["--check"]);
    assert_eq!(stale.code, 1);
    assert!(stale.err.contains("make it anew: statechart expand specs/turnstile.sc -o "), "{}", stale.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "// by hand\n");
}
