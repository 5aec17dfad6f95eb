//! What words cover: a table with percentages and what is missing, JSON, a coloured diagram.

use statechart_lang::{
    cover::{Coverage, Criterion, Target, Whole, targets},
    diagram::{self, Options},
    interpreter::{Stage, Word},
    model::Machine,
};

use super::Format;
use crate::error::Error;
use crate::style::{Style, paint};
use crate::{Outcome, output};

/// What is listed; pairs are for `statechart cover`.
const SHOWN: [Criterion; 3] = [Criterion::States, Criterion::Transitions, Criterion::Guards];

/// Shows what the words cover; a picture as well, where one is wanted.
pub(super) fn show(
    stage: &Stage<'_>,
    words: &[&Word],
    file: &str,
    format: Format,
    picture: Option<&str>,
) -> Result<Outcome, Error> {
    let Some(machine) = stage.machine() else {
        return Err(Error::Usage {
            what: format!("`{}` is a system, and what is covered is counted for one machine", stage.name()),
            help: "choose one of its machines with `--machine NAME`".to_owned(),
        });
    };
    let explained = stage.clone().explaining();
    let mut coverage = Coverage::default();
    for word in words {
        coverage.add(machine, &explained.run(word));
    }
    if let Some(path) = picture {
        output::result(&drawn(machine, &coverage), Some(path))?;
    }
    match format {
        Format::Json => output::json(&object(machine, &coverage))?,
        Format::Csv => output::result(&csv(machine, &coverage), None)?,
        Format::Mermaid => output::result(&drawn(machine, &coverage), None)?,
        Format::Table => output::styled(&table(machine, &coverage, file))?,
    }
    Ok(Outcome::Good)
}

/// The one place that knows how coverage is drawn.
fn drawn(machine: &Machine, coverage: &Coverage) -> String {
    let mut machine = machine.clone();
    machine.label = "green is covered, red is not, orange in part".to_owned();
    let highlight = coverage.highlight(&machine);
    diagram::dot(&machine, &Options { highlight, ..Options::default() })
}

fn table(machine: &Machine, coverage: &Coverage, file: &str) -> String {
    let words = if coverage.words == 1 { "word" } else { "words" };
    let mut out = format!("{} of {}: {} {words}\n", paint(Style::Bold, &machine.name), file, coverage.words);
    for criterion in SHOWN {
        let all = targets(machine, criterion);
        let met = coverage.met(&all);
        let style = if met == all.len() { Style::Green } else { Style::Yellow };
        let share = paint(style, &percent(met, all.len()));
        out.push_str(&format!("\n{:<12} {share}  {met} of {}\n", criterion.name(), all.len()));
        let width = all.iter().map(|target| coverage.count(*target).to_string().len()).max().unwrap_or(1);
        for target in all {
            let count = coverage.count(target);
            let line = format!("{count:>width$}  {}{}", place(machine, target), Whole(machine, target));
            let line = if count == 0 { paint(Style::Red, &format!("{line}  (missing)")) } else { line };
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

/// `100.0%`, rounded down, so that only what is whole is 100. Of nothing, all is covered.
fn percent(met: usize, all: usize) -> String {
    let tenths = (met * 1_000).checked_div(all).unwrap_or(1_000);
    format!("{:>3}.{}%", tenths / 10, tenths % 10)
}

/// Transitions are told apart by their lines.
fn place(machine: &Machine, target: Target) -> String {
    match target {
        Target::Transition(id) | Target::Guard(id, _) => {
            machine.transitions.get(id).map_or_else(String::new, |row| format!("line {}  ", row.line))
        }
        _ => String::new(),
    }
}

fn object(machine: &Machine, coverage: &Coverage) -> serde_json::Value {
    let mut object = serde_json::json!({ "machine": machine.name, "words": coverage.words });
    for criterion in SHOWN {
        let all = targets(machine, criterion);
        let rows: Vec<serde_json::Value> = all
            .iter()
            .map(|&target| {
                let mut row = serde_json::json!({
                    "name": Whole(machine, target).to_string(),
                    "count": coverage.count(target),
                });
                if let Target::Transition(id) | Target::Guard(id, _) = target
                    && let Some(transition) = machine.transitions.get(id)
                {
                    row["line"] = transition.line.into();
                }
                if let Target::Guard(_, value) = target {
                    row["value"] = value.into();
                }
                row
            })
            .collect();
        object[criterion.name()] =
            serde_json::json!({ "covered": coverage.met(&all), "of": all.len(), "targets": rows });
    }
    object
}

fn csv(machine: &Machine, coverage: &Coverage) -> String {
    let mut out = String::from("criterion,name,count\n");
    for criterion in SHOWN {
        for target in targets(machine, criterion) {
            let name = Whole(machine, target).to_string().replace('"', "\"\"");
            out.push_str(&format!("{},\"{name}\",{}\n", criterion.name(), coverage.count(target)));
        }
    }
    out
}
