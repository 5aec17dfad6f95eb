//! What is done beside the socket, so that neither a store that is away nor a trade history that refuses keeps it from
//! being read: finding out what is missing, and reading it again.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    time::Duration,
};

use statechart_runtime::market::{Instrument, TimeRange};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    gap::{self, Gap, Holes, Repaired},
    live::Live,
};
use crate::exchange::ExchangeError;

/// How often the store is asked for holes while the feed is open, at real speed and at least: what was lost from the log
/// before it was stored does not come back by itself.
const HOLES_EVERY: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(2));
/// Pause before a store that did not answer is asked once more.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// A subscription of which nobody has found out yet what was missed before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Begun {
    /// When it began; the first of them, where the socket was lost again meanwhile.
    pub(super) first_us: i64,
    /// When the newest began.
    pub(super) time_us: i64,
    /// Until where coverage had been handed out before the first.
    pub(super) before_us: Option<i64>,
    /// When this process first subscribed. Where nothing is covered, it is whole from there on.
    pub(super) since_us: i64,
}

/// What is missing, and what of it was read.
#[derive(Default)]
pub(super) struct Repairs {
    begun: BTreeMap<usize, Begun>,
    gaps: VecDeque<Gap>,
    /// Holes that were read again since the socket was opened.
    holes: Holes,
    /// A page that was not handed out yet.
    page: Option<Repaired>,
}

/// What to do next about gaps.
enum Next {
    Read(Gap),
    WaitUntil(Instant),
    Nothing,
}

impl Repairs {
    /// A subscription is complete.
    pub(super) fn begin(&mut self, pair: usize, begun: Begun) {
        self.begun.entry(pair).or_insert(begun).time_us = begun.time_us;
    }

    /// A new socket: gaps are read from their beginning, since what was handed out before may be gone.
    pub(super) fn restart(&mut self) {
        self.page = None;
        self.holes = Holes::default();
        self.gaps.iter_mut().for_each(|gap| *gap = gap.anew(gap.range));
    }

    /// What was handed out of a pair may be gone: what is missing is found out anew.
    pub(super) fn forget(&mut self, pair: usize) {
        self.gaps.retain(|gap| gap.pair != pair);
        self.begun.remove(&pair);
    }

    /// Whether a page waits to be handed out.
    pub(super) fn has_page(&self) -> bool {
        self.page.is_some()
    }

    /// The page that waits, and whether what it covers may be said: not where the gap is another one by now.
    pub(super) fn take_page(&mut self) -> Option<(Repaired, bool)> {
        let mut page = self.page.take()?;
        let rest = page.rest.take();
        let at = self.gaps.iter().position(|gap| gap.pair == page.pair && gap.range == page.range);
        let Some(at) = at else { return Some((page, false)) };
        match (rest, self.gaps.get_mut(at)) {
            (Some(rest), Some(gap)) => *gap = rest,
            _ => {
                tracing::info!(pair = page.pair, to_us = page.range.to_us, "a gap is repaired");
                self.gaps.remove(at);
            }
        }
        Some((page, true))
    }

    fn is_busy(&self, pair: usize) -> bool {
        self.begun.contains_key(&pair) || self.gaps.iter().any(|gap| gap.pair == pair)
    }

    /// Adds a gap; one that it overlaps becomes part of it.
    fn add(&mut self, gap: Gap) {
        let overlaps = |known: &Gap| {
            known.pair == gap.pair
                && known.range.from_us < gap.range.to_us
                && gap.range.from_us < known.range.to_us
        };
        let both = |one: TimeRange, other: &Gap| TimeRange {
            from_us: one.from_us.min(other.range.from_us),
            to_us: one.to_us.max(other.range.to_us),
        };
        let range = self.gaps.iter().filter(|known| overlaps(known)).fold(gap.range, both);
        self.gaps.retain(|known| !overlaps(known));
        self.gaps.push_back(gap.anew(range));
    }

    fn add_holes(&mut self, pair: usize, holes: &[TimeRange]) {
        for range in self.holes.due(pair, holes) {
            let is_known = |gap: &Gap| {
                gap.pair == pair && gap.range.from_us <= range.from_us && range.to_us <= gap.range.to_us
            };
            if !self.gaps.iter().any(is_known) {
                tracing::warn!(pair, %range, "trades in between are missing; they are read again");
                self.add(Gap::hole(pair, range));
            }
        }
    }

    fn next(&self, now: Instant) -> Next {
        if self.page.is_some() {
            return Next::Nothing;
        }
        let is_due = |gap: &&Gap| gap.not_before.is_none_or(|not_before| not_before <= now);
        match self.gaps.iter().find(is_due) {
            Some(gap) => Next::Read(gap.clone()),
            None => {
                self.gaps.iter().filter_map(|gap| gap.not_before).min().map_or(Next::Nothing, Next::WaitUntil)
            }
        }
    }

    fn find(&mut self, pair: usize, range: TimeRange) -> Option<&mut Gap> {
        self.gaps.iter_mut().find(|gap| gap.pair == pair && gap.range == range)
    }
}

impl Live {
    /// Does all of it; ends with whoever waits for it.
    pub(super) async fn keep_whole(&self) -> Infallible {
        tokio::join!(self.keep_asking(), self.keep_repairing(), self.keep_looking()).0
    }

    /// Finds out what was missed before each subscription.
    async fn keep_asking(&self) -> Infallible {
        loop {
            let next = self.state().repairs.begun.first_key_value().map(|(pair, begun)| (*pair, *begun));
            let Some((pair, begun)) = next else {
                self.begun.notified().await;
                continue;
            };
            if let Err(error) = self.find_out(pair, begun).await {
                tracing::warn!(
                    pair,
                    error,
                    "cannot tell what was missed before this subscription; asking again"
                );
                sleep(ASK_AGAIN).await;
            }
        }
    }

    /// What lies between a subscription and the last covered moment before it is a gap.
    async fn find_out(&self, pair: usize, begun: Begun) -> Result<(), String> {
        let Begun { first_us, time_us, before_us, since_us } = begun;
        let Some((_, instrument)) = self.pairs.get(pair) else {
            self.state().repairs.begun.remove(&pair);
            return Ok(());
        };
        let before_us = match before_us {
            Some(before_us) => Some(before_us),
            None => gap::covered_to_us(&self.parts, instrument, since_us, first_us).await?,
        };
        // Only what the store holds for sure: what lies behind the newest range is the gap below.
        let holes = gap::holes(&self.parts, instrument, first_us).await?;
        if let Some(range) = gap::too_long(before_us, time_us) {
            tracing::warn!(symbol = instrument.symbol, %range, "this gap is too long to be read again trade by trade");
            gap::record_lost(&self.parts, instrument, range).await?;
        }
        let mut state = self.state();
        if state.repairs.begun.get(&pair) != Some(&begun) {
            // The next look sees the newer subscription.
            return Ok(());
        }
        state.repairs.begun.remove(&pair);
        let epoch = state.epoch(pair);
        tracing::info!(pair, time_us, covered_to_us = before_us, epoch, "subscribed");
        if let Some(gap) = Gap::between(pair, before_us, time_us) {
            state.repairs.add(gap);
        }
        state.repairs.add_holes(pair, &holes);
        drop(state);
        self.mending.notify_one();
        Ok(())
    }

    /// Reads what is missing, page by page.
    async fn keep_repairing(&self) -> Infallible {
        loop {
            let next = self.state().repairs.next(Instant::now());
            match next {
                Next::Read(gap) => self.repair(gap).await,
                Next::WaitUntil(at) => {
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = self.mending.notified() => {}
                    }
                }
                Next::Nothing => self.mending.notified().await,
            }
        }
    }

    async fn repair(&self, gap: Gap) {
        let (at, range) = (gap.pair, gap.range);
        let Some((pair, instrument)) = self.pairs.get(at) else { return };
        let feed = &self.config.feed;
        let error = match gap.page(&self.client, pair, self.parts.clock.now_us(), feed).await {
            Ok(page) => {
                self.state().repairs.page = Some(page);
                self.taken.notify_one();
                return;
            }
            Err(error) => error,
        };
        // Another key may get what this one does not.
        let is_lost = !error.is_transient() && !matches!(error, ExchangeError::Unauthorized { .. });
        let noted = if is_lost { gap::record_lost(&self.parts, instrument, range).await } else { Ok(()) };
        let mut state = self.state();
        let Some(gap) = state.repairs.find(at, range) else { return };
        if error.is_transient() || noted.is_err() {
            let wait = gap.put_off(error.retry_after_ms(), feed);
            let store = noted.err();
            tracing::warn!(%pair, %range, %error, store, ?wait, "a gap is not repaired yet; it is asked for again");
            return;
        }
        // The candle history can close it.
        tracing::warn!(%pair, %range, %error, "the exchange does not give the trades of this gap");
        state.repairs.gaps.retain(|known| known.range != range || known.pair != at);
    }

    /// Looks for holes from time to time.
    async fn keep_looking(&self) -> Infallible {
        let every = self.config.feed.scaled(HOLES_EVERY.0).max(HOLES_EVERY.1);
        loop {
            sleep(every).await;
            self.look_for_holes().await;
        }
    }

    /// What came to be missing between ranges that are covered, while the feed was open.
    async fn look_for_holes(&self) {
        for (at, (_, instrument)) in self.pairs.iter().enumerate() {
            self.renew(at, instrument).await;
            let frame_us = {
                let state = self.state();
                if state.repairs.is_busy(at) { 0 } else { state.frame_us }
            };
            if frame_us == 0 {
                continue;
            }
            // A store that is away is asked again.
            if let Ok(holes) = gap::holes(&self.parts, instrument, frame_us).await {
                self.state().repairs.add_holes(at, &holes);
                self.mending.notify_one();
            }
        }
    }

    /// Begins a new life of a feed whose present one was ended by a consumer, since records of it are gone from the log.
    /// What lies between the stored trades and the newest frame is a gap, as if the socket had been lost.
    async fn renew(&self, at: usize, instrument: &Instrument) {
        let Ok(stored) = self.parts.store.feed_epoch(instrument.id).await else { return };
        let mut state = self.state();
        // Before the first frame nothing was handed out.
        if stored <= state.epoch(at) || state.frame_us == 0 || !state.begin_after(at, stored) {
            return;
        }
        tracing::warn!(
            symbol = instrument.symbol,
            "the feed's life was ended, since records are gone from the log; it begins anew"
        );
        let time_us = state.frame_us;
        state.subscribed(at, time_us);
        drop(state);
        self.begun.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn a_gap_that_was_not_closed_becomes_part_of_the_next_or_stays() {
        // gaps before, the pair's newest gap from and to, gaps afterwards (minutes)
        type Ranges = &'static [(i64, i64)];
        let rows: [(Ranges, (i64, i64), Ranges); 4] = [
            (&[], (5, 9), &[(5, 9)]),
            (&[(1, 4)], (5, 9), &[(1, 4), (5, 9)]),
            (&[(1, 4), (4, 6)], (5, 9), &[(1, 4), (4, 9)]),
            (&[(6, 20), (7, 8)], (5, 9), &[(5, 20)]),
        ];
        let minutes = |(from, to): (i64, i64)| TimeRange { from_us: from * MINUTE, to_us: to * MINUTE };
        for (before, newest, expected) in rows {
            let mut repairs = Repairs::default();
            // A hole is read from a minute before it.
            let gap = |(from, to): (i64, i64)| Gap::hole(0, minutes((from + 1, to)));
            repairs.gaps.extend(before.iter().copied().map(gap));
            repairs.gaps.push_back(Gap::hole(1, minutes((1, 30))));
            repairs.add(gap(newest));
            let mut found: Vec<TimeRange> =
                repairs.gaps.iter().filter(|gap| gap.pair == 0).map(|gap| gap.range).collect();
            found.sort_unstable();
            assert_eq!(found, expected.iter().copied().map(minutes).collect::<Vec<_>>(), "{newest:?}");
            assert!(repairs.is_busy(1));
        }
    }

    #[test]
    fn what_nobody_has_looked_up_is_looked_up_together() {
        let mut repairs = Repairs::default();
        let begun = Begun { first_us: 10, time_us: 10, before_us: Some(5), since_us: 1 };
        repairs.begin(0, begun);
        repairs.begin(0, Begun { first_us: 20, time_us: 20, before_us: Some(15), since_us: 1 });
        assert_eq!(repairs.begun.get(&0), Some(&Begun { time_us: 20, ..begun }));
    }
}
