//! Against a broker that `cargo xtask services up` has started.
#![allow(clippy::unwrap_used)]

use super::{KafkaLog, KafkaUrl};
use crate::embedded::{Durability, Embedded};
use crate::ports::{Log, LogError, LogRecord, contract};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A log with a store of its own, and a prefix that no other run uses.
async fn open() -> (tempfile::TempDir, KafkaLog, String) {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path().join("store.sqlite"), Durability::ProcessKill).await.unwrap();
    let url: KafkaUrl = contract::service("kafka").parse().unwrap();
    let log = KafkaLog::connect(&url, Arc::new(store.store())).await.unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    (dir, log.trimming(true), format!("T{}", now % 10_000_000))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let (_dir, log, prefix) = open().await;
    contract::log(&log, &prefix).await;
    for topic in log.topics().await.unwrap() {
        if topic.name.starts_with(&format!("{prefix}-")) {
            log.delete_topic(&topic.name).await.unwrap();
        }
    }
}

/// Digits that do not repeat: little to compress.
fn noise(n: u64, bytes: usize) -> LogRecord {
    let mut state = n;
    let text: String = (0..bytes)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
        })
        .collect();
    LogRecord::new("k", text, 1_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_appends_are_split_and_stay_in_order() {
    let (_dir, log, prefix) = open().await;
    let name = format!("{prefix}-large");
    log.create_topic(&name, 1).await.unwrap();
    let records: Vec<LogRecord> = (0..1_000).map(|n| noise(n, 4_000)).collect();
    assert_eq!(log.append(&name, 0, &records).await.unwrap(), 0);
    let (mut at, mut seen) = (0, Vec::new());
    while at < 1_000 {
        let fetched = log.fetch(&name, 0, at, 300, usize::MAX, Duration::from_secs(1)).await.unwrap();
        assert_eq!(fetched.high_watermark, 1_000);
        at = fetched.next_offset;
        seen.extend(fetched.records.into_iter().map(|one| one.record));
    }
    assert!(seen == records, "what was read is not what was written");
    log.delete_topic(&name).await.unwrap();
}

/// Makes a topic whose limit is this, in the protocol's bytes: the client cannot.
async fn create_limited(url: &KafkaUrl, name: &str, limit: &str) {
    let text = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
    let one = 1_i32.to_be_bytes();
    let request = [
        // CreateTopics, version 2; a number for the answer, nobody's name.
        &[0, 19, 0, 2, 0, 0, 0, 7, 255, 255][..],
        // One topic with one partition on one broker, placed where the broker likes, and one setting.
        &[&one[..], &text(name), &one, &[0, 1], &[0; 4], &one, &text("max.message.bytes"), &text(limit)]
            .concat(),
        // Within ten seconds, really.
        &[&10_000_i32.to_be_bytes()[..], &[0]].concat(),
    ]
    .concat();
    let mut stream = tokio::net::TcpStream::connect(&url.brokers[0]).await.unwrap();
    stream.write_all(&u32::try_from(request.len()).unwrap().to_be_bytes()).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let length = stream.read_u32().await.unwrap();
    let mut answer = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut answer).await.unwrap();
    // The number, the throttle, one topic, its name; then what became of it.
    let code = &answer[4 + 4 + 4 + 2 + name.len()..][..2];
    assert_eq!(code, [0, 0], "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_takes_less_gets_less_until_a_single_record_is_too_much() {
    let (_dir, log, prefix) = open().await;
    let name = format!("{prefix}-limited");
    create_limited(log.url(), &name, "20000").await;
    log.create_topic(&name, 1).await.unwrap();
    let records: Vec<LogRecord> = (0..100).map(|n| noise(n, 4_000)).collect();
    assert_eq!(log.append(&name, 0, &records).await.unwrap(), 0);
    let (mut at, mut seen) = (0, Vec::new());
    while at < 100 {
        let fetched = log.fetch(&name, 0, at, 1_000, usize::MAX, Duration::from_secs(1)).await.unwrap();
        at = fetched.next_offset;
        seen.extend(fetched.records.into_iter().map(|one| one.record));
    }
    assert!(seen == records, "what was read is not what was written");
    let error = log.append(&name, 0, &[noise(0, 100), noise(1, 40_000), noise(2, 100)]).await.unwrap_err();
    assert!(matches!(error, LogError::RecordRefused { appended: 1, .. }) && !error.is_transient(), "{error}");
    for part in ["a record of 40001 bytes", &name, "raise `max.message.bytes`"] {
        assert!(error.to_string().contains(part), "`{part}` is not in: {error}");
    }
    log.delete_topic(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_made_anew_by_another_process_has_another_incarnation() {
    let (_dir, log, prefix) = open().await;
    let name = format!("{prefix}-anew");
    let other = KafkaLog::connect(log.url(), log.store.clone()).await.unwrap();
    let first = log.create_topic(&name, 1).await.unwrap();
    assert_eq!(other.create_topic(&name, 1).await.unwrap(), first, "both know the same topic");
    log.append(&name, 0, &[LogRecord::new("", "1", 0)]).await.unwrap();
    assert_eq!(log.fetch(&name, 0, 0, 1, 1, Duration::ZERO).await.unwrap().incarnation, first.incarnation);
    other.delete_topic(&name).await.unwrap();
    let second = other.create_topic(&name, 1).await.unwrap();
    let begun = Instant::now();
    loop {
        match log.fetch(&name, 0, 0, 1, 1, Duration::ZERO).await {
            Ok(fetched) if fetched.incarnation == second.incarnation => break,
            Ok(_) | Err(LogError::OffsetOutOfRange { .. }) => {}
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the new incarnation is not noticed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    log.delete_topic(&name).await.unwrap();
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_named_within_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path().join("store.sqlite"), Durability::ProcessKill).await.unwrap();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: KafkaUrl = format!("kafka://127.0.0.1:{port}").parse().unwrap();
    let begun = Instant::now();
    let error = KafkaLog::connect(&url, Arc::new(store.store())).await.err().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert!(error.is_transient() && error.to_string().contains(&format!("connecting to {url}")), "{error}");
}
