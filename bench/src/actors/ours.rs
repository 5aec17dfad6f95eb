//! A machine of `specs/counter.sc` as an actor of `statechart-runtime`.

use std::time::Duration;

use statechart_runtime::actor::{Handle, Options, spawn};

use super::{Library, MAILBOX};

statechart_runtime::statechart!("specs/counter.sc");

use counter::{Event, Machine, Output};

pub(super) struct Ours;

impl Library for Ours {
    const NAME: &'static str = "ours";
    type Actor = Handle<Machine<()>>;

    async fn spawn() -> Self::Actor {
        spawn(Machine::new(()), Options::default().mailbox(MAILBOX))
    }

    async fn tell(actor: &Self::Actor, n: i64) {
        let _ = actor.tell(Event::Add { n }).await;
    }

    async fn ask(actor: &Self::Actor) -> i64 {
        let pick = |output: &Output| match output {
            Output::Total { n } => Some(*n),
        };
        actor.ask(Event::Get, pick, Duration::from_secs(10)).await.unwrap_or(-1)
    }
}
