//! The formatter on everything there is: formatting twice changes nothing more, and the model stays the same.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use statechart_lang::{MapLoader, compile, format::format};
use statechart_tests::{compiled, files, random, random::Random};

fn good() -> Vec<PathBuf> {
    ["specs", "specs/templates", "specs/concept", "examples/specs", "tests/fixtures/ok"]
        .iter()
        .flat_map(|directory| files(directory, "sc"))
        .collect()
}

fn twice(what: &str, text: &str) -> String {
    let once = format("main.sc", text).unwrap_or_else(|why| panic!("{what}: {}\n{text}", why.render(false)));
    let again =
        format("main.sc", &once).unwrap_or_else(|why| panic!("{what}: {}\n{once}", why.render(false)));
    assert_eq!(once, again, "{what}: formatting twice differs for\n{text}");
    once
}

/// What a text means, without where it stands.
fn meaning(text: &str) -> String {
    let compiled = compile("main.sc", &MapLoader::from([("main.sc", text)]));
    let shown = format!("{:?}{:?}", compiled.model, compiled.skeleton);
    let mut plain = String::with_capacity(shown.len());
    let mut rest = shown.as_str();
    while let Some(at) =
        ["start: ", "end: ", "line: "].iter().filter_map(|key| Some(rest.find(key)? + key.len())).min()
    {
        plain.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    plain + rest
}

#[test]
fn specs_and_examples_are_formatted() {
    for path in good().iter().filter(|path| !path.to_string_lossy().contains("fixtures")) {
        let text = fs::read_to_string(path).unwrap();
        let formatted = twice(&path.to_string_lossy(), &text);
        assert_eq!(text, formatted, "{} is not formatted: run `statechart fmt`", path.display());
    }
}

#[test]
fn every_spec_means_the_same_afterwards() {
    for path in good() {
        let text = fs::read_to_string(&path).unwrap();
        let formatted = twice(&path.to_string_lossy(), &text);
        assert_eq!(meaning(&text), meaning(&formatted), "{}", path.display());
    }
}

#[test]
fn broken_files_are_refused_and_others_formatted() {
    let mut refused = 0;
    for path in files("tests/fixtures/err", "sc") {
        let text = fs::read_to_string(&path).unwrap();
        match format("main.sc", &text) {
            Ok(_) => {
                let formatted = twice(&path.to_string_lossy(), &text);
                assert_eq!(meaning(&text), meaning(&formatted), "{}", path.display());
            }
            Err(why) => {
                assert!(compiled(&path).has_errors());
                assert!(why.render(false).contains("error[SC0"), "{}", path.display());
                refused += 1;
            }
        }
    }
    assert!(refused > 3);
}

#[test]
fn random_charts_mean_the_same_afterwards() {
    for seed in 0..60 {
        let text = random::chart("Random", seed);
        assert_eq!(meaning(&text), meaning(&twice(&format!("seed {seed}"), &text)), "seed {seed}");
    }
}

/// Other white space and comments between the same words: whatever the author's layout, formatting settles at once.
#[test]
fn any_layout_settles() {
    let mut random = Random(7);
    for path in good() {
        let text = fs::read_to_string(&path).unwrap();
        // The long one only repeats itself.
        if text.len() > 8_000 {
            continue;
        }
        for _ in 0..6 {
            let shaken = shake(&text, &mut random);
            let formatted = twice(&path.to_string_lossy(), &shaken);
            let (before, after) = (meaning(&shaken), meaning(&formatted));
            let at =
                before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(100);
            assert_eq!(before, after, "{} …{}", path.display(), &before[at..before.len().min(at + 300)]);
        }
    }
}

/// Replaces white space outside comments and texts by other white space and comments.
fn shake(text: &str, random: &mut Random) -> String {
    let mut shaken = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').map_or(rest.len(), |at| at + 1)
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if c == '"' {
            rest[1..].find('"').map_or(rest.len(), |at| at + 2)
        } else if c.is_whitespace() {
            let length = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
            shaken.push_str(match random.below(40) {
                0 => " // why\n",
                1 => " /* why */ ",
                2 => "\n\n\n// own\n",
                3 => "\n/* own */",
                4 => " /* two\n   lines */\n",
                5 | 6 => "\n\n",
                7..10 => "\n",
                10..12 => "   ",
                _ => &rest[..length],
            });
            rest = &rest[length..];
            continue;
        } else {
            c.len_utf8()
        };
        shaken.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    shaken
}
