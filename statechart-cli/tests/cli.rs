//! The `statechart` binary as its users meet it: arguments in; stdout, stderr and an exit code out.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};

const TURNSTILE: &str = r#"
/// Lets one person through per coin.
strict machine Turnstile "A turnstile" {
  input { COIN PUSH }
  output { UNLOCKED(count: Int) }
  context { count: Int = 0 }
  initial locked
  state locked "Locked" {
    on COIN -> unlocked / count := count + 1, emit UNLOCKED(count)
    on PUSH
  }
  accept state unlocked "Unlocked" {
    on PUSH -> locked
    after 30s -> locked
  }
}
"#;

const BROKEN: &str =
    "machine Broken {\n  input { A }\n  initial one\n  state one \"ö\" { on A -> two on B -> one }\n}\n";

const PAIR: &str = r#"
import "parts/turnstile.sc"
machine Ping { input { GO } initial a state a { on GO -> b } state b { on GO -> a } }
machine Pong { input { GO } initial a state a { on GO -> a } }
system Pair "A pair" {
  actor ping: Ping
  actor gate[n: Int]: Turnstile
  external Database "The \"database\""
  ping -> gate : COIN
  gate -> Database "write"
}
"#;

/// What a run of the binary left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// A directory with the specifications of these tests.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(directory.path().join(name), text).unwrap();
    std::fs::create_dir(directory.path().join("parts")).unwrap();
    write("turnstile.sc", TURNSTILE.as_bytes());
    write("parts/turnstile.sc", TURNSTILE.as_bytes());
    write("broken.sc", BROKEN.as_bytes());
    write("pair.sc", PAIR.as_bytes());
    write("lost.sc", b"import \"nowhere.sc\"\nmachine A { input { X } initial a state a { on X -> a } }\n");
    write(
        "round.sc",
        b"import \"parts/../parts/back.sc\"\nmachine A { input { X } peer b: B initial s state s { on X / send b X } }\n",
    );
    let here = directory.path().file_name().unwrap().to_string_lossy();
    let back = format!(
        "import \"../round.sc\" import \"../../{here}/round.sc\"\nmachine B {{ input {{ X }} peer a: A initial s state s {{ on X / send a X }} }}\n"
    );
    write("parts/back.sc", back.as_bytes());
    write("latin.sc", b"machine A {\n  \xe4\n}\n");
    write("bom.sc", format!("\u{feff}{TURNSTILE}").as_bytes());
    write("good.words", b"# words\nonce: COIN\n");
    write("bad.words", b"COIN\nCOIM\nPULL PUSH\n");
    directory
}

fn statechart(directory: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_statechart"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn exit_codes_and_what_is_said() {
    let directory = directory();
    // Arguments, exit code, a part of stdout, a part of stderr.
    let rows: [(&[&str], i32, &str, &str); 38] = [
        (&["check", "turnstile.sc", "bom.sc"], 0, "turnstile.sc: ok\nbom.sc: ok\n", ""),
        // A file is read once, by whatever path it is imported.
        (&["check", "round.sc"], 0, "round.sc: ok\n", ""),
        (
            &["check", "broken.sc", "turnstile.sc"],
            1,
            "broken.sc: 2 errors\nturnstile.sc: ok\n",
            "unknown state `two`",
        ),
        (&["check", "broken.sc"], 1, "", "broken.sc:4"),
        (&["check", "lost.sc"], 1, "lost.sc: 1 error", "nowhere.sc"),
        (&["check", "nowhere.sc", "turnstile.sc"], 2, "turnstile.sc: ok", "no such file"),
        (&["check", "."], 2, "", "it is a directory"),
        (&["check", "latin.sc"], 2, "", "byte 0xe4 at line 2, column 3"),
        (&["check"], 2, "", "FILE"),
        (&["draw"], 2, "", "unrecognized subcommand"),
        (&["diagram", "turnstile.sc"], 0, "digraph \"Turnstile\" {", ""),
        (&["diagram", "turnstile.sc", "--no-actions"], 0, "label=\" COIN \"", ""),
        (
            &["diagram", "turnstile.sc", "--format", "mermaid"],
            0,
            "locked --> unlocked : COIN / count #58;= count",
            "",
        ),
        (&["diagram", "pair.sc"], 2, "", "declares several machines; they are Ping, Pong"),
        (&["diagram", "pair.sc", "--machine", "Turnstile"], 0, "digraph \"Turnstile\"", ""),
        (
            &["diagram", "pair.sc", "--machine", "turnstile"],
            2,
            "",
            "has no machine `turnstile`; it declares Ping",
        ),
        (&["diagram", "pair.sc", "--system"], 0, "cluster_gate/0", ""),
        (
            &["diagram", "pair.sc", "--system=Pair", "--messages"],
            0,
            "\"ping\" -> \"gate\" [label=\" COIN \"",
            "",
        ),
        (&["diagram", "pair.sc", "--system=Pear"], 2, "", "has no system `Pear`; it declares Pair"),
        (&["diagram", "pair.sc", "--system", "--format=mermaid"], 0, "gate ==>|\"write\"| Database", ""),
        (&["diagram", "turnstile.sc", "--system"], 2, "", "declares no system"),
        (&["diagram", "turnstile.sc", "--format", "svg"], 0, "<svg xmlns=", ""),
        (&["diagram", "turnstile.sc", "--format", "svg", "--theme", "dark"], 0, "fill=\"#15191f\"", ""),
        (&["diagram", "turnstile.sc", "--format", "tikz", "--layout", "row"], 0, ", right=", ""),
        (&["diagram", "turnstile.sc", "--format", "plantuml"], 0, "@startuml", ""),
        (&["diagram", "turnstile.sc", "--format", "json"], 0, "\"event\": \"COIN\"", ""),
        (&["diagram", "pair.sc", "--view", "flow"], 0, "\"ping\" -> \"gate\" [label=\" COIN \"", ""),
        (
            &["diagram", "pair.sc", "--view", "system", "--layout=row", "--format=svg"],
            2,
            "",
            "the layout `layered`",
        ),
        (&["diagram", "pair.sc", "--view", "all"], 2, "", "gives 4 pictures"),
        (&["diagram", "pair.sc", "turnstile.sc"], 2, "", "name a directory for them"),
        (&["diagram", "turnstile.sc", "--engine", "dot"], 2, "", "lays out SVG only"),
        (&["diagram", "broken.sc"], 1, "", "broken.sc: 2 errors"),
        (&["diagram", "turnstile.sc", "-o", "no/such/dir.dot"], 2, "", "cannot write `no/such/dir.dot`"),
        (&["run", "turnstile.sc"], 2, "", "--word"),
        (&["run", "turnstile.sc", "--word", "COIN"], 0, "UNLOCKED(count: 1)", ""),
        (&["run", "turnstile.sc", "--word", "COIN PUSH"], 1, "rejected", ""),
        (&["run", "turnstile.sc", "bad.words", "--word", "COAL"], 1, "", "did you mean `COIN`"),
        (&["run", "turnstile.sc", "none.words"], 2, "", "cannot read `none.words`: no such file"),
    ];
    for (arguments, code, out, err) in rows {
        let ran = statechart(directory.path(), arguments);
        assert_eq!(ran.code, code, "{arguments:?}\n{}{}", ran.out, ran.err);
        assert!(ran.out.contains(out), "{arguments:?}: stdout lacks {out:?}\n{}", ran.out);
        assert!(ran.err.contains(err), "{arguments:?}: stderr lacks {err:?}\n{}", ran.err);
        assert!(
            !ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'),
            "{arguments:?}: colours in a pipe"
        );
        if code != 0 {
            assert!(!ran.err.is_empty() || ran.out.contains("rejected"), "{arguments:?}: says nothing");
        }
    }
}

#[test]
fn help_has_examples_for_every_command() {
    let directory = directory();
    for command in ["check", "diagram", "run", "why", "diff", "expand"] {
        let ran = statechart(directory.path(), &[command, "--help"]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains(&format!("Examples:\n  statechart {command} ")), "{}", ran.out);
    }
}

#[test]
fn diagnostics_as_json() {
    let directory = directory();
    let ran = statechart(
        directory.path(),
        &["check", "--json", "broken.sc", "turnstile.sc", "broken.sc", "latin.sc"],
    );
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(rows.len(), 3, "{}", ran.out);
    // Columns count characters: the `ö` in the label is one.
    let expected = serde_json::json!({
        "file": "broken.sc", "line": 4, "column": 34, "end_line": 4, "end_column": 35, "code": "SC011",
        "severity": "error", "message": "undeclared event `B`", "help": rows[1]["help"],
    });
    assert_eq!(rows[1], expected);
    let sound = statechart(directory.path(), &["check", "--json", "turnstile.sc"]);
    assert_eq!((sound.code, sound.out.as_str()), (0, "[]\n"));
}

#[test]
fn runs_as_json_and_from_files() {
    let directory = directory();
    let arguments = ["run", "turnstile.sc", "good.words", "--word", "COIN PUSH COIN", "--format", "json"];
    let ran = statechart(directory.path(), &arguments);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let runs: Vec<serde_json::Value> = serde_json::from_str(&ran.out).unwrap();
    let words: Vec<&str> = runs.iter().map(|run| run["word"].as_str().unwrap()).collect();
    assert_eq!(words, ["COIN PUSH COIN", "COIN"]);
    assert!(runs.iter().all(|run| run["accepted"] == true));
    let table = statechart(directory.path(), &["run", "turnstile.sc", "good.words"]);
    assert!(table.out.starts_with("once:\n"), "{}", table.out);
    let bad = statechart(directory.path(), &["run", "turnstile.sc", "bad.words"]);
    assert_eq!(bad.err.matches("in `bad.words`").count(), 2, "every mistake at once: {}", bad.err);
}

#[test]
fn results_go_to_files_on_request() {
    let directory = directory();
    let ran = statechart(
        directory.path(),
        &["diagram", "pair.sc", "turnstile.sc", "--format=svg", "-o", "pictures/"],
    );
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    for name in ["pair_Ping", "pair_Pong", "turnstile"] {
        let svg = std::fs::read_to_string(directory.path().join(format!("pictures/{name}.svg"))).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    }
    // One would overwrite the other: nothing is written.
    let ran = statechart(
        directory.path(),
        &["diagram", "turnstile.sc", "parts/turnstile.sc", "--format=dot", "-o", "twice/"],
    );
    let said = "`turnstile.sc` and `parts/turnstile.sc` would both be `twice/turnstile.dot`";
    assert!(ran.code == 2 && ran.err.contains(said), "{}", ran.err);
    assert!(!directory.path().join("twice").exists());
    let arguments = ["diagram", "pair.sc", "--machine", "Turnstile", "--format=dot", "-o", "one/"];
    assert_eq!(statechart(directory.path(), &arguments).code, 0);
    assert!(directory.path().join("one/pair_Turnstile.dot").exists());
    let two = PAIR.to_owned() + "system Other { actor ping: Ping }";
    std::fs::write(directory.path().join("two.sc"), two).unwrap();
    for (view, end) in [("system", ""), ("flow", "_messages")] {
        let arguments = ["diagram", "two.sc", "--view", view, "--format=dot", "-o", "systems/"];
        let ran = statechart(directory.path(), &arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
        for system in ["Pair", "Other"] {
            let path = directory.path().join(format!("systems/two_{system}{end}.dot"));
            assert!(path.exists(), "{view}: {}", ran.err);
        }
    }
    let ran = statechart(directory.path(), &["diagram", "turnstile.sc", "--view", "flow", "-o", "systems/"]);
    assert!(ran.code == 2 && ran.err.contains("declares no system"), "{}", ran.err);
    let ran = statechart(directory.path(), &["diagram", "turnstile.sc", "-o", "turnstile.dot"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let written = std::fs::read_to_string(directory.path().join("turnstile.dot")).unwrap();
    assert_eq!(written, statechart(directory.path(), &["diagram", "turnstile.sc"]).out);
}

#[test]
fn expanded_specifications_are_formatted_rust() {
    let directory = directory();
    let ran = statechart(directory.path(), &["expand", "turnstile.sc"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let file = syn::parse_file(&ran.out).unwrap();
    assert!(!file.items.is_empty());
    assert_eq!(statechart(directory.path(), &["expand", "broken.sc"]).code, 1);
}

#[test]
fn a_file_without_end_is_refused() {
    let directory = directory();
    let large = std::fs::File::create(directory.path().join("large.sc")).unwrap();
    large.set_len((16 << 20) + 1).unwrap();
    let ran = statechart(directory.path(), &["check", "large.sc"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("larger than 16 MiB"), "{}", ran.err);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let directory = directory();
    let mut child = Command::new(env!("CARGO_BIN_EXE_statechart"))
        .args(["diagram", "turnstile.sc"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
