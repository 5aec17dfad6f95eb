//! `statechart run`: words through a machine, one row per symbol, and what they cover of it.

mod coverage;

use clap::{ArgGroup, Args, ValueEnum};
use statechart_lang::interpreter::{self, CSV_HEADING, Run as Ran, Word};

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
  statechart run specs/turnstile.sc specs/turnstile.words --format csv > turnstile.csv
  statechart run specs/turnstile.sc specs/turnstile.words --coverage
  statechart run specs/turnstile.sc specs/turnstile.words --coverage-diagram covered.dot
  statechart run specs/turnstile.sc --interactive
  statechart run specs/data_platform.sc --interactive
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
of a system those of every actor, `at ACTOR` shows one of them,
`help` lists the commands, and the end of the input ends it. Words given with --word are played first; WORDS
is the file that `save` appends to, the specification's name with `.words` when it is left out. The exit code is
then 0, or 1 when stdin is no terminal and a line was not understood.

With --coverage the runs are not shown, but what they cover together: every state, every transition, and both values
of every guard. --coverage-diagram writes the same as a picture: green is covered, red is not, orange in part.

Otherwise the exit code is 0 when every word is accepted: it ends in an accepting state, or, where the machine has
none, no symbol was refused. Of a nondeterministic machine the first way through a word that is accepted is shown,
and where there is none the one that takes the first transition each time; stepped by hand it takes the first.")]
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
    /// Step the machine, or the actors of the system, line by line.
    #[arg(short, long, conflicts_with = "format")]
    interactive: bool,
    /// How runs are shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The same as `--format json`.
    #[arg(long, conflicts_with_all = ["format", "interactive"])]
    json: bool,
    /// Show what the words cover instead of the runs: a table, or JSON.
    #[arg(long, conflicts_with = "interactive")]
    coverage: bool,
    /// Write a picture of what the words cover, for Graphviz.
    #[arg(long, value_name = "FILE", conflicts_with = "interactive")]
    coverage_diagram: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Aligned text, for people.
    #[default]
    Table,
    /// An array with one object per word.
    Json,
    /// A line for each step of each word, with a heading.
    Csv,
    /// A Mermaid flowchart: q₀ to qₙ, an arrow for each step.
    Mermaid,
}

impl Run {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let (model, sources) = match spec::open_with_sources(&self.file) {
            Ok(opened) => opened,
            Err(outcome) => return Ok(outcome),
        };
        let stage = self.what.stage(&model, &self.file)?;
        if self.interactive {
            let view = View { model: &model, machine: stage.machine(), sources: &sources };
            let first: Vec<Word> =
                words::read(&stage, &self.word, None)?.into_iter().map(|(_, word)| word).collect();
            let file = self.words.unwrap_or_else(|| interactive::words_beside(&self.file));
            return interactive::run(&view, &stage, &first, &file);
        }
        let words = words::read(&stage, &self.word, self.words.as_deref())?;
        let format = if self.json { Format::Json } else { self.format };
        if self.coverage || self.coverage_diagram.is_some() {
            let words: Vec<&Word> = words.iter().map(|(_, word)| word).collect();
            return coverage::show(&stage, &words, &self.file, format, self.coverage_diagram.as_deref());
        }
        let runs: Vec<(String, Ran)> = words
            .iter()
            .map(|(name, word)| {
                let run = stage.run(word);
                (name.clone().unwrap_or_default(), run)
            })
            .collect();
        output::result(&text(&runs, format), None)?;
        let is_good = runs.iter().all(|(_, run)| run.is_accepted());
        Ok(if is_good { Outcome::Good } else { Outcome::Bad })
    }
}

fn text(runs: &[(String, Ran)], format: Format) -> String {
    // What stands for a word in a cell: its name, else its text.
    let label = |name: &str, run: &Ran| {
        let name = name.trim_end_matches(':');
        match (name, run.word.as_str()) {
            ("", "") => "ε".to_owned(),
            ("", word) => word.to_owned(),
            (name, _) => name.to_owned(),
        }
    };
    match format {
        Format::Table => {
            let tables: Vec<String> = runs
                .iter()
                .map(|(name, run)| {
                    let table = run.table();
                    let table = table.trim_end();
                    if name.is_empty() { format!("{table}\n") } else { format!("{name}\n{table}\n") }
                })
                .collect();
            tables.join("\n")
        }
        Format::Json => {
            let objects: Vec<String> = runs.iter().map(|(_, run)| run.json().trim_end().to_owned()).collect();
            format!("[{}]\n", objects.join(",\n"))
        }
        Format::Csv => {
            let lines: Vec<String> = runs.iter().map(|(name, run)| run.csv(&label(name, run))).collect();
            format!("{CSV_HEADING}{}", lines.concat())
        }
        Format::Mermaid => {
            let labels: Vec<String> = runs.iter().map(|(name, run)| label(name, run)).collect();
            interpreter::mermaid_runs(labels.iter().map(String::as_str).zip(runs.iter().map(|(_, run)| run)))
        }
    }
}
