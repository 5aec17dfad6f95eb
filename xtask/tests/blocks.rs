//! Every fenced block of every document belongs to a class that some test compiles or runs. A block of no class is a
//! failure here: an example that nobody tries is one that is wrong some day.
//!
//! | block | tried by |
//! |---|---|
//! | `sc`, `words`, and `text` behind words | `tests/tests/docs.rs`: compiled, run, compared |
//! | `console` | `statechart-cli/tests/docs.rs`: run in a copy of what the page has written, compared |
//! | `console example=NAME` | `examples/tests/programs.rs`: the program's output, compared |
//! | `sh` | `docs.rs` beside this file: every command parses |
//! | `rust` | here: it stands in a file that is compiled and run |
//! | `toml`, `json`, `python` | here: they parse |
//! | `lua` | here: its brackets close |
//! | `text` otherwise | nothing: a drawing, or output that is never the same |
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use common::{Block, blocks, documents, files, metadata, prose, read};

/// Where specs and transcripts are tried: the pages of the book, and the first page that one reads.
fn is_page(document: &Path) -> bool {
    document.parent() == Some(Path::new("docs")) || document == Path::new("README.md")
}

#[test]
fn every_block_belongs_to_a_test() {
    let sources: Vec<Vec<String>> = files(".", "rs").iter().map(|path| lines(&read(path))).collect();
    let examples: BTreeSet<String> = files("examples/examples", "rs")
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let (mut seen, mut wrong) = (0, Vec::new());
    for document in documents() {
        for block in blocks(&read(&document)) {
            seen += 1;
            if let Err(why) = class(&document, &block, &sources, &examples) {
                wrong.push(format!("{}:{}: ```{}: {why}", document.display(), block.line, block.language));
            }
        }
    }
    assert!(seen >= 200, "only {seen} blocks were found, so this test has stopped looking");
    assert!(wrong.is_empty(), "blocks that no test tries:\n{}", wrong.join("\n"));
}

fn class(
    document: &Path,
    block: &Block,
    sources: &[Vec<String>],
    examples: &BTreeSet<String>,
) -> Result<(), String> {
    let words: Vec<&str> = block.language.split_whitespace().collect();
    match words[..] {
        ["sc" | "words", ..] | ["console"] | ["console", "fails"] if !is_page(document) => {
            Err("only README.md and the pages in docs/ are tried".to_owned())
        }
        ["sc"] | ["sc", _] | ["sc", _, "fails"] | ["words"] | ["words", _] => Ok(()),
        ["console"] | ["console", "fails"] => {
            let commands: Vec<&str> = block.text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
            let ours = |line: &&&str| line.starts_with("statechart ") || line.contains("' | statechart ");
            match commands.iter().find(|line| !ours(line)) {
                Some(other) => Err(format!("`{other}` is not run; name its program by `example=NAME`")),
                None if commands.is_empty() => Err("it has no line that starts with `$ `".to_owned()),
                None => Ok(()),
            }
        }
        ["console", name] => match name.strip_prefix("example=") {
            Some(name) if examples.contains(name) => Ok(()),
            _ => Err("there is no such example".to_owned()),
        },
        // A line with a program that nobody knows fails there.
        ["sh"] => features(&block.text),
        ["rust"] => {
            // What stands between two lines `// …` of a block stands in one file, in one piece.
            let wanted = lines(&block.text);
            let parts: Vec<&[String]> = wanted.split(|line| line == "// …").collect();
            let holds = |source: &Vec<String>| {
                let found = |part: &&[String]| {
                    part.is_empty() || source.windows(part.len()).any(|seen| seen == *part)
                };
                parts.iter().all(found)
            };
            if sources.iter().any(holds) {
                Ok(())
            } else {
                Err("it stands in no file that is compiled".to_owned())
            }
        }
        ["toml"] => block.text.parse::<toml::Table>().map(drop).map_err(|error| error.to_string()),
        ["json"] => serde_json::from_str::<serde_json::Value>(&block.text)
            .map(drop)
            .map_err(|error| error.to_string()),
        ["python"] => python(&block.text),
        ["lua"] => brackets(&block.text),
        ["text"] => Ok(()),
        [] => Err("say its language".to_owned()),
        _ => Err("no test tries this language".to_owned()),
    }
}

/// Lines without their indentation, empty ones left out.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The features that `cargo add` asks of our crates are there.
fn features(block: &str) -> Result<(), String> {
    for line in block.lines().filter(|line| line.starts_with("cargo add ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let of = |flag: &str| {
            words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).copied()
        };
        let (Some(path), Some(wanted)) = (of("--path"), of("--features")) else { continue };
        let name = path.trim_matches('"').rsplit('/').next().unwrap_or_default();
        let metadata = metadata();
        let packages = metadata["packages"].as_array().ok_or("cargo names no packages")?;
        let package = packages.iter().find(|package| package["name"] == name);
        let package = package.ok_or_else(|| format!("there is no package `{name}`"))?;
        for feature in wanted.split(',') {
            if package["features"].get(feature).is_none() {
                return Err(format!("`{name}` has no feature `{feature}`"));
            }
        }
    }
    Ok(())
}

/// Whether it is Python.
fn python(text: &str) -> Result<(), String> {
    let mut python = Command::new("python3")
        .args(["-c", "import ast, sys; ast.parse(sys.stdin.read())"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            format!("python3 does not start ({error}); `cargo xtask test` installs it as root")
        })?;
    python.stdin.take().unwrap().write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    let output = python.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Whether what is opened is closed, in order.
fn brackets(text: &str) -> Result<(), String> {
    let mut open = Vec::new();
    for (at, part) in text.split('"').enumerate() {
        for mark in part.chars().filter(|_| at % 2 == 0) {
            match mark {
                '(' => open.push(')'),
                '{' => open.push('}'),
                '[' => open.push(']'),
                ')' | '}' | ']' if open.pop() != Some(mark) => {
                    return Err(format!("`{mark}` closes nothing"));
                }
                _ => {}
            }
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("not closed: {open:?}")) }
}

/// The chapters that the summary lists.
fn chapters() -> Vec<PathBuf> {
    let summary = read("docs/SUMMARY.md");
    let links = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.map(|link| Path::new("docs").join(link)).collect()
}

#[test]
fn the_book_has_every_page_once() {
    let chapters = chapters();
    let listed: BTreeSet<PathBuf> = chapters.iter().cloned().collect();
    assert_eq!(listed.len(), chapters.len(), "docs/SUMMARY.md lists a page twice");
    let summary = PathBuf::from("docs/SUMMARY.md");
    let pages: BTreeSet<PathBuf> = files("docs", "md").into_iter().filter(|page| *page != summary).collect();
    assert_eq!(listed, pages, "docs/SUMMARY.md and the pages in docs/ differ");
    let book: toml::Table = read("docs/book.toml").parse().unwrap();
    assert_eq!(book["book"]["src"].as_str(), Some("."), "the pages stand beside docs/book.toml");
}

/// The book is built of `docs/` alone, so a link that leads out of it would be dead there.
#[test]
fn no_link_leaves_the_book() {
    let mut wrong = Vec::new();
    for chapter in chapters() {
        let text = prose(&read(&chapter));
        let out = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let out = out.filter(|link| link.starts_with("../") || link.starts_with('/'));
        wrong.extend(out.map(|link| format!("{}: {link}", chapter.display())));
    }
    assert!(wrong.is_empty(), "name these files in backticks instead:\n{}", wrong.join("\n"));
}
