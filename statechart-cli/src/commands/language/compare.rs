//! `statechart equivalent` and `include`.

use clap::Args;
use statechart_lang::formal::{Alphabet, Difference};

use super::{Pair, Reading, explain, text};
use crate::error::Error;
use crate::{Outcome, output};

/// Say whether two machines accept the same words; else show the shortest that only one accepts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart equivalent old.sc new.sc
  statechart equivalent specs/all.sc#Old specs/all.sc#New --abstraction context

The exit code is 0 where the languages are equal, 1 where they differ. A symbol that only one machine reads is
rejected by the other.")]
pub(crate) struct Equivalent {
    /// The first specification, or SPEC#MACHINE.
    left: String,
    /// The second one.
    right: String,
    /// As an object, for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

/// Say whether every word of the second machine is a word of the first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart include specs/all.sc#Contract specs/all.sc#Implementation

The exit code is 0 where the first language holds the second, 1 where it does not; the shortest word that it lacks
is shown then.")]
pub(crate) struct Include {
    /// The specification that must hold the other, or SPEC#MACHINE.
    left: String,
    /// The one that must be held.
    right: String,
    /// As an object, for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Equivalent {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let Pair { left, right, caption } = match self.reading.pair(&self.left, &self.right)? {
            Ok(pair) => pair,
            Err(outcome) => return Ok(outcome),
        };
        explain(&caption);
        let found = left
            .difference(&right, self.reading.limit)
            .map_err(|why| Error::Formal { path: self.left.clone(), why })?;
        let by = |found: &Difference| if found.left_accepts { &self.left } else { &self.right };
        verdict(
            "equivalent",
            self.json.then_some(caption.as_str()),
            left.alphabet(),
            found.as_ref().map(|found| (found, by(found).as_str())),
        )
    }
}

impl Include {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let Pair { left, right, caption } = match self.reading.pair(&self.left, &self.right)? {
            Ok(pair) => pair,
            Err(outcome) => return Ok(outcome),
        };
        explain(&caption);
        let found = right
            .excess(&left, self.reading.limit)
            .map_err(|why| Error::Formal { path: self.right.clone(), why })?;
        verdict(
            "included",
            self.json.then_some(caption.as_str()),
            left.alphabet(),
            found.as_ref().map(|found| (found, self.right.as_str())),
        )
    }
}

fn verdict(
    what: &str,
    // With the caption.
    json: Option<&str>,
    alphabet: &Alphabet,
    found: Option<(&Difference, &str)>,
) -> Result<Outcome, Error> {
    let word = found.map(|(found, _)| text(alphabet, &found.word));
    if let Some(caption) = json {
        let by = found.map(|(_, by)| by);
        output::json(&serde_json::json!({
            "abstraction": caption,
            what: found.is_none(),
            "word": word,
            "accepted_by": by,
        }))?;
    } else {
        match (&word, found) {
            (Some(word), Some((_, by))) => {
                output::result(&format!("not {what}: only {by} accepts\n  {word}\n"), None)?;
            }
            _ => output::result(&format!("{what}\n"), None)?,
        }
    }
    Ok(if found.is_none() { Outcome::Good } else { Outcome::Bad })
}
