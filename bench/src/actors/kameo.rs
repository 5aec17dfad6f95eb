//! kameo.

use kameo::{
    Actor,
    actor::{ActorRef, Spawn as _},
    mailbox,
    message::{Context, Message},
};

use super::{Library, MAILBOX};

pub(super) struct Kameo;

pub(super) struct Counter {
    total: i64,
}

impl Actor for Counter {
    type Args = Self;
    type Error = std::convert::Infallible;

    async fn on_start(counter: Self, _actor: ActorRef<Self>) -> Result<Self, Self::Error> {
        Ok(counter)
    }
}

struct Add(i64);

struct Get;

impl Message<Add> for Counter {
    type Reply = ();

    async fn handle(&mut self, Add(n): Add, _context: &mut Context<Self, ()>) {
        self.total += n;
    }
}

impl Message<Get> for Counter {
    type Reply = i64;

    async fn handle(&mut self, _get: Get, _context: &mut Context<Self, i64>) -> i64 {
        self.total
    }
}

impl Library for Kameo {
    const NAME: &'static str = "kameo";
    type Actor = ActorRef<Counter>;

    async fn spawn() -> Self::Actor {
        Counter::spawn_with_mailbox(Counter { total: 0 }, mailbox::bounded(MAILBOX))
    }

    async fn tell(actor: &Self::Actor, n: i64) {
        let _ = actor.tell(Add(n)).send().await;
    }

    async fn ask(actor: &Self::Actor) -> i64 {
        actor.ask(Get).send().await.unwrap_or(-1)
    }
}
