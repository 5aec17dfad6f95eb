//! Diagnostics of what is open, and of what it imports.

use std::collections::BTreeMap;

use lsp_server::Notification;
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
    PublishDiagnosticsParams, Range,
};
use statechart_lang::{Compiled, FileId, Loader as _, Severity, Span, compile};

use super::{Server, documents::Documents, position::Lines};

/// What was last checked and published.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The files of each open specification, itself first, and what was found in each.
    checked: BTreeMap<String, BTreeMap<String, Vec<Diagnostic>>>,
    /// What the editor shows.
    shown: BTreeMap<String, Vec<Diagnostic>>,
}

impl Server {
    /// Checks what changed; one notification for each file whose diagnostics are others than before.
    pub(super) fn publish(&mut self) -> Vec<Notification> {
        let changed = std::mem::take(&mut self.documents.changed);
        if changed.is_empty() {
            return Vec::new();
        }
        let open: Vec<String> = self.documents.open_paths().cloned().collect();
        self.published.checked.retain(|path, _| open.contains(path));
        for path in open {
            let known = self.published.checked.get(&path);
            let is_changed =
                |file: &String| changed.contains(file) || changed.contains(&self.documents.spelt(file));
            let stale = known.is_none_or(|files| files.keys().any(is_changed));
            if stale {
                let found = self.check(&path);
                self.published.checked.insert(path, found);
            }
        }
        let mut all: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        for (path, found) in self.published.checked.values().flatten() {
            let shown = all.entry(path.clone()).or_default();
            for diagnostic in found {
                if !shown.contains(diagnostic) {
                    shown.push(diagnostic.clone());
                }
            }
        }
        let before = std::mem::take(&mut self.published.shown);
        let mut notes = Vec::new();
        for (path, found) in &all {
            // A file without mistakes is said to have none when it was opened or had some.
            let told = before.get(path);
            if told != Some(found) && (told.is_some() || !found.is_empty() || changed.contains(path)) {
                notes.extend(note(&self.documents, path, found.clone()));
            }
        }
        for path in before.keys().filter(|path| !all.contains_key(*path)) {
            notes.extend(note(&self.documents, path, Vec::new()));
        }
        self.published.shown = all;
        notes
    }

    /// Every file of a specification, and what is wrong in it.
    fn check(&self, path: &str) -> BTreeMap<String, Vec<Diagnostic>> {
        let mut compiled = compile(path, &self.documents);
        compiled.check_examples();
        let mut found: BTreeMap<String, Vec<Diagnostic>> = compiled
            .sources
            .iter()
            .map(|(_, source)| (self.documents.spelt(&source.path), Vec::new()))
            .collect();
        // Each file's lines are counted once.
        let lines: Columns<'_> = compiled
            .sources
            .iter()
            .map(|(id, source)| (id, Lines::new(&source.text, self.encoding)))
            .collect();
        for diagnostic in &compiled.diagnostics {
            let own = compiled.sources.get(diagnostic.primary.span.file).map_or(path, |source| &source.path);
            let shown = self.diagnostic(&compiled, &lines, diagnostic);
            found.entry(self.documents.spelt(own)).or_default().push(shown);
        }
        found
    }

    fn diagnostic(
        &self,
        compiled: &Compiled,
        lines: &Columns<'_>,
        diagnostic: &statechart_lang::Diagnostic,
    ) -> Diagnostic {
        let mut message = diagnostic.message.clone();
        if !diagnostic.primary.text.is_empty() {
            message.push_str(&format!("\n{}", diagnostic.primary.text));
        }
        if let Some(help) = &diagnostic.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        let related = diagnostic.secondary.iter().filter_map(|label| {
            let path = &compiled.sources.get(label.span.file)?.path;
            let location = Location { uri: self.documents.uri(path)?, range: range(lines, label.span) };
            Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
        });
        Diagnostic {
            range: range(lines, diagnostic.primary.span),
            severity: Some(match diagnostic.severity() {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(diagnostic.code.id().to_owned())),
            source: Some("statechart".to_owned()),
            message,
            related_information: Some(related.collect()),
            ..Diagnostic::default()
        }
    }

    /// The text of a path, as the editor has it.
    pub(super) fn text(&self, path: &str) -> String {
        self.documents.load(path).unwrap_or_default()
    }
}

/// The lines of each file.
type Columns<'c> = BTreeMap<FileId, Lines<'c>>;

fn range(lines: &Columns<'_>, span: Span) -> Range {
    lines.get(&span.file).map(|lines| lines.range(span.start, span.end)).unwrap_or_default()
}

fn note(documents: &Documents, path: &str, diagnostics: Vec<Diagnostic>) -> Option<Notification> {
    let params = PublishDiagnosticsParams { uri: documents.uri(path)?, diagnostics, version: None };
    Some(Notification::new("textDocument/publishDiagnostics".to_owned(), params))
}
