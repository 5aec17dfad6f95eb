//! What editors are told, on every spec there is: each name is known, and can be renamed without changing anything else.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use statechart_lang::{
    FileId, Loader, compile,
    ide::{Analysis, Kind, completions},
};

/// Reads from the disk.
struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

/// The specs in a directory of the workspace.
fn files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(directory);
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sc"));
    files.sort();
    files
}

fn specs() -> Vec<PathBuf> {
    ["specs", "specs/templates", "specs/concept", "examples/specs", "tests/fixtures/ok"]
        .iter()
        .flat_map(|directory| files(directory))
        .collect()
}

/// Words outside comments and texts, with where they start.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        at += if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            rest[1..].find('"').map_or(rest.len(), |end| end + 2)
        } else if c == '#' {
            // A tag's name is its own.
            1 + rest[1..].find(|c| !word(c)).unwrap_or(rest.len() - 1)
        } else if word(c) {
            let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
            // `PUBLISH_*` is a pattern, not a name.
            if c.is_ascii_alphabetic() && !rest[length..].starts_with('*') {
                words.push((at, &rest[..length]));
            }
            length
        } else {
            c.len_utf8()
        };
    }
    words
}

#[test]
fn every_name_of_every_spec_is_known() {
    let mut unknown = BTreeSet::new();
    for path in specs() {
        let text = fs::read_to_string(&path).unwrap();
        let analysis = Analysis::new(&path.to_string_lossy(), &Disk);
        for (at, word) in words(&text) {
            if analysis.at(FileId(0), at as u32).is_some() {
                continue;
            }
            // A word of the language says what it is; the rest is built in.
            let said = analysis.renamable(FileId(0), at as u32).unwrap_err().0;
            if said.contains("not declared") {
                unknown.insert(format!("{}: {word}", path.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// Files with one name changed.
struct Changed(BTreeMap<String, String>);

impl Loader for Changed {
    fn load(&self, path: &str) -> Result<String, String> {
        self.0.get(path).map_or_else(|| Disk.load(path), |text| Ok(text.clone()))
    }
}

#[test]
fn every_name_can_be_changed_and_nothing_else_changes() {
    let mut count = 0;
    for path in specs() {
        let path = path.to_string_lossy().into_owned();
        let before = Analysis::new(&path, &Disk);
        for known in before.declarations() {
            // Each once: names of imported files are renamed in those.
            if known.span.file != FileId(0) {
                continue;
            }
            let name = if matches!(known.kind, Kind::Event | Kind::Internal | Kind::Output) {
                "ZZ_NEW"
            } else {
                "zz_new"
            };
            if before.parted(known, name).is_some() {
                continue;
            }
            let key = (before.path(known.span).to_owned(), known.span.start);
            let mut places: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
            for span in before.places_of(&before.tied(&[key]), true) {
                places.entry(before.path(span).to_owned()).or_default().push((span.start, span.end));
            }
            let texts = places.into_iter().map(|(path, places)| {
                let mut text = fs::read_to_string(&path).unwrap();
                for (start, end) in places.into_iter().rev() {
                    text.replace_range(start as usize..end as usize, name);
                }
                (path, text)
            });
            let changed = Changed(texts.collect());
            let after = compile(&path, &changed);
            assert!(!after.has_errors(), "{path}, {}: {}", known.name, after.render(false));
            let again = Analysis::new(&path, &changed);
            assert_eq!(before.first_difference(&again), None, "{path}, {}", known.name);
            count += 1;
        }
    }
    assert!(count > 500, "only {count} names");
}

#[test]
fn no_place_of_any_spec_is_too_much() {
    for path in specs() {
        let text = fs::read_to_string(&path).unwrap();
        let path = path.to_string_lossy().into_owned();
        if text.len() > 6_000 {
            continue;
        }
        let analysis = Analysis::new(&path, &Disk);
        for at in (0..text.len() + 2).step_by(7) {
            let _ = analysis.hover(FileId(0), at as u32);
            let _ = completions(&path, &Disk, at as u32);
        }
    }
}
