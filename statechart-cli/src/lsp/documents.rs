//! The editor's buffers, and the files behind them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use lsp_types::{TextDocumentContentChangeEvent, Url};
use statechart_lang::Loader;

use super::position::{Encoding, Lines};
use crate::loader;

/// Most buffers that are kept; further ones are read from the disk.
const OPEN_LIMIT: usize = 1_000;

/// Most specifications of a workspace that are searched for uses of a name.
const WORKSPACE_LIMIT: usize = 2_000;

/// Deepest directory of a workspace that is searched.
const DEPTH_LIMIT: usize = 12;

/// What is open, by path.
#[derive(Debug, Default)]
pub(super) struct Documents {
    open: BTreeMap<String, Buffer>,
    /// Of each file that is open, by what all of its paths have in common, the path that it was opened by.
    opened: BTreeMap<String, String>,
    roots: Vec<PathBuf>,
    /// Paths whose text may have changed since they were checked.
    pub(super) changed: BTreeSet<String>,
}

#[derive(Debug)]
struct Buffer {
    uri: Url,
    text: String,
}

impl Loader for Documents {
    fn load(&self, path: &str) -> Result<String, String> {
        match self.buffer(path) {
            Some(buffer) => Ok(buffer.text.clone()),
            None => loader::read(path),
        }
    }

    fn identity(&self, path: &str) -> String {
        loader::identity(path)
    }
}

/// The path that a specification is known by: the file's, or, of a buffer without one, the whole address.
pub(super) fn path(uri: &Url) -> String {
    match uri.to_file_path() {
        Ok(path) => path.to_string_lossy().replace('\\', "/"),
        Err(()) => uri.to_string(),
    }
}

impl Documents {
    pub(super) fn set_roots(&mut self, roots: impl Iterator<Item = Url>) {
        self.roots = roots.filter_map(|root| root.to_file_path().ok()).collect();
        self.roots.sort();
        self.roots.dedup();
    }

    pub(super) fn open(&mut self, uri: Url, text: String) {
        let path = path(&uri);
        if self.open.len() < OPEN_LIMIT || self.open.contains_key(&path) {
            self.changed.insert(path.clone());
            self.opened.entry(loader::identity(&path)).or_insert_with(|| path.clone());
            self.open.insert(path, Buffer { uri, text });
        }
    }

    pub(super) fn close(&mut self, uri: &Url) {
        let path = path(uri);
        self.open.remove(&path);
        self.opened.retain(|_, opened| *opened != path);
        self.changed.insert(path);
    }

    /// The path that the editor has a file open by, where it has; else the one that is given.
    pub(super) fn spelt(&self, path: &str) -> String {
        if self.open.contains_key(path) {
            return path.to_owned();
        }
        self.opened.get(&loader::identity(path)).map_or_else(|| path.to_owned(), Clone::clone)
    }

    /// A file that is open, by whatever path.
    fn buffer(&self, path: &str) -> Option<&Buffer> {
        self.open.get(path).or_else(|| self.open.get(self.opened.get(&loader::identity(path))?))
    }

    pub(super) fn change(
        &mut self,
        uri: &Url,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        let path = path(uri);
        let Some(buffer) = self.open.get_mut(&path) else { return };
        for change in changes {
            match change.range {
                None => buffer.text = change.text,
                Some(range) => {
                    let lines = Lines::new(&buffer.text, encoding);
                    let (start, end) = (lines.offset(range.start), lines.offset(range.end));
                    buffer.text.replace_range(start..end.max(start), &change.text);
                }
            }
        }
        self.changed.insert(path);
    }

    /// Everything open is checked again.
    pub(super) fn touch_all(&mut self) {
        self.changed.extend(self.open.keys().cloned());
    }

    /// Paths of the open buffers.
    pub(super) fn open_paths(&self) -> impl Iterator<Item = &String> {
        self.open.keys()
    }

    /// How the editor addresses a path.
    pub(super) fn uri(&self, path: &str) -> Option<Url> {
        match self.buffer(path) {
            Some(buffer) => Some(buffer.uri.clone()),
            None => Url::from_file_path(path).or_else(|()| Url::parse(path).map_err(|_| ())).ok(),
        }
    }

    /// Open specifications and those of the workspace, up to a limit: where a name may be used.
    pub(super) fn everything(&self) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = self.open.keys().cloned().collect();
        for root in &self.roots {
            collect(root, 0, &mut found);
        }
        found
    }
}

fn collect(directory: &Path, depth: usize, found: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if found.len() >= WORKSPACE_LIMIT {
            return;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || matches!(&*name, "target" | "node_modules") || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if depth < DEPTH_LIMIT {
                collect(&path, depth + 1, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "sc") {
            found.insert(path.to_string_lossy().replace('\\', "/"));
        }
    }
}
