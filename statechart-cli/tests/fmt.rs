//! `statechart fmt`: files in place, differences, stdin, and what it leaves alone.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fs;

use common::statechart_in;

const UGLY: &str = "machine M{input{A B}\n// why\ninitial s\n\n\n  state s{on A|B->s}\n}";
const NEAT: &str = "machine M {\n  input { A B }\n  // why\n  initial s\n\n  state s { on A | B -> s }\n}\n";
const BROKEN: &str = "machine M{state s{on}}";

#[test]
fn files_are_replaced_where_their_layout_changes() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("ugly.sc"), UGLY).unwrap();
    fs::write(path("neat.sc"), NEAT).unwrap();
    let before = fs::metadata(path("neat.sc")).unwrap().modified().unwrap();

    let check = statechart_in(directory.path(), &["fmt", "--check", "ugly.sc", "neat.sc"], "");
    assert_eq!(check.code, 1);
    assert!(check.out.starts_with("--- ugly.sc\n+++ ugly.sc (formatted)\n@@ "), "{}", check.out);
    assert!(
        check.out.contains("\n-  state s{on A|B->s}\n")
            && check.out.contains("\n+  state s { on A | B -> s }\n")
    );
    assert!(!check.out.contains("neat.sc"));
    assert_eq!(fs::read_to_string(path("ugly.sc")).unwrap(), UGLY, "--check writes nothing");

    let done = statechart_in(directory.path(), &["fmt", "ugly.sc", "neat.sc"], "");
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", "ugly.sc: formatted\n"));
    assert_eq!(fs::read_to_string(path("ugly.sc")).unwrap(), NEAT);
    assert_eq!(fs::metadata(path("neat.sc")).unwrap().modified().unwrap(), before, "left alone");
    assert_eq!(statechart_in(directory.path(), &["fmt", "--check", "ugly.sc", "neat.sc"], "").code, 0);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn broken_and_absent_files_do_not_stop_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("broken.sc"), BROKEN).unwrap();
    fs::write(path("ugly.sc"), UGLY).unwrap();
    let ran = statechart_in(directory.path(), &["fmt", "broken.sc", "nowhere.sc", "ugly.sc"], "");
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("error[SC001]") && ran.err.contains("broken.sc: not formatted"), "{}", ran.err);
    assert!(ran.err.contains("cannot read `nowhere.sc`: no such file"), "{}", ran.err);
    assert_eq!(fs::read_to_string(path("broken.sc")).unwrap(), BROKEN);
    assert_eq!(fs::read_to_string(path("ugly.sc")).unwrap(), NEAT);
    assert_eq!(statechart_in(directory.path(), &["fmt", "broken.sc"], "").code, 1);
}

#[test]
fn stdin_goes_to_stdout() {
    let directory = tempfile::tempdir().unwrap();
    let ran = statechart_in(directory.path(), &["fmt", "--stdin"], UGLY);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, NEAT, ""));
    let ran = statechart_in(directory.path(), &["fmt", "--stdin"], BROKEN);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(statechart_in(directory.path(), &["fmt", "--stdin", "--check"], UGLY).code, 1);
    assert_eq!(statechart_in(directory.path(), &["fmt"], "").code, 2);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_survive() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("real.sc"), UGLY).unwrap();
    fs::set_permissions(path("real.sc"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.sc", path("link.sc")).unwrap();
    assert_eq!(statechart_in(directory.path(), &["fmt", "link.sc"], "").code, 0);
    assert!(fs::symlink_metadata(path("link.sc")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(path("real.sc")).unwrap(), NEAT);
    assert_eq!(fs::metadata(path("real.sc")).unwrap().permissions().mode() & 0o777, 0o640);
    fs::write(path("real.sc"), UGLY).unwrap();
    fs::set_permissions(path("real.sc"), fs::Permissions::from_mode(0o440)).unwrap();
    let ran = statechart_in(directory.path(), &["fmt", "real.sc"], "");
    assert_eq!((ran.code, ran.err.contains("read-only")), (2, true), "{}", ran.err);
}
