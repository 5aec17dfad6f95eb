//! What does not pass: printed, written down, and held against what was written down.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use super::{Ran, progress};
use crate::{error::Error, tools};

const LIST: &str = "tests/conformance/expected.txt";
const DOCUMENT: &str = "docs/conformance.md";
const COMMAND: &str = "cargo xtask conformance --write";
/// The numbers in the document stand between these.
const MARKS: [&str; 2] = ["<!-- numbers -->\n", "<!-- end -->"];

const HEAD: &str = "\
# Tests of the suite that do not pass, with the engine (both, interpreter, rust) and the reason.
# Written by `cargo xtask conformance --write`; docs/conformance.md says more about the reasons.
";

type Lines = BTreeMap<(String, &'static str), String>;

/// `engine name: reason`, by name.
fn lines(results: &[Ran]) -> Lines {
    let mut lines = Lines::new();
    for ran in results {
        let of = |result: &Option<Result<(), String>>| {
            result.as_ref().and_then(|result| result.as_ref().err().cloned())
        };
        let mut add =
            |engine, reason: String| lines.insert((ran.name.clone(), engine), reason.replace('\n', " "));
        match (of(&ran.interpreter), of(&ran.rust)) {
            (Some(a), Some(b)) if a == b => {
                add("both", a);
            }
            (a, b) => {
                if let Some(a) = a {
                    add("interpreter", a);
                }
                if let Some(b) = b {
                    add("rust", b);
                }
            }
        }
    }
    lines
}

/// Each failure on a line of its own.
pub(super) fn failures(results: &[Ran]) -> String {
    lines(results).iter().fold(String::new(), |mut text, ((name, engine), reason)| {
        let _ = writeln!(text, "{engine} {name}: {reason}");
        text
    })
}

/// How many pass, as a table.
pub(super) fn summary(results: &[Ran]) -> String {
    let mut text = String::from("| suite | tests | interpreter | generated Rust |\n|---|---|---|---|\n");
    for (name, w3c) in [("SCION's own", false), ("W3C, in ECMAScript", true)] {
        let rows: Vec<&Ran> = results.iter().filter(|ran| ran.w3c == w3c).collect();
        if rows.is_empty() {
            continue;
        }
        let passed = |of: fn(&Ran) -> &Option<Result<(), String>>| -> String {
            if rows.iter().all(|ran| of(ran).is_none()) {
                return "not run".to_owned();
            }
            rows.iter().filter(|ran| matches!(of(ran), Some(Ok(())))).count().to_string()
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} |",
            rows.len(),
            passed(|ran| &ran.interpreter),
            passed(|ran| &ran.rust)
        );
    }
    text
}

fn path(name: &str) -> PathBuf {
    tools::root().join(name)
}

fn read(name: &str) -> Result<String, Error> {
    let path = path(name);
    fs::read_to_string(&path).map_err(Error::file("read", &path))
}

/// The document with the numbers as they are.
fn document(results: &[Ran]) -> Result<(String, String), Error> {
    let text = read(DOCUMENT)?;
    let with = text
        .split_once(MARKS[0])
        .and_then(|(head, rest)| Some((head, rest.split_once(MARKS[1])?.1)))
        .map(|(head, tail)| format!("{head}{}{}{}{tail}", MARKS[0], summary(results), MARKS[1]));
    match with {
        Some(with) => Ok((text, with)),
        None => Err(Error::Unexpected {
            what: DOCUMENT.to_owned(),
            why: format!("it has no numbers between `{}` and `{}`", MARKS[0].trim(), MARKS[1]),
            hint: "put the two marks on lines of their own, and run this again".to_owned(),
        }),
    }
}

/// Writes the list and the numbers.
pub(super) fn write(results: &[Ran]) -> Result<(), Error> {
    let (_, document) = document(results)?;
    for (name, text) in [(LIST, format!("{HEAD}{}", failures(results))), (DOCUMENT, document)] {
        let path = path(name);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(Error::file("make", directory))?;
        }
        fs::write(&path, text).map_err(Error::file("write", &path))?;
    }
    Ok(())
}

/// Holds the results against the list: no test fails that is not listed, none passes that is.
pub(super) fn check(results: &[Ran]) -> Result<(), Error> {
    let listed = read(LIST)?;
    let found = failures(results);
    let ran = |line: &str| {
        let name = line.split_once(' ').map_or(line, |(_, rest)| rest).split(": ").next().unwrap_or_default();
        results.iter().any(|ran| ran.name == name)
    };
    let complete = results.iter().all(|ran| ran.interpreter.is_some() && ran.rust.is_some());
    // On one engine, `both` is what its line would be.
    let plain = |line: &str| -> String {
        if complete {
            line.to_owned()
        } else {
            line.split_once(' ').map_or(line, |(_, rest)| rest).to_owned()
        }
    };
    let one = if results.iter().all(|ran| ran.rust.is_none()) { "rust " } else { "interpreter " };
    let expected: Vec<String> = listed
        .lines()
        .filter(|line| !line.starts_with('#') && ran(line) && (complete || !line.starts_with(one)))
        .map(plain)
        .collect();
    let found: Vec<String> = found.lines().map(plain).collect();
    let mut wrong = false;
    for line in found.iter().filter(|line| !expected.contains(line)) {
        progress(&format!("fails and is not listed so: {line}"));
        wrong = true;
    }
    for line in expected.iter().filter(|line| !found.contains(line)) {
        progress(&format!("is listed and does not fail so: {line}"));
        wrong = true;
    }
    let mut stale = Vec::new();
    if wrong {
        stale.push(LIST.to_owned());
    }
    if complete && results.iter().any(|ran| ran.w3c) && results.iter().any(|ran| !ran.w3c) {
        let (is, should) = document(results)?;
        if is != should && !wrong && results.len() == super::suite::PAIRS {
            stale.push(DOCUMENT.to_owned());
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(Error::Stale { files: stale, command: COMMAND }) }
}
