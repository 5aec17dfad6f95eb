//! A running actor as JSON, and another one that goes on from it, with what was left of its timer. The tutorial's third
//! program.

use std::time::Duration;

use statechart_runtime::{
    actor::{Clock, Options, resume, spawn},
    snapshot::Snapshot,
    value::{Text, Time},
};

statechart_runtime::statechart!("specs/door.sc", snapshot);

use door::{Event, Machine};

struct Lock;

impl door::Externs for Lock {
    fn opens(&self, digits: &Text) -> bool {
        &**digits == "2580"
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let saved = until_it_is_blocked().await?;
    print!("{saved}");

    // Here the program may end. What follows could be its next start.
    let snapshot = Snapshot::from_json(&saved)?;
    let (machine, pending) = Machine::revive(Lock, &snapshot, Time(0))?;
    let door = resume(machine, pending, &snapshot, Options::default())?;
    tokio::time::sleep(19 * SECOND).await;
    println!("19 s later: {}", door.leaves().join(", "));
    tokio::time::sleep(2 * SECOND).await;
    println!("21 s later: {}", door.leaves().join(", "));
    door.stop(SECOND).await;
    Ok(())
}

/// Three wrong codes, and ten seconds of the thirty.
async fn until_it_is_blocked() -> Result<String, Box<dyn std::error::Error>> {
    let door = spawn(Machine::new(Lock), Options::default().clock(Clock::tokio(Time(0))));
    for digits in ["1", "2", "3"] {
        door.tell(Event::Code { digits: digits.into() }).await?;
    }
    tokio::time::sleep(10 * SECOND).await;
    let snapshot = door.snapshot().await?;
    door.stop(SECOND).await;
    Ok(snapshot.to_json())
}
