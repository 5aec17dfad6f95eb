//! What the tests of the documentation share: files of the workspace, and Markdown as far as they need it.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The workspace's directory.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A file of the workspace.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Every file below a directory of the workspace that has this extension, by its path below the workspace.
pub fn files(below: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![root().join(below)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap_or_else(|why| panic!("{}: {why}", directory.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    directories.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

/// What cargo says about the members of the workspace.
pub fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A fenced block: what stands behind its fence, its text, its first line.
pub struct Block {
    pub language: String,
    pub text: String,
    pub line: usize,
}

/// The fenced blocks of a Markdown text.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in markdown.lines().enumerate() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            match open.take() {
                Some(block) => blocks.push(block),
                None => {
                    open =
                        Some(Block { language: fence.trim().to_owned(), text: String::new(), line: at + 2 });
                }
            }
        } else if let Some(block) = &mut open {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(open.is_none(), "a fenced block does not end");
    blocks
}

/// Every document of the project, by its path below the workspace.
pub fn documents() -> Vec<PathBuf> {
    let clean = |path: PathBuf| path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path);
    files(".", "md").into_iter().map(clean).collect()
}

/// The text outside fenced blocks.
pub fn prose(markdown: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// The part of a text from a heading to the next heading of the same or a higher level.
pub fn section<'a>(markdown: &'a str, heading: &str) -> &'a str {
    let level = heading.chars().take_while(|mark| *mark == '#').count();
    let start =
        markdown.find(&format!("{heading}\n")).unwrap_or_else(|| panic!("there is no heading `{heading}`"));
    let body = &markdown[start + heading.len()..];
    let end = body.match_indices("\n#").map(|(at, _)| at).find(|at| {
        let marks = body[at + 1..].chars().take_while(|mark| *mark == '#').count();
        marks <= level
    });
    &body[..end.unwrap_or(body.len())]
}

/// The rows of the tables in a text, without headings and rules: cells, trimmed.
pub fn rows(markdown: &str) -> Vec<Vec<String>> {
    let table: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    let is_rule = |line: &str| line.chars().all(|mark| "|-: ".contains(mark));
    let mut rows = Vec::new();
    for (index, line) in table.iter().enumerate() {
        let heading = table.get(index + 1).is_some_and(|next| is_rule(next));
        if !heading && !is_rule(line) {
            rows.push(line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
        }
    }
    rows
}

/// The words in backticks.
pub fn code_words(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
