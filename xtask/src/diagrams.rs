//! `cargo xtask diagrams`: every specification below `specs/` as pictures in `docs/diagrams/`.
//!
//! A machine becomes one picture, named after its spec (and after itself where the spec declares
//! several); a system becomes two: one with the states of its actors, one with the messages alone.
//! DOT and Mermaid are compared byte for byte. What Graphviz draws differs from version to version, so
//! an SVG carries a mark of the DOT text that it was drawn from, and is stale when that has changed.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use statechart_lang::{
    Loader, Model,
    diagram::{self, Options},
};

use crate::{error::Error, generated::Generated, tools};

const SPECS: &str = "specs";
const PICTURES: &str = "docs/diagrams";
const COMMAND: &str = "cargo xtask diagrams";

/// Draws, or checks that what is drawn is what the specs say.
pub(crate) fn run(check: bool) -> Result<(), Error> {
    let texts = texts()?;
    let undrawn = undrawn(&texts);
    let orphans = orphans(&texts)?;
    if check {
        let mut stale = texts.stale();
        stale.extend(undrawn.iter().map(|svg| format!("{} (drawn from another .dot)", svg.display())));
        stale.extend(orphans.iter().map(|path| format!("{} (of no spec)", path.display())));
        return if stale.is_empty() {
            tools::progress("the diagrams are fresh");
            Ok(())
        } else {
            Err(Error::Stale { files: stale, command: COMMAND })
        };
    }
    let written = texts.write()?;
    for path in &orphans {
        let full = tools::root().join(path);
        fs::remove_file(&full).map_err(Error::file("remove", &full))?;
        tools::progress(&format!("removed {}: no spec has it", path.display()));
    }
    if !undrawn.is_empty() && !tools::has_graphviz() {
        tools::progress(
            "Graphviz is not installed, so these stay as they are until it is: install `graphviz`",
        );
        undrawn.iter().for_each(|svg| tools::progress(&svg.display().to_string()));
        return Ok(());
    }
    for svg in &undrawn {
        draw(svg)?;
        tools::progress(&format!("drew {}", svg.display()));
    }
    if written == 0 && orphans.is_empty() && undrawn.is_empty() {
        tools::progress("the diagrams are fresh");
    }
    Ok(())
}

/// The DOT and Mermaid texts of every spec.
fn texts() -> Result<Generated, Error> {
    let mut texts = Generated::default();
    for spec in specs(&tools::root().join(SPECS))? {
        let path = spec.strip_prefix(tools::root()).unwrap_or(&spec).to_path_buf();
        let model = compile(&path)?;
        let below = path.strip_prefix(SPECS).unwrap_or(&path).with_extension("");
        let name = |suffix: &str, extension: &str| {
            Path::new(PICTURES).join(format!("{}{suffix}.{extension}", below.display()))
        };
        let options = Options::default();
        let machines: Vec<_> = model.own_machines().collect();
        for machine in &machines {
            let suffix = if machines.len() == 1 { String::new() } else { format!("_{}", machine.name) };
            texts.add(name(&suffix, "dot"), diagram::dot(machine, &options));
            texts.add(name(&suffix, "mmd"), diagram::mermaid(machine));
        }
        for system in &model.systems {
            let suffix = if machines.is_empty() && model.systems.len() == 1 {
                String::new()
            } else {
                format!("_{}", system.name)
            };
            let messages = Options { messages_only: true, ..options.clone() };
            texts.add(name(&suffix, "dot"), diagram::dot_system(&model, system, &options));
            texts.add(name(&suffix, "mmd"), diagram::mermaid_system(&model, system, &options));
            let suffix = format!("{suffix}_messages");
            texts.add(name(&suffix, "dot"), diagram::dot_system(&model, system, &messages));
            texts.add(name(&suffix, "mmd"), diagram::mermaid_system(&model, system, &messages));
        }
    }
    Ok(texts)
}

/// Every `.sc` file in a directory and below it, in order.
fn specs(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = files_below(directory)?;
    found.retain(|path| path.extension().is_some_and(|extension| extension == "sc"));
    Ok(found)
}

fn files_below(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::file("list", directory))? {
        let path = entry.map_err(Error::file("list", directory))?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn compile(path: &Path) -> Result<Model, Error> {
    let path = path.to_string_lossy();
    let compiled = statechart_lang::compile(&path, &Workspace);
    let diagnostics = compiled.render(false);
    compiled.model.ok_or_else(|| Error::Spec { path: path.into_owned(), diagnostics })
}

/// Reads specs by their path below the workspace, so that no picture knows where the workspace lies.
struct Workspace;

impl Loader for Workspace {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(tools::root().join(path)).map_err(|why| why.to_string())
    }
}

/// The SVGs that are missing, or that were drawn from another text.
fn undrawn(texts: &Generated) -> Vec<PathBuf> {
    let fresh = |svg: &PathBuf| {
        let drawn = fs::read_to_string(tools::root().join(svg)).unwrap_or_default();
        texts.text(&svg.with_extension("dot")).is_some_and(|dot| drawn.trim_end().ends_with(&mark(dot)))
    };
    let dots = texts.paths().filter(|path| path.extension().is_some_and(|extension| extension == "dot"));
    dots.map(|path| path.with_extension("svg")).filter(|svg| !fresh(svg)).collect()
}

/// Pictures that no spec has.
fn orphans(texts: &Generated) -> Result<Vec<PathBuf>, Error> {
    let directory = tools::root().join(PICTURES);
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let known = |path: &PathBuf| match path.extension().and_then(|extension| extension.to_str()) {
        Some("dot" | "mmd") => texts.text(path).is_some(),
        Some("svg") => texts.text(&path.with_extension("dot")).is_some(),
        _ => true,
    };
    let found = files_below(&directory)?.into_iter();
    let relative = found.map(|path| path.strip_prefix(tools::root()).map(Path::to_path_buf).unwrap_or(path));
    Ok(relative.filter(|path| !known(path)).collect())
}

/// Draws one picture with Graphviz.
fn draw(svg: &Path) -> Result<(), Error> {
    let hint = "Graphviz must be able to draw what the language makes; the text is in the .dot file beside";
    let source = tools::root().join(svg.with_extension("dot"));
    let dot = fs::read_to_string(&source).map_err(Error::file("read", &source))?;
    let line = format!("dot -Tsvg < {}", svg.with_extension("dot").display());
    let start = |why| Error::Start { line: line.clone(), why, hint: hint.to_owned() };
    let mut child = Command::new("dot")
        .arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(start)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(dot.as_bytes()).map_err(|why| Error::Start {
            line: line.clone(),
            why,
            hint: hint.to_owned(),
        })?;
    }
    let output = child.wait_with_output().map_err(|why| Error::Start {
        line: line.clone(),
        why,
        hint: hint.to_owned(),
    })?;
    if !output.status.success() {
        return Err(Error::Command { line, status: output.status, hint: hint.to_owned() });
    }
    let drawn = format!("{}\n{}\n", String::from_utf8_lossy(&output.stdout).trim_end(), mark(&dot));
    let target = tools::root().join(svg);
    fs::write(&target, drawn).map_err(Error::file("write", &target))
}

/// What an SVG says about the text it was drawn from: FNV-1a, which is the same everywhere and always.
fn mark(dot: &str) -> String {
    let hash = dot.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("<!-- drawn from the .dot beside: {hash:016x} -->")
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn a_mark_is_the_published_hash() {
        // The empty text and "a", from the algorithm's reference values.
        assert!(mark("").contains("cbf29ce484222325"));
        assert!(mark("a").contains("af63dc4c8601ec8c"));
    }
}
