//! What fails, and what becomes of it: a child whose service panics is a fault of its parent, an actor whose own action
//! panics is started anew by its supervisor.

use std::{future::Future, time::Duration};

use statechart_runtime::actor::{Options, RestartPolicy, supervise};

statechart_runtime::statechart!("specs/parcels.sc");

use sorter::{Event, Machine, Output};

/// The sorter's printer, and the scale of its children.
#[derive(Clone, Copy)]
struct Station;

impl sorter::Externs for Station {
    fn label(&mut self, number: i64) {
        assert!(number != 3, "the printer has run out of paper");
    }

    /// What the child of this parcel needs.
    fn spawn_scale(&mut self, _: &scale::Params) -> impl scale::Externs + Send + 'static {
        *self
    }
}

// An `async fn` would borrow the externs.
#[expect(clippy::manual_async_fn)]
impl scale::Externs for Station {
    fn weigh(&mut self, number: i64) -> impl Future<Output = scale::WeighOutcome> + Send + 'static {
        async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert!(number != 2, "the scale is overloaded");
            scale::WeighOutcome::Weighed { grams: 100 * number }
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panics below are meant to happen.
    std::panic::set_hook(Box::new(|_| ()));

    let sorter =
        supervise(|| Machine::new(Station), Options::default().name("sorter"), RestartPolicy::default());
    let end = |output: &Output| match output {
        Output::Sorted { grams, .. } => Some(format!("{grams} g")),
        Output::Lost { why, .. } => Some(format!("lost: {why}")),
    };
    for number in 1..=4 {
        let end = sorter.ask(Event::Parcel { number }, end, Duration::from_secs(10)).await;
        let end = end.unwrap_or_else(|error| error.to_string());
        println!("parcel {number}: {end} ({} restarts)", sorter.restarts());
    }
    println!("{}", sorter.stop(Duration::from_secs(1)).await);
    Ok(())
}
