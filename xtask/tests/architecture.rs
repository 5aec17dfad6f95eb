//! What ARCHITECTURE.md says, held against the workspace: who may import whom, what is where, what is
//! absent, how large the limits are, and why each dependency is there.
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use common::{code_words, files, metadata, read, root, rows, section};

fn architecture() -> String {
    read("ARCHITECTURE.md")
}

#[test]
fn imports_run_one_way() {
    let text = architecture();
    let table: BTreeMap<String, BTreeSet<String>> = rows(section(&text, "### Who may import whom"))
        .iter()
        .map(|row| {
            let own = code_words(&row[0])[0].to_owned();
            (own, code_words(&row[1]).into_iter().map(str::to_owned).collect())
        })
        .collect();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let members: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let known: BTreeSet<&str> = table.keys().map(String::as_str).collect();
    assert_eq!(known, members, "the table and the workspace have different crates");

    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let imported = dependency["name"].as_str().unwrap();
            if members.contains(imported) && !table[name].contains(imported) {
                wrong.push(format!("{name} imports {imported}"));
            }
        }
    }
    assert!(wrong.is_empty(), "against the table: {}", wrong.join(", "));
}

#[test]
fn the_code_map_is_whole() {
    let text = architecture();
    for (package, directory) in [
        ("statechart-lang", "statechart-lang/src"),
        ("statechart-macros", "statechart-macros/src"),
        ("statechart-runtime", "statechart-runtime/src"),
        ("statechart-cli", "statechart-cli/src"),
        ("actors", "actors/src"),
        ("xtask", "xtask/src"),
    ] {
        let listed: BTreeSet<String> = rows(section(&text, &format!("### {package}")))
            .iter()
            .flat_map(|row| code_words(&row[0]).into_iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let found: BTreeSet<String> = fs::read_dir(root().join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".rs").to_owned())
            .filter(|name| !["lib", "main", "tests"].contains(&name.as_str()) && !name.ends_with("_tests"))
            .collect();
        assert_eq!(listed, found, "ARCHITECTURE.md, `### {package}` (left), and {directory} (right) differ");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let text = architecture();
    let listed: BTreeMap<String, String> = rows(section(&text, "## Dependencies"))
        .iter()
        .flat_map(|row| {
            let reason = row[1].clone();
            code_words(&row[0])
                .into_iter()
                .map(move |name| (name.to_owned(), reason.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let used: BTreeSet<&str> = packages
        .iter()
        .flat_map(|package| package["dependencies"].as_array().unwrap())
        .filter(|dependency| dependency["path"].is_null())
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect();
    let declared = declared();
    let declared: BTreeSet<&str> = declared.iter().map(String::as_str).collect();
    assert_eq!(
        declared, used,
        "what Cargo.toml declares for the workspace (left) and what its members use differ"
    );
    let reasons: BTreeSet<&str> = listed.keys().map(String::as_str).collect();
    assert_eq!(
        reasons, used,
        "ARCHITECTURE.md, `## Dependencies` (left), and the members' dependencies differ"
    );
    for (name, reason) in &listed {
        assert!(reason.len() > 15, "`{name}` has no reason");
    }
}

/// The names below `[workspace.dependencies]`, our own crates left out.
fn declared() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let table = rest.split("\n[").next().unwrap();
    let entries = table.lines().filter(|line| !line.starts_with('#') && !line.contains("path = "));
    entries.filter_map(|line| line.split_once(" =")).map(|(name, _)| name.trim().to_owned()).collect()
}

/// Words that must not stand in a file, or below a directory, outside comments and tests.
const ABSENT: &[(&str, &[&str])] = &[
    (
        "statechart-lang/src",
        &["std::fs", "std::net", "std::env", "tokio", "async fn", "SystemTime", "Instant"],
    ),
    ("statechart-lang/src", &["HashMap", "HashSet"]),
    ("statechart-runtime/src/chart", &["Box<", "Rc<", "Arc<", "async fn", "tokio", "std::", "HashMap"]),
    ("statechart-runtime/src/chart/engine.rs", &["dyn ", "Vec", "String", "format!", ".clone()"]),
    ("statechart-runtime/src/chart/select.rs", &["dyn ", "Vec", "String", "format!", ".clone()"]),
    ("statechart-runtime/src/chart/core.rs", &["dyn ", "Vec", "String", "format!", ".clone()"]),
    ("statechart-runtime/src/chart/ring.rs", &["dyn ", "Vec", "String", "format!"]),
    ("statechart-runtime/src/value", &["dyn ", "async fn", "tokio", "std::"]),
    (
        "statechart-runtime/src/market",
        &["f64", "f32", "SystemTime", "Instant", "tokio", "async fn", "std::fs"],
    ),
    ("statechart-runtime/src/ports", &["f64", "f32", "sqlx", "moka::"]),
    ("statechart-runtime/src/embedded", &["f64", "f32"]),
    ("actors/src/producer", &["f64", "f32", "SystemTime"]),
    ("actors/src/consumer", &["f64", "f32", "SystemTime"]),
    ("actors/src/datastore", &["f64", "f32", "SystemTime"]),
];

#[test]
fn what_is_absent_is_absent() {
    let mut wrong = Vec::new();
    for (place, words) in ABSENT {
        let files = if place.ends_with(".rs") { vec![place.into()] } else { files(place, "rs") };
        for file in files {
            let shown = file.display().to_string();
            if shown.contains("/tests")
                || shown.contains("_tests")
                || shown.contains("contract")
                || shown.ends_with("generated.rs")
                // Its macro expands in the caller's crate, and reads files there.
                || shown.ends_with("statechart-lang/src/testing.rs")
            {
                continue;
            }
            let text = read(&file);
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            for (index, line) in code.lines().enumerate() {
                let line = line.split("//").next().unwrap_or_default();
                for word in words.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!("{shown}:{}: `{}`", index + 1, word.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md says that these are absent:\n{}", wrong.join("\n"));
}

#[test]
fn the_limits_are_those_of_the_code() {
    let text = architecture();
    let limits = rows(section(&text, "### Limits"));
    assert!(limits.len() >= 10, "only {} limits are listed", limits.len());
    let mut wrong = Vec::new();
    for row in &limits {
        let [what, value, place] = row.as_slice() else { panic!("{row:?} has not three cells") };
        let [name, file] = code_words(place)[..] else {
            panic!("{what}: {place} is not a constant in a file")
        };
        let found = values(&read(file), name);
        if found.is_empty() {
            wrong.push(format!("{what}: `{name}` is not in {file}"));
        } else if !found.contains(&number(value)) {
            wrong.push(format!("{what}: {value}, but `{name}` in {file} is {found:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "ARCHITECTURE.md, `### Limits`, is not what the code says:\n{}",
        wrong.join("\n")
    );
}

/// The first number of a cell: `5,000 rows`, `64 KiB`, `30 s`.
fn number(cell: &str) -> u64 {
    let mut words = cell.split_whitespace();
    let number: u64 = words
        .next()
        .unwrap()
        .replace(',', "")
        .parse()
        .unwrap_or_else(|_| panic!("`{cell}` starts with no number"));
    number
        * match words.next() {
            Some("KiB") => 1 << 10,
            Some("MiB") => 1 << 20,
            _ => 1,
        }
}

/// What is assigned to a name anywhere in a file: the products of the numbers in `NAME: TYPE = …;` and
/// `name: …,`.
fn values(code: &str, name: &str) -> Vec<u64> {
    let mut values = Vec::new();
    for line in code.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for (at, _) in line.match_indices(name) {
            let before = line[..at].chars().next_back();
            let after = &line[at + name.len()..];
            if before.is_some_and(|mark| mark.is_alphanumeric() || mark == '_') || !after.starts_with(':') {
                continue;
            }
            let expression = after.split_once('=').map_or(&after[1..], |(_, right)| right);
            let end = expression.find([';', ',']).unwrap_or(expression.len());
            values.extend(product(&expression[..end]));
        }
    }
    values
}

fn product(expression: &str) -> Option<u64> {
    if let Some((base, shift)) = expression.split_once("<<") {
        return Some(product(base)? << product(shift)?);
    }
    let cleaned = expression.replace('_', "");
    let numbers =
        cleaned.split(|mark: char| !mark.is_ascii_digit()).filter_map(|digits| digits.parse::<u64>().ok());
    numbers.reduce(|product, number| product * number)
}
