//! The contract of a store.

use super::contract_data::{Sequence, key, loose, placed, position, rest_row, trade, trades};
use crate::market::{
    CandleSource, CoverageRow, CoverageState, Decimal, FetchId, GapReason, Instrument, Interval,
    NewInstrument, PARTITIONS, PlanRequest, Resolution, Source, TimeRange, Trade, US_PER_MINUTE, fold_trades,
    plan,
};
use crate::ports::{
    Batch, CoverageMark, DeadLetter, FetchRequest, FetchState, FetchUpdate, Placed, Position, PositionKey,
    RestRows, Store, StoreError, TopicEntry, TopicState, read_plan,
};

const ALL_TIME: TimeRange = TimeRange { from_us: 0, to_us: i64::MAX };

/// Checks a store.
pub async fn store(store: &dyn Store, prefix: &str) {
    instruments(store, prefix).await;
    candles_equal_brute_force(store, prefix).await;
    exactly_once(store, prefix).await;
    coverage(store, prefix).await;
    rest_and_versions(store, prefix).await;
    poison(store, prefix).await;
    fetches(store, prefix).await;
    lives(store, prefix).await;
    reading_a_plan(store, prefix).await;
    topics_and_stats(store, prefix).await;
    super::contract_lease::leases(store, prefix).await;
}

async fn instrument(store: &dyn Store, prefix: &str, base: &str) -> Instrument {
    let symbol = format!("{prefix}{base}USD");
    store.ensure_instrument(&NewInstrument { symbol, ..NewInstrument::pair(base, "USD") }).await.unwrap()
}

async fn instruments(store: &dyn Store, prefix: &str) {
    let mut partitions = Vec::new();
    for n in 0..PARTITIONS {
        partitions.push(instrument(store, prefix, &format!("I{n}")).await.partition);
    }
    partitions.sort_unstable();
    assert_eq!(partitions, (0..PARTITIONS).collect::<Vec<_>>(), "partitions are dealt in turn");
    let first = instrument(store, prefix, "I0").await;
    let again = NewInstrument {
        listed_us: Some(5),
        symbol: first.symbol.clone(),
        ..NewInstrument::pair("I0", "USD")
    };
    assert_eq!(
        store.ensure_instrument(&again).await.unwrap(),
        Instrument { listed_us: Some(5), ..first.clone() }
    );
    let known = store.instruments().await.unwrap();
    assert!(known.windows(2).all(|pair| pair[0].symbol < pair[1].symbol));
    assert_eq!(known.iter().filter(|one| one.symbol == first.symbol).count(), 1);
    let bad = NewInstrument { symbol: "btc usd".into(), ..again };
    assert!(matches!(store.ensure_instrument(&bad).await, Err(StoreError::Market(_))));
}

/// Any batching, any order, any repetition: the same candles as folding everything at once.
async fn candles_equal_brute_force(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "FOLD").await;
    let all = trades(&one.symbol, 42, 1_500);
    let mut next = Sequence(7);
    let mut queue = all.clone();
    queue.extend(all.iter().step_by(3).cloned());
    queue.sort_by_cached_key(|_| next.below(1_000_000));
    let (mut inserted, mut duplicates) = (0, 0);
    let mut rest = queue.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(1 + usize::try_from(next.below(700)).unwrap()));
        let done = store.ingest(loose(one.id, now)).await.unwrap();
        assert_eq!(done.inserted + done.duplicates, now.len());
        // Some of them: each is a question to the store.
        for touched in done.touched.iter().step_by(1 + done.touched.len() / 16) {
            let bucket = touched.interval.bucket(touched.candle.bucket_us);
            let read = store.trade_candles(one.id, touched.interval, bucket, 10).await.unwrap();
            assert_eq!(read.as_slice(), std::slice::from_ref(&touched.candle), "touched is what is stored");
        }
        (inserted, duplicates) = (inserted + done.inserted, duplicates + done.duplicates);
        rest = later;
    }
    assert_eq!((inserted, duplicates), (all.len(), queue.len() - all.len()));
    for interval in Interval::ALL {
        let expected: Vec<_> = fold_trades(interval, &all).unwrap().into_values().collect();
        assert_eq!(
            store.trade_candles(one.id, interval, ALL_TIME, 100_000).await.unwrap(),
            expected,
            "{interval}"
        );
    }
    // Trades come back in order, whole, and in pages.
    let mut sorted = all;
    sorted.sort_by_key(Trade::ord);
    let (mut read, mut after): (Vec<Trade>, _) = (Vec::new(), None);
    loop {
        let page = store.trades(one.id, ALL_TIME, after, 400).await.unwrap();
        after = page.last().map(Trade::ord);
        read.extend(page);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read, sorted);
}

async fn exactly_once(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "ONCE").await;
    let key = key(prefix, &one.symbol);
    let all = trades(&one.symbol, 1, 30);
    let batch = |from: i64, to: i64| {
        let part = &all[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()];
        Batch { position: position(&key, from, to), trades: placed(one.id, from, part), ..Batch::default() }
    };
    assert_eq!(store.next_offset(&key).await.unwrap(), None);
    assert_eq!(store.ingest(batch(0, 10)).await.unwrap().inserted, 10);
    assert_eq!(store.next_offset(&key).await.unwrap(), Some(10));
    let again = store.ingest(batch(0, 10)).await.unwrap();
    assert_eq!((again.inserted, again.duplicates, again.dropped, again.next_offset), (0, 0, 10, 10));
    let overlap = store.ingest(batch(5, 20)).await.unwrap();
    assert_eq!((overlap.inserted, overlap.dropped, overlap.next_offset), (10, 5, 20));
    match store.ingest(batch(21, 30)).await {
        Err(StoreError::PositionAhead { expected: 21, stored: 20, .. }) => {}
        other => panic!("a batch that skips records must be refused: {other:?}"),
    }
    // An attempt that is behind neither writes nor moves the position back.
    let late = store.ingest(batch(0, 5)).await.unwrap();
    assert_eq!((late.inserted, late.next_offset), (0, 20));
    assert_eq!(store.next_offset(&key).await.unwrap(), Some(20));
    let mut outside = batch(20, 25);
    outside.trades[0].offset = 25;
    assert!(matches!(store.ingest(outside).await, Err(StoreError::BadBatch { .. })));
    let mut unknown = batch(20, 25);
    unknown.trades[4].instrument = crate::market::InstrumentId(i32::MAX);
    assert!(matches!(store.ingest(unknown).await, Err(StoreError::UnknownInstrument(_))));
    assert_eq!(store.next_offset(&key).await.unwrap(), Some(20), "a refused batch leaves nothing behind");
    let total: u64 =
        store.trade_candles(one.id, Interval::D1, ALL_TIME, 10).await.unwrap().iter().map(|c| c.trades).sum();
    assert_eq!(total, 20);
}

fn mark(
    one: &Instrument,
    source: Source,
    range: (i64, i64),
    state: CoverageState,
    epoch: Option<i64>,
) -> Placed<CoverageMark> {
    let range = TimeRange { from_us: range.0, to_us: range.1 };
    Placed { offset: 0, instrument: one.id, item: CoverageMark { source, range, state, epoch } }
}

async fn coverage(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "COV").await;
    let lost = CoverageState::Unavailable(GapReason::FeedLost);
    let rest = Source::Rest(Resolution::Hour);
    let (yes, trades) = (CoverageState::Covered, Source::Trades);
    for (marks, changed, expected) in [
        (vec![mark(&one, trades, (100, 200), yes, Some(5))], true, vec![(trades, 100, 200, yes)]),
        (vec![mark(&one, trades, (200, 300), yes, Some(5))], true, vec![(trades, 100, 300, yes)]),
        (vec![mark(&one, trades, (120, 250), yes, Some(5))], false, vec![(trades, 100, 300, yes)]),
        // A feed that was replaced no longer counts; a newer one does.
        (vec![mark(&one, trades, (300, 400), yes, Some(4))], false, vec![(trades, 100, 300, yes)]),
        (
            vec![mark(&one, trades, (500, 600), yes, Some(6)), mark(&one, trades, (600, 700), yes, Some(6))],
            true,
            vec![(trades, 100, 300, yes), (trades, 500, 700, yes)],
        ),
        // What is covered does not become unavailable; what was unavailable may be covered.
        (
            vec![mark(&one, trades, (200, 550), lost, None)],
            true,
            vec![(trades, 100, 300, yes), (trades, 300, 500, lost), (trades, 500, 700, yes)],
        ),
        (
            vec![mark(&one, trades, (350, 400), yes, None)],
            true,
            vec![
                (trades, 100, 300, yes),
                (trades, 300, 350, lost),
                (trades, 350, 400, yes),
                (trades, 400, 500, lost),
                (trades, 500, 700, yes),
            ],
        ),
        (
            vec![mark(&one, trades, (300, 500), yes, None), mark(&one, rest, (0, 3600), yes, None)],
            true,
            vec![(trades, 100, 700, yes), (rest, 0, 3600, yes)],
        ),
    ] {
        let done = store.ingest(Batch { coverage: marks, ..Batch::default() }).await.unwrap();
        assert_eq!(done.covered == [one.id], changed);
        let rows: Vec<_> = store.coverage(one.id, ALL_TIME).await.unwrap();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(source, from_us, to_us, state)| CoverageRow {
                source,
                range: TimeRange { from_us, to_us },
                state,
            })
            .collect();
        assert_eq!(rows, expected);
    }
    // A life that was ended says nothing any more, whether its number is known or still to come.
    for (at_least, epoch) in [(0, 7), (40, 40), (30, 41)] {
        store.end_feed(one.id, at_least).await.unwrap();
        assert_eq!(store.feed_epoch(one.id).await.unwrap(), epoch);
        let marks = vec![mark(&one, trades, (700, 800), yes, Some(epoch - 1))];
        let done = store.ingest(Batch { coverage: marks, ..Batch::default() }).await.unwrap();
        assert_eq!(done.covered, []);
    }
    let nobody = store.end_feed(crate::market::InstrumentId(i32::MAX), 1).await;
    assert!(matches!(nobody, Err(StoreError::UnknownInstrument(_))), "{nobody:?}");
    let part = store.coverage(one.id, TimeRange { from_us: 700, to_us: 800 }).await.unwrap();
    assert_eq!(part.iter().map(|row| row.source).collect::<Vec<_>>(), [rest], "ranges are half-open");
}

async fn rest_and_versions(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "REST").await;
    let minute = |n: i64| n * US_PER_MINUTE;
    let rest = |fetched_ms, rows: Vec<_>| Batch {
        rest: vec![Placed {
            offset: 0,
            instrument: one.id,
            item: RestRows { res: Resolution::Minute, fetched_ms, rows },
        }],
        ..Batch::default()
    };
    let base = one.version;
    let written =
        store.ingest(rest(100, (0..20).map(|n| rest_row(minute(n), 10 + n, 2)).collect())).await.unwrap();
    assert_eq!((written.rest_written, written.versions.get(&one.id)), (20, Some(&(base + 1))));
    // Older, equal, newer but the same, newer and different.
    for (fetched_ms, price, written, version) in
        [(99, 77, 0, 1), (100, 77, 0, 1), (200, 10, 0, 1), (200, 77, 1, 2)]
    {
        let done = store.ingest(rest(fetched_ms, vec![rest_row(0, price, 2)])).await.unwrap();
        let now = store.instruments().await.unwrap().into_iter().find(|i| i.id == one.id).unwrap();
        assert_eq!((done.rest_written, now.version - base), (written, version), "{fetched_ms} {price}");
    }
    let read = store
        .rest_candles(one.id, Resolution::Minute, TimeRange { from_us: 0, to_us: minute(10) }, 3)
        .await
        .unwrap();
    assert_eq!(
        read.iter().map(|row| (row.bucket_us, row.fetched_ms)).collect::<Vec<_>>(),
        [(0, 200), (minute(1), 100), (minute(2), 100)]
    );

    // Only trades in minutes that may have been read as final change the version.
    let version = async |time_us: i64, id: i64| {
        let done = store.ingest(loose(one.id, &[trade(&one.symbol, time_us, id, 100, 1)])).await.unwrap();
        done.versions.get(&one.id).copied()
    };
    let covered = mark(&one, Source::Trades, (0, minute(5) + 1), CoverageState::Covered, None);
    store.ingest(Batch { coverage: vec![covered], ..Batch::default() }).await.unwrap();
    assert_eq!(version(minute(5) + 7, 1).await, None, "the open minute");
    assert_eq!(version(minute(5) + 3, 2).await, None, "late, but within the open minute");
    assert_eq!(version(minute(6), 3).await, None);
    assert_eq!(version(minute(5) + 9, 4).await, Some(base + 3), "a closed minute");
    assert_eq!(version(minute(5) + 9, 4).await, None, "a duplicate changes nothing");
}

async fn poison(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "BAD").await;
    let key = key(prefix, &one.symbol);
    let before = store.stats().await.unwrap().dead_letters;
    let seq = store.dead_letters(0, 100_000).await.unwrap().last().map_or(0, |letter| letter.seq);
    let mut all = trades(&one.symbol, 3, 4);
    all[1].size = Decimal::new(1, 17);
    let letter = DeadLetter { offset: 4, reason: "not JSON".into(), payload: b"{\xff".to_vec() };
    let batch = Batch {
        position: position(&key, 0, 5),
        trades: placed(one.id, 0, &all),
        dead_letters: vec![letter],
        ..Batch::default()
    };
    let done = store.ingest(batch.clone()).await.unwrap();
    assert_eq!((done.inserted, done.dead_letters, done.next_offset), (3, 2, 5), "successors flow");
    assert_eq!(store.ingest(batch).await.unwrap().dead_letters, 0, "kept once");
    let kept = store.dead_letters(seq, 100).await.unwrap();
    let mut places: Vec<_> =
        kept.iter().map(|l| (l.topic.as_str(), l.incarnation, l.partition, l.offset)).collect();
    places.sort_unstable();
    assert_eq!(places, [(one.symbol.as_str(), 1, 0, 1), (one.symbol.as_str(), 1, 0, 4)]);
    let raw = kept.iter().find(|l| l.offset == 4).unwrap();
    assert_eq!((raw.reason.as_str(), raw.payload.as_slice()), ("not JSON", &b"{\xff"[..]));
    assert_eq!(store.stats().await.unwrap().dead_letters, before + 2);

    // Sums that leave the exact range: what would break the day is buried, the rest of the batch is kept.
    let sized = |id, time_us, price, size| Trade { price, size, ..trade(&one.symbol, time_us, id, 1, 1) };
    let huge = sized(1_000, 50, Decimal::new(1, 16), Decimal::from(4_000_000_000_000_000_000_000_000_u128));
    let tiny = sized(1_001, 60, Decimal::ONE, Decimal::new(1, 16));
    let elsewhere = trade(&one.symbol, 90_000_000_000_000, 1_002, 100, 1);
    assert_eq!(store.ingest(loose(one.id, &[huge])).await.unwrap().inserted, 1);
    let done = store.ingest(loose(one.id, &[tiny, elsewhere])).await.unwrap();
    assert_eq!((done.inserted, done.dead_letters), (1, 1));
    // Times that no clock shows.
    let times = [trade(&one.symbol, i64::MAX, 1_003, 100, 1), trade(&one.symbol, -1, 1_004, 100, 1)];
    let done = store.ingest(loose(one.id, &times)).await.unwrap();
    assert_eq!((done.inserted, done.dead_letters), (0, 2));
}

/// Later than any clock of a test.
const LATE_US: i64 = 4_000_000_000_000_000;

async fn fetches(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "FETCH").await;
    let tag = prefix.bytes().fold(0_u128, |sum, byte| sum << 8 | u128::from(byte));
    let id = |n: u128| FetchId::from_random(tag << 48 << 16 | n);
    let request = |n, to_us| FetchRequest {
        id: id(n),
        instrument: one.id,
        source: Source::Rest(Resolution::Day),
        range: TimeRange { from_us: 0, to_us },
        now_us: LATE_US,
    };
    let (first, new) = store.open_fetch(&request(1, 100)).await.unwrap();
    assert!(new && first.state == FetchState::Queued && first.id == id(1));
    assert_eq!(
        store.open_fetch(&request(2, 100)).await.unwrap(),
        (first.clone(), false),
        "equal wishes coalesce"
    );
    assert!(store.open_fetch(&request(3, 200)).await.unwrap().1, "another range is another wish");
    let update = |state, rows_added| FetchUpdate {
        state,
        done_to_us: Some(50),
        rows_added,
        error: None,
        now_us: LATE_US + 1,
    };
    store.update_fetch(&id(1), &update(FetchState::Running, 10)).await.unwrap();
    assert!(!store.open_fetch(&request(4, 100)).await.unwrap().1, "running is open, too");
    let open: Vec<_> = store
        .open_fetches()
        .await
        .unwrap()
        .into_iter()
        .filter(|f| f.instrument == one.id)
        .map(|f| f.id)
        .collect();
    assert_eq!(open, [id(1), id(3)]);
    let done = store.update_fetch(&id(1), &update(FetchState::Done, 5)).await.unwrap();
    assert_eq!(
        (done.state, done.rows, done.done_to_us, done.updated_us),
        (FetchState::Done, 15, Some(50), LATE_US + 1)
    );
    let failed = FetchUpdate { error: Some("late".into()), ..update(FetchState::Failed, 1) };
    assert_eq!(store.update_fetch(&id(1), &failed).await.unwrap(), done, "what is over stays as it is");
    assert_eq!(store.fetch(&id(1)).await.unwrap(), Some(done));
    assert!(store.open_fetch(&request(5, 100)).await.unwrap().1, "a finished wish can be wished again");
    assert_eq!(store.fetch(&id(99)).await.unwrap(), None);
    assert!(matches!(store.update_fetch(&id(99), &failed).await, Err(StoreError::UnknownFetch(_))));

    // What has ended long ago is cleared away, and nothing else.
    let old = FetchUpdate { now_us: 2_000, ..update(FetchState::Failed, 0) };
    store.update_fetch(&id(5), &old).await.unwrap();
    store.maintain().await.unwrap();
    let left = async |n| store.fetch(&id(n)).await.unwrap().is_some();
    assert_eq!((left(1).await, left(3).await, left(5).await), (true, true, false));
    store.update_fetch(&id(3), &failed).await.unwrap();
}

/// Of three lives of a topic the positions in the last two are kept.
async fn lives(store: &dyn Store, prefix: &str) {
    let key = |incarnation| PositionKey {
        group: format!("{prefix}lives"),
        topic: format!("{prefix}lives"),
        incarnation,
        partition: 0,
    };
    for incarnation in 1..=3 {
        let position = Position { key: key(incarnation), expected: 0, next: 7 };
        store.ingest(Batch { position: Some(position), ..Batch::default() }).await.unwrap();
    }
    store.maintain().await.unwrap();
    for (incarnation, expected) in [(1, None), (2, Some(7)), (3, Some(7))] {
        assert_eq!(store.next_offset(&key(incarnation)).await.unwrap(), expected, "{incarnation}");
    }
}

/// History from REST, a seam within a bucket, then trades: read whole and in pages of every size.
async fn reading_a_plan(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "PLAN").await;
    let minute = |n: i64| n * US_PER_MINUTE;
    let rows = (0..42).filter(|n| n % 7 != 3).map(|n| rest_row(minute(n), 100 + n, 1)).collect();
    let rest = RestRows { res: Resolution::Minute, fetched_ms: 5, rows };
    let live: Vec<Trade> = (0..300)
        .map(|n| trade(&one.symbol, minute(41) + n * 7_000_000, n, 50_000 + n, 100_000_000))
        .collect();
    let horizon_us = minute(41) + 300 * 7_000_000;
    let batch = Batch {
        rest: vec![Placed { offset: 0, instrument: one.id, item: rest }],
        trades: placed(one.id, 0, &live),
        coverage: vec![
            mark(&one, Source::Rest(Resolution::Minute), (0, minute(42)), CoverageState::Covered, None),
            mark(&one, Source::Trades, (minute(41) + 1, horizon_us), CoverageState::Covered, Some(1)),
        ],
        ..Batch::default()
    };
    store.ingest(batch).await.unwrap();
    let coverage = store.coverage(one.id, ALL_TIME).await.unwrap();
    for interval in [Interval::M1, Interval::M5, Interval::M15, Interval::H1] {
        let request = PlanRequest {
            range: TimeRange { from_us: 0, to_us: minute(240) },
            interval,
            horizon_us,
            listed_us: None,
        };
        let plan = plan(&request, &coverage);
        assert!(plan.is_complete());
        let whole = read_plan(store, one.id, &plan, None, 5_000).await.unwrap();
        // Model: minutes before 42 from REST (one unit of volume each), the ones after from trades (one unit per trade).
        let mut expected = std::collections::BTreeMap::<i64, Decimal>::new();
        for n in (0..42).filter(|n| n % 7 != 3) {
            *expected.entry(interval.floor_us(minute(n))).or_default() += Decimal::ONE;
        }
        for one in live.iter().filter(|one| one.time_us >= minute(42)) {
            *expected.entry(interval.floor_us(one.time_us)).or_default() += one.size;
        }
        let volumes: Vec<_> = whole.iter().map(|candle| (candle.bucket_us, candle.volume)).collect();
        assert_eq!(volumes, expected.into_iter().collect::<Vec<_>>(), "{interval}");
        let mixed = whole.iter().filter(|candle| candle.source == CandleSource::Mixed).count();
        assert_eq!(mixed, usize::from(interval > Interval::M1), "one seam, one mixed bucket");
        assert!(
            whole.iter().all(|candle| (candle.source == CandleSource::Trades) == candle.trades.is_some())
        );
        for size in [1, 2, 7, 50] {
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = read_plan(store, one.id, &plan, after, size).await.unwrap();
                after = page.last().map(|candle| candle.bucket_us);
                let last = page.len() < size;
                paged.extend(page);
                if last {
                    break;
                }
            }
            assert_eq!(paged, whole, "{interval} in pages of {size}");
        }
    }
}

async fn topics_and_stats(store: &dyn Store, prefix: &str) {
    let one = instrument(store, prefix, "STAT").await;
    let mut topic = TopicEntry {
        name: one.symbol.clone(),
        incarnation: 1,
        partitions: 1,
        instrument: Some(one.id),
        state: TopicState::Creating,
        last_used_us: 1,
    };
    store.put_topic(&topic).await.unwrap();
    (topic.state, topic.last_used_us) = (TopicState::Ready, 9);
    store.put_topic(&topic).await.unwrap();
    let known: Vec<_> = store.topics().await.unwrap().into_iter().filter(|t| t.name == topic.name).collect();
    assert_eq!(known, [topic.clone()]);
    // A late end of the first incarnation leaves the second as it is.
    let second = TopicEntry { incarnation: 2, ..topic.clone() };
    assert!(store.replace_topic(&second, 1).await.unwrap());
    assert!(!store.replace_topic(&TopicEntry { state: TopicState::Deleted, ..topic }, 1).await.unwrap());
    let known: Vec<_> = store.topics().await.unwrap().into_iter().filter(|t| t.name == second.name).collect();
    assert_eq!(known, [second]);

    let position_key = key(prefix, &one.symbol);
    let batch = Batch {
        position: position(&position_key, 0, 2),
        trades: placed(one.id, 0, &[trade(&one.symbol, 10, 1, 500, 1), trade(&one.symbol, 20, 2, 725, 1)]),
        coverage: vec![mark(&one, Source::Trades, (5, 25), CoverageState::Covered, Some(1))],
        ..Batch::default()
    };
    store.ingest(batch).await.unwrap();
    let stats = store.stats().await.unwrap();
    let mine = stats.instruments.iter().find(|i| i.instrument.id == one.id).unwrap();
    assert_eq!(
        (mine.trades, mine.first_trade_us, mine.last_trade),
        (2, Some(10), Some((20, Decimal::new(725, 2))))
    );
    assert_eq!(
        mine.coverage.iter().map(|row| row.range).collect::<Vec<_>>(),
        [TimeRange { from_us: 5, to_us: 25 }]
    );
    assert!(stats.positions.contains(&(position_key, 2)));
}
