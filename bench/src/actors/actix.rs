//! actix. Its actors run on its own system, one thread too.

use actix::prelude::*;

use super::{Library, LocalFuture, MAILBOX};

pub(super) struct Actix;

pub(super) struct Counter {
    total: i64,
}

struct Add(i64);

impl Message for Add {
    type Result = ();
}

struct Get;

impl Message for Get {
    type Result = i64;
}

impl Actor for Counter {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<Add> for Counter {
    type Result = ();

    fn handle(&mut self, Add(n): Add, _context: &mut Self::Context) {
        self.total += n;
    }
}

impl Handler<Get> for Counter {
    type Result = i64;

    fn handle(&mut self, _get: Get, _context: &mut Self::Context) -> i64 {
        self.total
    }
}

impl Library for Actix {
    const NAME: &'static str = "actix";
    type Actor = Addr<Counter>;

    async fn spawn() -> Self::Actor {
        Counter { total: 0 }.start()
    }

    async fn tell(actor: &Self::Actor, n: i64) {
        let mut message = Add(n);
        while let Err(SendError::Full(back)) = actor.try_send(message) {
            message = back;
            tokio::task::yield_now().await;
        }
    }

    async fn ask(actor: &Self::Actor) -> i64 {
        actor.send(Get).await.unwrap_or(-1)
    }

    fn runtime() -> impl Fn(&mut dyn FnMut() -> LocalFuture) {
        let system = System::new();
        move |work| system.block_on(work())
    }
}
