//! `statechart diff`: what differs between two versions of a machine.

mod text;
mod view;

use clap::{Args, ValueEnum};
use statechart_lang::Model;
use statechart_lang::diagram::Options;
use statechart_lang::diff::{Diff as Comparison, PAIR_LIMIT};
use statechart_lang::model::Machine;

use crate::error::Error;
use crate::{Outcome, output, spec};

/// Show what differs between two versions of a machine, and the shortest word that tells them apart.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart diff old.sc specs/turnstile.sc
  statechart diff old.sc specs/platform.sc --machine Platform --format json
  statechart diff old.sc specs/turnstile.sc --format dot | dot -Tsvg -o changes.svg
  statechart diff old.sc specs/turnstile.sc --format migration
  git show HEAD:specs/turnstile.sc > old.sc && statechart diff old.sc specs/turnstile.sc --exit-code

Two states are the same when they have the same name in the same place, or a name that only one state has on either
side (moved). A state that is only alike is said to be renamed; that is a guess, and is called one.

The word that tells the two apart is searched for among the events that both have, with their fields at default
values and at those that guards compare with, extern guards false, true one by one and all true, and time passing.
The search stops after --limit pairs of configurations; it then has proved nothing.

In the picture, added is green, removed is red and changed is orange. The migration is a draft: `migrate from` with
what was moved and renamed, and comments where something is left to decide.")]
pub(crate) struct Diff {
    /// The old version.
    old: String,
    /// The new version.
    new: String,
    /// The machine to compare, when the files declare several or import it.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// What to write.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Most pairs of configurations to look at when searching for a word.
    #[arg(long, value_name = "N", default_value_t = PAIR_LIMIT)]
    limit: usize,
    /// Exit with 1 when the two differ.
    #[arg(long)]
    exit_code: bool,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One object, for programs.
    Json,
    /// Both versions in one picture, for Graphviz.
    Dot,
    /// A draft of the migration of snapshots, to be put into the new version.
    Migration,
}

impl Diff {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        // Both are compiled before either is given up, so that the mistakes of both are seen.
        let (old, new) = match (spec::open(&self.old), spec::open(&self.new)) {
            (Ok(old), Ok(new)) => (old, new),
            (old, new) => {
                let outcomes = [old.err(), new.err()];
                return Ok(outcomes.into_iter().flatten().max().unwrap_or(Outcome::Bad));
            }
        };
        let (before, after) = (self.pick(&old, &self.old)?, self.pick(&new, &self.new)?);
        let diff = Comparison::new(before, after);
        let differs = match self.format {
            Format::Text | Format::Json => self.report(&diff)?,
            Format::Dot => {
                output::result(&diff.dot(&Options::default()), self.output.as_deref())?;
                !diff.changes.is_empty()
            }
            Format::Migration => {
                let draft = diff.migration();
                if draft.is_none() {
                    output::note("no migration is needed: snapshots depend on nothing that differs\n");
                }
                output::result(draft.as_deref().unwrap_or(""), self.output.as_deref())?;
                draft.is_some()
            }
        };
        Ok(if differs && self.exit_code { Outcome::Bad } else { Outcome::Good })
    }

    /// The changes and the word, for people or programs; whether there are any.
    fn report(&self, diff: &Comparison<'_>) -> Result<bool, Error> {
        let search = diff.search(self.limit);
        let view = view::View::new(diff, &search, self.limit);
        if matches!(self.format, Format::Json) {
            output::result(&output::json_text(&view)?, self.output.as_deref())?;
        } else if self.output.as_deref().is_some_and(|path| path != "-") {
            let plain = anstream::adapter::strip_str(&text::render(&view)).to_string();
            output::result(&plain, self.output.as_deref())?;
        } else {
            output::styled(&text::render(&view))?;
        }
        Ok(!diff.changes.is_empty() || search.outside.is_some())
    }

    fn pick<'m>(&self, model: &'m Model, path: &str) -> Result<&'m Machine, Error> {
        spec::machine(model, path, self.machine.as_deref())
    }
}
