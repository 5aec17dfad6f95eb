//! A machine in a plain `main`: no runtime, no actor, just steps.

statechart_runtime::statechart!("specs/turnstile.sc");

use turnstile::{Event, Machine, Output};

fn main() {
    let mut gate = Machine::new(());
    for event in [Event::Push, Event::Coin, Event::Coin, Event::Push] {
        let name = event.name();
        let step = gate.step(event);
        let outputs: Vec<&str> = step.outputs.iter().map(Output::name).collect();
        println!("{name:>4} → {:<8} {}", step.path(), outputs.join(", "));
    }
    println!("{} coins; accepted: {}", gate.context.coins, gate.accepts());
}
