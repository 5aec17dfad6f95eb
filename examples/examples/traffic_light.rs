//! Timers and compound states, as an actor on Tokio.

use std::time::Duration;

use statechart_runtime::actor::{Options, spawn};

statechart_runtime::statechart!("specs/traffic_light.sc");

use traffic_light::{Event, Machine, Output};

// On a paused clock the same lights are shown in every run.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::default().on_output(|output: &Output| match output {
        Output::Show { colour } => println!("{colour}"),
    });
    let light = spawn(Machine::new(()), options);
    tokio::time::sleep(Duration::from_millis(800)).await;
    light.tell(Event::Night).await?;
    tokio::time::sleep(Duration::from_millis(170)).await;
    light.tell(Event::Day).await?;
    light.stop(Duration::ZERO).await;
    println!("{}", light.path().join(" → "));
    Ok(())
}
