//! `statechart expand`: the Rust that a specification becomes.

use clap::Args;
use statechart_lang::codegen::Options;

use crate::error::Error;
use crate::{Outcome, output, spec};

/// Print the Rust that is generated for a specification, formatted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart expand specs/turnstile.sc | less
  statechart expand specs/turnstile.sc -o turnstile.rs

This is what the `statechart!` macro puts in the place of its call.")]
pub(crate) struct Expand {
    /// The specification.
    file: String,
    /// With snapshots, as `statechart!("…", snapshot)` has them.
    #[arg(long)]
    snapshot: bool,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

impl Expand {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let model = match spec::open(&self.file) {
            Ok(model) => model,
            Err(outcome) => return Ok(outcome),
        };
        let tokens = statechart_lang::codegen::generate_with(&model, Options { snapshot: self.snapshot });
        let file = syn::parse2(tokens).map_err(|why| Error::Generated { path: self.file.clone(), why })?;
        output::result(&prettyplease::unparse(&file), self.output.as_deref())?;
        Ok(Outcome::Good)
    }
}
