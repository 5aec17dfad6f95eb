//! The transcripts of `docs/commands.md` and `docs/formal.md` are what the commands print. `DOCS_UPDATE=1` writes them anew.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{Ran, statechart_in};

/// What stands behind a prompt, with quotes taken off, and what is piped into it by `printf '…' | `.
fn parse(line: &str) -> (Vec<String>, String) {
    let (input, command) = match line.split_once("' | ") {
        Some((input, command)) => (input.strip_prefix("printf '").unwrap().replace("\\n", "\n"), command),
        None => (String::new(), line),
    };
    let mut words = Vec::new();
    for (index, part) in command.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    assert_eq!(words.remove(0), "statechart", "{line}");
    (words, input)
}

/// Runs every transcript of a document again; `shown` is what stands behind the command.
fn transcripts(name: &str, least: usize, shown: impl Fn(&str, &Ran) -> String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join(name);
    let document = std::fs::read_to_string(&path).unwrap();
    let (mut made, mut inside, mut commands) = (String::new(), false, 0);
    for line in document.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside {
            let Some(command) = line.strip_prefix("$ ") else { continue };
            let (arguments, input) = parse(command);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ran = statechart_in(root, &arguments, &input);
            made.push_str(&format!("{line}\n{}", shown(command, &ran)));
            commands += 1;
            continue;
        }
        made.push_str(line);
        made.push('\n');
    }
    assert!(commands >= least, "only {commands} commands were found, so this test has stopped looking");
    if std::env::var_os("DOCS_UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
        return;
    }
    assert_eq!(
        document, made,
        "run `DOCS_UPDATE=1 cargo test -p statechart-cli --test docs`, and read what it wrote"
    );
}

#[test]
fn the_transcripts_are_true() {
    transcripts("docs/commands.md", 4, |command, ran| {
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command}");
        ran.out.clone()
    });
}

/// These name their abstraction on stderr, and some say no.
#[test]
fn the_transcripts_of_the_formal_part_are_true() {
    transcripts("docs/formal.md", 20, |command, ran| {
        assert!((0..=1).contains(&ran.code), "{command}: {}", ran.err);
        let code = if ran.code == 0 { "" } else { "[exit code 1]\n" };
        format!("{}{}{code}", ran.err, ran.out)
    });
}
