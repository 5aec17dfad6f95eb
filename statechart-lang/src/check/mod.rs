//! AST to checked model, in passes; each reports everything it finds and goes on.
//!
//! 1. **fragments** – what `use` takes over stands where the `use` stood.
//! 2. **declare** – alphabets, context, externs, limits. *After it:* every declared name has one meaning and a type.
//! 3. **states** – the tree of states in document order, their data, their histories, what their `done` carries.
//!    *After it:* every state has a kind, a parent, a path; of every machine is known what others need of it.
//! 4. **react** – transitions, actions, activities, with typed expressions. *After it:* no name is
//!    unresolved; implicit conversions are explicit. Run once to learn which optionals each state
//!    establishes (**flow**), then again with that knowledge.
//! 5. **claims** – examples, properties, migrations. **rivals** – transitions that nothing tells apart.
//! 6. **systems** – actors and wires, against the machines that they name.
//! 7. **lint**, **unused**, **wiring** – what is legal and probably not meant (feature `lint`: the macro cannot show warnings).

mod actions;
mod args;
mod children;
mod claims;
mod clearing;
mod constant;
mod data;
mod declare;
mod effects;
pub(crate) mod entry;
mod facts;
mod flow;
mod fragments;
mod history;
#[cfg(feature = "lint")]
mod lint;
mod migration;
mod react;
mod resolve;
mod rivals;
mod scope;
mod states;
mod systems;
mod triggers;
mod types;
#[cfg(feature = "lint")]
mod unused;
#[cfg(feature = "lint")]
mod wiring;

use crate::{
    Code, Diagnostic, Sources, Span,
    diagnostic::nearest,
    model::{Machine, Model, System, names},
    syntax::ast,
    table::ByName,
};

/// Checks every machine and system of the files.
pub(crate) fn check(
    files: &[ast::File],
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Model> {
    let asts = fragments::splice(files, sources, diagnostics);
    report_duplicates(asts.iter().map(|machine| &machine.name), "machine", diagnostics);
    let spelt = asts.iter().map(|machine| (&*machine.name.text, machine.name.span));
    declare::collisions(spelt, names::snake, "machines", diagnostics);
    let written_systems = || files.iter().flat_map(|file| &file.systems);
    report_duplicates(written_systems().map(|system| &system.name), "system", diagnostics);

    let broken_text = errors(diagnostics) > 0;
    let mut shells: Vec<Machine> =
        asts.iter().map(|machine| declare::declare(machine, diagnostics)).collect();
    let alphabets = shells.clone();
    let mut broken = vec![broken_text; shells.len()];
    let mut places = Vec::with_capacity(shells.len());
    for (at, ast) in asts.iter().enumerate() {
        let (before, shell) = (errors(diagnostics), &mut shells[at]);
        declare::peers(ast, shell, &alphabets, diagnostics);
        let found = states::build(ast, shell, diagnostics);
        data::locals(ast, shell, &found, diagnostics);
        children::results(shell, &found);
        places.push(found);
        broken[at] |= errors(diagnostics) > before;
    }
    let mut machines = Vec::with_capacity(shells.len());
    for (at, ast) in asts.iter().enumerate() {
        let (before, places) = (errors(diagnostics), &places[at]);
        let mut shell = shells[at].clone();
        children::collect(&mut shell, places, &shells, diagnostics);
        let (mut machine, facts) = type_reactions(&shell, &shells, places, sources, diagnostics);
        data::ways_in(&machine, places, diagnostics);
        claims::claims(ast, &mut machine, |state| facts.scope(state), diagnostics);
        rivals::nondeterministic(&machine, diagnostics);
        broken[at] |= errors(diagnostics) > before;
        machines.push(machine);
    }
    children::circles(&machines, diagnostics);
    let systems: Vec<System> =
        written_systems().map(|system| systems::check(system, &machines, diagnostics)).collect();
    #[cfg(feature = "lint")]
    {
        for (machine, broken) in machines.iter().zip(&broken) {
            // These would repeat the errors of a broken machine in other words.
            if !broken {
                lint::lint(machine, diagnostics);
                unused::unused(machine, diagnostics);
            }
        }
        for (ast, system) in written_systems().zip(&systems) {
            wiring::wiring(ast, system, &machines, diagnostics);
        }
    }
    Some(Model { machines, systems })
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics.iter().filter(|diagnostic| diagnostic.severity() == crate::Severity::Error).count()
}

/// Types reactions until what states establish about optionals is stable, then once more for the record.
fn type_reactions(
    machine: &Machine,
    all: &[Machine],
    places: &states::Places<'_>,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Machine, flow::Facts) {
    let mut facts = flow::Facts::everything(machine);
    if facts.any() {
        let typed = react::react(machine, all, places, &facts, sources, &mut Vec::new());
        facts.clear(&typed);
        loop {
            let typed = react::react(machine, all, places, &facts, sources, &mut Vec::new());
            if !facts.shrink(&typed) {
                break;
            }
        }
    }
    (react::react(machine, all, places, &facts, sources, diagnostics), facts)
}

/// After so many mistakes "did you mean" is no longer looked for: each search costs as much as there are names.
const SUGGESTIONS: usize = 50;

/// "did you mean", where something is near and not too much was found before.
fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, found: usize) -> Option<String> {
    let near = if found > SUGGESTIONS { None } else { nearest(name, known) };
    near.map(|near| format!("did you mean `{near}`?"))
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
    let mut seen = ByName::default();
    for name in names {
        diagnostics.extend(duplicate(&mut seen, name, what));
    }
}

/// What is wrong with a name that was seen before.
fn duplicate(seen: &mut ByName<Span>, name: &ast::Name, what: &str) -> Option<Diagnostic> {
    let Some(first) = seen.get(&name.text) else {
        seen.insert(&name.text, name.span);
        return None;
    };
    let message = format!("{what} `{}` is declared twice", name.text);
    let found = Diagnostic::new(Code::Duplicate, name.span, message).label("declared again here");
    Some(found.also(*first, "declared first here").help("rename or remove one of them"))
}
