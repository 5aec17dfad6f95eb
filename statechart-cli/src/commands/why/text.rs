//! Explanations as trees.

use super::view::{Choice, Declared, Explained, Step, Weighed, Worth};
use crate::style::{Style, paint};
use crate::tree::Tree;

/// A run, one tree a step, the verdict below.
pub(super) fn render(run: &Explained) -> String {
    let mut text = String::new();
    if let Some(name) = &run.name {
        text.push_str(&format!("{}\n", paint(Style::Bold, &format!("{name}:"))));
    }
    text.push_str(&steps(&run.steps));
    text.push_str(&format!("{}\n", run.verdict));
    text
}

/// One tree a step.
pub(super) fn steps(steps: &[Step]) -> String {
    let mut idle = String::new();
    steps.iter().map(|step| step_tree(step, &mut idle).render()).collect()
}

/// `idle` is what the last `always` that nothing came of looked like; it is not shown again while it stays the same.
fn step_tree(step: &Step, idle: &mut String) -> Tree {
    let mut n = if step.triggered { "then".to_owned() } else { step.n.to_string() };
    if !step.machine.is_empty() {
        n.push_str(&format!("  {}:", step.machine));
    }
    let place =
        if step.before.is_empty() { String::new() } else { format!("  in {}", step.before.join(", ")) };
    let mut tree = Tree::new(format!("{n}  {}{place}", paint(Style::Bold, &one_line(&step.symbol))));
    tree.extend(step.note.clone());
    for choice in &step.selections {
        if choice.origin == "step" {
            for branch in choice_branches(choice) {
                tree.push(branch);
            }
        } else {
            let mut branch = Tree::new(choice_title(choice));
            for twig in choice_branches(choice) {
                branch.push(twig);
            }
            if choice.origin == "eventless" && choice.decision == "nothing" {
                let shown = branch.render();
                if shown == *idle {
                    continue;
                }
                *idle = shown;
            }
            tree.push(branch);
        }
    }
    if step.unexplained > 0 {
        tree.extend([format!("… and {} more times, which are not explained", step.unexplained)]);
    }
    tree.extend([outcome(step)]);
    tree
}

fn choice_title(choice: &Choice) -> String {
    let cue = paint(Style::Bold, &one_line(&choice.cue));
    let place = choice.states.join(", ");
    match choice.origin {
        "recalled" => format!("recalled {cue}  in {place}"),
        "internal" if !choice.cue.starts_with("done(") && choice.cue != "fault" => {
            format!("raised {cue}  in {place}")
        }
        _ => format!("{cue}  in {place}"),
    }
}

fn choice_branches(choice: &Choice) -> Vec<Tree> {
    let verdicts = choice.candidates.iter().map(|candidate| candidate.verdict.len());
    let width = verdicts.max().unwrap_or(0);
    let mut branches: Vec<Tree> =
        choice.candidates.iter().map(|candidate| candidate_tree(candidate, width)).collect();
    if let Some(reason) = &choice.reason {
        let mut branch = Tree::new(format!("{}: {reason}", paint(Style::Red, "unhandled")));
        branch.extend(choice.did_you_mean.iter().map(|name| format!("did you mean `{name}`?")));
        if !choice.elsewhere.is_empty() {
            let mut others = Tree::new("other states have a transition for it");
            others.extend(choice.elsewhere.iter().map(declared));
            branch.push(others);
        }
        branches.push(branch);
    }
    branches
}

fn candidate_tree(candidate: &Weighed, width: usize) -> Tree {
    let style = match candidate.verdict {
        "taken" => Style::Green,
        "guard false" | "deferred" => Style::Yellow,
        "guard faulted" | "arguments faulted" | "preempted" => Style::Red,
        "ignored" => Style::Cyan,
        _ => Style::Dim,
    };
    let verdict = paint(style, candidate.verdict);
    let gap = " ".repeat(width - candidate.verdict.len().min(width));
    let mut line = format!("{verdict}{gap}  {}", declared(&candidate.declared));
    if let Some(reason) = &candidate.reason {
        line.push_str(&format!(": {}", one_line(reason)));
    }
    let mut tree = Tree::new(line);
    if let Some(guard) = &candidate.guard {
        tree.push(worth_tree(guard));
    }
    tree
}

/// `transition  (state, file:line)`.
fn declared(declared: &Declared) -> String {
    let place = format!("({}, {}:{})", declared.state, declared.file, declared.line);
    format!("{}  {}", one_line(&declared.text), paint(Style::Dim, &place))
}

fn worth_tree(worth: &Worth) -> Tree {
    let mut line = worth.text.clone();
    if let Some(value) = &worth.value {
        line.push_str(&format!(" = {}", one_line(value)));
    }
    if let Some(note) = &worth.note {
        line.push_str(&format!("  {}", paint(Style::Dim, &format!("({note})"))));
    }
    let mut tree = Tree::new(line);
    for part in &worth.parts {
        tree.push(worth_tree(part));
    }
    tree
}

/// Where the step ended and what it gave.
fn outcome(step: &Step) -> String {
    let place = if step.after == step.before { "stays in" } else { "now in" };
    let states = if step.after.is_empty() { "no state".to_owned() } else { step.after.join(", ") };
    let mut parts = vec![format!("{place} {states}")];
    parts.extend(step.effects.iter().map(|effect| one_line(effect)));
    parts.extend(step.changes.iter().map(|change| one_line(change)));
    parts.extend(step.faults.iter().map(|fault| paint(Style::Red, fault)));
    parts.join("; ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
