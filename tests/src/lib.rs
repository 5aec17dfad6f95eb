//! What the tests of the whole language share: specs from the disk, random charts, and every machine twice,
//! compiled to Rust and interpreted, behind one interface.
//!
//! ```text
//! specs, fixtures, random charts ─build.rs─▶ machines ─▶ engines::Pair ─┬─ Compiled ───▶ Did
//!                                                                       └─ Interpreted ▶ Did   (must be equal)
//! ```
#![allow(clippy::unwrap_used)]

pub mod engines;
pub mod mutate;
pub mod random;
pub mod twins;

#[allow(missing_docs, unreachable_pub, unused, clippy::all)]
#[rustfmt::skip]
mod machines {
    include!(concat!(env!("OUT_DIR"), "/machines.rs"));
}

pub use machines::pairs;

use std::{
    fs,
    path::{Path, PathBuf},
};

use statechart_lang::{Compiled, Loader, compile, model::Model};

/// Reads from the disk.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

/// The workspace's directory.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Files with an extension in a directory of the workspace, sorted.
#[must_use]
pub fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let directory = workspace().join(directory);
    let mut files: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// The file's name without directory and extension.
#[must_use]
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// Compiles a file of the disk.
#[must_use]
pub fn compiled(path: &Path) -> Compiled {
    with_examples(compile(&path.to_string_lossy(), &Disk))
}

/// The same with what is wrong with its examples.
#[must_use]
pub fn with_examples(mut compiled: Compiled) -> Compiled {
    compiled.check_examples();
    compiled
}

/// The model of a file that has no errors.
///
/// # Panics
/// With the diagnostics, when it has.
#[must_use]
pub fn model(path: &Path) -> Model {
    let compiled = compiled(path);
    assert!(!compiled.has_errors(), "{}", compiled.render(false));
    compiled.model.unwrap()
}
