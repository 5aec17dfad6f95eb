//! A spec with mistakes is one error that shows them all, and the code that uses the machine adds none.
statechart_runtime::statechart!("broken.sc");

use broken::{Context, Event, Machine};

fn main() {
    let mut machine = Machine::new(());
    let step = machine.step(Event::Flip);
    println!("{} {:?}", step.path(), Context::default());
}
