//! Questions: an event, and the first output that answers it.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use tokio::{
    sync::oneshot::{self, error::TryRecvError},
    time::Instant,
};

use super::{
    Actor, AskError,
    mailbox::Refused,
    shared::{Item, Offered, Question, Shared},
    timers::later,
};
use crate::chart::Chart;

struct Asking<C: Chart, R, P> {
    event: Option<C::Event>,
    pick: P,
    reply: Option<oneshot::Sender<Result<R, AskError>>>,
}

impl<C, R, P> Question<C> for Asking<C, R, P>
where
    C: Actor,
    R: Send,
    P: FnMut(&C::Output) -> Option<R> + Send,
{
    fn event(&mut self) -> Option<C::Event> {
        self.event.take()
    }

    fn offer(&mut self, offered: Offered<'_, C>) -> bool {
        let Some(waiting) = &self.reply else { return true };
        if waiting.is_closed() {
            return true;
        }
        let result = match offered {
            Ok(None) => return false,
            Ok(Some(output)) => match (self.pick)(output) {
                Some(result) => Ok(result),
                None => return false,
            },
            Err(error) => Err(error),
        };
        if let Some(waiting) = self.reply.take() {
            // The asker may have given up this very moment.
            let _ = waiting.send(result);
        }
        true
    }
}

/// See [`super::Handle::ask`].
pub(super) async fn ask<C: Actor, R: Send + 'static>(
    shared: &Arc<Shared<C>>,
    event: C::Event,
    pick: impl FnMut(&C::Output) -> Option<R> + Send + 'static,
    deadline: Duration,
) -> Result<R, AskError> {
    let (reply, mut answer) = oneshot::channel();
    let item = Item::Ask(Box::new(Asking { event: Some(event), pick, reply: Some(reply) }));
    let full = match shared.mailbox.push(item, |item| item) {
        Ok(()) => None,
        Err(Refused::Full(item)) => Some(item),
        Err(Refused::Closed(_)) => return Err(AskError::Stopped { actor: shared.name().clone() }),
    };
    if full.is_none() {
        // Most questions are answered before the asker runs again. So it wakes itself once, behind the actor; only when
        // there is no answer then, it has the answer wake it, and gives the deadline to the clock.
        let mut is_first = true;
        poll_fn(|context| {
            if std::mem::take(&mut is_first) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        match answer.try_recv() {
            Ok(answer) => return answer,
            Err(TryRecvError::Closed) => return Err(AskError::Ended { actor: shared.name().clone() }),
            Err(TryRecvError::Empty) => {}
        }
    }
    let exchange = async {
        if let Some(item) = full
            && shared.mailbox.wait(item, None).await.is_err()
        {
            return Err(AskError::Stopped { actor: shared.name().clone() });
        }
        answer.await.unwrap_or_else(|_| Err(AskError::Ended { actor: shared.name().clone() }))
    };
    tokio::time::timeout_at(later(Instant::now(), deadline), exchange).await.unwrap_or_else(|_| {
        let deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        Err(AskError::Deadline { actor: shared.name().clone(), deadline_ms })
    })
}
