//! Into the log, by the Producer's publisher and by a bare loop of the client that it uses: the same batches.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use actors::producer::{Publisher, TickBatch};
use rskafka::{
    chrono::DateTime,
    client::{
        ClientBuilder,
        partition::{Compression, PartitionClient, UnknownTopicHandling},
    },
    record::Record,
};
use statechart_runtime::{
    embedded::Spool,
    kafka::KafkaLog,
    ports::{Log, LogRecord},
};

use crate::{
    Outcome, ROUNDS, compare,
    database::{Database, stamp},
    setup::Setup,
    trades,
};

/// Records of a round.
const TRADES: i64 = 120_000;
/// Batches under way, as the feed has them.
const UNDER_WAY: usize = 4;
/// Bytes of the spool, which stays empty.
const SPOOL_BYTES: u64 = 1 << 20;

pub(crate) async fn measure(setup: &Setup) -> Outcome<()> {
    let database = Database::new(setup.get("postgres")?, "produce").await?;
    let log = Arc::new(KafkaLog::connect(&setup.kafka()?, Arc::new(database.store.clone())).await?);
    let (ours_topic, bare_topic) = (format!("bench-ours-{}", stamp()?), format!("bench-bare-{}", stamp()?));
    for topic in [&ours_topic, &bare_topic] {
        log.create_topic(topic, 1).await?;
    }
    let directory = tempfile::tempdir()?;
    let spool = Spool::open(directory.path().join("spool.sqlite"), SPOOL_BYTES).await?;
    let publisher = Publisher::start(log.clone(), Some(Arc::new(spool)));
    let brokers = setup.get("kafka")?.trim_start_matches("kafka://").split(',').map(str::to_owned).collect();
    let client = ClientBuilder::new(brokers).build().await?;
    let bare = client.partition_client(&bare_topic, 0, UnknownTopicHandling::Error).await?;

    let now_us = i64::try_from(stamp()?)? * 1_000;
    let mut rounds = Vec::new();
    // The first round opens connections and is not counted.
    for round in 0..=ROUNDS {
        let batches = trades::batches("BTCUSD", 0, TRADES, now_us);
        let count = batches.iter().map(Vec::len).sum::<usize>() as f64;
        let records: Vec<Vec<Record>> =
            batches.iter().map(|batch| batch.iter().map(record).collect()).collect();
        let (ours, theirs) = if round % 2 == 0 {
            let ours = publish(&publisher, &ours_topic, batches).await?;
            (ours, produce(&bare, records).await?)
        } else {
            let theirs = produce(&bare, records).await?;
            (publish(&publisher, &ours_topic, batches).await?, theirs)
        };
        if round > 0 {
            let (ours, theirs) = (count / ours, count / theirs);
            eprintln!("into the log: {ours:.0} records/s, bare rskafka {theirs:.0}: {:.2}", ours / theirs);
            rounds.push((ours, theirs));
        }
    }
    compare("bare rskafka", "into the log", &rounds);
    let stored = |topic: &str| {
        let (log, topic) = (log.clone(), topic.to_owned());
        async move { log.watermarks(&topic, 0).await.map(|ends| ends.high) }
    };
    let (ours, theirs) = (stored(&ours_topic).await?, stored(&bare_topic).await?);
    if ours != theirs {
        return Err(
            format!("{ours} records arrived from the publisher, and {theirs} from the bare client").into()
        );
    }
    for topic in [&ours_topic, &bare_topic] {
        log.delete_topic(topic).await?;
    }
    database.remove().await
}

/// Seconds until all batches are in the log.
async fn publish(publisher: &Publisher, topic: &str, batches: Vec<Vec<LogRecord>>) -> Outcome<f64> {
    let batches: Vec<TickBatch> =
        batches.into_iter().map(|batch| TickBatch(Arc::new(BTreeMap::from([(0, batch)])))).collect();
    let start = Instant::now();
    let mut under_way = VecDeque::new();
    for batch in batches {
        under_way.push_back(publisher.submit(topic, batch));
        if under_way.len() >= UNDER_WAY
            && let Some(receipt) = under_way.pop_front()
        {
            receipt.wait().await?;
        }
    }
    for receipt in under_way {
        receipt.wait().await?;
    }
    Ok(start.elapsed().as_secs_f64())
}

async fn produce(client: &PartitionClient, batches: Vec<Vec<Record>>) -> Outcome<f64> {
    let start = Instant::now();
    for batch in batches {
        client.produce(batch, Compression::Snappy).await?;
    }
    Ok(start.elapsed().as_secs_f64())
}

fn record(record: &LogRecord) -> Record {
    Record {
        key: Some(record.key.to_vec()),
        value: Some(record.value.to_vec()),
        headers: BTreeMap::new(),
        timestamp: DateTime::from_timestamp_micros(record.published_us).unwrap_or_default(),
    }
}
