//! Figures and gates as tables, or as JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{figures::Figures, gates::Verdict};

/// For programs: every figure, then every gate.
pub(super) fn json(figures: &Figures, verdicts: &[Verdict]) -> Value {
    let figures: Vec<Value> = figures
        .0
        .iter()
        .map(|figure| {
            json!({
                "group": figure.group, "subject": figure.subject, "case": figure.case,
                "unit": figure.unit, "value": figure.value,
            })
        })
        .collect();
    let gates: Vec<Value> = verdicts
        .iter()
        .map(|verdict| {
            json!({
                "gate": verdict.gate, "value": verdict.value, "bound": verdict.bound,
                "least": verdict.least, "passed": verdict.passed, "decides": verdict.decides,
            })
        })
        .collect();
    json!({ "figures": figures, "gates": gates })
}

/// For people: a table for each group and unit, subjects down and cases across; then the gates.
pub(super) fn text(figures: &Figures, verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for figure in &figures.0 {
        if seen.insert((&figure.group, &figure.unit)) {
            text.push_str(&table(figures, &figure.group, &figure.unit));
            text.push('\n');
        }
    }
    let width = verdicts.iter().map(|verdict| verdict.gate.len()).max().unwrap_or(0);
    for verdict in verdicts {
        let Verdict { gate, unit, value, bound, least, passed, decides } = verdict;
        let mark = match (passed, decides) {
            (true, _) => "pass",
            (false, true) => "MISS",
            (false, false) => "miss",
        };
        let sign = if *least { "≥" } else { "≤" };
        let line =
            format!("{mark}  {gate:<width$}  {:>10}  {sign} {} {unit}", number(*value), number(*bound));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn table(figures: &Figures, group: &str, unit: &str) -> String {
    let rows: Vec<_> =
        figures.0.iter().filter(|figure| figure.group == group && figure.unit == unit).collect();
    let mut cases: Vec<&str> = Vec::new();
    let mut subjects: Vec<&str> = Vec::new();
    for row in &rows {
        if !cases.contains(&row.case.as_str()) {
            cases.push(&row.case);
        }
        if !subjects.contains(&row.subject.as_str()) {
            subjects.push(&row.subject);
        }
    }
    let first =
        subjects.iter().map(|subject| subject.len()).max().unwrap_or(0).max(group.len() + unit.len() + 2);
    let mut text = format!("{:<first$}", format!("{group}, {unit}"));
    for case in &cases {
        text.push_str(&format!("  {case:>14}"));
    }
    text.push('\n');
    for subject in subjects {
        text.push_str(&format!("{subject:<first$}"));
        for case in &cases {
            let value = figures.get(group, subject, case, unit).map_or_else(|| "–".to_owned(), number);
            text.push_str(&format!("  {value:>14}"));
        }
        text.push('\n');
    }
    text
}

/// As many digits as say something.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 0.1 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_row_for_each_subject() {
        let mut figures = Figures::default();
        figures
            .read("flat\tours\tcall\tns\t2.345\nflat\thand\tcall\tns\t1234.5\nflat\thand\tinline\tns\t0\n");
        let expected = "flat, ns            call          inline\n\
                        ours                2.35               –\n\
                        hand                1234          0.0000\n";
        let squeezed = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(squeezed(&table(&figures, "flat", "ns")), squeezed(expected));
    }
}
