//! `statechart run`: words through a machine, one row per symbol.

use clap::{ArgGroup, Args, ValueEnum};
use statechart_lang::interpreter::{self, Word};

use super::{interactive, why::View};
use crate::error::Error;
use crate::{Outcome, output, spec, words};

/// Run words through a machine and show what happens at each symbol.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["words", "word", "interactive"]).required(true).multiple(true))]
#[command(after_help = "\
Examples:
  statechart run specs/turnstile.sc --word \"COIN PUSH\"
  statechart run specs/quadruple.sc --word 0123 --format json
  statechart run specs/datastore.sc specs/datastore.words
  statechart run specs/turnstile.sc --interactive
  printf 'COIN\\nPUSH\\nsave twice\\n' | statechart run specs/turnstile.sc mine.words --interactive

A word is a list of symbols: EVENT, EVENT(field: value, …), EVENT[guard] or EVENT[not guard] to answer extern
guards, `after 30s` to let time pass. A words file holds one word a line, `name:` before it if wanted, and
comments after `#`.

With --interactive the machine is stepped line by line: the events that its active states speak of are numbered,
`help` lists the commands, and the end of the input ends it. Words given with --word are played first; WORDS
is the file that `save` appends to, the specification's name with `.words` when it is left out. The exit code is
then 0, or 1 when stdin is no terminal and a line was not understood.

Otherwise the exit code is 0 when every word is accepted: it ends in an accepting state, or, where the machine has
none, no symbol was refused.")]
pub(crate) struct Run {
    /// The specification.
    file: String,
    /// A file of words.
    #[arg(value_name = "WORDS")]
    words: Option<String>,
    /// A word; may be repeated, and comes before those of the file.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    word: Vec<String>,
    /// The machine to run, when the file declares several or imports it.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// Step the machine line by line.
    #[arg(short, long, conflicts_with = "format")]
    interactive: bool,
    /// How runs are shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Aligned text, for people.
    #[default]
    Table,
    /// An array with one object per word.
    Json,
}

impl Run {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let (model, sources) = match spec::open_with_sources(&self.file) {
            Ok(opened) => opened,
            Err(outcome) => return Ok(outcome),
        };
        let machine = spec::machine(&model, &self.file, self.machine.as_deref())?;
        if self.interactive {
            let view = View { machine, sources: &sources };
            let first: Vec<Word> =
                words::read(machine, &self.word, None)?.into_iter().map(|(_, word)| word).collect();
            let file = self.words.unwrap_or_else(|| interactive::words_beside(&self.file));
            return interactive::run(&view, &first, &file);
        }
        let words = words::read(machine, &self.word, self.words.as_deref())?;
        let mut outcome = Outcome::Good;
        let mut shown = Vec::new();
        for (name, word) in &words {
            let run = interpreter::run(machine, word);
            let accepted = if run.acceptor { run.accepted } else { run.rejected_at.is_none() };
            if !accepted {
                outcome = Outcome::Bad;
            }
            shown.push(match self.format {
                Format::Table => match name {
                    Some(name) => format!("{name}\n{}\n", run.table().trim_end()),
                    None => format!("{}\n", run.table().trim_end()),
                },
                Format::Json => run.json().trim_end().to_owned(),
            });
        }
        let text = match self.format {
            Format::Table => shown.join("\n"),
            Format::Json => format!("[{}]\n", shown.join(",\n")),
        };
        output::result(&text, None)?;
        Ok(outcome)
    }
}
