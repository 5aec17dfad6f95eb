//! Text to AST.
//!
//! ```text
//! text ─pre_scan─▶ balanced text ─grammar (pest)─▶ pairs ─tree─▶ ast::File ─imports─▶ next file
//! ```
//!
//! After this pass: every file that the main one imports, directly or not, is parsed once, and each
//! malformed item has been reported once and left out.

mod action;
pub(crate) mod ast;
mod expr;
#[rustfmt::skip]
mod generated;
mod grammar;
mod message;
mod pre_scan;
mod recover;
mod text;
mod tree;

use crate::{Code, Diagnostic, FileId, Loader, Source, Sources, Span, source::joined};
pub(crate) use grammar::Rule;
pub(crate) use text::squeeze;

/// Most files that one specification may consist of.
const FILE_LIMIT: usize = 256;

/// Most bytes of one file.
const SIZE_LIMIT: usize = 16 << 20;

/// Parses a file and everything it imports; the main file is the first.
pub(crate) fn parse_all(
    path: &str,
    loader: &dyn Loader,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ast::File> {
    let mut queue = vec![(path.to_owned(), None::<Span>)];
    let mut known = vec![loader.identity(path)];
    let mut files = Vec::new();
    let mut next = 0;
    while let Some((path, importer)) = queue.get(next).cloned() {
        next += 1;
        let text = match loader.load(&path) {
            Ok(text) => text,
            Err(why) => {
                unreadable(&path, &why, importer, sources, diagnostics);
                continue;
            }
        };
        let id = sources.add(Source::new(path.clone(), text));
        let file = parse(id, sources, diagnostics);
        for import in &file.imports {
            let target = join(&path, &import.text);
            let identity = loader.identity(&target);
            if !known.contains(&identity) {
                if queue.len() >= FILE_LIMIT {
                    diagnostics.push(
                        Diagnostic::new(Code::TooLarge, import.span, format!("more than {FILE_LIMIT} files"))
                            .help("join some of the imported files"),
                    );
                    break;
                }
                known.push(identity);
                queue.push((target, Some(import.span)));
            }
        }
        files.push(file);
    }
    files
}

fn unreadable(
    path: &str,
    why: &str,
    importer: Option<Span>,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let span =
        importer.unwrap_or_else(|| Span { file: sources.add(Source::new(path, "")), start: 0, end: 0 });
    // A loader that knows what to do says it behind the reason.
    let remedy = why.as_bytes().windows(2).rposition(|two| two == b"; ");
    let (why, help) = match remedy.and_then(|at| Some((why.get(..at)?, why.get(at + 2..)?))) {
        Some(said) => said,
        _ if importer.is_some() => {
            (why, "check the path; an import is relative to the file that contains it")
        }
        _ => (why, "check the path"),
    };
    diagnostics
        .push(Diagnostic::new(Code::Unreadable, span, format!("cannot read `{path}`: {why}")).help(help));
}

/// An import's path: relative to the directory of the importing file, `..` resolved.
pub(crate) fn join(importer: &str, import: &str) -> String {
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    if import.starts_with('/') {
        parts = vec![""];
    }
    for part in import.trim_start_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    joined(&parts, "/")
}

/// The pairs of a text that [`parse`] has found to be sound.
#[cfg(feature = "format")]
pub(crate) fn pairs(text: &str) -> Option<pest::iterators::Pairs<'_, Rule>> {
    pre_scan::pre_scan(FileId::default(), text).ok()?;
    grammar::parse(Rule::file, text).ok()
}

/// Parses one file.
pub(crate) fn parse(id: FileId, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> ast::File {
    let Some(source) = sources.get(id) else { return ast::File::default() };
    if source.text.len() > SIZE_LIMIT {
        let span = Span { file: id, start: 0, end: 0 };
        diagnostics.push(
            Diagnostic::new(
                Code::TooLarge,
                span,
                format!("the file is larger than {} MiB", SIZE_LIMIT >> 20),
            )
            .help("split it, and join the parts with `import`"),
        );
        return ast::File::default();
    }
    if let Err(mut found) = pre_scan::pre_scan(id, &source.text) {
        diagnostics.append(&mut found);
        return ast::File::default();
    }
    match grammar::parse(Rule::file, &source.text) {
        Ok(pairs) => tree::Builder::new(id, &source.text, diagnostics).file(pairs),
        Err(error) => {
            diagnostics.push(message::syntax_error(id, 0, &source.text, &error));
            ast::File::default()
        }
    }
}

/// Parses a fragment of a file as one rule, only to learn why it is not one.
fn why_not(rule: Rule, file: FileId, text: &str, start: usize, end: usize) -> Option<Diagnostic> {
    let fragment = text.get(start..end)?;
    match grammar::parse(rule, fragment) {
        Ok(pairs) => {
            // The fragment begins well; what follows it is the trouble.
            let matched = pairs.last().map_or(0, |pair| pair.as_span().end());
            let rest = fragment.get(matched..)?;
            let at = start + matched + (rest.len() - rest.trim_start().len());
            let part = message::part(rest.trim_start()).map(|part| grammar::parse(part, rest.trim_start()));
            Some(match part {
                Some(Err(error)) => message::syntax_error(file, at, text, &error),
                _ => message::unexpected(file, text, at),
            })
        }
        Err(error) => Some(message::syntax_error(file, start, text, &error)),
    }
}
