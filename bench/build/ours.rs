//! One machine of ours, as a user would have it.

statechart_runtime::statechart!("flat.sc");

use flat_producer::{Event, Machine};

fn main() {
    let mut machine = Machine::new(());
    machine.step(Event::PublishMessage);
    println!("{}", machine.step(Event::PublishSuccess).path());
}
