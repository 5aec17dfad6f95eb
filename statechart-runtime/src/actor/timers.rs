//! What an actor does later: timers of its states, and sends with a delay.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use crate::chart::Chart;

/// When, and in which order among those of the same instant.
type Key = (Instant, u64);

/// What is due at an instant.
pub(super) enum Due<C: Chart> {
    After { timer: u16, generation: u32 },
    Own(C::Event),
    Peer(C::Message),
}

/// Pending timers and sends, in order of time and then of arming.
pub(super) struct Timers<C: Chart> {
    queue: BTreeMap<Key, Due<C>>,
    /// Where each timer of the chart stands in the queue.
    armed: Vec<Option<Key>>,
    /// Where each named send stands in the queue.
    named: BTreeMap<u16, Key>,
    arming: u64,
    delayed: usize,
    limit: usize,
}

impl<C: Chart> Timers<C> {
    /// `limit`: how many sends with a delay may be under way.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            queue: BTreeMap::new(),
            armed: vec![None; C::TABLES.timers.len()],
            named: BTreeMap::new(),
            arming: 0,
            delayed: 0,
            limit,
        }
    }

    pub(super) fn arm(&mut self, timer: u16, generation: u32, after: Duration) {
        self.disarm(timer);
        let key = self.key(after);
        if let Some(place) = self.armed.get_mut(usize::from(timer)) {
            *place = Some(key);
            self.queue.insert(key, Due::After { timer, generation });
        }
    }

    pub(super) fn disarm(&mut self, timer: u16) {
        if let Some(key) = self.armed.get_mut(usize::from(timer)).and_then(Option::take) {
            self.queue.remove(&key);
        }
    }

    /// Keeps a send until its time; `false` when as many as the limit allows are under way.
    /// A named one replaces the one of that name.
    pub(super) fn delay(&mut self, due: Due<C>, after: Duration, id: Option<u16>) -> bool {
        if let Some(id) = id {
            self.cancel(id);
        }
        if self.delayed >= self.limit {
            return false;
        }
        self.delayed += 1;
        let key = self.key(after);
        self.queue.insert(key, due);
        if let Some(id) = id {
            self.named.insert(id, key);
        }
        true
    }

    /// Forgets the named send that is under way, if one is.
    pub(super) fn cancel(&mut self, id: u16) {
        if let Some(key) = self.named.remove(&id)
            && self.queue.remove(&key).is_some()
        {
            self.delayed -= 1;
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn pop(&mut self, now: Instant) -> Option<Due<C>> {
        let first = self.queue.first_entry().filter(|first| first.key().0 <= now)?;
        let (key, due) = first.remove_entry();
        match &due {
            Due::After { timer, .. } => {
                if let Some(place) = self.armed.get_mut(usize::from(*timer)) {
                    *place = None;
                }
            }
            Due::Own(_) | Due::Peer(_) => {
                self.delayed -= 1;
                self.named.retain(|_, named| *named != key);
            }
        }
        Some(due)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn key(&mut self, after: Duration) -> Key {
        self.arming += 1;
        (later(Instant::now(), after), self.arming)
    }
}

/// `now + span`, or thirty years from now where that does not exist.
pub(super) fn later(now: Instant, span: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    now.checked_add(span.min(FAR)).unwrap_or(now)
}
