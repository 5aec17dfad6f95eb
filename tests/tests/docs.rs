//! The examples of the pages in `docs/` and of the README: each spec compiles or has the mistake that it shows, and each
//! table is what the words give. `DOCS_UPDATE=1` writes the tables anew.
//!
//! ```` ```sc NAME ```` can be imported by later specs of its page, ```` ```sc NAME fails ```` has an error. Those of
//! `docs/errors.md` come in pairs.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{env, fs, path::PathBuf};

use statechart_lang::{Code, Compiled, MapLoader, Severity, compile, interpreter::Stage};
use statechart_tests::{files, stem, with_examples, workspace};

/// A fenced block: what stands behind its fence, its text, its first line.
#[derive(Debug, Clone)]
struct Block {
    info: String,
    text: String,
    line: usize,
    /// The last second-level heading before it.
    heading: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let mut heading = String::new();
    for (at, line) in document.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(info)) => {
                open = Some(Block {
                    info: info.trim().to_owned(),
                    text: String::new(),
                    line: at + 1,
                    heading: heading.clone(),
                });
            }
            (None, None) => {
                if let Some(text) = line.strip_prefix("## ") {
                    text.clone_into(&mut heading);
                }
            }
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

fn read(name: &str) -> String {
    fs::read_to_string(workspace().join("docs").join(name)).unwrap()
}

/// `sc` blocks stand alone; one with a name can be imported by later ones.
fn compiled(text: &str, known: &[(String, String)]) -> Compiled {
    let mut files: Vec<(String, String)> = known.to_vec();
    files.push(("main.sc".to_owned(), text.to_owned()));
    let loader = Files(files);
    with_examples(compile("main.sc", &loader))
}

struct Files(Vec<(String, String)>);

impl statechart_lang::Loader for Files {
    fn load(&self, path: &str) -> Result<String, String> {
        let found = self.0.iter().rev().find(|(name, _)| name == path);
        found.map(|(_, text)| text.clone()).ok_or_else(|| "no such file".to_owned())
    }
}

/// The documents with specs that stand for themselves.
fn pages() -> Vec<PathBuf> {
    let mut pages = files("docs", "md");
    pages.retain(|page| stem(page) != "errors");
    pages.push(workspace().join("README.md"));
    pages
}

#[test]
fn specs_and_tables_of_the_pages() {
    let (mut specs, mut tables) = (0, 0);
    for path in pages() {
        let document = fs::read_to_string(&path).unwrap();
        let page = path.strip_prefix(workspace()).unwrap().display().to_string();
        let mut known = Vec::new();
        let mut spec: Option<Compiled> = None;
        let mut table: Option<String> = None;
        let mut updated = document.clone();
        for block in blocks(&document) {
            let place = format!("{page}:{}", block.line);
            let info: Vec<&str> = block.info.split_whitespace().collect();
            match info[..] {
                ["sc", ref rest @ ..] => {
                    specs += 1;
                    let found = compiled(&block.text, &known);
                    if rest.get(1) == Some(&"fails") {
                        assert!(found.has_errors(), "{place} has no error");
                    } else {
                        assert!(found.diagnostics.is_empty(), "{place}\n{}", found.render(false));
                        spec = Some(found);
                    }
                    if let Some(name) = rest.first() {
                        known.push(((*name).to_owned(), block.text.clone()));
                    }
                }
                ["words", ref rest @ ..] => {
                    let model =
                        spec.as_ref().and_then(|spec| spec.model.as_ref()).expect("words follow a spec");
                    // `system`: its actors run.
                    let is_system = rest == ["system"];
                    let stage = match model.systems.first().filter(|_| is_system) {
                        Some(system) => Stage::of_actors(model, system),
                        None => Stage::of(model, model.own_machines().next().unwrap()),
                    };
                    let text = runs(&block.text, &stage, &place);
                    // A file of words is not followed by its table.
                    table = (is_system || rest.is_empty()).then_some(text);
                }
                ["text"] => {
                    let Some(table) = table.take() else { continue };
                    tables += 1;
                    if env::var_os("DOCS_UPDATE").is_some() {
                        updated = updated.replacen(
                            &format!("```text\n{}```", block.text),
                            &format!("```text\n{table}```"),
                            1,
                        );
                    } else {
                        assert_eq!(block.text, table, "{place}");
                    }
                }
                _ => {}
            }
        }
        if env::var_os("DOCS_UPDATE").is_some() && updated != document {
            fs::write(&path, updated).unwrap();
        }
    }
    assert!(specs >= 15 && tables >= 4, "{specs} specs, {tables} tables");
}

/// The tables of words, one behind the other.
fn runs(words: &str, stage: &Stage<'_>, place: &str) -> String {
    let words = stage.words(words).unwrap_or_else(|errors| panic!("{place} {errors:?}"));
    let tables: Vec<String> = words.iter().map(|named| stage.run(&named.word).table()).collect();
    tables.join("\n")
}

/// A section a code, in order; its first example has the mistake, its second has nothing to complain about.
#[test]
fn every_code_is_explained() {
    let document = read("errors.md");
    let blocks = blocks(&document);
    let headings: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let wanted: Vec<String> = Code::ALL.iter().map(|code| format!("{code}: {}", code.title())).collect();
    assert_eq!(headings, wanted, "docs/errors.md has a section for every code, in order");
    for code in Code::ALL {
        let heading = format!("{code}: {}", code.title());
        let examples: Vec<&Block> =
            blocks.iter().filter(|block| block.info == "sc" && block.heading == heading).collect();
        let [wrong, mended] = examples[..] else {
            panic!("{heading} needs two examples, it has {}", examples.len());
        };
        let found = compiled(&wrong.text, &[]);
        let codes: Vec<Code> = found.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert!(
            codes.contains(code),
            "docs/errors.md:{} shows {codes:?}\n{}",
            wrong.line,
            found.render(false)
        );
        let others = found.diagnostics.iter().filter(|diagnostic| diagnostic.code != *code);
        let errors = others.filter(|diagnostic| diagnostic.severity() == Severity::Error).count();
        assert_eq!(errors, 0, "docs/errors.md:{}\n{}", wrong.line, found.render(false));
        let found = compiled(&mended.text, &[]);
        assert!(found.diagnostics.is_empty(), "docs/errors.md:{}\n{}", mended.line, found.render(false));
    }
}

/// The numbers that the pages give are the program's.
#[test]
fn limits_in_the_pages_are_the_programs() {
    use statechart_lang::{codegen, model::Limits};
    let limits = Limits::default();
    let language = read("language.md");
    for (limit, what) in [
        (limits.internal as usize, "internal events"),
        (limits.deferred as usize, "deferred events"),
        (limits.microsteps as usize, "microsteps"),
        (statechart_lang::model::Limits::default().undo as usize, "undos remembered"),
        (statechart_lang::model::TURN_LIMIT as usize, "turns of all `for`s of one step"),
        (statechart_lang::model::TEXT_LIMIT, "bytes of a text that `+` makes"),
        (codegen::STATE_LIMIT, "states"),
        (codegen::HISTORY_STATE_LIMIT, "states beside histories"),
        (codegen::REGION_LIMIT, "states active at once"),
        (codegen::TRANSITION_LIMIT, "transitions"),
        (codegen::REACTION_LIMIT, "events in the patterns of transitions, each counted"),
    ] {
        let spelt = if limit >= 1_000_000 {
            format!("{},{:03},{:03}", limit / 1_000_000, limit / 1_000 % 1_000, limit % 1_000)
        } else if limit >= 1_000 {
            format!("{},{:03}", limit / 1_000, limit % 1_000)
        } else {
            limit.to_string()
        };
        assert!(
            language.contains(&format!("| {what} | {spelt} |")),
            "docs/language.md does not say that there are at most {spelt} {what}"
        );
    }
    let compiled = |text: &str| compile("main.sc", &MapLoader::from([("main.sc", text)]));
    let nested = |depth: usize| {
        format!(
            "machine M {{ context {{ n: Int = {}1{} }} initial a state a {{ entry / n := n }} }}",
            "(".repeat(depth),
            ")".repeat(depth)
        )
    };
    // Two brackets are open around it.
    assert!(!compiled(&nested(62)).has_errors() && compiled(&nested(63)).has_errors());
    assert!(language.contains("| brackets open at once | 64 |"));
    let aimed = |count: usize| {
        let list = |name: fn(usize) -> String| (0..count).map(name).collect::<Vec<_>>();
        format!(
            "machine M {{ input {{ GO }} initial a state a {{ on GO -> {} }} parallel p {{ {} }} }}",
            list(|at| format!("r{at}.b")).join(", "),
            list(|at| format!("region r{at} {{ initial a state a state b }}")).join(" "),
        )
    };
    assert!(!compiled(&aimed(256)).has_errors() && compiled(&aimed(257)).has_errors());
    assert!(language.contains("| targets of one transition | 256 |"));
    let looped = |count: usize| {
        format!(
            "machine M {{ context {{ n: Int = 0 }} initial a state a {{ entry / {} n := n + 1 {} }} }}",
            (0..count).map(|at| format!("for i{at} in [1, 2] {{ ")).collect::<String>(),
            "}".repeat(count)
        )
    };
    assert!(!compiled(&looped(4)).has_errors() && compiled(&looped(5)).has_errors());
    assert!(language.contains("| `for`s inside one another | 4 |"));
    // The engines have one each.
    assert_eq!(statechart_lang::model::TEXT_LIMIT, statechart_runtime::value::TEXT_LIMIT);
    assert_eq!(statechart_lang::model::TURN_LIMIT, statechart_runtime::chart::TURN_LIMIT);
    let summed = |count: usize| {
        format!(
            "machine M {{ context {{ n: Int = 1{} }} initial a state a {{ entry / n := n }} }}",
            " + 1".repeat(count)
        )
    };
    assert!(!compiled(&summed(250)).has_errors() && compiled(&summed(251)).has_errors());
    assert!(language.contains("| operators of one expression | 250 |"));
}
