//! A name changed in every file that uses it, when nothing means something else afterwards.

use std::collections::{BTreeMap, BTreeSet};

use statechart_lang::{
    Compiled, Diagnostic, FileId, Loader, Severity, compile,
    ide::{Analysis, Declaration, RenameError},
    model::Machine,
};

use super::{documents::Documents, words};

/// Rounds in which declarations are found that must be renamed together.
const ROUNDS: usize = 8;

/// Places by path, ascending.
pub(super) type Edits = BTreeMap<String, BTreeSet<(u32, u32)>>;

/// The analyses of every specification in which names that are declared at these places are used, the asked one first.
pub(super) fn concerned(documents: &Documents, path: &str, keys: &[(String, u32)]) -> Vec<Analysis> {
    let mut found = vec![Analysis::new(path, documents)];
    let own = documents.identity(path);
    for other in documents.everything() {
        if other != path && documents.identity(&other) != own {
            let analysis = Analysis::new(&other, documents);
            if !analysis.places_of(keys, true).is_empty() {
                found.push(analysis);
            }
        }
    }
    found
}

/// Where names that are declared at these places stand: every file by one path, the editor's where it is open.
pub(super) fn places(
    documents: &Documents,
    analyses: &[Analysis],
    keys: &[(String, u32)],
    with_declarations: bool,
) -> Edits {
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    let mut places = Edits::new();
    for analysis in analyses {
        for span in analysis.places_of(keys, with_declarations) {
            let path = analysis.path(span);
            let path = paths.entry(analysis.place(span).0).or_insert_with(|| documents.spelt(path));
            places.entry(path.clone()).or_default().insert((span.start, span.end));
        }
    }
    places
}

/// The places to change, and what to write there.
pub(super) fn rename(
    documents: &Documents,
    path: &str,
    offset: u32,
    name: &str,
) -> Result<(Edits, String), RenameError> {
    let analysis = Analysis::new(path, documents);
    let (_, known) = analysis.renamable(FileId(0), offset)?;
    let mut spelling = String::new();
    for known in &known {
        spelling = analysis.spelling(known, name)?;
        if let Some(span) = analysis.parted(known, spelling.trim_matches('\'')) {
            let pattern = analysis.sources().text(span);
            return Err(RenameError(format!(
                "`{pattern}` matches one of `{}` and `{spelling}` and not the other: reactions would change",
                known.name
            )));
        }
    }
    let mut keys: Vec<(String, u32)> = known.iter().map(|known| analysis.place(known.span)).collect();
    let mut analyses = Vec::new();
    for _ in 0..ROUNDS {
        analyses = concerned(documents, path, &keys);
        let tied = analyses.iter().fold(keys.clone(), |keys, analysis| analysis.tied(&keys));
        if tied == keys {
            break;
        }
        keys = tied;
    }
    for analysis in &analyses {
        let own = analysis.declarations().iter().filter(|own| keys.contains(&analysis.place(own.span)));
        if let Some((span, own)) = own.filter_map(|own| Some((analysis.joined(own)?, own))).next() {
            return Err(RenameError(together(analysis.sources().line(span), analysis.path(span), &own.name)));
        }
    }
    let mut edits = places(documents, &analyses, &keys, true);
    let renamed = Renamed::new(documents, &edits, &spelling)?;
    for before in &analyses {
        let Some((_, main)) = before.sources().iter().next() else { continue };
        check(documents, &renamed, &main.path, before, name)?;
    }
    let mut more = Edits::new();
    for analysis in &analyses {
        let Some((_, main)) = analysis.sources().iter().next() else { continue };
        for known in &known {
            in_words(documents, &renamed, &main.path, known, &spelling, &mut more)?;
        }
    }
    edits.extend(more);
    Ok((edits, spelling))
}

/// The places in the file of words beside a specification, where every machine that has the name gets the other.
fn in_words(
    documents: &Documents,
    renamed: &Renamed<'_>,
    path: &str,
    known: &Declaration,
    spelling: &str,
    edits: &mut Edits,
) -> Result<(), RenameError> {
    let Some(words) = words::beside(path) else { return Ok(()) };
    // Most specifications have none.
    let Ok(text) = documents.load(&words) else { return Ok(()) };
    let (old, new) = (compile(path, documents).model, compile(path, renamed).model);
    let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
    let names = |machine: &Machine, name: &str| {
        machine.events.iter().any(|event| event.symbol.name == name)
            || machine.guards.iter().any(|guard| guard.name == name)
            || machine.children.iter().any(|child| child.name == name)
    };
    let bare = spelling.trim_matches('\'');
    let mut pairs =
        old.own_machines().zip(new.own_machines()).filter(|(old, _)| names(old, &known.name)).peekable();
    if pairs.peek().is_none() || !pairs.all(|(_, new)| names(new, bare) && !names(new, &known.name)) {
        return Ok(());
    }
    let places = words::places(&text, &known.name, known.kind)
        .map_err(|line| RenameError(together(line, &words, &known.name)))?;
    if !places.is_empty() {
        edits.entry(documents.spelt(&words)).or_default().extend(places);
    }
    Ok(())
}

/// Why a symbol that is written together with others keeps its name.
fn together(line: u32, path: &str, name: &str) -> String {
    format!("line {line} of `{path}` writes `{name}` together with other symbols: write them apart first")
}

/// Refuses what a reader would not expect of a renaming: new errors, names that come to mean something else.
fn check(
    documents: &Documents,
    renamed: &Renamed<'_>,
    path: &str,
    before: &Analysis,
    name: &str,
) -> Result<(), RenameError> {
    let (old, new) = (compile(path, documents), compile(path, renamed));
    if let Some(error) = first_new(&old, &new) {
        return Err(RenameError(format!("`{name}` cannot be the name: {}", error.message)));
    }
    let after = Analysis::new(path, renamed);
    if let Some(span) = before.first_difference(&after) {
        let line = after.sources().line(span);
        return Err(RenameError(format!(
            "`{name}` means something else already: line {line} of `{}` would change its meaning",
            after.path(span)
        )));
    }
    Ok(())
}

/// An error of a kind that is more frequent afterwards.
fn first_new<'c>(old: &Compiled, new: &'c Compiled) -> Option<&'c Diagnostic> {
    let errors = |compiled: &Compiled, like: &Diagnostic| {
        compiled.diagnostics.iter().filter(|found| found.code == like.code).count()
    };
    new.diagnostics
        .iter()
        .filter(|found| found.severity() == Severity::Error)
        .find(|found| errors(new, found) > errors(old, found))
}

/// The files with the name changed.
struct Renamed<'d> {
    documents: &'d Documents,
    /// By what their paths have in common.
    texts: BTreeMap<String, String>,
}

impl<'d> Renamed<'d> {
    fn new(documents: &'d Documents, edits: &Edits, name: &str) -> Result<Self, RenameError> {
        let mut texts = BTreeMap::new();
        for (path, places) in edits {
            let mut text =
                documents.load(path).map_err(|why| RenameError(format!("cannot read `{path}`: {why}")))?;
            for (start, end) in places.iter().rev() {
                let range = *start as usize..*end as usize;
                if text.get(range.clone()).is_none() {
                    return Err(RenameError(format!("`{path}` has changed meanwhile: try again")));
                }
                text.replace_range(range, name);
            }
            texts.insert(documents.identity(path), text);
        }
        Ok(Self { documents, texts })
    }
}

impl Loader for Renamed<'_> {
    fn load(&self, path: &str) -> Result<String, String> {
        self.texts
            .get(&self.identity(path))
            .map_or_else(|| self.documents.load(path), |text| Ok(text.clone()))
    }

    fn identity(&self, path: &str) -> String {
        self.documents.identity(path)
    }
}
