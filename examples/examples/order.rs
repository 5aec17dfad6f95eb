//! An order workflow with compensation: the spec says with each step how to take it back, so nothing here has to know
//! how far an order had come when it failed.

use std::{future::Future, time::Duration};

use statechart_runtime::{
    actor::{Options, spawn},
    value::Text,
};

statechart_runtime::statechart!("specs/order.sc");

use order::{ChargeOutcome, Event, Externs, Machine, Output, Params, ReserveOutcome, ShipOutcome};

/// A shop that has no courier for what is heavy, and no customer with more than 500.
struct Shop {
    weight: i64,
}

// An `async fn` would borrow the externs.
#[expect(clippy::manual_async_fn)]
impl Externs for Shop {
    fn reserve(&mut self, _: Text) -> impl Future<Output = ReserveOutcome> + Send + 'static {
        async { ReserveOutcome::Reserved }
    }

    fn charge(&mut self, order: Text, amount: i64) -> impl Future<Output = ChargeOutcome> + Send + 'static {
        async move {
            match amount {
                ..=500 => ChargeOutcome::Charged { receipt: format!("receipt of {order}").into() },
                _ => ChargeOutcome::Declined { reason: "no cover".into() },
            }
        }
    }

    fn ship(&mut self, _: Text) -> impl Future<Output = ShipOutcome> + Send + 'static {
        let weight = self.weight;
        async move {
            match weight {
                ..=30 => ShipOutcome::Shipped,
                _ => ShipOutcome::NoCourier { reason: "too heavy".into() },
            }
        }
    }

    fn note(&mut self, order: Text, text: Text) {
        println!("  {order}: {text}");
    }

    fn release(&mut self, order: Text) {
        println!("  {order}: goods given back");
    }

    fn refund(&mut self, receipt: Text) {
        println!("  {receipt}: money given back");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (id, amount, weight) in [("tea", 12, 1), ("piano", 400, 300), ("yacht", 90_000, 9_000)] {
        let params = Params { id: id.into(), amount };
        let order = spawn(Machine::new(params, Shop { weight }), Options::default());
        let end = |output: &Output| match output {
            Output::Confirmed { .. } => Some("confirmed".to_owned()),
            Output::Cancelled { why, .. } => Some(format!("cancelled, {why}")),
        };
        let end = order.ask(Event::Place, end, Duration::from_secs(5)).await?;
        println!("{id}: {end}");
        println!("  {}", order.path().join(" → "));
    }
    Ok(())
}
