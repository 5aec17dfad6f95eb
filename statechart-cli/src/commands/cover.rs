//! `statechart cover`: words that cover a machine.

use clap::{Args, ValueEnum};
use statechart_lang::{
    cover::{self, Criterion, Plan, SITUATION_LIMIT, Shortness, Whole},
    model::Machine,
};

use crate::error::Error;
use crate::{Outcome, output, spec};

/// Make words that cover a machine: every state, transition, value of a guard, or pair of transitions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart cover specs/turnstile.sc --criteria transitions -o turnstile.words
  statechart cover specs/producer.sc --criteria guards --format json
  statechart cover specs/templates/quadruple.sc --criteria pairs

The words are found by running the machine: what they are said to cover they do cover. The result is a file of words
for `statechart run`; what is not covered stands in it as comments, with the reason. Inputs are tried with values at
which guards may turn, with answers of extern guards, and with time that passes up to the next timer, so what is
missing may still be reached by a payload that was not tried.

The fewest symbols are proved where situations and targets are few. Else the words are made greedily (each goes on to the
nearest target that is left, or a new one begins where that is nearer), and the comment says how many symbols are
needed at least.

The exit code is 0 where everything is covered, and 1 where something is missing.")]
pub(crate) struct Cover {
    /// The specification.
    file: String,
    /// What is to be covered.
    #[arg(long, value_enum, default_value_t)]
    criteria: What,
    /// The machine, when the file declares several or imports it.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// How the words are shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write to this file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// Most situations that are looked at.
    #[arg(long, value_name = "SITUATIONS", default_value_t = SITUATION_LIMIT)]
    limit: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum What {
    /// Every state is entered.
    States,
    /// Every transition is taken, and every bare `on` settles an event.
    #[default]
    Transitions,
    /// Every guard of a transition is true once and false once.
    Guards,
    /// Every two transitions that may follow each other do.
    Pairs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A file of words.
    #[default]
    Words,
    /// For programs.
    Json,
}

impl Cover {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let model = match spec::open(&self.file) {
            Ok(model) => model,
            Err(outcome) => return Ok(outcome),
        };
        let machine = spec::machine(&model, &self.file, self.machine.as_deref())?;
        let criterion = match self.criteria {
            What::States => Criterion::States,
            What::Transitions => Criterion::Transitions,
            What::Guards => Criterion::Guards,
            What::Pairs => Criterion::Pairs,
        };
        let plan = cover::cover(machine, criterion, self.limit);
        let text = match self.format {
            Format::Words => words(machine, &plan),
            Format::Json => output::json_text(&object(machine, &plan))?,
        };
        output::result(&text, self.output.as_deref())?;
        Ok(if plan.missing.is_empty() { Outcome::Good } else { Outcome::Bad })
    }
}

fn words(machine: &Machine, plan: &Plan) -> String {
    let name = plan.criterion.name();
    let covered = plan.targets.len() - plan.missing.len();
    let mut out = format!("# {}: {covered} of {} {name} covered\n", machine.name, plan.targets.len());
    let symbols = if plan.symbols == 1 { "1 symbol".to_owned() } else { format!("{} symbols", plan.symbols) };
    let seen = if plan.whole { "all" } else { "the first" };
    // The machine before its start is no situation.
    let situations = plan.situations.saturating_sub(1);
    out.push_str(&match plan.shortness {
        Shortness::Exact => {
            format!("# {symbols}, the fewest there are over {seen} {situations} situations\n")
        }
        Shortness::AtLeast(bound) => format!(
            "# {symbols}, made greedily over {seen} {situations} situations; at least {bound} are needed\n"
        ),
    });
    for (at, word) in plan.words.iter().enumerate() {
        out.push_str(&format!("{name} {}: {word}\n", at + 1));
    }
    if !plan.missing.is_empty() {
        out.push_str("# Not covered:\n");
    }
    for missing in &plan.missing {
        out.push_str(&format!("#   {}: {}\n", Whole(machine, missing.target), missing.why));
    }
    out
}

fn object(machine: &Machine, plan: &Plan) -> serde_json::Value {
    let missing: Vec<serde_json::Value> = plan
        .missing
        .iter()
        .map(|missing| {
            serde_json::json!({ "name": Whole(machine, missing.target).to_string(), "why": missing.why })
        })
        .collect();
    let (exact, at_least) = match plan.shortness {
        Shortness::Exact => (true, plan.symbols),
        Shortness::AtLeast(bound) => (false, bound),
    };
    serde_json::json!({
        "machine": machine.name,
        "criterion": plan.criterion.name(),
        "targets": plan.targets.len(),
        "covered": plan.targets.len() - plan.missing.len(),
        "words": plan.words,
        "symbols": plan.symbols,
        "fewest": exact,
        "symbols_at_least": at_least,
        "situations": plan.situations.saturating_sub(1),
        "all_situations": plan.whole,
        "missing": missing,
    })
}
