//! Files that a task makes: written where they differ, or only compared.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{error::Error, tools};

/// Files by their path below the workspace, with the text that they must have.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    files: BTreeMap<PathBuf, String>,
}

impl Generated {
    /// Adds a file.
    pub(crate) fn add(&mut self, path: impl Into<PathBuf>, text: String) {
        self.files.insert(path.into(), text);
    }

    /// The text that a file must have; `None` for a file that is not among them.
    pub(crate) fn text(&self, path: &Path) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The files that are missing or differ.
    pub(crate) fn stale(&self) -> Vec<String> {
        let differs = |(path, text): &(&PathBuf, &String)| {
            fs::read(tools::root().join(path)).ok().as_deref() != Some(text.as_bytes())
        };
        self.files.iter().filter(differs).map(|(path, _)| path.display().to_string()).collect()
    }

    /// Writes what is missing or differs, and says so; returns how many files that were.
    pub(crate) fn write(&self) -> Result<usize, Error> {
        let stale = self.stale();
        for path in &stale {
            let full = tools::root().join(path);
            if let Some(directory) = full.parent() {
                fs::create_dir_all(directory).map_err(Error::file("make", directory))?;
            }
            let text = self.text(Path::new(path)).unwrap_or_default();
            fs::write(&full, text).map_err(Error::file("write", &full))?;
            tools::progress(&format!("wrote {path}"));
        }
        Ok(stale.len())
    }
}
