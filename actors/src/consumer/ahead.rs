//! The batch after the one that is being stored: fetched, decoded, and its records let go, all meanwhile.

use std::{sync::Arc, time::Duration};

use statechart_runtime::{
    market::MAX_RECORD_BYTES,
    ports::{BatchBuilder, Fetched, FetchedRecord, LogError},
};
use tokio::{sync::Mutex, task::JoinSet};

use super::Content;
use crate::parts::Parts;

/// Bytes of one batch.
const BATCH_BYTES: usize = 16 << 20;
/// Room for at least one record of the largest size: with less left a batch is full.
const LEAST_BYTES: usize = MAX_RECORD_BYTES;
/// How long one fetch waits for records.
const FETCH_WAIT: Duration = Duration::from_millis(500);

/// Where to read, and how much.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) topic: String,
    pub(super) partition: u32,
    pub(super) from: i64,
    /// Records at most.
    pub(super) records: usize,
}

/// What was read.
pub(super) struct Piece {
    pub(super) incarnation: i64,
    /// How many records it holds.
    pub(super) count: usize,
    pub(super) content: Content,
    /// The offset after it.
    pub(super) next: i64,
    /// Where the partition ended then.
    pub(super) high: i64,
}

/// At most one piece, which is being read or was. The task ends with it.
#[derive(Default)]
pub(super) struct Ahead(Mutex<Option<Reading>>);

struct Reading {
    from: i64,
    incarnation: i64,
    task: JoinSet<Result<Piece, LogError>>,
}

impl Ahead {
    /// Begins to read, in place of what was read before.
    pub(super) async fn begin(&self, parts: &Arc<Parts>, wanted: Wanted, incarnation: i64) {
        let (parts, from) = (parts.clone(), wanted.from);
        let mut task = JoinSet::new();
        task.spawn(async move { gather(&parts, &wanted).await });
        *self.0.lock().await = Some(Reading { from, incarnation, task });
    }

    /// What was read, when it begins where the reader is. After a failure it may not.
    pub(super) async fn take(&self, from: i64, incarnation: i64) -> Option<Result<Piece, LogError>> {
        let mut slot = self.0.lock().await;
        let fits = |reading: &&mut Reading| reading.from == from && reading.incarnation == incarnation;
        let read = match slot.as_mut().filter(fits) {
            // A task that has ended badly leaves its piece to be read by the caller.
            Some(reading) => reading.task.join_next().await.and_then(Result::ok),
            None => None,
        };
        *slot = None;
        read
    }
}

/// Fetches until a batch is full, as long as there is more in the log: an answer of a broker is as long as its own batches
/// make it, and a transaction costs the same for any number of records. Each answer is decoded and let go at once.
/// Records that cannot be used end the batch before them, and are one of their own.
pub(super) async fn gather(parts: &Parts, wanted: &Wanted) -> Result<Piece, LogError> {
    let Wanted { topic, partition, from, records } = wanted;
    let log = &parts.log;
    let instruments = parts.instruments.get();
    let mut builder = BatchBuilder::new(&instruments, None);
    let first = log.fetch(topic, *partition, *from, *records, BATCH_BYTES, FETCH_WAIT).await?;
    let Fetched { incarnation, next_offset: mut next, high_watermark: mut high, .. } = first;
    let (mut count, mut bytes) = (first.records.len(), size(&first.records));
    first.records.iter().for_each(|record| builder.push(record));
    if !builder.is_usable() {
        return Ok(Piece { incarnation, count, content: Content::Raw(first.records), next, high });
    }
    drop(first);
    if count > 0 && next < high {
        builder.reserve((*records).min(usize::try_from(high - from).unwrap_or(0)));
    }
    while count > 0 && next < high {
        let (room, rest) = (records.saturating_sub(count), BATCH_BYTES.saturating_sub(bytes));
        if room == 0 || rest < LEAST_BYTES {
            break;
        }
        // What goes wrong here is met again, and told, by the next fetch.
        let more = log.fetch(topic, *partition, next, room, rest, Duration::ZERO).await;
        let Ok(more) = more else { break };
        if more.records.is_empty() || more.incarnation != incarnation {
            break;
        }
        more.records.iter().for_each(|record| builder.push(record));
        if !builder.is_usable() {
            builder.truncate(next);
            break;
        }
        (count, bytes) = (count + more.records.len(), bytes + size(&more.records));
        (next, high) = (more.next_offset, more.high_watermark);
    }
    Ok(Piece { incarnation, count, content: Content::Parsed(Box::new(builder.into())), next, high })
}

fn size(records: &[FetchedRecord]) -> usize {
    records.iter().map(|one| one.record.bytes()).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::parts::{
        FIXED_TOPIC,
        testing::{Tampered, embedded},
    };
    use statechart_runtime::ports::LogRecord;

    /// A batch ends before the answer with a record that cannot be used, and that answer is a batch of its own.
    #[tokio::test]
    async fn records_that_cannot_be_used_are_kept_as_they_came() {
        let (_dir, mut parts) = embedded().await;
        let owned = Arc::get_mut(&mut parts).unwrap();
        owned.log = Arc::new(Tampered { answer: 3, ..Tampered::new(owned.log.clone()) });
        parts.log.create_topic(FIXED_TOPIC, 1).await.unwrap();
        let record = |n: i64| {
            let value = format!(
                r#"{{"k":"t","s":"BTCUSD","t":{n},"i":"{n}","p":"2","q":"3","d":"B","r":6,"src":"ws"}}"#
            );
            LogRecord::new("BTCUSD", if n == 7 { value.replace("BTCUSD", "NEWUSD") } else { value }, 0)
        };
        let records: Vec<LogRecord> = (0..14).map(record).collect();
        parts.log.append(FIXED_TOPIC, 0, &records).await.unwrap();
        let (mut from, mut found) = (0, Vec::new());
        while from < 14 {
            let wanted = Wanted { topic: FIXED_TOPIC.to_owned(), partition: 0, from, records: 100 };
            let piece = gather(&parts, &wanted).await.unwrap();
            let (decoded, offsets): (bool, Vec<i64>) = match piece.content {
                Content::Raw(records) => (false, records.iter().map(|one| one.offset).collect()),
                Content::Parsed(parsed) => {
                    assert!(parsed.batch.dead_letters.is_empty());
                    (true, parsed.batch.trades.iter().map(|one| one.offset).collect())
                }
            };
            assert_eq!(offsets, (from..piece.next).collect::<Vec<_>>());
            assert_eq!((piece.count, piece.high), (offsets.len(), 14));
            found.push((from, piece.next, decoded));
            from = piece.next;
        }
        assert_eq!(found, [(0, 6, true), (6, 9, false), (9, 14, true)]);
    }
}
