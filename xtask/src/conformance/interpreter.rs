//! A test on the interpreter.

use statechart_lang::{
    MapLoader, compile,
    interpreter::{Input, Interpreter},
};

use super::suite::Test;

/// Runs a test; says where it went wrong.
pub(crate) fn run(test: &Test) -> Result<(), String> {
    if let Some(obstacle) = test.obstacle() {
        return Err(obstacle);
    }
    let imported = test.imported.as_ref().map_err(Clone::clone)?;
    let compiled = compile("test.sc", &MapLoader::from([("test.sc", imported.text.as_str())]));
    let Some(machine) = compiled.model.as_ref().and_then(|model| model.machine(&imported.machine)) else {
        return Err("the translation has errors".to_owned());
    };
    let mut interpreter = Interpreter::new(machine);
    interpreter.start();
    super::compare(test, 0, interpreter.leaves())?;
    for (number, event) in test.events.iter().enumerate() {
        interpreter.advance(event.after_us);
        if let Some(id) = imported.events.get(&event.name).and_then(|name| machine.event(name)) {
            interpreter.step(Input::Event { event: id, args: Vec::new() });
        }
        super::compare(test, number + 1, interpreter.leaves())?;
    }
    Ok(())
}
