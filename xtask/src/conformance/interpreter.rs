//! A test on the interpreter, with the machines that it starts.

use statechart_lang::{
    MapLoader, compile,
    interpreter::{Input, System, SystemStep},
};

use super::suite::Test;

/// Runs a test; says where it went wrong.
pub(crate) fn run(test: &Test) -> Result<(), String> {
    if let Some(obstacle) = test.obstacle() {
        return Err(obstacle);
    }
    let imported = test.imported.as_ref().map_err(Clone::clone)?;
    let compiled = compile("test.sc", &MapLoader::from([("test.sc", imported.text.as_str())]));
    let model = compiled.model.as_ref().ok_or("the translation has errors")?;
    let machine = model.machine(&imported.machine).ok_or("the translation has errors")?;
    let mut system = System::new(model, machine);
    let steps = system.start();
    super::compare(test, 0, first(&steps, &system))?;
    for (number, event) in test.events.iter().enumerate() {
        system.advance(event.after_us);
        let event = imported.events.get(&event.name).and_then(|name| machine.event(name));
        let steps =
            event.map(|event| system.step(Input::Event { event, args: Vec::new() })).unwrap_or_default();
        super::compare(test, number + 1, first(&steps, &system))?;
    }
    Ok(())
}

/// Where the first of several steps has led: what it sends is for later.
fn first(steps: &[SystemStep], system: &System<'_>) -> Vec<String> {
    let own = steps.iter().find(|step| step.path.is_empty());
    own.map_or_else(|| system.root().leaves(), |step| step.report.after.clone())
}
