//! The transcripts of the pages in `docs/` and of the README are what the commands print. `DOCS_UPDATE=1` writes them anew.
//!
//! A page's specs and words with a name (```` ```sc door.sc ````) are files, and its commands run where they are, in the
//! order of the page; on a page without such files they run in the workspace. ```` ```console fails ```` ends with exit
//! code 1, others with 0; what goes to stderr is shown behind the rest. Transcripts of programs (```` ```console example=NAME ````) are not run here.
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use common::statechart_in;

/// What stands behind a prompt, with quotes taken off, and what is piped into it by `printf '…' | `.
fn parse(line: &str) -> (Vec<String>, String) {
    let (input, command) = match line.split_once("' | ") {
        Some((input, command)) => (input.strip_prefix("printf '").unwrap().replace("\\n", "\n"), command),
        None => (String::new(), line),
    };
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for mark in command.chars() {
        match (quote, mark) {
            (None, '"' | '\'') => {
                quote = Some(mark);
                word.get_or_insert_default();
            }
            (Some(open), _) if mark == open => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(mark),
        }
    }
    words.extend(word);
    assert!(quote.is_none() && words.first().is_some_and(|program| program == "statechart"), "{line}");
    words.remove(0);
    (words, input)
}

/// The page with every transcript made anew, and how many commands it has.
fn remade(document: &str, root: &Path) -> (String, usize) {
    let files = tempfile::tempdir().unwrap();
    let is_file = |info: &[&str]| matches!(info, ["sc" | "words", _, ..]);
    let fences = document.lines().filter_map(|line| line.strip_prefix("```"));
    let has_files = fences.map(|info| info.split_whitespace().collect()).any(|info: Vec<_>| is_file(&info));
    let directory = if has_files { files.path() } else { root };

    let (mut made, mut commands) = (String::new(), 0);
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        made.push_str(line);
        made.push('\n');
        let Some(info) = line.strip_prefix("```") else { continue };
        let info: Vec<&str> = info.split_whitespace().collect();
        let mut text = String::new();
        let body = lines.by_ref().take_while(|line| !line.starts_with("```"));
        match info[..] {
            ["console"] | ["console", "fails"] => {
                for line in body.filter(|line| line.starts_with("$ ")) {
                    let (arguments, input) = parse(&line["$ ".len()..]);
                    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                    let ran = statechart_in(directory, &arguments, &input);
                    assert_eq!(ran.code, i32::from(info.len() > 1), "{line}\n{}", ran.err);
                    text.push_str(&format!("{line}\n{}{}", ran.out, ran.err));
                    commands += 1;
                }
            }
            _ => body.for_each(|line| text.push_str(&format!("{line}\n"))),
        }
        if is_file(&info) {
            fs::write(directory.join(info[1]), &text).unwrap();
        }
        made.push_str(&text);
        made.push_str("```\n");
    }
    (made, commands)
}

#[test]
fn the_transcripts_are_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut pages: Vec<PathBuf> =
        fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.push(root.join("README.md"));
    pages.sort();
    let mut commands = 0;
    for page in pages {
        let document = fs::read_to_string(&page).unwrap();
        let (made, found) = remade(&document, root);
        commands += found;
        if env::var_os("DOCS_UPDATE").is_some() {
            if made != document {
                fs::write(&page, &made).unwrap();
            }
            continue;
        }
        assert_eq!(
            document,
            made,
            "{}: run `DOCS_UPDATE=1 cargo test -p statechart-cli --test docs`, and read what it wrote",
            page.display()
        );
    }
    assert!(commands >= 10, "only {commands} commands were found, so this test has stopped looking");
}
