//! Reading one partition from the stored position on.

use std::{
    sync::{
        Arc, Mutex as Guarded,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use statechart_runtime::ports::{Lease, LogError, PositionKey};
use tokio::{sync::Mutex, time::Instant};

use super::{
    Content, Fetch, LogBatch,
    ahead::{Ahead, Wanted, gather},
    cache::Teller,
};
use crate::{
    coordinator::{Beginning, beginning, foreign},
    parts::{FIXED_TOPIC, Parts},
};

/// Records of the first batch. A slow store must get through them within its own time limits.
const BATCH_RECORDS: usize = 10_000;
/// Records of a batch at most and at least: a transaction costs the same for any number of them, so a store that is quick
/// gets more at a time, and one that is slow fewer.
const MOST_RECORDS: usize = 100_000;
const LEAST_RECORDS: usize = 1_000;
/// A store that takes less for a full batch is quick.
const QUICK: Duration = Duration::from_millis(400);
/// A store that takes longer for a batch is slow.
const SLOW: Duration = Duration::from_secs(5);
/// Wait before asking again after an error.
const ERROR_WAIT: Duration = Duration::from_millis(250);

/// A consumer's place in one partition.
pub struct Reader {
    parts: Arc<Parts>,
    group: &'static str,
    topic: String,
    partition: u32,
    lease: Option<Lease>,
    place: Mutex<Option<Place>>,
    ahead: Ahead,
    teller: Teller,
    /// Records of the next batch.
    room: AtomicUsize,
}

#[derive(Clone)]
struct Place {
    key: PositionKey,
    /// What the store holds.
    committed: i64,
    /// What is read next; ahead of `committed` after records were lost from the log.
    next: i64,
}

/// What one look found.
enum Look {
    Records(LogBatch),
    /// Everything there is has been read.
    End,
    /// Nothing yet, although there may be something.
    Again,
}

impl Reader {
    /// A reader that asks the store for its place when it first reads.
    pub fn new(
        parts: Arc<Parts>,
        group: &'static str,
        topic: &str,
        partition: u32,
        lease: Option<Lease>,
    ) -> Self {
        Self {
            teller: Teller::new(parts.clone()),
            parts,
            group,
            topic: topic.to_owned(),
            partition,
            lease,
            place: Mutex::default(),
            ahead: Ahead::default(),
            room: AtomicUsize::new(BATCH_RECORDS),
        }
    }

    /// Who tells the cache of what was read here.
    pub(super) fn teller(&self) -> &Teller {
        &self.teller
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Waits for records; `None` when the end was seen for as long as `patience`. Errors of the log are reported and
    /// waited out, so that the caller has nothing to handle; who cannot read does not know that there is nothing.
    pub(super) async fn next(&self, patience: Option<Duration>) -> Option<LogBatch> {
        let mut idle_since: Option<Instant> = None;
        loop {
            match self.fetch().await {
                Ok(Look::Records(batch)) => return Some(batch),
                Ok(Look::End) => {
                    let since = *idle_since.get_or_insert_with(Instant::now);
                    if patience.is_some_and(|patience| since.elapsed() >= patience) {
                        return None;
                    }
                }
                Ok(Look::Again) => idle_since = None,
                Err(error) => {
                    idle_since = None;
                    tracing::warn!(
                        topic = self.topic,
                        partition = self.partition,
                        error,
                        "cannot read, trying again"
                    );
                    tokio::time::sleep(ERROR_WAIT).await;
                }
            }
        }
    }

    /// Finds the place without reading.
    ///
    /// # Errors
    /// Why there is no such topic, or no answer.
    pub(super) async fn find(&self) -> Result<(), String> {
        let mut place = self.place.lock().await;
        if place.is_none() {
            *place = Some(self.locate().await?);
        }
        Ok(())
    }

    async fn locate(&self) -> Result<Place, String> {
        let topics = self.parts.log.topics().await.map_err(|error| error.to_string())?;
        let Some(topic) = topics.into_iter().find(|topic| topic.name == self.topic) else {
            return Err(format!("the log has no topic `{}` yet", self.topic));
        };
        let key = PositionKey {
            group: self.group.to_owned(),
            topic: self.topic.clone(),
            incarnation: topic.incarnation,
            partition: self.partition,
        };
        // Whoever read before may have stored what the cache was not told of.
        if self.topic == FIXED_TOPIC {
            let known = self.parts.instruments.get();
            let here = known.iter().filter(|one| one.partition == self.partition).map(|one| one.id);
            self.teller.forget(&here.collect::<Vec<_>>()).await;
        }
        let stored = self.parts.store.next_offset(&key).await.map_err(|error| error.to_string())?;
        let committed = match stored {
            Some(stored) => stored,
            None => {
                let ends = self.parts.log.watermarks(&self.topic, self.partition).await;
                let low = ends.map_err(|error| error.to_string())?.low;
                if low > 0 || self.has_read_another(&key).await? {
                    self.end_feeds().await?;
                }
                low
            }
        };
        self.check_birth(&key).await?;
        Ok(Place { key, committed, next: committed })
    }

    /// Whether there was another topic of this name, of which nobody knows what it held beyond the position.
    async fn has_read_another(&self, key: &PositionKey) -> Result<bool, String> {
        let stats = self.parts.store.stats().await.map_err(|error| error.to_string())?;
        let same =
            |other: &PositionKey| PositionKey { incarnation: key.incarnation, ..other.clone() } == *key;
        Ok(stats.positions.iter().any(|(other, _)| other.incarnation != key.incarnation && same(other)))
    }

    /// Trades may be gone that marks speak of which are still to come, and no mark says how far back its trades lie. So
    /// the present life of each feed in this partition is over: what it says is void from now on, for everybody, and the
    /// Producer begins a new one behind what is stored.
    async fn end_feeds(&self) -> Result<(), String> {
        if self.topic != FIXED_TOPIC {
            return Ok(());
        }
        let store = &self.parts.store;
        // Lives are numbered by their start: one that has not reached the store yet is older as well.
        let at_least = (self.parts.wall)() / 1_000;
        let instruments = store.instruments().await.map_err(|error| error.to_string())?;
        for instrument in instruments.iter().filter(|one| one.partition == self.partition) {
            store.end_feed(instrument.id, at_least).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Record 0 of a dynamic topic names its incarnation: one that someone has made anew behind our back is told from
    /// ours by it, although it has the same name.
    async fn check_birth(&self, key: &PositionKey) -> Result<(), String> {
        if self.topic == FIXED_TOPIC {
            return Ok(());
        }
        match beginning(&self.parts, &self.topic).await? {
            // What is trimmed was read once.
            Beginning::Empty | Beginning::Trimmed => Ok(()),
            Beginning::Birth(inc) if inc == key.incarnation => Ok(()),
            Beginning::Birth(found) => {
                let (topic, expected) = (self.topic.clone(), key.incarnation);
                let error = LogError::Recreated { topic, expected, found };
                tracing::error!(%error, "the topic is not read");
                Err(error.to_string())
            }
            Beginning::Foreign => Err(foreign(&self.topic)),
        }
    }

    async fn fetch(&self) -> Result<Look, String> {
        self.find().await?;
        let Some(here) = self.place.lock().await.clone() else { return Ok(Look::Again) };
        let read = match self.ahead.take(here.next, here.key.incarnation).await {
            Some(read) => read,
            None => gather(&self.parts, &self.wanted(here.next)).await,
        };
        let piece = match read {
            Ok(piece) if piece.incarnation == here.key.incarnation => piece,
            Ok(other) => {
                *self.place.lock().await = None;
                let (topic, expected) = (self.topic.clone(), here.key.incarnation);
                let error = LogError::Recreated { topic, expected, found: other.incarnation };
                tracing::error!(%error, "going on with the new topic");
                return Err(error.to_string());
            }
            Err(error @ (LogError::UnknownTopic { .. } | LogError::UnknownPartition { .. })) => {
                *self.place.lock().await = None;
                return Err(error.to_string());
            }
            Err(LogError::OffsetOutOfRange { high, .. }) if here.next > high => {
                // Records of other offsets than ours were never written to it.
                let (topic, expected) = (self.topic.clone(), here.key.incarnation);
                self.parts.log.disown(&topic, expected).await.map_err(|error| error.to_string())?;
                *self.place.lock().await = None;
                let error = LogError::Recreated { topic, expected, found: expected + 1 };
                tracing::error!(%error, partition = self.partition, offset = here.next, high, "going on with the new topic");
                return Err(error.to_string());
            }
            Err(LogError::OffsetOutOfRange { low, high, .. }) => {
                // What is gone stays uncovered: the Producer reads it again from the exchange when it next looks, and the
                // Datastore fetches its candles when they are asked for.
                self.end_feeds().await?;
                tracing::error!(
                    topic = self.topic,
                    partition = self.partition,
                    offset = here.next,
                    low,
                    high,
                    "records are gone from the log before they were stored; going on with the oldest one left"
                );
                let mut place = self.place.lock().await;
                if let Some(place) = place.as_mut() {
                    place.next = low;
                    place.committed = place.committed.min(low);
                }
                return Ok(Look::Again);
            }
            Err(error) => return Err(error.to_string()),
        };
        if piece.count == 0 {
            return Ok(if piece.next >= piece.high { Look::End } else { Look::Again });
        }
        // Only where there is more already: at the end of the log a batch is better fetched late, with all that has come
        // by then.
        if piece.next < piece.high {
            self.ahead.begin(&self.parts, self.wanted(piece.next), piece.incarnation).await;
        }
        Ok(Look::Records(LogBatch(Arc::new(Fetch {
            key: here.key,
            committed: here.committed,
            next: piece.next,
            lease: self.lease.clone(),
            count: piece.count,
            content: Guarded::new(Some(piece.content)),
        }))))
    }

    fn wanted(&self, from: i64) -> Wanted {
        let records = self.room.load(Ordering::Relaxed);
        Wanted { topic: self.topic.clone(), partition: self.partition, from, records }
    }

    /// A batch without records, at the current position.
    pub(super) async fn nothing(&self) -> Option<LogBatch> {
        let here = self.place.lock().await.clone()?;
        let Place { key, committed, next } = here;
        let lease = self.lease.clone();
        let content = Guarded::new(Some(Content::Raw(Vec::new())));
        Some(LogBatch(Arc::new(Fetch { key, committed, next, lease, count: 0, content })))
    }

    /// A batch was stored: the position is the store's, and what it took says how many records the next one has.
    pub(super) async fn stored(&self, committed: i64, records: usize, took: Duration) {
        let room = self.room.load(Ordering::Relaxed);
        self.room.store(next_room(room, records, took), Ordering::Relaxed);
        if let Some(place) = self.place.lock().await.as_mut() {
            place.committed = committed;
            place.next = place.next.max(committed);
        }
    }

    /// Something failed: the place is asked for again.
    pub(super) async fn forget(&self) {
        *self.place.lock().await = None;
    }
}

/// Records of the next batch, after one of so many took so long.
fn next_room(room: usize, records: usize, took: Duration) -> usize {
    if took > SLOW {
        (room / 2).max(LEAST_RECORDS)
    } else if took < QUICK && records >= room {
        (room * 2).min(MOST_RECORDS)
    } else {
        room
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{consumer::store, parts::testing::embedded};
    use statechart_runtime::{
        market::{Coverage, Interval, Record, TimeRange},
        ports::{Batch, CacheAnswer, CacheKey, LogRecord, Position},
    };

    #[test]
    fn a_quick_store_gets_more_at_a_time_and_a_slow_one_less() {
        let (quick, fair, slow) = (QUICK / 2, QUICK * 2, SLOW * 2);
        for (room, records, took, expected) in [
            (10_000, 10_000, quick, 20_000),
            // Who is not full says nothing.
            (10_000, 9_999, quick, 10_000),
            (10_000, 10_000, fair, 10_000),
            (10_000, 10, slow, 5_000),
            (MOST_RECORDS, MOST_RECORDS, quick, MOST_RECORDS),
            (LEAST_RECORDS, LEAST_RECORDS, slow, LEAST_RECORDS),
        ] {
            assert_eq!(next_room(room, records, took), expected, "{room} {records} {took:?}");
        }
    }

    /// Every record once and in order, whether it was fetched ahead or not; and again after a failure.
    #[tokio::test]
    async fn what_is_fetched_ahead_follows_what_was_stored() {
        let (_dir, parts) = embedded().await;
        parts.log.create_topic(FIXED_TOPIC, 1).await.unwrap();
        let count = 2 * BATCH_RECORDS + 500;
        let trade = |n: usize| {
            let value = format!(
                r#"{{"k":"t","s":"BTCUSD","t":{n},"i":"{n}","p":"2","q":"3","d":"B","r":6,"src":"ws"}}"#
            );
            LogRecord::new("BTCUSD", value, 0)
        };
        let records: Vec<LogRecord> = (0..count).map(trade).collect();
        for piece in records.chunks(777) {
            parts.log.append(FIXED_TOPIC, 0, piece).await.unwrap();
        }
        let reader = Reader::new(parts.clone(), "test", FIXED_TOPIC, 0, None);
        let (mut next, mut failed) = (0, false);
        while next < i64::try_from(count).unwrap() {
            let batch = reader.next(None).await.unwrap();
            let fetch = &batch.0;
            let offsets: Vec<i64> = match fetch.content.lock().unwrap().take().unwrap() {
                Content::Raw(records) => records.iter().map(|one| one.offset).collect(),
                Content::Parsed(parsed) => parsed.batch.trades.iter().map(|one| one.offset).collect(),
            };
            assert_eq!(offsets, (next..fetch.next).collect::<Vec<_>>());
            assert_eq!((fetch.committed, fetch.count), (next, offsets.len()));
            if next > 0 && !failed {
                // What was fetched ahead of this one is of no use now.
                failed = true;
                reader.forget().await;
                continue;
            }
            let position = Position { key: fetch.key.clone(), expected: fetch.committed, next: fetch.next };
            parts.store.ingest(Batch { position: Some(position), ..Batch::default() }).await.unwrap();
            reader.stored(fetch.next, offsets.len(), SLOW).await;
            next = fetch.next;
        }
        assert!(failed);
    }

    /// One trade a minute, at its start.
    fn trade(minute: i64) -> LogRecord {
        let time_us = minute * 60_000_000;
        let value = format!(
            r#"{{"k":"t","s":"BTCUSD","t":{time_us},"i":"{minute}","p":"2","q":"3","d":"B","r":6,"src":"ws"}}"#
        );
        LogRecord::new("BTCUSD", value, 0)
    }

    /// Stores what is read next.
    async fn step(parts: &Arc<Parts>, reader: &Reader) -> crate::consumer::Touched {
        let batch = reader.next(None).await.unwrap();
        let records = store::process(parts, &batch).await.unwrap();
        store::write(parts, reader, &records).await.unwrap()
    }

    /// Whoever goes on after another does not know what that one has told the cache.
    #[tokio::test]
    async fn what_the_cache_was_not_told_of_is_not_claimed() {
        let (_dir, parts) = embedded().await;
        parts.log.create_topic(FIXED_TOPIC, 1).await.unwrap();
        let append = async |records: &[LogRecord]| parts.log.append(FIXED_TOPIC, 0, records).await.unwrap();
        let key = CacheKey { symbol: "BTCUSD".to_owned(), interval: Interval::M1 };
        let minutes = |from: i64, to: i64| TimeRange { from_us: from * 60_000_000, to_us: to * 60_000_000 };
        // It is told while the next batch is stored.
        let told = async |from, to| loop {
            if let CacheAnswer::Hit(candles) = parts.cache.get(&key, minutes(from, to)).await.unwrap() {
                return candles.len();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let reader = Reader::new(parts.clone(), "test", FIXED_TOPIC, 0, None);
        append(&[trade(1), trade(2), mark(0, 3, 5)]).await;
        let touched = step(&parts, &reader).await;
        reader.teller().tell(&touched).await;
        assert_eq!(told(0, 3).await, 2);

        // Minute 0 has a trade after all, and the consumer ends before it tells.
        append(&[trade(0)]).await;
        step(&parts, &reader).await;
        drop(reader);
        let reader = Reader::new(parts.clone(), "test", FIXED_TOPIC, 0, None);
        append(&[trade(3), mark(3, 4, 5)]).await;
        let touched = step(&parts, &reader).await;
        reader.teller().tell(&touched).await;
        assert_eq!(told(3, 4).await, 1);
        assert_eq!(parts.cache.get(&key, minutes(0, 4)).await.unwrap(), CacheAnswer::Miss);
    }

    fn mark(from: i64, to: i64, epoch: i64) -> LogRecord {
        let range = TimeRange { from_us: from * 60_000_000, to_us: to * 60_000_000 };
        let mark = Record::Coverage(Coverage { symbol: "BTCUSD".to_owned(), range, epoch });
        LogRecord::new("BTCUSD", mark.encode(), 0)
    }

    /// Stores what is read next; returns the minutes that are covered then.
    async fn covered(parts: &Arc<Parts>, reader: &Reader) -> Vec<(i64, i64)> {
        step(parts, reader).await;
        let instrument = parts.instruments.get().get("BTCUSD").unwrap().id;
        let all = TimeRange { from_us: 0, to_us: i64::MAX };
        let rows = parts.store.coverage(instrument, all).await.unwrap();
        rows.iter().map(|row| (row.range.from_us / 60_000_000, row.range.to_us / 60_000_000)).collect()
    }

    /// A mark speaks of trades before it. When some of them may be gone, it says nothing.
    #[tokio::test]
    async fn what_is_lost_from_the_log_is_not_covered_by_the_marks_behind_it() {
        let (_dir, parts) = embedded().await;
        parts.log.create_topic(FIXED_TOPIC, 1).await.unwrap();
        let append = async |records: &[LogRecord]| parts.log.append(FIXED_TOPIC, 0, records).await.unwrap();
        let instrument = parts.instruments.get().get("BTCUSD").unwrap().id;
        let reader = Reader::new(parts.clone(), "test", FIXED_TOPIC, 0, None);
        append(&[trade(1), trade(2), mark(0, 3, 5)]).await;
        assert_eq!(covered(&parts, &reader).await, [(0, 3)]);

        append(&[trade(3), trade(4)]).await;
        let kept = append(&[trade(5), mark(3, 6, 5)]).await;
        parts.log.trim(FIXED_TOPIC, 0, kept).await.unwrap();
        assert_eq!(covered(&parts, &reader).await, [(0, 3)], "the trades of minutes 3 and 4 are gone");
        // Nor by another process, nor by one that starts later.
        append(&[trade(6), mark(6, 7, 5)]).await;
        let reader = Reader::new(parts.clone(), "test", FIXED_TOPIC, 0, None);
        assert_eq!(covered(&parts, &reader).await, [(0, 3)]);
        // The feed's next life has read them again.
        let next = parts.store.feed_epoch(instrument).await.unwrap() + 1;
        append(&[trade(3), trade(4), mark(3, 7, next)]).await;
        assert_eq!(covered(&parts, &reader).await, [(0, 7)]);

        // The same when all of the topic is gone, whether somebody looks or not.
        for (looks, minute) in [(true, 7), (false, 9)] {
            let epoch = parts.store.feed_epoch(instrument).await.unwrap();
            parts.log.delete_topic(FIXED_TOPIC).await.unwrap();
            parts.log.create_topic(FIXED_TOPIC, 1).await.unwrap();
            append(&[trade(minute + 1), mark(minute, minute + 2, epoch)]).await;
            let other = Reader::new(parts.clone(), "test", FIXED_TOPIC, 0, None);
            let before = covered(&parts, if looks { &reader } else { &other }).await;
            assert_eq!(before.last().unwrap().1, minute, "what the topic held beyond the position is gone");
            append(&[mark(minute, minute + 2, parts.store.feed_epoch(instrument).await.unwrap() + 1)]).await;
            covered(&parts, if looks { &reader } else { &other }).await;
        }
    }
}
