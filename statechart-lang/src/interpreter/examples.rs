//! Examples that a specification gives of itself: each word is run and must lead where it says.

use super::{Outcome, Row, Session, Stage, ways};
use crate::{
    Code, Diagnostic,
    model::{Example, Machine, Model},
};

/// Most steps of a run that a diagnostic quotes; the last ones tell most.
const SHOWN_LIMIT: usize = 8;

/// What is wrong with the examples of all machines, in document order.
#[must_use]
pub fn failing_examples(model: &Model) -> Vec<Diagnostic> {
    let machines = model.machines.iter();
    machines
        .flat_map(|machine| {
            let stage = Stage::of(model, machine);
            machine.examples.iter().filter_map(move |example| failure(&stage, machine, example))
        })
        .collect()
}

fn failure(stage: &Stage<'_>, machine: &Machine, example: &Example) -> Option<Diagnostic> {
    let word = match stage.word(&example.word) {
        Ok(word) => word,
        Err(error) => {
            let message = format!("this example cannot be read: {}", error.message);
            let diagnostic = Diagnostic::new(Code::BadExample, example.span, message);
            return Some(
                diagnostic.label(format!("in column {} of the word", error.column)).help(error.help),
            );
        }
    };
    let leads_there =
        |session: &Session<'_>| example.states.iter().all(|state| session.interpreter().is_in(*state));
    let ways::Way { session, rows, .. } = ways::best(stage, &word, &leads_there);
    let path = |state: usize| machine.states.get(state).map_or("", |row| row.path.as_str());
    let refused = rows.iter().find(|row| row.is_refused());
    let missed: Vec<&str> = example
        .states
        .iter()
        .filter(|state| !session.interpreter().is_in(**state))
        .map(|&state| path(state))
        .collect();
    let (message, label) = if let Some(row) = refused {
        // The step's own event as the word spells it; another one may have been raised or kept.
        let (symbol, leaves) = match row.report.unhandled.first() {
            Some(met) if row.report.outcome == Outcome::Unhandled => (row.symbol.clone(), &met.leaves),
            Some(met) => (met.to_string(), &met.leaves),
            None => (row.symbol.clone(), &row.report.before),
        };
        let message = format!("this example does not hold: `{}` is refused", one_line(&symbol));
        (message, format!("nothing in {} takes it, and `{}` is strict", leaves.join(", "), row.of))
    } else if missed.is_empty() {
        return None;
    } else {
        let leaves = session.interpreter().leaves();
        let end = if leaves.is_empty() { "no state".to_owned() } else { leaves.join(", ") };
        (
            format!("this example does not hold: it does not lead to {}", missed.join(", ")),
            format!("leads to {end}"),
        )
    };
    let help = format!("the run: {}; mend the word, the states or the machine", trace(&rows));
    Some(Diagnostic::new(Code::BadExample, example.span, message).label(label).help(help))
}

/// `start → idle, COIN → open`: the last steps with where they led.
fn trace(rows: &[Row]) -> String {
    let skipped = rows.len().saturating_sub(SHOWN_LIMIT);
    let shown = rows.iter().skip(skipped).map(|row| {
        let note = row.note();
        let note = if note.is_empty() { note } else { format!(" ({note})") };
        format!("{} → {}{note}", one_line(&row.symbol), row.report.after.join(" and "))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    if skipped == 0 { shown } else { format!("… {shown}") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
