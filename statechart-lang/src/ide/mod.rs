//! What editors ask about specifications: pure functions over files, by byte offset.
//!
//! ```text
//! Loader ─repair─▶ text that brackets balance in ─syntax─▶ AST ─scopes, walk─▶ Analysis ─┬─ symbols, hover
//!                                                                                        ├─ definition, uses, rename
//!                                                                                        └─ completion (with place)
//! ```
//!
//! Text that is being written is broken most of the time, so nothing here needs a model: what parses is known, what
//! does not is skipped. Offsets past the end of a file answer with nothing.

mod complete;
mod describe;
mod outline;
mod parties;
mod place;
mod rename;
mod repair;
mod scopes;
mod walk;
mod words;

pub use complete::{Completion, CompletionKind, completions};
pub use outline::Symbol;
pub use rename::{RenameError, is_name};
pub use words::{Names as WordNames, Place as WordPlace};

use std::collections::BTreeMap;

use crate::{Diagnostic, FileId, Loader, Sources, Span, syntax};
use scopes::Scope;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A machine.
    Machine,
    /// A fragment.
    Fragment,
    /// A system.
    System,
    /// An actor of a system.
    Actor,
    /// An outside party of a system.
    External,
    /// An event of Σ.
    Event,
    /// An internal event.
    Internal,
    /// An output.
    Output,
    /// A field of an event or output.
    Field,
    /// A variable of a machine's context or a state's.
    Variable,
    /// A parameter of a machine or state.
    Parameter,
    /// An extern type.
    Type,
    /// An extern guard.
    Guard,
    /// An extern action.
    Action,
    /// An extern service.
    Service,
    /// A parameter of an extern.
    Argument,
    /// A peer.
    Peer,
    /// A state, parallel state, region or final state.
    State,
    /// A history.
    History,
    /// A child that runs under a name.
    Child,
    /// A message that is sent under a name.
    Message,
    /// The element or index of a `for`.
    Binding,
}

impl Kind {
    /// The kind in a word or two.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Fragment => "fragment",
            Self::System => "system",
            Self::Actor => "actor",
            Self::External => "outside party",
            Self::Event => "event",
            Self::Internal => "internal event",
            Self::Output => "output",
            Self::Field => "field",
            Self::Variable => "variable",
            Self::Parameter => "parameter",
            Self::Type => "extern type",
            Self::Guard => "extern guard",
            Self::Action => "extern action",
            Self::Service => "extern service",
            Self::Argument => "parameter",
            Self::Peer => "peer",
            Self::State => "state",
            Self::History => "history",
            Self::Child => "child",
            Self::Message => "named message",
            Self::Binding => "binding",
        }
    }
}

/// Index into [`Analysis::declarations`].
pub type DeclarationId = usize;

/// A name where it is declared.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// What it stands for.
    pub kind: Kind,
    /// Without quotes.
    pub name: String,
    /// The name's place, quotes included.
    pub span: Span,
    /// The whole declaration's place, as far as it is known.
    pub full: Span,
    /// Documentation comment.
    pub doc: String,
    /// The declaration on one line, as a spec would have it.
    pub text: String,
    /// What it is declared in.
    pub container: Option<DeclarationId>,
}

/// A specification and its imports, names resolved as far as they can be.
pub struct Analysis {
    sources: Sources,
    /// By file: what its paths have in common.
    identities: Vec<String>,
    /// The file that each import names.
    imports: BTreeMap<Span, FileId>,
    files: Vec<syntax::ast::File>,
    declarations: Vec<Declaration>,
    declared: BTreeMap<Span, DeclarationId>,
    /// Uses, and what each may mean; more than one for a field of several events.
    uses: BTreeMap<Span, Vec<DeclarationId>>,
    scopes: Vec<Scope>,
    /// Every `PREFIX_*`, with the machine whose events it matches.
    prefixes: Vec<(Span, DeclarationId, String)>,
    /// Symbols that an example writes together with others, each place with the machine whose events they are.
    joined: Vec<(Span, DeclarationId)>,
    /// Machines and fragments by name.
    tops: BTreeMap<(Kind, String), DeclarationId>,
    /// Fields and parameters by what they belong to.
    inner: BTreeMap<(DeclarationId, String), DeclarationId>,
}

impl std::fmt::Debug for Analysis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is derived from the files would repeat them.
        f.debug_struct("Analysis").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Analysis {
    /// Reads a file and its imports.
    #[must_use]
    pub fn new(path: &str, loader: &dyn Loader) -> Self {
        let mut sources = Sources::default();
        let mut ignored: Vec<Diagnostic> = Vec::new();
        let loader = repair::Repairing(loader);
        let files = syntax::parse_all(path, &loader, &mut sources, &mut ignored);
        let (identities, imports) = named(&sources, &files, &loader);
        let mut analysis = Self {
            sources,
            identities,
            imports,
            files: Vec::new(),
            declarations: Vec::new(),
            declared: BTreeMap::new(),
            uses: BTreeMap::new(),
            scopes: Vec::new(),
            prefixes: Vec::new(),
            joined: Vec::new(),
            tops: BTreeMap::new(),
            inner: BTreeMap::new(),
        };
        scopes::declare(&mut analysis, &files);
        walk::walk(&mut analysis, &files);
        analysis.files = files;
        analysis
    }

    /// The files, the main one first. Where brackets did not balance, their text is what the analysis made of it.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Every name that is declared.
    #[must_use]
    pub fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }

    /// What the name at an offset stands for, whether it is declared or used there, and the name's place.
    #[must_use]
    pub fn at(&self, file: FileId, offset: u32) -> Option<(Span, Vec<&Declaration>)> {
        let (span, ids) = self.ids_at(file, offset)?;
        Some((span, ids.iter().filter_map(|id| self.declarations.get(*id)).collect()))
    }

    /// The file that an import at an offset names.
    #[must_use]
    pub fn import_at(&self, file: FileId, offset: u32) -> Option<FileId> {
        self.imports.iter().find(|(span, _)| covers(**span, file, offset)).map(|(_, named)| *named)
    }

    /// Where a span begins, told the same in every analysis, whatever path it knows the file by.
    #[must_use]
    pub fn place(&self, span: Span) -> (String, u32) {
        (self.identity(span).to_owned(), span.start)
    }

    /// What the paths of a span's file have in common: see [`Loader::identity`].
    fn identity(&self, span: Span) -> &str {
        self.identities.get(span.file.0 as usize).map_or("", String::as_str)
    }

    /// Every place of the names that are declared at these places, given as [`Analysis::place`] does, ascending.
    #[must_use]
    pub fn places_of(&self, declared: &[(String, u32)], with_declarations: bool) -> Vec<Span> {
        let wanted: Vec<DeclarationId> = self
            .declarations
            .iter()
            .enumerate()
            .filter(|(_, known)| {
                declared
                    .iter()
                    .any(|(file, start)| *start == known.span.start && self.identity(known.span) == file)
            })
            .map(|(id, _)| id)
            .collect();
        let mut spans: Vec<Span> = self
            .uses
            .iter()
            .filter(|(_, ids)| ids.iter().any(|id| wanted.contains(id)))
            .map(|(span, _)| *span)
            .collect();
        if with_declarations {
            spans.extend(wanted.iter().filter_map(|id| self.declarations.get(*id)).map(|known| known.span));
        }
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    /// These places and those of other declarations that some use means as well: a field of several events.
    #[must_use]
    pub fn tied(&self, declared: &[(String, u32)]) -> Vec<(String, u32)> {
        let key = |id: &DeclarationId| self.declarations.get(*id).map(|known| self.place(known.span));
        let mut keys = declared.to_vec();
        for ids in self.uses.values().filter(|ids| ids.len() > 1) {
            let places: Vec<(String, u32)> = ids.iter().filter_map(key).collect();
            if places.iter().any(|place| keys.contains(place)) {
                keys.extend(places);
            }
        }
        keys.sort();
        keys.dedup();
        keys
    }

    /// A pattern like `PUBLISH_*` that matches one of two names of an event and not the other.
    #[must_use]
    pub fn parted(&self, known: &Declaration, name: &str) -> Option<Span> {
        let matches_one = |prefix: &str| known.name.starts_with(prefix) != name.starts_with(prefix);
        let own = self.prefixes.iter().filter(|(_, owner, _)| Some(*owner) == known.container);
        own.into_iter().find(|(_, _, prefix)| matches_one(prefix)).map(|(span, _, _)| *span)
    }

    /// A place in an example where an event is written together with others, so that another name would not go there.
    #[must_use]
    pub fn joined(&self, known: &Declaration) -> Option<Span> {
        let own = self.joined.iter().filter(|(_, owner)| Some(*owner) == known.container);
        let holds = |span: Span| self.sources.text(span).contains(known.name.as_str());
        own.map(|(span, _)| *span).find(|span| known.kind == Kind::Event && holds(*span))
    }

    /// The path of a span's file.
    #[must_use]
    pub fn path(&self, span: Span) -> &str {
        self.sources.get(span.file).map_or("", |source| &source.path)
    }

    fn ids_at(&self, file: FileId, offset: u32) -> Option<(Span, &[DeclarationId])> {
        let used =
            self.uses.iter().filter(|(_, ids)| !ids.is_empty()).map(|(span, ids)| (span, ids.as_slice()));
        let declared = self.declared.iter().map(|(span, id)| (span, std::slice::from_ref(id)));
        used.chain(declared).find(|(span, _)| covers(**span, file, offset)).map(|(span, ids)| (*span, ids))
    }

    fn declare(&mut self, declaration: Declaration) -> DeclarationId {
        let next = self.declarations.len();
        let id = *self.declared.entry(declaration.span).or_insert(next);
        if id == next {
            let name = declaration.name.clone();
            match (declaration.kind, declaration.container) {
                (Kind::Field | Kind::Argument | Kind::Parameter, Some(of)) => {
                    self.inner.entry((of, name)).or_insert(id);
                }
                (kind @ (Kind::Machine | Kind::Fragment), _) => {
                    self.tops.entry((kind, name)).or_insert(id);
                }
                _ => {}
            }
            self.declarations.push(declaration);
        }
        id
    }

    /// A machine or fragment by name.
    fn top(&self, kind: Kind, name: &str) -> Option<DeclarationId> {
        self.tops.get(&(kind, name.to_owned())).copied()
    }

    /// A field or parameter by name.
    fn inside(&self, of: DeclarationId, name: &str) -> Option<DeclarationId> {
        self.inner.get(&(of, name.to_owned())).copied()
    }

    fn used(&mut self, span: Span, ids: impl IntoIterator<Item = DeclarationId>) {
        // A fragment is walked once for each use; the first that knows the name counts.
        let known = self.uses.entry(span).or_default();
        if known.is_empty() {
            known.extend(ids);
            known.dedup();
        }
    }
}

/// What the paths of each file have in common, and which file each import names by any of its paths.
fn named(
    sources: &Sources,
    files: &[syntax::ast::File],
    loader: &dyn Loader,
) -> (Vec<String>, BTreeMap<Span, FileId>) {
    let identities: Vec<String> = sources.iter().map(|(_, source)| loader.identity(&source.path)).collect();
    let known: BTreeMap<&str, FileId> =
        identities.iter().map(String::as_str).zip(sources.iter().map(|(id, _)| id)).collect();
    let mut imports = BTreeMap::new();
    for import in files.iter().flat_map(|file| &file.imports) {
        let Some(importer) = sources.get(import.span.file) else { continue };
        let path = syntax::join(&importer.path, &import.text);
        if let Some(file) = known.get(loader.identity(&path).as_str()) {
            imports.insert(import.span, *file);
        }
    }
    (identities, imports)
}

/// Whether an offset is in a span, or directly behind it, as a cursor is.
fn covers(span: Span, file: FileId, offset: u32) -> bool {
    span.file == file && (span.start..=span.end).contains(&offset)
}

#[cfg(test)]
mod tests;
