//! A batch: what one transaction of a consumer writes.

use super::lease::Lease;
use super::log::FetchedRecord;
use crate::market::{
    CandlePage, CoverageState, FetchEnd, Instrument, InstrumentId, InstrumentTable, Record, Resolution,
    RestRow, Source, TimeRange, Trade,
};

/// Most trades, pages, marks or dead letters in one batch; consumers aim at 1,000 to 80,000 records.
pub const MAX_BATCH_ITEMS: usize = 100_000;

/// Everything that [`super::Store::ingest`] writes in one transaction. Items carry the offset of their record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Where it came from in the log; `None` for data that came another way (then nothing is fenced).
    pub position: Option<Position>,
    /// The lease under which it is written: refused, with nothing written, when somebody else has taken it since.
    pub lease: Option<Lease>,
    /// Trades, in any order.
    pub trades: Vec<Placed<Trade>>,
    /// The exchange's candles.
    pub rest: Vec<Placed<RestRows>>,
    /// What is now known about which range.
    pub coverage: Vec<Placed<CoverageMark>>,
    /// Records that cannot be read.
    pub dead_letters: Vec<DeadLetter>,
}

/// An item of one instrument with the offset of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// Offset in the partition; 0 without a position.
    pub offset: i64,
    /// The instrument.
    pub instrument: InstrumentId,
    /// The item.
    pub item: T,
}

/// A consumer group's place in one partition of one incarnation of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    /// Consumer group.
    pub group: String,
    /// Topic.
    pub topic: String,
    /// Incarnation of the topic.
    pub incarnation: i64,
    /// Partition.
    pub partition: u32,
}

/// The fence of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Which partition.
    pub key: PositionKey,
    /// Where the consumer believes to stand: the batch holds all records in `expected .. next`.
    pub expected: i64,
    /// Where it stands afterwards.
    pub next: i64,
}

/// REST candles of one resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRows {
    /// Their width.
    pub res: Resolution,
    /// When they were fetched, wall clock ms: their revision. An older one never replaces a newer one.
    pub fetched_ms: i64,
    /// The rows.
    pub rows: Vec<RestRow>,
}

/// A statement about a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageMark {
    /// Which source it speaks of.
    pub source: Source,
    /// The range.
    pub range: TimeRange,
    /// Covered, or unavailable and why.
    pub state: CoverageState,
    /// Number of the feed's life for live trade coverage: older ones than the newest seen are ignored.
    pub epoch: Option<i64>,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its offset.
    pub offset: i64,
    /// Why, for people.
    pub reason: String,
    /// The record's value as it was.
    pub payload: Vec<u8>,
}

/// Turns fetched records into a [`Batch`]: decodes, resolves symbols, and sorts out poison.
#[derive(Debug)]
pub struct BatchBuilder<'a> {
    instruments: &'a InstrumentTable,
    batch: Batch,
    /// Pages of candles, as they came: for progress of their fetches.
    pub pages: Vec<(i64, CandlePage)>,
    /// Ends of fetches with their offsets: the consumer closes them after the commit.
    pub ends: Vec<(i64, FetchEnd)>,
}

impl<'a> BatchBuilder<'a> {
    /// An empty batch.
    pub fn new(instruments: &'a InstrumentTable, position: Option<Position>) -> Self {
        let batch = Batch { position, ..Batch::default() };
        Self { instruments, batch, pages: Vec::new(), ends: Vec::new() }
    }

    /// Makes room: a batch is long, and nearly all of it is trades.
    pub fn reserve(&mut self, records: usize) {
        self.batch.trades.reserve(records);
    }

    /// Adds a record. What cannot be used becomes a dead letter; nothing fails.
    pub fn push(&mut self, fetched: &FetchedRecord) {
        let offset = fetched.offset;
        if let Err(reason) = self.decode(fetched) {
            self.batch.dead_letters.push(DeadLetter {
                offset,
                reason,
                payload: fetched.record.value.to_vec(),
            });
        }
    }

    /// Whether nothing that was added has become a dead letter.
    pub fn is_usable(&self) -> bool {
        self.batch.dead_letters.is_empty()
    }

    /// Forgets every record from an offset on.
    pub fn truncate(&mut self, offset: i64) {
        let Batch { trades, rest, coverage, dead_letters, .. } = &mut self.batch;
        trades.retain(|one| one.offset < offset);
        rest.retain(|one| one.offset < offset);
        coverage.retain(|one| one.offset < offset);
        dead_letters.retain(|one| one.offset < offset);
        self.pages.retain(|(at, _)| *at < offset);
        self.ends.retain(|(at, _)| *at < offset);
    }

    /// The batch; `pages` and `ends` can be taken before.
    pub fn finish(self) -> Batch {
        self.batch
    }

    fn decode(&mut self, fetched: &FetchedRecord) -> Result<(), String> {
        let offset = fetched.offset;
        match Record::decode(&fetched.record.value).map_err(|e| e.to_string())? {
            Record::Trade(trade) => {
                trade.check().map_err(|e| e.to_string())?;
                let instrument = self.instrument(&trade.symbol)?.id;
                self.batch.trades.push(Placed { offset, instrument, item: trade });
            }
            Record::Coverage(cov) => {
                let instrument = self.instrument(&cov.symbol)?.id;
                let (source, state) = (Source::Trades, CoverageState::Covered);
                let item = CoverageMark { source, range: cov.range, state, epoch: Some(cov.epoch) };
                self.batch.coverage.push(Placed { offset, instrument, item });
            }
            Record::Candles(page) => {
                let instrument = self.instrument(&page.symbol)?.id;
                let fetched_ms = fetched.record.published_us.div_euclid(1000);
                let item = RestRows { res: page.res, fetched_ms, rows: page.rows.clone() };
                self.batch.rest.push(Placed { offset, instrument, item });
                let (source, state) = (Source::Rest(page.res), CoverageState::Covered);
                let item = CoverageMark { source, range: page.range, state, epoch: None };
                self.batch.coverage.push(Placed { offset, instrument, item });
                self.pages.push((offset, page));
            }
            Record::End(end) => self.ends.push((offset, end)),
            Record::Birth { .. } => {}
        }
        Ok(())
    }

    fn instrument(&self, symbol: &str) -> Result<&'a Instrument, String> {
        self.instruments
            .get(symbol)
            .ok_or_else(|| format!("no instrument has the symbol `{symbol}`; add it, then replay"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{DEFAULT_MARKET, FetchId};
    use crate::ports::LogRecord;

    #[test]
    fn records_become_a_batch_and_poison_is_set_aside() {
        let table = InstrumentTable::new([Instrument {
            id: InstrumentId(7),
            symbol: "BTCUSD".into(),
            base: "BTC".into(),
            quote: "USD".into(),
            market: DEFAULT_MARKET.into(),
            partition: 0,
            listed_us: None,
            version: 0,
        }]);
        let fetch = FetchId::from_random(1);
        let trade = r#"{"k":"t","s":"BTCUSD","t":5,"i":"1","p":"2","q":"3","d":"B","r":6,"src":"ws"}"#;
        let page = format!(
            r#"{{"k":"c","s":"BTCUSD","res":60,"from":0,"to":60000000,"fetch":"{fetch}","page":0,"rows":[[0,"1","1","1","1","1","1"]]}}"#
        );
        let end = format!(r#"{{"k":"end","fetch":"{fetch}","ok":true,"pages":1,"floor":null,"error":null}}"#);
        let lines = [
            trade.to_owned(),
            r#"{"k":"cov","s":"BTCUSD","from":0,"to":9,"epoch":1}"#.to_owned(),
            page,
            end,
            r#"{"k":"birth","inc":1}"#.to_owned(),
            trade.replace("BTCUSD", "NOUSD"),
            trade.replace("\"3\"", "\"0.000000000000000001\""),
            "{".to_owned(),
        ];
        let fetched = |(line, offset)| FetchedRecord { offset, record: LogRecord::new("", line, 2_000) };
        let records: Vec<FetchedRecord> = lines.into_iter().zip(40..).map(fetched).collect();
        let mut builder = BatchBuilder::new(&table, None);
        records.iter().for_each(|record| builder.push(record));
        assert!(!builder.is_usable());
        builder.truncate(42);
        assert!(builder.is_usable() && builder.pages.is_empty() && builder.ends.is_empty());
        records.iter().skip(2).for_each(|record| builder.push(record));
        assert_eq!(builder.pages.iter().map(|page| page.0).collect::<Vec<_>>(), [42]);
        assert_eq!(builder.ends.iter().map(|end| end.0).collect::<Vec<_>>(), [43]);
        let batch = builder.finish();
        assert_eq!(
            batch.trades.iter().map(|one| (one.offset, one.instrument.0)).collect::<Vec<_>>(),
            [(40, 7)]
        );
        let sources: Vec<_> = batch.coverage.iter().map(|one| one.item.source).collect();
        assert_eq!(sources, [Source::Trades, Source::Rest(Resolution::Minute)]);
        assert_eq!(batch.rest.iter().map(|one| one.item.fetched_ms).collect::<Vec<_>>(), [2]);
        assert_eq!(batch.dead_letters.iter().map(|one| one.offset).collect::<Vec<_>>(), [45, 46, 47]);
    }
}
