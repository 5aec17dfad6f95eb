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
