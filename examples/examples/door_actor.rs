//! The same machine as an actor on Tokio: a mailbox, timers that run by themselves, answers. The tutorial's second program.

use std::time::Duration;

use statechart_runtime::{
    actor::{Options, spawn},
    value::Text,
};

statechart_runtime::statechart!("specs/door.sc");

use door::{Event, Machine, Output};

struct Lock;

impl door::Externs for Lock {
    fn opens(&self, digits: &Text) -> bool {
        &**digits == "2580"
    }
}

const SECOND: Duration = Duration::from_secs(1);

// `start_paused`: Tokio's clock jumps to the next timer when nothing else is to do, so no second is waited here. Leave
// it out, and the program takes half a minute.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::default().name("front door").on_output(|output| println!("  {output:?}"));
    let door = spawn(Machine::new(Lock), options);

    // `ask` tells an event and waits for the output that answers it.
    let answer = |output: &Output| match output {
        Output::Unlock => Some("come in".to_owned()),
        Output::Wrong { left } => Some(format!("wrong, {left} more")),
        Output::Blocked => Some("blocked".to_owned()),
        Output::Lock => None,
    };
    for digits in ["2580", "1111", "1112", "1113", "2580"] {
        let said = door.ask(Event::Code { digits: digits.into() }, answer, SECOND).await?;
        println!("{digits}: {said}");
        if door.leaves() == ["open"] {
            tokio::time::sleep(6 * SECOND).await;
        }
    }
    tokio::time::sleep(31 * SECOND).await;
    println!("{}", door.path().join(" → "));
    println!("{}", door.stop(SECOND).await);
    Ok(())
}
