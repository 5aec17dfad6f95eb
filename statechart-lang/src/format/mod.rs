//! The formatter: one layout for every specification.
//!
//! ```text
//! text ─syntax─▶ pairs ─tree─▶ tokens, nodes ─print─▶ lines of items ─layout─▶ one item, wrapped ─▶ text
//! ```
//!
//! It works on tokens, not on the AST, so that comments survive and a new construct of the grammar is laid out by the
//! same few rules: what stands in braces goes one item a line, two blanks deeper; what stays on one line is spaced by its
//! tokens; what does not fit is broken after commas and before operators, and before the actions of a transition.
//!
//! Three things of the author's layout are kept: a blank line between items (one), a body written on one line while
//! it fits, and arrows or braces that neighbours align.
//!
//! The output is parsed again before it is handed out: the same tokens and comments, or nothing.

mod layout;
mod print;
mod tree;

use crate::{Diagnostic, Severity, Source, Sources, syntax};

/// Widest line, where it can be broken at all.
const WIDTH: usize = 110;

/// Blanks for each level of braces.
const INDENT: usize = 2;

/// Why a text was not formatted.
#[derive(Debug)]
pub enum Refusal {
    /// It has syntax errors, so its structure is unknown.
    Broken {
        /// The file, for rendering.
        sources: Sources,
        /// What is wrong; errors and nothing else.
        diagnostics: Vec<Diagnostic>,
    },
    /// The result would not have said the same; a defect of the formatter.
    Changed,
}

impl Refusal {
    /// The reason as text for people.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        match self {
            Self::Broken { sources, diagnostics } => {
                diagnostics.iter().map(|diagnostic| diagnostic.render(sources, colour)).collect()
            }
            Self::Changed => "the formatted text would not say the same: this is a defect of the formatter; \
                              the file is left as it is, please report it\n"
                .to_owned(),
        }
    }
}

/// Formats one file; `path` is only for diagnostics. Imports are not followed, names need not resolve.
///
/// ```
/// let text = "machine M{input{A B}initial s state s{on A|B->s}}";
/// assert_eq!(
///     statechart_lang::format::format("m.sc", text).unwrap(),
///     "machine M { input { A B }  initial s  state s { on A | B -> s } }\n",
/// );
/// ```
///
/// # Errors
/// The text has syntax errors.
pub fn format(path: &str, text: &str) -> Result<String, Refusal> {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let id = sources.add(Source::new(path, text));
    syntax::parse(id, &sources, &mut diagnostics);
    diagnostics.retain(|diagnostic| diagnostic.severity() == Severity::Error);
    crate::diagnostic::finish(&mut diagnostics);
    let tree = if diagnostics.is_empty() { tree::Tree::new(text) } else { None };
    let Some(tree) = tree else { return Err(Refusal::Broken { sources, diagnostics }) };
    let mut formatted = print::print(&tree);
    let again = tree::Tree::new(&formatted);
    if again.is_none_or(|again| !again.says_the_same(&tree)) {
        return Err(Refusal::Changed);
    }
    if text.find('\n').is_some_and(|at| text[..at].ends_with('\r')) {
        formatted = formatted.replace('\n', "\r\n");
    }
    Ok(formatted)
}

#[cfg(test)]
mod tests;
