//! `statechart run`: words through a machine, one row per symbol.

use clap::{ArgGroup, Args, ValueEnum};
use statechart_lang::interpreter::Word;

use super::{interactive, why::View};
use crate::error::Error;
use crate::{Outcome, output, spec, stage, words};

/// Run words through a machine and show what happens at each symbol.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["words", "word", "interactive"]).required(true).multiple(true))]
#[command(after_help = "\
Examples:
  statechart run specs/turnstile.sc --word \"COIN PUSH\"
  statechart run specs/quadruple.sc --word 0123 --format json
  statechart run specs/datastore.sc specs/datastore.words
  statechart run specs/turnstile.sc --interactive
  statechart run specs/data_platform.sc --word \"platform.INIT_PLATFORM_STARTUP\"
  statechart run fork.sc --param id=3 --word \"TAKE(\\\"ada\\\")\"
  printf 'COIN\\nPUSH\\nsave twice\\n' | statechart run specs/turnstile.sc mine.words --interactive

A word is a list of symbols: EVENT, EVENT(field: value, …), EVENT[guard] or EVENT[not guard] to answer extern
guards, `after 30s` to let time pass. In front of it may stand values for the machine's parameters: (limit: 3) COIN.

The machines that it starts run as well: their steps are shown with their name, `worker.EVENT` speaks to one, and
done(worker) says that it is done. With --alone they do not run.

Of a system every actor runs: `shop.BUY` is an event of the actor shop, `store[\"EU\"].FETCH` one of a member of a
family, which starts when it is first spoken to. Messages between actors are delivered in the order of sending, to
the actor that a wire leads to; of a family to the member that a field of the family's name says.

A words file holds one word a line, `name:` before it if wanted, and
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
    #[command(flatten)]
    what: stage::Choices,
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
        let stage = self.what.stage(&model, &self.file)?;
        if self.interactive {
            let Some(machine) = stage.machine() else {
                return Err(Error::NotInteractive { name: stage.name().to_owned() });
            };
            let view = View { model: &model, machine, sources: &sources };
            let first: Vec<Word> =
                words::read(&stage, &self.word, None)?.into_iter().map(|(_, word)| word).collect();
            let file = self.words.unwrap_or_else(|| interactive::words_beside(&self.file));
            return interactive::run(&view, &stage, &first, &file);
        }
        let words = words::read(&stage, &self.word, self.words.as_deref())?;
        let mut outcome = Outcome::Good;
        let mut shown = Vec::new();
        for (name, word) in &words {
            let run = stage.run(word);
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
