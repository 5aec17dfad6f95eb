//! `cargo xtask diagrams`: every specification below `specs/` as pictures in `docs/diagrams/`.
//!
//! A machine becomes one picture, named after its spec (and after itself where the spec declares several); a system
//! becomes two: one with the states of its actors, one with the messages alone. Each is there as SVG, as Graphviz DOT
//! and as a TikZ document, in the documents' colours, and is compared byte for byte.

use std::{
    fs,
    path::{Path, PathBuf},
};

use statechart_lang::{
    Loader, Model,
    diagram::{self, Format, Layout, Options, Theme, Views},
};

use crate::{error::Error, generated::Generated, tools};

const SPECS: &str = "specs";
pub(crate) const PICTURES: &str = "docs/diagrams";
const COMMAND: &str = "cargo xtask diagrams";
const FORMATS: [Format; 3] = [Format::Dot, Format::Svg, Format::Tikz];

/// Draws, or checks that what is drawn is what the specs say.
pub(crate) fn run(check: bool) -> Result<(), Error> {
    let texts = texts()?;
    let orphans = orphans(&texts)?;
    if check {
        let mut stale = texts.stale();
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
    if written == 0 && orphans.is_empty() {
        tools::progress("the diagrams are fresh");
    }
    Ok(())
}

/// The pictures of every spec, in every format.
fn texts() -> Result<Generated, Error> {
    let mut texts = Generated::default();
    let options = Options { theme: Theme::Documents, ..Options::default() };
    for spec in specs(&tools::root().join(SPECS))? {
        let path = spec.strip_prefix(tools::root()).unwrap_or(&spec).to_path_buf();
        let model = compile(&path)?;
        let below = path.strip_prefix(SPECS).unwrap_or(&path).with_extension("");
        for (name, drawing) in diagram::pictures(&model, &below.display().to_string(), Views::All, &options) {
            for format in FORMATS {
                let text =
                    diagram::text(&drawing, format, Layout::Auto).map_err(|why| Error::Unexpected {
                        what: format!("a picture of `{}`", path.display()),
                        why: why.to_string(),
                        hint: "the pictures of this directory must be small enough to be laid out".to_owned(),
                    })?;
                texts.add(Path::new(PICTURES).join(format!("{name}.{}", format.extension())), text);
            }
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

/// Pictures that no spec has.
fn orphans(texts: &Generated) -> Result<Vec<PathBuf>, Error> {
    let directory = tools::root().join(PICTURES);
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let known = |path: &PathBuf| match path.extension().and_then(|extension| extension.to_str()) {
        Some("dot" | "mmd" | "svg" | "tex") => texts.text(path).is_some(),
        _ => true,
    };
    let found = files_below(&directory)?.into_iter();
    let relative = found.map(|path| path.strip_prefix(tools::root()).map(Path::to_path_buf).unwrap_or(path));
    Ok(relative.filter(|path| !known(path)).collect())
}
