//! What the documents say is there: commands, links, the README's code, the change log's version.
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{blocks, code_words, documents, prose, read, root, rows, section};

#[test]
fn every_command_in_the_documents_exists() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for document in documents() {
        for block in blocks(&read(&document)) {
            let language = block.language.split_whitespace().next().unwrap_or_default();
            if !["sh", "console"].contains(&language) {
                continue;
            }
            for command in commands(&block.text) {
                let Some(mut asked) = with_help(&command) else { continue };
                seen += 1;
                let output = asked.output().unwrap();
                if !output.status.success() {
                    let answer = String::from_utf8_lossy(&output.stderr).into_owned();
                    wrong.push(format!("{}: `{command}`: {}", document.display(), answer.trim()));
                }
            }
        }
    }
    assert!(seen >= 10, "only {seen} commands were found, so this test has stopped looking");
    assert!(wrong.is_empty(), "commands that are not there:\n{}", wrong.join("\n"));
}

/// The command lines of a shell block: prompts taken off, continued lines joined, comments left out.
fn commands(block: &str) -> Vec<String> {
    let prompts = block.lines().any(|line| line.starts_with("$ "));
    let mut commands: Vec<String> = Vec::new();
    let mut continued = false;
    for line in block.lines() {
        let text = match (prompts, continued) {
            (_, true) => line.trim(),
            (true, false) => match line.strip_prefix("$ ") {
                Some(text) => text,
                None => continue,
            },
            (false, false) => line.trim(),
        };
        let (text, more) = text.strip_suffix('\\').map_or((text, false), |text| (text.trim_end(), true));
        match commands.last_mut() {
            Some(command) if continued => {
                command.push(' ');
                command.push_str(text);
            }
            _ => commands.push(text.to_owned()),
        }
        continued = more;
    }
    commands.retain(|command| !command.is_empty() && !command.starts_with('#'));
    commands
}

/// Programs that are not ours, in commands that a person types as they are. Their output is nowhere shown.
const OTHERS: [&str; 9] = ["cd", "cp", "curl", "docker", "export", "ln", "mkdir", "npm", "printf"];

/// The command with `--help` at its end: it then parses its flags and does nothing. `None` for programs
/// that are not ours.
fn with_help(command: &str) -> Option<Command> {
    let mut words: Vec<String> = Vec::new();
    // As far as a shell would take it for one command without redirections.
    for word in split(command) {
        if ["|", ">", "&", "&&", "#", ";"].contains(&word.as_str()) {
            break;
        }
        words.push(word);
    }
    // Variables set for the one command.
    while words.first().is_some_and(|word| word.split_once('=').is_some_and(|(name, _)| is_variable(name))) {
        words.remove(0);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.first().is_some_and(|name| OTHERS.contains(name)) {
        return None;
    }
    let (program, arguments) = match words.as_slice() {
        ["cargo", "xtask", rest @ ..] => (PathBuf::from(env!("CARGO_BIN_EXE_xtask")), rest),
        ["cargo", "run", rest @ ..] => {
            let end = rest.iter().position(|word| *word == "--").unwrap_or(rest.len());
            let (before, after) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
            (program(if before.contains(&"statechart-cli") { "statechart" } else { "platform" }), after)
        }
        ["cargo", name, ..] => {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args([*name, "-h"]);
            return Some(cargo);
        }
        ["statechart", rest @ ..] => (program("statechart"), rest),
        ["platform", rest @ ..] => (program("platform"), rest),
        [".ci/run", ..] => {
            assert!(root().join(".ci/run").is_file(), "there is no .ci/run");
            return None;
        }
        _ => panic!("`{command}`: which program this is, no test knows; see `OTHERS`"),
    };
    let mut command = Command::new(program);
    command.current_dir(root()).args(arguments).arg("--help");
    Some(command)
}

/// Words as a shell splits them, as far as quotes go.
fn split(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for mark in command.chars() {
        match (quote, mark) {
            (None, '"' | '\'') => quote = Some(mark),
            (Some(open), mark) if mark == open => quote = None,
            (None, mark) if mark.is_whitespace() => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)))
            }
            (_, mark) => word.push(mark),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|mark| mark.is_ascii_uppercase() || mark == '_')
}

/// A program of another package. `cargo test --workspace` has built it, since its package has tests that
/// run it; for this test alone it is built here.
fn program(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap();
    let program = directory.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !program.is_file() {
        let package = if name == "statechart" { "statechart-cli" } else { "actors" };
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root()).args(["build", "--quiet", "--package", package, "--bin", name]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "`{name}` does not build");
    }
    program
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for document in documents() {
        for link in links(&prose(&read(&document))) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => document.clone(),
                path => document.parent().unwrap().join(path),
            };
            if !root().join(&target).exists() {
                broken.push(format!("{}: `{link}`: there is no such file", document.display()));
            } else if !anchor.is_empty() && !anchors(&read(&target)).contains(&anchor.to_owned()) {
                broken.push(format!("{}: `{link}`: there is no such heading", document.display()));
            }
        }
    }
    assert!(seen >= 10, "only {seen} links were found, so this test has stopped looking");
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// Addresses of the API that a block asks for: the path and the names of the parameters, up to a quote or the line's end.
fn addresses(text: &str) -> Vec<(String, Vec<String>)> {
    let ours = text.split("http://127.0.0.1:8080/").skip(1);
    ours.map(|rest| {
        let address = rest.split(['\'', '"', '\n', ' ']).next().unwrap_or_default();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let names = query.split('&').filter_map(|pair| pair.split('=').next());
        (format!("/{path}"), names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    })
    .collect()
}

#[test]
fn every_address_and_setting_is_explained() {
    let platform = read("docs/platform.md");
    let cells = |heading: &str, column: usize| -> BTreeSet<String> {
        let rows = rows(section(&platform, heading));
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.flat_map(|cell| code_words(cell)).map(str::to_owned).collect()
    };
    let endpoints = cells("## The HTTP API", 0);
    let parameters = cells("### GET /v1/candles", 0);
    let settings = cells("## Running it", 2);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for document in documents() {
        for block in blocks(&read(&document)) {
            for (path, names) in addresses(&block.text) {
                seen += 1;
                if !endpoints.contains(&format!("GET {path}")) {
                    wrong.push(format!("{}:{}: no endpoint {path}", document.display(), block.line));
                }
                let unknown = names.iter().filter(|name| !parameters.contains(*name));
                wrong.extend(unknown.map(|name| format!("{}: no parameter {name}", document.display())));
            }
            if block.language == "toml" && document == Path::new("docs/platform.md") {
                let table: toml::Table = block.text.parse().unwrap();
                seen += table.len();
                let unknown = table.keys().filter(|name| !settings.contains(*name));
                wrong.extend(unknown.map(|name| format!("{}: no setting {name}", document.display())));
            }
        }
    }
    assert!(seen >= 8, "only {seen} were found, so this test has stopped looking");
    assert!(wrong.is_empty(), "docs/platform.md does not know:\n{}", wrong.join("\n"));
}

/// The targets of `[text](target)`.
fn links(prose: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut rest = prose;
    while let Some(at) = rest.find("](") {
        rest = &rest[at + 2..];
        if let Some(end) = rest.find(')') {
            links.push(rest[..end].split_whitespace().next().unwrap_or_default().to_owned());
        }
    }
    links
}

/// The anchors of a document's headings, as code forges make them.
fn anchors(markdown: &str) -> Vec<String> {
    let text = prose(markdown);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|mark| mark.is_alphanumeric() || " -_".contains(*mark));
            kept.map(|mark| if mark == ' ' { '-' } else { mark }).collect()
        })
        .collect()
}

#[test]
fn the_readme_shows_the_spec_and_the_code_that_are_tested() {
    let readme = read("README.md");
    let of = |language: &str| -> Vec<String> {
        blocks(&readme)
            .into_iter()
            .filter(|block| block.language == language)
            .map(|block| block.text)
            .collect()
    };
    assert_eq!(
        of("sc"),
        [read("specs/turnstile.sc")],
        "README.md shows another turnstile than specs/turnstile.sc"
    );

    let tested = read("xtask/tests/readme.rs");
    let shown = of("rust");
    assert!(!shown.is_empty());
    for block in shown {
        assert!(
            tested.contains(&block),
            "README.md shows Rust that xtask/tests/readme.rs does not run:\n{block}"
        );
    }
}

#[test]
fn the_change_log_has_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let heading = format!("## {version}");
    let log = read("CHANGELOG.md");
    assert!(log.lines().any(|line| line.starts_with(&heading)), "CHANGELOG.md has no heading `{heading}`");
}

#[test]
fn the_licences_are_there() {
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(
            fs::metadata(root().join(file)).is_ok_and(|found| found.len() > 500),
            "{file} is missing or empty"
        );
    }
}
