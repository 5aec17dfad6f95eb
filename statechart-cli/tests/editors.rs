//! The files for editors: they parse, name each other rightly, and know every word of the language.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

fn json(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Every string below a key of this name.
fn strings(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner {
                    Value::String(text) if name == key => found.push(text.clone()),
                    _ => strings(inner, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, key, found)),
        _ => {}
    }
}

#[test]
fn the_colours_know_every_keyword() {
    let grammar = Path::new(env!("CARGO_MANIFEST_DIR")).join("../statechart-lang/src/syntax/grammar.pest");
    let grammar = fs::read_to_string(grammar).unwrap();
    let keywords: BTreeSet<&str> =
        grammar.lines().filter_map(|line| line.strip_prefix("kw_")?.split('"').nth(1)).collect();
    assert!(keywords.len() > 40 && keywords.contains("machine"), "{keywords:?}");
    let mut patterns = Vec::new();
    strings(&json("statechart.tmLanguage.json")["repository"]["keywords"], "match", &mut patterns);
    let coloured: BTreeSet<&str> = patterns
        .iter()
        .flat_map(|pattern| pattern.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 1))
        .collect();
    // `\b` and its neighbour are no word: the first and the last of a list stand in parentheses.
    let missing: Vec<_> = keywords.difference(&coloured).collect();
    assert!(missing.is_empty(), "statechart.tmLanguage.json does not know {missing:?}");
    let strange: Vec<_> = coloured.difference(&keywords).collect();
    assert!(strange.is_empty(), "no words of the language: {strange:?}");
}

#[test]
fn every_rule_of_the_colours_is_there_and_used() {
    let grammar = json("statechart.tmLanguage.json");
    let mut includes = Vec::new();
    strings(&grammar, "include", &mut includes);
    let included: BTreeSet<&str> = includes.iter().map(|name| name.trim_start_matches('#')).collect();
    let rules: BTreeSet<&str> =
        grammar["repository"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(included, rules);
}

#[test]
fn the_extension_names_files_that_exist() {
    let package = json("package.json");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors");
    let contributes = &package["contributes"];
    for path in
        [&package["main"], &contributes["languages"][0]["configuration"], &contributes["grammars"][0]["path"]]
    {
        assert!(directory.join(path.as_str().unwrap()).is_file(), "{path}");
    }
    assert_eq!(contributes["grammars"][0]["scopeName"], json("statechart.tmLanguage.json")["scopeName"]);
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    assert!(json("language-configuration.json")["comments"].is_object());
}
