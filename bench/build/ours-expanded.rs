//! One machine of ours, expanded ahead: without the macro.

include!("flat.rs");

use flat_producer::{Event, Machine};

fn main() {
    let mut machine = Machine::new(());
    machine.step(Event::PublishMessage);
    println!("{}", machine.step(Event::PublishSuccess).path());
}
