//! A specification named on the command line: compiled, its diagnostics shown, one machine chosen.

use statechart_lang::model::{Machine, Model, System};
use statechart_lang::{Compiled, Severity, Sources};

use crate::error::Error;
use crate::loader::FileLoader;
use crate::{Outcome, output};

/// Compiles a file and tells how that went.
pub(crate) fn compile(path: &str) -> (Compiled, Outcome) {
    let loader = FileLoader::default();
    let compiled = statechart_lang::compile(path, &loader);
    let outcome = if loader.has_failed(path) {
        Outcome::Unreadable
    } else if compiled.has_errors() || compiled.model.is_none() {
        Outcome::Bad
    } else {
        Outcome::Good
    };
    (compiled, outcome)
}

/// Compiles a file and shows its diagnostics. The model is there exactly when the outcome is good.
pub(crate) fn open(path: &str) -> Result<Model, Outcome> {
    open_with_sources(path).map(|(model, _)| model)
}

/// The same, with the texts that the model was made of.
pub(crate) fn open_with_sources(path: &str) -> Result<(Model, Sources), Outcome> {
    let (compiled, outcome) = compile(path);
    output::note(&compiled.render(output::colour()));
    if compiled.has_errors() {
        output::note(&format!("{path}: {}\n", summary(&compiled)));
    }
    compiled.model.map(|model| (model, compiled.sources)).ok_or(outcome)
}

/// `2 errors, 1 warning`.
pub(crate) fn summary(compiled: &Compiled) -> String {
    let count = |severity: Severity, word: &str| {
        let count =
            compiled.diagnostics.iter().filter(|diagnostic| diagnostic.severity() == severity).count();
        (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
    };
    let counts: Vec<String> = [count(Severity::Error, "error"), count(Severity::Warning, "warning")]
        .into_iter()
        .flatten()
        .collect();
    if counts.is_empty() { "ok".to_owned() } else { counts.join(", ") }
}

/// The machine with this name, or the only one that the file declares itself.
pub(crate) fn machine<'m>(model: &'m Model, path: &str, name: Option<&str>) -> Result<&'m Machine, Error> {
    let own: Vec<&Machine> = model.own_machines().collect();
    match (name, own.as_slice()) {
        (Some(name), _) => model.machine(name).ok_or_else(|| Error::Unknown {
            path: path.to_owned(),
            what: "machine",
            name: name.to_owned(),
            declared: model.machines.iter().map(|machine| machine.name.clone()).collect(),
        }),
        (None, [only]) => Ok(only),
        (None, []) => Err(Error::Nothing { path: path.to_owned(), what: "machine" }),
        (None, several) => Err(Error::Several {
            path: path.to_owned(),
            what: "machine",
            declared: several.iter().map(|machine| machine.name.clone()).collect(),
        }),
    }
}

/// The system with this name, or the only one.
pub(crate) fn system<'m>(model: &'m Model, path: &str, name: Option<&str>) -> Result<&'m System, Error> {
    let declared = || model.systems.iter().map(|system| system.name.clone()).collect();
    match (name, model.systems.as_slice()) {
        (Some(name), systems) => {
            systems.iter().find(|system| system.name == name).ok_or_else(|| Error::Unknown {
                path: path.to_owned(),
                what: "system",
                name: name.to_owned(),
                declared: declared(),
            })
        }
        (None, [only]) => Ok(only),
        (None, []) => Err(Error::Nothing { path: path.to_owned(), what: "system" }),
        (None, _) => Err(Error::Several { path: path.to_owned(), what: "system", declared: declared() }),
    }
}
