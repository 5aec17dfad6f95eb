//! A machine as a value: no runtime, every step says what it did. The tutorial's first program.

use statechart_runtime::{
    chart::{Effect, Input},
    value::{Text, Time},
};

statechart_runtime::statechart!("specs/door.sc"); // makes the module `door`

/// What the spec leaves to Rust.
struct Lock;

impl door::Externs for Lock {
    fn opens(&self, digits: &Text) -> bool {
        &**digits == "2580"
    }
}

fn main() {
    let mut gate = door::Machine::new(Lock);
    for digits in ["1111", "2580", "1111"] {
        let step = gate.step(door::Event::Code { digits: digits.into() });
        println!("{digits}: {} {:?}", step.path(), step.outputs);
        for effect in &step.effects {
            if let Effect::Arm { timer, generation, after } = effect {
                println!("      timer {timer} wants to be called after {after}");
                let later = Input::Elapsed { timer: *timer, generation: *generation };
                let step = gate.step_at(Time(after.0), later);
                println!("      it is: {} {:?}", step.path(), step.outputs);
            }
        }
    }
    println!("{} wrong so far; accepted: {}", gate.context.tries, gate.accepts());
}
