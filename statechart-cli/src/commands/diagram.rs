//! `statechart diagram`: a picture of a machine or a system.

use clap::{Args, ValueEnum};
use statechart_lang::diagram::{self, Direction, Options};

use crate::error::Error;
use crate::{Outcome, output, spec};

/// Draw a machine, or a system of actors, for Graphviz or Mermaid.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart diagram specs/producer.sc | dot -Tsvg -o producer.svg
  statechart diagram specs/producer.sc --format mermaid -o producer.mmd
  statechart diagram specs/platform.sc --system --messages --direction right | dot -Tpng -o flow.png

A file that declares a system and no machine of its own is drawn as a system.")]
pub(crate) struct Diagram {
    /// The specification.
    file: String,
    /// What reads the picture.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The machine to draw, when the file declares several or imports it.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// Draw the system: its actors, the outside parties and the wires. NAME chooses among several.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, conflicts_with = "machine")]
    system: Option<Option<String>>,
    /// In a system, draw only who tells whom what, without the actors' states.
    #[arg(long, conflicts_with = "machine")]
    messages: bool,
    /// Where the edges run to.
    #[arg(long, value_enum, default_value_t)]
    direction: Towards,
    /// Leave out actions, entry and exit lists, activities and deferred events (Graphviz only).
    #[arg(long)]
    no_actions: bool,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Graphviz DOT.
    #[default]
    Dot,
    /// Mermaid, as code forges and wikis render it.
    Mermaid,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Towards {
    /// From top to bottom.
    #[default]
    Down,
    /// From left to right.
    Right,
}

impl Diagram {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let model = match spec::open(&self.file) {
            Ok(model) => model,
            Err(outcome) => return Ok(outcome),
        };
        let options = Options {
            direction: match self.direction {
                Towards::Down => Direction::Down,
                Towards::Right => Direction::Right,
            },
            actions: !self.no_actions,
            messages_only: self.messages,
            ..Options::default()
        };
        let only_systems =
            self.machine.is_none() && model.own_machines().next().is_none() && !model.systems.is_empty();
        let text = if self.system.is_some() || self.messages || only_systems {
            let name = self.system.as_ref().and_then(Option::as_deref);
            let system = spec::system(&model, &self.file, name)?;
            match self.format {
                Format::Dot => diagram::dot_system(&model, system, &options),
                Format::Mermaid => diagram::mermaid_system(&model, system, &options),
            }
        } else {
            let machine = spec::machine(&model, &self.file, self.machine.as_deref())?;
            match self.format {
                Format::Dot => diagram::dot(machine, &options),
                Format::Mermaid => diagram::mermaid(machine),
            }
        };
        output::result(&text, self.output.as_deref())?;
        Ok(Outcome::Good)
    }
}
