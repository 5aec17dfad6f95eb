//! What prevents an answer: what happened, where, why, and what to do.

use std::{io, process::ExitCode};

use statechart_lang::formal::FormalError;

/// Why a command could not answer. Mistakes inside a specification are diagnostics, not errors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A words file cannot be read.
    #[error("cannot read `{path}`: {why}")]
    Read {
        /// As the user gave it.
        path: String,
        /// From the loader.
        why: String,
    },
    /// The result cannot be written.
    #[error("cannot write {to}: {why}")]
    Write {
        /// A path in quotes, or a stream.
        to: String,
        /// From the system.
        why: io::Error,
    },
    /// A name that the specification does not declare.
    #[error("`{path}` has no {what} `{name}`{}", listed("it declares", .declared))]
    Unknown {
        /// The specification.
        path: String,
        /// `machine` or `system`.
        what: &'static str,
        /// The name that was asked for.
        name: String,
        /// What there is instead.
        declared: Vec<String>,
    },
    /// Nothing to draw or run.
    #[error("`{path}` declares no {what}")]
    Nothing {
        /// The specification.
        path: String,
        /// `machine` or `system`.
        what: &'static str,
    },
    /// More than one thing to draw or run.
    #[error("`{path}` declares several {what}s{}", listed("they are", .declared))]
    Several {
        /// The specification.
        path: String,
        /// `machine` or `system`.
        what: &'static str,
        /// Their names.
        declared: Vec<String>,
    },
    /// Words that the machine cannot read.
    #[error("{}", .0.join("\n"))]
    Words(Vec<String>),
    /// Values for parameters that do not fit.
    #[error("{}", .0.join("\n"))]
    Params(Vec<String>),
    /// An automaton that cannot be made.
    #[error("`{path}`: {why}")]
    Formal {
        /// The specification.
        path: String,
        /// From the operation.
        why: FormalError,
    },
    /// Options that do not go together.
    #[error("{what}")]
    Usage {
        /// What does not.
        what: String,
        /// What to do.
        help: String,
    },
    /// A picture that cannot be laid out.
    #[error("`{path}`: {why}")]
    Diagram {
        /// The specification.
        path: String,
        /// From the layout.
        why: statechart_lang::diagram::Error,
    },
    /// Graphviz was asked for and did not answer.
    #[error("Graphviz did not draw: {why}")]
    Graphviz {
        /// From the system, or from Graphviz.
        why: String,
    },
    /// The generator wrote what is not Rust.
    #[error("the Rust generated for `{path}` does not parse: {why}")]
    Generated {
        /// The specification.
        path: String,
        /// From the Rust parser.
        why: syn::Error,
    },
}

impl Error {
    /// Whether the reader of our output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { why, .. } if why.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } => "check the path, and that the file is text in UTF-8".to_owned(),
            Self::Write { .. } => "check that the directory exists, may be written, and has space left".to_owned(),
            Self::Unknown { what, .. } => format!("name one of them with `--{what}`; names are case-sensitive"),
            Self::Nothing { what: "actor", .. } => {
                "write the journal with `statechart_runtime::actor::Journal` from before the actor starts".to_owned()
            }
            Self::Several { what: "actor", .. } => "choose one with `--actor NAME`".to_owned(),
            Self::Nothing { what: "system", .. } => "leave `--system` out to draw a machine".to_owned(),
            Self::Nothing { .. } => {
                "give the file that declares the machine itself, or name an imported one with `--machine`".to_owned()
            }
            Self::Several { what: "system", .. } => "choose one with `--system=NAME`".to_owned(),
            Self::Several { .. } => "choose one with `--machine NAME`".to_owned(),
            Self::Formal { why: FormalError::TooLarge { .. }, .. } => {
                "raise `--limit`, choose `--abstraction control`, or lower `--waiting`: a machine that defers events, or sends \
                 itself some, has a configuration for each content of its queues"
                    .to_owned()
            }
            // It says what to do.
            Self::Formal { .. } => return None,
            Self::Usage { help, .. } => help.clone(),
            Self::Graphviz { .. } => {
                "install it (Debian, Ubuntu: `apt-get install graphviz`), or leave `--engine` out".to_owned()
            }
            // It says itself what to do.
            Self::Diagram { .. } => return None,
            // Each word's error brings its own help.
            Self::Words(_) | Self::Params(_) => return None,
            Self::Generated { .. } => {
                "this is a defect of statechart-lang, not of the specification: please report it with the file".to_owned()
            }
        })
    }

    /// 1 when an input is at fault, 2 for usage and I/O.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Words(_) | Self::Generated { .. } | Self::Formal { .. } => ExitCode::from(1),
            _ => ExitCode::from(2),
        }
    }
}

/// `; intro a, b, c`, or nothing.
fn listed(intro: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; {intro} {}", names.join(", ")) }
}
