//! The yardstick: a bounded channel and a task that reads it.

use tokio::sync::{mpsc, oneshot};

use super::{Library, MAILBOX};

pub(super) struct Raw;

pub(super) enum Message {
    Add(i64),
    Get(oneshot::Sender<i64>),
}

impl Library for Raw {
    const NAME: &'static str = "tokio mpsc";
    type Actor = mpsc::Sender<Message>;

    async fn spawn() -> Self::Actor {
        let (sender, mut receiver) = mpsc::channel(MAILBOX);
        tokio::spawn(async move {
            let mut total = 0;
            while let Some(message) = receiver.recv().await {
                match message {
                    Message::Add(n) => total += n,
                    Message::Get(reply) => {
                        let _ = reply.send(total);
                    }
                }
            }
        });
        sender
    }

    async fn tell(actor: &Self::Actor, n: i64) {
        let _ = actor.send(Message::Add(n)).await;
    }

    async fn ask(actor: &Self::Actor) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = actor.send(Message::Get(reply)).await;
        answer.await.unwrap_or(-1)
    }
}
