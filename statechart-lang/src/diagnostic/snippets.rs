//! Diagnostics as the Rust compiler draws them, by annotate-snippets.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, LINE_SHOWN, Severity};
use crate::Sources;

/// Every place of one file in one drawing.
pub(super) fn render(diagnostic: &Diagnostic, sources: &Sources, colour: bool) -> String {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(&diagnostic.message)
        .id(diagnostic.code.id())
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    let mut files = vec![diagnostic.primary.span.file];
    files.extend(
        diagnostic
            .secondary
            .iter()
            .map(|label| label.span.file)
            .filter(|file| *file != diagnostic.primary.span.file),
    );
    files.dedup();
    for file in files {
        let Some(source) = sources.get(file) else { continue };
        let labels = || {
            std::iter::once((AnnotationKind::Primary, &diagnostic.primary))
                .chain(diagnostic.secondary.iter().map(|label| (AnnotationKind::Context, label)))
                .filter(|(_, label)| label.span.file == file)
        };
        let first = labels().map(|(_, label)| label.span.start).min().unwrap_or(0);
        let last = labels().map(|(_, label)| label.span.end).max().unwrap_or(0);
        // Drawing takes time for every character that it is given, and nobody reads such lines.
        let Some((line, shown)) = source.around(first, last, LINE_SHOWN) else {
            let (line, column) = source.position(first);
            let origin = Origin::path(&source.path).line(line as usize).char_column(column as usize);
            group = group.element(origin);
            continue;
        };
        let text = source.text.get(shown.clone()).unwrap_or("");
        let mut snippet = Snippet::source(text).line_start(line).path(&source.path).fold(true);
        for (kind, label) in labels() {
            let end = (label.span.end as usize).saturating_sub(shown.start).min(text.len());
            let start = (label.span.start as usize).saturating_sub(shown.start).min(end);
            let annotation = kind.span(start..end);
            snippet = snippet.annotation(if label.text.is_empty() {
                annotation
            } else {
                annotation.label(&label.text)
            });
        }
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]).to_string();
    text.push('\n');
    text
}
