//! The queue in front of an actor: bounded, first in first out, without memory of its own while it is empty.
//!
//! A sender that finds room pays for one lock, and wakes the loop only if it sleeps. One that finds none stands
//! in line; room is kept for those in line, so that nobody overtakes them. The loop takes all there is at once, by
//! exchanging the queue for an empty one.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::sync::{self, Notify};

/// Room of the queue that is kept when it runs empty.
const KEPT_ROOM: usize = 64;

/// An item that was not accepted.
#[derive(Debug)]
pub(super) enum Refused<T> {
    /// There is no room.
    Full(T),
    /// Nothing is accepted any more.
    Closed(T),
}

impl<T> Refused<T> {
    pub(super) fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }
}

pub(super) struct Mailbox<T> {
    inner: Mutex<Inner<T>>,
    /// Made when the first sender has to wait.
    line: OnceLock<Box<Line>>,
    limit: usize,
}

struct Inner<T> {
    queue: VecDeque<T>,
    /// Set while the loop sleeps.
    waker: Option<Waker>,
    /// Senders in line; as much room is kept for them.
    in_line: usize,
    /// The most that has waited since the loop last went to sleep.
    high: usize,
    is_closed: bool,
    /// The loop is to look at something else than the queue.
    attention: bool,
}

/// Where senders wait: the first for room, the others for being the first.
struct Line {
    turn: sync::Mutex<()>,
    room: Notify,
}

/// A place in line, given up when the sender is dropped.
struct Place<'a, T>(&'a Mailbox<T>);

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        self.0.lock().in_line -= 1;
    }
}

impl<T> Mailbox<T> {
    pub(super) fn new(limit: usize) -> Self {
        let inner = Inner {
            queue: VecDeque::new(),
            waker: None,
            in_line: 0,
            high: 0,
            is_closed: false,
            attention: false,
        };
        Self { inner: Mutex::new(inner), line: OnceLock::new(), limit }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Appends an item if there is room. Inlined, so that the item is made in its place in the queue: a copy of what has
    /// just been written in parts has to wait for all of them.
    ///
    /// # Errors
    /// What the item would have been made of.
    #[inline(always)]
    pub(super) fn push<P>(&self, of: P, make: impl FnOnce(P) -> T) -> Result<(), Refused<P>> {
        self.append(of, make, None, 0)
    }

    /// Appends an item, standing in line while there is no room. `sent` counts the item in the moment in which
    /// it is accepted, so that the loop never has taken more than were sent.
    ///
    /// # Errors
    /// The item, when the mailbox is closed.
    pub(super) async fn wait(&self, mut item: T, sent: Option<&AtomicU64>) -> Result<(), T> {
        item = match self.append_or_wait(item, sent, 0) {
            Ok(()) => return Ok(()),
            Err(Refused::Closed(item)) => return Err(item),
            Err(Refused::Full(item)) => item,
        };
        let line =
            self.line.get_or_init(|| Box::new(Line { turn: sync::Mutex::new(()), room: Notify::new() }));
        self.lock().in_line += 1;
        let place = Place(self);
        let turn = line.turn.lock().await;
        loop {
            let room = line.room.notified();
            tokio::pin!(room);
            // Registered before the look, so that room made in between is not missed.
            room.as_mut().enable();
            // Its own place does not stand in its way, nor do those behind it.
            item = match self.append_or_wait(item, sent, usize::MAX) {
                Ok(()) => break,
                Err(Refused::Closed(item)) => return Err(item),
                Err(Refused::Full(item)) => item,
            };
            room.await;
        }
        // Given up before the next in line looks.
        drop(place);
        drop(turn);
        Ok(())
    }

    /// [`Mailbox::append`] for those who may have to wait.
    fn append_or_wait(&self, item: T, sent: Option<&AtomicU64>, own: usize) -> Result<(), Refused<T>> {
        self.append(item, |item| item, sent, own)
    }

    /// `own`: how many places in line do not count.
    #[inline(always)]
    fn append<P>(
        &self,
        of: P,
        make: impl FnOnce(P) -> T,
        sent: Option<&AtomicU64>,
        own: usize,
    ) -> Result<(), Refused<P>> {
        let mut inner = self.lock();
        if inner.is_closed {
            return Err(Refused::Closed(of));
        }
        if inner.queue.len().saturating_add(inner.in_line.saturating_sub(own)) >= self.limit {
            return Err(Refused::Full(of));
        }
        if let Some(sent) = sent {
            sent.fetch_add(1, Ordering::Release);
        }
        if inner.queue.len() == inner.queue.capacity() {
            push_growing(&mut inner.queue, make(of));
        } else {
            // Nothing here can unwind, so the item is written where it belongs and never copied.
            inner.queue.push_back(make(of));
        }
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Appends an item even where there is no room. The caller bounds how many.
    pub(super) fn push_over(&self, item: T) -> Result<(), T> {
        let mut inner = self.lock();
        if inner.is_closed {
            return Err(item);
        }
        inner.queue.push_back(item);
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Looks at each item, the oldest first.
    #[cfg(feature = "snapshot")]
    pub(super) fn each(&self, look: impl FnMut(&T)) {
        self.lock().queue.iter().for_each(look);
    }

    /// Has the loop look at what is not in the queue.
    pub(super) fn attend(&self) {
        let mut inner = self.lock();
        inner.attention = true;
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Accepts nothing more; those in line get their items back.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.attention = true;
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
        self.make_room();
    }

    /// The queue's items, which nobody will process.
    pub(super) fn clear(&self) -> VecDeque<T> {
        mem::take(&mut self.lock().queue)
    }

    /// Swaps the queue for `to`, which is empty. Ready with nothing when something else is to be looked at;
    /// while there is neither, the context is woken later.
    pub(super) fn receive(&self, context: &Context<'_>, to: &mut VecDeque<T>) -> Poll<()> {
        let mut inner = self.lock();
        let is_attended = mem::take(&mut inner.attention);
        if inner.queue.is_empty() {
            if is_attended {
                return Poll::Ready(());
            }
            // Room is given back only if the last bursts did not need it, so that a steady load allocates nothing.
            let kept = KEPT_ROOM.max(inner.high.saturating_mul(4));
            for queue in [&mut inner.queue, to] {
                if queue.capacity() > kept {
                    queue.shrink_to(KEPT_ROOM);
                }
            }
            inner.high = 0;
            inner.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.hand_over(inner, to);
        Poll::Ready(())
    }

    /// As [`Mailbox::receive`], without waiting: a loop that has just been woken begins with what there is.
    pub(super) fn take(&self, to: &mut VecDeque<T>) {
        let inner = self.lock();
        if !inner.queue.is_empty() {
            self.hand_over(inner, to);
        }
    }

    fn hand_over(&self, mut inner: MutexGuard<'_, Inner<T>>, to: &mut VecDeque<T>) {
        inner.high = inner.high.max(inner.queue.len());
        mem::swap(&mut inner.queue, to);
        let is_awaited = inner.in_line > 0;
        drop(inner);
        if is_awaited {
            self.make_room();
        }
    }

    /// Has the loop woken for a look at something else than the queue, which stays as it is.
    pub(super) fn listen(&self, context: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if mem::take(&mut inner.attention) {
            return Poll::Ready(());
        }
        inner.waker = Some(context.waker().clone());
        Poll::Pending
    }

    pub(super) fn len(&self) -> usize {
        self.lock().queue.len()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    fn make_room(&self) {
        if let Some(line) = self.line.get() {
            line.room.notify_one();
        }
    }

    /// What the lock guards is valid between any two statements, so a panic elsewhere leaves it usable.
    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cold]
fn push_growing<T>(queue: &mut VecDeque<T>, item: T) {
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use super::*;

    async fn take(mailbox: &Mailbox<u32>) -> VecDeque<u32> {
        let mut items = VecDeque::new();
        std::future::poll_fn(|context| mailbox.receive(context, &mut items)).await;
        items
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_overtakes_those_in_line() {
        let mailbox = Arc::new(Mailbox::new(2));
        mailbox.push(0, |n| n).unwrap();
        mailbox.push(1, |n| n).unwrap();
        let waiting: Vec<_> = [2, 3]
            .map(|item| {
                let mailbox = mailbox.clone();
                tokio::spawn(async move { mailbox.wait(item, None).await })
            })
            .into();
        tokio::task::yield_now().await;
        assert!(matches!(mailbox.push(9, |n| n), Err(Refused::Full(9))));
        assert_eq!(take(&mailbox).await, [0, 1]);
        // The room is for those in line, before they have run.
        assert!(matches!(mailbox.push(9, |n| n), Err(Refused::Full(9))));
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert_eq!(take(&mailbox).await, [2, 3]);
        mailbox.push(9, |n| n).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_gives_up_leaves_its_room_to_the_next() {
        let mailbox = Arc::new(Mailbox::new(1));
        mailbox.push(0, |n| n).unwrap();
        let start = |item| {
            let mailbox = mailbox.clone();
            tokio::spawn(async move { mailbox.wait(item, None).await })
        };
        let (first, second) = (start(1), start(2));
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.is_err());
        assert_eq!(take(&mailbox).await, [0]);
        second.await.unwrap().unwrap();
        let third = start(3);
        tokio::task::yield_now().await;
        mailbox.close();
        assert_eq!(third.await.unwrap(), Err(3));
        assert!(matches!(mailbox.push(4, |n| n), Err(Refused::Closed(4))));
        assert_eq!((take(&mailbox).await, mailbox.len()), ([2].into(), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_aborted_head_of_the_line_wakes_the_next() {
        // The head is woken for room and dropped before it runs: the room must reach the next.
        let mailbox = Arc::new(Mailbox::new(1));
        mailbox.push(0, |n| n).unwrap();
        let (head, next) = {
            let (one, two) = (mailbox.clone(), mailbox.clone());
            (
                tokio::spawn(async move { one.wait(1, None).await }),
                tokio::spawn(async move { two.wait(2, None).await }),
            )
        };
        tokio::task::yield_now().await;
        assert_eq!(take(&mailbox).await, [0]);
        head.abort();
        next.await.unwrap().unwrap();
        assert_eq!(take(&mailbox).await, [2]);
    }
}
