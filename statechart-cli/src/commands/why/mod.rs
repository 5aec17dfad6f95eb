//! `statechart why`: for each step of a run, what became of every candidate transition.

mod text;
mod view;

use clap::Args;
use statechart_lang::interpreter::Row;

pub(crate) use self::view::{View, is_outside};

use crate::error::Error;
use crate::{Outcome, output, spec, stage, words};

/// Tell for each step of a run why every candidate transition was taken or not.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").args(["words", "word"]).required(true).multiple(true))]
#[command(after_help = "\
Examples:
  statechart why specs/turnstile.sc --word \"COIN PUSH PUSH\"
  statechart why specs/producer.sc --word \"FETCH_DATA PUBLISH_DYNAMIC DATA_READY\"
  statechart why specs/datastore.sc specs/datastore.words --json
  statechart why specs/data_platform.sc --word \"platform.INIT_PLATFORM_STARTUP\"

Candidates are the transitions and `defer`s of active states and their ancestors that the event, timer or
completion could set off. Each is one of:
  taken         it happened
  lost          an inner state, or an earlier transition of the same state, came first
  guard false   with the value of each of its parts
  guard faulted which counts as false and raises `fault`; `arguments faulted` where it was the values for the
                parameters of its target
  preempted     another region's transition leaves a state that this one would leave as well
  deferred      a `defer` keeps the event for a later state
  ignored       a bare `on` settles the event
  overruled     a `defer` or a bare `on` that a transition of another region makes void

Words are written as for `statechart run`; of a system they speak to its actors: `shop.BUY`.
The exit code does not depend on whether they are accepted.")]
pub(crate) struct Why {
    /// The specification.
    file: String,
    /// A file of words.
    #[arg(value_name = "WORDS")]
    words: Option<String>,
    /// A word; may be repeated, and comes before those of the file.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    word: Vec<String>,
    #[command(flatten)]
    what: stage::Choices,
    /// Write an array with one object per word, for programs.
    #[arg(long)]
    json: bool,
}

impl Why {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let (model, sources) = match spec::open_with_sources(&self.file) {
            Ok(opened) => opened,
            Err(outcome) => return Ok(outcome),
        };
        let stage = self.what.stage(&model, &self.file)?.explaining();
        let words = words::read(&stage, &self.word, self.words.as_deref())?;
        let view = View { model: &model, machine: stage.machine(), sources: &sources };
        let explained: Vec<view::Explained> = words
            .iter()
            .map(|(name, word)| view.explained(name.as_deref(), word, &stage.run(word)))
            .collect();
        if self.json {
            output::json(&explained)?;
        } else {
            let texts: Vec<String> = explained.iter().map(text::render).collect();
            output::styled(&texts.join("\n"))?;
        }
        Ok(Outcome::Good)
    }
}

/// Some steps of an explained run, as trees.
pub(crate) fn explain_rows(view: &View<'_>, rows: &[Row]) -> String {
    let steps: Vec<view::Step> = rows.iter().map(|row| view.step(None, row)).collect();
    if steps.is_empty() { "nothing has happened since\n".to_owned() } else { text::steps(&steps) }
}
