//! `statechart accepts`: a word through the machine itself.

use clap::Args;
use statechart_lang::interpreter::Word;

use crate::error::Error;
use crate::{Outcome, output, spec, stage, words};

/// Say whether a machine accepts a word, and where the word ends.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart accepts specs/turnstile.sc \"COIN PUSH\"
  statechart accepts specs/templates/quadruple.sc 0123
  statechart accepts specs/turnstile.sc \"\"           # the empty word

A word ends in an accepting configuration when a state marked `accept` is active or the machine is done. A machine
without such states accepts what it does not refuse. The exit code is 0 for yes, 1 for no.")]
pub(crate) struct Accepts {
    /// The specification.
    file: String,
    /// The word, in the form of `statechart run`.
    #[arg(allow_hyphen_values = true)]
    word: String,
    #[command(flatten)]
    what: stage::Choice,
    /// As an object, for machines.
    #[arg(long)]
    json: bool,
}

impl Accepts {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let model = match spec::open(&self.file) {
            Ok(model) => model,
            Err(outcome) => return Ok(outcome),
        };
        let stage = self.what.stage(&model, &self.file)?;
        let words = words::read(&stage, std::slice::from_ref(&self.word), None)?;
        let empty = (None, Word::default());
        let (_, word) = words.first().unwrap_or(&empty);
        let run = stage.run(word);
        let accepted = run.is_accepted();
        let states = run.states().last().cloned().unwrap_or_default();
        if self.json {
            output::json(&serde_json::json!({ "accepted": accepted, "states": states }))?;
        } else {
            let verdict = if accepted { "accepted" } else { "not accepted" };
            output::result(&format!("{verdict}: ends in {states}\n"), None)?;
        }
        Ok(if accepted { Outcome::Good } else { Outcome::Bad })
    }
}
