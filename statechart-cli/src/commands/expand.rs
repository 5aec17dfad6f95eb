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
  statechart expand specs/turnstile.sc -o src/turnstile.rs
  statechart expand specs/turnstile.sc -o src/turnstile.rs --check

This is what the `statechart!` macro puts in the place of its call. A crate that keeps the file instead of calling the \
macro, with `include!(\"turnstile.rs\");`, builds without the compiler of the language.")]
pub(crate) struct Expand {
    /// The specification.
    file: String,
    /// With snapshots, as `statechart!("…", snapshot)` has them.
    #[arg(long)]
    snapshot: bool,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// Write nothing, but say whether the file is what would be written.
    #[arg(long, requires = "output")]
    check: bool,
}

impl Expand {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let (model, sources) = match spec::open_with_sources(&self.file) {
            Ok(opened) => opened,
            Err(outcome) => return Ok(outcome),
        };
        if model.own_machines().next().is_none() {
            let what = format!("`{}` declares no machine of its own, so there is no Rust for it", self.file);
            output::note(&format!("{what}; expand the files that it imports\n"));
        }
        let refusals = statechart_lang::codegen::refusals(&model);
        if !refusals.is_empty() {
            for (at, why) in refusals {
                output::mistake(&format!("{}:{}: {why}", self.file, sources.line(at)), None);
            }
            return Ok(Outcome::Bad);
        }
        let code = statechart_lang::codegen::generate_with(&model, Options { snapshot: self.snapshot });
        let file = syn::parse_file(&code).map_err(|why| Error::Generated { path: self.file.clone(), why })?;
        let text = spaced(&prettyplease::unparse(&file));
        match self.output.as_deref() {
            Some(path) if self.check => Ok(compare(&self.file, path, &text)),
            path => output::result(&text, path).map(|()| Outcome::Good),
        }
    }
}

/// Documentation as people write it: a blank behind the slashes. Texts in the code hold no line breaks.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 50);
    for line in text.split_inclusive('\n') {
        match line.split_once("///") {
            Some((indent, doc))
                if indent.trim().is_empty() && doc.starts_with(|c: char| !c.is_whitespace()) =>
            {
                out.extend([indent, "/// ", doc]);
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// Says what is wrong with a file that was expanded before.
fn compare(spec: &str, path: &str, text: &str) -> Outcome {
    let advice = format!("make it anew: statechart expand {spec} -o {path}");
    match std::fs::read_to_string(path) {
        Ok(found) if found == text => Outcome::Good,
        Ok(_) => {
            eprintln!("{path}: not what `{spec}` expands to; {advice}");
            Outcome::Bad
        }
        Err(why) => {
            eprintln!("{path}: cannot be read: {why}; {advice}");
            Outcome::Unreadable
        }
    }
}
