//! `statechart import` and `statechart export`: what is written, what is said, and the exit code.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::statechart_in;

const DOOR: &str = "<scxml xmlns=\"http://www.w3.org/2005/07/scxml\" initial=\"shut\">
  <state id=\"shut\"><transition event=\"open.wide\" target=\"open\"/></state>
  <state id=\"open\"/>
</scxml>";

#[test]
fn documents_become_specifications_and_back() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    fs::write(at.join("door.scxml"), DOOR).unwrap();
    let ran = statechart_in(at, &["import", "door.scxml", "-o", "door.sc"], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let text = fs::read_to_string(at.join("door.sc")).unwrap();
    assert!(text.contains("on 'open.wide' -> open"), "{text}");
    assert_eq!(statechart_in(at, &["check", "door.sc"], "").code, 0);
    for format in ["scxml", "xstate"] {
        let ran = statechart_in(at, &["export", "door.sc", "--format", format], "");
        assert_eq!(ran.code, 0, "{}", ran.err);
        let file = format!("door.{format}");
        fs::write(at.join(&file), &ran.out).unwrap();
        let back = statechart_in(at, &["import", &file], "");
        assert_eq!(back.code, 0, "{}\n{}", back.err, ran.out);
        assert!(back.out.contains("on 'open.wide' -> open"), "{}", back.out);
    }
}

#[test]
fn what_is_lost_is_said_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let lossy = DOOR.replace("target=\"open\"/>", "\n cond=\"new Door()\" target=\"open\"/>");
    fs::write(at.join("door.scxml"), lossy).unwrap();
    let ran = statechart_in(at, &["import", "door.scxml", "-o", "door.sc"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("door.scxml:2:") && ran.err.contains("`new`"), "{}", ran.err);
    assert!(!at.join("door.sc").exists());
    let ran = statechart_in(at, &["import", "door.scxml", "--lossy"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("// not carried over: the condition `new Door()`"), "{}", ran.out);
    let ran = statechart_in(at, &["import", "door.scxml", "--json"], "");
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &json["faithful"], &json["notes"][0]["line"]), (1, &false.into(), &2.into()));
    fs::write(at.join("none.json"), "{\n\"a\": }").unwrap();
    let ran = statechart_in(at, &["import", "none.json"], "");
    assert!(ran.code == 1 && ran.err.contains("none.json:2:6: this is no JSON"), "{}", ran.err);
    assert_eq!(statechart_in(at, &["import", "missing.scxml"], "").code, 2);
}
