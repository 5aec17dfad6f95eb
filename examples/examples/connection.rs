//! A service with back-off: the machine decides when to dial, Rust only dials.

use std::{future::Future, time::Duration};

use statechart_runtime::{
    actor::{Options, spawn},
    value::Text,
};

statechart_runtime::statechart!("specs/connection.sc");

use connection::{DialOutcome, Event, Externs, Machine, Output};

/// Answers at the third attempt.
struct Line;

impl Externs for Line {
    // An `async fn` would borrow the line for as long as it dials; a service must be able to outlive the borrow.
    #[expect(clippy::manual_async_fn)]
    fn dial(&mut self, attempt: i64) -> impl Future<Output = DialOutcome> + Send + 'static {
        async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            println!("attempt {attempt}");
            match attempt {
                3.. => DialOutcome::Connected { peer: Text::Static("the other end") },
                _ => DialOutcome::Refused { reason: Text::Static("busy") },
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let line = spawn(Machine::new(Line), Options::default());
    let up = |output: &Output| match output {
        Output::Up { peer } => Some(Ok(peer.to_string())),
        Output::GaveUp { reason } => Some(Err(reason.to_string())),
    };
    let answer = line.ask(Event::Connect, up, Duration::from_secs(2)).await?;
    println!("{answer:?}");
    println!("{}", line.path().join(" → "));
    Ok(())
}
