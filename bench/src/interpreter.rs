//! How many macrosteps the interpreter takes on the hierarchical machine.

use std::hint::black_box;

use statechart_lang::{
    MapLoader, compile,
    interpreter::{Input, Interpreter},
};

use crate::{time::medians, word::Word};

/// Macrosteps of one timed round.
const STEPS: usize = 50_000;

/// Macrosteps a second on a random word.
///
/// # Panics
/// When `specs/tiers.sc` has mistakes.
#[must_use]
pub fn per_second(rounds: usize) -> f64 {
    let loader = MapLoader::from([("tiers.sc", include_str!("../specs/tiers.sc"))]);
    let compiled = compile("tiers.sc", &loader);
    let Some(machine) = compiled.model.as_ref().and_then(|model| model.machines.first()) else {
        panic!("specs/tiers.sc has mistakes:\n{}", compiled.render(false))
    };
    let word: Vec<usize> = Word::Random { events: 2 }.events(STEPS).into_iter().map(usize::from).collect();
    let mut run = || {
        let mut interpreter = Interpreter::new(machine);
        interpreter.start();
        for &event in &word {
            black_box(interpreter.step_quiet(Input::Event { event, args: Vec::new() }));
        }
    };
    let times = medians(rounds, &mut [&mut run]);
    times.first().map_or(0.0, |ns| STEPS as f64 * 1e9 / ns)
}
