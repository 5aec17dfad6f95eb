//! The contract of a log.

use crate::market::MAX_RECORD_BYTES;
use crate::ports::{Log, LogError, LogRecord, MAX_APPEND_BYTES};
use futures_util::future::{join, join_all};
use std::time::{Duration, Instant};

const NOW: Duration = Duration::ZERO;

fn records(range: std::ops::Range<i64>) -> Vec<LogRecord> {
    // Whole milliseconds: adapters may keep no more.
    range.map(|n| LogRecord::new(format!("k{n}"), format!("{{\"n\":{n}}}"), 1_000 * (1 + n))).collect()
}

/// Checks a log.
pub async fn log(log: &dyn Log, prefix: &str) {
    topics(log, prefix).await;
    order_and_limits(log, prefix).await;
    long_poll(log, prefix).await;
    trimming(log, prefix).await;
    concurrent_appends(log, prefix).await;
}

async fn topics(log: &dyn Log, prefix: &str) {
    let name = format!("{prefix}-topics");
    let first = log.create_topic(&name, 3).await.unwrap();
    assert_eq!((first.name.as_str(), first.partitions), (name.as_str(), 3));
    assert_eq!(log.create_topic(&name, 3).await.unwrap(), first, "creating again changes nothing");
    assert!(log.topics().await.unwrap().contains(&first));
    log.append(&name, 2, &records(0..2)).await.unwrap();
    assert!(matches!(log.append(&name, 3, &records(0..1)).await, Err(LogError::UnknownPartition { .. })));
    assert!(matches!(log.fetch(&name, 3, 0, 1, 1, NOW).await, Err(LogError::UnknownPartition { .. })));

    log.delete_topic(&name).await.unwrap();
    assert!(!log.topics().await.unwrap().iter().any(|topic| topic.name == name));
    for error in [
        log.delete_topic(&name).await.unwrap_err(),
        log.append(&name, 0, &records(0..1)).await.unwrap_err(),
        log.fetch(&name, 0, 0, 1, 1, NOW).await.unwrap_err(),
        log.watermarks(&name, 0).await.unwrap_err(),
    ] {
        assert!(matches!(error, LogError::UnknownTopic { .. }) && !error.is_transient(), "{error}");
    }
    let second = log.create_topic(&name, 3).await.unwrap();
    assert!(second.incarnation > first.incarnation, "a recreated topic is another one");
    let empty = log.fetch(&name, 2, 0, 10, 1_000, NOW).await.unwrap();
    assert_eq!((empty.records.len(), empty.high_watermark, empty.incarnation), (0, 0, second.incarnation));
    log.disown(&name, first.incarnation).await.unwrap();
    let topics = log.topics().await.unwrap();
    assert!(topics.contains(&second), "only the incarnation that was named is disowned");
    log.append(&name, 2, &records(0..2)).await.unwrap();
    log.disown(&name, second.incarnation).await.unwrap();
    let third = log.fetch(&name, 2, 0, 10, 1_000, NOW).await.unwrap();
    assert_eq!((third.records.len(), third.incarnation), (2, second.incarnation + 1));
    for bad in ["", "a b", "..", "ü", "__internal"] {
        assert!(matches!(log.create_topic(bad, 1).await, Err(LogError::BadTopicName { .. })), "{bad}");
    }
    assert!(matches!(
        log.create_topic(&format!("{prefix}-zero"), 0).await,
        Err(LogError::BadPartitionCount { .. })
    ));
}

async fn order_and_limits(log: &dyn Log, prefix: &str) {
    let name = format!("{prefix}-order");
    log.create_topic(&name, 2).await.unwrap();
    assert_eq!(log.append(&name, 0, &[]).await.unwrap(), 0);
    assert_eq!(log.append(&name, 0, &records(0..3)).await.unwrap(), 0);
    assert_eq!(log.append(&name, 0, &records(3..4)).await.unwrap(), 3);
    assert_eq!(log.append(&name, 0, &records(4..10)).await.unwrap(), 4);
    assert_eq!(log.append(&name, 1, &records(50..51)).await.unwrap(), 0, "partitions count for themselves");

    let all = log.fetch(&name, 0, 0, 100, usize::MAX, NOW).await.unwrap();
    assert_eq!((all.next_offset, all.high_watermark), (10, 10));
    assert_eq!(all.records.iter().map(|r| r.record.clone()).collect::<Vec<_>>(), records(0..10));
    assert_eq!(all.records.iter().map(|r| r.offset).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    // From anywhere, also from within a batch, in pieces of any size: nothing missing, nothing twice.
    for (from, max_records, max_bytes) in
        [(0, 1, usize::MAX), (1, 2, usize::MAX), (5, 4, 1), (2, 100, 25), (9, 7, 7)]
    {
        let (mut at, mut seen) = (from, Vec::new());
        while at < 10 {
            let piece = log.fetch(&name, 0, at, max_records, max_bytes, NOW).await.unwrap();
            assert!(!piece.records.is_empty() && piece.records.len() <= max_records);
            let bytes: usize = piece.records.iter().map(|r| r.record.bytes()).sum();
            assert!(piece.records.len() == 1 || bytes <= max_bytes);
            seen.extend(piece.records.iter().map(|r| r.offset));
            at = piece.next_offset;
        }
        assert_eq!(seen, (from..10).collect::<Vec<_>>());
    }
    assert!(log.fetch(&name, 0, 10, 5, 5, NOW).await.unwrap().records.is_empty());
    for offset in [11, -1] {
        let error = log.fetch(&name, 0, offset, 5, 5, NOW).await.unwrap_err();
        assert!(matches!(error, LogError::OffsetOutOfRange { low: 0, high: 10, .. }), "{error}");
    }
    let large = LogRecord::new("", vec![b'x'; MAX_RECORD_BYTES + 1], 0);
    assert!(matches!(log.append(&name, 0, &[large]).await, Err(LogError::TooLarge { what: "record", .. })));
    let many =
        vec![LogRecord::new("", vec![b'x'; MAX_RECORD_BYTES], 0); MAX_APPEND_BYTES / MAX_RECORD_BYTES + 1];
    assert!(matches!(log.append(&name, 0, &many).await, Err(LogError::TooLarge { what: "append", .. })));
    assert_eq!(log.watermarks(&name, 0).await.unwrap().high, 10, "a refused append leaves nothing behind");
}

async fn long_poll(log: &dyn Log, prefix: &str) {
    let name = format!("{prefix}-poll");
    log.create_topic(&name, 1).await.unwrap();
    let start = Instant::now();
    let none = log.fetch(&name, 0, 0, 10, 1_000, Duration::from_millis(60)).await.unwrap();
    assert!(none.records.is_empty() && start.elapsed() >= Duration::from_millis(50));

    let start = Instant::now();
    let waiting = log.fetch(&name, 0, 0, 10, 1_000, Duration::from_secs(20));
    let (fetched, base) = join(waiting, async { log.append(&name, 0, &records(0..1)).await.unwrap() }).await;
    assert_eq!((fetched.unwrap().records.len(), base), (1, 0));
    assert!(start.elapsed() < Duration::from_secs(5), "an append wakes the waiting fetch");
}

async fn trimming(log: &dyn Log, prefix: &str) {
    let name = format!("{prefix}-trim");
    log.create_topic(&name, 1).await.unwrap();
    for n in 0..4 {
        log.append(&name, 0, &records(n * 5..n * 5 + 5)).await.unwrap();
    }
    log.trim(&name, 0, 12).await.unwrap();
    let ends = log.watermarks(&name, 0).await.unwrap();
    assert!(ends.low > 0 && ends.low <= 12 && ends.high == 20, "{ends:?}");
    let kept = log.fetch(&name, 0, ends.low, 100, usize::MAX, NOW).await.unwrap();
    assert_eq!(kept.records.len() as i64, 20 - ends.low);
    assert!(matches!(log.fetch(&name, 0, 0, 1, 1, NOW).await, Err(LogError::OffsetOutOfRange { .. })));
    log.trim(&name, 0, 1_000).await.unwrap();
    assert_eq!(
        log.append(&name, 0, &records(20..21)).await.unwrap(),
        20,
        "offsets go on after all is trimmed"
    );
}

async fn concurrent_appends(log: &dyn Log, prefix: &str) {
    let name = format!("{prefix}-many");
    log.create_topic(&name, 1).await.unwrap();
    let bases = join_all((0..20).map(|n| {
        let name = &name;
        async move { (log.append(name, 0, &records(n * 7..n * 7 + 7)).await.unwrap(), n) }
    }))
    .await;
    let all = log.fetch(&name, 0, 0, 1_000, usize::MAX, NOW).await.unwrap();
    assert_eq!(all.records.len(), 140);
    for (base, n) in bases {
        let at = usize::try_from(base).unwrap();
        let part: Vec<_> = all.records.iter().skip(at).take(7).map(|r| r.record.clone()).collect();
        assert_eq!(part, records(n * 7..n * 7 + 7), "an append stays together");
    }
}
