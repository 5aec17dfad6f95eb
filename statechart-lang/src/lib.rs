//! The statechart language: from the text of a `.sc` file to a checked model, and from the model to
//! everything that is made of it.
//!
//! ```text
//! text ─syntax─▶ AST ─check─▶ Model ─┬─codegen──────▶ Rust
//!                    │               ├─interpreter──▶ runs of words
//!                    ▼               └─diagram──────▶ DOT, Mermaid
//!               Diagnostics
//! ```
//!
//! No I/O happens here: [`compile`] reads files through the [`Loader`] that its caller gives. Every
//! mistake of every file is reported in one go; a [`Model`] exists only when none is an error.

// `codegen::template` looks through a template of Rust token by token.
#![recursion_limit = "1024"]

mod check;
#[cfg(feature = "codegen")]
pub mod codegen;
#[cfg(feature = "cover")]
pub mod cover;
mod diagnostic;
#[cfg(feature = "diagram")]
pub mod diagram;
#[cfg(feature = "diff")]
pub mod diff;
#[cfg(feature = "formal")]
pub mod formal;
#[cfg(feature = "format")]
pub mod format;
#[cfg(feature = "ide")]
pub mod ide;
#[cfg(feature = "interchange")]
pub mod interchange;
#[cfg(feature = "interpreter")]
pub mod interpreter;
pub mod model;
mod source;
mod syntax;
mod table;
#[cfg(feature = "interpreter")]
mod testing;

pub use diagnostic::{Code, Diagnostic, Label, Severity};
pub use model::Model;
pub use source::{FileId, Loader, MapLoader, Source, Sources, Span};

/// What became of a specification: its files, what was found in them, and the model if it is sound.
#[cfg_attr(feature = "debug", derive(Debug))]
pub struct Compiled {
    /// Every file that was read, the main one first. Tools that rebuild on change watch all of them.
    pub sources: Sources,
    /// Errors and warnings, by file and position.
    pub diagnostics: Vec<Diagnostic>,
    /// The checked model; `None` when any diagnostic is an error.
    pub model: Option<Model>,
    /// What a specification with errors declares, without what it does: the names that code beside it uses, so that
    /// one mistake stays one error. `None` for a sound one, and where two names clash.
    pub skeleton: Option<Model>,
}

impl Compiled {
    /// Whether any diagnostic is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
    }

    /// Runs the examples of a sound specification, and adds what is wrong with them to the diagnostics. The model
    /// stays: an example that does not hold is a mistake, but no ambiguity.
    #[cfg(feature = "interpreter")]
    pub fn check_examples(&mut self) {
        if let Some(model) = &self.model {
            self.diagnostics.extend(interpreter::failing_examples(model));
            diagnostic::finish(&mut self.diagnostics);
        }
    }

    /// All diagnostics as text for people; see [`Diagnostic::render`].
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.diagnostics.iter().map(|diagnostic| diagnostic.render(&self.sources, colour)).collect()
    }
}

/// Compiles a specification: reads the file and its imports, parses, checks.
///
/// ```
/// let loader = statechart_lang::MapLoader::from([(
///     "switch.sc",
///     "machine Switch { input { FLIP } initial off state off { on FLIP -> on_ } state on_ { on FLIP -> off } }",
/// )]);
/// let compiled = statechart_lang::compile("switch.sc", &loader);
/// assert!(!compiled.has_errors(), "{}", compiled.render(false));
/// ```
pub fn compile(path: &str, loader: &dyn Loader) -> Compiled {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let files = syntax::parse_all(path, loader, &mut sources, &mut diagnostics);
    let model = check::check(&files, &sources, &mut diagnostics);
    diagnostic::finish(&mut diagnostics);
    let sound = !diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error);
    let clash = diagnostics.iter().any(|found| matches!(found.code, Code::Duplicate | Code::Collision));
    let (model, skeleton) = match model {
        Some(model) if sound => (Some(model), None),
        Some(model) if !clash => (None, Some(model.into_skeleton())),
        _ => (None, None),
    };
    Compiled { sources, diagnostics, model, skeleton }
}
