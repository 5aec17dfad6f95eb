//! AST to checked model, in passes; each reports everything it finds and goes on.
//!
//! 1. **declare** – alphabets, context, externs. *After it:* every declared name has one meaning and a type.
//! 2. **states** – the tree of states in document order. *After it:* every state has a kind, a parent, a path.
//! 3. **react** – transitions, actions, activities, with typed expressions. *After it:* no name is
//!    unresolved; implicit conversions are explicit. Run once to learn which optionals each state
//!    establishes (**flow**), then again with that knowledge.
//! 4. **lint** – what is legal and probably not meant.
//! 5. **systems** – actors and wires, against the machines that they name.

mod constant;
mod declare;
mod flow;
mod lint;
mod react;
mod scope;
mod states;
mod systems;
mod types;

use std::collections::BTreeMap;

use crate::{
    Code, Diagnostic, Sources,
    model::{Machine, Model, names},
    syntax::ast,
};

/// Checks every machine and system of the files.
pub(crate) fn check(
    files: &[ast::File],
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Model> {
    let asts: Vec<&ast::Machine> = files.iter().flat_map(|file| &file.machines).collect();
    report_duplicates(asts.iter().map(|machine| &machine.name), "machine", diagnostics);
    let spelt = asts.iter().map(|machine| (&*machine.name.text, machine.name.span));
    declare::collisions(spelt, names::snake, "machines", diagnostics);
    report_duplicates(
        files.iter().flat_map(|file| &file.systems).map(|system| &system.name),
        "system",
        diagnostics,
    );

    let broken_text = errors(diagnostics) > 0;
    let shells: Vec<Machine> = asts.iter().map(|machine| declare::declare(machine, diagnostics)).collect();
    let mut machines = Vec::with_capacity(shells.len());
    for (ast, shell) in asts.iter().zip(&shells) {
        let errors_before = errors(diagnostics);
        let mut machine = shell.clone();
        declare::peers(ast, &mut machine, &shells, diagnostics);
        let places = states::build(ast, &mut machine, diagnostics);
        machine = type_reactions(&machine, &places, sources, diagnostics);
        lint::nondeterministic(&machine, diagnostics);
        // The other lints would repeat the errors of a broken machine in other words.
        if errors(diagnostics) == errors_before && !broken_text {
            lint::lint(&machine, diagnostics);
        }
        machines.push(machine);
    }
    let systems = files
        .iter()
        .flat_map(|file| &file.systems)
        .map(|system| systems::check(system, &machines, diagnostics))
        .collect();
    Some(Model { machines, systems })
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics.iter().filter(|diagnostic| diagnostic.severity() == crate::Severity::Error).count()
}

/// Types reactions until what states establish about optionals is stable, then once more for the record.
fn type_reactions(
    machine: &Machine,
    places: &states::Places<'_>,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Machine {
    let mut facts = flow::Facts::everything(machine);
    if facts.any() {
        loop {
            let typed = react::react(machine, places, &facts, sources, &mut Vec::new());
            if !facts.shrink(&typed) {
                break;
            }
        }
    }
    react::react(machine, places, &facts, sources, diagnostics)
}

/// `1 argument`, `2 arguments`.
fn arguments(count: usize) -> String {
    format!("{count} argument{}", if count == 1 { "" } else { "s" })
}

/// Reports every name that was declared before, pointing at both.
fn report_duplicates<'a>(
    names: impl Iterator<Item = &'a ast::Name>,
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, &ast::Name> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.text.as_str()) {
            diagnostics.push(
                Diagnostic::new(
                    Code::Duplicate,
                    name.span,
                    format!("{what} `{}` is declared twice", name.text),
                )
                .label("declared again here")
                .also(first.span, "declared first here")
                .help("rename or remove one of them"),
            );
        } else {
            seen.insert(&name.text, name);
        }
    }
}
