//! Charts of other systems: what becomes of each part, and machines that go out and come back unchanged.
#![allow(clippy::unwrap_used)]

use std::fs;

use statechart_lang::{
    Loader, MapLoader, compile,
    interchange::{ImportOptions, Imported, import_scxml, import_xstate},
    interpreter::{Input, System},
    model::Model,
};

mod from_scxml;
mod from_xstate;
mod hostile;
mod named;
mod round_trips;
mod xstate_semantics;

struct Disk;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

fn options() -> ImportOptions<'static> {
    ImportOptions { path: "door.scxml", loader: &Disk, events: &[] }
}

fn scxml(text: &str) -> Imported {
    import_scxml(text, &options()).unwrap()
}

fn xstate(text: &str) -> Imported {
    import_xstate(text, &options()).unwrap()
}

/// The text of an import that must be faithful, and sound.
fn faithful(imported: &Imported) -> &str {
    assert!(imported.is_faithful(), "{:#?}\n{}", imported.notes, imported.text);
    model(&imported.text);
    &imported.text
}

fn model(text: &str) -> Model {
    let compiled = compile("test.sc", &MapLoader::from([("test.sc", text)]));
    let said = compiled.render(false);
    compiled.model.unwrap_or_else(|| panic!("{said}\n{text}"))
}

fn document(body: &str) -> String {
    format!("<scxml xmlns=\"http://www.w3.org/2005/07/scxml\" version=\"1.0\">{body}</scxml>")
}

/// The leaves of a machine after a word, its children run as well.
fn run(imported: &Imported, word: &[&str]) -> Vec<String> {
    let model = model(faithful(imported));
    let machine = model.machine(&imported.machine).unwrap();
    let mut system = System::new(&model, machine);
    system.start();
    for name in word {
        match name.strip_prefix('+') {
            Some(ms) => {
                system.advance(ms.parse::<i64>().unwrap() * 1_000);
            }
            None => {
                let event = machine.event(&imported.events[*name]).unwrap();
                system.step(Input::Event { event, args: Vec::new() });
            }
        }
    }
    system.root().leaves()
}
