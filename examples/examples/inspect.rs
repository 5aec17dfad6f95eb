//! What an actor does, watched from outside: every event, transition, state, output and timer, in order.

use std::time::Duration;

use statechart_runtime::{
    actor::{Clock, Inspector, Options, spawn},
    value::{Text, Time},
};

statechart_runtime::statechart!("specs/door.sc");

use door::{Event, Machine};

struct Lock;

impl door::Externs for Lock {
    fn opens(&self, digits: &Text) -> bool {
        &**digits == "2580"
    }
}

// The clock is paused for the same times in every run.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One inspector serves any number of actors. While nobody subscribes, it costs next to nothing.
    let inspector = Inspector::new(1024);
    let mut records = inspector.subscribe();
    let options = Options::default().name("door").inspector(&inspector).clock(Clock::tokio(Time(0)));
    let door = spawn(Machine::new(Lock), options);
    door.tell(Event::Code { digits: "1".into() }).await?;
    door.tell(Event::Code { digits: "2580".into() }).await?;
    tokio::time::sleep(Duration::from_secs(6)).await;
    door.stop(Duration::ZERO).await;
    while let Ok(record) = records.try_recv() {
        println!("{record}");
    }
    Ok(())
}
