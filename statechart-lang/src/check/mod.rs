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
mod known;
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

use self::known::Known;
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
    let (mut declared, mut spelt) = (Declared::new("machine"), declare::Spelt::new(names::snake, "machines"));
    for machine in &asts {
        declared.add(&machine.name, diagnostics);
        spelt.add(&machine.name.text, machine.name.span, diagnostics);
    }
    let (mut declared, mut written_systems) = (Declared::new("system"), Vec::new());
    for system in files.iter().flat_map(|file| &file.systems) {
        declared.add(&system.name, diagnostics);
        written_systems.push(system);
    }

    let broken_text = errors(diagnostics) > 0;
    let (mut machines, mut all): (Vec<Machine>, Vec<Known>) = (Vec::new(), Vec::new());
    for ast in &asts {
        let machine = declare::declare(ast, diagnostics);
        all.push(Known::declared(&machine));
        machines.push(machine);
    }
    let mut broken = vec![broken_text; machines.len()];
    let mut places = Vec::with_capacity(machines.len());
    for (at, ast) in asts.iter().enumerate() {
        let (before, machine) = (errors(diagnostics), &mut machines[at]);
        declare::peers(ast, machine, &all, diagnostics);
        let found = states::build(ast, machine, diagnostics);
        data::locals(ast, machine, &found, diagnostics);
        children::results(machine, &found);
        all[at].complete(machine);
        places.push(found);
        broken[at] |= errors(diagnostics) > before;
    }
    for (at, ast) in asts.iter().enumerate() {
        let (before, machine, places) = (errors(diagnostics), &mut machines[at], &places[at]);
        children::collect(machine, places, &all, diagnostics);
        let facts = type_reactions(machine, &all, places, sources, diagnostics);
        data::ways_in(machine, places, diagnostics);
        claims::claims(ast, machine, &|state| facts.scope(state), diagnostics);
        rivals::nondeterministic(machine, diagnostics);
        broken[at] |= errors(diagnostics) > before;
    }
    children::circles(&machines, diagnostics);
    let mut systems: Vec<System> = Vec::new();
    for system in &written_systems {
        systems.push(systems::check(system, &machines, &all, diagnostics));
    }
    #[cfg(feature = "lint")]
    {
        for (machine, broken) in machines.iter().zip(&broken) {
            // These would repeat the errors of a broken machine in other words.
            if !broken {
                lint::lint(machine, diagnostics);
                unused::unused(machine, diagnostics);
            }
        }
        for (ast, system) in written_systems.into_iter().zip(&systems) {
            wiring::wiring(ast, system, &machines, diagnostics);
        }
    }
    Some(Model { machines, systems })
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    let mut errors = 0;
    for diagnostic in diagnostics {
        errors += usize::from(diagnostic.severity() == crate::Severity::Error);
    }
    errors
}

/// Types reactions until what states establish about optionals is stable, then once more for the record.
fn type_reactions(
    machine: &mut Machine,
    all: &[Known],
    places: &states::Places<'_>,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> flow::Facts {
    let mut facts = flow::Facts::everything(machine);
    if facts.any() {
        react::react(machine, all, places, &facts, sources, &mut Vec::new());
        facts.clear(machine);
        loop {
            react::react(machine, all, places, &facts, sources, &mut Vec::new());
            if !facts.shrink(machine) {
                break;
            }
        }
    }
    react::react(machine, all, places, &facts, sources, diagnostics);
    facts
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

/// Names that stand for one kind of thing: each may be declared once.
struct Declared<'a> {
    what: &'a str,
    seen: ByName<Span>,
}

impl<'a> Declared<'a> {
    fn new(what: &'a str) -> Self {
        Self { what, seen: ByName::default() }
    }

    /// Adds a name, and reports it where it was declared before, pointing at both.
    fn add(&mut self, name: &ast::Name, diagnostics: &mut Vec<Diagnostic>) {
        let Some(first) = self.seen.get(&name.text) else {
            self.seen.insert(&name.text, name.span);
            return;
        };
        let message = format!("{} `{}` is declared twice", self.what, name.text);
        let found = Diagnostic::new(Code::Duplicate, name.span, message).label("declared again here");
        diagnostics.push(found.also(*first, "declared first here").help("rename or remove one of them"));
    }
}
