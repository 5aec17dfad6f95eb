//! ractor. Its mailboxes have no limit, so the sender lets the actor run after every thousand messages.

use std::cell::Cell;

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, rpc::CallResult};

use super::{Library, MAILBOX};

pub(super) struct Ractor;

pub(super) enum Message {
    Add(i64),
    Get(RpcReplyPort<i64>),
}

struct Counter;

impl Actor for Counter {
    type Msg = Message;
    type State = i64;
    type Arguments = ();

    async fn pre_start(&self, _own: ActorRef<Message>, (): ()) -> Result<i64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _own: ActorRef<Message>,
        message: Message,
        total: &mut i64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Add(n) => *total += n,
            Message::Get(reply) => reply.send(*total)?,
        }
        Ok(())
    }
}

/// Stops its actor with the last handle, as the others do.
pub(super) struct Owned {
    actor: ActorRef<Message>,
    sent: Cell<usize>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.actor.stop(None);
    }
}

impl Library for Ractor {
    const NAME: &'static str = "ractor";
    type Actor = Owned;

    async fn spawn() -> Self::Actor {
        match Actor::spawn(None, Counter, ()).await {
            Ok((actor, _task)) => Owned { actor, sent: Cell::new(0) },
            Err(why) => panic!("ractor does not start an actor: {why}"),
        }
    }

    async fn tell(actor: &Self::Actor, n: i64) {
        let _ = actor.actor.cast(Message::Add(n));
        actor.sent.set(actor.sent.get() + 1);
        if actor.sent.get() % MAILBOX == 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn ask(actor: &Self::Actor) -> i64 {
        match actor.actor.call(Message::Get, None).await {
            Ok(CallResult::Success(total)) => total,
            _ => -1,
        }
    }
}
