//! Dead letters from the store to a topic of their own, for whoever watches one.
//!
//! The store has them already: they were written in the transaction that moved past them. The relay's place is a
//! position of the store as well, moved after the broker has acknowledged. A record that is sent twice, because the
//! process ended in between, has the same `id`. A lease says which of several processes relays.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use statechart_runtime::{
    market::RECORD_VERSION,
    ports::{Batch, Lease, LogRecord, Position, PositionKey, StoreError, StoredDeadLetter},
};
use tokio::sync::watch;

use crate::parts::Parts;

/// Where they go.
pub const DEAD_LETTER_TOPIC: &str = "dead-letter";

/// Whose position it is.
pub(crate) const GROUP: &str = "dead-letter-relay";
/// Letters of one append.
const LETTERS: usize = 100;
/// Most bytes of a payload that are passed on; the store has all of it. Escaped, it stays below a record's limit.
const PAYLOAD_BYTES: usize = 8 * 1024;
/// Between two looks.
const POLL: Duration = Duration::from_secs(1);
/// After a failure.
const RETRY: Duration = Duration::from_secs(5);
/// How long the relay is this process's without renewing: longer than an append and a write may take.
const LEASE: Duration = Duration::from_secs(30);

/// Relays until it is told to stop. More than one process may try: the one with the lease does.
pub async fn relay(parts: Arc<Parts>, holder: String, mut stop: watch::Receiver<bool>) {
    let (mut created, mut held) = (false, None);
    loop {
        let pause = match round(&parts, &holder, &mut held, &mut created).await {
            Ok(true) => continue,
            Ok(false) => POLL,
            Err(error) => {
                tracing::warn!(error, "dead letters wait in the store");
                // Somebody may have deleted the topic.
                created = false;
                RETRY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    if let Some(lease) = held {
        // It runs out by itself otherwise.
        let _ = parts.store.release_leases(&[lease]).await;
    }
}

/// Keeps or takes the lease, and makes one append under it; says whether there may be more.
async fn round(
    parts: &Parts,
    holder: &str,
    held: &mut Option<Lease>,
    created: &mut bool,
) -> Result<bool, String> {
    let store = &parts.store;
    let text = |error: StoreError| error.to_string();
    if let Some(lease) = held.clone() {
        *held = store.renew_leases(&[lease], LEASE).await.map_err(text)?.pop();
    }
    if held.is_none() {
        *held = store.take_leases(&[GROUP.to_owned()], holder, LEASE, 1).await.map_err(text)?.pop();
    }
    match held {
        Some(lease) => step(parts, lease, created).await,
        None => Ok(false),
    }
}

/// One append; says whether there may be more.
async fn step(parts: &Parts, lease: &Lease, created: &mut bool) -> Result<bool, String> {
    let key = PositionKey {
        group: GROUP.to_owned(),
        topic: DEAD_LETTER_TOPIC.to_owned(),
        incarnation: 1,
        partition: 0,
    };
    let store = &parts.store;
    let text = |error: StoreError| error.to_string();
    let after = store.next_offset(&key).await.map_err(text)?.unwrap_or(0);
    let letters = store.dead_letters(after, LETTERS).await.map_err(text)?;
    let Some(last) = letters.last() else { return Ok(false) };
    if !*created {
        let created_topic = parts.log.create_topic(DEAD_LETTER_TOPIC, 1).await;
        created_topic.map_err(|error| error.to_string())?;
        *created = true;
    }
    let records: Vec<LogRecord> = letters.iter().map(|letter| record(letter, (parts.wall)())).collect();
    let appended = parts.log.append(DEAD_LETTER_TOPIC, 0, &records).await;
    appended.map_err(|error| error.to_string())?;
    // `dead_letters` lists what is above a number, so the position is the number itself.
    let position = Position { key, expected: after, next: last.seq };
    let batch = Batch { position: Some(position), lease: Some(lease.clone()), ..Batch::default() };
    store.ingest(batch).await.map_err(text)?;
    Ok(letters.len() == LETTERS)
}

fn record(letter: &StoredDeadLetter, now_us: i64) -> LogRecord {
    let id = format!("{}:{}:{}:{}", letter.topic, letter.incarnation, letter.partition, letter.offset);
    let payload = letter.payload.get(..PAYLOAD_BYTES).unwrap_or(&letter.payload);
    let value = json!({
        "k": "dead",
        "v": RECORD_VERSION,
        "id": id,
        "topic": letter.topic,
        "inc": letter.incarnation,
        "part": letter.partition,
        "offset": letter.offset,
        "reason": letter.reason.chars().take(1_000).collect::<String>(),
        "payload": String::from_utf8_lossy(payload),
        "cut": payload.len() < letter.payload.len(),
    });
    LogRecord::new(letter.topic.clone(), value.to_string(), now_us)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use statechart_runtime::market::MAX_RECORD_BYTES;

    fn letter(reason: String, payload: Vec<u8>) -> StoredDeadLetter {
        let topic = "tick-data".to_owned();
        StoredDeadLetter { seq: 1, topic, incarnation: 2, partition: 3, offset: 4, reason, payload }
    }

    /// What others read of the topic is a promise.
    #[test]
    fn the_golden_letter() {
        let letter = letter("unknown kind `zzz`".to_owned(), br#"{"k":"zzz"}"#.to_vec());
        let written: serde_json::Value = serde_json::from_slice(&record(&letter, 5).value).unwrap();
        let golden = include_str!("../../tests/golden/dead-letter.v1.json");
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(golden).unwrap());
    }

    #[test]
    fn a_letter_of_any_size_fits_into_a_record_and_keeps_its_name() {
        for payload in [b"{".to_vec(), vec![0; 64 * 1024], vec![0xff; 64 * 1024]] {
            let letter = letter("\u{1}".repeat(5_000), payload.clone());
            let record = record(&letter, 5);
            assert!(record.bytes() <= MAX_RECORD_BYTES, "{}", record.bytes());
            let value: serde_json::Value = serde_json::from_slice(&record.value).unwrap();
            assert_eq!(value["id"], "tick-data:2:3:4");
            assert_eq!(value["cut"], payload.len() > PAYLOAD_BYTES);
        }
    }
}
